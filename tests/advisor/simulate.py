"""Simulated people: every incident told without its log, questions answered from what the case holds.

A simulated person chooses the symptom that fits the root event (or tells of the event where no symptom stands for it)
and answers questions from the case: its facts, what the full log yields, what stands in the message (they see it but
have no file: a photo, a serial console), and - `typical` - what the accepted cause's own positive evidence tests.
Everything else is unknown to them.
`python -m tests.advisor.simulate` prints the figures.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from multiprocessing import get_context
from typing import Any, NamedTuple

from advisor.session import Session
from advisor.trial import diagnose, mechanisms_of
from advisor.work import Work
from facts.records import Value
from facts.told import MESSAGE, OTHERS
from kb.load import load
from kb.model import Incident
from kb.where import BUILT_IN

WRONG_EVERY = 5  # a mistaken person gives every fifth answer wrong
WRONG: dict[str, Value] = {"message.trace": ("worker_thread", "kthread"), "message.address": "ffff888012345678"}
NOT_ASKED = ("log.", "kernel.cmdline.")


class Outcome(NamedTuple):
    incident: str
    place: int  # of the first accepted mechanism among the ranked ones; 0: not there
    questions: int
    known: int  # questions that the person could answer
    status: str


class Person:
    """What somebody knows about one case."""

    def __init__(self, work: Work, incident: Incident, typical: bool) -> None:
        self.work = work
        full, _ = diagnose(work, incident)
        self.facts: dict[str, Value] = {n: k.value for n, k in full.evidence.facts.items()}
        self.evidence = full.evidence
        self.root = full.evidence.events[full.evidence.root].kind if full.evidence.root is not None else ""
        seen = [event.kind for event in full.evidence.events]
        self.told = self.root or next(iter(seen), "")
        if typical:
            for cause in incident.causes[:1]:
                for name, value in positive(work, cause):
                    self.facts.setdefault(name, value)

    def answer(self, fact: str, wrong: bool) -> Value | None:
        value = self._read_off(fact) if fact.startswith((MESSAGE, OTHERS)) else self.facts.get(fact)
        return other(self.work, fact, value) if wrong and value is not None else value

    def _read_off(self, fact: str) -> Value | None:
        """What stands in the messages, which the person has before the eyes (a photo, a terminal)."""
        if fact == OTHERS:
            return tuple(sorted({event.kind for event in self.evidence.events}))
        if self.evidence.root is None:
            return None
        root, name = self.evidence.events[self.evidence.root], fact[len(MESSAGE) :]
        if name == "trace":
            stack = [(f.function, f.module) for f in root.frames if f.reliable and f.section in ("", "IRQ")]
            first = root.attributes.get("pc-function"), root.attributes.get("pc-module")
            names = [first, *stack][:8] if first[0] and first not in stack[:1] else stack[:8]
            return tuple(str(w) for name, module in names for w in (name, f"[{module}]" if module else "") if w) or None
        value = root.attributes.get(name)
        if value is None and self.work.gatherer.names.type_of(fact) == "boolean":
            return False
        return value

    def symptom(self) -> str:
        """The symptom that fits the root event best, or ""."""
        kind = self.told or "truncated-log"  # nothing was recorded: it restarted or froze
        fits = [name for name, s in self.work.base.symptoms.items() if s.get("event") == kind]

        def contradictions(name: str) -> int:
            given = self.work.base.symptoms[name].get("facts", {})
            return sum(1 if self.facts.get(f, v) != v else -1 if f in self.facts else 0 for f, v in given.items())

        return min(fits, key=contradictions, default="")


def positive(work: Work, cause: str) -> Iterator[tuple[str, Value]]:
    """Facts under which the positive evidence of a cause fires, the strongest evidence first."""
    entry = work.base.causes.get(cause)
    for evidence in sorted(entry["evidence"] if entry else [], key=lambda e: -e["weight"]):
        clauses = evidence["clauses"] if evidence["weight"] > 0 else []
        for clause in clauses[:1]:
            leaves = [work.base.leaves[literal] for literal in clause if literal >= 0]
            if len(leaves) == len(clause) and all(leaf[0] == "fact" for leaf in leaves):
                for _, name, op, wanted in leaves:
                    value = fitting(op, wanted)
                    if value is not None and not name.startswith(NOT_ASKED):
                        yield name, value


def fitting(op: str, wanted: Any) -> Value | None:
    """A value that fulfils the test, or None."""
    if op in ("is", "at-least", "at-most", "contains"):
        return tuple(wanted) if isinstance(wanted, list) else wanted
    if op == "in":
        return wanted[0]
    if op in ("below", "above"):
        return wanted + (1 if op == "above" else -1)
    return None


def other(work: Work, fact: str, value: Value) -> Value:
    """A wrong answer."""
    if fact in WRONG:
        return WRONG[fact]
    kind = work.gatherer.names.type_of(fact)
    if isinstance(value, bool):
        return not value
    if isinstance(kind, tuple):
        return next(word for word in kind if word != value)
    if isinstance(value, (int, float)):
        return 0 if value else 1 << 20
    return () if isinstance(value, tuple) else "none"


def talk(
    work: Work, incident: Incident, *, log: bool = False, wrong: int = 0, typical: bool = True,
    words: bool = False, everything: bool = False,
) -> Outcome:  # fmt: skip
    """One conversation.  `log`: the log is given; `wrong`: of so many answers one is wrong; `words`: the function and
    module of the first message are told with the symptom; `everything`: all that could be asked for is told at once."""
    person = Person(work, incident, typical)
    if log:
        session = Session(work, person.evidence)
    else:
        session = Session(work)
        symptom = person.symptom()
        root = person.evidence.events[person.evidence.root] if words and person.evidence.root is not None else None
        named = (
            {name: root.attributes[name] for name in ("function", "module") if name in root.attributes} if root else {}
        )
        if symptom:
            session.symptom(symptom, named)
        elif person.told:
            session.event(person.told, named)
    asked = known = 0
    if everything:
        learnt = {probe["learns"] for probe in work.base.probes.values()}
        for name, fact in person.facts.items():
            if name in learnt:
                session.fact(name, fact)
    while not everything and (question := session.question()) is not None:
        asked += 1
        value = person.answer(question["learns"], False)
        if question["learns"] == OTHERS and isinstance(value, tuple):
            value = tuple(kind for kind, *_ in question["options"] if kind in value)
        if value is None:
            session.skip(question["probe"])
            continue
        known += 1
        if wrong and (known + len(incident.id)) % wrong == 0:
            value = person.answer(question["learns"], True)
            if question["learns"] == OTHERS:
                value = (question["options"][-1][0],)
        session.answer(question["probe"], value)
    mechanisms = mechanisms_of(work, incident)
    ranked = [h.cause for h in session.diagnosis.ranking.mechanisms()]
    place = next((n for n, cause in enumerate(ranked, 1) if cause in mechanisms), 0)
    return Outcome(incident.id, place, asked, known, session.diagnosis.ranking.status)


def cases(work: Work) -> list[Incident]:
    """Incidents with a mechanism to be found."""
    facet = {name: cause["facet"] for name, cause in work.base.causes.items()}
    incidents = load([BUILT_IN]).incidents.values()
    return [i for i in incidents if any(facet.get(cause) == "mechanism" for cause in i.causes)]


class Figures(NamedTuple):
    cases: int
    first: float
    three: float
    mean: float  # questions
    most: int
    answered: float  # share of the questions that the person could answer


def figures(outcomes: Sequence[Outcome]) -> Figures:
    number = len(outcomes)
    asked = sum(o.questions for o in outcomes)
    return Figures(
        number,
        sum(o.place == 1 for o in outcomes) / number,
        sum(1 <= o.place <= 3 for o in outcomes) / number,
        asked / number,
        max(o.questions for o in outcomes),
        sum(o.known for o in outcomes) / max(asked, 1),
    )


WAYS: dict[str, dict[str, Any]] = {
    "log withheld": {},
    "log withheld, one answer in five wrong": {"wrong": WRONG_EVERY},
    "log withheld, function and module told": {"words": True},
    "log withheld, only what the case holds": {"typical": False},
    "(all facts told at once, log withheld)": {"everything": True},
    "log given": {"log": True},
    "log given, only what the case holds": {"log": True, "typical": False},
}
_work: Work | None = None


def _job(job: tuple[Incident, dict[str, Any]]) -> Outcome:
    global _work
    if _work is None:
        _work = Work([BUILT_IN], "evaluator")
    return talk(_work, job[0], **job[1])


def run(incidents: Iterable[Incident], ways: dict[str, dict[str, Any]], jobs: int = 2) -> dict[str, list[Outcome]]:
    """Outcomes by way, over all incidents."""
    incidents = list(incidents)
    work = [(incident, way) for way in ways.values() for incident in incidents]
    if jobs > 1:
        with get_context("spawn").Pool(jobs) as pool:
            found = pool.map(_job, work, chunksize=4)
    else:
        found = [_job(one) for one in work]
    size = len(incidents)
    return {name: found[number * size : (number + 1) * size] for number, name in enumerate(ways)}


def main() -> None:
    incidents = cases(Work([BUILT_IN], "evaluator"))
    step = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 1
    results = run(incidents[::step], WAYS)
    print(f"{'':<42}cases  first  top 3  questions mean / most  answerable")
    for name, outcomes in results.items():
        f = figures(outcomes)
        print(f"{name:<42}{f.cases:5d} {f.first:6.1%} {f.three:6.1%} {f.mean:16.1f} / {f.most:<4d} {f.answered:10.0%}")
    if "-v" in sys.argv:
        for name, outcomes in results.items():
            for o in outcomes:
                if o.place != 1:
                    print(name, "|", *o)


if __name__ == "__main__":
    main()
