"""The next question: the probe with the largest expected gain of information per cost.

The gain of a fact is its mutual information with the hypotheses (advisor/gain.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from advisor.diagnose import Diagnosis
from advisor.engine.evaluator import Matcher
from advisor.gain import CMDLINE, Hypotheses
from facts.told import MESSAGE, OTHERS
from kb.cache import Base

OFFERED = 3
MINIMUM = 0.03  # bits; less is not worth a step of its own
SETTLED = 0.1  # bits; a smaller gain is not worth a step once the cause is diagnosed
WORTH_ASKING = 0.006  # bits; in a conversation, where a question costs little, while the cause is not settled
FREE_TEXT = 10.0  # an answer in free words or a pasted list costs so many times a choice or a number
TYPED = 2.0  # the same for words that stand on the screen, and for the one line of the command line
MAX_WORDS = 16  # words that are offered as answers
_PRICE = {"none": 1.0, "low": 2.0, "disruptive": 25.0}


def next_probes(
    base: Base,
    diagnosis: Diagnosis,
    passed: Iterable[str] = (),
    number: int = OFFERED,
    least: float | None = None,
) -> list[dict[str, Any]]:
    """The best probes: [{probe, ask, gain (bits), cost, ...}], best first.  `passed` ones are left out, and those
    that tell less than `least`.  Probes that verify the leading causes fill up the number."""
    skip = set(passed)
    if least is None:
        least = SETTLED if settled(diagnosis) else MINIMUM
    known = diagnosis.memory.facts
    hypotheses = Hypotheses(base, diagnosis)
    gains = hypotheses.gains()
    matcher = Matcher(base.leaves, diagnosis.memory)
    offers = []
    for name, probe in base.probes.items():
        gain = gains.get(probe["learns"], 0.0)
        if name not in skip and gain >= least and probe["learns"] not in known and _sensible(probe, matcher):
            worth = gain / (probe["cost"] * _PRICE[probe["risk"]] * _effort(base, probe["learns"])) ** 0.5
            offers.append((probe["risk"] == "disruptive", -worth, name, gain))
    out: list[dict[str, Any]] = []
    learnt: set[str] = set()
    for _, _, name, gain in sorted(offers):
        fact = base.probes[name]["learns"]
        if fact not in learnt:
            learnt.add(fact)
            out.append(_offer(base, name, gain, hypotheses))
    for name in _verification(base, diagnosis):
        if len(out) >= number:
            break
        if name not in skip and _sensible(base.probes[name], matcher) and all(offer["probe"] != name for offer in out):
            out.append(_offer(base, name, 0.0, hypotheses))
    return out[:number]


def settled(diagnosis: Diagnosis) -> bool:
    """Whether a mechanism is diagnosed, so that only what could overturn it is worth a question."""
    return diagnosis.ranking.status == "diagnosed" and bool(diagnosis.ranking.mechanisms())


def _effort(base: Base, fact: str) -> float:
    """How much more work it is to give the answer than to say yes or no."""
    group, _, name = fact.partition(".")
    if base.facts.get(group, {}).get(name) not in ("text", "list"):
        return 1.0
    return TYPED if fact.startswith(MESSAGE) or fact in (OTHERS, CMDLINE) else FREE_TEXT


def _sensible(probe: dict[str, Any], matcher: Matcher) -> bool:
    """Whether the probe fits this machine, as far as is known (`only` in kb/probes)."""
    return all(matcher.clause(clause) is None for clause in probe["senseless"])


def _verification(base: Base, diagnosis: Diagnosis) -> list[str]:
    """Probes that verify the leading causes and whose answer is not known."""
    out = []
    for hypothesis in diagnosis.ranking.mechanisms()[:2]:
        for name in base.causes[hypothesis.cause]["verify"]:
            if name in base.probes and base.probes[name]["learns"] not in diagnosis.memory.facts:
                out.append(name)
    return out


def _offer(base: Base, name: str, gain: float, hypotheses: Hypotheses) -> dict[str, Any]:
    probe = base.probes[name]
    words = base.words.get(probe["learns"], {}).get(hypotheses.root_kind, [])
    return {
        "probe": name,
        "ask": probe["ask"],
        "gain": round(gain, 3),
        "cost": f"{probe['cost']} min" + ("" if probe["risk"] == "none" else f", {probe['risk']}"),
        "learns": probe["learns"] or None,
        "command": probe["command"],
        "place": probe["place"],
        "confirms": probe["confirms"],
        "refutes": probe["refutes"],
        "words": words if len(words) <= MAX_WORDS else [],
        "options": [[kind, *base.kinds[kind]] for kind in hypotheses.others] if probe["learns"] == OTHERS else [],
    }
