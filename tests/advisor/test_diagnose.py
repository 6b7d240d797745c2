"""Derived facts: they chain, they never overwrite, every diagnosis starts anew."""

from __future__ import annotations

from cases import event, evidence, stall

from advisor.diagnose import Diagnostician, focus
from advisor.engine import engine
from facts.evidence import Known
from kb.cache import Base


def test_derivations_chain(doctor: Diagnostician) -> None:
    diagnosis = doctor.diagnose(evidence(stall(), hardware__label="M1"))
    facts = diagnosis.evidence.facts
    assert facts["hardware.model"] == Known("M1", "derived: label-names-model")
    assert facts["hardware.batch"] == Known("old", "derived: model-is-of-old-batch")
    assert facts["hardware.worn"] == Known(True, "derived: old-batches-wear")
    assert diagnosis.memory.facts["hardware.worn"] is True
    assert diagnosis.ranking.hypotheses[0].cause == "disk-worn"  # the ranking sees what was derived


def test_derivations_chain_with_the_best_engine(base: Base) -> None:
    facts = Diagnostician(base, engine()).diagnose(evidence(stall(), hardware__label="M1")).evidence.facts
    assert facts["hardware.worn"] == Known(True, "derived: old-batches-wear")


def test_a_known_fact_is_never_overwritten(doctor: Diagnostician) -> None:
    facts = doctor.diagnose(evidence(stall(), hardware__label="M1", hardware__worn=False)).evidence.facts
    assert facts["hardware.worn"] == Known(False, "test")
    facts = doctor.diagnose(evidence(stall(), hardware__label="M1", hardware__model="M2")).evidence.facts
    assert facts["hardware.model"] == Known("M2", "test")
    assert "hardware.batch" not in facts


def test_a_copy_that_does_not_fit_is_left_out(base: Base) -> None:
    other = Diagnostician(base)
    other.derivations = list(other.derivations)
    entry = {**base.derivations[2], "copies": {"hardware.spare": "hardware.label"}}
    changed = Base({name: getattr(base, name) for name in Base.__slots__})
    changed.derivations = [*base.derivations[:2], entry]
    facts = Diagnostician(changed).diagnose(evidence(hardware__label="no size")).evidence.facts
    assert "hardware.spare" not in facts
    facts = Diagnostician(changed).diagnose(evidence(hardware__label="4K")).evidence.facts
    assert facts["hardware.spare"].value == 4096


def test_added_facts_override_and_nothing_stays(doctor: Diagnostician) -> None:
    given = evidence(stall(), hardware__worn=False)
    other = doctor.diagnose(given, {"hardware.worn": Known(True, "answer")})
    assert other.evidence.facts["hardware.worn"] == Known(True, "answer")
    assert given.facts["hardware.worn"] == Known(False, "test")
    again = doctor.diagnose(given)
    assert again.memory.facts["hardware.worn"] is False
    assert again.ranking == doctor.diagnose(given).ranking != other.ranking


def test_focus() -> None:
    heat, note = event("heat", 1, "root", "problem"), event("note", 2, "consequence", "context")
    caught = event("disk-stall", 3, "consequence", capture=True)
    cut = event("truncated-log", 4, "consequence")
    assert focus([heat, note, caught, cut, stall(5, "consequence"), stall(6, "consequence")], 0) == {0, 4}
    assert focus([stall(1), stall(2, "consequence")], 0) == {0}
    assert focus([note], None) == set()
