"""An evidence folder is read as its format says, and everything that is wrong with one has its own clear message."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from auditor.api import GapReason, Tier
from auditor.errors import EvidenceError, ExitCode
from collectors.files.collector import FilesCollector
from collectors.files.settings import FilesSettings

Folder = Callable[..., Path]
Reader = Callable[..., Any]
Lines = Callable[..., str]

TICKET = {"ticket_id": "T-1", "kind": "incident", "service_ids": ["pay"]}
SERVICE = {"service_id": "pay", "status": "live"}
HEAD = "format: 1\norganisation: Example\nas_of: 2026-01-01T00:00:00Z\n"
SOURCE = "sources:\n  - {source_id: desk, kind: ticketing, status: ok, ended: 2025-12-31T23:00:00Z, streams: [ticket]"


def test_a_sound_folder_is_read_whole(folder: Folder, read: Reader, lines: Lines) -> None:
    csv = "person_id,roles,is_bot,source_id\np-01,slm_manager;ops,false,wiki\np-02,-,,wiki\n"
    files = {"ticket.jsonl": lines(TICKET), "service.jsonl": lines(SERVICE), "document.csv": "doc_id,kind\nd,policy\n"}
    root = folder(files | {"person.csv": csv})
    done = read(root)
    assert done.gaps == ()
    assert done.outcome.records == {"service": 1, "person": 2, "document": 1, "ticket": 1}
    assert {pull.source_id for pull in done.writer.pulls} == {"wiki", "desk"}
    assert [row["roles"] for row in done.values("person")] == [["slm_manager", "ops"], []]
    assert done.values("person")[1]["is_bot"] is None
    by_source = {pull.source_id: pull for pull in done.writer.pulls}
    assert by_source["desk"].values["origin"] == "export"
    assert by_source["desk"].snapshot_streams == {"service", "ticket", "ticket_event", "sla_cycle", "person"}


def test_every_row_points_to_the_line_it_begins_on(folder: Folder, read: Reader, lines: Lines) -> None:
    csv = 'doc_id,kind,title\n\nd1,policy,"two\nlines"\nd2,policy,x\n'
    root = folder({"document.csv": csv, "ticket.jsonl": "\n" + lines(TICKET), "service.jsonl": lines(SERVICE)})
    done = read(root)
    places = {row.key: (row.pointer, done.line_of(row)) for row in done.rows}
    assert places["d1"] == ("line:3", 'd1,policy,"two')
    assert places["d2"] == ("line:5", "d2,policy,x")
    assert places["T-1"][0] == "line:2"


def test_compressed_files_are_read_and_kept_as_what_they_hold(folder: Folder, read: Reader, lines: Lines) -> None:
    root = folder(
        {
            "ticket.jsonl.gz": gzip.compress(lines(TICKET).encode()),
            "service.csv.gz": gzip.compress(b"service_id,status\npay,live\n"),
        }
    )
    done = read(root)
    assert done.gaps == ()
    assert done.line_of(done.rows[0]) == "pay,live"
    assert [envelope.request for envelope in done.writer.envelopes] == [
        {"file": "manifest.yaml"},
        {"file": "service.csv.gz"},
        {"file": "ticket.jsonl.gz"},
        {"kind": "exchange-log"},
    ]


def test_what_a_row_says_of_itself_goes_to_its_provenance(folder: Folder, read: Reader, lines: Lines) -> None:
    about = {"source_url": "https://desk.example/T-1", "fetched_at": "2025-12-31T20:00:00+01:00", "reliability": "R1"}
    done = read(folder({"ticket.jsonl": lines(TICKET | about), "service.jsonl": lines(SERVICE)}))
    row = done.rows[1]
    assert (row.source_url, row.reliability) == ("https://desk.example/T-1", Tier.R1)
    assert row.fetched_at == datetime(2025, 12, 31, 19, tzinfo=UTC)
    assert done.rows[0].fetched_at is None
    assert done.gaps == ()


def test_a_stream_of_several_sources_needs_the_source_in_every_row(folder: Folder, read: Reader, lines: Lines) -> None:
    rows = lines({"person_id": "a"}, {"person_id": "b", "source_id": "wiki"}, {"person_id": "c", "source_id": "desk"})
    done = read(folder({"person.jsonl": rows}))
    assert [(row.key, row.source_id) for row in done.rows] == [("b", "wiki"), ("c", "desk")]
    missing = "source_id is missing, and several sources list the stream: wiki, desk"
    assert [(gap.source_id, gap.detail, gap.hides_rows) for gap in done.gaps] == [
        ("wiki", missing, 1),
        ("desk", f"{missing} (counted at source wiki)", 0),
    ]
    assert {gap.source_id for gap in done.gaps} == {"wiki", "desk"}
    assert {gap.place for gap in done.gaps} == {"person.jsonl:1"}
    with pytest.raises(EvidenceError, match="has 1 problem,"):
        read(folder(), strict=True)


def test_hand_kept_sources_lower_their_rows(folder: Folder, read: Reader, lines: Lines) -> None:
    manifest = HEAD + SOURCE + ", origin: hand_kept}\n"
    done = read(folder({"ticket.jsonl": lines(TICKET)}, manifest))
    assert done.rows[0].reliability is Tier.R2


def test_with_other_sources_ids_carry_the_configured_one(folder: Folder, read: Reader, lines: Lines) -> None:
    done = read(folder({"ticket.jsonl": lines(TICKET), "service.jsonl": lines(SERVICE)}), prefix_ids=True)
    assert {row.source_id for row in done.rows} == {"evidence/desk"}


def test_the_manifest_gives_instant_and_organisation(folder: Folder) -> None:
    settings = FilesSettings(path=folder())
    assert FilesCollector().audit_instant(settings) == datetime(2026, 1, 1, tzinfo=UTC)
    assert FilesCollector().organisation(settings) == "Example"


def test_declared_completeness_reaches_the_pull(folder: Folder, read: Reader) -> None:
    claim = ", scope_complete: {ticket: [incident, change]}, declared_by: p-01, declared_at: 2026-01-01T00:00:00Z}\n"
    done = read(folder({}, HEAD + SOURCE + claim))
    assert done.writer.pulls[0].values["scope_complete"] == {"ticket": ["incident", "change"]}


@pytest.mark.parametrize(
    ("manifest", "line", "says"),
    [
        (HEAD.replace("format: 1", "format: 2") + SOURCE + "}\n", 1, "is of format 2; this version reads format 1"),
        (HEAD.replace("format: 1", "format: true") + SOURCE + "}\n", 1, "is of format True"),
        (HEAD.replace("format: 1\n", "") + SOURCE + "}\n", 1, "does not say its format"),
        (HEAD.replace("2026-01-01T00:00:00Z", "2026-01-01") + SOURCE + "}\n", 3, "as_of is not an instant"),
        (HEAD.replace("2026-01-01T00:00:00Z", "2026-01-01T00:00:00") + SOURCE + "}\n", 3, "as_of is not an instant"),
        (HEAD.replace("organisation: Example\n", "") + SOURCE + "}\n", 1, "organisation is missing"),
        (HEAD.replace("Example", "[a]") + SOURCE + "}\n", 2, "organisation is not a name"),
        (HEAD + "mood: good\n" + SOURCE + "}\n", 4, "there is no key 'mood'"),
        (HEAD, 1, "sources is not a list"),
        (HEAD + "sources: []\n", 4, "sources is not a list"),
        (HEAD + "sources: [desk]\n", 4, "the entry of a source is a map"),
        (HEAD + SOURCE + "}\n" + SOURCE.split("\n")[1] + "}\n", 6, "two sources have the id 'desk'"),
        (HEAD + SOURCE.replace("ticketing", "tickets") + "}\n", 5, "kind is not one of"),
        (HEAD + SOURCE.replace("status: ok, ", "") + "}\n", 5, "status is missing"),
        (HEAD + SOURCE.replace("desk", "12") + "}\n", 5, "source_id is not text: 12"),
        (HEAD + SOURCE.replace("[ticket]", "[ticket, tickets]") + "}\n", 5, "there is no stream 'tickets'"),
        (HEAD + SOURCE.replace("[ticket]", "[source_run]") + "}\n", 5, "there is no stream 'source_run'"),
        (HEAD + SOURCE.replace("[ticket]", "ticket") + "}\n", 5, "streams is not a list"),
        (HEAD + SOURCE + ", colour: red}\n", 5, "there is no key 'colour'"),
        (HEAD + SOURCE + ", items: -1}\n", 5, "items is less than 0"),
        (HEAD + SOURCE + ", origin: guessed}\n", 5, "origin is not one of"),
        (HEAD + SOURCE + ", scope_complete: true}\n", 5, "scope_complete is not a map"),
        (HEAD + SOURCE + ", scope_complete: {ticket: maybe}}\n", 5, "scope_complete at key 'ticket'"),
        (HEAD + SOURCE + ", scope_complete: {person: false}}\n", 5, "scope_complete names 'person'"),
        (HEAD + SOURCE + ", scope_complete: {ticket: [fire]}}\n", 5, "ticket has no kind 'fire'"),
        (HEAD + SOURCE + ", scope_complete: {ticket: true}}\n", 5, "without declared_by and declared_at"),
        (HEAD + SOURCE + ", scope_complete: {ticket: true}, declared_by: p-01}\n", 5, "without declared_at"),
        ("- a\n- b\n", None, "holds no keys"),
        ("", None, "holds no keys"),
        (HEAD + "format: 1\n", 4, "'format' is given twice"),
        (HEAD + "sources: [\n", 5, "not YAML"),
    ],
)
def test_an_unusable_manifest_refuses_the_folder_with_its_line(
    folder: Folder, read: Reader, manifest: str, line: int | None, says: str
) -> None:
    root = folder({}, manifest)
    with pytest.raises(EvidenceError) as refused:
        read(root)
    assert says in str(refused.value)
    place = str(root / "manifest.yaml")
    assert f"{place}:{line}: " in str(refused.value) if line else refused.value.where == place
    assert refused.value.cure
    assert refused.value.exit_code is ExitCode.USAGE


def test_all_faults_of_a_manifest_are_told_at_once(folder: Folder, read: Reader) -> None:
    manifest = HEAD.replace("Example", "7") + SOURCE.replace("ok", "fine").replace("[ticket]", "[tickets]") + "}\n"
    with pytest.raises(EvidenceError) as refused:
        read(folder({}, manifest))
    for problem in ("organisation is not", "status is not one of", "no stream 'tickets'"):
        assert problem in str(refused.value)


@pytest.mark.parametrize("binary", [b"\x00\x01\x02", "format: 1".encode("utf-16"), b"\xff\xfe\xfa", b"format: \xe9"])
def test_a_manifest_that_is_no_text_is_refused(folder: Folder, read: Reader, binary: bytes) -> None:
    with pytest.raises(EvidenceError, match="manifest.yaml"):
        read(folder({"manifest.yaml": binary}))


def test_a_missing_manifest_a_file_and_nothing_at_all_are_told_apart(folder: Folder, read: Reader) -> None:
    root = folder({"ticket.jsonl": ""}, None)
    for path, says in (
        (root, "no manifest here"),
        (root / "ticket.jsonl", "not a folder"),
        (root / "x", "no such folder"),
    ):
        with pytest.raises(EvidenceError, match=says) as refused:
            read(path)
        assert refused.value.cure


def test_a_manifest_that_is_a_pipe_is_not_opened(folder: Folder, read: Reader) -> None:
    root = folder({}, None)
    os.mkfifo(root / "manifest.yaml")
    with pytest.raises(EvidenceError, match="not a file"):
        read(root)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("tickets.jsonl", "was it meant to be ticket.jsonl"),
        ("ticket.json", "was it meant to be ticket.jsonl"),
        ("Ticket.jsonl", "was it meant to be ticket.jsonl"),
        ("source_run.jsonl", "its name is not that of a stream"),
        ("weather.csv", "its name is not that of a stream"),
        ("inside/ticket.jsonl", "a folder inside the folder is not read"),
    ],
)
def test_what_lies_in_the_folder_and_is_not_read_is_said(folder: Folder, read: Reader, name: str, says: str) -> None:
    gap = read(folder({name: "{}"})).only_gap
    assert says in gap.detail
    assert (gap.reason, gap.hides_rows, gap.stream) == (GapReason.NOT_SUPPORTED, 0, None)
    assert gap.place is not None
    assert name.startswith(gap.place)


def test_notes_for_people_are_no_evidence(folder: Folder, read: Reader) -> None:
    assert read(folder({"README.md": "x", "LICENSE": "x", ".git/config": "x", "notes.txt": "x"})).gaps == ()


def test_a_stream_given_twice_is_not_read_at_all(folder: Folder, read: Reader, lines: Lines) -> None:
    done = read(folder({"ticket.jsonl": lines(TICKET), "ticket.csv": "ticket_id,kind\nT-2,incident\n"}))
    assert done.rows == []
    assert done.only_gap.detail == "ticket is given by ticket.csv and ticket.jsonl; neither was read, keep one of them"
    assert (done.only_gap.stream, done.only_gap.hides_rows) == ("ticket", None)


def test_a_stream_that_no_source_lists_is_not_read(folder: Folder, read: Reader) -> None:
    done = read(folder({"agreement.jsonl": '{"agreement_id": "a", "kind": "SLA"}\n'}))
    assert done.rows == []
    assert "no source of the manifest lists agreement" in done.only_gap.detail
    assert done.only_gap.stream == "agreement"


def test_a_link_that_leads_out_of_the_folder_is_not_followed(
    folder: Folder, read: Reader, lines: Lines, tmp_path: Path
) -> None:
    (tmp_path / "secret.jsonl").write_text(lines(TICKET))
    root = folder({"inner.txt": lines(SERVICE)})
    (root / "ticket.jsonl").symlink_to(tmp_path / "secret.jsonl")
    (root / "service.jsonl").symlink_to(root / "inner.txt")
    (root / "document.jsonl").symlink_to(root / "nothing")
    os.mkfifo(root / "sla_cycle.jsonl")
    done = read(root)
    assert [row.stream for row in done.rows] == ["service"]
    assert {(gap.stream, gap.detail) for gap in done.gaps} == {
        ("ticket", "it is a link that leads out of the folder, so it was not read"),
        ("document", "it is a link that leads nowhere"),
        ("sla_cycle", "it is not a regular file, so it was not read"),
    }
    assert not any(b"T-1" in payload for payload in done.writer.payloads.values())


@pytest.mark.parametrize(
    ("content", "line", "says", "hides"),
    [
        (b'{"ticket_id": "a", "kind": "incident"', 2, "cut off", 1),
        (b'{"ticket_id": "a" "kind": 1}\n', 2, "no JSON at column 19 of the line", 1),
        (b'{"ticket_id": "a", "kind": "incident", "reopened": NaN}\n', 2, "NaN is no JSON number", 1),
        (b'{"ticket_id": "a", "kind": "incident", "reopened": -Infinity}\n', 2, "-Infinity is no JSON number", 1),
        (b'{"ticket_id": "a", "kind": "incident", "reopened": 1e999}\n', 2, "1e999 is too large", 1),
        (b'{"ticket_id": "a", "kind": "incident", "reopened": %s}\n' % (b"9" * 5000), 2, "5000 digits", 1),
        (b'{"ticket_id": "a", "kind": "incident", "reopened": %s}\n' % (b"9" * 30), 2, "too large for a whole", 1),
        (b'{"ticket_id": "a", "kind": "incident", "ticket_id": "b"}\n', 2, "the key 'ticket_id' twice", 1),
        (b'["a"]\n', 2, "the line is a list, not an object", 1),
        (b"7\n", 2, "the line is a number, not an object", 1),
        (b'{"fields": %s1%s}\n' % (b'{"a":' * 5000, b"}" * 5000), 2, "nested deeper than 32 levels", 1),
        (b'{"ticket_id": "\\ud800", "kind": "incident"}\n', 2, "half a character", 1),
        (b'{"ticket_id": "a\xe9", "kind": "incident"}\n', 2, "not utf-8 text (byte 17 of the line is 0xe9)", 1),
        (b'{"ticket_id": "a\x00", "kind": "incident"}\n', 2, "NUL byte", 1),
        (b'{"ticket_id": 7, "kind": "incident"}\n', 2, "ticket_id is not text: 7", 1),
        (b'{"ticket_id": "a", "kind": "incydent"}\n', 2, "did you mean 'incident'?", 1),
        (b'{"kind": "incident"}\n', 2, "ticket_id is missing", 1),
        (b'{"ticket_id": "sound", "kind": "incident"}\n', 2, "the first stands at ticket.jsonl:1", 1),
        (b'{"ticket_id": "a", "kind": "incident", "sevice_ids": []}\n', 2, "no field 'sevice_ids'", 0),
        (b'{"ticket_id": "a", "kind": "incident", "service_ids": ["x"]}\n', 2, "'x' names no row of service", 0),
        (b'{"ticket_id": "a", "kind": "incident", "reliability": "R9"}\n', 2, "reliability is not one of R0", 1),
        (b'{"ticket_id": "a", "kind": "incident", "reliability": "R5"}\n', 2, "reliability R5 is above R4", 0),
        (b'{"ticket_id": "a", "kind": "incident", "fetched_at": "now"}\n', 2, "fetched_at is not an instant", 1),
        (b'{"ticket_id": "a", "kind": "incident", "source_url": 1}\n', 2, "source_url is not text: 1", 1),
        (b'{"ticket_id": "a", "kind": "incident", "source_id": "wiki"}\n', 2, "none of the sources that list", 1),
        (b'{"ticket_id": "a", "kind": "incident", "source_id": "nobody"}\n', 2, "none of the sources that list", 1),
    ],
)
def test_one_bad_line_is_one_message_with_its_line_and_the_rest_is_read(
    folder: Folder, read: Reader, content: bytes, line: int, says: str, hides: int
) -> None:
    sound = b'{"ticket_id": "sound", "kind": "incident"}\n'
    last = b'{"ticket_id": "last", "kind": "incident"}\n' if content.endswith(b"\n") else b""
    root = folder({"ticket.jsonl": sound + content + last, "service.jsonl": ""})
    done = read(root)
    gap = done.only_gap
    assert says in gap.detail
    assert gap.place == f"ticket.jsonl:{line}"
    assert gap.hides_rows == hides
    keys = [row.key for row in done.rows]
    assert "sound" in keys
    assert not last or "last" in keys
    with pytest.raises(EvidenceError, match=r"ticket\.jsonl:2: ") as refused:
        read(root, strict=True)
    assert "1 problem," in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("ticket.jsonl", '{"ticket_id": "a"}\n'.encode("utf-16"), "UTF-16 text"),
        ("ticket.jsonl", '{"ticket_id": "a"}\n'.encode("utf-16-be"), "UTF-16 text without a byte order mark"),
        ("ticket.csv", "ticket_id,kind\na,incident\n".encode("utf-32"), "UTF-32 text"),
        ("ticket.csv", b"PK\x03\x04rest of a workbook", "a ZIP archive or an office document"),
        ("ticket.csv", b"%PDF-1.7", "a PDF document"),
        ("ticket.jsonl", gzip.compress(b"{}", mtime=0), "gzip-compressed data without the ending .gz"),
        ("ticket.jsonl.gz", b"this is not gzip", "compressed data is damaged"),
        ("ticket.jsonl.gz", gzip.compress(os.urandom(9000))[:-4000], "compressed data is damaged"),
        ("ticket.csv", b"", "the file is empty: it has no header row"),
        ("ticket.csv", b"ticket_id,kind,kind\n", "the header names the column 'kind' twice"),
        ("ticket.csv", b"ticket_id,,kind\n", "column 2 of the header has no name"),
    ],
)
def test_a_file_that_is_something_else_is_named_and_hides_nobody_knows_how_many_rows(
    folder: Folder, read: Reader, name: str, content: bytes, says: str
) -> None:
    done = read(folder({name: content}))
    assert done.rows == []
    assert says in done.only_gap.detail
    assert (done.only_gap.stream, done.only_gap.hides_rows) == ("ticket", None)
    assert "ticket" not in {pull.source_id: pull for pull in done.writer.pulls}["desk"].snapshot_streams


def test_a_file_that_may_not_be_read_is_a_gap(folder: Folder, read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    from auditor.collect.context import Context

    root = folder({"ticket.jsonl": "{}\n"})
    keep = Context.keep_file

    def denied(self: Context, path: Path, **more: Any) -> Any:
        if path.name == "ticket.jsonl":
            raise PermissionError(13, "Permission denied")
        return keep(self, path, **more)

    monkeypatch.setattr(Context, "keep_file", denied)
    assert "cannot be read (Permission denied)" in read(root).only_gap.detail


def test_an_empty_jsonl_file_is_no_rows_and_no_gap(folder: Folder, read: Reader) -> None:
    assert read(folder({"ticket.jsonl": ""})).gaps == ()


def test_a_byte_order_mark_of_utf8_is_accepted(folder: Folder, read: Reader) -> None:
    done = read(folder({"ticket.csv": b"\xef\xbb\xbfticket_id,kind\r\nT-1,incident\r\n"}))
    assert done.gaps == ()
    assert done.values("ticket")[0]["ticket_id"] == "T-1"


def test_a_file_that_changes_while_it_is_read_is_noticed(
    folder: Folder, read: Reader, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    from auditor.collect.context import Context

    root = folder({"ticket.jsonl": lines(TICKET | {"service_ids": None})})
    keep = Context.keep_file

    def keep_then_change(self: Context, path: Path, **more: Any) -> Any:
        kept = keep(self, path, **more)
        path.write_text(path.read_text() + lines({"ticket_id": "T-2", "kind": "incident"}))
        return kept

    monkeypatch.setattr(Context, "keep_file", keep_then_change)
    assert read(root).only_gap.detail == "the file changed while it was read"


def test_many_bad_lines_are_a_hundred_gaps_and_their_sum(folder: Folder, read: Reader) -> None:
    done = read(folder({"ticket.jsonl": "nonsense\n" * 5000}))
    assert len(done.gaps) == 101
    assert done.gaps[-1].hides_rows == 4900


def test_check_says_what_is_wrong_without_reading_rows(folder: Folder) -> None:
    class Context:
        settings = FilesSettings(path=folder({}, HEAD))

    (check,) = FilesCollector().check(Context())  # type: ignore[arg-type]
    assert not check.ok
    assert "sources is not a list" in check.detail
