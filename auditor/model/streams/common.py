"""Types and reference lists that several streams share."""

from __future__ import annotations

from typing import Literal, TypeAlias

Texts: TypeAlias = tuple[str, ...]
"""A list of ids, names or labels. A null list is unknown, an empty one is known to be empty."""

ContentTag: TypeAlias = Literal[
    "target_vs_actual", "trend", "csat", "qualitative", "business_impact", "actions", "forecast"
]
"""What a report or a meeting is about."""

REFERENCES = (
    "target",
    "report_schedule",
    "report_delivery",
    "ticket",
    "meeting",
    "feedback",
    "communication",
    "agreement",
    "document",
    "document_revision",
    "improvement",
    "business_goal",
    "forecast",
    "kpi",
    "alert_event",
    "sla_cycle",
)
"""Streams a free reference may name.

Besides plain ids: `report_id@due_at` (a delivery), `doc_id@version` (a revision), `rule_id@start` (an alert) and
`ticket_id/metric_name/cycle_no` (a cycle).
"""

AUDIENCE = ("party", "person")
"""Streams that an audience or a list of recipients may name."""

NOT_YET = "it has not happened"
"""Null of an instant that comes later in the life of a row."""
