"""The rule pack and the engine against a second computation in plain Python, over organisations made at random."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from plain_engine import audited, differences
from plain_generator import Mess, generate

from auditor.model.rubric import RulePack
from auditor.rulepack.load import load_pack
from auditor.rulepack.locate import locate_pack
from auditor.testing.bench import EvidenceBench

KINDS = {
    "complete and tidy": (9, Mess(null=0, incomplete=0, absent=0, denied=0, stale=0, dangling=0)),
    "full of nulls": (3, Mess(null=0.12, incomplete=0, absent=0, denied=0, stale=0)),
    "incompletely pulled": (4, Mess(null=0.02, incomplete=0.5)),
    "partly self-declared": (2, Mess(weak=0.06, incomplete=0.1, denied=0, stale=0, absent=0.02)),
}
"""Name -> how many organisations of the kind, and what is wrong in them."""


@pytest.fixture(scope="module")
def pack() -> RulePack:
    return load_pack(locate_pack("slm-maturity"))


@pytest.fixture(scope="module")
def bench() -> Iterator[EvidenceBench]:
    with EvidenceBench() as bench:
        yield bench


@pytest.mark.parametrize("kind", KINDS)
def test_plain_python_comes_to_the_same_degrees_and_levels(kind: str, pack: RulePack, bench: EvidenceBench) -> None:
    count, mess = KINDS[kind]
    found = []
    for seed in range(count):
        organisation = generate(seed, mess)
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
