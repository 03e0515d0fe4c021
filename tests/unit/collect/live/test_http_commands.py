"""A program is run without a shell, within time and size, and nothing of it is left when the pull ends."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from auditor.api import GapReason, LiveSettings, Refused
from auditor.collect.folders import Folders

PYTHON = [sys.executable, "-c"]


def refused(live: Any, *arguments: str, settings: LiveSettings | None = None, **more: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        live.context(settings, real_time=True).command([*PYTHON, *arguments], **more)
    return caught.value


def test_what_a_program_prints_is_kept_with_its_command(live: Any, tmp_path: Path) -> None:
    (tmp_path / "repo" / "sub").mkdir(parents=True)
    context = live.context()
    folder = context.folder(tmp_path / "repo")
    code = "import sys, os; print(os.getcwd(), sys.stdin.read(), os.environ['EXTRA'], '; rm -rf $HOME')"
    answer = context.command(
        [*PYTHON, code, f"--dir={folder}/sub", str(context.scratch() / "x")],
        cwd=folder / "sub",
        stdin=b"given",
        env={"EXTRA": "hidden"},
    )
    assert answer.text().split("; ")[0] == f"{tmp_path}/repo/sub given hidden "
    ((envelope, sha256),) = live.store.envelopes
    assert envelope.request["command"] == [*PYTHON, code, "--dir=folder:1/sub", "scratch/x"]
    assert envelope.request["cwd"] == "folder:1/sub"
    assert str(tmp_path) not in repr(envelope) + answer.place
    assert "hidden" not in repr(envelope)
    assert (answer.status, live.store.payloads[sha256]) == (0, answer.body)


def test_a_redacted_output_is_all_that_anybody_sees(live: Any) -> None:
    context = live.context()
    answer = context.command(["echo", "Canary"], redact=lambda text: text.replace(b"Canary", b"p-1"))
    assert answer.body == b"p-1\n"
    request = live.store.envelopes[0][0].request
    assert request["redacted"] is True
    assert len(str(request["original_hmac_sha256"])) == 64


def test_a_secret_in_what_a_program_prints_is_hidden(live: Any, server: Any) -> None:
    settings = LiveSettings(url=server.url, token=SecretStr("canary-token"))
    context = live.context(settings)
    code = "import os, sys; print(os.environ['T']); sys.exit('denied ' + os.environ['T'])"
    with pytest.raises(Refused) as caught:
        context.command([*PYTHON, code], env={"T": "canary-token"})
    assert "'denied ***'" in caught.value.detail
    assert "canary" not in live.store.everything + caught.value.detail + repr(live.log(context))


def test_an_exit_code_that_is_no_answer_is_a_refusal_with_the_words_of_the_program(live: Any) -> None:
    error = refused(live, "import sys; sys.exit('fatal: no repository\\nmore')")
    assert (error.reason, error.status) == (GapReason.SERVER_ERROR, 1)
    assert error.detail.endswith("ended with exit code 1: 'fatal: no repository'")
    answer = live.context().command([*PYTHON, "print(1); exit(3)"], allow=[0, 3])
    assert (answer.status, answer.body) == (3, b"1\n")


def test_a_program_or_folder_that_is_missing_is_not_configured(live: Any, tmp_path: Path) -> None:
    for arguments, cwd, says in (
        (["no-such-program"], None, "no-such-program is missing"),
        (["echo"], tmp_path / "none", "folder to run it in"),
        (["echo", "\0"], None, "cannot be run"),
        ([str(tmp_path)], None, "cannot be run"),
    ):
        with pytest.raises(Refused, match=says) as caught:
            live.context().command(arguments, cwd=cwd)
        assert caught.value.reason is GapReason.NOT_CONFIGURED


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # An orphan that was killed and that nobody has waited for is as dead as one can be.
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


FORKING = (
    "import subprocess, sys, time;"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "open(sys.argv[1], 'w').write(str(child.pid)); print('x', flush=True);"
)


def child_of(note: Path) -> int:
    for _ in range(500):
        if note.exists() and note.read_text():
            return int(note.read_text())
        time.sleep(0.01)
    raise AssertionError("the program did not start")


def gone(pid: int) -> bool:
    for _ in range(200):
        if not is_alive(pid):
            return True
        time.sleep(0.01)
    return False


def test_at_the_deadline_a_program_is_ended_with_whatever_it_started(live: Any, server: Any, tmp_path: Path) -> None:
    settings = LiveSettings(url=server.url, deadline_s=1.5)
    error = refused(live, FORKING + "time.sleep(60)", str(tmp_path / "pid"), settings=settings)
    assert error.reason is GapReason.TIMED_OUT
    assert gone(child_of(tmp_path / "pid"))


def test_a_run_that_is_given_up_ends_its_programs(live: Any, tmp_path: Path) -> None:
    cancelled = threading.Event()
    context = live.context(real_time=True, cancelled=cancelled)

    def give_up() -> None:
        child_of(tmp_path / "pid")
        cancelled.set()

    threading.Thread(target=give_up).start()
    with pytest.raises(Refused, match="given up"):
        context.command([*PYTHON, FORKING + "time.sleep(60)", str(tmp_path / "pid")])
    assert gone(child_of(tmp_path / "pid"))


def test_what_a_program_leaves_in_the_background_is_not_waited_for(live: Any, tmp_path: Path) -> None:
    answer = live.context(real_time=True).command([*PYTHON, FORKING, str(tmp_path / "pid")])
    assert answer.body == b"x\n"
    assert gone(child_of(tmp_path / "pid"))


def test_output_without_end_is_truncated(live: Any, server: Any) -> None:
    settings = LiveSettings(url=server.url, max_answer_mb=1)
    code = "import sys\nwhile True: sys.stdout.write('x' * 65536)"
    assert refused(live, code, settings=settings).reason is GapReason.TRUNCATED
    assert refused(live, "import sys; sys.stderr.write('e' * 3_000_000); sys.exit(2)").status == 2


def test_a_program_that_does_not_read_and_one_that_reads_much(live: Any) -> None:
    context = live.context(real_time=True)
    assert context.command([*PYTHON, "print('done')"], stdin=b"x" * 3_000_000).body == b"done\n"
    echo = "import sys; sys.stdout.write(sys.stdin.read())"
    assert context.command([*PYTHON, echo], stdin=b"x" * 3_000_000).body == b"x" * 3_000_000


def test_names_stand_for_whole_paths_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folders = Folders()
    folders.add(tmp_path / "data")
    folders.add(Path("here"))
    folders.add(tmp_path / "data" / "sub")
    assert folders.described(f"{tmp_path}/database") == f"{tmp_path}/database"
    assert folders.described(f"/old{tmp_path}/data") == f"/old{tmp_path}/data"
    assert folders.described(f"--dir={tmp_path}/data/x") == "--dir=folder:1/x"
    assert folders.described(f"{tmp_path}/data/sub") == "folder:3"
    assert (folders.described("here"), folders.described("there is no here")) == ("folder:2", "there is no here")
    assert folders.described(f"file://{tmp_path}/here/.git") == "file://folder:2/.git"


def test_names_that_are_no_utf8_are_written_down(live: Any, tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    folder.mkdir()
    name = os.fsdecode(b"bad-\xff.txt")
    (folder / name).write_text("words")
    (folder / "good.txt").write_text("words")
    context = live.context()
    place = context.folder(folder)
    context.keep_file(place / "good.txt", request={"file": "good.txt"}, media_type="text/plain")
    assert context.command(["cat", str(place / name)], cwd=place).body == b"words"
    lines = live.log(context)
    assert b'"others":[["bad-\\\\xff.txt","file"]]' in lines[-1]
    again = live.context(replay=live.replay(lines))
    place = again.folder(folder)
    assert sorted(entry.name for entry in place.iterdir()) == ["bad-\\xff.txt", "good.txt"]
    again.keep_file(place / "good.txt", request={"file": "good.txt"}, media_type="text/plain")
    assert again.command(["cat", str(place / name)], cwd=place).body == b"words"
    assert live.log(again) == lines
