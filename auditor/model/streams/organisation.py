"""Who there is: sources and their pulls, services, parties, persons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal

from auditor.model.evidence import Tier
from auditor.model.streams.base import Field, stream
from auditor.model.streams.common import Texts


@stream(key=("source_id", "started"), tier=Tier.R4)
class SourceRun:
    """One pull of one source: what it answers for, and how complete its answer is."""

    source_id: Annotated[str, Field("Source that was pulled.")]
    kind: Annotated[
        Literal["ticketing", "monitoring", "docs", "git", "lms", "hr", "calendar", "comms", "strategy", "supplier"],
        Field("What the source is to the organisation."),
    ]
    started: Annotated[datetime, Field("When the pull began.")]
    ended: Annotated[datetime | None, Field("When the pull ended.")] = None
    status: Annotated[
        Literal["ok", "partial", "failed"], Field("Outcome: everything asked for, a part of it, or nothing usable.")
    ]
    scope: Annotated[str | None, Field("What was asked of the source, such as projects or spaces.")] = None
    window_from: Annotated[datetime | None, Field("Start of the time asked for.")] = None
    window_to: Annotated[datetime | None, Field("End of the time asked for.")] = None
    items: Annotated[int | None, Field("Rows the source answered with.", low=0)] = None
    denied: Annotated[int | None, Field("Items the source refused to show.", low=0)] = None
    retention_from: Annotated[datetime | None, Field("Instant of the oldest data the source can still give.")] = None
    streams: Annotated[Texts | None, Field("Streams the source answers for, also when it found no row.")] = None
    scope_complete: Annotated[
        Mapping[str, object] | None,
        Field(
            "By stream, whether no row means that there is none: true, false, or the list of values of the row's "
            "`kind` for which it does.",
            null="complete for no stream",
        ),
    ] = None
    declared_by: Annotated[
        str | None, Field("Who declared the completeness.", null="the collector's own checks decided it")
    ] = None
    declared_at: Annotated[
        datetime | None, Field("When the completeness was declared.", null="the collector's own checks decided it")
    ] = None
    origin: Annotated[
        Literal["export", "hand_kept"] | None,
        Field("How the rows came about where they were not pulled.", null="pulled live"),
    ] = None
    tool_version: Annotated[str | None, Field("Version of the program that pulled.")] = None


@stream(key=("service_id",), tier=Tier.R4)
class Service:
    """A service of the catalogue, the unit that coverage is counted in."""

    service_id: Annotated[str, Field("Id of the service.")]
    name: Annotated[str | None, Field("Name in the catalogue.")] = None
    aliases: Annotated[Texts | None, Field("Other names it goes by in tools and documents.")] = None
    tier: Annotated[int | None, Field("Criticality, 1 the highest.", low=1, high=4)] = None
    major: Annotated[bool | None, Field("Whether it is a major service.", null="decided by its tier")] = None
    status: Annotated[Literal["live", "pipeline", "retired"] | None, Field("Stage of its life.")] = None
    in_scope: Annotated[bool, Field("Whether the audit looks at it.", default=True)] = True
    owner: Annotated[str | None, Field("Person who answers for it.", refers_to=("person",))] = None
    customer_parties: Annotated[Texts | None, Field("Parties that use it.", refers_to=("party",))] = None
    supplier_parties: Annotated[
        Texts | None, Field("Suppliers it depends on; empty: known to have none.", refers_to=("party",))
    ] = None
    support_teams: Annotated[Texts | None, Field("Internal teams that support it.", refers_to=("party",))] = None
    process_ids: Annotated[
        Texts | None, Field("Business processes it serves (goals of kind process).", refers_to=("business_goal",))
    ] = None
    observed_in: Annotated[Texts | None, Field("Systems in which its name or an alias was seen.")] = None
    valid_from: Annotated[date | None, Field("First day of its catalogue entry.")] = None
    valid_to: Annotated[date | None, Field("Last day of its catalogue entry.")] = None


@stream(key=("party_id",), tier=Tier.R4)
class Party:
    """A group that agreements are between: customer, unit, team, management, supplier, regulator."""

    party_id: Annotated[str, Field("Id of the party.")]
    kind: Annotated[
        Literal["customer", "business_unit", "internal_team", "management", "supplier", "regulator"],
        Field("What the party is to the IT organisation."),
    ]
    name: Annotated[str | None, Field("Name of the party.")] = None
    contacts: Annotated[Texts | None, Field("Persons who speak for it.", refers_to=("person",))] = None
    active: Annotated[bool | None, Field("Whether the relation still exists.")] = None
    shared_service: Annotated[bool | None, Field("Whether a business unit itself serves other units.")] = None


@stream(key=("person_id",), tier=Tier.R4)
class Person:
    """A person or a service account, by pseudonym."""

    person_id: Annotated[str, Field("Pseudonym of the person or the account.")]
    team: Annotated[str | None, Field("Internal team the person belongs to.", refers_to=("party",))] = None
    roles: Annotated[
        tuple[Literal["slm_manager", "service_owner", "brm", "supplier_mgr", "ops", "desk", "executive", "other"], ...]
        | None,
        Field("Roles the person holds."),
    ] = None
    is_it: Annotated[bool | None, Field("Whether the person works in IT.")] = None
    is_bot: Annotated[bool | None, Field("Whether this is an account that no person uses.")] = None
    joined: Annotated[date | None, Field("First day.", null="has always been there")] = None
    left: Annotated[date | None, Field("Last day.", null="still there")] = None
