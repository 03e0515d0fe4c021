"""The streams: every entity of evidence as one typed definition."""

from auditor.model.streams.base import STREAMS, Field, FieldDef, FieldType, StreamDef, stream

__all__ = ["STREAMS", "Field", "FieldDef", "FieldType", "StreamDef", "stream"]
