"""The rule pack and the engine against a second computation in plain Python, over organisations made at random."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import plain_reference
import pytest
from plain_edges import generate_edges
from plain_engine import CORE, audited, differences
from plain_generator import Mess, Organisation, generate

from auditor.model.rubric import RulePack
from auditor.rulepack.load import load_pack
from auditor.rulepack.locate import locate_pack
from auditor.testing.bench import EvidenceBench

Make = Callable[[int], Organisation]


def messy(mess: Mess) -> Make:
    return lambda seed: generate(seed, mess)


KINDS: dict[str, tuple[Sequence[int], Make]] = {
    "on the edge": (range(8), generate_edges),
    "complete and tidy": (range(4), messy(Mess(null=0, incomplete=0, absent=0, denied=0, stale=0, dangling=0))),
    "full of nulls": (range(2), messy(Mess(null=0.12, incomplete=0, absent=0, denied=0, stale=0))),
    "incompletely pulled": (range(3), messy(Mess(null=0.02, incomplete=0.5))),
    "refused rows": (range(2), messy(Mess(null=0.02, incomplete=0, absent=0, stale=0, denied=0.6))),
    "partly self-declared": (range(2), messy(Mess(weak=0.06, incomplete=0.1, denied=0, stale=0, absent=0.02))),
}
"""Name -> seeds, and what makes an organisation of the kind from one."""


@pytest.fixture(scope="module")
def pack() -> RulePack:
    """The pack with nothing but what the plain computation answers as well."""
    whole = load_pack(locate_pack("slm-maturity"))
    answered = plain_reference.indicators("UTC")
    return replace(
        whole,
        indicators={name: indicator for name, indicator in whole.indicators.items() if name in answered},
        dimensions={code: dimension for code, dimension in whole.dimensions.items() if code in CORE},
    )


@pytest.fixture(scope="module")
def bench() -> Iterator[EvidenceBench]:
    with EvidenceBench() as bench:
        yield bench


@pytest.mark.parametrize("kind", KINDS)
def test_plain_python_comes_to_the_same_degrees_and_levels(kind: str, pack: RulePack, bench: EvidenceBench) -> None:
    seeds, make = KINDS[kind]
    found = []
    for seed in seeds:
        organisation = make(seed)
        result = audited(bench, pack, organisation)
        found += [f"seed {seed}: {line}" for line in differences(organisation, result)]
    assert not found, "\n".join(found)


def test_the_organisations_are_not_all_alike() -> None:
    """Every stream has rows somewhere, and organisations without a source for one are among them."""
    worlds = [generate(seed).world for seed in range(40)]
    streams = {stream for world in worlds for stream, rows in world.rows.items() if rows}
    assert {"service", "agreement", "document", "document_revision", "target", "sli_result", "sla_cycle"} <= streams
    assert any(not world.answers("agreement") for world in worlds)
    assert any(world.stale("sli_result") for world in worlds)
    assert any(world.denied(["agreement"]) for world in worlds)
