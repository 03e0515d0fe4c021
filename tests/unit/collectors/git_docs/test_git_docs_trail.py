"""The parts that walk a history: which document a change belongs to, and what is read in advance."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from collectors.git_docs.ahead import ahead
from collectors.git_docs.trail import Trail


class Touch(NamedTuple):
    status: str
    path: str
    old_path: str = ""


def followed(trail: Trail[str], note: str, *touches: Touch) -> list[tuple[str, str]]:
    return list(trail.follow(touches, [note] * len(touches)))


@pytest.mark.parametrize("end", ["A", "D"])
def test_what_waits_under_an_old_name_is_forgotten_where_that_file_was_born_or_is_deleted_later(end):
    trail: Trail[str] = Trail.of(["new.md"])
    # Newest first: a file of its own lived under the old name for a while, on a side branch.
    assert followed(trail, "of another file", Touch("M", "old.md")) == []
    assert followed(trail, "its end", Touch(end, "old.md")) == []
    assert followed(trail, "renamed", Touch("R", "new.md", "old.md")) == [("new.md", "renamed")]
    assert followed(trail, "before", Touch("M", "old.md")) == [("new.md", "before")]


def test_what_waits_under_an_old_name_comes_with_the_rename():
    trail: Trail[str] = Trail.of(["new.md"])
    assert followed(trail, "on a side branch", Touch("M", "old.md")) == []
    assert followed(trail, "renamed", Touch("R", "new.md", "old.md")) == [
        ("new.md", "renamed"),
        ("new.md", "on a side branch"),
    ]


def test_items_come_in_order_and_never_more_than_one_is_made_in_advance():
    made: list[int] = []

    def make() -> Iterator[int]:
        for number in range(20):
            made.append(number)
            yield number

    for number in ahead(make()):
        assert number in made
        assert len(made) <= number + 2
    assert made == list(range(20))


def test_the_next_item_is_made_while_the_last_one_is_worked_on():
    is_made = threading.Event()

    def make() -> Iterator[int]:
        yield 1
        is_made.set()
        yield 2

    items = ahead(make())
    assert next(items) == 1
    assert is_made.wait(10)
    items.close()


def test_a_fault_comes_in_its_place():
    def make() -> Iterator[int]:
        yield 1
        raise KeyError("what")

    items = ahead(make())
    assert next(items) == 1
    with pytest.raises(KeyError, match="what"):
        next(items)


def test_no_thread_is_left_behind_by_a_caller_that_stops():
    items = ahead(iter(range(5)))
    next(items)
    before = threading.active_count()
    items.close()
    assert threading.active_count() == before - 1
