"""What was measured and predicted: results per period, SLA cycles of tickets, forecasts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from auditor.model.evidence import Tier
from auditor.model.streams.base import Field, Final, stream
from auditor.model.streams.common import NOT_YET


@stream(key=("target_id", "period_start", "period_end", "computed_by"), tier=Tier.R5)
class SliResult:
    """What a target came to in one period."""

    target_id: Annotated[str, Field("Target that was measured.", refers_to=("target",))]
    period_start: Annotated[datetime, Field("Start of the period.")]
    period_end: Annotated[datetime, Field("End of the period, not part of it.")]
    actual: Annotated[float | None, Field("Value reached.", unit="that of the target")] = None
    good: Annotated[float | None, Field("Good events of the period.", low=0)] = None
    total: Annotated[float | None, Field("All events of the period.", low=0)] = None
    met: Annotated[bool | None, Field("Whether the target was met.")] = None
    breached_at: Annotated[
        datetime | None,
        Field("Instant the target was lost in the period.", null="met; where it was not met: the instant is unknown"),
    ] = None
    completeness: Annotated[float | None, Field("Part of the period that has data.", unit="share", low=0, high=1)] = (
        None
    )
    lag_s: Annotated[float | None, Field("Delay from the period's end to the result.", unit="s")] = None
    computed_by: Annotated[
        Literal["system", "auditor"] | None, Field("Whether the source or the auditor computed it.")
    ] = None
    computed_at: Annotated[datetime | None, Field("When it was computed.")] = None


@stream(
    key=("ticket_id", "metric_name", "cycle_no"),
    tier=Tier.R5,
    final=Final(
        ("state", "started", "stopped", "goal_ms", "elapsed_ms", "remaining_ms", "wall_ms", "breach_at", "breached"),
        when="state",
        equals="completed",
        sha_field="first_seen_sha",
    ),
)
class SlaCycle:
    """One run of an SLA clock on a ticket."""

    ticket_id: Annotated[str, Field("Ticket the clock runs on.", refers_to=("ticket",))]
    metric_name: Annotated[str, Field("Name of the clock in the tool.")]
    target_id: Annotated[
        str | None,
        Field("Target it counts for.", null="found by clock name and service", refers_to=("target",)),
    ] = None
    cycle_no: Annotated[int, Field("Number of the run on this ticket, first is 1.", low=0)]
    state: Annotated[Literal["completed", "ongoing"] | None, Field("Whether the run is over.")] = None
    started: Annotated[datetime | None, Field("When the clock started.")] = None
    stopped: Annotated[datetime | None, Field("When the clock stopped.", null=NOT_YET)] = None
    goal_ms: Annotated[int | None, Field("Time allowed.", unit="ms", low=0)] = None
    elapsed_ms: Annotated[int | None, Field("Time the clock counted.", unit="ms")] = None
    remaining_ms: Annotated[int | None, Field("Time left; negative after a breach.", unit="ms")] = None
    wall_ms: Annotated[int | None, Field("Time on the wall clock from start to stop.", unit="ms")] = None
    breach_at: Annotated[datetime | None, Field("When the time allowed ran or will run out.")] = None
    breached: Annotated[bool | None, Field("Whether it ran out before the stop.")] = None
    paused_now: Annotated[bool | None, Field("Whether the clock stood still at the pull.")] = None
    in_calendar_now: Annotated[bool | None, Field("Whether the pull fell into the clock's working hours.")] = None
    first_seen_sha: Annotated[
        str | None, Field("Hash of the cycle as it was first seen completed; filled in where the source has none.")
    ] = None


@stream(key=("forecast_id",), tier=Tier.R5)
class Forecast:
    """One prediction about a target, and what came of it."""

    forecast_id: Annotated[str, Field("Id of the forecast.")]
    target_id: Annotated[str | None, Field("Target it is about.", refers_to=("target",))] = None
    rule_id: Annotated[
        str | None, Field("Rule that made it.", null="a model made it", refers_to=("monitoring_rule",))
    ] = None
    made_at: Annotated[datetime | None, Field("When it was made.")] = None
    horizon_s: Annotated[float | None, Field("How far it looks ahead.", unit="s", low=0)] = None
    p_breach: Annotated[
        float | None,
        Field("Probability of a breach within the horizon.", null="it predicts a value", unit="share", low=0, high=1),
    ] = None
    value: Annotated[float | None, Field("Predicted value.", null="no value", unit="that of the target")] = None
    value_lo: Annotated[
        float | None, Field("Lower end of its interval.", null="no interval", unit="that of the target")
    ] = None
    value_hi: Annotated[
        float | None, Field("Upper end of its interval.", null="no interval", unit="that of the target")
    ] = None
    method: Annotated[
        Literal["linear", "smoothing", "seasonal", "ml", "other"] | None, Field("How it was computed.")
    ] = None
    model_version: Annotated[str | None, Field("Version of the model.")] = None
    trained_at: Annotated[datetime | None, Field("When the model was last trained.")] = None
    outcome: Annotated[
        float | None,
        Field(
            "What came. With `p_breach`: 1 (or true) a breach within the horizon, 0 (or false) none. Without it: "
            "the value that came.",
            null="not resolved",
            booleans=True,
        ),
    ] = None
    action_ref: Annotated[
        str | None,
        Field("Ticket or automation run it led to.", null="nobody acted", refers_to=("ticket",)),
    ] = None
    simulated: Annotated[
        bool, Field("Whether it comes from a backtest; then only indicators that say so count it.", default=False)
    ] = False
