"""Sessions on disk: whole after any kill, readable elsewhere, the same verdict again."""

from __future__ import annotations

import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cases import LOGS, SMALL

from advisor import bundle, journal
from advisor.cli import main
from advisor.replay import Restored, keep
from advisor.session import Session
from advisor.work import Work
from facts.errors import InputError

STALLS = str(LOGS / "stalls.log")
DRIVER = str(LOGS / "null-in-driver.log")
COMMAND = [sys.executable, "-m", "advisor", "--kb", str(SMALL), "--engine", "evaluator"]
RESUME = [sys.executable, "-m", "advisor", "resume", "--kb", str(SMALL), "--engine", "evaluator"]


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def piped(command: list[str], text: str) -> str:
    done = subprocess.run(command, input=text, capture_output=True, timeout=30, check=False, text=True)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def write(session: Session, path: Path) -> None:
    one = keep(session, pytest.fail, str(path))
    assert one is not None
    one.close()


def told(work: Work) -> Session:
    """A session with a log, answers, a skip, an undo."""
    session = Session(work)
    read = bundle.read(work, None, [STALLS])
    session.load(read.evidence, read)
    session.answer("cable-age", "9")
    session.skip("smart")
    session.fact("hardware.vendor", "cheap")
    session.undo()
    return session


def saved(work: Work, path: Path) -> Restored:
    return Restored(work, journal.read(str(path)))


def test_a_session_comes_back_as_it_was(work: Work, tmp_path: Path) -> None:
    session = told(work)
    write(session, tmp_path / "one.jsonl")
    again = saved(work, tmp_path / "one.jsonl")
    assert again.session.steps == session.steps
    assert again.session.verdict() == session.verdict()
    assert again.notes == again.changed() == again.differences() == []


def test_each_change_is_kept(work: Work, tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    session = Session(work)
    one = keep(session, pytest.fail, str(path))
    assert one is not None
    session.record = one.write
    session.symptom("stalls", {"cpu": 3, "function": "sd_wait"})
    assert saved(work, path).session.steps == session.steps
    session.event("heat")
    session.answer("smart", "yes", "output of smartctl")
    session.undo()
    assert saved(work, path).session.undone == session.undone
    session.redo()
    one.close()
    again = saved(work, path).session
    assert (again.steps, again.undone) == (session.steps, [])
    assert again.steps[-1].source == "output of smartctl"
    assert again.evidence.events[0].cpu == 3
    assert again.belief() == session.belief()


def test_the_file_is_private_and_holds_what_a_colleague_needs(work: Work, tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    write(told(work), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    header, evidence = (json.loads(line) for line in path.read_text().splitlines()[:2])
    assert {"schema", "id", "started", "program", "knowledge"} <= set(header)
    name, size, check = evidence["evidence"]["sources"][0]
    assert (name, size, len(check)) == (STALLS, os.path.getsize(STALLS), 64)
    assert evidence["evidence"]["facts"]["log.given"] == [True, "evidence"]


def test_a_log_too_large_to_be_kept_leaves_its_events(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "WHOLE", 10)
    session = told(work)
    write(session, tmp_path / "one.jsonl")
    again = saved(work, tmp_path / "one.jsonl").session
    assert again.bundle is not None
    assert again.bundle.logs == [(STALLS, None)]
    assert again.verdict() == session.verdict()


def test_host_files_and_logs_of_the_built_in_base(built_in: Work, tmp_path: Path) -> None:
    host = tmp_path / "host.yaml"
    (tmp_path / "a.log").write_text(Path(DRIVER).read_text())
    host.write_text(
        "host: a\nfacts: {hardware: {ecc: true}}\nlogs:\n  - a.log\n  - name: typed\n    text: |\n      [ 1.0] x\n"
        "answers: {edac-counters: 0}\n"
    )
    session = Session(built_in)
    read = bundle.read(built_in, str(host), [])
    session.load(read.evidence, read)
    write(session, tmp_path / "one.jsonl")
    again = saved(built_in, tmp_path / "one.jsonl")
    assert again.session.verdict() == session.verdict()
    assert [text is None for _, text in again.session.bundle.logs] == [False, False]  # type: ignore[union-attr]


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_torn_last_line_is_ignored_and_cut_off(work: Work, tmp_path: Path, cut: int) -> None:
    folder = Path(journal.folder())
    session = told(work)
    one = keep(session, pytest.fail)
    assert one is not None
    one.close()
    path = next(folder.iterdir())
    data = path.read_bytes()
    path.write_bytes(data[:-cut])
    found = journal.read(str(path))
    assert found.note == ""
    again = Restored(work, found).session
    assert again.steps == session.steps[:1]
    more = journal.proceed(found, pytest.fail)
    assert more is not None
    again.record = more.write
    again.skip("smart")
    more.close()
    assert saved(work, path).session.steps == session.steps


def test_damage_in_the_middle_is_told(work: Work, tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    write(told(work), path)
    lines = path.read_bytes().split(b"\n")
    lines[2] = b"\0" * 20
    path.write_bytes(b"\n".join(lines))
    assert "line 3 is damaged" in saved(work, path).notes[0]


@pytest.mark.parametrize(
    "text", ["", "x", "{}", "[]\n", '{"schema": "other"}\n', '{"schema":"kadvisor/session/1"}', "\xff\n", "[" * 9000]
)
def test_what_is_no_session_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match="is no session"):
        journal.read(str(path))


HEAD = '{"schema":"kadvisor/session/1"}\n'
ENTRIES = [
    '{"do":"step","action":"answer","name":"no-such","value":1}',
    '{"do":"step","action":"answer","name":"cable-age","value":"many"}',
    '{"do":"step","action":"evil","name":[],"value":{}}',
    '{"do":"step","action":"fact","name":"hardware.none","value":1}',
    '{"do":"step","action":"symptom","name":"no-such","value":null}',
]


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_step_that_does_not_fit_is_left_out_and_told(work: Work, tmp_path: Path, entry: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(HEAD + entry + '\n{"do":"undo"}\n{"do":"undo","then":{"status":"likely"}}\n')
    again = saved(work, path)
    assert again.session.steps == []
    assert "line 2 is left out" in again.notes[0]


@pytest.mark.parametrize(
    "evidence",
    ['{}', '{"name":1}', '{"name":"a","sources":[],"facts":{},"given":{},"answers":{},"notes":[],"files":[],"lines":1,'
     '"usable":true,"logs":[["a","bm90IGd6aXA="]]}'],
)  # fmt: skip
def test_damaged_evidence_is_refused(work: Work, tmp_path: Path, evidence: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(f'{HEAD}{{"do":"evidence","evidence":{evidence}}}\n')
    with pytest.raises(InputError, match="damaged"):
        saved(work, path)


def test_a_full_disk_stops_the_journal_not_the_conversation(work: Work, tmp_path: Path) -> None:
    said: list[str] = []
    one = journal.begin({}, said.append, str(tmp_path / "a.jsonl"))
    assert one is not None
    assert one._stream is not None
    one._stream.close()
    one._stream = open("/dev/full", "wb", buffering=0)  # noqa: SIM115
    session = Session(work)
    session.record = one.write
    session.fact("hardware.worn", "yes")
    session.fact("hardware.worn", "no")
    assert len(said) == 1
    assert "not saved any more: No space left" in said[0]
    assert journal.begin({}, said.append, "/no/such/folder/x") is None


# the command line


def test_resume_and_list() -> None:
    out = piped(COMMAND, f"load {STALLS}\n9\n")
    assert "kadvisor resume 2" in out
    again = piped(RESUME, "facts\n")
    assert "hardware.cable_age = 9" in again
    assert "3 lines read" in again
    listed = piped([*RESUME, "--list"], "")
    assert listed.count("\n") == 1
    assert "stalls.log, 1 steps" in listed
    name = listed.split()[0]
    piped([*RESUME, name], "fact hardware.worn=no\n")
    assert "2 steps" in piped([*RESUME, "--list"], "")
    assert len(os.listdir(journal.folder())) == 1


def test_no_session_without_a_step() -> None:
    piped(COMMAND, "help\nquit\n")
    assert not os.path.exists(journal.folder())


def test_what_cannot_be_resumed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["resume"]) == 1
    assert main(["resume", "nonsense"]) == 1
    assert main(["replay", STALLS]) == 1
    assert main(["resume", "--list"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 3
    assert "Traceback" not in err


def test_a_colleague_goes_on_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "for you.jsonl"
    piped(COMMAND, f"load {STALLS}\n9\nsave '{file}'\n")
    before = file.read_bytes()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    out = piped([*RESUME, str(file)], "evidence\nfact hardware.worn=no\n")
    assert "stalls.log" in out
    assert file.read_bytes() == before  # the colleague's file stays as it is
    assert len(os.listdir(journal.folder())) == 1
    out = piped(COMMAND, f"open '{file}'\nfacts\n")
    assert "hardware.cable_age = 9" in out


def test_a_file_torn_before_its_first_line_hides_no_session(work: Work) -> None:
    one = keep(told(work), pytest.fail)
    assert one is not None
    one.close()
    (Path(journal.folder()) / "29990101-000000-1.jsonl").write_bytes(b"")
    (Path(journal.folder()) / "29990101-000000-2.jsonl").write_bytes(b'{"schema":"kadv')
    assert journal.locate("") == one.path
    with pytest.raises(InputError, match="fits 2 sessions"):
        journal.locate("2999")


def test_two_at_once_do_not_write_one_file(work: Work) -> None:
    session = told(work)
    one = keep(session, pytest.fail)
    assert one is not None
    said: list[str] = []
    assert journal.proceed(journal.read(one.path), said.append) is None
    assert "open in another kadvisor" in said[0]
    one.close()


def test_replay_says_what_changed(work: Work, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "one.jsonl"
    write(told(work), path)
    options = ["--kb", str(SMALL), "--engine", "evaluator"]
    knowledge = Work([*_builtin(), str(SMALL)], "evaluator")
    write(told(knowledge), path)
    assert main(["replay", str(path), *options]) == 0
    assert "same verdict, same program, same knowledge" in capsys.readouterr().out
    other = tmp_path / "kb" / "causes" / "disks"
    other.mkdir(parents=True)
    text = (SMALL / "causes" / "disks" / "cable-loose.md").read_text()
    (other / "cable-loose.md").write_text(text.replace("weight: strong", "weight: weak"))
    assert main(["replay", str(path), *options, "--kb", str(tmp_path / "kb")]) == 1
    out = capsys.readouterr().out
    assert "the knowledge differs" in out
    assert "cable-loose: was " in out
    path.write_text(path.read_text().replace('"program":"', '"program":"9.'))
    assert main(["replay", str(path), *options]) == 0
    assert "the program version differs: 9." in capsys.readouterr().out


def _builtin() -> list[str]:
    from kb.where import BUILT_IN

    return [BUILT_IN]


def test_the_record(tmp_path: Path) -> None:
    file = tmp_path / "incident.md"
    out = piped(
        COMMAND,
        f"load {STALLS}\nfact hardware.worn=yes\nfact hardware.cable_age=0\nreport {file}\nreport /no/such/x\nreport\n",
    )
    assert "cannot be written" in out
    text = file.read_text()
    assert text in out.replace("\nreport", "") or "Questions and answers" in out
    for part in ("hardware.cable_age | 0", "### Ruled out", "the cable is new", "### Files read", "SHA-256"):
        assert part in text


# killed


def done(out: str) -> int:
    """Steps that were shown as done."""
    return out.count("noted; this changes nothing")


def test_killed_at_any_time_no_confirmed_answer_is_lost(work: Work) -> None:
    """Facts are told one after another; kills come at random times; what was shown as done is there again."""
    chance = random.Random(4)
    confirmed = 0
    for turn in range(8):
        command = RESUME if os.path.isdir(journal.folder()) else COMMAND
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert child.stdin is not None
        assert child.stdout is not None
        # what is written here fits into the pipe
        lines = [f"fact hardware.label=n{confirmed + number}" for number in range(300)]
        child.stdin.write("\n".join(lines) + "\n")
        child.stdin.flush()
        wanted, out = chance.randrange(1 + turn * 8), ""
        while done(out) < wanted and (line := child.stdout.readline()):
            out += line
        time.sleep(chance.uniform(0, 0.05))
        child.send_signal(signal.SIGKILL)
        out += child.stdout.read()
        child.stdin.close()
        child.wait()
        child.stdout.close()
        shown = done(out)
        if not os.path.isdir(journal.folder()):
            assert shown == 0
            continue
        found = [Restored(work, journal.read(p)) for p in journal.sessions() if os.path.getsize(p) > 200]
        assert len(found) <= 1
        values = [step.value for step in found[0].session.steps] if found else []
        assert len(values) >= confirmed + shown
        assert values == [f"n{number}" for number in range(len(values))]
        confirmed = len(values)
    assert confirmed > 0
