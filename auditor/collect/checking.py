"""Whether a pull would work: a collector's own checks, run without keeping anything."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import datetime

from auditor.api import Check, Refused
from auditor.collect.context import Context
from auditor.collect.memory import MemoryEvidence
from auditor.collect.runner import Equipment, SourceSpec
from auditor.collect.scrub import Secrets
from auditor.errors import AuditorError


def check_source(
    spec: SourceSpec, *, started: datetime, equipment: Equipment, progress: Callable[[str], None]
) -> tuple[Check, ...]:
    """What a collector finds of its source; its failure is a check that is not well.

    Args:
        spec: the source.
        started: now (UTC).
        equipment: what every pull is given.
        progress: told what is being done.
    """
    collector, shown = spec.collector, Secrets.of(spec.settings).text
    context = Context(
        spec.source_id,
        spec.settings,
        started,
        started,
        strict=False,
        collector=f"{collector.name} {collector.version}",
        writer=MemoryEvidence(),
        told=progress,
        redactions=getattr(collector, "redact", ()),
    )
    equipment.give(context)
    checks: list[Check] = []
    with closing(context):
        try:
            checks.extend(collector.check(context))
        except Refused as error:
            checks.append(Check("source", ok=False, detail=f"{error.reason.value}: {shown(error.detail)}"))
        except AuditorError as error:
            checks.append(Check("source", ok=False, detail=shown(error.what), cure=error.cure))
        except Exception as error:  # isolation: one collector that fails must not hide what the others find
            checks.append(Check("collector", ok=False, detail=shown(f"it failed: {type(error).__name__}: {error}")))
    return tuple(checks)
