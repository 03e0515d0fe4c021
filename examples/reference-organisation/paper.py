"""What the reference organisation has written down: catalogue, people, agreements, documents, minutes."""

from __future__ import annotations

from typing import Any

from clock import at, utc

Row = dict[str, Any]

MAJOR = ("booking", "ticket-shop", "boarding", "payments", "timetable", "crew-roster")
"""Services of tier 1 and 2; the first five have an agreement of their own, the last only a catalogue page."""

WITH_AGREEMENT = MAJOR[:5]
CUSTOMERS = {"booking": "passenger-office", "ticket-shop": "passenger-office", "boarding": "port-authority"}
TEAMS = {"booking": "team-apps", "ticket-shop": "team-apps", "boarding": "team-field", "payments": "team-apps"}
OWNERS = {service: f"p-{number:02d}" for number, service in enumerate(MAJOR, start=2)}


def rows() -> dict[str, list[Row]]:
    """Rows of every stream that people wrote, by stream."""
    return {
        "service": _services(),
        "party": _parties(),
        "person": _people(),
        "document": _documents(),
        "document_revision": _revisions(),
        "agreement": _agreements(),
        "target": _targets(),
        "kpi": _kpis(),
        "link": _links(),
        "meeting": _meetings(),
    }


def _services() -> list[Row]:
    tiers = {"booking": 1, "ticket-shop": 1, "boarding": 1, "payments": 1, "timetable": 2, "crew-roster": 2}
    rows: list[Row] = [
        {
            "service_id": service,
            "name": service.replace("-", " ").capitalize(),
            "aliases": [f"svc-{service}"],
            "tier": tier,
            "major": None if service == "crew-roster" else True,
            "status": "live",
            "owner": OWNERS[service],
            "customer_parties": [CUSTOMERS.get(service, "freight-desk")],
            "supplier_parties": ["pay-provider"] if service == "payments" else [],
            "support_teams": [TEAMS.get(service, "team-net")],
            "process_ids": [],
            "observed_in": ["desk", "metrics"],
        }
        for service, tier in tiers.items()
    ]
    minor = [("wiki", 3, "live"), ("cameras", 4, "live"), ("kiosk", 3, "pipeline"), ("fax-gateway", 4, "retired")]
    for service, tier, status in minor:
        rows.append(
            {
                "service_id": service,
                "name": service.capitalize(),
                "tier": tier,
                "major": False,
                "status": status,
                "owner": "p-08",
                "customer_parties": ["freight-desk"],
                "supplier_parties": [],
                "support_teams": ["team-net"],
                "process_ids": [],
                "observed_in": ["desk"],
            }
        )
    return rows


def _parties() -> list[Row]:
    members = {
        "passenger-office": ("customer", ["p-15", "p-16"]),
        "port-authority": ("customer", ["p-17"]),
        "freight-desk": ("business_unit", ["p-18", "p-19"]),
        "team-apps": ("internal_team", ["p-02", "p-03", "p-05", "p-09", "p-10"]),
        "team-field": ("internal_team", ["p-04", "p-11"]),
        "team-net": ("internal_team", ["p-06", "p-07", "p-12", "p-13"]),
        "team-desk": ("internal_team", ["p-08", "p-14"]),
        "board": ("management", ["p-20"]),
        "pay-provider": ("supplier", []),
    }
    return [
        {"party_id": party, "kind": kind, "name": party, "contacts": contacts, "active": True, "shared_service": False}
        for party, (kind, contacts) in members.items()
    ]


def _people() -> list[Row]:
    teams = {2: "team-apps", 3: "team-apps", 4: "team-field", 5: "team-apps", 6: "team-net", 7: "team-net"}
    teams |= {8: "team-desk", 9: "team-apps", 10: "team-apps", 11: "team-field", 12: "team-net", 13: "team-net"}
    teams |= {14: "team-desk"}
    rows: list[Row] = []
    for number in range(1, 21):
        is_it = number <= 14
        roles = (
            ["slm_manager"] if number == 1 else ["service_owner"] if number <= 7 else ["ops"] if is_it else ["other"]
        )
        rows.append(
            {
                "person_id": f"p-{number:02d}",
                "team": teams.get(number),
                "roles": ["executive"] if number == 20 else ["desk"] if number in (8, 14) else roles,
                "is_it": is_it,
                "is_bot": False,
                "joined": "2021-03-01",
                "left": "2026-06-30" if number == 13 else None,
            }
        )
    rows.append({"person_id": "bot-publisher", "roles": [], "is_it": True, "is_bot": True, "joined": "2022-01-01"})
    return rows


SLA_SECTIONS = (
    "targets",
    "exceptions",
    "service_description",
    "parties",
    "hours",
    "priorities",
    "measurement_reporting",
)


def _sections(service: str) -> dict[str, bool]:
    found = dict.fromkeys(SLA_SECTIONS, True)
    found["workload_limits"] = service in ("booking", "payments")
    found["review"] = service != "payments"
    return found


def _documents() -> list[Row]:
    rows: list[Row] = [
        {
            "doc_id": f"sla-{service}",
            "kind": "agreement",
            "kind_conf": 0.93,
            "title": f"Service level agreement: {service}",
            "service_ids": [service],
            "status": "current",
            "created": "2023-02-01T09:00:00Z",
            "updated": utc(at(days=-60)),
            "owner": "p-13" if service == "timetable" else OWNERS[service],
            "approved_at": "2025-01-15T10:00:00Z",
            "sections_found": _sections(service),
            "words": 1100,
            "labels": ["sla"],
            "placeholder_ratio": 0.0,
            "sim_cluster": None,
        }
        for service in WITH_AGREEMENT
    ]
    rows.append(_catalogue())
    rows += [_other_document(number) for number in range(1, 56)]
    rows.append(_template())
    return rows


def _catalogue() -> Row:
    return {
        "doc_id": "catalogue-crew",
        "kind": "catalogue",
        "kind_conf": 0.9,
        "title": "Catalogue entry: crew roster",
        "service_ids": ["crew-roster"],
        "status": "current",
        "created": "2024-05-01T09:00:00Z",
        "updated": utc(at(days=-200)),
        "owner": OWNERS["crew-roster"],
        "sections_found": {"name": True, "description": True, "owner": True, "users": True, "service_levels": True},
        "words": 340,
        "labels": ["catalogue"],
        "placeholder_ratio": 0.0,
        "sim_cluster": None,
    }


def _template() -> Row:
    return {
        "doc_id": "sla-template",
        "kind": "other",
        "kind_conf": 0.8,
        "title": "Template for service level agreements",
        "service_ids": [],
        "status": "current",
        "created": "2022-11-01T09:00:00Z",
        "updated": "2022-11-01T09:00:00Z",
        "owner": "p-01",
        "words": 600,
        "labels": ["template"],
        "placeholder_ratio": 0.31,
        "sim_cluster": None,
    }


def _other_document(number: int) -> Row:
    kind = ("procedure", "report", "review_minutes", "postmortem", "other")[number % 5]
    return {
        "doc_id": f"page-{number:03d}",
        "kind": kind,
        "kind_conf": 0.85,
        "title": f"{kind.replace('_', ' ').capitalize()} {number}",
        "service_ids": [MAJOR[number % len(MAJOR)]],
        "status": "archived" if number % 11 == 0 else "current",
        "created": utc(at(days=-30 - 9 * number)),
        "updated": utc(at(days=-5 * number)),
        "owner": f"p-{1 + number % 14:02d}",
        "words": 200 + 13 * number,
        "labels": [],
        "placeholder_ratio": 0.0,
        "sim_cluster": None,
    }


def _revisions() -> list[Row]:
    rows: list[Row] = []
    for index, service in enumerate(WITH_AGREEMENT):
        for version in range(1, 7):
            stale = service == "payments" and version > 1
            rows.append(
                {
                    "doc_id": f"sla-{service}",
                    "version": str(version),
                    "at": utc(at(days=-1100 + 170 * version + 7 * index)),
                    "author": "bot-publisher" if stale else OWNERS[service],
                    "is_bot": stale,
                    "message": "footer refreshed" if stale else "targets and exceptions revised after review",
                    "chars_changed": 4 if stale else 180 + 25 * version,
                    "sections_changed": [] if stale else ["targets"],
                    "targets_changed": 0 if stale else version % 2,
                    "cause_refs": [],
                }
            )
    rows.append(
        {
            "doc_id": "catalogue-crew",
            "version": "1",
            "at": utc(at(days=-200)),
            "author": OWNERS["crew-roster"],
            "is_bot": False,
            "message": "levels added",
            "chars_changed": 340,
            "sections_changed": ["service_levels"],
            "targets_changed": 1,
            "cause_refs": [],
        }
    )
    return rows


def _agreements() -> list[Row]:
    rows: list[Row] = []
    for service in WITH_AGREEMENT:
        reviewed = service != "payments"
        rows.append(
            {
                "agreement_id": f"agr-{service}",
                "doc_id": f"sla-{service}",
                "kind": "SLA",
                "kind_conf": 0.93,
                "scope": "service",
                "service_ids": [service],
                "provider": TEAMS.get(service, "team-net"),
                "consumer": CUSTOMERS.get(service, "freight-desk"),
                "signed_by": ["p-01", "p-15"],
                "approved_at": "2025-01-15T10:00:00Z",
                "effective_from": "2025-02-01",
                "review_interval": 365,
                "last_review_at": "2026-03-10T13:00:00Z",
                "last_review_by": "p-01" if reviewed else None,
                "last_review_ref": "review-03" if reviewed else None,
                "sections_found": _sections(service),
            }
        )
    rows.append(
        {
            "agreement_id": "ola-apps-net",
            "doc_id": None,
            "kind": "OLA",
            "kind_conf": 0.9,
            "scope": "corporate",
            "service_ids": ["booking", "payments"],
            "provider": "team-net",
            "consumer": "team-apps",
            "approved_at": "2025-03-01T10:00:00Z",
            "last_review_at": None,
            "sections_found": {"supported_sla": True, "parties": True, "targets": True, "responsibilities": True},
        }
    )
    return rows


def _document_target(service: str, metric: str, op: str, value: float, unit: str, conditions: str | None) -> Row:
    names = {"availability": "availability", "incident_response": "response", "resolution": "resolution"}
    return {
        "target_id": f"doc-{service}-{names[metric]}",
        "source_id": "pages",
        "service_id": service,
        "agreement_id": f"agr-{service}" if service in WITH_AGREEMENT else None,
        "metric": metric,
        "op": op,
        "value": value,
        "unit": unit,
        "window": 30,
        "conditions": conditions,
        "tool_measurable": True,
        "origin": "doc",
        "bound_to": [f"tool-{service}-{names[metric]}"],
        "bound_how": "id",
        "changed_at": "2025-01-15T10:00:00Z",
        "changed_by": "p-01",
    }


def _tool_target(service: str, metric: str, op: str, value: float, unit: str, conditions: str | None) -> Row:
    names = {"availability": "availability", "incident_response": "response", "resolution": "resolution"}
    monitored = metric == "availability"
    return {
        "target_id": f"tool-{service}-{names[metric]}",
        "source_id": "metrics" if monitored else "desk",
        "service_id": service,
        "metric": metric,
        "op": op,
        "value": value,
        "unit": unit,
        "window": 30,
        "conditions": conditions,
        "origin": "slo" if monitored else "jsm",
        "bound_to": [],
        "changed_at": "2025-01-20T10:00:00Z",
        "changed_by": "bot-publisher",
    }


def _targets() -> list[Row]:
    rows: list[Row] = []
    wanted = (
        ("availability", ">=", 99.5, "percent", None),
        ("incident_response", "<=", 30.0, "min", "priority=P1"),
        ("resolution", "<=", 480.0, "min", "priority=P1"),
    )
    for service in MAJOR:
        for metric, op, value, unit, conditions in wanted:
            if service == "crew-roster" and metric == "availability":
                continue
            rows.append(_document_target(service, metric, op, value, unit, conditions))
            rows.append(_tool_target(service, metric, op, value, unit, conditions))
    return rows


def _kpis() -> list[Row]:
    return [
        {
            "kpi_id": f"kpi-{number}",
            "name": name,
            "doc_id": "page-004",
            "formula": "met periods / periods",
            "source": "metrics",
            "owner": "p-01",
            "target": None if number > 4 else "0.95",
            "frequency": "monthly",
            "leading": number == 5,
            "shown_in": ["dash-ops"] if number < 6 else [],
        }
        for number, name in enumerate(
            ("SLA compliance", "availability", "first response", "resolution", "open age", "change load"), start=1
        )
    ]


def _links() -> list[Row]:
    return [
        {
            "from_type": "document",
            "from_id": f"sla-{service}",
            "to_type": "service",
            "to_id": service,
            "rel": "describes",
            "at": "2025-01-15T10:00:00Z",
            "how": "explicit",
        }
        for service in WITH_AGREEMENT
    ]


def _meetings() -> list[Row]:
    return [
        {
            "meeting_id": f"review-{number:02d}",
            "series": "service-review",
            "kind": "service_review",
            "planned_at": utc(at(days=-30 * (13 - number), hours=3)),
            "held": number % 4 != 0,
            "attendees": ["p-01", "p-15"] if number % 4 else [],
            "parties": ["passenger-office"],
            "service_ids": ["booking", "ticket-shop"],
            "minutes_doc": None,
            "content_tags": ["target_vs_actual"],
            "refs": ["tool-booking-availability"],
        }
        for number in range(1, 13)
    ]
