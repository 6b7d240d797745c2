"""kb/compile.py: conditions become clauses over leaves with the same meaning; absence asks for coverage."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kbfolder import FILES, build, edited, read, write

from kb.compile import _FACT_COMPLEMENT, MAX_CLAUSES, MAX_LITERALS, Leaves, TooLarge, compile_base
from kb.model import All, AnyOf, Condition, CountIs, EventIs, FactIs, Not
from kb.model import Test as AttributeTest

A, B, C = (EventIs((kind,), (), False) for kind in ("a", "b", "c"))
LEAF = {"a": ["event", ["a"], False, []], "b": ["event", ["b"], False, []], "c": ["event", ["c"], False, []]}
COVERED = ["fact", "log.complete", "is", True]


def clauses(condition: Condition) -> list[list[object]]:
    """Clauses with the leaves written out; complements as ["not", leaf]."""
    leaves = Leaves()
    return [
        [leaves.table[x] if x >= 0 else ["not", leaves.table[~x]] for x in clause]
        for clause in leaves.clauses(condition)
    ]


def test_leaves() -> None:
    tests = (AttributeTest("room", "in", ("x", "y")),)
    assert clauses(EventIs(("a", "b"), tests, True)) == [[["event", ["a", "b"], True, [["room", "in", ["x", "y"]]]]]]
    assert clauses(CountIs(("a",), "cpu", "at-least", 3)) == [[["count", ["a"], "cpu", "at-least", 3]]]
    assert clauses(FactIs("f", "in", (1, 2))) == [[["fact", "f", "in", [1, 2]]]]
    assert clauses(FactIs("f", "known", True)) == [[["fact", "f", "known", True]]]
    assert clauses(FactIs("f", "known", False)) == [[["fact", "f", "unknown", True]]]


def test_equal_leaves_are_stored_once() -> None:
    leaves = Leaves()
    first = leaves.clauses(All((A, B)))
    assert leaves.clauses(All((A, B))) == first == [[0, 1]]
    assert len(leaves.table) == 2
    assert leaves.clauses(All((A, A))) == [[0]]


def test_distribution_and_de_morgan() -> None:
    a, b, c = LEAF["a"], LEAF["b"], LEAF["c"]
    assert clauses(All((AnyOf((A, B)), C))) == [[a, c], [b, c]]
    assert clauses(Not(AnyOf((A, B)))) == [[["not", a], COVERED, ["not", b]]]
    assert clauses(Not(All((A, B)))) == [[["not", a], COVERED], [["not", b], COVERED]]
    assert clauses(Not(Not(A))) == [[a]]
    assert clauses(Not(All((A, Not(B))))) == [[["not", a], COVERED], [b]]


def test_absence_needs_coverage() -> None:
    assert clauses(Not(A)) == [[["not", LEAF["a"]], COVERED]]
    # few of them is a statement about absence too
    assert clauses(CountIs(("a",), "", "at-most", 2)) == [[["count", ["a"], "", "at-most", 2], COVERED]]
    assert clauses(Not(CountIs(("a",), "", "at-least", 3))) == [[["count", ["a"], "", "at-most", 2], COVERED]]
    assert clauses(Not(CountIs(("a",), "", "at-most", 2))) == [[["count", ["a"], "", "at-least", 3]]]


@pytest.mark.parametrize(("op", "opposite"), sorted(_FACT_COMPLEMENT.items()))
def test_complement_of_fact_tests(op: str, opposite: str) -> None:
    if op == "known":
        assert clauses(Not(FactIs("f", "known", True))) == [[["fact", "f", "unknown", True]]]
        assert clauses(Not(FactIs("f", "known", False))) == [[["fact", "f", "known", True]]]
        return
    assert clauses(Not(FactIs("f", op, 3))) == [[["fact", "f", opposite, 3]]]
    assert clauses(Not(Not(FactIs("f", op, 3)))) == [[["fact", "f", op, 3]]]
    assert _FACT_COMPLEMENT[opposite] == op


def test_pair() -> None:
    pair = All((A, B), "room")
    leaves = Leaves()
    assert leaves.clauses(pair) == [[2]]
    assert leaves.table[2] == ["pair", 0, 1, "room"]
    leaves = Leaves()
    (clause,) = leaves.clauses(Not(pair))
    assert [leaves.table[x] if x >= 0 else x for x in clause] == [~2, COVERED]


def test_never_and_always() -> None:
    assert clauses(AnyOf(())) == []
    assert clauses(Not(AnyOf(()))) == []  # a condition that could not be read never holds, negated or not
    assert clauses(All(())) == []


def test_too_large() -> None:
    def fact(number: int) -> FactIs:
        return FactIs("f", "is", number)

    wide = AnyOf(tuple(fact(n) for n in range(MAX_CLAUSES)))
    assert len(clauses(wide)) == MAX_CLAUSES
    with pytest.raises(TooLarge, match="more than 64 alternatives"):
        clauses(AnyOf((*wide.parts, A)))
    long = All(tuple(fact(n) for n in range(MAX_LITERALS)))
    assert len(clauses(long)[0]) == MAX_LITERALS
    with pytest.raises(TooLarge, match="more than 12 parts"):
        clauses(All((*long.parts, A)))
    # 2 ** 40 alternatives must fail fast
    with pytest.raises(TooLarge):
        clauses(All(tuple(AnyOf((fact(2 * n), fact(2 * n + 1))) for n in range(40))))


FACTS = [FactIs(name, "is", 1) for name in "pqr"]
CONDITIONS = st.recursive(
    st.sampled_from([A, B, C, *FACTS]),
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=8,
)


def holds(condition: Condition, truth: dict[str, bool]) -> bool:
    if isinstance(condition, Not):
        return not holds(condition.part, truth)
    if isinstance(condition, All):
        return all(holds(part, truth) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return any(holds(part, truth) for part in condition.parts)
    if isinstance(condition, FactIs):
        return truth[condition.name]
    assert isinstance(condition, EventIs)
    return truth[condition.kinds[0]]


@given(CONDITIONS)
def test_clauses_mean_the_same(condition: Condition) -> None:
    """With every fact known and the log complete, clauses and condition agree in every world."""
    try:
        compiled = clauses(condition)
    except TooLarge:
        return

    def literal(leaf: object, truth: dict[str, bool]) -> bool:
        assert isinstance(leaf, list)
        if leaf[0] == "not":
            return not literal(leaf[1], truth)
        if leaf == COVERED:
            return True
        if leaf[0] == "event":
            return truth[leaf[1][0]]
        return truth[leaf[1]] is (leaf[2] == "is")

    for values in itertools.product((False, True), repeat=6):
        truth = dict(zip("abcpqr", values, strict=True))
        assert any(all(literal(x, truth) for x in clause) for clause in compiled) is holds(condition, truth)


def test_base(tmp_path: Path) -> None:
    knowledge = read(build(tmp_path))
    base = compile_base(knowledge)
    assert json.loads(json.dumps(base)) == base  # plain data, or the cache would change it
    candle = base["causes"]["candle"]  # type: ignore[index]
    assert (candle["prior"], candle["parent"], candle["explains"]) == (-10, "cable", ["fire", "smoke"])
    assert (candle["fix"], candle["prevent"]) == ("Blow it out.", "Use lamps.")
    assert candle["references"] == [["A book", "https://example.org/"]]
    assert [e["weight"] for e in candle["evidence"]] == [10, -2]
    fire = base["events"]["fire"]  # type: ignore[index]
    assert fire["patterns"][1] == ["BURNING: ", r"^BURNING: (?P<room>\w+)", {}, "kernel", True, "", False]
    assert fire["not"] == ["fire drill"]
    assert base["flags"] == ["loud"]
    assert base["integers"] == ["cpu", "floor", "height", "oops-number"]
    assert base["numbers"] == ["amount"]
    search = base["search"]
    literals = {"fire in room ", "BURNING: ", "smells of smoke", "ground shakes", "Linux version "}
    assert {x for found in search["keys"].values() for x in found} == literals  # type: ignore[index]
    assert base["probes"]["look"]["command"] == ["ls", "/house"]  # type: ignore[index]
    assert base["derivations"][0]["copies"] == {"house.name": "kernel.cmdline"}  # type: ignore[index]


def test_too_large_condition_is_a_problem_and_never_fires(tmp_path: Path) -> None:
    name = "causes/house/candle.md"
    many = "{any: [" + ", ".join(f"{{fact: house.age, is: {n}}}" for n in range(70)) + "]}"
    text = FILES[name].replace("{root: fire, where: {trace: {has: stairs}}}", many)
    knowledge = read(write(tmp_path, {**FILES, name: text}))
    base = compile_base(knowledge)
    assert base["causes"]["candle"]["evidence"][0]["clauses"] == []  # type: ignore[index]
    assert [(p.field, p.place.line) for p in knowledge.problems] == [("evidence.on-the-stairs", 8)]


UNUSABLE = [
    ("events/all.yaml", 'literal: "smells of smoke"', 'literal: ""', "literal: is empty"),
    ("events/all.yaml", '{literal: "smells of smoke", ', "{", "literal: is missing"),
    ("events/all.yaml", "'smells of smoke'}", "'smells (of smoke'}", "regex: does not compile"),
    ("events/all.yaml", "    - 'fire drill'", "    - 'fire (drill'", "not: does not compile"),
    ("vocabulary/headers.yaml", '"Linux version "', '""', "literal: is empty"),
    ("vocabulary/headers.yaml", "(\\S.*)", "(\\S.*", "regex: does not compile"),
    ("vocabulary/headers.yaml", "(\\S.*)", "\\S.*", "regex: needs a group"),
    ("vocabulary/facts.yaml", "cellar: size", "cellar: sise", "house.cellar: 'sise' is no type"),
    ("vocabulary/facts.yaml", "[flat, villa]", "[flat, yes]", "is no type"),
    ("vocabulary/facts.yaml", "owners: list", "owners: {a: b}", "is no type"),
    ("probes/all.yaml", "age (\\d+)", "age (\\d+", "parse.regex: does not compile"),
]


@pytest.mark.parametrize(("file", "old", "new", "told"), UNUSABLE)
def test_what_cannot_be_searched_for_is_told_and_left_out(
    tmp_path: Path, file: str, old: str, new: str, told: str
) -> None:
    """One bad expression in a site's folder does not keep the rest from working."""
    from advisor.work import Work

    folder = edited(tmp_path, file, old, new)
    work = Work([str(folder)], "evaluator")
    assert any(told in problem for problem in work.problems), work.problems
    evidence = work.gatherer.gather("x", {}, [("log", "Linux version 6\nfire in room kitchen, floor 2\n")])
    assert [event.kind for event in evidence.events][:1] == ["fire"]
    assert work.diagnose(evidence).ranking.status
