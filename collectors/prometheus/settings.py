"""Settings of the `prometheus` collector."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from auditor.api import LiveSettings, Settings

WINDOW = "$window"
"""What a query of events writes for the time it is to count over."""

DAY_S = 86_400

Metric = Literal[
    "availability",
    "incident_response",
    "resolution",
    "request_fulfilment",
    "latency",
    "error_rate",
    "capacity",
    "recovery_rto",
    "recovery_rpo",
    "change_success",
    "satisfaction",
    "workload_limit",
    "other",
]


class SliSettings(Settings):
    """One service level indicator and the objective it is held to."""

    id: str = Field(min_length=1, description="Id of the target.")
    service: str | None = Field(default=None, description="Id of the service it speaks of.")
    service_label: str | None = Field(
        default=None, description="Label whose value names the service: one target for each series of the query."
    )
    query: str | None = Field(default=None, description="Query of the good share, 0 to 1, sampled at every step.")
    good: str | None = Field(default=None, description="Query of good events in `$window`, an `increase(...)`.")
    total: str | None = Field(default=None, description="Query of all events in `$window`, an `increase(...)`.")
    objective: float = Field(gt=0, lt=1, description="Good share to keep, such as 0.999.")
    metric: Metric = Field(default="availability", description="What is measured.")
    window_d: float = Field(default=30, gt=0, description="Days the objective is agreed over.")

    @model_validator(mode="after")
    def _one_way_of_measuring(self) -> Self:
        if (self.query is None) == (self.good is None or self.total is None) or (self.good is None) != (
            self.total is None
        ):
            raise ValueError("give either `query`, or `good` and `total`")
        for text in (self.good, self.total):
            if text is not None and WINDOW not in text:
                raise ValueError(f"{text!r} counts over no {WINDOW}: write increase(...[{WINDOW}])")
        return self


class PrometheusSettings(LiveSettings):
    """What is asked of the servers, and how their labels are to be read."""

    alertmanager_url: str | None = Field(default=None, description="Address of the Alertmanager.")
    alertmanager_username: str | None = Field(default=None, description="User name for the Alertmanager.")
    alertmanager_password: SecretStr | None = Field(
        default=None, description="Password for the Alertmanager (a reference)."
    )
    alertmanager_token: SecretStr | None = Field(default=None, description="Token for the Alertmanager (a reference).")
    rules_files: Path | None = Field(
        default=None, description="Folder of rule files, such as a work tree, that the server's rules are held against."
    )
    service_labels: tuple[str, ...] = Field(
        default=("service", "job", "app"), description="Labels that may name the service, the first that does counts."
    )
    services: dict[str, str] = Field(default_factory=dict, description="Value of such a label -> id of the service.")
    slis: tuple[SliSettings, ...] = Field(
        default=(), description="Indicators to measure, beside those that the rules themselves show."
    )
    history_d: int = Field(
        default=90, ge=1, le=800, description="Days the first pull looks back, from the start of that month."
    )
    step_s: int = Field(
        default=300, ge=10, description="Seconds between two values of an indicator; a part of a day without remainder."
    )

    @field_validator("step_s")
    @classmethod
    def _divides_a_day(cls, seconds: int) -> int:
        if DAY_S % seconds:
            raise ValueError(f"{seconds} s is no part of a day without remainder, such as 60, 300 or 3600")
        return seconds

    @field_validator("slis")
    @classmethod
    def _ids_differ(cls, slis: tuple[SliSettings, ...]) -> tuple[SliSettings, ...]:
        twice = [id_ for id_, times in Counter(sli.id for sli in slis).items() if times > 1]
        if twice:
            raise ValueError(f"two indicators are called {twice[0]!r}")
        return slis

    def for_alertmanager(self) -> LiveSettings | None:
        """How to reach the Alertmanager; None: there is none."""
        if self.alertmanager_url is None:
            return None
        shared = ("ca_file", "proxy", "timeout_s", "deadline_s", "max_requests", "max_answer_mb", "settle_s")
        return LiveSettings(
            url=self.alertmanager_url,
            username=self.alertmanager_username,
            password=self.alertmanager_password,
            token=self.alertmanager_token,
            **{name: getattr(self, name) for name in shared},
        )
