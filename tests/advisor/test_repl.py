"""The interactive advisor: in a real terminal (a pseudo-terminal and its screen), and fed by a pipe."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cases import LOGS, SMALL
from screen import Terminal

from advisor.repl.commands import Conversation
from advisor.repl.complete import candidates
from advisor.work import Work

COMMAND = ["-m", "advisor", "--kb", str(SMALL), "--engine", "evaluator"]
STALLS = str(LOGS / "stalls.log")


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    one = Terminal(COMMAND)
    yield one
    one.child.close(force=True)


def number(work_text: str, says: str) -> str:
    """The number of a symptom on the screen."""
    match = re.search(rf"(\d+)  {re.escape(says)}", work_text)
    assert match is not None
    return match[1]


def test_a_conversation_in_a_terminal(terminal: Terminal) -> None:
    start = terminal.wait(r"kadvisor>\Z")
    assert "Load a log or host.yaml" in start
    stalls = number(start, "The disk stopped answering")

    out = terminal.say(stalls, r"Question: ")
    assert "cable-loose: up from 1 % to" in out
    assert "kadvisor [cable-loose 67 %]>" in out
    assert "How many years old is the cable?" in out
    out = terminal.say("why", "bits for 1 min")
    assert "raises cable-loose" in out
    out = terminal.say("old", "does not fit")
    assert "hardware.cable_age" in out
    out = terminal.say("9", "cable-loose: up from")
    out = terminal.say("how", "in all, in decibans")
    assert "the cable is 9 years old" in out
    out = terminal.say("undo", "undone: answer cable-age = 9")
    assert "How many years old is the cable?" in out
    out = terminal.say("redo", "done again: answer cable-age = 9")
    terminal.say("undo", "undone")
    out = terminal.say("skip", r"Question: |What happened")
    assert "How many years" not in out.partition("skip")[2]
    out = terminal.say("verdict", "What happened")
    assert "Why cable-loose, 67 %" in out
    out = terminal.say("what-if hardware.cable_age=0", "cable-loose: from 67 %")
    out = terminal.say("nonsense words", "no command|does not fit")

    terminal.child.sendintr()
    terminal.wait(r"Ctrl-D or quit leaves")
    terminal.child.send("half a line")
    terminal.wait("half a line")
    terminal.child.sendintr()
    terminal.wait(r"half a line[^\n]*\n(?s:.*)Ctrl-D or quit leaves")
    terminal.child.sendeof()
    terminal.end()
    assert terminal.child.exitstatus == 0
    assert "Traceback" not in terminal.text()


def test_leaving_at_once(terminal: Terminal) -> None:
    terminal.wait(r"kadvisor>\Z")
    terminal.child.sendeof()
    terminal.end()
    assert terminal.child.exitstatus == 0


def test_loading_a_log_in_a_terminal(terminal: Terminal, tmp_path: Path) -> None:
    terminal.wait(r"kadvisor>\Z")
    out = terminal.say("load /no/such.log", "does not exist")
    path = tmp_path / "two words.log"
    path.write_text(Path(STALLS).read_text().replace("sda", "sd\x1b[31mx"))
    out = terminal.say(f"load '{path}'", "lines read")
    out = terminal.say(f"load {STALLS}", "3 lines read, ")
    assert "Disk sda stalled" in out
    out = terminal.say("timeline", "line 1 ")
    out = terminal.say("causes", "something else")
    assert "cable-loose" in out
    out = terminal.say("facts", r"log\.\w+ = ")
    terminal.child.send("quit\r")
    terminal.end()
    assert terminal.child.exitstatus == 0


def test_completion_in_a_terminal(terminal: Terminal) -> None:
    terminal.wait(r"kadvisor>\Z")
    terminal.child.send("why-not disk-worn-c\t")
    terminal.wait(r"why-not disk-worn-cheap")
    terminal.child.send("\r")
    terminal.wait(r"A cheap disk is worn \(disk-worn-cheap\): not shown")


def test_a_paste_of_five_thousand_lines(terminal: Terminal) -> None:
    terminal.wait(r"kadvisor>\Z")
    lines = [f"[ {second:5d}.000000] eth0: link is up, {second} packets" for second in range(4999)]
    terminal.paste("\n".join([*lines[:2500], "[ 2500.500000] sda stalls for 33 s", *lines[2500:]]) + "\n")
    terminal.child.send("\r")
    out = terminal.wait(r"(?s)5000 lines read, 1 event\..*\nkadvisor \[[^\n]*>\Z")
    assert re.search(r"line 2501 .*Disk sda stalled", out)


def test_a_new_width(terminal: Terminal) -> None:
    terminal.wait(r"kadvisor>\Z")
    terminal.say(f"load {STALLS}", "3 lines read, 3 events")
    terminal.resize(50)
    terminal.child.send("half")
    terminal.wait(r"kadvisor[^\n]*> half\Z")
    terminal.child.send("\x15")
    out = terminal.say("verdict", "What happened")
    out = out.partition("What happened")[2]
    assert max(len(line) for line in out.splitlines() if not line.lstrip().startswith("$")) <= 50


# fed by a pipe


def piped(text: str | bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    data = text.encode() if isinstance(text, str) else text
    return subprocess.run(
        [sys.executable, *COMMAND, *arguments], input=data, capture_output=True, timeout=30, check=False
    )


def test_piped_input() -> None:
    done = piped(f"load {STALLS}\n9\nno\n")
    out = done.stdout.decode()
    assert done.returncode == 0
    assert done.stderr == b""
    assert "3 lines read" in out
    assert out.count("What happened") == 1  # the verdict at the end, once
    assert "the cable is 9 years old" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    "text", [b"", b"\n\n", b"quit\n", b"\xff\xfe\x00\n", b"x" * 200_000, b"undo\nredo\nskip\nwhy\nhow\nwhat-if\n"]
)
def test_piped_nonsense(text: bytes) -> None:
    done = piped(text)
    assert done.returncode == 0
    assert done.stderr == b""


def test_no_standard_input() -> None:
    done = subprocess.run(
        f'"{sys.executable}" -m advisor <&-', shell=True, capture_output=True, timeout=30, check=False, text=True
    )
    assert done.returncode == 0
    assert done.stderr == ""


# without a terminal: what single commands say


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def talk(work: Work, said: list[str]) -> Conversation:
    return Conversation(work, said.append, lambda: 100, False)


def test_choices_of_a_question(talk: Conversation) -> None:
    talk.question = {"learns": "hardware.worn", "options": [], "words": []}
    assert talk.choices() == ["yes", "no", "unknown"]
    talk.question = {"learns": "hardware.batch", "options": [], "words": []}
    assert talk.choices() == ["old", "new", "unknown"]
    talk.question = {"learns": "hardware.cable_age", "options": [], "words": []}
    assert talk.choices() == []


def test_an_answer_by_number(talk: Conversation, said: list[str]) -> None:
    talk.take(f"load {STALLS}")
    while talk.question is not None and talk.question["learns"] != "hardware.worn":
        talk.take("skip")
    if talk.question is None:
        pytest.fail("the question about wear did not come up")
    talk.take("1")
    assert talk.session.diagnosis.evidence.facts["hardware.worn"].value is True


def test_symptoms_by_number_and_by_words(talk: Conversation, said: list[str]) -> None:
    talk.start()
    talk.take("9999")
    assert said[-1] == "There is no choice 9999; symptoms lists them."
    talk.take("it stopped")
    assert "The disk stopped answering" in said[-1]
    talk.take("1")
    assert [step.action for step in talk.session.steps] == ["symptom"]


COMMANDS = (
    "why,skip,how,why-not,undo,redo,what-if,load,causes,facts,timeline,verdict,symptoms,help,why-not bogus,"
    "how bogus,WHY,what-if bogus=1,what-if hardware.worn=maybe,load ',load /x"
)


@pytest.mark.parametrize("command", COMMANDS.split(","))
def test_every_command_at_any_time(talk: Conversation, command: str) -> None:
    talk.take(command)
    talk.take("1")
    talk.take(command)
    assert not talk.over


def test_no_log_text_steers_the_terminal(talk: Conversation, said: list[str], tmp_path: Path) -> None:
    log = tmp_path / "evil\x1b[2J.log"
    log.write_text(
        "[   10.000000] core\x1b]0;x\x07\u202e too hot: \x9b2J\n[   12.000000] sda stalls for 31 s \x1b[31m\n"
    )
    for line in (
        f"load '{log}'",
        "timeline",
        "facts",
        "verdict",
        "how",
        "why",
        "\x1b[2J nonsense",
        "how \x1b",
        "load \x1b",
    ):
        talk.take(line)
    text = "".join(said)
    assert "Disk sda stalled" in text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)


def test_completion(talk: Conversation, tmp_path: Path) -> None:
    assert [word for word, _ in candidates("ver", talk)] == ["verdict"]
    assert sorted(word for word, _ in candidates("how disk-worn", talk)) == ["disk-worn", "disk-worn-cheap"]
    assert "hardware.worn=" in [word for word, _ in candidates("what-if hardware.w", talk)]
    (tmp_path / "a.log").write_text("")
    (tmp_path / "deep").mkdir()
    found = [word for word, _ in candidates(f"load {tmp_path}/", talk)]
    assert found == [f"{tmp_path}/a.log", f"{tmp_path}/deep/"]
    assert list(candidates("load /no/such/", talk)) == []
