"""Exports of any tool become streams through a mapping, which can do no harm and hides nothing it could not convert."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.api import SqlBox, Tier
from auditor.errors import EvidenceError, ExitCode
from collectors.files.collector import FilesCollector
from collectors.files.helpers import NAMES, macro_statements
from collectors.files.settings import FilesSettings

INCIDENTS = """\
Number,State,Opened At,Prio,Note
INC1,New,2026-01-05 10:00:00,1 - Critical,
INC2,Closed,2026-01-05 11:00:00,3 - Low,"two
lines"
INC3,Closed,someday,3 - Low,x
INC4,Open,2026-01-05 12:00:00,9 - Odd,x
"""
MAPPING = """\
format: 1
organisation: Example
as_of: 2026-02-01T00:00:00Z
zone: Europe/Berlin
sources:
  - {source_id: snow, kind: ticketing}
tables:
  incidents: {file: "incidents*.csv"}
values:
  priority: {"1 - Critical": P1, "3 - Low": P3, "?": null}
streams:
  ticket:
    from: incidents
    select: |
      select "Number" as ticket_id, 'incident' as kind, value_map('priority', "Prio") as priority,
        local_time("Opened At", $tz) as created, _line
      from incidents
"""
SELECT = MAPPING.split("    select: |\n")[1]
Reader = Callable[..., Any]


@pytest.fixture
def exports(tmp_path: Path) -> Callable[..., tuple[Path, Path]]:
    """Call it with a mapping and files to get the folder of the exports and the mapping file beside it."""

    def make(mapping: str = MAPPING, **files: str | bytes) -> tuple[Path, Path]:
        root = tmp_path / "exports"
        root.mkdir(exist_ok=True)
        for name, content in (files or {"incidents_csv": INCIDENTS}).items():
            path = root / name.replace("__", "/").replace("_csv", ".csv").replace("_jsonl", ".jsonl").replace(
                "_gz", ".gz"
            )
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        (tmp_path / "mapping.yaml").write_text(mapping, encoding="utf-8")
        return root, tmp_path / "mapping.yaml"

    return make


def selecting(select: str, stream: str = "ticket", more: str = "") -> str:
    indented = "".join(f"      {line}\n" for line in select.splitlines())
    return MAPPING.replace(SELECT, indented).replace("  ticket:\n", f"  {stream}:\n{more}")


def test_rows_of_an_export_become_records_that_point_to_their_lines(exports: Any, read: Reader) -> None:
    done = read(*exports())
    assert [(row.key, row.pointer) for row in done.rows] == [("INC1", "line:2"), ("INC2", "line:3"), ("INC4", "line:6")]
    assert done.line_of(done.rows[1]) == 'INC2,Closed,2026-01-05 11:00:00,3 - Low,"two'
    assert [row["priority"] for row in done.values("ticket")] == ["P1", "P3", "9 - Odd"]
    assert done.values("ticket")[0]["created"] == "2026-01-05T09:00:00Z"
    assert done.only_gap.detail.startswith("created is not an instant such as 2026-01-31T09:30:00Z: 'someday'")
    assert (done.only_gap.place, done.only_gap.hides_rows) == ("incidents.csv:5", 1)
    assert done.only_gap.row_kind == "incident"


def test_exports_count_as_pulled_at_the_instant_of_the_mapping(exports: Any, read: Reader) -> None:
    (pull,) = read(*exports()).writer.pulls
    assert pull.values["started"] == pull.values["ended"] == "2026-02-01T00:00:00Z"
    assert (pull.values["status"], pull.values["streams"], pull.values["origin"]) == ("ok", ["ticket"], "export")
    (pull,) = read(*exports(MAPPING.replace("as_of: 2026-02-01T00:00:00Z\n", ""))).writer.pulls
    assert pull.values["ended"] == "2026-01-01T00:00:00Z"  # the instant of the audit


def test_a_mapping_gives_instant_and_organisation(exports: Any) -> None:
    root, mapping = exports()
    bound = FilesSettings(path=root, mapping=mapping)
    assert FilesCollector().audit_instant(bound) == datetime(2026, 2, 1, tzinfo=UTC)
    assert FilesCollector().organisation(bound) == "Example"


def test_several_files_of_a_table_are_read_as_one_and_told_apart(exports: Any, read: Reader) -> None:
    done = read(
        *exports(
            MAPPING.replace("incidents*.csv", "incidents*"),
            incidents_1_csv='Number,Opened At,Prio\nINC1,2026-01-05 10:00:00,"3 - Low"\n',
            incidents_2_csv_gz=gzip.compress(b"Prio,Number,Opened At\n3 - Low,INC2,2026-01-05 10:00:00\n"),
        )
    )
    assert done.gaps == ()
    assert [(row.key, row.pointer, done.line_of(row)) for row in done.rows] == [
        ("INC1", "line:2", 'INC1,2026-01-05 10:00:00,"3 - Low"'),
        ("INC2", "line:2", "3 - Low,INC2,2026-01-05 10:00:00"),
    ]
    assert len({row.payload_sha256 for row in done.rows}) == 2


def test_json_lines_are_tables_of_text_too(exports: Any, read: Reader) -> None:
    select = (
        "select key as ticket_id, 'incident' as kind, open as auto_created, count as reopened,\n"
        "  map_from_entries([row('risk', json_extract_string(more, '$.risk'))]) as fields, _line\nfrom items"
    )
    mapping = selecting(select).replace('incidents: {file: "incidents*.csv"}', "items: {file: items.jsonl}")
    rows = '{"key": "A", "open": true, "count": 3, "more": {"risk": "high"}}\n{"key": "B", "count": null}\n'
    done = read(*exports(mapping.replace("from: incidents", "from: items"), items_jsonl=rows))
    assert done.gaps == ()
    first, second = done.values("ticket")
    assert (first["auto_created"], first["reopened"], first["fields"]) == (True, 3, {"risk": "high"})
    assert (second["auto_created"], second["reopened"]) == (None, None)


def test_typed_columns_are_as_good_as_text(exports: Any, read: Reader) -> None:
    select = """\
select "Number" as ticket_id, 'incident' as kind, ['a', 'b'] as service_ids, 2::decimal(4, 1) as reopened,
  try_cast("Opened At" as timestamp) as created, true as major, _line,
  'https://desk/' || "Number" as source_url, 'R2' as reliability, timezone('UTC', timestamp '2026-01-06') as fetched_at
from incidents where "Number" = 'INC1'"""
    (row,) = read(*exports(selecting(select))).rows
    assert row.values["service_ids"] == ["a", "b"]
    assert row.values["created"] == "2026-01-05T10:00:00Z"
    assert (row.values["reopened"], row.values["major"]) == (2, True)
    assert (row.source_url, row.reliability) == ("https://desk/INC1", Tier.R2)
    assert row.fetched_at == datetime(2026, 1, 6, tzinfo=UTC)


def test_window_functions_turn_snapshots_into_events(exports: Any, read: Reader) -> None:
    log = (
        "n,state,at\nA,New,2026-01-01 10:00\nA,New,2026-01-01 11:00\nA,Done,2026-01-01 12:00\nB,New,2026-01-01 10:00\n"
    )
    select = """\
with changes as (
  select *, lag(state) over (partition by n order by "at") as before from log
)
select n as ticket_id, local_time("at", 'UTC') as at, 'status' as kind, 'status' as field, before as "from",
  state as "to", _line
from changes where before is not null and before <> state"""
    mapping = selecting(select, "ticket_event").replace('incidents: {file: "incidents*.csv"}', "log: {file: log.csv}")
    done = read(*exports(mapping.replace("from: incidents", "from: log"), log_csv=log))
    assert [(row.key, row.pointer) for row in done.rows] == [
        ("A/2026-01-01T12%3A00%3A00Z//status/status/Done", "line:4")
    ]


def test_what_the_author_settled_can_be_noted(exports: Any, read: Reader) -> None:
    notes = "    notes: |\n      select _line, 'the note is missing' as note from incidents where \"Note\" is null\n"
    done = read(*exports(MAPPING + notes))
    noted = [gap for gap in done.gaps if gap.hides_rows == 0]
    assert [(gap.detail, gap.place, gap.stream) for gap in noted] == [
        ("the note is missing", "incidents.csv:2", "ticket")
    ]


def test_other_encodings_and_delimiters_are_read_when_named(exports: Any, read: Reader) -> None:
    table = '{file: "incidents*.csv", encoding: windows-1252, delimiter: ";"}'
    content = "Number;Opened At;Prio\nINC-é;2026-01-05 10:00:00;3 - Low\n".encode("windows-1252")
    done = read(*exports(MAPPING.replace('{file: "incidents*.csv"}', table), incidents_csv=content))
    assert [row.key for row in done.rows] == ["INC-%C3%A9"]


def test_a_bad_line_of_an_export_is_a_gap_of_every_stream_made_of_it(exports: Any, read: Reader) -> None:
    service = "  service: {from: incidents, select: \"select 's' as service_id, min(_line) as _line from incidents\"}\n"
    done = read(*exports(MAPPING + service, incidents_csv=INCIDENTS + "INC9,too,few\n"))
    found = {(gap.stream, gap.place, gap.hides_rows) for gap in done.gaps if "cells" in gap.detail}
    assert found == {("ticket", "incidents.csv:7", None), ("service", "incidents.csv:7", None)}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"other_csv": "a\n1\n"}, "no file for the table incidents can be read"),
        ({"incidents_csv": ""}, "the file is empty"),
        ({"incidents_csv": "a,a\n"}, "names the column 'a' twice"),
        ({"incidents_csv": "\xff\xfea".encode("latin-1")}, "UTF-16 text"),
    ],
)
def test_an_export_that_is_not_there_is_a_gap_and_not_an_empty_answer(
    exports: Any, read: Reader, files: dict[str, str], says: str
) -> None:
    done = read(*exports(MAPPING, **files))
    assert says in done.only_gap.detail
    assert (done.only_gap.stream, done.only_gap.hides_rows) == ("ticket", None)
    assert done.rows == []
    assert done.writer.pulls[0].snapshot_streams == set()


def test_columns_that_differ_in_case_only_are_said(exports: Any, read: Reader) -> None:
    done = read(*exports(MAPPING, incidents_csv=INCIDENTS.replace("Note", "number")))
    assert any("'Number' and 'number' differ in case only" in gap.detail for gap in done.gaps)


def test_a_link_out_of_the_folder_is_not_read(exports: Any, read: Reader, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text(INCIDENTS)
    root, mapping = exports(MAPPING, other_csv="a\n")
    (root / "incidents.csv").symlink_to(tmp_path / "secret.csv")
    done = read(root, mapping)
    assert done.rows == []
    assert any("leads out of the folder" in gap.detail for gap in done.gaps)


def test_a_line_that_is_made_up_is_refused(exports: Any, read: Reader) -> None:
    select = (
        "select \"Number\" as ticket_id, 'incident' as kind, {line} as _line from incidents where \"Number\" = 'INC1'"
    )
    for line in (
        "_line + 90",
        "0",
        "null::bigint",
        "-1",
        "1099511627776",
        "1099511627776 + 3",
        "2199023255552 + 2",
        "'2'",
    ):
        files = {"incidents_csv": INCIDENTS, "incidents_more_csv": "Number\nINC9\n"}
        done = read(*exports(selecting(select.format(line=line)), **files))
        assert done.rows == []
        assert done.only_gap.detail == "_line is not a line of the table incidents"


@pytest.mark.parametrize(
    ("select", "says"),
    [
        ("select * from read_csv('/etc/passwd')", "read_csv"),
        ("select 'a' as ticket_id, 'incident' as kind, 1 as _line from '/etc/passwd'", "no table"),
        ("select getenv('HOME') as ticket_id, 'incident' as kind, _line from incidents", "getenv"),
        (
            "select current_setting('home_directory') as ticket_id, 'incident' as kind, _line from incidents",
            "current_setting",
        ),
        ("copy incidents to 'out.csv'", ""),
        ("attach 'x.db'", ""),
        ("install httpfs", ""),
        ("select 1; select 2", ""),
        ("drop table incidents", ""),
        ("set lock_configuration = false", ""),
        ("select ticket_id, kind, _line from secret_frame", "no table 'secret_frame'"),
        ("select \"Number\" as ticket_id, 'incident' as kind, _line from incidents) union (select '', '', 1", ""),
        ("select \"Number\" as ticket_id, 'incident' as kind, _line from information_schema.tables", ""),
        ("select \"Number\" as ticket_id, 'incident' as kind, _line, now() as created from incidents", "now"),
        ("select \"Numer\" as ticket_id, 'incident' as kind, _line from incidents", "Numer"),
        ("select \"Number\" as ticket_id, 'incident' as kind from incidents", "_line is missing"),
        ('select "Number" as ticket_id, _line from incidents', "kind is missing"),
        ("select \"Number\" as ticket_id, 'incident' as kind, _line, 1 as colour from incidents", "colour"),
        ("select \"Number\" as ticket_id, 'incident' as kind, _line, $secret as priority from incidents", "$secret"),
        (
            "select \"Number\" as ticket_id, 'incident' as kind, _line, value_map('x', 'y') as priority from incidents",
            "no value map x",
        ),
        (
            "select 'a' as ticket_id, 'task' as kind, _line, local_time('2026-01-01 00:00', 'A') as due from incidents",
            "TimeZone",
        ),
        (
            'select "Number" as ticket_id, \'incident\' as kind, _line, "Prio"::integer as reopened from incidents',
            "fails",
        ),
        ("selec", ""),
    ],
)
def test_a_select_that_reaches_out_or_fails_refuses_the_mapping_with_its_line(
    exports: Any, read: Reader, select: str, says: str
) -> None:
    root, mapping = exports(selecting(select))
    with pytest.raises(EvidenceError) as refused:
        read(root, mapping)
    assert f"{mapping}:15: " in str(refused.value)
    assert says in str(refused.value)
    assert refused.value.exit_code is ExitCode.USAGE
    assert not (Path.cwd() / "out.csv").exists()


def test_a_select_without_end_is_stopped(exports: Any, read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqlBox, "_TIMEOUT_S", 0.5)
    endless = "with recursive n(i) as (select 1::bigint union all select i + 1 from n)\n"
    select = endless + "select i::varchar as ticket_id, 'incident' as kind, i as _line from n"
    with pytest.raises(EvidenceError, match=r"stopped after 0.5 s|RECURSIVE|recursive|syntax"):
        read(*exports(selecting(select)))


def test_a_select_that_eats_memory_is_stopped(exports: Any, read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqlBox, "_MEMORY_MB", 60)
    rows = "".join(f"INC{n},New,2026-01-05 10:00:00,1,{'x' * 200}\n" for n in range(3000))
    join = "from incidents as a, incidents as b"
    select = f'select a."Number" || b."Note" as ticket_id, \'incident\' as kind, a._line as _line {join}'
    with pytest.raises(EvidenceError, match=r"(?i)memory|stopped"):
        read(*exports(selecting(select), incidents_csv="Number,State,Opened At,Prio,Note\n" + rows))


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("format: 1", "format: 3", 1, "the mapping is of format 3"),
        ("organisation: Example", "organization: Example", 2, "there is no key 'organization'"),
        ("as_of: 2026-02-01T00:00:00Z", "as_of: later", 3, "as_of is not an instant"),
        ("zone: Europe/Berlin", "zone: Berlin", 4, "no time zone is called 'Berlin'"),
        ("zone: Europe/Berlin", "zone: ../../etc/passwd", 4, "no time zone is called"),
        ("kind: ticketing", "kind: tickets", 6, "kind is not one of"),
        ('file: "incidents*.csv"', 'file: "../incidents.csv"', 8, "leads out of the folder"),
        ('file: "incidents*.csv"', "file: /etc/passwd", 8, "leads out of the folder"),
        ('file: "incidents*.csv"', "fil: x", 8, "there is no key 'fil'"),
        ('file: "incidents*.csv"', "file: a.csv, format: xml", 8, "format 'xml' is neither csv nor jsonl"),
        ('file: "incidents*.csv"', "file: a.csv, encoding: utf-16", 8, "files in utf-16 cannot be read"),
        ('file: "incidents*.csv"', "file: a.csv, encoding: klingon", 8, "no text encoding is called 'klingon'"),
        ('file: "incidents*.csv"', "file: a.csv, encoding: rot13", 8, "no text encoding is called 'rot13'"),
        ('file: "incidents*.csv"', "file: a.csv, delimiter: ;;", 8, "delimiter is not one character"),
        ("  incidents: {", '  "in cidents": {', 8, "is no name"),
        ('"1 - Critical": P1', '"1 - Critical": 1', 10, "neither text (in quotes) nor null"),
        ("  priority: {", "  priority: 7 #{", 10, "values.priority is not a map"),
        ("  ticket:", "  tickets:", 12, "there is no stream 'tickets'"),
        ("from: incidents", "from: problems", 13, "from names no table: 'problems'"),
        ("from: incidents", "source: jira\n    from: incidents", 13, "source names none of the sources: 'jira'"),
        ("from: incidents", "table: incidents\n    from: incidents", 13, "there is no key 'table'"),
        ("kind: ticketing}", "kind: ticketing, streams: [service]}", 12, "does not list ticket under streams"),
    ],
)
def test_a_mapping_that_is_wrong_is_refused_with_its_line(
    exports: Any, read: Reader, old: str, new: str, line: int, says: str
) -> None:
    root, mapping = exports(MAPPING.replace(old, new, 1))
    with pytest.raises(EvidenceError) as refused:
        read(root, mapping)
    assert says in str(refused.value)
    assert f"{mapping}:{line}: " in str(refused.value)


def test_a_missing_mapping_and_a_missing_folder_are_told_apart(exports: Any, read: Reader, tmp_path: Path) -> None:
    root, mapping = exports()
    with pytest.raises(EvidenceError, match="no mapping here"):
        read(root, tmp_path / "other.yaml")
    with pytest.raises(EvidenceError, match="no such folder"):
        read(tmp_path / "nowhere", mapping)


def test_python_variables_of_the_program_are_out_of_reach(exports: Any, read: Reader) -> None:
    secret_frame = [{"ticket_id": "a"}]
    with pytest.raises(EvidenceError, match="no table 'secret_frame'"):
        read(*exports(selecting("select ticket_id, 'incident' as kind, 1 as _line from secret_frame")))
    assert secret_frame


def test_an_export_of_many_rows_is_answered_in_pages(exports: Any, read: Reader) -> None:
    rows = "".join(f"INC{n},New,2026-01-05 10:00:00,3 - Low,\n" for n in range(5_678))
    done = read(*exports(MAPPING, incidents_csv="Number,State,Opened At,Prio,Note\n" + rows))
    assert done.outcome.records == {"ticket": 5_678}
    assert [int(row.pointer[5:]) for row in done.rows] == list(range(2, 5_680))


@pytest.fixture(scope="module")
def local_time() -> Callable[[str | None, str], str | None]:
    """The helper as a mapping sees it."""
    box = SqlBox(
        {"t": {"a": "VARCHAR", "z": "VARCHAR"}}, macros=macro_statements({"odd'": {"it's": None}}), functions=NAMES
    )

    def call(text: str | None, zone: str) -> str | None:
        box._sandbox.setup("delete from t")
        box.insert("t", [{"a": text, "z": zone}])
        select = box.lint("select local_time(a, z) as x from t", file="f", line=1, required=["x"], optional=())
        (row,) = box.answer(select, ["x"])
        answer: str | None = row["x"]
        return answer

    return call


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2016-02-29 01:16:00", "UTC", "2016-02-29T01:16:00Z"),
        ("2016-02-29T01:16", "America/Sao_Paulo", "2016-02-29T04:16:00Z"),
        ("2016-02-29 01:16:00.25", "Asia/Tokyo", "2016-02-28T16:16:00.25Z"),
        ("2016-10-30 02:30:00", "Europe/Berlin", "2016-10-30T00:30:00Z"),  # happens twice: the first
        ("2016-04-03 01:45:00", "Australia/Lord_Howe", "2016-04-02T14:45:00Z"),  # half an hour back: the first
        ("2016-03-27 02:30:00", "Europe/Berlin", "2016-03-27 02:30:00 (no such time in Europe/Berlin)"),
        ("2016-02-29 01:16:00Z", "Europe/Berlin", "2016-02-29 01:16:00Z"),
        ("2016-02-29 01:16:00+05:00", "Europe/Berlin", "2016-02-29 01:16:00+05:00"),
        ("2016-02-30 01:16:00", "UTC", "2016-02-30 01:16:00"),
        ("2016-02-29", "UTC", "2016-02-29"),
        ("29/02/2016 01:16", "UTC", "29/02/2016 01:16"),
        ("?", "UTC", "?"),
        ("", "UTC", ""),
        (None, "UTC", None),
    ],
)
def test_local_time_converts_or_leaves_the_text_for_the_check(
    local_time: Any, text: str | None, zone: str, expected: str | None
) -> None:
    assert local_time(text, zone) == expected


ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Europe/Dublin",
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moment=st.datetimes(datetime(1990, 1, 1), datetime(2025, 1, 1)), zone=st.sampled_from(ZONES))  # noqa: DTZ001
def test_local_time_agrees_with_the_time_zones_of_python(local_time: Any, moment: datetime, zone: str) -> None:
    utc = moment.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
    text = moment.isoformat(" ")
    exists = utc.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == moment
    answer = local_time(text, zone)
    if exists:
        assert datetime.fromisoformat(answer) == utc
    else:
        assert answer == f"{text} (no such time in {zone})"


def test_value_maps_pass_on_what_they_do_not_know(exports: Any, read: Reader) -> None:
    values = """values:
  priority: {"it's": "P'1", "-": null}
"""
    mapping = MAPPING.replace(MAPPING[MAPPING.index("values:") : MAPPING.index("streams:")], values)
    rows = "Number,State,Opened At,Prio\na,N,,it's\nb,N,,-\nc,N,,new\nd,N,,\n"
    done = read(*exports(mapping, incidents_csv=rows))
    assert [row["priority"] for row in done.values("ticket")] == ["P'1", None, "new", None]


def test_files_in_inner_folders_are_found_by_their_pattern(exports: Any, read: Reader) -> None:
    done = read(*exports(MAPPING.replace("incidents*.csv", "*/incidents.csv"), jan__incidents_csv=INCIDENTS))
    assert done.only_gap.place == "jan/incidents.csv:5"
