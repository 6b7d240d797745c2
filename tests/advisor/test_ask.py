"""The next question: worth its cost, disruptive ones last, none twice, nothing that is known."""

from __future__ import annotations

from typing import Any

from cases import event, evidence, stall

from advisor.ask import next_probes
from advisor.diagnose import Diagnostician
from facts.evidence import Evidence
from kb.cache import Base


def offers(base: Base, doctor: Diagnostician, of: Evidence, *passed: str, number: int = 10) -> list[dict[str, Any]]:
    return next_probes(base, doctor.diagnose(of), passed, number)


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [offer["probe"] for offer in found]


def test_facts_that_decide_come_first_then_steps_to_verify(base: Base, doctor: Diagnostician) -> None:
    found = offers(base, doctor, evidence(stall(count=3)))
    assert set(ids(found[:2])) == {"cable-age", "smart"}  # both decide between the two causes
    assert ids(found[2:]) == ["look-at-cable"]  # teaches no fact, but verifies cable-loose
    assert all(offer["gain"] > 0 for offer in found[:2])
    assert found[2]["gain"] == 0.0


def test_of_two_probes_for_one_fact_the_cheap_one(base: Base, doctor: Diagnostician) -> None:
    found = offers(base, doctor, evidence(stall(count=3)))
    assert "wear-test" not in ids(found)
    found = offers(base, doctor, evidence(stall(count=3)), "smart")
    assert "wear-test" in ids(found)
    offer = next(o for o in found if o["probe"] == "wear-test")
    assert offer["cost"] == "60 min, disruptive"


def test_disruptive_probes_come_after_all_others(base: Base, doctor: Diagnostician) -> None:
    found = offers(base, doctor, evidence(stall(count=3)), "smart")
    assert ids(found).index("wear-test") > ids(found).index("cable-age")


def test_what_is_known_is_not_asked(base: Base, doctor: Diagnostician) -> None:
    found = offers(base, doctor, evidence(stall(count=3), hardware__worn=True))
    assert not {"smart", "wear-test"}.intersection(ids(found))


def test_what_cannot_matter_is_not_asked(base: Base, doctor: Diagnostician) -> None:
    assert "batch" not in ids(offers(base, doctor, evidence(stall(count=3))))  # only derivations look at it
    assert offers(base, doctor, evidence(event("note"))) == []


def test_number_and_passed(base: Base, doctor: Diagnostician) -> None:
    assert len(offers(base, doctor, evidence(stall(count=3)), number=1)) == 1
    everything = ids(offers(base, doctor, evidence(stall(count=3))))
    assert offers(base, doctor, evidence(stall(count=3)), *everything, "wear-test") == []


def test_an_offer_says_all_that_is_needed(base: Base, doctor: Diagnostician) -> None:
    offer = next(o for o in offers(base, doctor, evidence(stall(count=3))) if o["probe"] == "smart")
    assert offer["command"] == ["smartctl", "-A", "/dev/disk one"]
    assert offer["learns"] == "hardware.worn"
    assert offer["ask"] == "Does the disk report that it is worn?"
    assert offer["cost"] == "1 min"
