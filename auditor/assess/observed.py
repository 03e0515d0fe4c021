"""Services where nobody lists them: those that at least two sources name."""

from __future__ import annotations

from auditor.model.streams import STREAMS
from auditor.model.tables import SCHEMA, quoted, stream_columns

SOURCES_THAT_AGREE = 2
"""Sources that must name a service before it counts as one."""

STREAMS_THAT_NAME_SERVICES = {
    "ticket": "unnest(service_ids)",
    "target": "service_id",
    "monitoring_rule": "service_id",
    "alert_event": "service_id",
    "agreement": "unnest(service_ids)",
    "dashboard": "unnest(service_ids)",
}
"""Stream -> the services that a row of it names."""

_FILLED = {
    "service_id": "id",
    "name": "id",
    "status": "'live'",
    "in_scope": "true",
    "observed_in": "list_sort(list(distinct _source_id))",
}


def services_sql() -> str:
    """SELECT of the rows of `service` that other streams imply, with the first row that names each as its reference."""
    named = "\nunion all ".join(
        f"select {names} as id, _ref, _source_id, _reliability, _fetched_at from {quoted(stream)}"
        for stream, names in STREAMS_THAT_NAME_SERVICES.items()
    )
    fields = ", ".join(
        f"{_FILLED.get(name, f'null::{kind}')} as {quoted(name)}"
        for name, kind in stream_columns(STREAMS["service"]).items()
    )
    return (
        f"select {fields}, min(_ref) as _ref, arg_min(_source_id, _ref) as _source_id, "
        f"min(_reliability) as _reliability, arg_min(_fetched_at, _ref) as _fetched_at "
        f"from (\n{named}\n) as named where id is not null group by id "
        f"having count(distinct _source_id) >= {SOURCES_THAT_AGREE} and not exists (select 1 from {SCHEMA}.service)"
    )
