"""The evidence opened for judging: its rows behind two doors, and the facts about its sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from auditor.assess import observed
from auditor.assess.completeness import Completeness
from auditor.assess.gaps import locate
from auditor.assess.relations import RUNS, SERVICE, Relations, Setting
from auditor.assess.weak import STRONG
from auditor.errors import UsageError
from auditor.model.assessment import GapView
from auditor.model.evidence import Gap, SourceState, Tier
from auditor.model.rubric import Indicator, RulePack
from auditor.model.streams import STREAMS
from auditor.model.tables import SCHEMA, quoted
from auditor.sql.sandbox import Sandbox


class Session:
    """Evidence that is ready to be asked; close it, or use it as a context manager.

    Attributes:
        setting: pack, instant, zone and sources.
        facts: what the sources can prove.
        gaps: equal gaps together, in the order that reasons point at.
        full: all rows.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        setting: Setting,
        facts: Completeness,
        gaps: tuple[GapView, ...],
        full: Relations,
    ) -> None:
        self.setting = setting
        self.facts = facts
        self.gaps = gaps
        self.full = full
        self.sandbox = sandbox
        self._strong: Relations | None = None

    @property
    def strong(self) -> Relations:
        """Rows without self-declared ones and attestations; made when first asked for."""
        if self._strong is None:
            observed = self.facts.observed_services
            self._strong = Relations(self.sandbox.session(), self.setting, STRONG, observed_services=observed)
        return self._strong

    def weakest_read(self, indicator: Indicator) -> Tier | None:
        """Lowest tier among all rows of the streams that an indicator reads; None when these have no rows."""
        proof = indicator.when_empty.proof
        texts = [indicator.items.text, *(guard.sql.text for guard in indicator.guards), proof.text if proof else ""]
        tiers = self.full.tiers_of(self.full.reads("\n".join(texts)))
        return min((lowest for lowest, _ in tiers.values()), default=None)

    def rows_by_source(self) -> Mapping[str, Mapping[str, int]]:
        """Source -> stream -> number of rows."""
        names = [stream.name for stream in STREAMS.values() if not stream.control and stream.name != RUNS]
        counted = "\nunion all ".join(
            f"select '{name}', _source_id, count(*) from {SCHEMA}.{quoted(name)} group by _source_id" for name in names
        )
        counts: dict[str, dict[str, int]] = {}
        for stream, source, rows in self.sandbox.query(counted).rows:
            counts.setdefault(source, {})[stream] = rows
        return counts

    def close(self) -> None:
        """Drop everything that was made; the evidence itself stays."""
        self.full.close()
        if self._strong is not None:
            self._strong.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_session(
    sandbox: Sandbox,
    pack: RulePack,
    *,
    as_of: datetime,
    time_zone: str,
    sources: Sequence[SourceState],
    gaps: Sequence[Gap],
) -> Session:
    """Open evidence for judging.

    Args:
        sandbox: has schema `evidence` with the table of every stream.
        pack: the rule pack that will ask.
        as_of: the audit instant T (aware).
        time_zone: zone of full months and quarters, such as `Europe/Berlin`.
        sources: every source with its latest pull and its gaps.
        gaps: gaps that belong to no source, or to one of them; those the sources have already do not count twice.

    Raises:
        UsageError: there is no such time zone.
        QueryError: the evidence cannot be read.
    """
    ordered = tuple(sorted(sources, key=lambda state: state.source_id))
    located, views = locate(ordered, gaps)
    setting = Setting(pack, as_of.astimezone(UTC), _zone(time_zone), ordered)
    facts = Completeness(ordered, located, setting.as_of)
    if not facts.answers(SERVICE) and len(ordered) >= observed.SOURCES_THAT_AGREE:
        full = Relations(sandbox.session(), setting, Tier.R0, observed_services=True)
        if not full.is_empty(SERVICE):
            return Session(sandbox, setting, facts.with_observed_services(), views, full)
        full.close()
    return Session(sandbox, setting, facts, views, Relations(sandbox.session(), setting, Tier.R0))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        cure = "use a name of the IANA database, such as Europe/Berlin"
        raise UsageError(f"there is no time zone {name!r}", where="time_zone", cure=cure) from error
