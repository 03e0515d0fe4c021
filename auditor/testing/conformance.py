"""Does a collector keep the promises of `auditor.api`? One suite for all of them; the author ships a sample only.

The suite pulls the sample, spoils every answer of it in every way that real systems do, and looks at what comes out:
only declared streams, the same ids again, nothing from after the audit instant, a gap with the right reason for
everything that was refused, no secret anywhere, the same records from a replay.
"""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

from auditor.api import Check, Collector
from auditor.model.evidence import GapReason
from auditor.testing.pulls import CANARY, Pulled, Sandpit
from auditor.testing.samples import SampleSource, find_sample
from auditor.testing.server import Reply

_HTML = "<!DOCTYPE html><html><head><title>Log in</title></head><body>Please log in.</body></html>"
_SKEW = timedelta(minutes=17)
_HUGE = "\N{SNOWMAN} \u202e\u0000 <b>&amp;</b> " + "long " * 40_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise that was looked at.

    Attributes:
        promise: what was looked at.
        ok: whether it is kept.
        detail: what was seen where it is not.
    """

    promise: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Fault:
    """A way to spoil an answer, and the reasons that a gap may then give."""

    name: str
    reply: Reply
    reasons: frozenset[GapReason]


def _fault(name: str, reply: Reply, *reasons: GapReason) -> _Fault:
    return _Fault(name, reply, frozenset(reasons))


def _error(status: int) -> Reply:
    return Reply({"error": f"status {status} was asked for"}, status, {"Retry-After": "0"})


FAULTS: tuple[_Fault, ...] = (
    _fault("401", _error(401), GapReason.UNAUTHORISED),
    _fault("403", _error(403), GapReason.FORBIDDEN),
    _fault("404", _error(404), GapReason.NOT_SUPPORTED),
    _fault("410", _error(410), GapReason.NOT_SUPPORTED),
    _fault("429", _error(429), GapReason.RATE_LIMITED),
    _fault("500", _error(500), GapReason.SERVER_ERROR),
    _fault("502", _error(502), GapReason.SERVER_ERROR),
    _fault("no answer in time", Reply(b"{}", delay_s=0.6), GapReason.TIMED_OUT),
    _fault("a reset connection", Reply(rude="reset"), GapReason.UNREACHABLE, GapReason.TRUNCATED),
    _fault("half a page", Reply(b'{"data": [1, 2, 3, 4, 5, 6, 7, 8]}', rude="half"), GapReason.TRUNCATED),
    _fault("invalid JSON", Reply(b'{"data": [1, 2'), GapReason.MALFORMED),
    _fault("a web page instead of JSON", Reply(_HTML, 200, {"Content-Type": "text/html"}), GapReason.MALFORMED),
    _fault("JSON of another shape", Reply(["what", {"is": None}, 4]), GapReason.MALFORMED, GapReason.NOT_SUPPORTED),
    _fault("an empty object", Reply({}), GapReason.MALFORMED, GapReason.NOT_SUPPORTED, GapReason.TRUNCATED),
)


def conform(collector: Collector, source: SampleSource | None = None) -> list[Finding]:
    """Try every promise.

    Args:
        source: what it may read; None: the sample that its package ships.

    Raises:
        ConfigError: the sample is malformed.
    """
    source = source or find_sample(collector)
    if source is None:
        return [Finding("ships a sample", ok=False, detail="there is no samples/conformance.yaml in its package")]
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder, Sandpit(collector, source, Path(folder)) as pit:
        return list(_promises(pit))


def _promises(pit: Sandpit) -> Iterator[Finding]:
    whole = pit.pull()
    yield from _whole(pit, whole)
    yield from _again(pit, whole)
    yield from _in_store(pit)
    if pit.paths:
        yield from _spoilt(pit, whole)
        yield from _pages(pit)
        yield from _skewed(pit, whole)
        yield from _text(pit, whole)
        yield from _checks(pit)
    yield _no_secret(pit)


def _whole(pit: Sandpit, whole: Pulled) -> Iterator[Finding]:
    yield _found("reads its sample", bool(whole.rows), f"no record came; gaps: {whole.gap_words()}")
    crashed = [gap for gap in whole.gaps if gap.reason is GapReason.CRASHED]
    yield _found("does not crash on its sample", not crashed, whole.gap_words())
    wrong = [gap for gap in whole.gaps if gap.reason is GapReason.MALFORMED and gap.hides_rows != 0]
    yield _found(
        "yields declared streams and sound records only", not wrong, "; ".join(gap.detail for gap in wrong[:3])
    )
    late = [ref for ref, row in whole.rows.items() if row.fetched_at is not None and row.fetched_at > pit.latest]
    yield _found("says no record was read later than now", not late, ", ".join(late[:3]))
    beyond = [ref for ref, instant in whole.event_instants() if instant > pit.source.sample.as_of]
    yield _found("honours the window: no event after the audit instant", not beyond, ", ".join(beyond[:3]))
    unlinked = [ref for ref, row in whole.rows.items() if not row.pointer]
    yield _found("points every record into its payload", not unlinked, ", ".join(unlinked[:3]))


def _again(pit: Sandpit, whole: Pulled) -> Iterator[Finding]:
    again = pit.pull()
    yield _found("gives the same ids again", again.rows.keys() == whole.rows.keys(), _difference(whole, again))
    same = again.hashes() == whole.hashes()
    yield _found("gives the same records again", same or again.rows.keys() != whole.rows.keys(), "values differ")
    replayed = pit.replay(whole)
    yield _found("replays without its source", replayed.hashes() == whole.hashes(), _difference(whole, replayed))
    yield _found("replays the same gaps", replayed.gap_words() == whole.gap_words(), f"{replayed.gap_words()} now")


def _in_store(pit: Sandpit) -> Iterator[Finding]:
    first, second = pit.stored(), pit.stored()
    yield _found("fills a store", bool(first), "nothing was stored")
    yield _found("adds nothing when nothing changed", not second, f"{second} rows changed in the second run")


def _spoilt(pit: Sandpit, whole: Pulled) -> Iterator[Finding]:
    for path in pit.paths:
        for fault in FAULTS:
            yield _one_fault(pit, whole, path, fault)


def _one_fault(pit: Sandpit, whole: Pulled, path: str, fault: _Fault) -> Finding:
    promise = f"{path}: {fault.name}"
    with pit.spoiling(path, fault.reply):
        pulled = pit.pull()
    invented = sorted(pulled.rows.keys() - whole.rows.keys())
    if invented:
        return Finding(
            promise, ok=False, detail=f"records that the whole pull does not have: {', '.join(invented[:3])}"
        )
    crashed = [gap for gap in pulled.gaps if gap.reason is GapReason.CRASHED]
    if crashed:
        return Finding(promise, ok=False, detail=f"it crashed: {crashed[0].detail}")
    new = [gap for gap in pulled.gaps if gap.reason in fault.reasons]
    lost = whole.rows.keys() - pulled.rows.keys()
    if not new and (lost or not pit.is_optional(path)):
        return Finding(promise, ok=False, detail=f"no gap says so; gaps: {pulled.gap_words() or 'none'}")
    claimed = sorted(pulled.claims_whole() & {ref.partition(":")[0] for ref in lost})
    if claimed:
        return Finding(promise, ok=False, detail=f"still says that it read all of {', '.join(claimed)}")
    return Finding(promise, ok=True)


def _pages(pit: Sandpit) -> Iterator[Finding]:
    for path in pit.paths:
        with pit.repeating(path):
            pulled = pit.pull()
        crashed = [gap for gap in pulled.gaps if gap.reason is GapReason.CRASHED]
        yield _found(f"{path}: the same page again and again", not crashed, pulled.gap_words())
        within = pit.requests <= pit.max_requests
        yield _found(f"{path}: the same page again and again ends", within, f"{pit.requests} requests")


def _skewed(pit: Sandpit, whole: Pulled) -> Iterator[Finding]:
    with pit.heading({"Date": format_datetime(pit.latest - _SKEW, usegmt=True)}):
        pulled = pit.pull()
        told = any("clock" in check.what.lower() or "clock" in check.detail.lower() for check in pit.check())
    yield _found(
        "is not misled by a clock that is slow", pulled.rows.keys() == whole.rows.keys(), _difference(whole, pulled)
    )
    yield _found("check tells of a clock that is slow", told, "no check speaks of the clock")


def _text(pit: Sandpit, whole: Pulled) -> Iterator[Finding]:
    with pit.lengthening(_HUGE):
        pulled = pit.pull()
    crashed = [gap for gap in pulled.gaps if gap.reason is GapReason.CRASHED]
    yield _found("survives huge and odd text", not crashed and len(pulled.rows) == len(whole.rows), pulled.gap_words())


def _checks(pit: Sandpit) -> Iterator[Finding]:
    checks = pit.check()
    yield _found("check finds its sample well", bool(checks) and all(check.ok for check in checks), _unwell(checks))
    for path in sorted(pit.asked_by_check):
        with pit.spoiling(path, _error(401)):
            spoilt = pit.check()
        yield _found(f"check tells of a 401 at {path}", any(not check.ok for check in spoilt), "every check was well")


def _no_secret(pit: Sandpit) -> Finding:
    needle = CANARY.encode()
    found = [name for name, data in pit.everything_written() if needle in data or needle in _unpacked(data)]
    return _found("keeps secrets to itself", not found, f"a secret stands in {', '.join(sorted(set(found))[:3])}")


def _unpacked(data: bytes) -> bytes:
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else b""


def _found(promise: str, ok: bool, otherwise: str) -> Finding:
    return Finding(promise, ok, "" if ok else otherwise)


def _difference(one: Pulled, other: Pulled) -> str:
    gone, new = sorted(one.rows.keys() - other.rows.keys()), sorted(other.rows.keys() - one.rows.keys())
    changed = sorted(
        ref for ref in one.rows.keys() & other.rows.keys() if one.rows[ref].sha256 != other.rows[ref].sha256
    )
    parts: list[tuple[str, list[str]]] = [("gone", gone), ("new", new), ("changed", changed)]
    return "; ".join(f"{len(refs)} {word}: {', '.join(refs[:3])}" for word, refs in parts if refs)


def _unwell(checks: Sequence[Check]) -> str:
    return "; ".join(f"{check.what}: {check.detail}" for check in checks if not check.ok) or "no check came"
