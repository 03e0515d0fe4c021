"""Proving that what is stored is what was written, and that it still gives the same assessments."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from auditor.assessment_document import dump
from auditor.errors import RulePackError
from auditor.ports import Deriver
from auditor.store.store import RunStatus, Store
from auditor.store.verify import Problem, verify
from auditor.usecases.plan import Progress
from auditor.usecases.reassess import OtherEngine, recompute


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of a store found.

    Attributes:
        not_computed_again: runs whose assessment was checked against its hash only, and why: the rule pack or the
            version of the auditor that judged them is not the one at hand.
        head_sha256: head of the chain; None of a store without runs.
    """

    problems: Sequence[Problem]
    not_computed_again: Sequence[str]
    runs: int
    head_sha256: str | None


def verify_store(data_dir: Path, progress: Progress, deriver: Deriver | None = None) -> Verified:
    """Check payloads, segments, ledger and chain, and compute every assessment again.

    Args:
        data_dir: the data directory.
        progress: told what is being checked.
        deriver: the one that runs are judged with.

    Raises:
        StoreError: the store cannot be read at all.
    """
    skipped: list[str] = []
    with closing(Store.open(data_dir, create=False, deriver=deriver)) as store:

        def again(number: int) -> bytes | None:
            progress(f"judging run {number} again")
            try:
                return dump(recompute(store, number))
            except (RulePackError, OtherEngine) as error:
                skipped.append(f"run {number} was not computed again: {error.what}")
                return None

        problems = verify(store, again, progress)
        complete = [run.number for run in store.runs() if run.status is RunStatus.COMPLETE]
        return Verified(problems, skipped, len(complete), store.head())
