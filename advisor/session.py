"""The state of one conversation - evidence, answers, what was passed over - and what follows from it.

Everything but the three lists is computed anew after each change, so undoing is forgetting the last entry.
No terminal in here: the interactive advisor, tests and other front ends drive the same object.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from advisor.ask import MINIMUM, next_probes
from advisor.diagnose import Diagnosis
from advisor.rank import Hypothesis
from advisor.verdict import verdict
from advisor.work import Work
from facts.evidence import Evidence, Known
from facts.records import Event, Record, Value


class Step(NamedTuple):
    """One thing a person did: answered a probe, passed over it, chose a symptom, or loaded a file."""

    action: str  # answer, skip, symptom, load, fact
    name: str
    value: Value | None = None


class Change(NamedTuple):
    """How the belief in a cause moved."""

    cause: str
    before: float
    after: float


class Session:
    def __init__(self, work: Work, evidence: Evidence | None = None) -> None:
        self.work = work
        self.steps: list[Step] = []
        self.undone: list[Step] = []
        self._given = evidence
        self._diagnosis: Diagnosis | None = None

    # what follows
    @property
    def evidence(self) -> Evidence:
        """The evidence given, with the symptoms that were chosen."""
        given = self._given or Evidence("conversation", [], None, [], {}, [], [], 0, True, {})
        for step in self.steps:
            if step.action == "symptom":
                given = self._with_symptom(given, step.name)
        return given

    @property
    def diagnosis(self) -> Diagnosis:
        if self._diagnosis is None:
            self._diagnosis = self._diagnose(self._answers())
        return self._diagnosis

    def _diagnose(self, answers: dict[str, Known]) -> Diagnosis:
        evidence = self.evidence
        facts = {**evidence.facts, **answers}
        probes = self.work.base.probes
        older = {p: a for p, a in evidence.answers.items() if p not in probes or probes[p]["learns"] not in answers}
        return self.work.diagnose(evidence._replace(facts=facts, answers=older))

    def _answers(self) -> dict[str, Known]:
        out: dict[str, Known] = {}
        for step in self.steps:
            if step.action in ("answer", "fact") and step.value is not None:
                name = self.work.base.probes[step.name]["learns"] if step.action == "answer" else step.name
                if name:
                    out[name] = Known(step.value, "your answer")
        return out

    def verdict(self) -> dict[str, Any]:
        return verdict(self.work.base, self.diagnosis)

    def question(self) -> dict[str, Any] | None:
        """The next question (advisor/ask.py), or None when none is worth asking.  Disruptive ones are not asked."""
        passed = [step.name for step in self.steps if step.action in ("answer", "skip")]
        for offer in next_probes(self.work.base, self.diagnosis, passed, number=12):
            if offer["learns"] and offer["gain"] >= MINIMUM and "disruptive" not in offer["cost"]:
                return offer
        return None

    def what_if(self, fact: str, raw: object) -> list[Change]:
        """How the belief would move if the fact had this value; nothing is changed.  Raises ValueError."""
        value = self.work.gatherer.names.convert(fact, raw)
        answers = self._answers()
        if value is not None:
            answers[fact] = Known(value, "what if")
        return changes(self.diagnosis, self._diagnose(answers))

    # what people do
    def load(self, evidence: Evidence) -> None:
        """Take the evidence of a file that was read; answers given so far stay."""
        self._given = evidence
        self._changed()

    def answer(self, probe: str, raw: object) -> list[Change]:
        """Take an answer to a probe; returns what moved.  Raises ValueError when the answer does not fit the fact."""
        fact = self.work.base.probes[probe]["learns"]
        value = self.work.gatherer.names.convert(fact, raw)
        return self._do(Step("answer" if value is not None else "skip", probe, value))

    def fact(self, name: str, raw: object) -> list[Change]:
        """Take a fact by its name.  Raises ValueError."""
        return self._do(Step("fact", name, self.work.gatherer.names.convert(name, raw)))

    def skip(self, probe: str) -> None:
        self._do(Step("skip", probe))

    def symptom(self, name: str) -> list[Change]:
        """Take a symptom of kb/vocabulary/symptoms.yaml."""
        return self._do(Step("symptom", name))

    def undo(self) -> Step | None:
        """Forget the last step; returns it, or None when there is nothing to undo."""
        if not self.steps:
            return None
        step = self.steps.pop()
        self.undone.append(step)
        self._changed()
        return step

    def redo(self) -> Step | None:
        """Do again what was undone last."""
        if not self.undone:
            return None
        step = self.undone.pop()
        self.steps.append(step)
        self._changed()
        return step

    def _do(self, step: Step) -> list[Change]:
        before = self.diagnosis
        self.steps.append(step)
        self.undone.clear()
        self._changed()
        return changes(before, self.diagnosis)

    def _changed(self) -> None:
        self._diagnosis = None

    def _with_symptom(self, given: Evidence, name: str) -> Evidence:
        symptom = self.work.base.symptoms[name]
        events, root, chain = list(given.events), given.root, given.chain
        if symptom.get("event"):
            entry = self.work.base.events[symptom["event"]]
            event = Event(symptom["event"], Record(0, symptom["says"]), entry["severity"], entry["title"])
            event.role = "root" if root is None else "context"
            event.attributes["position"] = event.role
            events.append(event)
            if root is None:
                root, chain = len(events) - 1, [len(events) - 1]
        facts = dict(given.facts)
        for fact, value in symptom.get("facts", {}).items():
            facts.setdefault(fact, Known(value, "symptom"))
        return given._replace(events=events, root=root, chain=chain, facts=facts)


def changes(before: Diagnosis, after: Diagnosis, smallest: float = 0.02) -> list[Change]:
    """The causes whose probability moved, the largest move first."""
    old: dict[str, Hypothesis] = {h.cause: h for h in before.ranking.hypotheses}
    new: dict[str, Hypothesis] = {h.cause: h for h in after.ranking.hypotheses}
    moved = [
        Change(cause, old[cause].probability if cause in old else 0.0, new[cause].probability if cause in new else 0.0)
        for cause in {*old, *new}
    ]
    moved = [change for change in moved if abs(change.after - change.before) >= smallest]
    return sorted(moved, key=lambda change: (-abs(change.after - change.before), change.cause))
