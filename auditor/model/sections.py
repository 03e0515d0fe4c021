"""The sections a document of a kind must have, and those that good practice adds: keys of `sections_found`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SectionKeys:
    """Section keys of one kind of document.

    Attributes:
        must: sections without which the document is not what it says (ISO/IEC 20000-1:2018, 8.2.4, 8.3.3, 8.3.4).
        practice: sections that usual templates add (ITIL).
    """

    must: tuple[str, ...]
    practice: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Both, the necessary ones first."""
        return self.must + self.practice


SECTION_KEYS: Mapping[str, SectionKeys] = {
    "SLA": SectionKeys(
        must=("targets", "workload_limits", "exceptions"),
        practice=(
            "service_description",
            "parties",
            "hours",
            "priorities",
            "availability_performance",
            "measurement_reporting",
            "review",
            "responsibilities",
            "escalation",
        ),
    ),
    "SLR": SectionKeys(
        must=("service_outcome", "requested_levels"),
        practice=("requester", "priority", "growth", "constraints", "approval"),
    ),
    "OLA": SectionKeys(
        must=("supported_sla", "parties", "targets", "responsibilities"),
        practice=("hours", "escalation", "measurement_reporting", "review"),
    ),
    "UC": SectionKeys(
        must=("scope", "requirements", "targets", "responsibilities"),
        practice=("term", "penalties", "review", "exit", "subcontractors"),
    ),
    "catalogue": SectionKeys(
        must=("name", "description", "owner", "users", "dependencies"),
        practice=("tier", "hours", "sla_link", "service_levels"),
    ),
    "review_minutes": SectionKeys(
        must=("date", "attendees", "results", "actions"),
        practice=("previous_actions", "feedback", "decisions"),
    ),
    "procedure": SectionKeys(
        must=(
            "incident",
            "problem",
            "change",
            "request",
            "availability",
            "capacity",
            "continuity",
            "supplier",
            "catalogue",
            "relationship",
        ),
    ),
    "training_plan": SectionKeys(
        must=("plan_per_role", "owner", "budget_or_hours", "skills_gap", "evaluation"),
    ),
}
"""Kind of an agreement (upper case) or of a document (lower case) -> its section keys.

The keys of a procedure are the practices it names an interface to.
"""
