"""The durable-rules engine, driven through its C core.

What it can be trusted with was measured (docs/decisions/engine.md); so this module
* gives it events and facts as flat messages, in one batch per rule set and one session id per diagnosis;
* uses equality of texts (for it true is "true") and conjunction only - never `none`, which depends on the order within
  a batch and can corrupt memory, nor `$nex`, which also matches the engine's own messages, nor `$gte` and its kin,
  which hold between text and numbers;
* answers every other test beforehand and gives the engine the answer as a flag;
* keeps every rule set small (see the limits below), gives it only what it tests, and builds each once per process;
* works in two steps: rules over messages find which leaves hold (a clause of one leaf is such a rule), rules over the
  leaves' atoms find which longer clauses do, so that several events never multiply.
Only this module imports the engine; the package's own Host class is not used because it starts timer threads.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import durable_rules_engine as core

from advisor.engine import Firing, Memory, Rule
from advisor.engine.evaluator import RELEASE_OPS, Evaluator, Matcher, holds, value_of
from facts.records import Value

MAX_TESTS = 300  # distinct tests per rule set; the engine fails at 512
MAX_RULES = 60  # rules per rule set; the engine refuses a message that fulfils conditions of more than 64
MAX_KEYS = 200  # distinct names tested per rule set; a message with 255 is silently lost
_OPENING = "opening"
_OPENS = {"t": "opening"}

Expression = dict[str, Any]
Matches = dict[int, tuple[set[int], set[str]]]


class RuleSet:
    """Rules over flat messages; a rule is a list of patterns, a pattern a list of tests that all must hold."""

    _made = 0

    def __init__(self, rules: dict[str, list[list[Expression]]]) -> None:
        RuleSet._made += 1
        self.name = f"kadvisor_{RuleSet._made}"
        self._session = 0
        # One rule always fires: deleting a session in which no rule wanted any message corrupts memory.
        definition = {
            name: {"all": [{f"m_{place}": {"$and": tests}} for place, tests in enumerate(patterns)]}
            for name, patterns in {_OPENING: [[_OPENS]], **rules}.items()
        }
        self.keys = {key for patterns in rules.values() for tests in patterns for test in tests for key in test}
        self._handle = core.create_ruleset(self.name, json.dumps(definition))

    def run(self, messages: Sequence[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
        """(rule, matched messages) of everything that fires."""
        if not messages:
            return
        self._session += 1
        session = str(self._session)
        wanted = {"n", "t"} | self.keys
        batch = [{**{k: v for k, v in message.items() if k in wanted}, "sid": session} for message in messages]
        core.assert_facts(self._handle, json.dumps([{**_OPENS, "sid": session}, *batch]))
        try:
            while (begun := core.start_action(self._handle)) is not None:
                _, fired, state = begun
                while fired:
                    for name, matched in json.loads(fired).items():
                        if name != _OPENING:
                            yield name, matched
                    fired = core.complete_and_start_action(self._handle, state)
        finally:
            core.delete_state(self._handle, session)


def _key(name: str) -> str:
    return "a_" + name.replace("-", "_").replace(".", "__")


class _Leaves:
    """The leaves of one base, grouped into rule sets by what they look at; rule sets are made when first needed."""

    def __init__(self, leaves: Sequence[Sequence[Any]]) -> None:
        self.leaves = leaves
        self.flags: dict[str, dict[str, tuple[str, str, Any]]] = {}  # group -> flag -> attribute, op, operand
        self.members: dict[str, list[int]] = {}
        self._sets: dict[str, list[RuleSet]] = {}
        for number, leaf in enumerate(leaves):
            if leaf[0] == "event":
                for kind in leaf[1] or ["*"]:
                    self.members.setdefault(f"event:{kind}", []).append(number)
            elif leaf[0] == "fact" and leaf[2] not in RELEASE_OPS:
                self.members.setdefault(f"fact:{leaf[1]}", []).append(number)

    def sets(self, group: str) -> list[RuleSet]:
        if group not in self._sets:
            self._sets[group] = list(self._make(group))
        return self._sets[group]

    def _make(self, group: str) -> Iterator[RuleSet]:
        rules: dict[str, list[list[Expression]]] = {}
        tests = 0
        keys: set[str] = set()
        for number in self.members.get(group, ()):
            expressions = self.expressions(group, number)
            tests += len(expressions)
            keys.update(key for test in expressions for key in test)
            if tests > MAX_TESTS or len(rules) >= MAX_RULES or len(keys) > MAX_KEYS:
                yield RuleSet(rules)
                rules, tests = {}, len(expressions)
                keys = {key for test in expressions for key in test}
            rules[f"l{number}"] = [expressions]
        if rules:
            yield RuleSet(rules)

    def expressions(self, group: str, number: int) -> list[Expression]:
        """The tests of a leaf, for messages of a group."""
        leaf = self.leaves[number]
        if leaf[0] == "fact":
            return [self._test(group, number, 0, "value", leaf[2], leaf[3])]
        out: list[Expression] = [{"t": "event"}]
        if leaf[2]:
            out.append({"root": True})
        return out + [self._test(group, number, place, *test) for place, test in enumerate(leaf[3])]

    def _test(self, group: str, number: int, place: int, name: str, op: str, wanted: Any) -> Expression:
        if op == "is" and isinstance(wanted, str):
            return {_key(name): wanted}
        flag = f"f_{number}_{place}"
        self.flags.setdefault(group, {})[flag] = (name, op, wanted)
        return {flag: True}

    def message(self, group: str, values: dict[str, Value], index: int) -> dict[str, Any]:
        """The values as a message of the group, with the flags of its set, text and number tests."""
        out: dict[str, Any] = {"n": index, "t": group.partition(":")[0]}
        for name, value in values.items():
            if isinstance(value, str):
                out[_key(name)] = value
        if values.get("root") is True:
            out["root"] = True
        for flag, (name, op, wanted) in self.flags.get(group, {}).items():
            if holds(op, value_of(values, name), wanted):
                out[flag] = True
        return out


class DurableRules:
    name = "durable-rules"

    def __init__(self) -> None:
        self._leaves: dict[int, tuple[Sequence[Any], _Leaves]] = {}
        self._clauses: dict[int, tuple[Sequence[Rule], _Clauses]] = {}
        self.failures = 0  # runs that the evaluator had to take over

    def run(self, leaves: Sequence[Sequence[Any]], rules: Sequence[Rule], memory: Memory) -> list[Firing]:
        kept = self._leaves.get(id(leaves))
        if kept is None:
            kept = self._leaves[id(leaves)] = (leaves, _Leaves(leaves))
        known = self._clauses.get(id(rules))
        if known is None:
            known = self._clauses[id(rules)] = (rules, _Clauses(rules))
        clauses = known[1]
        try:
            matches = self._match(kept[1], clauses.wanted, memory)
            return clauses.run(matches, _undecided(leaves, clauses.wanted, memory))
        except core.error:  # a limit that is not known yet
            self.failures += 1
            return Evaluator().run(leaves, rules, memory)

    def _match(self, table: _Leaves, wanted: frozenset[int], memory: Memory) -> Matches:
        """The leaves that hold, with the events and facts that fulfil them."""
        matches: Matches = {}

        def note(name: str, events: Iterable[int], facts: Iterable[str]) -> None:
            match = matches.setdefault(int(name[1:]), (set(), set()))
            match[0].update(events)
            match[1].update(facts)

        by_kind: dict[str, list[int]] = {}
        for index, event in enumerate(memory.events):
            by_kind.setdefault(str(event["kind"]), []).append(index)
        for kind, indices in by_kind.items():
            for group in (f"event:{kind}", "event:*"):
                if wanted.isdisjoint(table.members.get(group, ())):
                    continue
                sets = table.sets(group)
                messages = [table.message(group, memory.events[index], index) for index in indices]
                for rule_set in sets:
                    for name, matched in rule_set.run(messages):
                        note(name, [(matched.get("m") or matched["m_0"])["n"]], ())
        for number in wanted:
            leaf = table.leaves[number]
            if leaf[0] == "fact" and leaf[2] == "unknown" and memory.facts.get(leaf[1]) is None:
                note(f"l{number}", (), (leaf[1],))
        for fact, value in memory.facts.items():
            group = f"fact:{fact}"
            if wanted.isdisjoint(table.members.get(group, ())):
                continue
            sets = table.sets(group)
            message = table.message(group, {"value": value}, 0)
            for rule_set in sets:
                for name, _ in rule_set.run([message]):
                    note(name, (), (fact,))
        self._computed(table, wanted, memory, matches)
        return matches

    def _computed(self, table: _Leaves, wanted: frozenset[int], memory: Memory, matches: Matches) -> None:
        """Counts, pairs and tests of releases: the engine cannot take the first, several events would multiply in the
        second, and the third would make a rule set of their own for a few comparisons."""
        matcher = Matcher(table.leaves, memory)
        for number in wanted:
            leaf = table.leaves[number]
            if leaf[0] in ("count", "pair") or (leaf[0] == "fact" and leaf[2] in RELEASE_OPS):
                match = matcher.leaf(number)
                if match is not None:
                    matches[number] = (set(match[0]), set(match[1]))


class _Clauses:
    """The clauses of a rule list as rules over atoms."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = rules
        self.names: list[tuple[int, Sequence[int]]] = []  # clause number -> (rule, literals)
        self.by_literal: dict[int, list[int]] = {}
        wanted: set[int] = set()
        for number, rule in enumerate(rules):
            for clause in rule.clauses:
                for literal in clause:
                    wanted.add(literal if literal >= 0 else ~literal)
                    self.by_literal.setdefault(literal, []).append(len(self.names))
                self.names.append((number, clause))
        self.wanted = frozenset(wanted)
        self._sets: dict[int, tuple[RuleSet, frozenset[int]]] = {}
        self._chunks: list[list[int]] = [[]]
        atoms: set[int] = set()
        for clause_number, (_, clause) in enumerate(self.names):
            if len(clause) == 1:
                continue
            if len(atoms.union(clause)) > MAX_TESTS or len(self._chunks[-1]) >= MAX_RULES:
                self._chunks.append([])
                atoms = set()
            atoms.update(clause)
            self._chunks[-1].append(clause_number)
        self._chunk_of = {c: i for i, chunk in enumerate(self._chunks) for c in chunk}

    def run(self, matches: Matches, undecided: Collection[int] = ()) -> list[Firing]:
        """`undecided`: leaves that neither hold nor fail, for all that is known."""
        true = {n for n in self.by_literal if (n in matches if n >= 0 else ~n not in matches and ~n not in undecided)}
        possible = {c for literal in true for c in self.by_literal[literal] if true.issuperset(self.names[c][1])}
        fired: dict[int, tuple[set[int], set[str]]] = {}

        def fire(clause_number: int) -> None:
            number, clause = self.names[clause_number]
            events, facts = fired.setdefault(number, (set(), set()))
            for literal in clause:
                if literal >= 0:
                    events.update(matches[literal][0])
                    facts.update(matches[literal][1])

        for clause_number in possible:
            if clause_number not in self._chunk_of:
                fire(clause_number)
        for chunk in sorted({self._chunk_of[c] for c in possible if c in self._chunk_of}):
            rule_set, atoms = self._set(chunk)
            for name, _ in rule_set.run([{"atom": _atom(literal)} for literal in sorted(atoms & true)]):
                fire(int(name[1:]))
        return [Firing(n, tuple(sorted(e)), tuple(sorted(f))) for n, (e, f) in sorted(fired.items())]

    def _set(self, chunk: int) -> tuple[RuleSet, frozenset[int]]:
        if chunk not in self._sets:
            rules = {f"c{c}": [[{"atom": _atom(literal)}] for literal in self.names[c][1]] for c in self._chunks[chunk]}
            atoms = frozenset(literal for c in self._chunks[chunk] for literal in self.names[c][1])
            self._sets[chunk] = (RuleSet(rules), atoms)
        return self._sets[chunk]


def _undecided(leaves: Sequence[Sequence[Any]], wanted: Iterable[int], memory: Memory) -> set[int]:
    if not any("untold" in event for event in memory.events):
        return set()
    matcher = Matcher(leaves, memory)
    return {number for number in wanted if matcher.undecided(number)}


def _atom(literal: int) -> str:
    return f"l{literal}" if literal >= 0 else f"not{~literal}"
