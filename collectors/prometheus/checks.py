"""What `auditor doctor` looks at before a pull."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.api import Answer, Check, CollectContext, Refused
from collectors.prometheus.alertmanager import REDACTED
from collectors.prometheus.calls import Calls
from collectors.prometheus.clock import SKEW_S, date_of
from collectors.prometheus.instants import iso
from collectors.prometheus.server import Server, describe, is_vmalert
from collectors.prometheus.settings import PrometheusSettings

_CURES = {
    401: "give username and password, or token, as references",
    403: "let the user read /api/v1/ of this server",
    404: "check the url: it ends before /api/v1",
}


def check(ctx: CollectContext) -> Iterator[Check]:
    """See `Collector.check`."""
    settings: PrometheusSettings = ctx.settings
    calls = Calls(ctx.http(), settings.url)
    try:
        server = describe(calls, ctx.started.timestamp())
    except Refused as refused:
        reached = refused.status is not None
        yield Check(
            "reachable", reached, settings.url if reached else refused.detail, None if reached else _cure(refused)
        )
        if reached:
            yield Check("authenticated", False, refused.detail, _cure(refused))
        return
    yield Check("reachable", True, settings.url)
    yield Check("authenticated", True, "the server lets us in")
    yield Check("version", True, _version(server))
    has_samples = True
    try:
        reply = calls.get("/api/v1/rules")
    except Refused as refused:
        yield Check("monitoring_rule", False, refused.detail, _cure(refused))
    else:
        yield from _rules(server)
        yield from _clock(reply.answer)
        groups = reply.data.get("groups") if isinstance(reply.data, dict) else None
        has_samples = not (server.flavour == "unknown" and is_vmalert(groups or []))
    if has_samples:
        yield from _samples(ctx, calls, server)
    else:
        yield Check("sli_result, alert_event", True, "a vmalert has no samples: the server it reads from is a source")
    yield from _alertmanager(ctx, settings)


def _version(server: Server) -> str:
    if server.flavour == "prometheus":
        return f"version {server.version}"
    return {"victoria-metrics": "a VictoriaMetrics: its rules run in a vmalert"}.get(
        server.flavour, "the server does not say which version it is"
    )


def _rules(server: Server) -> Iterator[Check]:
    if server.flavour == "victoria-metrics":
        cure = "configure the vmalert beside it as a source of its own"
        yield Check("monitoring_rule", False, "this server answers about rules with a stub", cure)
    else:
        yield Check("monitoring_rule", True, "the rules can be read")


def _clock(answer: Answer) -> Iterator[Check]:
    there = date_of(answer)
    if there is None:
        return
    skew = abs((there - answer.fetched_at).total_seconds())
    cure = "set both clocks by NTP: results at the end of a month depend on them"
    yield Check("clock", skew <= SKEW_S, f"the clocks differ by {skew:.0f} s", None if skew <= SKEW_S else cure)


def _samples(ctx: CollectContext, calls: Calls, server: Server) -> Iterator[Check]:
    """Whether queries are permitted, and how far back they reach."""
    settings: PrometheusSettings = ctx.settings
    now = int(ctx.started.timestamp())
    try:
        calls.query_range("vector(1)", now - 60, now, 60)
    except Refused as refused:
        detail = f"queries are refused: {refused.detail}"
        yield Check("sli_result, alert_event", False, detail, "permit /api/v1/query_range")
        return
    yield Check("sli_result, alert_event", True, "queries are answered")
    asked = now - settings.history_d * 86_400
    if server.oldest is None:
        yield Check("retention", True, "the server does not say how far back its samples reach")
    else:
        ok = server.oldest <= asked
        detail = f"samples since {iso(server.oldest)}, asked for since {iso(asked)}"
        yield Check("retention", ok, detail, None if ok else "raise --storage.tsdb.retention.time, or lower history_d")


def _alertmanager(ctx: CollectContext, settings: PrometheusSettings) -> Iterator[Check]:
    own = settings.for_alertmanager()
    if own is None:
        cure = "set alertmanager_url"
        yield Check("alertmanager", True, f"none is configured: whom alerts reach stays unknown ({cure})")
        return
    try:
        ctx.http(own, redact=REDACTED).get("/api/v2/status").json()
    except Refused as refused:
        yield Check("alertmanager", False, refused.detail, _cure(refused))
    else:
        yield Check("alertmanager", True, "its configuration can be read")


def _cure(refused: Refused) -> str:
    return _CURES.get(refused.status or 0, "check url, proxy and certificates")
