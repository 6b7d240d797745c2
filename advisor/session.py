"""The state of one conversation - evidence, answers, what was passed over - and what follows from it.

Everything but the three lists is computed anew after each change, so undoing is forgetting the last entry.
No terminal in here: the interactive advisor, tests and other front ends drive the same object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from advisor.ask import SETTLED, WORTH_ASKING, next_probes, settled
from advisor.diagnose import Diagnosis
from advisor.gain import told_root
from advisor.rank import Hypothesis
from advisor.verdict import verdict
from advisor.work import Work
from facts.evidence import Evidence, Known
from facts.records import Scalar, Value
from facts.told import MESSAGE, OTHERS, misfit, of_trace, read_frames, told_event

if TYPE_CHECKING:
    from advisor.bundle import Bundle

QUESTIONS = 15  # questions at most, unless the person asks for more
IMPATIENCE = 0.8  # share by which each question that the person cannot answer raises what the next must tell
SETTLED_UNSEEN = 0.02  # bits; instead of SETTLED without the log, which often holds what overturns a diagnosis
MESSAGE_LEFT = 0.02  # the same for a question about a message that is before the eyes
UNSEEN = 3  # questions about the message that nobody could answer
_ABOUT_MESSAGE = ("message-", "seen")  # names of their probes


class Step(NamedTuple):
    """One thing a person did: answered a probe, passed over it, chose a symptom, told of an event, gave a fact."""

    action: str  # answer, skip, symptom, event, fact
    name: str
    value: Value | None = None  # of symptom and event: attributes that were told, as "name=value"
    source: str = ""  # where the value comes from; "" is the person


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
        self.limit = QUESTIONS
        self.bundle: Bundle | None = None  # what was read, in a form that can be kept
        self.record: Callable[[dict[str, Any]], object] | None = None  # keeps each change before it is shown
        self._given = evidence
        self._diagnosis: Diagnosis | None = None

    # what follows
    @property
    def evidence(self) -> Evidence:
        """The evidence given, with the symptoms that were chosen."""
        given = self._given or Evidence("conversation", [], None, [], {}, [], [], 0, True, {})
        for step in self.steps:
            if step.action == "symptom":
                given = self._with_symptom(given, step.name, told(step.value))
            elif step.action == "event":
                given = self._with_event(given, step.name, "", told(step.value))
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
                    out[name] = Known(step.value, step.source or "your answer")
        return out

    def verdict(self) -> dict[str, Any]:
        return verdict(self.work.base, self.diagnosis)

    def question(self) -> dict[str, Any] | None:
        """The next question (advisor/ask.py), or None when none is worth asking.  Disruptive ones are not asked,
        and no fact is asked for twice."""
        passed = [step.name for step in self.steps if step.action in ("answer", "skip")]
        if len(passed) >= self.limit:
            return None
        probes = self.work.base.probes
        asked = {probes[name]["learns"] for name in passed if name in probes}
        skipped = sum(step.action == "skip" for step in self.steps)
        least = WORTH_ASKING * (1 + IMPATIENCE * skipped)
        if settled(self.diagnosis):
            least = SETTLED if told_root(self.diagnosis) is None else SETTLED_UNSEEN
        unseen = self._message_unseen()
        lower = min(least, MESSAGE_LEFT)
        for offer in next_probes(self.work.base, self.diagnosis, passed, number=len(passed) + 40, least=lower):
            fact = offer["learns"] or ""
            on_screen = fact.startswith((MESSAGE, OTHERS))
            if not fact or fact in asked or "disruptive" in offer["cost"] or (unseen and on_screen):
                continue
            if offer["gain"] >= (lower if on_screen else least):
                return offer
        return None

    def _message_unseen(self) -> bool:
        """Whether the person could tell nothing about the message, so that no more of it is asked for."""
        about = [s for s in self.steps if s.action in ("answer", "skip") and s.name.startswith(_ABOUT_MESSAGE)]
        return len(about) >= UNSEEN and all(step.action == "skip" for step in about)

    def what_if(self, fact: str, raw: object) -> list[Change]:
        """How the belief would move if the fact had this value; nothing is changed.  Raises ValueError."""
        value = self.work.gatherer.names.convert(fact, raw)
        answers = self._answers()
        if value is not None:
            answers[fact] = Known(value, "what if")
        return changes(self.diagnosis, self._diagnose(answers))

    # what people do
    def load(self, evidence: Evidence, bundle: Bundle | None = None) -> None:
        """Take the evidence of a file that was read; answers given so far stay."""
        self._given = evidence
        self.bundle = bundle
        self._changed()
        if bundle is not None and self.record is not None:
            from advisor.bundle import pack

            self.record({"do": "evidence", "evidence": pack(bundle), "then": self.belief()})

    def answer(self, probe: str, raw: object, source: str = "") -> list[Change]:
        """Take an answer to a probe; returns what moved.  Raises ValueError when the answer does not fit the fact."""
        fact = self.work.base.probes[probe]["learns"]
        value = self.work.gatherer.names.convert(fact, raw)
        if value is not None and (problem := misfit(fact, value)):
            raise ValueError(problem)
        if fact == OTHERS and isinstance(value, tuple):
            value = self._others(value)
        return self._do(Step("answer" if value is not None else "skip", probe, value, source))

    def _others(self, chosen: tuple[str, ...]) -> tuple[str, ...]:
        """The kinds that were seen, and, after a dash, those that were offered and not seen.  Raises ValueError."""
        question = self.question()
        offered = [kind for kind, *_ in question["options"]] if question and question["learns"] == OTHERS else []
        for kind in chosen:
            if kind.lstrip("-") not in self.work.base.events:
                raise ValueError(
                    f"{kind!r} is no kind of event; choose from {', '.join(offered) or 'kadvisor kb list'}"
                )
        return (*chosen, *(f"-{kind}" for kind in offered if kind not in chosen and f"-{kind}" not in chosen))

    def fact(self, name: str, raw: object) -> list[Change]:
        """Take a fact by its name.  Raises ValueError."""
        return self._do(Step("fact", name, self.work.gatherer.names.convert(name, raw)))

    def skip(self, probe: str) -> None:
        self._do(Step("skip", probe))

    def symptom(self, name: str, attributes: Mapping[str, Scalar] | None = None) -> list[Change]:
        """Take a symptom of kb/vocabulary/symptoms.yaml, with what was told about its event (cpu, function)."""
        return self._do(Step("symptom", name, _told(attributes)))

    def event(self, kind: str, attributes: Mapping[str, Scalar] | None = None) -> list[Change]:
        """Take an event that a person tells of."""
        return self._do(Step("event", kind, _told(attributes)))

    def undo(self) -> Step | None:
        """Forget the last step; returns it, or None when there is nothing to undo."""
        if not self.steps:
            return None
        step = self.steps.pop()
        self.undone.append(step)
        self._changed()
        self._record({"do": "undo"})
        return step

    def redo(self) -> Step | None:
        """Do again what was undone last."""
        if not self.undone:
            return None
        step = self.undone.pop()
        self.steps.append(step)
        self._changed()
        self._record({"do": "redo"})
        return step

    def _do(self, step: Step) -> list[Change]:
        before = self.diagnosis
        self.steps.append(step)
        self.undone.clear()
        self._changed()
        self._record(packed(step))
        return changes(before, self.diagnosis)

    def _changed(self) -> None:
        self._diagnosis = None

    def belief(self) -> dict[str, Any]:
        """What is believed now, for comparison later: status, share of "something else", causes."""
        ranking = self.diagnosis.ranking
        causes = {h.cause: round(h.probability, 4) for h in ranking.hypotheses if h.probability >= 0.01}
        return {"status": ranking.status, "open": round(ranking.open, 4), "causes": causes}

    def _record(self, entry: dict[str, Any]) -> None:
        if self.record is not None:
            self.record({**entry, "then": self.belief()})

    def _with_symptom(self, given: Evidence, name: str, attributes: Mapping[str, Scalar]) -> Evidence:
        symptom = self.work.base.symptoms[name]
        if symptom.get("event"):
            given = self._with_event(given, symptom["event"], symptom["says"], attributes)
        facts = dict(given.facts)
        for fact, value in symptom.get("facts", {}).items():
            facts.setdefault(fact, Known(value, "symptom"))
        return given._replace(facts=facts)

    def _with_event(self, given: Evidence, kind: str, says: str, attributes: Mapping[str, Scalar]) -> Evidence:
        events, root, chain = list(given.events), given.root, given.chain
        event = told_event(kind, self.work.base.events[kind], says)
        event.role = "root" if root is None else "context"
        event.attributes.update({n: v for n, v in attributes.items() if n != "function"})
        event.attributes["position"] = event.role
        cpu, function = attributes.get("cpu"), attributes.get("function")
        if isinstance(cpu, int):
            event.cpu = cpu
        if isinstance(function, str):
            event.attributes.update(of_trace(read_frames([function]), kind, self.work.gatherer.recogniser.frames))
        events.append(event)
        if root is None:
            root, chain = len(events) - 1, [len(events) - 1]
        return given._replace(events=events, root=root, chain=chain)


def _told(attributes: Mapping[str, Scalar] | None) -> tuple[str, ...] | None:
    return tuple(f"{name}={value}" for name, value in (attributes or {}).items()) or None


def told(value: Value | None) -> dict[str, Scalar]:
    """The attributes in the value of a step."""
    out: dict[str, Scalar] = {}
    for item in value if isinstance(value, tuple) else ():
        name, _, text = item.partition("=")
        if name == "cpu" and text.isdigit() and len(text) < 6:
            out[name] = int(text)
        elif name in ("function", "module", "device") and text:
            out[name] = text[:100]
    return out


def packed(step: Step) -> dict[str, Any]:
    """The step as an entry of a journal."""
    value = list(step.value) if isinstance(step.value, tuple) else step.value
    out: dict[str, Any] = {"do": "step", "action": step.action, "name": step.name, "value": value}
    return {**out, "source": step.source} if step.source else out


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
