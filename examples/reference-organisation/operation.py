"""What the tools of the reference organisation recorded: tickets, clocks, measurements, alerts, deliveries."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from clock import AS_OF, at, months_back, utc
from paper import CUSTOMERS, MAJOR

Row = dict[str, Any]

TICKETS = 420
PERIOD_DAYS = 180
P1_RESPONSE_MS = 30 * 60_000
P1_RESOLUTION_MS = 480 * 60_000


def rows() -> dict[str, list[Row]]:
    """Rows of every stream that tools wrote, by stream."""
    dice = random.Random(20_261_102)
    tickets = [_ticket(number, dice) for number in range(1, TICKETS + 1)]
    return {
        "ticket": tickets,
        "ticket_event": [event for ticket in tickets for event in _events(ticket)],
        "sla_cycle": [cycle for ticket in tickets for cycle in _cycles(ticket, dice)],
        "sli_result": _sli_results(dice),
        "monitoring_rule": _monitoring_rules(),
        "alert_event": _alert_events(dice),
        "dashboard": _dashboards(),
        "feedback": _feedback(dice),
        "improvement": _improvements(),
        "report_schedule": _schedules(),
        "report_delivery": _deliveries(),
        "communication": _communications(),
    }


def _pick(dice: random.Random, options: tuple[str, ...]) -> str:
    return options[int(dice.random() * len(options))]


def _ticket(number: int, dice: random.Random) -> Row:
    created = at(days=-PERIOD_DAYS * (1 - number / (TICKETS + 1)), minutes=-30)
    kind = _pick(dice, ("incident", "incident", "incident", "request", "request", "change", "problem"))
    major = kind == "incident" and number % 60 == 0
    priority = "P1" if major or dice.random() < 0.2 else _pick(dice, ("P2", "P3", "P4"))
    service = _pick(dice, (*MAJOR, "wiki", "cameras"))
    acked = created + timedelta(minutes=3 + int(dice.random() * 25))
    resolved = created + timedelta(minutes=60 + int(dice.random() * 900))
    is_open = resolved > AS_OF or number > TICKETS - 6
    return {
        "ticket_id": f"FL-{number}",
        "kind": kind,
        "service_ids": [service],
        "priority": priority,
        "major": major,
        "reporter_party": CUSTOMERS.get(service, "freight-desk") if number % 3 else None,
        "created": utc(created),
        "acked": utc(acked),
        "resolved": None if is_open else utc(resolved),
        "due": None,
        "status_cat": "in_progress" if is_open else "done",
        "resolution": None if is_open else "fixed",
        "auto_created": number % 10 == 0,
        "reopened": 1 if number % 37 == 0 else 0,
        "fields": {"change_type": "normal", "sla_impact": "none"} if kind == "change" else {},
    }


def _events(ticket: Row) -> list[Row]:
    agent = f"p-{9 + int(ticket['ticket_id'][3:]) % 4:02d}"
    base = {"ticket_id": ticket["ticket_id"], "actor": agent, "is_bot": False, "mentions": []}
    events = [
        {**base, "at": ticket["acked"], "kind": "comment_public"},
        {**base, "at": ticket["acked"], "kind": "status", "field": "status", "from": "New", "to": "In progress"},
    ]
    if ticket["resolved"] is not None:
        events.append(
            {**base, "at": ticket["resolved"], "kind": "status", "field": "status", "from": "In progress", "to": "Done"}
        )
    return events


def _cycles(ticket: Row, dice: random.Random) -> list[Row]:
    if ticket["kind"] not in ("incident", "request"):
        return []
    factor = {"P1": 1, "P2": 2, "P3": 4, "P4": 8}[ticket["priority"]]
    response = _cycle(ticket, "Time to first response", ticket["acked"], P1_RESPONSE_MS * factor, dice)
    resolution = _cycle(ticket, "Time to resolution", ticket["resolved"], P1_RESOLUTION_MS * factor, dice)
    return [response, resolution]


def _cycle(ticket: Row, metric: str, stopped: str | None, goal_ms: int, dice: random.Random) -> Row:
    service = ticket["service_ids"][0]
    name = "response" if "response" in metric else "resolution"
    started = datetime.fromisoformat(ticket["created"])
    end = datetime.fromisoformat(stopped) if stopped else AS_OF
    wall_ms = int((end - started).total_seconds() * 1000)
    # One clock in twelve was stopped the moment it started: it looks fine in a report and measures nothing.
    frozen = stopped is not None and dice.random() < 1 / 12
    elapsed_ms = 0 if frozen else wall_ms
    breached = elapsed_ms > goal_ms
    return {
        "ticket_id": ticket["ticket_id"],
        "metric_name": metric,
        "target_id": f"tool-{service}-{name}" if service in MAJOR else None,
        "cycle_no": 1,
        "state": "completed" if stopped else "ongoing",
        "started": ticket["created"],
        "stopped": stopped,
        "goal_ms": goal_ms,
        "elapsed_ms": elapsed_ms,
        "remaining_ms": goal_ms - elapsed_ms,
        "wall_ms": wall_ms,
        "breach_at": utc(started + timedelta(milliseconds=goal_ms)),
        "breached": breached,
        "paused_now": None if stopped else False,
        "in_calendar_now": None if stopped else True,
    }


def _sli_results(dice: random.Random) -> list[Row]:
    rows: list[Row] = []
    for service in MAJOR:
        for start, end in months_back(12):
            if service != "crew-roster":
                rows.append(_availability(service, start, end, dice))
            if service == "timetable" and start.month == 9:
                continue  # the export job was off that month: a hole, not a success
            for name, goal in (("response", 30.0), ("resolution", 480.0)):
                actual = round(goal * (0.55 + 0.5 * dice.random()), 1)
                rows.append(_result(f"tool-{service}-{name}", start, end, actual, actual <= goal, 1.0))
    return rows


def _availability(service: str, start: datetime, end: datetime, dice: random.Random) -> Row:
    actual = round(99.35 + 0.6 * dice.random(), 3)
    completeness = 0.55 if service == "boarding" and start.month == 8 else 0.99
    return _result(f"tool-{service}-availability", start, end, actual, actual >= 99.5, completeness)


def _result(target: str, start: datetime, end: datetime, actual: float, met: bool, completeness: float) -> Row:
    return {
        "target_id": target,
        "period_start": utc(start),
        "period_end": utc(end),
        "actual": actual,
        "met": met,
        "breached_at": None if met else utc(start + (end - start) * 0.7),
        "completeness": completeness,
        "lag_s": 60,
        "computed_by": "system",
        "computed_at": utc(end + timedelta(hours=1)),
    }


def _monitoring_rules() -> list[Row]:
    return [
        {
            "rule_id": f"rule-{service}",
            "system": "prometheus",
            "kind": "alert",
            "name": f"{service}: error budget burns",
            "expr": f'slo:burnrate1h{{service="{service}"}} > 14.4 and slo:burnrate5m{{service="{service}"}} > 14.4',
            "interval_s": 60,
            "for_s": 120,
            "labels": {"severity": "page"},
            "severity": "page",
            "service_id": service,
            "target_id": f"tool-{service}-availability",
            "class": ["burn_multiwindow"],
            "health": "ok",
            "last_eval": utc(at(hours=-1, minutes=-1)),
            "receivers": ["page"] if service != "timetable" else ["none"],
            "muted_share_90d": 0.0,
            "firing_share_90d": 0.01,
        }
        for service in MAJOR[:5]
    ]


def _alert_events(dice: random.Random) -> list[Row]:
    rows: list[Row] = []
    for number in range(48):
        service = MAJOR[number % 5]
        start = at(days=-88 + 1.8 * number, minutes=int(dice.random() * 300))
        acked = number % 6 != 0
        rows.append(
            {
                "rule_id": f"rule-{service}",
                "service_id": service,
                "start": utc(start),
                "end": utc(start + timedelta(minutes=40)),
                "silenced": False,
                "notified": service != "timetable",
                "channel": "page",
                "ack_at": utc(start + timedelta(minutes=6)) if acked else None,
                "ack_by": f"p-{9 + number % 4:02d}" if acked else None,
                "ticket_id": f"FL-{200 + 4 * number}",
                "test": False,
            }
        )
    return rows


def _dashboards() -> list[Row]:
    return [
        {
            "dash_id": "dash-ops",
            "title": "Service levels, live",
            "service_ids": list(MAJOR[:5]),
            "target_ids": [f"tool-{service}-availability" for service in MAJOR[:5]],
            "live": True,
            "refresh_s": 60,
            "updated": utc(at(days=-12)),
            "party_ids": [],
            "viewers_30d": 9,
            "audience": "ops",
        }
    ]


def _feedback(dice: random.Random) -> list[Row]:
    return [
        {
            "id": f"fb-{number}",
            "kind": "csat" if number % 9 else "complaint",
            "party": CUSTOMERS.get(MAJOR[number % 6], "freight-desk"),
            "service_id": MAJOR[number % 6],
            "ticket_id": f"FL-{4 * number + 3}",
            "at": utc(at(days=-170 + 1.7 * number)),
            "score": round(int(dice.random() * 5) / 4, 2) if number % 9 else None,
            "text_present": number % 4 == 0,
            "themes": ["speed"] if number % 4 == 0 else [],
            "topic": "service",
        }
        for number in range(1, 97)
    ]


def _improvements() -> list[Row]:
    return [
        {
            "item_id": f"imp-{number}",
            "kind": "action" if number % 3 else "improvement",
            "tags": [],
            "origin": "major_incident" if number % 2 else "review",
            "origin_ref": f"FL-{60 * (1 + number % 6)}" if number % 2 else f"review-{number:02d}",
            "proposer": f"p-{9 + number % 4:02d}",
            "owner": f"p-{2 + number % 6:02d}",
            "priority": "P2",
            "opened": utc(at(days=-150 + 10 * number)),
            "due": utc(at(days=-100 + 10 * number)),
            "original_due": utc(at(days=-100 + 10 * number)),
            "closed": utc(at(days=-110 + 10 * number)) if number < 9 else None,
            "closed_by": f"p-{2 + number % 6:02d}" if number < 9 else None,
            "status": "done" if number < 9 else "open",
            "service_ids": [MAJOR[number % 6]],
            "goal_ids": [],
        }
        for number in range(1, 12)
    ]


def _schedules() -> list[Row]:
    return [
        {
            "report_id": "monthly-levels",
            "title": "Service levels of the month",
            "audience": ["passenger-office", "port-authority"],
            "cadence": "monthly",
            "automatic": True,
            "service_ids": ["booking", "ticket-shop", "boarding"],
            "content_tags": ["target_vs_actual", "trend"],
            "owner": "p-01",
            "channel": "email",
            "enabled": True,
        }
    ]


def _deliveries() -> list[Row]:
    return [
        {
            "report_id": "monthly-levels",
            "due_at": utc(end + timedelta(days=1)),
            "delivered_at": utc(end + timedelta(days=1, hours=2)),
            "period_start": utc(start),
            "period_end": utc(end),
            "status": "delivered",
            "recipients": ["p-15", "p-16", "p-17"],
            "active_recipients": 3,
            "opened": 2,
            "generated_by": "system",
            "content_tags": ["target_vs_actual", "trend"],
            "refs": [],
            "values": {"tool-booking-availability": 99.7},
        }
        for start, end in months_back(6)
    ]


def _communications() -> list[Row]:
    return [
        {
            "id": f"com-{number}",
            "kind": "incident_notice",
            "direction": "out",
            "channel": "status_page",
            "at": utc(at(days=-PERIOD_DAYS + 25 * number)),
            "audience": ["passenger-office"],
            "service_ids": ["booking"],
            "ticket_id": f"FL-{60 * number}",
            "automated": True,
        }
        for number in range(1, 7)
    ]
