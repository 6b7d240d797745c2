"""The dialogue with simulated people (tests/advisor/simulate.py): lower bounds, on a quarter of the incidents."""

from __future__ import annotations

from zlib import crc32

import simulate
from simulate import Figures, figures, fitting, talk

from advisor.session import QUESTIONS
from advisor.work import Work


def measured(work: Work, **how: bool | int) -> Figures:
    some = [i for i in simulate.cases(work) if crc32(i.id.encode()) % 4 == 2]  # the same ones when others are added
    return figures([talk(work, incident, **how) for incident in some])  # type: ignore[arg-type]


def test_without_the_log(built_in: Work) -> None:
    found = measured(built_in)
    assert found.cases > 20
    assert found.most <= QUESTIONS
    assert found.first >= 0.85
    assert found.three >= 0.90
    assert found.mean <= 6


def test_one_wrong_answer_in_five_does_little_harm(built_in: Work) -> None:
    assert measured(built_in, wrong=simulate.WRONG_EVERY).three >= 0.82


def test_with_the_log(built_in: Work) -> None:
    found = measured(built_in, log=True)
    assert found.first >= 0.93
    assert found.mean <= 2.5


def test_no_fact_is_asked_for_twice(built_in: Work) -> None:
    from advisor.session import Session

    session = Session(built_in)
    session.symptom("soft-lockup")
    facts = []
    while (question := session.question()) is not None:
        facts.append(question["learns"])
        session.skip(question["probe"])
    assert len(facts) == len(set(facts)) <= QUESTIONS
    session.limit += 5
    assert len(facts) < QUESTIONS or session.question() is not None


def test_the_command_line_is_asked_for_where_a_parameter_decides(built_in: Work) -> None:
    from advisor.session import Session

    session = Session(built_in)
    session.symptom("no-boot")
    session.fact("message.problem", "cannot-open")
    asked = []
    while (question := session.question()) is not None and question["learns"] != "kernel.cmdline":
        asked.append(question["learns"])
        session.skip(question["probe"])
    assert question is not None, asked
    session.answer(question["probe"], "BOOT_IMAGE=/vmlinuz ro console=ttyS0")  # no root=
    assert session.diagnosis.ranking.mechanisms()[0].cause == "boot-parameter-error"
    assert session.diagnosis.memory.facts["kernel.cmdline.console"] == "ttyS0"


def test_values_that_fulfil_tests() -> None:
    assert fitting("is", True) is True
    assert fitting("below", 5) == 4
    assert fitting("above", 5) == 6
    assert fitting("in", ["a", "b"]) == "a"
    assert fitting("not", 5) is None
