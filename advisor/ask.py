"""The next question: the probe with the largest expected gain of information per cost.

The gain of a fact is its mutual information with the hypotheses, in bits: how much the answer is expected to tell.
Hypotheses are the causes that could explain the root event - those that nothing speaks for yet, too - and "something
else".  How likely a cause makes an answer follows from the weights of its evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log2
from typing import Any

from advisor.diagnose import Diagnosis
from advisor.engine.evaluator import Matcher, holds
from advisor.rank import AHEAD, DIAGNOSED, focus_kinds
from facts.records import Value
from kb.cache import Base

CANDIDATES = 30  # hypotheses that are looked at
OFFERED = 3
MINIMUM = 0.03  # bits; less is not worth a step of its own
WORTH_ASKING = 0.006  # bits; in a conversation, where a question costs little, while the cause is not settled
TELLING = 0.25  # share of machines that give an answer which raises some cause, where nothing else is known
FREE_TEXT = 10.0  # an answer in free words or a pasted list costs so many times a choice or a number
BESIDE = 0.015  # what a bit about readiness is worth against a bit about the mechanism, unless a dump is asked for
_ASKED_NOT = ("log.", "kernel.cmdline.")
_PRICE = {"none": 1.0, "low": 2.0, "disruptive": 25.0}


def next_probes(
    base: Base,
    diagnosis: Diagnosis,
    passed: Iterable[str] = (),
    number: int = OFFERED,
    least: float = MINIMUM,
) -> list[dict[str, Any]]:
    """The best probes: [{probe, ask, gain (bits), cost, ...}], best first.  `passed` ones are left out, and those
    that tell less than `least`."""
    skip = set(passed)
    known = diagnosis.memory.facts
    gains = _Hypotheses(base, diagnosis).gains()
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
            out.append(_offer(base, name, gain))
    for name in _verification(base, diagnosis):
        if len(out) >= number:
            break
        if name not in skip and _sensible(base.probes[name], matcher) and all(offer["probe"] != name for offer in out):
            out.append(_offer(base, name, 0.0))
    return out[:number]


def _effort(base: Base, fact: str) -> float:
    """How much more work it is to give the answer than to say yes or no."""
    group, _, name = fact.partition(".")
    return FREE_TEXT if base.facts.get(group, {}).get(name) in ("text", "list") else 1.0


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


def _offer(base: Base, name: str, gain: float) -> dict[str, Any]:
    probe = base.probes[name]
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
    }


class _Hypotheses:
    """Beliefs in the causes that a question could decide between."""

    def __init__(self, base: Base, diagnosis: Diagnosis) -> None:
        self.base = base
        self.memory = diagnosis.memory
        self.mechanisms = _candidates(base, diagnosis)
        self.beside = [name for name, cause in base.causes.items() if cause["facet"] == "readiness"]
        self.matcher = Matcher(base.leaves, self.memory)
        self.fired = {
            name: [self._fires(evidence["clauses"], "", "") for evidence in base.causes[name]["evidence"]]
            for name in self.mechanisms + self.beside
        }
        self.scores = {name: self._score(name, fired) for name, fired in self.fired.items()}
        odds = {name: 10.0 ** (min(self.scores[name], 300) / 10) for name in self.mechanisms}
        total = 1.0 + sum(odds.values())
        self.beliefs = {name: value / total for name, value in odds.items()}
        no_dump = self.memory.facts.get("kdump.newest_vmcore_complete") is False
        self.worth_beside = 1.0 if no_dump or not self.mechanisms else BESIDE

    def _fires(self, clauses: Sequence[Sequence[int]], fact: str, value: Value) -> bool:
        """Whether evidence fires, supposing that the fact had this value."""
        return any(all(self._holds(literal, fact, value) for literal in clause) for clause in clauses)

    def _holds(self, literal: int, fact: str, value: Value) -> bool:
        leaf = self.base.leaves[literal if literal >= 0 else ~literal]
        if leaf[0] == "fact" and leaf[1] == fact:
            return holds(leaf[2], value, leaf[3]) is (literal >= 0)
        return self.matcher.literal(literal) is not None

    def _score(self, name: str, fired: Sequence[bool]) -> int:
        cause = self.base.causes[name]
        strongest: dict[str, int] = {}
        for evidence, fires in zip(cause["evidence"], fired, strict=True):
            if fires:
                aspect = evidence["aspect"] or evidence["id"]
                if abs(evidence["weight"]) > abs(strongest.get(aspect, 0)):
                    strongest[aspect] = evidence["weight"]
        prior: int = cause["prior"]
        return prior + sum(strongest.values())

    def _supposed(self, name: str, concerned: Iterable[int], fact: str, value: Value) -> int:
        """The score of a cause, supposing that the fact had this value; `concerned`: its evidence that tests it."""
        fired = list(self.fired[name])
        for place in concerned:
            fired[place] = self._fires(self.base.causes[name]["evidence"][place]["clauses"], fact, value)
        return self._score(name, fired)

    def gains(self) -> dict[str, float]:
        """Fact -> expected gain in bits, over the unknown facts that evidence of the causes tests."""
        answers: dict[str, dict[Value, None]] = {}
        concerned: dict[str, dict[str, set[int]]] = {}  # fact -> cause -> places of its evidence
        for name in self.mechanisms + self.beside:
            for place, evidence in enumerate(self.base.causes[name]["evidence"]):
                for literal in {x for clause in evidence["clauses"] for x in clause}:
                    leaf = self.base.leaves[literal if literal >= 0 else ~literal]
                    fact = leaf[1]
                    if leaf[0] == "fact" and fact not in self.memory.facts and not fact.startswith(_ASKED_NOT):
                        answers.setdefault(fact, {}).update(dict.fromkeys(_answers(leaf[2], leaf[3])))
                        concerned.setdefault(fact, {}).setdefault(name, set()).add(place)
        return {fact: self._gain(fact, list(values), concerned[fact]) for fact, values in answers.items() if values}

    def _gain(self, fact: str, answers: Sequence[Value], concerned: dict[str, set[int]]) -> float:
        """Mutual information between the fact and the hypotheses."""
        moved = [
            {name: self._supposed(name, places, fact, value) - self.scores[name] for name, places in concerned.items()}
            for value in answers
        ]
        shares = [TELLING if any(change > 0 for change in moves.values()) else 1 - TELLING for moves in moved]
        usual = _shares(shares)
        likely = {
            name: _shares(
                [s * 10.0 ** (max(-30, min(30, moves[name])) / 10) for s, moves in zip(shares, moved, strict=True)]
            )
            for name in concerned
        }
        mechanisms = [(self.beliefs[n], likely.get(n, usual)) for n in self.mechanisms]
        rest = max(0.0, 1.0 - sum(belief for belief, _ in mechanisms))
        gain = _information([*mechanisms, (rest, usual)]) if mechanisms else 0.0
        for name in concerned:
            if name not in self.beliefs:
                odds = 10.0 ** (max(-300, min(300, self.scores[name])) / 10)
                belief = odds / (1 + odds)
                gain += self.worth_beside * _information([(belief, likely[name]), (1 - belief, usual)])
        return gain


def _candidates(base: Base, diagnosis: Diagnosis) -> list[str]:
    """Mechanisms to tell apart: the ranked ones and, while none is diagnosed, others that explain the root event."""
    ranked = [h for h in diagnosis.ranking.mechanisms() if h.probability >= 0.02]
    names = [h.cause for h in ranked]
    settled = bool(ranked) and ranked[0].probability >= DIAGNOSED
    if len(ranked) > 1 and settled:
        settled = ranked[0].probability >= AHEAD * ranked[1].probability
    focus = focus_kinds(diagnosis.memory)
    if not settled and focus:
        others = [n for n, c in base.causes.items() if c["facet"] == "mechanism" and focus.intersection(c["explains"])]
        others.sort(key=lambda n: (-base.causes[n]["prior"], n))
        names += [n for n in others if n not in names]
    return names[:CANDIDATES]


def _answers(op: str, wanted: Any) -> list[Value]:
    """Answers that decide a test of a fact: one that fulfils it and one that does not."""
    values = list(wanted) if isinstance(wanted, list) else [wanted]
    if op in ("known", "unknown"):
        return []
    if isinstance(values[0], bool):
        return [True, False]
    if op in ("at-least", "above", "at-most", "below"):
        return [values[0] - 1, values[0] + 1]
    if op.startswith("contains"):
        return [str(values[0]), "-"]
    return [*values, "-"]


def _shares(weights: Sequence[float]) -> list[float]:
    total = sum(weights)
    return [weight / total for weight in weights]


def _information(hypotheses: Sequence[tuple[float, list[float]]]) -> float:
    """Bits that the answer tells about the hypotheses, given (belief, probability of each answer)."""
    gain = 0.0
    for number in range(len(hypotheses[0][1])):
        overall = sum(belief * answers[number] for belief, answers in hypotheses)
        for belief, answers in hypotheses:
            joint = belief * answers[number]
            if joint > 1e-12 and overall > 0:
                gain += joint * log2(answers[number] / overall)
    return max(0.0, gain)
