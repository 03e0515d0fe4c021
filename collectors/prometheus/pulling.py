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
from collectors.prometheus.calls import Calls, Reply
from collectors.prometheus.history import pull_alerts
from collectors.prometheus.instants import iso, month_bounds, month_of
from collectors.prometheus.measure import Measurement
from collectors.prometheus.observe import look, range_of
from collectors.prometheus.results import definition, target_row
from collectors.prometheus.rulefiles import differences
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
        rules, reply = yield from self._rules(facts)
        manager = yield from self._alertmanager(facts)
        log = log_of(self._ctx.cursor("alert_event"), self._start(facts.server, STEP_S))
        if facts.server.flavour != "vmalert":
            if reply is not None:
                yield from self._alerts(facts, rules, manager, log)
            yield from self._indicators(facts, rules, knows_rules=reply is not None)
            yield from self._retention(facts)
        elif self._settings.slis:
            detail = "a vmalert holds no samples: name the address of the server that it reads from"
            yield Gap("sli_result", GapReason.NOT_SUPPORTED, detail)
        if reply is not None:
            yield from self._rule_rows(facts, rules, reply, manager, log)
        yield self._source_run(facts)

    def _start(self, server: Server, step_s: int) -> int:
        """Where a new history begins: at the start of a month, or where the server begins to remember."""
        asked = (self._ctx.started - timedelta(days=self._settings.history_d)).timestamp()
        month = month_bounds(month_of(int(asked)))[0]
        # A step covers the time before its end, so the oldest sample lies in the step that ends at it or after it.
        return max(month, (int(server.oldest or 1) - 1) // step_s * step_s)

    def _rules(self, facts: _Facts) -> Generator[Yielded, None, tuple[list[Rule], Reply | None]]:
        """The rules; yields gaps, returns the rules and the answer they stand in."""
        try:
            reply = self._calls.get("/api/v1/rules")
            groups = _groups(reply)
        except Refused as refused:
            facts.partial = True
            yield refused.gap("monitoring_rule")
            yield refused.gap("alert_event")  # whose alerts they were could not be told
            return [], None
        rules, strange = read_rules(groups)
        if facts.server.flavour == "unknown" and is_vmalert(groups):
            facts.server = Server("vmalert")
        yield from self._rule_gaps(facts, reply, rules, strange)
        if self._settings.rules_files is not None:
            yield from differences(self._ctx, self._settings.rules_files, rules)
        return rules, reply

    def _rule_gaps(self, facts: _Facts, reply: Reply, rules: Sequence[Rule], strange: int) -> Iterator[Gap]:
        """What is doubtful about the rules; where nothing is, no rule means that there is none."""
        place, flavour = reply.answer.place, facts.server.flavour
        if strange:
            detail = "entries of the answer are no rule of a known kind"
            yield Gap("monitoring_rule", GapReason.MALFORMED, detail, place, None, strange)
        if reply.warnings:
            facts.partial = True
            detail = f"the server calls its answer incomplete: {reply.warnings[0]}"
            yield Gap("monitoring_rule", GapReason.TRUNCATED, detail, place)
        if not rules and flavour == "victoria-metrics":
            detail = "this server runs no rules itself, its answer is a stub: name the address of the vmalert beside it"
            yield Gap("monitoring_rule", GapReason.NOT_SUPPORTED, detail, place)
        elif not rules and not facts.server.shows_no_rule_files:
            detail = "the server names no rule, and its configuration does not show that it has none"
            yield Gap("monitoring_rule", GapReason.NOT_SUPPORTED, detail, place)
        elif not reply.warnings and not strange:
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

    def _alerts(self, facts: _Facts, rules: Sequence[Rule], manager: Alertmanager, log: AlertLog) -> Iterator[Yielded]:
        settled = int(min(self._end, self._now - self._settings.settle_s)) // STEP_S * STEP_S
        log.skip_to(int(facts.server.oldest or 0))
        began = log.since
        whole = yield from pull_alerts(
            self._calls, log, settled, AlertIndex(rules), self._services, manager.silences, self._ctx.progress
        )
        facts.partial |= not whole
        if facts.server.oldest is not None:
            facts.since = float(began)
        if whole:
            facts.complete.add("alert_event")
            log.observed = look(self._calls, rules, log.observed, settled)
        log.forget(settled)
        yield Cursor("alert_event", log.to_text())

    def _indicators(self, facts: _Facts, rules: Sequence[Rule], *, knows_rules: bool) -> Iterator[Yielded]:
        step = self._settings.step_s
        slis = self._slis(rules)
        bank = bank_of(self._ctx.cursor("sli_result"), step)
        measuring = Measurement(
            self._ctx,
            self._calls,
            bank,
            self._start(facts.server, step),
            int(min(self._end, self._now - self._settings.settle_s)) // step * step,
            int(self._end) // step * step,
        )
        yield from measuring.run(slis, forget=knows_rules)
        if measuring.warned:
            detail = "the server calls some of its answers incomplete"
            yield Gap("sli_result", GapReason.TRUNCATED, detail)
        facts.partial |= measuring.warned or not measuring.complete
        if facts.since is None:
            facts.since = bank.oldest()
        if not knows_rules:
            for stream in ("sli_result", "target"):
                detail = "which indicators the rules show is not known, because the rules were refused"
                yield Gap(stream, GapReason.TRUNCATED, detail)
        elif slis and measuring.complete and not measuring.warned:
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
        self, facts: _Facts, rules: Sequence[Rule], reply: Reply, manager: Alertmanager, log: AlertLog
    ) -> Iterator[Record]:
        receivers = self._receivers(facts.server, rules, manager)
        targets = {sli.id for sli in self._settings.slis}
        system = "vmalert" if facts.server.flavour == "vmalert" else "prometheus"
        payload, place = reply.answer.payload, reply.answer.place
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
            yield Record("monitoring_rule", row, payload, rule.pointer, place)

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


def _groups(reply: Reply) -> list[Any]:
    """The groups of a rules answer.

    Raises:
        Refused: it holds none.
    """
    groups = reply.data.get("groups") if isinstance(reply.data, Mapping) else None
    if not isinstance(groups, list):
        raise Refused(GapReason.MALFORMED, "the answer about rules holds no groups", place=reply.answer.place)
    return groups
