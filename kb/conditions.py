"""Reads `when` conditions (docs/writing-knowledge.md) and checks every word of them against the vocabulary."""

from __future__ import annotations

from kb.fields import Fields, suggestion
from kb.model import (
    All,
    AnyOf,
    Condition,
    Constant,
    CountIs,
    EventIs,
    FactIs,
    Not,
    Problem,
    Scalar,
    Test,
    Vocabulary,
)
from kb.units import UnitError, convert
from kb.yamldoc import Node

_TEST_OPS = ("is", "not", "in", "at-least", "at-most", "contains", "has", "has-any", "has-none", "known")
_SETS = ("tags", "names")  # types of attributes that hold several words
_FACT_OPS = ("is", "not", "in", "at-least", "at-most", "contains", "known", "since", "before")
_RELEASE_OPS = ("since", "before")  # only for facts of type release, which only they (and known) can test
NEVER = AnyOf(())  # stands for a condition that could not be read


class ConditionReader:
    """Turns YAML nodes into conditions; problems go to the Fields' list."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.fact_types = {f"{g}.{n}": t for g, names in vocabulary.facts.items() for n, t in names.items()}

    def read(
        self, node: Node | None, path: str, problems: list[Problem], name: str = "when", depth: int = 0
    ) -> Condition:
        if node is None:
            return NEVER
        fields = Fields(node, path, problems, name)
        if not isinstance(node.value, dict):
            return NEVER
        if depth > 8:
            fields.problem(node, "", "conditions are nested more than 8 deep")
            return NEVER
        heads = [k for k in ("event", "root", "fact", "all", "any", "not") if k in node.value]
        if "fact" in heads and "not" in heads:
            heads.remove("not")  # here it is the test of the fact
        if len(heads) != 1:
            fields.problem(node, "", "exactly one of event, root, fact, all, any, not belongs here")
            return NEVER
        head = heads[0]
        if head in ("event", "root"):
            result = self._event(fields, head)
        elif head == "fact":
            result = self._fact(fields)
        elif head == "not":
            result = Not(self.read(fields.node("not"), path, problems, f"{name}.not", depth + 1))
        else:
            parts = tuple(
                self.read(item, path, problems, f"{name}.{head}[{i}]", depth + 1)
                for i, item in enumerate(fields.items(head))
            )
            if not parts:
                fields.problem(node, head, "needs at least one condition")
            same = fields.text("same") if head == "all" else ""
            if same and not (len(parts) == 2 and all(isinstance(p, EventIs) for p in parts)):
                fields.problem(node, "same", "works on exactly two event conditions")
                same = ""
            if same:
                self._attribute(fields, node, same)
            result = All(parts, same) if head == "all" else AnyOf(parts)
        fields.done()
        return result

    # one event
    def _event(self, fields: Fields, head: str) -> Condition:
        node = fields.node(head)
        assert node is not None
        names = [n.value for n in node.value] if isinstance(node.value, list) else [node.value]
        kinds: tuple[str, ...] = ()
        if names != ["any"]:
            if not names:
                fields.problem(node, head, "needs at least one event kind")
            for kind in names:
                if not isinstance(kind, str) or kind not in self.vocabulary.events:
                    hint = suggestion(str(kind), self.vocabulary.events)
                    fields.problem(node, head, f"{kind!r} is no event kind{hint}")
            kinds = tuple(str(k) for k in names)
        count = fields.node("count")
        where = fields.node("where")
        tests: list[Test] = []
        if where is not None:
            if not isinstance(where.value, dict):
                fields.problem(where, "where", "a mapping (attribute: test) belongs here")
            else:
                for attribute, test in where.value.items():
                    tests += self._tests(fields, attribute, test)
        if count is None:
            return EventIs(kinds, tuple(tests), head == "root")
        if where is not None or head == "root":
            fields.problem(count, "count", "cannot be combined with `where` or `root`")
        return self._count(fields, count, kinds)

    def _count(self, fields: Fields, node: Node, kinds: tuple[str, ...]) -> Condition:
        inner = Fields(node, fields.path, fields.problems, "count")
        of = inner.text("of")
        if of:
            self._attribute(fields, node, of)
        bounds = [(op, inner.integer(op, -1)) for op in ("at-least", "at-most") if op in inner]
        inner.done()
        if not bounds:
            fields.problem(node, "count", "needs at-least or at-most")
            return NEVER
        parts = tuple(CountIs(kinds, of, op, number) for op, number in bounds)
        return parts[0] if len(parts) == 1 else All(parts)

    def _attribute(self, fields: Fields, node: Node, name: str) -> dict[str, object]:
        known = self.vocabulary.attributes.get(name)
        if known is None:
            fields.problem(node, name, f"no such attribute{suggestion(name, self.vocabulary.attributes)}")
            return {}
        return known

    def _tests(self, fields: Fields, attribute: str, node: Node) -> list[Test]:
        kind = self._attribute(fields, node, attribute).get("type", "text")
        value = node.value
        if isinstance(value, list):
            raw: list[tuple[str, Node]] = [("in", node)]
        elif isinstance(value, dict):
            raw = list(value.items())
        else:
            raw = [("has" if kind in _SETS else "is", node)]
        tests = []
        for op, operand in raw:
            if op not in _TEST_OPS:
                fields.problem(operand, attribute, f"{op!r} is no test; use one of {', '.join(_TEST_OPS)}")
                continue
            if (kind in _SETS) != op.startswith("has") and op != "known":
                fields.problem(operand, attribute, "tags are tested with has, has-any, has-none (and only tags are)")
                continue
            constant = self._operand(fields, operand, attribute, op, kind)
            if constant is None:
                continue
            if op == "not" and isinstance(constant, tuple):
                op = "not-in"
            if kind == "boolean" and op in ("is", "not"):
                # a missing flag counts as false
                constant, op = True, "is" if (op == "is") == (constant is True) else "not"
            tests.append(Test(attribute, op, constant))
        return tests

    def _operand(self, fields: Fields, node: Node, name: str, op: str, kind: object) -> Constant | None:
        if isinstance(node.value, list):
            if op not in ("in", "not", "has-any", "has-none"):
                fields.problem(node, name, f"a single value belongs here; {op} takes no list")
                return None
            values: list[Scalar] = []
            for item in node.value:
                one = self._scalar(fields, item, name, op, kind)
                if one is not None:
                    values.append(one)
            return tuple(values)
        value = self._scalar(fields, node, name, op, kind)
        if value is not None and op in ("in", "has-any", "has-none"):
            return (value,)
        return value

    def _scalar(self, fields: Fields, node: Node, name: str, op: str, kind: object) -> Scalar | None:
        value = node.value
        if op != "known" and (isinstance(kind, list) or kind in ("text", "release", *_SETS)) and node.text:
            value = node.text  # `null`, `no` and 6.10 are words here
        if not isinstance(value, (str, int, float, bool)):
            fields.problem(node, name, "a single value belongs here")
            return None
        if op == "known":
            if not isinstance(value, bool):
                fields.problem(node, name, "known is true or false")
                return None
            return value
        if op in ("contains",):
            return str(value)
        if kind == "tags":
            if value not in self.vocabulary.tags:
                fields.problem(node, name, f"{value!r} is no tag{suggestion(str(value), self.vocabulary.tags)}")
                return None
            return value
        try:
            return convert(kind, value)
        except UnitError as error:
            fields.problem(node, name, str(error))
            return None

    def fact_value(self, fields: Fields, field: str, name: str, node: Node) -> Scalar | None:
        """The node's value as the fact's type wants it."""
        kind = self.known_fact(fields, node, field, name)
        return None if kind is None else self._scalar(fields, node, field, "is", kind)

    def known_fact(self, fields: Fields, node: Node, field: str, name: str) -> object:
        """The type of the fact; None, and a problem, where there is no such fact."""
        kind = self.fact_types.get(name)
        if kind is None and name.startswith("kernel.cmdline."):
            kind = "text"
        if kind is None:
            fields.problem(node, field, f"{name} is no fact{suggestion(name, self.fact_types)}")
        return kind

    # one fact
    def _fact(self, fields: Fields) -> Condition:
        name = fields.text("fact", required=True)
        kind = self.fact_types.get(name)
        if kind is None and name.startswith("kernel.cmdline."):
            kind = "text"
        if kind is None:
            fields.problem(fields.node("fact"), "fact", f"{name!r} is no fact{suggestion(name, self.fact_types)}")
            kind = "any"
        parts: list[Condition] = []
        for op in _FACT_OPS:
            node = fields.node(op)
            if node is None:
                continue
            if kind == "list" and op in ("is", "not", "in"):
                fields.problem(node, op, "a list is tested with contains")
                continue
            if op != "known" and kind != "any" and (kind == "release") is not (op in _RELEASE_OPS):
                tests = "since, before or known" if kind == "release" else "another test"
                fields.problem(node, op, f"{name} is {'a' if kind == 'release' else 'no'} release; use {tests}")
                continue
            constant = self._operand(fields, node, op, op, "any" if kind == "any" else kind)
            if constant is None:
                continue
            if op == "not":
                op = "not-in" if isinstance(constant, tuple) else "not"
            parts.append(FactIs(name, op, constant))
        if not parts:
            fields.problem(None, "fact", f"needs a test: one of {', '.join(_FACT_OPS)}")
            return NEVER
        return parts[0] if len(parts) == 1 else All(tuple(parts))
