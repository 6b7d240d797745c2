"""Exercises: what is shown, how a verdict is judged, what is kept."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from screen import Terminal

from advisor.cli import main
from advisor.render.plain import Style
from advisor.train import Course, record
from advisor.train.exercise import Exercise
from advisor.work import Work
from kb.load import load
from kb.model import Incident, Knowledge
from kb.where import BUILT_IN

TIMER = "timer-of-a-queue-under-removal"


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load([BUILT_IN])


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def begin(built_in: Work, knowledge: Knowledge, said: list[str]) -> Callable[[str], Exercise]:
    def one(name: str) -> Exercise:
        incident = knowledge.incidents[name]
        exercise = Exercise(built_in, knowledge, incident, said.append, lambda: 100, Style(False))
        exercise.begin()
        return exercise

    return one


def test_the_right_cause_at_once(begin: Callable[[str], Exercise], said: list[str]) -> None:
    exercise = begin(TIMER)
    assert "pc : unmap_queue_timeout" in "\n".join(said)
    assert not any(TIMER in line or "workqueue" in line for line in said)  # nothing gives it away
    exercise.cause("workqueue-lifetime")
    assert exercise.grade == record.GRADES[0]
    assert any("The timer" in line or "the timer function" in line for line in said)


def test_a_wrong_cause_is_told_why(begin: Callable[[str], Exercise], said: list[str]) -> None:
    exercise = begin(TIMER)
    said.clear()
    exercise.cause("user-pointer-dereference")
    assert said[0].startswith("That is what this case is easily taken for.")
    assert len(said) > 1
    assert exercise.grade == ""
    exercise.cause("workqueue-lifetime")
    assert exercise.grade == record.GRADES[1]


def test_beside_the_failure_is_no_mechanism(begin: Callable[[str], Exercise], said: list[str]) -> None:
    exercise = begin("error-pointer-wrapped")
    exercise.cause("out-of-tree-module")
    assert said[-1].startswith("That is true as well")
    assert exercise.grade == ""


def test_a_relative_is_close(begin: Callable[[str], Exercise], said: list[str]) -> None:
    exercise = begin("delayed-work-without-queue")
    assert "use-after-free" not in exercise.incident.causes
    said.clear()
    exercise.cause("use-after-free")
    assert said[0].startswith("Close")


def test_words_offer_causes_and_a_number_chooses(begin: Callable[[str], Exercise], said: list[str]) -> None:
    exercise = begin(TIMER)
    said.clear()
    exercise.cause("timer outlived its object")
    offered = [line.split()[1].rstrip(":") for line in said if line.startswith("  ")]
    assert "workqueue-lifetime" in offered
    assert exercise.number(str(offered.index("workqueue-lifetime") + 1))
    assert exercise.grade
    assert not exercise.number("1")


def test_questions_cost_minutes(begin: Callable[[str], Exercise], said: list[str], knowledge: Knowledge) -> None:
    exercise = begin("volume-from-another-node-is-gone")
    fact = next(iter(exercise.incident.facts))
    assert not any(str(fact) in line for line in said)  # facts are told to those who ask
    for _ in range(12):
        said.clear()
        exercise.ask("")
        if not exercise.offered:
            break
        probe = next((p for p in exercise.offered if knowledge.probes[p].learns == fact), exercise.offered[0])
        exercise.ask(str(exercise.offered.index(probe) + 1))
        if probe and knowledge.probes[probe].learns == fact:
            break
    assert f"  {fact} = yes" in said or f"  {fact} = true" in said
    assert exercise.minutes > 0


def test_hints_lead_to_the_end(begin: Callable[[str], Exercise], said: list[str]) -> None:
    exercise = begin(TIMER)
    for expected in ("It begins here", "One of these: ", "What decides: "):
        said.clear()
        exercise.hint("")
        assert said[0].startswith(expected)
    exercise.cause("workqueue-lifetime")
    assert exercise.grade == record.GRADES[1]


def test_nothing_failed(begin: Callable[[str], Exercise], knowledge: Knowledge, said: list[str]) -> None:
    quiet = next(i.id for i in knowledge.incidents.values() if not i.causes and not i.held_back)
    exercise = begin(quiet)
    exercise.cause("use-after-free")
    assert said[-1].startswith("Nothing failed here")
    exercise.cause("none")
    assert exercise.grade == record.GRADES[1]
    failed = begin(TIMER)
    failed.cause("none")
    assert said[-1].startswith("Something did fail")


def test_the_log_by_lines(begin: Callable[[str], Exercise], said: list[str]) -> None:
    exercise = begin(TIMER)
    said.clear()
    exercise.log("2 3")
    assert [line.split()[0] for line in said] == ["2", "3"]
    said.clear()
    exercise.find("pci_")
    assert said[-1] == "2 lines with 'pci_'"
    said.clear()
    exercise.log("900")
    assert len(said) == 1
    exercise.log("beginning")
    assert "needs line numbers" in said[-1]


def test_every_incident_can_be_an_exercise(built_in: Work, knowledge: Knowledge, said: list[str]) -> None:
    some = random.Random(5).sample([i for i in knowledge.incidents.values() if not i.held_back], 25)
    course = Course(built_in, knowledge, some, said.append, lambda: 80, Style(False))
    for _ in range(25):
        course.next("")
        for line in ("ask", "1", "hint", "solution"):
            course.take(line)
    assert len(course.results) == 25
    assert all(line.isprintable() for text in said for line in text.split("\n"))


def test_order_of_training(knowledge: Knowledge) -> None:
    incidents: list[Incident] = list(knowledge.incidents.values())[:6]
    names = [i.id for i in incidents]
    results = [
        record.Result(names[0], record.GRADES[0], 1, 0, 0, "2026-01-01"),
        record.Result(names[1], record.GRADES[2], 0, 3, 5, "2026-01-01"),
        record.Result(names[2], record.GRADES[1], 3, 1, 5, "2026-01-02"),
    ]
    order = [i.id for i in record.order(incidents, results, random.Random(1))]
    assert set(order[:3]) == set(names[3:])
    assert order[3:] == [names[1], names[2], names[0]]


def test_results_are_kept_and_damaged_lines_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    result = record.Result("x", record.GRADES[1], 2, 1, 6, "2026-11-27")
    record.keep(result, print)
    with open(record.path(), "a") as stream:
        stream.write('{"incident": 5}\nnot json\n[]\n' + json.dumps({**result._asdict(), "grade": "?"}) + "\n")
    record.keep(result._replace(incident="y"), print)
    assert [r.incident for r in record.read()] == ["x", "y"]
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    record.keep(result, print)
    assert "not kept" in capsys.readouterr().out
    assert record.read() == []


def test_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "no-such-incident"]) == 2
    assert "no exercise of this name" in capsys.readouterr().err
    assert main(["train", "--family", "kitchen"]) == 2
    assert "choose from boot" in capsys.readouterr().err
    assert main(["train", "--list"]) == 0
    assert "memory-access" in capsys.readouterr().out


def test_in_a_terminal() -> None:
    terminal = Terminal(["-m", "advisor", "train", TIMER], "train")
    try:
        terminal.wait(r"help lists the commands\.\ntrain>\Z")
        terminal.child.send("cause workqueue-l\t")
        terminal.wait("cause workqueue-lifetime")
        assert "Right." in terminal.say("", "next goes on")
        terminal.child.send("quit\r")
        assert "1 exercise: 1 at once" in terminal.end()
    finally:
        terminal.child.close(force=True)
