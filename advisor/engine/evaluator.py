"""Our own evaluator of compiled conditions.

It is the reference for what a condition means, works where durable-rules does not, and answers why-not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from advisor.engine import Firing, Memory, Rule
from facts.records import Value
from kb.versions import build, compared, state

RELEASE_OPS = ("lacks", "may-lack", "outdated", "unlisted", "since", "before")  # tests of a release (kb/versions.py)
Match = tuple[tuple[int, ...], tuple[str, ...]]  # events, facts
SETS = 4  # sets of rules whose index is kept
UNTOLD = object()  # an attribute of a message that a person saw, and that nobody told: it may be there or not


def value_of(event: Mapping[str, Value], name: str) -> object:
    """The attribute of an event in working memory: None where it has none, UNTOLD where that is not known."""
    value = event.get(name)
    if value is None and name in cast(tuple[str, ...], event.get("untold", ())):
        return UNTOLD
    return value


def equal(actual: object, wanted: object) -> bool:
    """Equality that keeps true and 1 apart."""
    return actual == wanted and isinstance(actual, bool) is isinstance(wanted, bool)


def holds(op: str, actual: object, wanted: Any) -> bool:
    """One test; a value that is not there (None) fulfils only `known: false` (and, for flags, `not true`)."""
    if actual is UNTOLD:
        return False
    if op == "known":
        return (actual is not None) is wanted
    if op == "unknown":
        return actual is None
    if actual is None:
        return op == "not" and wanted is True
    if op == "is":
        return equal(actual, wanted)
    if op == "not":
        return not equal(actual, wanted)
    if op == "in":
        return any(equal(actual, one) for one in wanted)
    if op == "not-in":
        return not any(equal(actual, one) for one in wanted)
    if op == "contains" or op == "contains-not":
        if isinstance(actual, tuple):
            inside = any(str(wanted).lower() == item.lower() for item in actual)
        else:
            inside = str(wanted).lower() in str(actual).lower()
        return inside is (op == "contains")
    if op in RELEASE_OPS:
        if not isinstance(actual, str):
            return False
        if op in ("outdated", "unlisted"):
            return build(actual, wanted) == ("outdated" if op == "outdated" else "")
        if op in ("since", "before"):
            return compared(actual, op, wanted)
        return state(actual, wanted) == ("affected" if op == "lacks" else "unknown")
    if op.startswith("has"):
        tags = actual if isinstance(actual, tuple) else ()
        if op == "has":
            return wanted in tags
        return any(tag in tags for tag in wanted) is (op == "has-any")
    if isinstance(actual, bool) or not isinstance(actual, (int, float)):
        return False
    if op == "at-least":
        return bool(actual >= wanted)
    if op == "at-most":
        return bool(actual <= wanted)
    if op == "below":
        return bool(actual < wanted)
    return op == "above" and bool(actual > wanted)


def fulfils(leaf: Sequence[Any], event: Mapping[str, Value], generous: bool = False) -> bool:
    """Whether the event fulfils the leaf; `generous`: or may, for all that was told."""
    _, kinds, root, tests = leaf
    if (kinds and event["kind"] not in kinds) or (root and not event["root"]):
        return False
    for name, op, wanted in tests:
        value = value_of(event, name)
        if not holds(op, value, wanted) and not (generous and value is UNTOLD):
            return False
    return True


class Matcher:
    """Matches leaves against one working memory; every leaf is looked at once."""

    def __init__(self, leaves: Sequence[Sequence[Any]], memory: Memory) -> None:
        self.leaves = leaves
        self.memory = memory
        self.by_kind: dict[str, list[int]] = {}
        for index, event in enumerate(memory.events):
            self.by_kind.setdefault(str(event["kind"]), []).append(index)
        self._known: dict[int, Match | None] = {}

    def leaf(self, number: int) -> Match | None:
        """What fulfils the leaf, or None."""
        if number not in self._known:
            self._known[number] = self._leaf(self.leaves[number])
        return self._known[number]

    def literal(self, number: int) -> Match | None:
        if number >= 0:
            return self.leaf(number)
        return None if self.leaf(~number) or self.undecided(~number) else ((), ())

    def undecided(self, number: int) -> bool:
        """Whether the leaf does not hold, but may, for all that was told of a message."""
        leaf = self.leaves[number]
        return (
            leaf[0] == "event"
            and any(fulfils(leaf, event, True) for event in self.memory.events if "untold" in event)
            and self.leaf(number) is None
        )

    def clause(self, literals: Sequence[int]) -> Match | None:
        found = []
        for literal in literals:  # nearly every clause fails at its first literal
            match = self.literal(literal)
            if match is None:
                return None
            found.append(match)
        events = {index for match in found for index in match[0]}
        facts = {name for match in found for name in match[1]}
        return tuple(sorted(events)), tuple(sorted(facts))

    def candidates(self, kinds: Sequence[str]) -> Sequence[int]:
        if not kinds:
            return range(len(self.memory.events))
        found = [self.by_kind[kind] for kind in kinds if kind in self.by_kind]
        if len(found) < 2:
            return found[0] if found else ()
        return sorted(index for some in found for index in some)

    def _leaf(self, leaf: Sequence[Any]) -> Match | None:
        form = leaf[0]
        if form == "fact":
            _, name, op, wanted = leaf
            value = self.memory.facts.get(name)
            if value is None and op not in ("unknown",):
                return None
            return ((), (name,)) if holds(op, value, wanted) else None
        if form == "event":
            events = self.memory.events
            found = [index for index in self.candidates(leaf[1]) if fulfils(leaf, events[index])]
            return (tuple(found), ()) if found else None
        if form == "count":
            return self._count(*leaf[1:])
        _, first, second, attribute = leaf
        one, two = self.leaf(first), self.leaf(second)
        pairs: set[int] = set()
        for a in one[0] if one else ():
            for b in two[0] if two else ():
                value = self.memory.events[a].get(attribute)
                if a != b and value is not None and equal(value, self.memory.events[b].get(attribute)):
                    pairs.update((a, b))
        return (tuple(sorted(pairs)), ()) if pairs else None

    def _count(self, kinds: Sequence[str], of: str, op: str, number: int) -> Match | None:
        found = self.candidates(kinds)
        events = self.memory.events
        if of:
            count = len({events[index].get(of) for index in found} - {None})
        else:
            count = sum(n for index in found if isinstance(n := events[index]["count"], int))
        if op == "at-least":
            return (tuple(found), ()) if count >= number and found else None
        return (tuple(found), ()) if count <= number else None


class _Index:
    """Which clauses may hold, by the kind of an event or the name of a fact that they need: few of thousands do."""

    def __init__(self, leaves: Sequence[Sequence[Any]], rules: Sequence[Rule]) -> None:
        self.rules = rules
        self.by_kind: dict[str, list[tuple[int, int]]] = {}  # (number of the rule, of the clause)
        self.by_fact: dict[str, list[tuple[int, int]]] = {}
        self.others: list[tuple[int, int]] = []
        for number, rule in enumerate(rules):
            for place, clause in enumerate(rule.clauses):
                needed = [leaves[literal] for literal in clause if literal >= 0]
                kinds = next((leaf[1] for leaf in needed if leaf[0] == "event" and leaf[1]), None)
                fact = next((leaf[1] for leaf in needed if leaf[0] == "fact" and leaf[2] != "unknown"), None)
                if kinds is not None:
                    for kind in set(kinds):
                        self.by_kind.setdefault(kind, []).append((number, place))
                elif fact is not None:
                    self.by_fact.setdefault(fact, []).append((number, place))
                else:
                    self.others.append((number, place))

    def possible(self, matcher: Matcher) -> list[tuple[int, int]]:
        """The clauses that may hold, in order."""
        found = set(self.others)
        for kind in matcher.by_kind:
            found.update(self.by_kind.get(kind, ()))
        for name in matcher.memory.facts:
            found.update(self.by_fact.get(name, ()))
        return sorted(found)


class Evaluator:
    name = "evaluator"

    def __init__(self) -> None:
        self._made: list[_Index] = []  # the last ones, one per set of rules

    def _index(self, leaves: Sequence[Sequence[Any]], rules: Sequence[Rule]) -> _Index:
        index = next((one for one in self._made if one.rules is rules), None)
        if index is None:
            index = _Index(leaves, rules)
            self._made = [index, *self._made[: SETS - 1]]
        return index

    def run(self, leaves: Sequence[Sequence[Any]], rules: Sequence[Rule], memory: Memory) -> list[Firing]:
        matcher = Matcher(leaves, memory)
        found: dict[int, list[Match]] = {}
        for number, place in self._index(leaves, rules).possible(matcher):
            match = matcher.clause(rules[number].clauses[place])
            if match is not None:
                found.setdefault(number, []).append(match)
        return [
            Firing(
                number,
                tuple(sorted({index for match in matches for index in match[0]})),
                tuple(sorted({name for match in matches for name in match[1]})),
            )
            for number, matches in found.items()
        ]
