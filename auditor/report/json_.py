"""The assessment as JSON: what `auditor audit --json` prints and the report folder keeps."""

from __future__ import annotations

from auditor.assessment_document import document
from auditor.canonical import canonical_bytes
from auditor.model.assessment import Assessment, Seal


def render(assessment: Assessment, seal: Seal | None) -> bytes:
    """The whole document with its seal, one line of canonical JSON and a line end.

    Without key `seal` and the line end these are the bytes whose SHA-256 is `seal.assessment_sha256`.
    """
    return canonical_bytes(document(assessment, seal)) + b"\n"
