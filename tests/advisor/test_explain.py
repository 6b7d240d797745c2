"""how, why-not and why: in words, with weights, lines and facts."""

from __future__ import annotations

import pytest
from cases import event, evidence, stall

from advisor.ask import next_probes
from advisor.diagnose import Diagnosis, Diagnostician
from advisor.explain import describe, how, why, why_not
from kb.cache import Base


@pytest.fixture
def diagnosis(doctor: Diagnostician) -> Diagnosis:
    return doctor.diagnose(
        evidence(stall(12, count=3), event("heat", 3, "precursor", "problem"), hardware__cable_age=7)
    )


def test_how_shows_prior_findings_and_sum(base: Base, diagnosis: Diagnosis) -> None:
    lines = list(how(base, diagnosis, "cable-loose"))
    text = "\n".join(lines)
    assert lines[0].startswith("The cable is loose (cable-loose): ")
    assert "  -10  before any evidence" in lines
    assert "  +10  sda stalled for 30 s" in lines
    assert "line 12: disk-stall @12" in text
    assert "hardware.cable_age = 7 (test)" in text
    assert "A loose cable stalls." in text
    assert any(line.startswith("  +10  in all") for line in lines)


def test_how_shows_what_is_not_counted_and_not_seen(base: Base, diagnosis: Diagnosis) -> None:
    text = "\n".join(how(base, diagnosis, "disk-worn"))
    assert "+5  3 stalls  (not counted" in text
    assert "not seen, but would speak for it" in text
    unseen = text.partition("not seen")[2]
    assert "+20  the disk says it is worn" in unseen
    assert "stalls" not in unseen


def test_how_of_a_cause_that_did_not_show_is_why_not(base: Base, diagnosis: Diagnosis) -> None:
    assert list(how(base, diagnosis, "no-dump")) == list(why_not(base, diagnosis, "no-dump"))


def test_why_not_names_what_is_missing(base: Base, diagnosis: Diagnosis) -> None:
    text = "\n".join(why_not(base, diagnosis, "disk-worn-cheap"))
    assert "not shown" in text
    assert "+20  not found: the vendor is <value> (needs hardware.vendor contains cheap)" in text
    assert "(needs hardware.worn = true)" in "\n".join(why_not(base, diagnosis, "disk-worn"))


def test_why_not_names_what_speaks_against(base: Base, doctor: Diagnostician) -> None:
    diagnosis = doctor.diagnose(evidence(stall(), hardware__cable_age=0))
    text = "\n".join(why_not(base, diagnosis, "cable-loose"))
    assert "-10  speaks against it: the cable is new" in text
    assert "+10  speaks for it" in text


def test_why_not_of_a_cause_of_other_failures(base: Base, diagnosis: Diagnosis) -> None:
    assert "  it does not explain disk-stall; it could start with heat" in list(why_not(base, diagnosis, "heat-wave"))


def test_why_names_the_causes_that_an_answer_moves(base: Base, diagnosis: Diagnosis) -> None:
    question = next(o for o in next_probes(base, diagnosis, (), 9) if o["probe"] == "smart")
    text = "\n".join(why(base, diagnosis, question))
    assert "it tells hardware.worn" in text
    assert "= true raises disk-worn" in text
    assert "= false lowers disk-worn" in text
    assert "by 20 decibans: It knows." in text


def test_log_text_cannot_steer_the_terminal(base: Base, doctor: Diagnostician) -> None:
    hostile = stall(device="\x1b[2Jsda\u202e")
    hostile.text = "\x1b]0;owned\x07 stalls"
    text = "\n".join(how(base, doctor.diagnose(evidence(hostile, hardware__vendor="cheap\x9b1m")), "cable-loose"))
    text += "\n".join(how(base, doctor.diagnose(evidence(hostile, hardware__vendor="cheap\x9b1m")), "disk-worn-cheap"))
    assert "?[2Jsda?" in text
    assert not any(c in text for c in "\x1b\x07\x9b\u202e")


def test_describe() -> None:
    leaves = [
        ["event", ["oops", "panic"], True, [["module", "known", False], ["cpu", "at-least", 3]]],
        ["count", ["oops"], "", "at-least", 3],
        ["fact", "hardware.ecc", "is", True],
        ["pair", 0, 0, "cpu"],
        ["fact", "kernel.preempt", "in", ["full", "rt"]],
    ]
    base = Base({name: {} for name in Base.__slots__} | {"leaves": leaves})
    assert describe(base, 0) == "needs oops or panic as the root event with module unknown, cpu at least 3"
    assert describe(base, 1) == "needs at least 3 of oops"
    assert describe(base, 2) == "needs hardware.ecc = true"
    assert describe(base, 3) == "needs two events with the same cpu"
    assert describe(base, 4) == "needs kernel.preempt in full or rt"
    assert describe(base, ~1) == "there is at least 3 of oops"
