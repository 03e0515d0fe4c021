"""One pull: first what the server is and which rules it has, then what they and the indicators came to."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson

from auditor.api import (
    CollectContext,
    Cursor,
    Gap,
    GapReason,
    JsonValue,
    PayloadRef,
    Record,
    Refused,
    SourceRun,
)
from collectors.prometheus.alertmanager import REDACTED, Alertmanager, ask, muted_share
from collectors.prometheus.alerts import STEP_S, AlertLog, log_of
from collectors.prometheus.bank import Bank, bank_of
from collectors.prometheus.calls import Calls
from collectors.prometheus.clock import SKEW_S
from collectors.prometheus.history import pull_alerts, unseen
from collectors.prometheus.instants import iso, month_bounds, month_of
from collectors.prometheus.measure import Measurement
from collectors.prometheus.observe import look, range_of
from collectors.prometheus.results import definition, target_row
from collectors.prometheus.rulefiles import differences
from collectors.prometheus.rulepages import RulePages, ask_rules
from collectors.prometheus.rules import AlertIndex, Rule, Services, alert_labels, read_rules, rule_row
from collectors.prometheus.server import Server, describe, is_vmalert, retention_gaps
from collectors.prometheus.settings import PrometheusSettings
from collectors.prometheus.slis import Sli, configured, recognised

Yielded = Record | Gap | SourceRun | Cursor

_SAMPLES = ("alert_event", "sli_result", "target")
_NO_ALERTMANAGER = Alertmanager(None, None)


@dataclass(slots=True)
class _Facts:
    """What the pull amounts to, as far as it has come.

    Attributes:
        complete: streams of which this pull has everything there is.
        whole: streams of which it has everything of its own, so that what it had before and has no more is gone.
        partial: whether anything was refused.
        since: where the history of alerts and results begins, in seconds since 1970.
    """

    server: Server
    complete: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)
    partial: bool = False
    since: float | None = None


class Pulling:
    """Reads one source once."""

    def __init__(self, ctx: CollectContext) -> None:
        self._ctx = ctx
        self._settings: PrometheusSettings = ctx.settings
        self._calls = Calls(ctx.http(), self._settings.url)
        self._services = Services(self._settings.service_labels, self._settings.services)
        self._now = ctx.started.timestamp()
        # What lies behind the instant of the audit is not for this audit to see.
        self._end = min(ctx.as_of, ctx.started).timestamp()

    def run(self) -> Iterator[Yielded]:
        """Everything, in an order in which each part knows what it needs of those before."""
        facts = _Facts(Server("unknown"))
        yield self._source_run(facts)
        try:
            facts.server = describe(self._calls, self._now)
        except Refused as refused:
            facts.partial = True
            yield refused.gap(None)
            yield self._source_run(facts, failed=True)
            return
        rules, pages = yield from self._rules(facts)
        manager = yield from self._alertmanager(facts)
        log = log_of(self._ctx.cursor("alert_event"), self._start(facts.server, STEP_S))
        if facts.server.flavour != "vmalert":
            knows_rules = pages is not None and pages.cut is None
            if knows_rules:
                log = yield from self._alerts(facts, rules, manager, log)
            yield from self._indicators(facts, rules, knows_rules=knows_rules)
            yield from self._retention(facts)
            yield from self._clock(facts)
        elif self._settings.slis:
            detail = "a vmalert holds no samples: name the address of the server that it reads from"
            yield Gap("sli_result", GapReason.NOT_SUPPORTED, detail)
        if pages is not None:
            yield from self._rule_rows(facts, rules, pages, manager, log)
        yield self._source_run(facts)

    def _start(self, server: Server, step_s: int) -> int:
        """Where a new history begins: at the start of a month, or where the server begins to remember."""
        asked = (self._ctx.started - timedelta(days=self._settings.history_d)).timestamp()
        month = month_bounds(month_of(int(asked)))[0]
        # A step covers the time before its end, so the oldest sample lies in the step that ends at it or after it.
        return max(month, (int(server.oldest or 1) - 1) // step_s * step_s)

    def _rules(self, facts: _Facts) -> Generator[Yielded, None, tuple[list[Rule], RulePages | None]]:
        """The rules; yields gaps, returns the rules and the answers they stand in."""
        try:
            pages = ask_rules(self._calls)
        except Refused as refused:
            facts.partial = True
            yield refused.gap("monitoring_rule")
            yield refused.gap("alert_event")  # whose alerts they were could not be told
            return [], None
        rules, strange = read_rules(*pages.groups)
        if facts.server.flavour == "unknown" and is_vmalert(pages.all_groups):
            facts.server = Server("vmalert")
        yield from self._rule_gaps(facts, pages, rules, strange)
        if self._settings.rules_files is not None and pages.cut is None:
            yield from differences(self._ctx, self._settings.rules_files, rules)
        return rules, pages

    def _rule_gaps(self, facts: _Facts, pages: RulePages, rules: Sequence[Rule], strange: int | None) -> Iterator[Gap]:
        """What is doubtful about the rules; where nothing is, no rule means that there is none."""
        place, flavour = pages.replies[0].answer.place, facts.server.flavour
        if strange != 0:
            facts.partial = True
            detail = "entries of the answer are no rule of a known kind, or groups without a list of rules"
            yield Gap("monitoring_rule", GapReason.MALFORMED, detail, place, None, strange)
        if pages.cut is not None:
            facts.partial = True
            yield pages.cut
            if flavour != "vmalert":
                detail = "whose alerts they are cannot be told, because not all rules are known"
                yield Gap("alert_event", GapReason.TRUNCATED, detail, pages.cut.place)
        if not rules and flavour == "victoria-metrics":
            detail = "this server runs no rules itself, its answer is a stub: name the address of the vmalert beside it"
            yield Gap("monitoring_rule", GapReason.NOT_SUPPORTED, detail, place)
        elif not rules and not facts.server.shows_no_rule_files:
            detail = "the server names no rule, and its configuration does not show that it has none"
            yield Gap("monitoring_rule", GapReason.NOT_SUPPORTED, detail, place)
        elif pages.cut is None and strange == 0:
            facts.complete.add("monitoring_rule")

    def _alertmanager(self, facts: _Facts) -> Generator[Yielded, None, Alertmanager]:
        """What the Alertmanager tells; yields gaps, returns the answer."""
        settings = self._settings.for_alertmanager()
        if settings is None:
            return _NO_ALERTMANAGER
        asking = ask(self._ctx.http(settings, redact=REDACTED))
        manager = yield from asking
        facts.partial |= manager.config is None or manager.silences is None
        return manager

    def _alerts(
        self, facts: _Facts, rules: Sequence[Rule], manager: Alertmanager, log: AlertLog
    ) -> Generator[Yielded, None, AlertLog]:
        """The alerts; yields them and gaps, returns the log of what is settled."""
        settled = self._settled(STEP_S)
        # A clock may be all that is wrong: what there is after it is shown, and asked for again.
        own = self._settled(STEP_S, self._now)
        until = own if own - settled > SKEW_S else settled
        log.skip_to(int(facts.server.oldest or 0))
        began, index = log.since, AlertIndex(rules)
        whole, log = yield from pull_alerts(
            self._calls, log, settled, until, index, self._services, manager.silences, self._ctx.progress
        )
        if facts.server.oldest is not None:
            facts.since = float(began)
        missing = list(unseen(log, rules, settled)) if whole else []
        if missing:
            detail = f"{len(missing)} rules fire and the history of alerts does not show it, such as {missing[0]!r}"
            yield Gap("alert_event", GapReason.TRUNCATED, detail)
        elif whole:
            facts.complete.add("alert_event")
        facts.partial |= not whole or bool(missing)
        if whole:
            log.observed = look(self._calls, rules, log.observed, settled)
        log.forget(settled)
        yield Cursor("alert_event", log.to_text())
        return log

    def _indicators(self, facts: _Facts, rules: Sequence[Rule], *, knows_rules: bool) -> Iterator[Yielded]:
        step = self._settings.step_s
        slis = self._slis(rules)
        bank = bank_of(self._ctx.cursor("sli_result"), step)
        measuring = Measurement(
            self._ctx,
            self._calls,
            bank,
            self._start(facts.server, step),
            self._settled(step),
            int(self._end) // step * step,
        )
        yield from measuring.run(slis, forget=knows_rules)
        facts.partial |= not measuring.complete
        if facts.since is None:
            facts.since = bank.oldest()
        if not knows_rules:
            for stream in ("sli_result", "target"):
                detail = "which indicators the rules show is not known, because not all rules are known"
                yield Gap(stream, GapReason.TRUNCATED, detail)
        elif slis and measuring.complete:
            # Its own only: other targets stand in documents and in ticketing, and other tools have other results.
            facts.whole.add("target")
        yield from self._targets(slis, bank)

    def _retention(self, facts: _Facts) -> Iterator[Gap]:
        """Whether the history reaches back as far as was asked; no alert before it proves nothing."""
        asked = (self._ctx.started - timedelta(days=self._settings.history_d)).timestamp()
        if facts.since is not None and facts.since <= asked:
            return
        facts.complete.discard("alert_event")
        yield from retention_gaps(facts.since, asked, ("alert_event", "sli_result"))

    def _settled(self, step_s: int, now: float | None = None) -> int:
        """End of the last step whose data will not change any more.

        Args:
            now: seconds since 1970; None: by the slower of both clocks.
        """
        now = self._calls.clock.bound(self._now) if now is None else now
        return int(min(self._end, now - self._settings.settle_s)) // step_s * step_s

    def _clock(self, facts: _Facts) -> Iterator[Gap]:
        """Whether the clock of the server can be relied on."""
        for gap in self._calls.clock.gaps(("alert_event", "sli_result")):
            facts.partial = True
            yield gap
        if self._calls.clock.is_behind:
            facts.complete.discard("alert_event")  # what was to be the end of it has not come yet

    def _slis(self, rules: Sequence[Rule]) -> list[Sli]:
        """What is configured, and what the recogniser finds in the rules beside it."""
        told = list(configured(self._settings.slis, self._settings.step_s))
        facts: dict[str, JsonValue] = {
            "rules": [{**rule.body, "rule_id": rule.rule_id} for rule in rules],
            "service_labels": list(self._settings.service_labels),
        }
        known = {sli.sli_id for sli in told}
        return told + [sli for sli in recognised(self._ctx.hints("slis", facts)) if sli.sli_id not in known]

    def _targets(self, slis: Sequence[Sli], bank: Bank) -> Iterator[Record]:
        if not slis:
            return
        said = {"indicators": [definition(sli) for sli in slis]}
        payload = self._keep(said, {"computed": "target"})
        for position, sli in enumerate(slis):
            book = bank.books.get(sli.sli_id)
            values = sorted(book.accounts) if book is not None and sli.service_label else [""]
            for value in values:
                named = value or sli.service
                service_id = self._services.named(named) if named else None
                yield Record("target", target_row(sli, value, service_id), payload, f"/indicators/{position}")

    def _rule_rows(
        self, facts: _Facts, rules: Sequence[Rule], pages: RulePages, manager: Alertmanager, log: AlertLog
    ) -> Iterator[Record]:
        receivers = self._receivers(facts.server, rules, manager)
        targets = {sli.id for sli in self._settings.slis}
        system = "vmalert" if facts.server.flavour == "vmalert" else "prometheus"
        for rule in rules:
            labels = rule.labels
            named = (labels.get(name) for name in ("sloth_id", "slo", "slo_id"))
            target_id = next((value for value in named if value in targets), None)
            row = rule_row(rule, system, self._services.of(labels), target_id)
            if rule.kind == "alert":
                row["receivers"] = receivers.get(rule.rule_id)
                row["firing_share_90d"] = log.firing_share(rule.rule_id) if facts.since is not None else None
                row["observed_min_30d"], row["observed_max_30d"] = range_of(log.observed, rule.rule_id)
                if manager.silences is not None:
                    row["muted_share_90d"] = muted_share(manager.silences, alert_labels(rule, {}), self._now)
            answer = pages.replies[rule.page].answer
            yield Record("monitoring_rule", row, answer.payload, rule.pointer, answer.place)

    def _receivers(self, server: Server, rules: Sequence[Rule], manager: Alertmanager) -> Mapping[str, JsonValue]:
        """Whom the alerts of each rule reach; nothing where the configuration is not known."""
        if manager.config is None:
            return {}
        asked: list[JsonValue] = [
            {"rule_id": rule.rule_id, "labels": dict(alert_labels(rule, server.external_labels))}
            for rule in rules
            if rule.kind == "alert"
        ]
        found = self._ctx.hints("receivers", {"config": manager.config, "rules": asked}).get("receivers")
        return found if isinstance(found, dict) else {}

    def _keep(self, said: Mapping[str, Any], request: Mapping[str, JsonValue]) -> PayloadRef:
        data = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
        return self._ctx.keep(data, request=request, media_type="application/json")

    def _source_run(self, facts: _Facts, *, failed: bool = False) -> SourceRun:
        has_samples = facts.server.flavour != "vmalert"
        streams = ["monitoring_rule", *(_SAMPLES if has_samples or self._settings.slis else ())]
        asked = self._ctx.started - timedelta(days=self._settings.history_d)
        values: dict[str, JsonValue] = {
            "kind": "monitoring",
            "status": "failed" if failed else "partial" if facts.partial else "ok",
            "scope": "rules, alerts and indicators of one server",
            "window_from": iso(asked.timestamp()),
            "window_to": iso(self._end),
            "retention_from": None if facts.since is None else iso(facts.since),
            "streams": list(streams),
            "scope_complete": {stream: stream in facts.complete for stream in streams},
        }
        return SourceRun(values, None, frozenset(facts.whole | ({"monitoring_rule"} & facts.complete)))
