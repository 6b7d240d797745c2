"""The interactive advisor without a terminal: bars, evidence by number, running commands, pasted text, the ending."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cases import LOGS, SMALL, event, evidence, stall

from advisor.cli import main
from advisor.diagnose import Diagnostician
from advisor.handover import handover, ruled_out
from advisor.repl.commands import Conversation
from advisor.work import Work
from kb.cache import Base

pexpect = pytest.importorskip("pexpect")

STALLS = str(LOGS / "stalls.log")
DRIVER = str(LOGS / "null-in-driver.log")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def talk(work: Work, said: list[str]) -> Conversation:
    return Conversation(work, said.append, lambda: 100, False)


@pytest.fixture
def real(built_in: Work, said: list[str]) -> Conversation:
    return Conversation(built_in, said.append, lambda: 100, False)


def ask(talk: Conversation, probe: str) -> None:
    """Let this be the present question."""
    entry = talk.session.work.base.probes[probe]
    talk.question = {"probe": probe, "gain": 1.0, "cost": "1 min", "options": [], "words": [], **entry}


# what an answer changes


def test_bars_and_the_finding_that_moved_them(talk: Conversation, said: list[str]) -> None:
    talk.take(f"load {STALLS}")
    ask(talk, "cable-age")
    said.clear()
    talk.take("9")
    line = next(line for line in said if line.startswith("  cable-loose: up from"))
    assert line.endswith("(+10 the cable is 9 years old)")
    assert any(line.startswith("  ####") and line.endswith("cable-loose") for line in said)
    talk.take("back")
    said.clear()
    talk.take("redo")
    assert any("done again" in line for line in said)


def test_plain_has_no_bars(work: Work, said: list[str]) -> None:
    talk = Conversation(work, said.append, lambda: 100, True, plain=True)
    talk.take(f"load {STALLS}")
    talk.take("fact hardware.cable_age=9")
    talk.take("causes")
    assert not [line for line in said if "##" in line or "\x1b" in line]
    assert any(line.endswith("cable-loose") for line in said)


def test_evidence_by_number(talk: Conversation, said: list[str]) -> None:
    talk.take("evidence")
    talk.take("explain 1")
    assert said[-1] == "There is no evidence yet."
    talk.take(f"load {STALLS}")
    talk.take("fact hardware.cable_age=9")
    said.clear()
    talk.take("evidence")
    listed = {line.split()[0]: line for line in said if line.strip()[:1].isdigit()}
    assert "Disk sda stalled" in listed["1"]
    number = next(n for n, line in listed.items() if "9 years old" in line)
    said.clear()
    talk.take(f"explain {number}")
    assert "Old cables loosen." in "\n".join(said)
    assert "hardware.cable_age = 9 (your answer)" in "\n".join(said)
    said.clear()
    talk.take("explain 1")
    assert any("sda stalls for 31 s" in line and line.strip().startswith("1 ") for line in said)
    talk.take("explain 999")
    assert "explain needs a number" in said[-1]


def test_facts_by_name(talk: Conversation, said: list[str]) -> None:
    talk.take("fact hardware.worn=yes")
    assert talk.session.diagnosis.evidence.facts["hardware.worn"].value is True
    talk.take("fact hardware.worn")
    talk.take("fact hardware.nothing=1")
    talk.take("fact hardware.worn=perhaps")
    assert len(talk.session.steps) == 1


def test_questions_have_an_end_and_more_goes_on(real: Conversation, said: list[str]) -> None:
    real.take("soft lockup on CPU 3")
    asked = 0
    while real.question is not None:
        asked += 1
        real.take("unknown")
    assert 1 <= asked <= 15
    assert any("UNDETERMINED" in line for line in said)
    real.take("more")
    assert real.session.limit == 30


# running commands


def test_a_command_runs_after_consent_and_its_answer_is_confirmed(real: Conversation, said: list[str]) -> None:
    real.live = True
    real.take("soft lockup on CPU 3")
    ask(real, "cpu-count")
    real.take("run")
    assert "Run this on this machine?  $ nproc --all" in said[-2]
    assert real.session.steps[-1].action == "symptom"
    real.take("yes")
    assert f"That says hardware.cpu_count = {os.cpu_count()}" in said[-1]
    assert real.session.steps[-1].action == "symptom"  # not yet taken
    real.take("yes")
    step = real.session.steps[-1]
    assert (step.name, step.value, step.source) == ("cpu-count", os.cpu_count(), "output of nproc")


def test_no_is_no_and_always_asks_no_more(real: Conversation, said: list[str]) -> None:
    real.take("soft lockup on CPU 3")
    real.take("run cpu-count")
    real.take("no")
    assert said[-1] == "Not run."
    real.take("run cpu-count")
    real.take("always")
    real.take("7")  # the right value instead of what was read
    assert (real.session.steps[-1].value, real.session.steps[-1].source) == (7, "")
    said.clear()
    real.take("run kernel-architecture")
    assert not any("Run this on this machine" in line for line in said)
    real.take("no")
    assert "not taken" in said[-1]


def test_what_is_not_run(real: Conversation, said: list[str]) -> None:
    real.take("run")
    assert "no question" in said[-1]
    real.take("run no-such-probe")
    assert "is no probe" in said[-1]
    real.take("run memtest")
    assert said[-1].startswith("Not run: ")


def test_the_offer_stands_under_the_question_only_when_live(real: Conversation, said: list[str]) -> None:
    real.take("soft lockup on CPU 3")
    assert not any("run runs it here" in line for line in said)
    ask(real, "cpu-count")
    real.live = True
    assert "run runs it here" in real._hint(real.question)  # type: ignore[arg-type]


# pasted text


def test_a_pasted_log_is_read(talk: Conversation, said: list[str]) -> None:
    talk.take(Path(STALLS).read_text())
    assert "3 lines read, 3 events." in said
    assert talk.session.evidence.files == ["pasted text 1"]
    talk.take("[   99.000000] sdb stalls for 77 s\n[   99.500000] by the way\n")
    assert talk.session.evidence.files == ["pasted text 1", "pasted text 2"]
    assert "sdb" in {e.attributes.get("device") for e in talk.session.evidence.events}


def test_a_paste_is_added_to_what_was_loaded(talk: Conversation, said: list[str]) -> None:
    talk.take(f"load {STALLS}")
    talk.take("fact hardware.worn=yes")
    talk.take("[   99.000000] sdb stalls for 77 s")  # one line is enough where it is a kernel's
    assert talk.session.evidence.files == [STALLS, "pasted text 1"]
    assert talk.session.diagnosis.evidence.facts["hardware.worn"].value is True


def test_further_messages_are_chosen_by_number(real: Conversation, said: list[str]) -> None:
    real.take("soft lockup on CPU 3")
    while real.question is not None and not real.question["options"]:
        real.take("skip")
    assert real.question is not None
    offered = [kind for kind, *_ in real.question["options"]]
    assert any(line.startswith("   1  ") for line in said)
    real.take("9999")
    assert "is no kind of event" in said[-1]
    real.take("2, 1")
    assert {event.kind for event in real.session.diagnosis.evidence.events} >= set(offered[:2])
    seen = next(step.value for step in real.session.steps if step.name == "seen")
    assert isinstance(seen, tuple)
    assert set(seen) == {*offered[:2], *(f"-{kind}" for kind in offered[2:])}


def test_none_of_the_further_messages(real: Conversation) -> None:
    real.take("soft lockup on CPU 3")
    while real.question is not None and not real.question["options"]:
        real.take("skip")
    real.take("none")
    assert [event.kind for event in real.session.diagnosis.evidence.events] == ["soft-lockup"]


def test_pasted_output_answers_the_question(real: Conversation, said: list[str]) -> None:
    real.take("soft lockup on CPU 3")
    ask(real, "node-count")
    real.take("root@web:~# lscpu\nCPU(s):      64\nNUMA node(s):        2\n")
    assert "That says hardware.numa_nodes = 2" in said[-1]
    real.take("yes")
    assert real.session.steps[-1].value == 2


def test_a_paste_that_is_neither(real: Conversation, said: list[str]) -> None:
    real.take("soft lockup on CPU 3")
    real.take("hello\nworld\n")
    assert "2 lines were pasted" in said[-1]
    assert len(real.session.steps) == 1


def test_commands_end_a_confirmation(real: Conversation, said: list[str]) -> None:
    real.take("soft lockup on CPU 3")
    real.confirm("cpu-count", 4, "test")
    real.take("facts")
    assert len(real.session.steps) == 1


# what belongs to the ending


def test_what_was_ruled_out(base: Base, doctor: Diagnostician) -> None:
    found = ruled_out(base, doctor.diagnose(evidence(stall(count=3), hardware__cable_age=0, hardware__worn=True)))
    assert [(entry.cause, entry.reasons) for entry in found] == [("cable-loose", ["the cable is new"])]
    assert ruled_out(base, doctor.diagnose(evidence(event("note")))) == []


def test_who_gets_what(built_in: Work) -> None:
    diagnosis = built_in.diagnose(built_in.evidence(None, [DRIVER]))
    parties = handover(built_in.base, diagnosis)
    assert parties[0].who == "the maker of quux"
    assert [e.line for e in parties[0].events] == [5, 32]
    assert "kernel.version" in parties[0].facts
    assert handover(built_in.base, built_in.diagnose(built_in.evidence(None, [str(LOGS / "quiet.log")]))) == []


def test_causes_named_here_exist(built_in: Work) -> None:
    assert {*built_in.base.parties["hardware"], *built_in.base.parties["site"]} <= set(built_in.base.causes)


def test_a_hardware_error_goes_to_the_vendor(built_in: Work) -> None:
    log = "\n".join(
        f"[{n}.000000] EDAC MC0: 12 CE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0 (channel:1 slot:0 "
        "page:0x1000 offset:0x0 grain:32 syndrome:0x0)"
        for n in range(100, 110)
    )
    diagnosis = built_in.diagnose(built_in.gatherer.gather("x", {}, [("x", log)], needed=False))
    assert handover(built_in.base, diagnosis)[0].who.startswith("the hardware vendor")


# the command line


def run(*arguments: str, text: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-m", "advisor", *arguments],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_logs_without_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    out = run(STALLS, "--kb", str(SMALL), "--plain", text="quit\n")
    assert "3 lines read" in out
    assert "Disk sda stalled" in out
    assert "##" not in out
    with pytest.raises(SystemExit):
        main(["bogus"])
    assert "invalid choice" in capsys.readouterr().err
    assert main(["--log", STALLS, STALLS]) == 2


def test_a_dumb_terminal_and_a_paste_into_it() -> None:
    child = pexpect.spawn(
        sys.executable, ["-m", "advisor", "--kb", str(SMALL)], env={**os.environ, "TERM": "dumb"}, timeout=20,
        encoding="utf-8",
    )  # fmt: skip
    child.expect("kadvisor> ")
    child.send("".join(f"[   {n}.000000] sda stalls for 3{n} s\n" for n in range(1, 6)))
    child.expect("5 lines read")
    child.expect(r"kadvisor \[")
    time.sleep(0.2)
    child.send("causes\n")
    child.expect("something else")
    assert "\x1b" not in child.before
    child.sendeof()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_a_bracketed_paste_is_one_text() -> None:
    child = pexpect.spawn(
        sys.executable, ["-m", "advisor", "--kb", str(SMALL)], timeout=20,
        env={**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
        encoding="utf-8", dimensions=(60, 100),
    )  # fmt: skip
    child.expect("no dump was saved|old batch")
    time.sleep(0.5)
    child.send("\x1b[200~[    1.000000] sda stalls for 31 s\r\n[    2.000000] sdb stalls for 32 s\r\n\x1b[201~")
    time.sleep(0.5)
    child.send("\r")
    child.expect("2 lines read")
    child.expect("1 log - 0 questions")
    child.sendeof()
    child.expect("This session is kept: kadvisor resume")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


@pytest.mark.parametrize(
    ("probe", "line", "value"),
    [
        ("sysctl-panic", "kernel.panic = 10", 10),
        ("sysctl-hung-task-panic", "10", True),
        ("sysctl-panic-on-oops", "kernel.panic_on_oops = 0", False),
        ("swap-free", "SwapFree:         104448 kB", 104448 << 10),
        ("kernel-version", "Linux web-07 6.1.0-18-amd64 #1 SMP PREEMPT_DYNAMIC x86_64 GNU/Linux", "6.1.0-18-amd64"),
        ("kdump-reserved", "kdump: Reserved 256MB memory for crash kernel", 256 << 20),
        ("kdump-tool-status", "kdump: Kdump is not operational", False),
        ("cpu-sockets", "Socket(s):           2", 2),
    ],
)
def test_one_line_of_output_is_read(real: Conversation, said: list[str], probe: str, line: str, value: object) -> None:
    real.take("soft lockup on CPU 3")
    ask(real, probe)
    real.take(line)
    assert "Take it?" in said[-1]
    real.take("yes")
    assert real.session.steps[-1].value == value


@pytest.mark.parametrize(
    ("probe", "line"), [("sysctl-panic", "10"), ("hardware-vendor", "Dell Inc."), ("cpu-count", "16")]
)
def test_a_plain_answer_is_taken_as_it_stands(real: Conversation, said: list[str], probe: str, line: str) -> None:
    real.take("soft lockup on CPU 3")
    ask(real, probe)
    real.take(line)
    assert str(real.session.steps[-1].value) == line


def test_what_pasted_lines_lack_is_no_answer(real: Conversation, said: list[str]) -> None:
    """Lines that nothing shows to be the command's output answer only with what stands in them."""
    real.take("soft lockup on CPU 3")
    ask(real, "storage-paths")
    real.take("sda: nothing\nof that kind\n")
    assert "no answer to the question" in said[-1]
    real.take("# dmsetup status --target multipath\nmpatha: 0 2097 multipath 2 0 0 0 1 1 A 0 1 2 8:16 A 0 0 1\n")
    assert "storage.paths_lost = 0" in said[-1]


def test_another_setting_is_no_answer(real: Conversation, said: list[str]) -> None:
    real.take("soft lockup on CPU 3")
    ask(real, "sysctl-panic-on-oops")
    real.take("kernel.panic = 1")
    assert "does not fit" in said[-1]
