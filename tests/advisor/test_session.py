"""Conversations: answers, undo and redo, skipping, what-if, symptoms, loading."""

from __future__ import annotations

import pytest
from cases import evidence, stall

from advisor.session import Session
from advisor.work import Work
from facts.evidence import Known


def probability(session: Session, cause: str) -> float:
    return next((h.probability for h in session.diagnosis.ranking.hypotheses if h.cause == cause), 0.0)


@pytest.fixture
def session(work: Work) -> Session:
    return Session(work, evidence(stall(count=3)))


def test_an_answer_moves_the_belief_and_says_how(session: Session) -> None:
    before = probability(session, "cable-loose")
    moved = {c.cause: c for c in session.answer("cable-age", "9")}
    assert session.diagnosis.evidence.facts["hardware.cable_age"] == Known(9, "your answer")
    assert moved["cable-loose"].before == before
    assert moved["cable-loose"].after == probability(session, "cable-loose") > before
    assert moved["disk-worn"].after < moved["disk-worn"].before


def test_questions_end(session: Session) -> None:
    asked = []
    while (question := session.question()) is not None:
        asked.append(question["probe"])
        session.answer(question["probe"], "1" if question["probe"] == "cable-age" else "no")
    assert sorted(asked) == ["cable-age", "smart"]


def test_a_disruptive_question_is_not_asked(session: Session) -> None:
    session.answer("cable-age", "3")
    session.skip("smart")
    assert session.question() is None


def test_skip_and_unknown_teach_nothing(session: Session) -> None:
    before = session.diagnosis.ranking
    session.skip("cable-age")
    assert session.answer("smart", "unknown") == []
    assert [step.action for step in session.steps] == ["skip", "skip"]
    assert session.diagnosis.ranking == before
    assert session.question() is None


def test_an_answer_that_does_not_fit_changes_nothing(session: Session) -> None:
    with pytest.raises(ValueError, match=r"hardware\.cable_age"):
        session.answer("cable-age", "old")
    with pytest.raises(ValueError, match=r"hardware\.worm"):
        session.fact("hardware.worm", "yes")
    assert session.steps == []


def test_undo_and_redo(session: Session) -> None:
    start = session.diagnosis.ranking
    session.answer("cable-age", "9")
    one = session.diagnosis.ranking
    session.fact("hardware.worn", "yes")
    two = session.diagnosis.ranking
    step = session.undo()
    assert step is not None
    assert (step.action, step.name, step.value) == ("fact", "hardware.worn", True)
    assert session.diagnosis.ranking == one
    session.undo()
    assert session.diagnosis.ranking == start
    assert session.undo() is None
    session.redo()
    session.redo()
    assert session.diagnosis.ranking == two
    assert session.redo() is None


def test_an_undone_skip_is_asked_again(session: Session) -> None:
    question = session.question()
    assert question is not None
    session.skip(question["probe"])
    assert session.question() != question
    session.undo()
    assert session.question() == question


def test_a_new_step_forgets_what_was_undone(session: Session) -> None:
    session.answer("cable-age", "9")
    session.undo()
    session.skip("smart")
    assert session.redo() is None


def test_what_if_changes_nothing(session: Session) -> None:
    before = session.diagnosis
    moved = session.what_if("hardware.worn", "yes")
    assert {c.cause: c.after > c.before for c in moved}["disk-worn"]
    assert session.diagnosis is before
    assert session.steps == []
    assert "hardware.worn" not in session.diagnosis.evidence.facts
    assert [c for c in session.answer("smart", "yes") if c.cause == "disk-worn"] == [
        c for c in moved if c.cause == "disk-worn"
    ]
    with pytest.raises(ValueError, match=r"hardware\.cable_age"):
        session.what_if("hardware.cable_age", "many")


def test_symptoms_stand_for_events_and_facts(work: Work) -> None:
    session = Session(work)
    assert session.question() is None
    moved = session.symptom("stalls")
    assert session.evidence.root == 0
    assert session.evidence.events[0].line == 0
    assert "cable-loose" in [c.cause for c in moved]
    session.symptom("batch")
    assert session.diagnosis.evidence.facts["hardware.worn"].value is True
    session.undo()
    session.undo()
    assert session.evidence.events == []
    assert session.diagnosis.ranking.status == "no-failure"


def test_a_symptom_beside_a_log_is_no_second_root(session: Session) -> None:
    session.symptom("stalls")
    assert session.evidence.root == 0
    assert [e.role for e in session.evidence.events] == ["root", "context"]


def test_answers_survive_loading(work: Work) -> None:
    session = Session(work)
    session.fact("hardware.worn", "yes")
    session.load(evidence(stall(), hardware__worn=False))
    assert session.diagnosis.evidence.facts["hardware.worn"] == Known(True, "your answer")


def test_an_answer_counts_more_than_one_in_the_host_file(work: Work) -> None:
    session = Session(work, evidence(stall())._replace(answers={"smart": "no"}))
    assert session.diagnosis.evidence.facts["hardware.worn"] == Known(False, "answer to smart")
    session.answer("smart", "yes")
    assert session.diagnosis.evidence.facts["hardware.worn"] == Known(True, "your answer")
    assert [c.cause for c in session.what_if("hardware.worn", "no")]


def test_a_useless_answer_is_noted_once(work: Work) -> None:
    given = evidence(stall())._replace(answers={"no-such-probe": "1", "cable-age": "old", "look-at-cable": "yes"})
    session = Session(work, given)
    for _ in range(3):
        session.skip("smart")
        notes = session.verdict()["notes"]
    assert len(notes) == 3
    assert given.notes == []


def test_the_verdict_of_a_conversation(session: Session) -> None:
    session.answer("smart", "yes")
    verdict = session.verdict()
    assert verdict["status"] == "diagnosed"
    assert verdict["causes"][0]["id"] == "disk-worn"
    assert verdict["facts"]["hardware.worn"] == {"value": True, "from": "your answer"}
