"""The next question: the probe with the largest expected gain of information per cost.

For every fact that would decide evidence of a leading cause, each answer that matters is tried on the ranking of those
causes; the gain is the expected loss of entropy, in bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log2
from typing import Any

from advisor.diagnose import Diagnosis
from advisor.engine import Memory
from advisor.engine.evaluator import Evaluator
from advisor.rank import Ranking, rank, rules
from facts.records import Value
from kb.cache import Base

LEADING = 8  # causes whose evidence is looked at
OFFERED = 3
MINIMUM = 0.01  # bits; less is not worth a question
_ASKED_NOT = ("log.", "kernel.cmdline.")
_RISK_PRICE = {"none": 1.0, "low": 2.0, "disruptive": 25.0}


def next_probes(
    base: Base, diagnosis: Diagnosis, passed: Iterable[str] = (), number: int = OFFERED
) -> list[dict[str, Any]]:
    """The best probes: [{probe, ask, gain (bits), cost (minutes), ...}], best first.  `passed` ones are left out."""
    skip = set(passed)
    causes = _leading(diagnosis)
    offers = []
    if causes:
        gains = _gains(base, diagnosis, causes)
        for name, probe in base.probes.items():
            gain = gains.get(probe["learns"], 0.0)
            if name not in skip and gain >= MINIMUM and probe["learns"] not in diagnosis.memory.facts:
                worth = gain / (probe["cost"] * _RISK_PRICE[probe["risk"]]) ** 0.5
                offers.append((probe["risk"] == "disruptive", -worth, name, gain))
    offers.sort()
    out: list[dict[str, Any]] = []
    learnt: set[str] = set()
    for _, _, name, gain in offers:
        fact = base.probes[name]["learns"]
        if fact not in learnt:
            learnt.add(fact)
            out.append(_offer(base, name, gain))
    for cause in causes:
        for name in base.causes[cause]["verify"]:
            if name in base.probes and name not in skip and not any(o["probe"] == name for o in out):
                learns = base.probes[name]["learns"]
                if learns and learns in diagnosis.memory.facts:
                    continue
                out.append(_offer(base, name, 0.0))
        if len(out) >= number:
            break
    return out[:number]


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


def _leading(diagnosis: Diagnosis) -> list[str]:
    hypotheses = [h for h in diagnosis.ranking.hypotheses if h.probability >= 0.02]
    mechanisms = [h.cause for h in hypotheses if h.facet == "mechanism"][:LEADING]
    return mechanisms + [h.cause for h in hypotheses if h.facet != "mechanism" and 0.1 <= h.probability < 0.9][:3]


def _gains(base: Base, diagnosis: Diagnosis, causes: Sequence[str]) -> dict[str, float]:
    """Fact -> expected gain in bits, over the unknown facts that evidence of the causes tests."""
    wanted: dict[str, set[tuple[str, Value]]] = {}
    for cause in causes:
        for evidence in base.causes[cause]["evidence"]:
            for clause in evidence["clauses"]:
                for literal in clause:
                    leaf = base.leaves[literal if literal >= 0 else ~literal]
                    if leaf[0] == "fact" and leaf[1] not in diagnosis.memory.facts:
                        if not leaf[1].startswith(_ASKED_NOT):
                            wanted.setdefault(leaf[1], set()).update(_answers(leaf[2], leaf[3]))
    some, origin = rules(base, causes)
    engine = Evaluator()

    def ranking(facts: dict[str, Value]) -> Ranking:
        memory = Memory(diagnosis.memory.events, facts)
        return rank(base, memory, origin, engine.run(base.leaves, some, memory), texts=False)

    now = ranking(diagnosis.memory.facts)
    before = _entropy(now)
    gains = {}
    for fact, answers in wanted.items():
        outcomes = [ranking({**diagnosis.memory.facts, fact: value}) for _, value in sorted(answers, key=repr)]
        if outcomes:
            gains[fact] = _expected(now, before, outcomes)
    return gains


def _answers(op: str, wanted: Any) -> list[tuple[str, Value]]:
    """Answers that decide a test of a fact: one that fulfils it and one that does not."""
    values = list(wanted) if isinstance(wanted, list) else [wanted]
    if op in ("known", "unknown"):
        return []
    if isinstance(values[0], bool):
        return [("yes", True), ("no", False)]
    if op in ("at-least", "above", "at-most", "below"):
        return [("low", values[0] - 1), ("high", values[0] + 1)]
    if op.startswith("contains"):
        return [("with", str(values[0])), ("without", "-")]
    return [("one", value) for value in values] + [("other", "-")]


def _expected(now: Ranking, before: float, outcomes: Sequence[Ranking]) -> float:
    """Expected loss of entropy; an answer is as likely as the present belief in the causes that it would raise."""
    likelihoods = []
    for outcome in outcomes:
        old = {h.cause: h.score for h in now.hypotheses}
        ratio = now.open
        for h in outcome.hypotheses:
            change = h.score - old.get(h.cause, h.score)
            belief = next((o.probability for o in now.hypotheses if o.cause == h.cause), 0.01)
            ratio += belief * 10.0 ** (max(-20, min(20, change)) / 10)
        likelihoods.append(ratio)
    total = sum(likelihoods) or 1.0
    after = sum(weight / total * _entropy(outcome) for weight, outcome in zip(likelihoods, outcomes, strict=True))
    return max(0.0, before - after)


def _entropy(ranking: Ranking) -> float:
    shares = [h.probability for h in ranking.hypotheses if h.facet == "mechanism"] + [ranking.open]
    bits = -sum(p * log2(p) for p in shares if p > 0)
    for h in ranking.hypotheses:
        if h.facet != "mechanism" and 0 < h.probability < 1:
            p = h.probability
            bits -= 0.3 * (p * log2(p) + (1 - p) * log2(1 - p))
    return bits
