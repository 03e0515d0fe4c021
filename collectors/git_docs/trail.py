"""Which document a change of an older commit belongs to: documents keep their history when they are renamed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar


class Touch(Protocol):
    """What a commit did to one file (see `log.Change`)."""

    @property
    def status(self) -> str:
        """A, M, R, D or T."""
        ...

    @property
    def path(self) -> str:
        """Path after the commit."""
        ...

    @property
    def old_path(self) -> str:
        """Path before the commit."""
        ...


TouchT = TypeVar("TouchT", bound=Touch)
T = TypeVar("T")


@dataclass(slots=True)
class Trail(Generic[T]):
    """Follows documents from the newest commit back; commits come children first.

    Attributes:
        document_at: path at the commit reached -> path at the newest commit.
        waiting: what was noted for paths that belong to no document yet: on a side branch a file keeps its old name
            until the merge, and that branch may come before the commit that renamed it.
    """

    document_at: dict[str, str]
    waiting: dict[str, list[T]] = field(default_factory=dict)

    @classmethod
    def of(cls, paths: Iterable[str]) -> Trail[T]:
        """A trail that begins with the documents at these paths."""
        return cls({path: path for path in paths})

    def follow(self, touches: Sequence[TouchT], notes: Sequence[T]) -> Iterator[tuple[str, T]]:
        """Go back over one commit.

        Args:
            touches: its changes.
            notes: what is to be noted of each of them.

        Returns:
            (path at the newest commit, note) for each note whose document is known now, and those that waited for it.
        """
        gone: list[str] = []
        back: dict[str, str] = {}
        for touch, note in zip(touches, notes, strict=True):
            document = self.document_at.get(touch.path)
            if document is not None and touch.status == "D":
                continue  # deleted on one line of history only: a merge kept the document
            if document is None:
                self._wait(touch, note)
                continue
            yield document, note
            if touch.status in "AR":
                gone.append(touch.path)
            if touch.status == "R":
                back[touch.old_path] = document
        # All at once, since a commit may swap two names.
        for path in gone:
            del self.document_at[path]
        for path, document in back.items():
            self.document_at[path] = document
            yield from ((document, note) for note in self.waiting.pop(path, ()))

    def _wait(self, touch: Touch, note: T) -> None:
        if touch.status in "AD":
            # Born here, or deleted later: whatever waits under this path was another file's.
            self.waiting.pop(touch.path, None)
        elif touch.status == "R":
            # Nobody knows yet which document it is, but it has been this one all along.
            self.waiting[touch.old_path] = [*self.waiting.pop(touch.path, ()), note]
        else:
            self.waiting.setdefault(touch.path, []).append(note)
