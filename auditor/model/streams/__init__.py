"""The streams: every entity of evidence as one typed definition. Importing this package registers them all."""

from auditor.model.streams import (
    agreements,
    communication,
    control,
    documents,
    improvement,
    measurement,
    monitoring,
    organisation,
    ticketing,
)
from auditor.model.streams.base import STREAMS, Field, FieldDef, FieldType, Final, StreamDef, stream

_MODULES = (
    organisation,
    documents,
    agreements,
    measurement,
    ticketing,
    monitoring,
    communication,
    improvement,
    control,
)
"""The modules whose classes are the streams; named so that the imports are seen to be used."""

ORDER = (
    "source_run",
    "service",
    "party",
    "person",
    "document",
    "document_revision",
    "agreement",
    "target",
    "sli_result",
    "ticket",
    "ticket_event",
    "sla_cycle",
    "monitoring_rule",
    "alert_event",
    "forecast",
    "dashboard",
    "report_schedule",
    "report_delivery",
    "meeting",
    "improvement",
    "feedback",
    "training_record",
    "business_goal",
    "communication",
    "link",
    "kpi",
    "attestation",
    "waiver",
    "override",
    "ruling",
)
"""The order of the model: evidence from what exists to what is done, then the control entities."""

for _name in ORDER:
    STREAMS[_name] = STREAMS.pop(_name)

__all__ = ["ORDER", "STREAMS", "Field", "FieldDef", "FieldType", "Final", "StreamDef", "stream"]
