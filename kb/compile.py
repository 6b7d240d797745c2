"""Knowledge -> compiled base: conditions become a table of leaves and, per rule, clauses over them.

The compiled base is plain data (lists, mappings, scalars), so that it can be cached as JSON and read without running
anything.  A rule holds when one of its clauses does; a clause is a list of literals; a literal is the number of a leaf,
or its complement (~number) for "no event fulfils this leaf".

Leaf forms (index 0 names the form):
    ["event", [kinds], root?, [[attribute, op, value], ..]]
    ["count", [kinds], attribute or "", "at-least" | "at-most", number]
    ["fact", name, op, value]      further ops for releases: since, before, lacks, may-lack, outdated, unlisted
                                   (kb/versions.py)
    ["pair", leaf, leaf, attribute]
"""

from __future__ import annotations

import json
from typing import Any

from kb.defects import evidence as evidence_of
from kb.defects import texts as texts_of
from kb.markdown import first_sentence
from kb.message import kinds, tells, words
from kb.model import All, AnyOf, Condition, CountIs, EventIs, FactIs, Knowledge, Not, Place, Problem
from kb.needles import needles
from kb.prefilter import expression, keys
from kb.rates import table as rates

MAX_CLAUSES = 64
MAX_LITERALS = 12

Leaf = list[object]
Clauses = list[list[int]]

_FACT_COMPLEMENT = {
    "is": "not", "not": "is", "in": "not-in", "not-in": "in", "at-least": "below", "below": "at-least",
    "at-most": "above", "above": "at-most", "contains": "contains-not", "contains-not": "contains", "known": "unknown",
    "since": "before", "before": "since",
}  # fmt: skip


class TooLarge(ValueError):
    """A condition expands to more clauses than the engines may be given."""


class Leaves:
    """The table of distinct leaves."""

    def __init__(self) -> None:
        self.table: list[Leaf] = []
        self._known: dict[str, int] = {}

    def number(self, leaf: Leaf) -> int:
        key = json.dumps(leaf, sort_keys=True)
        if key not in self._known:
            self._known[key] = len(self.table)
            self.table.append(leaf)
        return self._known[key]

    @property
    def covered(self) -> int:
        """The leaf that must hold where the absence of an event counts."""
        return self.number(["fact", "log.complete", "is", True])

    def clauses(self, condition: Condition, positive: bool = True) -> Clauses:
        """Disjunctive normal form of the condition (or of its negation).  Raises TooLarge."""
        if isinstance(condition, Not):
            return self.clauses(condition.part, not positive)
        if isinstance(condition, (All, AnyOf)) and not condition.parts:
            return []  # could not be read: it never holds, negated or not
        if isinstance(condition, FactIs):
            op = condition.op
            value = condition.value
            if op == "known":
                op, value = ("known" if value is positive else "unknown"), True
            elif not positive:
                op = _FACT_COMPLEMENT[op]
            return [[self.number(["fact", condition.name, op, _plain(value)])]]
        if isinstance(condition, EventIs):
            leaf = self._event(condition)
            return [[leaf]] if positive else [[~leaf, self.covered]]
        if isinstance(condition, CountIs):
            op, number = condition.op, condition.number
            if not positive:
                op, number = ("at-most", number - 1) if op == "at-least" else ("at-least", number + 1)
            leaf = self.number(["count", list(condition.kinds), condition.of, op, number])
            return [[leaf]] if op == "at-least" else [[leaf, self.covered]]
        if isinstance(condition, All) and condition.same:
            first, second = (self._event(part) for part in condition.parts if isinstance(part, EventIs))
            leaf = self.number(["pair", first, second, condition.same])
            return [[leaf]] if positive else [[~leaf, self.covered]]
        assert isinstance(condition, (All, AnyOf))
        parts = [self.clauses(part, positive) for part in condition.parts]
        if isinstance(condition, AnyOf) is positive:
            return _bounded([clause for part in parts for clause in part])
        product: Clauses = [[]]
        for part in parts:
            product = _bounded([left + [x for x in right if x not in left] for left in product for right in part])
        return product

    def _event(self, condition: EventIs) -> int:
        tests = [[test.attribute, test.op, _plain(test.value)] for test in condition.tests]
        return self.number(["event", list(condition.kinds), condition.root, tests])


def _bounded(clauses: Clauses) -> Clauses:
    if len(clauses) > MAX_CLAUSES:
        raise TooLarge(f"the condition expands to more than {MAX_CLAUSES} alternatives; split the evidence")
    if any(len(clause) > MAX_LITERALS for clause in clauses):
        raise TooLarge(f"the condition joins more than {MAX_LITERALS} parts; split the evidence")
    return clauses


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def compile_base(knowledge: Knowledge) -> dict[str, object]:
    """The compiled base of all knowledge that could be read; conditions that are too large become problems."""
    leaves = Leaves()

    def clauses(condition: Condition, place: Place, field: str) -> Clauses:
        try:
            return leaves.clauses(condition)
        except TooLarge as error:
            knowledge.problems.append(Problem(place, field, str(error)))
            return []

    causes: dict[str, dict[str, Any]] = {}
    for cause in knowledge.causes.values():
        causes[cause.id] = {
            "family": cause.family,
            "facet": cause.facet,
            "parent": cause.parent,
            "title": cause.title,
            "prior": cause.prior,
            "explains": list(cause.explains),
            "verify": list(cause.verify),
            "mitigate": first_sentence(cause.sections.get("Mitigate", "")),
            "fix": first_sentence(cause.sections.get("Fix", "")),
            "prevent": first_sentence(cause.sections.get("Prevent", "")),
            "commands": [
                {
                    "clauses": [[]] if item.when is None else clauses(item.when, item.place, "commands"),
                    "run": list(item.run),
                }
                for item in cause.commands
            ],
            "references": [[ref.title, ref.url] for ref in cause.references],
            "evidence": [
                {
                    "id": item.id,
                    "clauses": clauses(item.when, item.place, f"evidence.{item.id}"),
                    "weight": item.weight,
                    "says": item.says,
                    "why": item.why,
                    "aspect": item.aspect,
                }
                for item in cause.evidence
            ],
        }
    defects: dict[str, object] = {}
    for defect in knowledge.defects.values():
        defects[defect.id] = texts_of(defect)
        signature = clauses(defect.when, defect.place, f"{defect.id}.when")
        for cause_id, item in evidence_of(defect, leaves, signature):
            if cause_id in causes:
                causes[cause_id]["evidence"].append(item)
    derivations = [
        {
            "id": item.id,
            "clauses": clauses(item.when, item.place, item.id),
            "then": item.then,
            "copies": item.copies,
            "why": item.why,
        }
        for item in knowledge.derivations.values()
    ]
    probes: dict[str, object] = {}
    for probe in knowledge.probes.values():
        senseless = clauses(Not(probe.only), probe.place, f"{probe.id}.only") if probe.only is not None else []
        probes[probe.id] = {**_probe(probe), "senseless": senseless}
    patterns = [(p.literal, p.regex) for kind in knowledge.events.values() for p in kind.patterns]
    patterns += [(literal, regex) for _, literal, regex in knowledge.vocabulary.headers]
    found = keys(literal for literal, _ in patterns)
    return {
        "search": _search(found, needles(patterns)),
        "headers": [list(header) for header in knowledge.vocabulary.headers],
        "leaves": leaves.table,
        "causes": causes,
        "defects": defects,
        "releases": [list(form) for form in knowledge.vocabulary.releases],
        "derivations": derivations,
        "events": {kind.kind: _event(kind) for kind in knowledge.events.values()},
        "probes": probes,
        "rates": rates(knowledge.rates.values()),
        "frames": {"tags": knowledge.vocabulary.tags, "generic": knowledge.vocabulary.generic},
        "facts": knowledge.vocabulary.facts,
        "tells": tells(knowledge.vocabulary),
        "words": words(knowledge),
        "kinds": kinds(knowledge.events),
        "parties": knowledge.vocabulary.parties,
        "symptoms": knowledge.vocabulary.symptoms,
        "flags": sorted(n for n, entry in knowledge.vocabulary.attributes.items() if entry.get("type") == "boolean"),
        "integers": sorted(n for n, entry in knowledge.vocabulary.attributes.items() if entry.get("type") == "integer"),
        "numbers": sorted(n for n, entry in knowledge.vocabulary.attributes.items() if entry.get("type") == "number"),
    }


def _search(found: dict[str, list[str]], texts: list[str]) -> dict[str, object]:
    """The parts of the fast search (facts/scan.py)."""
    bare = {text.translate(dict.fromkeys(range(ord("0"), ord("9") + 1))) for text in texts}
    forms = keys(bare)
    return {
        "expression": expression(found),
        "keys": found,
        "needles": "\n".join(texts),
        "form-expression": expression(forms),
        "form-keys": forms,
    }


def _event(kind: object) -> dict[str, object]:
    from kb.model import EventKind

    assert isinstance(kind, EventKind)
    return {
        "title": kind.title,
        "severity": kind.severity,
        "report": kind.report,
        "begins": kind.begins,
        "becomes": kind.becomes,
        "also": kind.also,
        "patterns": [[p.literal, p.regex, p.set, p.source, p.part, p.severity, p.excerpt] for p in kind.patterns],
        "not": list(kind.looks_like),
    }


def _probe(probe: object) -> dict[str, object]:
    from kb.model import Probe

    assert isinstance(probe, Probe)
    return {
        "ask": probe.ask,
        "learns": probe.learns,
        "kind": probe.kind,
        "command": list(probe.command),
        "parse": probe.parse,
        "confirms": probe.confirms,
        "refutes": probe.refutes,
        "place": probe.where,
        "cost": probe.cost,
        "risk": probe.risk,
    }
