"""Both engines give the same firings; what the tests of conditions mean."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from advisor.engine import Firing, Memory, Rule, engine, remember
from advisor.engine.evaluator import Evaluator, Matcher, equal, holds
from facts.records import Event, Frame, Record, Value

KINDS = ["oops", "panic", "soft-lockup", "edac-corrected"]
TEXTS = ["function", "module", "comm"]
NUMBERS = ["cpu", "seconds", "size"]
FLAGS = ["early", "capture"]
TAGS = ["trace", "at"]
FACTS = ["kernel.version", "hardware.ecc", "kdump.reserved", "hardware.load", "kernel.livepatch", "log.complete"]

words = st.sampled_from(["frob", "frob_ioctl", "x", "", "true", "1", 'a "quote" \\ and {brace}', "naïve", "\u202e$and"])
texts = st.one_of(words, st.text(max_size=12))
numbers = st.one_of(st.integers(-3, 5), st.sampled_from([0.5, 1.0, 2.5, 10**12]))
tags = st.sampled_from(["ioctl", "irq", "idle"])
scalars = st.one_of(texts, numbers, st.booleans())
tag_lists = st.lists(tags, max_size=3, unique=True).map(tuple)


def conditions_on(draw: Any, comparable: st.SearchStrategy[Any]) -> tuple[str, Any]:
    """(op, wanted) as the compiler may write them for a value that is not a list of tags."""
    op = draw(st.sampled_from(["is", "not", "in", "not-in", "at-least", "at-most", "contains", "known"]))
    if op in ("in", "not-in"):
        return op, draw(st.lists(comparable, min_size=1, max_size=3))
    if op in ("at-least", "at-most"):
        return op, draw(numbers)
    if op == "contains":
        return op, draw(texts)
    return op, draw(st.booleans()) if op == "known" else draw(comparable)


@st.composite
def event_leaves(draw: Any) -> list[Any]:
    conditions = []
    for _ in range(draw(st.integers(0, 3))):
        group = draw(st.sampled_from([TEXTS, NUMBERS, FLAGS, TAGS]))
        name = draw(st.sampled_from(group))
        if group is TAGS:
            op = draw(st.sampled_from(["has", "has-any", "has-none", "known"]))
            wanted: Any = draw(tags) if op == "has" else draw(st.booleans()) if op == "known" else None
            conditions.append(
                [name, op, wanted if wanted is not None else draw(st.lists(tags, min_size=1, max_size=2))]
            )
        elif group is FLAGS:
            conditions.append([name, draw(st.sampled_from(["is", "not"])), draw(st.booleans())])
        else:
            conditions.append([name, *conditions_on(draw, texts if group is TEXTS else numbers)])
    return ["event", draw(st.lists(st.sampled_from(KINDS), max_size=2, unique=True)), draw(st.booleans()), conditions]


RELEASES = ["5.15.7", "5.15.12", "6.1-rc", "6.2", "2.6.32-71.el6.x86_64", "4.18.0-80.el8", "", "x"]
AFFECTS = [
    [[], [6, 1], [], True], [[5, 4], [6, 2], [[[5, 15], 3, 11]], False], [[2, 6, 28], [], [[[2, 6, 32], 0, -1]], True],
]  # fmt: skip


@st.composite
def release_leaves(draw: Any) -> list[Any]:
    """Tests of a release, as conditions and known defects compile to."""
    op = draw(st.sampled_from(["lacks", "may-lack", "outdated", "unlisted", "since", "before"]))
    if op in ("since", "before"):
        return ["fact", "kernel.version", op, draw(st.sampled_from(["5.15.10", "6.1", "2.6.32", "4.18"]))]
    builds = [[".el6", "2.6.32-220.4.2"], [".el8", "4.18.0-80"]]
    wanted = draw(st.sampled_from(AFFECTS)) if op.endswith("lack") or op == "lacks" else builds
    return ["fact", "kernel.version", op, wanted]


@st.composite
def fact_leaves(draw: Any) -> list[Any]:
    op, wanted = conditions_on(draw, scalars)
    if op == "known":
        op, wanted = ("known" if wanted else "unknown"), True
    if op in ("at-least", "at-most") and draw(st.booleans()):
        op = {"at-least": "above", "at-most": "below"}[op]
    if op == "contains" and draw(st.booleans()):
        op = "contains-not"
    return ["fact", draw(st.sampled_from(FACTS)), op, wanted]


count_leaves = st.tuples(
    st.just("count"),
    st.lists(st.sampled_from(KINDS), max_size=2, unique=True),
    st.sampled_from(["", "cpu", "comm"]),
    st.sampled_from(["at-least", "at-most"]),
    st.integers(0, 4),
).map(list)


@st.composite
def tables(draw: Any) -> list[list[Any]]:
    leaves: list[list[Any]] = draw(
        st.lists(st.one_of(event_leaves(), fact_leaves(), release_leaves(), count_leaves), min_size=1, max_size=12)
    )
    events = [number for number, leaf in enumerate(leaves) if leaf[0] == "event"]
    for _ in range(draw(st.integers(0, 2)) if events else 0):
        one, two = draw(st.sampled_from(events)), draw(st.sampled_from(events))
        leaves.append(["pair", one, two, draw(st.sampled_from(["cpu", "module"]))])
    return leaves


@st.composite
def rule_lists(draw: Any, leaves: int) -> list[Rule]:
    literal = st.integers(-leaves, leaves - 1)  # ~n is -n - 1
    clause = st.lists(literal, min_size=1, max_size=4, unique=True)
    clauses = st.lists(st.lists(clause, max_size=3), min_size=1, max_size=6)
    return [Rule(f"rule-{number}", rule) for number, rule in enumerate(draw(clauses))]


@st.composite
def memories(draw: Any) -> Memory:
    events: list[dict[str, Value]] = []
    for line in range(draw(st.integers(0, 5))):
        entry: dict[str, Value] = {"kind": draw(st.sampled_from(KINDS)), "line": line, "root": draw(st.booleans())}
        entry["count"] = draw(st.integers(1, 3))
        for name, values in (
            *((name, texts) for name in TEXTS),
            *((name, numbers) for name in NUMBERS),
            *((name, st.just(True)) for name in FLAGS),
            *((name, tag_lists) for name in TAGS),
        ):
            if draw(st.booleans()):
                entry[name] = draw(values)
        if draw(st.booleans()):
            entry["untold"] = draw(st.lists(st.sampled_from([*TEXTS, *FLAGS, *TAGS]), max_size=4).map(tuple))
        events.append(entry)
    facts = draw(st.dictionaries(st.sampled_from(FACTS), st.one_of(scalars, tag_lists), max_size=5))
    if draw(st.booleans()):
        facts["kernel.version"] = draw(st.sampled_from(RELEASES))
    return Memory(events, facts)


@st.composite
def problems(draw: Any) -> tuple[list[list[Any]], list[Rule], list[Memory]]:
    leaves = draw(tables())
    return leaves, draw(rule_lists(len(leaves))), draw(st.lists(memories(), min_size=1, max_size=3))


TRUE_AND_TEXT = (
    [["fact", "kernel.livepatch", "is", "true"], ["event", [], True, [["function", "is", "true"]]]],
    [Rule("text", [[0], [1]])],
    [Memory([], {"kernel.livepatch": True}), Memory([{"kind": "oops", "root": "true", "function": True}], {})],
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems())
@example(TRUE_AND_TEXT)
def test_engines_agree(problem: tuple[list[list[Any]], list[Rule], list[Memory]]) -> None:
    durable = pytest.importorskip("advisor.engine.durable", exc_type=ImportError)
    leaves, rules, memories = problem
    engine = durable.DurableRules()
    for memory in memories:  # one engine: what an earlier diagnosis left behind must not count
        assert engine.run(leaves, rules, memory) == Evaluator().run(leaves, rules, memory)
        assert engine.failures == 0


def test_what_nobody_told_counts_for_nothing() -> None:
    event: dict[str, Value] = {"kind": "oops", "line": 0, "root": True, "count": 1}
    leaves: list[list[Any]] = [
        ["event", ["oops"], True, [["module", "known", False]]],
        ["event", ["oops"], True, [["early", "not", True]]],
        ["event", ["oops"], True, [["module", "is", "frob"]]],
    ]
    rules = [Rule("no module", [[0]]), Rule("not early", [[1]]), Rule("not frob", [[~2]]), Rule("root", [[~0]])]

    def fired(**more: Value) -> list[str]:
        memory = Memory([{**event, **more}], {})
        return [rules[firing.rule].name for firing in Evaluator().run(leaves, rules, memory)]

    assert fired() == ["no module", "not early", "not frob"]
    assert fired(untold=("module", "early")) == []
    assert fired(untold=("early",)) == ["no module", "not frob"]
    assert fired(untold=("module", "early"), module="x") == ["not frob", "root"]


def test_engines_agree_on_many_rules() -> None:
    """More tests and rules than one rule set of durable-rules may have."""
    durable = pytest.importorskip("advisor.engine.durable", exc_type=ImportError)
    size = 700
    leaves: list[list[Any]] = [
        ["event", [], False, [["function", "is", f"f{n}"], ["cpu", "at-least", n]]] for n in range(size)
    ]
    rules = [Rule(f"r{n}", [[n], [~n, (n + 1) % size]]) for n in range(size)]
    memory = Memory([one(line=n, function=f"f{n * 7}", cpu=400) for n in range(90)], {})
    engine = durable.DurableRules()
    found = engine.run(leaves, rules, memory)
    assert found == Evaluator().run(leaves, rules, memory)
    assert len(found) == 116  # 0, 7, .. 399 hold; each also lets its neighbour below fire
    assert engine.failures == 0


@pytest.mark.parametrize("size", [64, 65, 255, 600])
def test_engines_agree_when_everything_holds(size: int) -> None:
    """One event that fulfils all leaves, one leaf that all rules need."""
    durable = pytest.importorskip("advisor.engine.durable", exc_type=ImportError)
    leaves: list[list[Any]] = [["event", ["oops"], False, [["cpu", "at-least", n]]] for n in range(size)]
    leaves += [["fact", "log.complete", "not-in", [n]] for n in range(size)]
    rules = [Rule(f"r{n}", [[0, n], [size, size + n]]) for n in range(1, size)]
    memory = Memory([one(cpu=size)], {"log.complete": True})
    engine = durable.DurableRules()
    assert engine.run(leaves, rules, memory) == Evaluator().run(leaves, rules, memory)
    assert len(engine.run(leaves, rules, memory)) == size - 1
    assert engine.failures == 0


def run(leaves: list[list[Any]], clauses: list[list[int]], memory: Memory) -> list[Firing]:
    return Evaluator().run(leaves, [Rule("r", clauses)], memory)


def one(**values: Value) -> dict[str, Value]:
    return {"kind": "oops", "line": 1, "root": False, "count": 1, **values}


def test_a_rule_reports_all_that_it_matched() -> None:
    leaves: list[list[Any]] = [
        ["event", ["oops"], False, []],
        ["fact", "a", "is", "b"],
        ["event", ["panic"], False, []],
    ]
    memory = Memory([one(), one(kind="panic"), one()], {"a": "b"})
    assert run(leaves, [[0, 1], [2]], memory) == [Firing(0, (0, 1, 2), ("a",))]
    assert run(leaves, [[0, ~1]], memory) == []
    assert run(leaves, [[~2]], Memory([one()], {})) == [Firing(0, (), ())]


def test_root_means_the_root_event() -> None:
    leaves: list[list[Any]] = [["event", [], True, []]]
    assert run(leaves, [[0]], Memory([one(), one(root=True)], {})) == [Firing(0, (1,), ())]


def test_counts_include_repeats_or_distinct_values() -> None:
    memory = Memory([one(count=2, cpu=1), one(cpu=1), one(cpu=2)], {})
    for number, fires in ((4, True), (5, False)):
        assert bool(run([["count", ["oops"], "", "at-least", number]], [[0]], memory)) is fires
    for number, fires in ((2, True), (3, False)):
        assert bool(run([["count", ["oops"], "cpu", "at-least", number]], [[0]], memory)) is fires
    assert run([["count", ["panic"], "", "at-most", 0]], [[0]], memory)
    assert not run([["count", ["panic"], "", "at-least", 0]], [[0]], memory)


def test_pairs_need_two_events_with_one_value() -> None:
    leaves: list[list[Any]] = [["event", ["oops"], False, []], ["event", ["panic"], False, []], ["pair", 0, 1, "cpu"]]
    leaves.append(["pair", 0, 0, "cpu"])
    pair = Memory([one(cpu=1), one(kind="panic", cpu=2), one(kind="panic", cpu=1)], {})
    assert run(leaves, [[2]], pair) == [Firing(0, (0, 2), ())]
    assert run(leaves, [[3]], pair) == []  # an event is no pair with itself
    assert run(leaves, [[2]], Memory([one(), one(kind="panic")], {})) == []  # a missing attribute equals nothing


def test_true_is_not_one() -> None:
    assert equal(True, True)
    assert not equal(1, True)
    assert not equal(0, False)
    assert not holds("is", True, 1)
    assert holds("not", 1, True)
    assert not holds("in", True, [1, 2])


@pytest.mark.parametrize(
    ("op", "wanted"),
    [("is", 1), ("in", [1]), ("not-in", [1]), ("at-least", 0), ("at-most", 9), ("below", 9), ("above", 0),
     ("contains", ""), ("contains-not", "x"), ("has", "x"), ("has-any", ["x"]), ("has-none", ["x"]),
     ("not", "x"), ("not", False), ("is", None)],
)  # fmt: skip
def test_unknown_fulfils_no_test(op: str, wanted: Any) -> None:
    assert not holds(op, None, wanted)


def test_known_and_flags() -> None:
    assert holds("known", None, False)
    assert not holds("known", None, True)
    assert holds("known", 0, True)
    assert holds("unknown", None, True)
    assert not holds("unknown", "", True)
    assert holds("not", None, True)  # a flag that is missing is not true


@pytest.mark.parametrize(
    ("op", "actual", "wanted", "expected"),
    [
        ("at-least", 3, 3, True), ("at-least", 2, 3, False), ("at-least", "3", 3, False), ("at-least", True, 1, False),
        ("at-most", 3, 3, True), ("above", 3, 3, False), ("above", 3.5, 3, True),
        ("below", 3, 3, False), ("below", 2, 3, True),
        ("in", "a", ["b", "a"], True), ("not-in", "a", ["b", "a"], False), ("not-in", "c", ["b", "a"], True),
        ("contains", "Dell Inc.", "dell", True), ("contains", "HP", "dell", False),
        ("contains-not", "HP", "dell", True),
        ("contains", ("Alpha", "beta"), "alpha", True), ("contains", ("alphabet",), "alpha", False),
        ("contains-not", ("alphabet",), "alpha", True), ("contains", 512, "51", True),
        ("has", ("irq", "idle"), "irq", True), ("has", ("irq",), "idle", False), ("has", "irq", "irq", False),
        ("has-any", ("irq",), ["idle", "irq"], True), ("has-any", (), ["irq"], False),
        ("has-none", ("irq",), ["idle"], True), ("has-none", ("irq",), ["irq"], False), ("has-none", (), ["irq"], True),
        ("no-such-op", 1, 1, False),
    ],
)  # fmt: skip
def test_holds(op: str, actual: Value, wanted: Any, expected: bool) -> None:
    assert holds(op, actual, wanted) is expected


def test_remember_keeps_flags_only_when_true() -> None:
    event = Event("oops", Record(7, "Oops", 1.5))
    event.attributes = {"early": False, "capture": True, "module": "frob", "size": 0}
    event.cpu, event.comm, event.pid = 0, "sh", 12
    (entry,) = remember([event], {0}, {"a": 1}, frozenset(("early", "capture"))).events
    assert entry == {
        "kind": "oops", "line": 7, "root": True, "capture": True, "module": "frob", "size": 0, "time": 1.5, "cpu": 0,
        "comm": "sh", "pid": 12, "count": 1, "text": "Oops",
    }  # fmt: skip


def test_remember_names_the_frames_of_the_root_event() -> None:
    event = Event("oops", Record(7, "Oops", 1.5))
    event.attributes = {"pc-function": "frob_read"}
    event.frames = [
        Frame("vfs_read", "0x1", None, True),
        Frame("stale", "0x1", None, False),
        Frame("allocated_it", "0x1", None, True, "other"),
        Frame("do_syscall_64", "0x1", None, True),
    ]
    roots, others = (remember([event], one, {}, frozenset()).events[0] for one in ({0}, set[int]()))
    assert roots["frames"] == ("frob_read", "vfs_read", "do_syscall_64")
    assert "frames" not in others


def test_matcher_tells_why_not() -> None:
    matcher = Matcher([["event", ["oops"], False, []], ["fact", "a", "is", 1]], Memory([one()], {}))
    assert matcher.clause([0, 1]) is None
    assert [matcher.literal(n) is None for n in (0, 1, ~1, ~0)] == [False, True, False, True]


def test_engine_by_name() -> None:
    assert engine("evaluator").name == "evaluator"
    assert engine().name in ("evaluator", "durable-rules")


def test_sets_of_rules_take_turns() -> None:
    """The index of clauses is kept per set of rules; one set never answers for another."""
    memory = Memory([{"kind": "a", "line": 1, "root": True, "text": "", "count": 1}], {"x": 1})
    leaves = [["event", ["a"], False, []], ["fact", "x", "is", 1], ["fact", "y", "is", 1]]
    sets = [[Rule(f"r{n}", [[n % 3]])] for n in range(7)]
    engine = Evaluator()
    for _ in range(3):
        for number, rules in enumerate(sets):
            assert bool(engine.run(leaves, rules, memory)) is (number % 3 != 2)
