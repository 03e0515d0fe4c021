"""The assessment as one self-contained HTML page: no script, nothing from outside, every number opens.

Level, cell, indicator, item, record and payload excerpt are joined by links within the page; what is long lies in
`<details>`, which work by keyboard. The page is rendered with autoescaping, and every expression passes `visible`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

from auditor.model.assessment import Assessment, Reason, RecordView, Seal
from auditor.model.rubric import LEVELS
from auditor.report import chart, figures, overview, words
from auditor.report.text import counted, instant, number, one_line, visible

_SHOWN_LINKS = 40
"""Links that one item or record shows; the number of further ones is printed."""


def render(assessment: Assessment, seal: Seal | None) -> bytes:
    """The page as UTF-8."""
    template = _environment().get_template("page.html.j2")
    return template.render(
        assessment=assessment,
        seal=seal,
        dimensions=tuple(assessment.dimensions.values()),
        chart=chart.profile(assessment.dimensions.values()),
        weakest=overview.weakest(assessment),
        steps=overview.steps(assessment),
        out_of_questions=overview.out_of_questions(assessment),
        unknown=overview.unknown(assessment),
        gaps_by_reason=overview.gaps_by_reason(assessment),
        citations=overview.citations(assessment),
        streams=_records_by_stream(assessment),
    ).encode()


def _records_by_stream(assessment: Assessment) -> dict[str, list[RecordView]]:
    streams: dict[str, list[RecordView]] = {}
    for _, record in sorted(assessment.records.items()):
        streams.setdefault(record.stream, []).append(record)
    return streams


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("auditor.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "LEVELS": LEVELS,
        "NOT_IN_PACK": Reason.NOT_IN_PACK,
        "SHOWN_LINKS": _SHOWN_LINKS,
        "anchor": figures.anchor,
        "bare_percent": figures.bare_percent,
        "body_text": figures.body_text,
        "chart_module": chart,
        "counted": counted,
        "figure": figures.figure,
        "key_label": figures.key_label,
        "observations_of": overview.observations_of,
        "pointer": figures.pointer,
        "record_anchor": figures.record_anchor,
        "value_text": figures.value_text,
        "web_link": figures.web_link,
        "words": words,
    }
    environment.filters |= {"instant": instant, "number": number, "one_line": one_line}
    return environment


def _shown(value: Any) -> Any:
    """What a template may print: text from the evidence only with every character visible."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
