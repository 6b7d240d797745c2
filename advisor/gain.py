"""How much the answer to a question is expected to tell: mutual information between a fact and the hypotheses, in bits.

How likely a cause makes an answer follows from the weights of its evidence.  An answer may be a host fact, an attribute
of a message that a person saw (`message.x`), or that another one was there too (`seen.others`; facts/told.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import log2
from typing import Any, NamedTuple

from advisor.diagnose import Diagnosis
from advisor.engine.evaluator import RELEASE_OPS, Matcher, fulfils, holds
from advisor.rank import AHEAD, DIAGNOSED, focus_kinds
from facts.records import Value
from facts.told import OTHERS
from kb.cache import Base

CANDIDATES = 60  # hypotheses that are looked at
TELLING = 0.25  # share of machines that give an answer which raises some cause, where nothing else is known
BESIDE = 0.015  # what a bit about readiness is worth against a bit about the mechanism, unless a dump is asked for
NOT_ASKED = ("log.", "kernel.upstream", "kernel.numbering")
CMDLINE = "kernel.cmdline"  # its parameters are told all at once
PRESENT = "?"  # some value of a parameter
RELEASES = {"kernel.upstream": "kernel.version"}  # follows from the answer for the other, a release as well
OLDEST = "2.6.0"  # a release before any that evidence names
NOTHING = "-"  # an answer that fulfils no test
OFFERED_KINDS = 8  # kinds of events that one question asks for
OFFERED_PARAMETERS = 4  # parameters that make the command line worth a question
_PARAMETER = CMDLINE + "."
_KIND = "seen."  # before the kind: whether such an event was there


class Supposition(NamedTuple):
    """A possible answer and what it would add to the working memory."""

    fact: str
    value: Value | None  # None: a parameter that the command line does not hold
    event: dict[str, Value] | None  # the further event, or the root event as it would be then; None: a mere fact


class Hypotheses:
    """Beliefs in the causes that a question could decide between: those that could explain the root event - also those
    that nothing speaks for yet - and "something else"."""

    def __init__(self, base: Base, diagnosis: Diagnosis) -> None:
        self.base = base
        self.memory = diagnosis.memory
        self.mechanisms = candidates(base, diagnosis)
        self.beside = [name for name, cause in base.causes.items() if cause["facet"] == "readiness"]
        self.matcher = Matcher(base.leaves, self.memory)
        self.told = told_root(diagnosis)
        self.kinds = {event["kind"] for event in self.memory.events}
        self.others: list[str] = []  # kinds of events that are worth asking for, when the gains were computed
        self.root_kind = str(self.memory.events[self.told]["kind"]) if self.told is not None else ""
        self.by_attribute: dict[str, list[str]] = {}
        for fact, names in base.tells.items():
            for name in names:
                self.by_attribute.setdefault(name, []).append(fact)
        self.fired = {
            name: [self._fires(evidence["clauses"], None) for evidence in base.causes[name]["evidence"]]
            for name in self.mechanisms + self.beside
        }
        self.scores = {name: self._score(name, fired) for name, fired in self.fired.items()}
        masses = self._masses()
        total = 1.0 + sum(masses.values())
        self.beliefs = {name: mass / total for name, mass in masses.items()}
        no_dump = self.memory.facts.get("kdump.newest_vmcore_complete") is False
        self.worth_beside = 1.0 if no_dump or not self.mechanisms else BESIDE

    # supposing
    def _fires(self, clauses: Sequence[Sequence[int]], answer: Supposition | None) -> bool:
        """Whether evidence fires, supposing this answer."""
        return any(all(self._holds(literal, answer) for literal in clause) for clause in clauses)

    def _holds(self, literal: int, answer: Supposition | None) -> bool:
        number = literal if literal >= 0 else ~literal
        leaf = self.base.leaves[number]
        if answer is not None:
            if leaf[0] == "fact" and answer.fact in (leaf[1], RELEASES.get(leaf[1])):
                return holds(leaf[2], answer.value, leaf[3]) is (literal >= 0)
            if leaf[0] == "fact" and leaf[1] == CMDLINE and leaf[2] == "known" and answer.fact.startswith(_PARAMETER):
                return bool(leaf[3]) is (literal >= 0)
            if leaf[0] == "event" and answer.event is not None:
                if fulfils(leaf, answer.event):
                    return literal >= 0
                if literal < 0 and self.matcher.undecided(number):
                    return not fulfils(leaf, answer.event, generous=True)
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

    def _supposed(self, name: str, concerned: Iterable[int], answer: Supposition) -> int:
        """The score of a cause, supposing this answer; `concerned`: its evidence that tests it."""
        fired = list(self.fired[name])
        for place in concerned:
            fired[place] = self._fires(self.base.causes[name]["evidence"][place]["clauses"], answer)
        return self._score(name, fired)

    def _masses(self) -> dict[str, float]:
        """Odds of the mechanisms against "something else".  What speaks for a general cause may be one of its special
        cases, each by its prior, until evidence of their own tells them apart."""
        masses = {name: 10.0 ** (min(self.scores[name], 300) / 10) for name in self.mechanisms}
        for head in self.mechanisms:
            family = [head, *(n for n in self.mechanisms if self.base.causes[n]["parent"] == head)]
            best = max(family, key=lambda name: self.scores[name])
            if best != head or len(family) == 1:
                continue
            shares = {name: 10.0 ** (self.base.causes[name]["prior"] / 10) for name in family}
            mass, whole = masses[head], sum(shares.values())
            for name in family:
                masses[name] = max(mass * shares[name] / whole, 0.0 if name == head else masses[name])
        return masses

    # gains
    def gains(self) -> dict[str, float]:
        """Fact -> expected gain in bits, over the unknown facts that evidence of the causes tests."""
        answers: dict[str, dict[Value | None, None]] = {}
        concerned: dict[str, dict[str, set[int]]] = {}  # fact -> cause -> places of its evidence
        for name in self.mechanisms + self.beside:
            for place, evidence in enumerate(self.base.causes[name]["evidence"]):
                for literal in {x for clause in evidence["clauses"] for x in clause}:
                    for fact, values in self._asked(self.base.leaves[literal if literal >= 0 else ~literal]):
                        answers.setdefault(fact, {}).update(dict.fromkeys(values))
                        concerned.setdefault(fact, {}).setdefault(name, set()).add(place)
        gains = {fact: self._gain(fact, list(values), concerned[fact]) for fact, values in answers.items() if values}
        of_kinds = sorted(((gain, fact) for fact, gain in gains.items() if fact.startswith(_KIND)), reverse=True)
        if of_kinds:
            self.others = [fact[len(_KIND) :] for gain, fact in of_kinds[:OFFERED_KINDS] if gain > 0]
            gains[OTHERS] = sum(gain for gain, _ in of_kinds[:OFFERED_KINDS])
        parameters = sorted((gain for fact, gain in gains.items() if fact.startswith(CMDLINE)), reverse=True)
        if parameters:
            gains[CMDLINE] = sum(parameters[:OFFERED_PARAMETERS])
        return gains

    def _asked(self, leaf: Sequence[Any]) -> Iterator[tuple[str, Sequence[Value | None]]]:
        """(fact, answers that decide the leaf) for the facts that could be asked for."""
        known = self.memory.facts
        if leaf[0] == "fact":
            if leaf[2] in ("since", "before") and leaf[1] in RELEASES and leaf[1] not in known:
                yield RELEASES[leaf[1]], [leaf[3], OLDEST]
            elif leaf[1].startswith(_PARAMETER) and CMDLINE not in known and leaf[2] not in RELEASE_OPS:
                yield leaf[1], [*(decisive(leaf[2], leaf[3])[:1] or [PRESENT]), None]
            elif leaf[1] not in known and not leaf[1].startswith(NOT_ASKED) and leaf[2] not in RELEASE_OPS:
                yield leaf[1], decisive(leaf[2], leaf[3])
            return
        if leaf[0] != "event" or self.told is None:
            return
        _, kinds, root_only, tests = leaf
        root = self.memory.events[self.told]
        if not kinds or root["kind"] in kinds:
            for attribute, op, wanted in tests:
                for fact in self.by_attribute.get(attribute, ()):
                    if fact not in known and (attribute not in root or len(self.base.tells[fact]) > 1):
                        yield fact, decisive(op, wanted)
        if not root_only and not tests:
            for kind in kinds if OTHERS not in known else ():
                if kind not in self.kinds:
                    yield _KIND + kind, [True, False]

    def _suppose(self, fact: str, value: Value | None) -> Supposition:
        if fact.startswith(_KIND):
            return Supposition(fact, value, {"kind": fact[len(_KIND) :], "root": False} if value is True else None)
        names = self.base.tells.get(fact, ())
        if not names or self.told is None:
            return Supposition(fact, value, None)
        event = dict(self.memory.events[self.told])
        untold = event.get("untold")
        if isinstance(untold, tuple):
            event["untold"] = tuple(name for name in untold if name not in names)
        for name in names:
            if value is not None and value is not False:
                event[name] = value
        return Supposition(fact, value, event)

    def _gain(self, fact: str, values: Sequence[Value | None], concerned: dict[str, set[int]]) -> float:
        """Mutual information between the fact and the hypotheses."""
        answers = [self._suppose(fact, value) for value in values]
        moved = [
            {name: self._supposed(name, places, answer) - self.scores[name] for name, places in concerned.items()}
            for answer in answers
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


def told_root(diagnosis: Diagnosis) -> int | None:
    """The root event, if a person told of it, so that there is more to ask about its message.  None: a log shows it."""
    root = diagnosis.evidence.root
    return root if root is not None and diagnosis.evidence.events[root].line == 0 else None


def candidates(base: Base, diagnosis: Diagnosis) -> list[str]:
    """Mechanisms to tell apart: the ranked ones and, while none is diagnosed, others that explain the root event."""
    ranked = [h for h in diagnosis.ranking.mechanisms() if h.probability >= 0.02]
    names = [h.cause for h in ranked]
    settled = bool(ranked) and ranked[0].probability >= DIAGNOSED
    if len(ranked) > 1 and settled:
        settled = ranked[0].probability >= AHEAD * ranked[1].probability
    focus = focus_kinds(diagnosis.memory)
    if settled and told_root(diagnosis) is not None:  # a special case may take its place
        names += [n for n, c in base.causes.items() if c["parent"] == names[0] and n not in names]
    if not settled and focus:
        others = [n for n, c in base.causes.items() if c["facet"] == "mechanism" and focus.intersection(c["explains"])]
        others.sort(key=lambda n: (-base.causes[n]["prior"], n))
        names += [n for n in others if n not in names]
    return names[:CANDIDATES]


def decisive(op: str, wanted: Any) -> list[Value]:
    """Answers that decide a test of a fact: one that fulfils it and one that does not."""
    values = list(wanted) if isinstance(wanted, list) else [wanted]
    if op in ("known", "unknown"):
        return []
    if isinstance(values[0], bool):
        return [True, False]
    if op in ("at-least", "above", "at-most", "below"):
        return [values[0] - 1, values[0] + 1]
    if op.startswith("has"):
        return [*((str(value),) for value in values), ()]
    if op.startswith("contains"):
        return [str(values[0]), NOTHING]
    return [*values, NOTHING]


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
