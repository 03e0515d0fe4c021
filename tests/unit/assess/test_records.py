import pytest

from auditor.assess import records
from auditor.assess.explain import explain
from auditor.assess.listing import MAX_EXCEPTIONS, MAX_REFS, MET_SAMPLE
from auditor.assessment_document import dump, load
from auditor.errors import UsageError
from auditor.model.streams import STREAMS
from auditor.model.validate import check_row

SERVICES = {"service": "population"}
BY_TIER = (
    "select service_id as item, (tier = 1)::int as met_lo, (tier = 1)::int as met_hi, [_ref] as evidence from service"
)


def many(world, met, not_met):
    return {
        "service": [
            *world.services(*(f"good-{n:03}" for n in range(met)), tier=1),
            *world.services(*(f"poor-{n:03}" for n in range(not_met)), tier=2),
        ]
    }


def test_all_exceptions_and_a_sample_of_the_met_items_are_listed(world):
    found = world.observe(world.indicator(items=BY_TIER, needs=SERVICES), many(world, 60, 30))
    assert [item.verdict for item in found.items] == ["not met"] * 30 + ["met"] * MET_SAMPLE
    assert (found.counts.met, found.counts.not_met, found.items_omitted) == (60, 30, 40)
    names = [item.item for item in found.items]
    assert names[:30] == sorted(names[:30])
    assert names[30:] == sorted(set(names[30:]))


def test_exceptions_are_listed_up_to_a_cap_and_counted_completely(world):
    found = world.observe(world.indicator(items=BY_TIER, needs=SERVICES), many(world, 5, 130))
    assert sum(item.verdict == "not met" for item in found.items) == MAX_EXCEPTIONS
    assert (found.counts.not_met, found.items_omitted) == (130, 30)


def test_the_sample_follows_from_the_evidence_and_the_indicator(world):
    def sample(id="DOC-2.1", digest="e" * 64):
        rule = world.indicator(id, items=BY_TIER, needs=SERVICES)
        return [item.item for item in world.observe(rule, many(world, 60, 0), digest=digest).items]

    assert sample() == sample()
    assert sample() != sample(digest="f" * 64)
    assert sample() != sample("DOC-2.2")
    # The sample of this seed on every machine and every Python.
    assert sample()[:4] == ["good-000", "good-004", "good-008", "good-013"]


def test_an_item_lists_a_part_of_very_much_evidence_and_says_so(world):
    items = "select 'all' as item, 1 as met_lo, 1 as met_hi, list(_ref) as evidence from service"
    found = world.observe(world.indicator(items=items, needs=SERVICES), many(world, 40, 0))
    assert len(found.items[0].evidence) == MAX_REFS
    assert found.items[0].note == "and 15 more rows"


def test_cited_rows_are_read_back_as_they_were_checked(world):
    raw = {
        "doc_id": "d/1",
        "kind": "agreement",
        "kind_conf": 1 / 3,
        "updated": "2025-12-24T10:00:00.5Z",
        "created": "2025-12-24T10:00:00Z",
        "review_due": "2026-02-01",
        "labels": [],
        "sections_found": {"targets": True, "exceptions": None},
        "words": 12,
    }
    items = "select doc_id as item, 1 as met_lo, 1 as met_hi, [_ref] as evidence from document"
    rule = world.indicator(items=items, needs={"document": "population"})
    assessment = world.audit(rule, {"document": [raw]}, sources=[world.source(streams=["document"])])
    record = assessment.records["document:src:d%2F1"]
    assert record.values == check_row(STREAMS["document"], raw).values
    assert (record.reliability, record.fetched_at, record.pointer) == ("R2", "2026-01-01T00:00:00Z", "row:1")
    assert (record.excerpt, record.excerpt_cut, record.derived_by) == ("text at row:1", False, None)


def test_rows_beyond_the_cap_are_counted(world, monkeypatch):
    monkeypatch.setattr(records, "MAX_RECORDS", 10)
    assessment = world.audit(world.indicator(items=BY_TIER, needs=SERVICES), many(world, 0, 30))
    assert (len(assessment.records), assessment.records_omitted) == (10, 20)


def test_a_reference_to_nothing_fails_its_rule_and_lists_no_record(world):
    items = (
        "select service_id as item, 1 as met_lo, 1 as met_hi, ['service:src:gone', 'nonsense'] as evidence from service"
    )
    assessment = world.audit(world.indicator(items=items, needs=SERVICES), {"service": world.services("a")})
    assert assessment.observations["DOC-2.1"].status == "unknown"
    assert (dict(assessment.records), assessment.records_omitted) == ({}, 0)


def test_sources_are_listed_with_their_rows(world):
    assessment = world.audit(
        world.indicator(), {"service": world.services("a", "b"), "agreement": world.agreements("a")}
    )
    (source,) = assessment.sources
    assert source.rows == {"agreement": 1, "service": 2}
    assert (source.kind, source.last_ok_ended, source.run["status"]) == ("docs", "2026-01-01T00:00:00Z", "ok")


def test_same_evidence_same_bytes_whatever_the_order_of_rows_and_sources(world):
    rules = world.pack(world.indicator("DOC-2.1"), world.indicator("PM-2.1", items=BY_TIER, needs=SERVICES))
    given = {**many(world, 40, 20), "agreement": world.agreements("good-001", "poor-003")}
    turned = {stream: list(reversed(rows)) for stream, rows in reversed(given.items())}
    # Rows carry their pointer, which the bench numbers; here it must not differ.
    sources = [world.source(), world.source("zwei"), world.source("drei")]
    one = world.audit(rules, given, sources=sources)
    two = world.audit(rules, turned, sources=list(reversed(sources)))
    assert dump(one).replace(b"row:", b"") != b""
    assert one.observations == two.observations
    assert one.dimensions == two.dimensions
    assert dump(world.audit(rules, given, sources=sources)) == dump(one)


def test_an_assessment_survives_its_document(world):
    given = {**many(world, 3, 2), "agreement": world.agreements("good-001")}
    assessment = world.audit(world.pack(world.indicator("DOC-2.1"), world.indicator("PM-2.1")), given)
    assert load(dump(assessment)) == assessment


@pytest.fixture
def assessment(world):
    given = {"service": world.services("a", "b/c"), "agreement": world.agreements("a")}
    return world.audit(world.indicator(), given)


def test_an_explanation_goes_from_a_level_to_the_bytes(assessment):
    steps = [(depth, step.kind, step.target) for depth, step in explain(assessment, "DOC").walk()]
    assert (0, "dimension", "DOC") in steps
    assert (1, "cell", "DOC/2") in steps
    assert (2, "indicator", "DOC-2.1") in steps
    assert (3, "item", "DOC-2.1/a") in steps
    assert (4, "record", "agreement:src:A-a") in steps
    record = assessment.records["agreement:src:A-a"]
    assert (5, "payload", record.payload_sha256) in steps
    payload = next(step for _, step in explain(assessment, "agreement:src:A-a").walk() if step.kind == "payload")
    assert (payload.excerpt, payload.says) == ("text at row:1", "bytes at row:1")


@pytest.mark.parametrize("target", ["DOC", "DOC/2", "DOC-2.1", "DOC-2.1/b/c", "service:src:a"])
def test_everything_that_is_named_can_be_explained(assessment, target):
    assert explain(assessment, target).target == target


@pytest.mark.parametrize(
    ("target", "hint"), [("DOX", "'DOC'"), ("DOC/9", "no 'DOC/9'"), ("DOC-2.1/z", "no 'DOC-2.1/z'"), ("", "no ''")]
)
def test_what_is_not_there_is_an_error_with_a_hint(assessment, target, hint):
    with pytest.raises(UsageError, match=hint):
        explain(assessment, target)


def test_an_item_that_is_counted_and_not_listed_is_told_apart(world):
    assessment = world.audit(world.indicator(items=BY_TIER, needs=SERVICES), many(world, 60, 0))
    with pytest.raises(UsageError, match="40 of its items are counted and not listed"):
        explain(assessment, "DOC-2.1/good-001")
