"""Ranking: aspects, the open hypothesis, families, facets, status, and the texts of findings."""

from __future__ import annotations

import pytest
from cases import event, evidence, stall

from advisor.diagnose import Diagnostician
from advisor.engine import Firing, Memory
from advisor.rank import OPEN, Hypothesis, Ranking, fill
from advisor.verdict import verdict
from facts.evidence import Evidence


def rank(doctor: Diagnostician, of: Evidence) -> Ranking:
    return doctor.diagnose(of).ranking


def named(ranking: Ranking, cause: str) -> Hypothesis | None:
    return next((h for h in ranking.hypotheses if h.cause == cause), None)


def some(ranking: Ranking, cause: str) -> Hypothesis:
    found = named(ranking, cause)
    assert found is not None
    return found


def share(*scores: int) -> list[float]:
    """Probabilities of competing scores against the open hypothesis."""
    masses = [10 ** (score / 10) for score in scores]
    return [mass / (OPEN + sum(masses)) for mass in masses]


def test_prior_and_weights_add_up_against_something_else(doctor: Diagnostician) -> None:
    ranking = rank(doctor, evidence(stall(), hardware__cable_age=7))
    loose = some(ranking, "cable-loose")
    assert loose.score == -10 + 10 + 10
    assert loose.probability == pytest.approx(share(10)[0])
    assert ranking.open == pytest.approx(1 - loose.probability)
    assert [(f.id, f.says, f.events, f.facts) for f in loose.findings] == [
        ("stalled", "sda stalled for 30 s", (0,), ()),
        ("old-cable", "the cable is 7 years old", (), ("hardware.cable_age",)),
    ]


def test_evidence_against_is_subtracted(doctor: Diagnostician) -> None:
    loose = some(rank(doctor, evidence(stall(), hardware__cable_age=0)), "cable-loose")
    assert loose.score == -10 + 10 - 10
    assert {f.id: f.weight for f in loose.findings}["new-cable"] == -10


def test_unknown_facts_say_nothing(doctor: Diagnostician) -> None:
    assert some(rank(doctor, evidence(stall())), "cable-loose").score == 0


def test_of_an_aspect_only_the_strongest_counts(doctor: Diagnostician) -> None:
    worn = some(rank(doctor, evidence(stall(count=4))), "disk-worn")
    assert {f.id: f.counted for f in worn.findings} == {"three": True, "two": False}
    assert worn.score == -5 + 10
    assert worn.findings[0].says == "4 stalls"
    worn = some(rank(doctor, evidence(stall(count=2))), "disk-worn")
    assert {f.id: f.counted for f in worn.findings} == {"two": True}
    assert worn.score == -5 + 5


def test_causes_compete_with_each_other_and_the_unknown(doctor: Diagnostician) -> None:
    ranking = rank(doctor, evidence(stall(count=3), hardware__cable_age=5))
    loose, worn = share(10, 5)
    assert [h.cause for h in ranking.mechanisms()] == ["cable-loose", "disk-worn"]
    assert [h.probability for h in ranking.mechanisms()] == pytest.approx([loose, worn])
    assert ranking.open + loose + worn == pytest.approx(1)


def test_a_cause_without_positive_findings_is_left_out(doctor: Diagnostician) -> None:
    ranking = rank(doctor, evidence(stall(), hardware__worn=False))
    assert named(ranking, "disk-worn") is None


def test_a_special_case_shares_its_parents_mass(doctor: Diagnostician) -> None:
    ranking = rank(doctor, evidence(stall(), hardware__worn=True, hardware__vendor="Cheap & Co"))
    special, parent = some(ranking, "disk-worn-cheap"), some(ranking, "disk-worn")
    assert ranking.mechanisms()[0].cause == "disk-worn-cheap"
    assert (special.score, parent.score) == (15, 15)
    loose = some(ranking, "cable-loose").probability
    # the family has the mass of its best member, not the sum; within it the special case takes nine tenths
    assert [special.probability + parent.probability, loose] == pytest.approx(share(15, 0))
    assert special.probability / parent.probability == pytest.approx(9)


def test_what_does_not_explain_the_root_event_cannot_win(doctor: Diagnostician) -> None:
    ranking = rank(doctor, evidence(event("heat", 1, "precursor", "problem"), stall(2)))
    assert named(ranking, "heat-wave") is None
    assert some(rank(doctor, evidence(event("heat", 1, "root", "problem"))), "heat-wave").score == 10


def test_a_failure_that_a_problem_led_to_counts_as_root_too(doctor: Diagnostician) -> None:
    ranking = rank(doctor, evidence(event("heat", 1, "root", "problem"), stall(2, "consequence")))
    assert named(ranking, "heat-wave")
    assert some(ranking, "cable-loose").score == 0


def test_facets_stand_beside_with_their_own_probability(doctor: Diagnostician) -> None:
    alone = rank(doctor, evidence(stall(), hardware__cable_age=7))
    ranking = rank(doctor, evidence(stall(module="evil"), hardware__cable_age=7, kdump__loaded=False))
    assert ranking.mechanisms() == [h._replace(findings=h.findings) for h in alone.mechanisms()]
    assert [(h.cause, h.facet) for h in ranking.hypotheses[1:]] == [("evil-module", "owner"), ("no-dump", "readiness")]
    assert [h.probability for h in ranking.hypotheses[1:]] == [pytest.approx(10 / 11)] * 2


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"hardware__worn": True}, "diagnosed"),  # 15 decibans
        ({"hardware__cable_age": 7}, "diagnosed"),  # 10
        ({"hardware__cable_age": 0}, "undetermined"),
        ({}, "likely"),  # 0 decibans, 0.67
    ],
)
def test_status(doctor: Diagnostician, facts: dict[str, bool | int], status: str) -> None:
    assert rank(doctor, evidence(stall(), **facts)).status == status


def test_status_likely(doctor: Diagnostician) -> None:
    ranking = rank(doctor, evidence(stall(count=3)))  # 5 and 0 decibans
    assert ranking.mechanisms()[0].probability == pytest.approx(share(5, 0)[0])
    assert ranking.status == "likely"


def test_two_equal_causes_are_no_diagnosis(doctor: Diagnostician) -> None:
    ranking = rank(doctor, evidence(stall(count=3), hardware__worn=True, hardware__cable_age=9))
    assert [h.score for h in ranking.mechanisms()] == [25, 10]
    assert ranking.status == "diagnosed"
    ranking = rank(doctor, evidence(stall(count=3), hardware__cable_age=9))
    assert [h.score for h in ranking.mechanisms()] == [10, 5]
    assert ranking.status == "likely"


def test_nothing_failed(doctor: Diagnostician) -> None:
    assert rank(doctor, evidence(event("note"))).status == "no-failure"
    assert rank(doctor, evidence(kdump__loaded=False)).status == "no-failure"


def test_an_unexplained_failure_is_undetermined(doctor: Diagnostician) -> None:
    ranking = rank(doctor, evidence(event("panic", 1, "root", "end")))
    assert (ranking.status, ranking.open) == ("undetermined", 1.0)


def test_a_risk_takes_the_place_where_no_mechanism_is_known(doctor: Diagnostician) -> None:
    ranking = rank(doctor, evidence(event("heat", 1), event("panic", 2, "root", "end")))
    assert [h.cause for h in ranking.hypotheses] == ["heat-coming"]
    assert ranking.hypotheses[0].probability == pytest.approx(10 / 11)
    assert ranking.status == "diagnosed"


def test_an_owner_does_so_where_the_root_is_no_failure_by_itself(doctor: Diagnostician) -> None:
    shown = evidence(event("note", 1, "root", "context", module="evil"))
    assert [h.cause for h in rank(doctor, shown).hypotheses] == ["evil-module"]
    assert rank(doctor, shown).status == "diagnosed"
    summary = verdict(doctor.base, doctor.diagnose(shown))["summary"]
    assert summary == "note in module evil: most probably the module evil takes part (91 %)."
    failed = evidence(event("disk-stall", 1, "root", device="sda", module="evil"))
    assert some(rank(doctor, failed), "evil-module").probability == pytest.approx(10 / 11)
    assert rank(doctor, failed).status == "likely"  # as its mechanism is


def test_fill() -> None:
    memory = Memory(
        [
            {"kind": "x", "count": 2, "device": "sda", "trace": ("a", "b")},
            {"kind": "x", "count": 1, "device": "sdb", "cpu": 3},
        ],
        {"hardware.ecc": False, "kernel.livepatch": ("one", "two")},
    )
    both = Firing(0, (0, 1), ("hardware.ecc",))
    assert fill("{device} {cpu} {count} {trace} {value}", memory, both) == "sda 3 3 a, b false"
    assert fill("{nothing} {kernel.livepatch}", memory, Firing(0, (), ("kernel.livepatch",))) == "not shown one, two"
    assert fill("plain", memory, both) == "plain"
    assert fill("open { brace", memory, both) == "open { brace"
    assert fill("{value}", memory, Firing(0, (), ("kdump.loaded",))) == "None"


def test_text_of_a_log_is_not_filled_again(doctor: Diagnostician) -> None:
    says = some(rank(doctor, evidence(stall(device="{seconds}"))), "cable-loose").findings[0].says
    assert says == "{seconds} stalled for 30 s"
