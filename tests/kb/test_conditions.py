"""kb/conditions.py: every form of docs/writing-knowledge.md, and every error with its place."""

from __future__ import annotations

import pytest
from kbfolder import FILES

from kb.conditions import NEVER, ConditionReader
from kb.model import All, AnyOf, Condition, CountIs, EventIs, FactIs, Not, Problem, Vocabulary
from kb.model import Test as AttributeTest
from kb.yamldoc import parse, plain

FACTS = plain(parse(FILES["vocabulary/facts.yaml"], "f"))
ATTRIBUTES = plain(parse(FILES["vocabulary/attributes.yaml"], "a"))
assert isinstance(FACTS, dict)
assert isinstance(ATTRIBUTES, dict)
WORDS = Vocabulary(
    {"fire": "", "smoke": "", "quake": ""},
    {},
    {},
    {},
    {},
    {},
    ATTRIBUTES,
    FACTS,
    {"stairs": [], "doors": []},
    {},
    [],
    {},
    [],
)  # type: ignore[arg-type]


def read(text: str) -> tuple[Condition, list[Problem]]:
    problems: list[Problem] = []
    return ConditionReader(WORDS).read(parse(text, "f.yaml"), "f.yaml", problems), problems


def event(*kinds: str, root: bool = False, **tests: object) -> EventIs:
    return EventIs(kinds, tuple(AttributeTest(*t) for t in tests.values()), root)  # type: ignore[misc]


def where(*tests: tuple[str, str, object]) -> EventIs:
    return EventIs(("fire",), tuple(AttributeTest(a, op, v) for a, op, v in tests), False)  # type: ignore[arg-type]


GOOD: list[tuple[str, Condition]] = [
    ("{event: fire}", event("fire")),
    ("{event: [fire, smoke]}", event("fire", "smoke")),
    ("{event: any}", event()),
    ("{root: fire}", event("fire", root=True)),
    ("{root: any}", event(root=True)),
    ("{root: [fire, quake]}", event("fire", "quake", root=True)),
    # tests of attributes
    ("{event: fire, where: {room: attic}}", where(("room", "is", "attic"))),
    ("{event: fire, where: {room: [attic, hall]}}", where(("room", "in", ("attic", "hall")))),
    ("{event: fire, where: {room: {in: [attic]}}}", where(("room", "in", ("attic",)))),
    ("{event: fire, where: {room: {in: attic}}}", where(("room", "in", ("attic",)))),
    ("{event: fire, where: {room: {is: attic}}}", where(("room", "is", "attic"))),
    ("{event: fire, where: {room: {not: attic}}}", where(("room", "not", "attic"))),
    ("{event: fire, where: {room: {not: [attic, hall]}}}", where(("room", "not-in", ("attic", "hall")))),
    ("{event: fire, where: {room: {contains: att}}}", where(("room", "contains", "att"))),
    ("{event: fire, where: {room: {known: true}}}", where(("room", "known", True))),
    ("{event: fire, where: {room: {known: false}}}", where(("room", "known", False))),
    (
        "{event: fire, where: {floor: {at-least: 2, at-most: 4}}}",
        where(("floor", "at-least", 2), ("floor", "at-most", 4)),
    ),
    ("{event: fire, where: {floor: 2, room: hall}}", where(("floor", "is", 2), ("room", "is", "hall"))),
    ("{event: fire, where: {amount: {at-least: 2.5}}}", where(("amount", "at-least", 2.5))),
    ("{event: fire, where: {colour: red}}", where(("colour", "is", "red"))),
    ("{event: fire, where: {colour: null}}", where(("colour", "is", "null"))),
    ("{event: fire, where: {room: no}}", where(("room", "is", "no"))),
    ("{event: fire, where: {room: 6.10}}", where(("room", "is", "6.10"))),
    # flags: a missing flag counts as false
    ("{event: fire, where: {loud: true}}", where(("loud", "is", True))),
    ("{event: fire, where: {loud: false}}", where(("loud", "not", True))),
    ("{event: fire, where: {loud: {not: true}}}", where(("loud", "not", True))),
    ("{event: fire, where: {loud: {not: false}}}", where(("loud", "is", True))),
    # tags
    ("{event: fire, where: {trace: stairs}}", where(("trace", "has", "stairs"))),
    ("{event: fire, where: {trace: {has: stairs}}}", where(("trace", "has", "stairs"))),
    ("{event: fire, where: {trace: {has-any: [stairs, doors]}}}", where(("trace", "has-any", ("stairs", "doors")))),
    ("{event: fire, where: {trace: {has-none: stairs}}}", where(("trace", "has-none", ("stairs",)))),
    ("{event: fire, where: {trace: {known: true}}}", where(("trace", "known", True))),
    # counts
    ("{event: fire, count: {at-least: 3}}", CountIs(("fire",), "", "at-least", 3)),
    ("{event: fire, count: {at-most: 3}}", CountIs(("fire",), "", "at-most", 3)),
    ("{event: [fire, smoke], count: {of: cpu, at-least: 2}}", CountIs(("fire", "smoke"), "cpu", "at-least", 2)),
    (
        "{event: fire, count: {at-least: 2, at-most: 4}}",
        All((CountIs(("fire",), "", "at-least", 2), CountIs(("fire",), "", "at-most", 4))),
    ),
    # facts
    ("{fact: house.age, is: 3}", FactIs("house.age", "is", 3)),
    ("{fact: house.age, in: [3, 4]}", FactIs("house.age", "in", (3, 4))),
    ("{fact: house.age, not: 3}", FactIs("house.age", "not", 3)),
    ("{fact: house.age, not: [3, 4]}", FactIs("house.age", "not-in", (3, 4))),
    ("{fact: house.age, at-least: 3}", FactIs("house.age", "at-least", 3)),
    (
        "{fact: house.age, at-least: 3, at-most: 9}",
        All((FactIs("house.age", "at-least", 3), FactIs("house.age", "at-most", 9))),
    ),
    ("{fact: house.name, contains: ivy}", FactIs("house.name", "contains", "ivy")),
    ("{fact: house.name, known: false}", FactIs("house.name", "known", False)),
    ("{fact: house.wooden, is: true}", FactIs("house.wooden", "is", True)),
    ("{fact: house.wooden, is: yes}", FactIs("house.wooden", "is", True)),
    ("{fact: house.kind, is: flat}", FactIs("house.kind", "is", "flat")),
    ("{fact: house.owners, contains: eve}", FactIs("house.owners", "contains", "eve")),
    ("{fact: house.cellar, at-least: 256M}", FactIs("house.cellar", "at-least", 256 << 20)),
    ("{fact: house.heated, at-most: 15min}", FactIs("house.heated", "at-most", 900.0)),
    (
        "{fact: kernel.upstream, since: 2.6.32.50, before: 5.10}",
        All((FactIs("kernel.upstream", "since", "2.6.32.50"), FactIs("kernel.upstream", "before", "5.10"))),
    ),
    ("{fact: kernel.upstream, known: false}", FactIs("kernel.upstream", "known", False)),
    ("{fact: kernel.cmdline.quiet, known: true}", FactIs("kernel.cmdline.quiet", "known", True)),
    ("{fact: kernel.cmdline.nmi, is: 1}", FactIs("kernel.cmdline.nmi", "is", "1")),
    # joined
    ("{all: [{event: fire}, {fact: house.age, is: 3}]}", All((event("fire"), FactIs("house.age", "is", 3)))),
    ("{any: [{event: fire}, {event: smoke}]}", AnyOf((event("fire"), event("smoke")))),
    ("{not: {event: fire}}", Not(event("fire"))),
    ("{not: {not: {event: fire}}}", Not(Not(event("fire")))),
    ("{all: [{event: fire}, {event: smoke}], same: room}", All((event("fire"), event("smoke")), "room")),
]


@pytest.mark.parametrize(("text", "wanted"), GOOD, ids=[text for text, _ in GOOD])
def test_forms(text: str, wanted: Condition) -> None:
    condition, problems = read(text)
    assert [str(p) for p in problems] == []
    assert condition == wanted


BAD = [
    ("fire", "when", "a mapping"),
    ("[{event: fire}]", "when", "a mapping"),
    ("{}", "when", "exactly one of event, root, fact"),
    ("{event: fire, root: smoke}", "when", "exactly one of event, root, fact"),
    ("{happens: fire}", "when", "exactly one of event, root, fact"),
    ("{event: fires}", "when.event", "'fires' is no event kind; did you mean fire"),
    ("{root: [fire, smok]}", "when.root", "did you mean smoke"),
    ("{event: {fire: 1}}", "when.event", "is no event kind"),
    ("{event: fire, when: 3}", "when.when", "unknown key; did you mean where"),
    ("{event: fire, where: attic}", "when.where", "a mapping (attribute: test)"),
    ("{event: fire, where: {rom: attic}}", "when.rom", "no such attribute; did you mean room"),
    ("{event: fire, where: {room: {equals: attic}}}", "when.room", "'equals' is no test; use one of is, not"),
    ("{event: fire, where: {room: {is: [[a]]}}}", "when.room", "a single value"),
    ("{event: fire, where: {room: {is: {a: b}}}}", "when.room", "a single value"),
    ("{event: fire, where: {floor: {at-least: low}}}", "when.floor", "'low' is no number"),
    ("{event: fire, where: {floor: 2.5}}", "when.floor", "no whole number"),
    ("{event: fire, where: {loud: maybe}}", "when.loud", "neither true nor false"),
    ("{event: fire, where: {colour: green}}", "when.colour", "not one of red, blue, null"),
    ("{event: fire, where: {room: {known: perhaps}}}", "when.room", "known is true or false"),
    ("{event: []}", "when.event", "needs at least one event kind"),
    ("{event: [fire, [smoke]]}", "when.event", "is no event kind"),
    ("{event: fire, where: {room: {is: [attic, hall]}}}", "when.room", "is takes no list"),
    ("{event: fire, where: {floor: {at-least: [1, 2]}}}", "when.floor", "at-least takes no list"),
    ("{event: fire, where: {room: {known: [true]}}}", "when.room", "known takes no list"),
    ("{event: fire, where: {trace: {has: [stairs, doors]}}}", "when.trace", "has takes no list"),
    # tags
    ("{event: fire, where: {trace: {is: stairs}}}", "when.trace", "tags are tested with has"),
    ("{event: fire, where: {trace: {in: [stairs]}}}", "when.trace", "tags are tested with has"),
    ("{event: fire, where: {trace: [stairs]}}", "when.trace", "tags are tested with has"),
    ("{event: fire, where: {trace: {contains: stairs}}}", "when.trace", "tags are tested with has"),
    ("{event: fire, where: {room: {has: stairs}}}", "when.room", "only tags are"),
    ("{event: fire, where: {trace: {has: stair}}}", "when.trace", "'stair' is no tag; did you mean stairs"),
    ("{event: fire, where: {trace: {has-any: [stairs, door]}}}", "when.trace", "did you mean doors"),
    # counts
    ("{event: fire, count: {}}", "when.count", "at-least or at-most"),
    ("{event: fire, count: 3}", "when.count", "at-least or at-most"),
    ("{event: fire, count: {at-least: many}}", "count.at-least", "a whole number"),
    ("{event: fire, count: {at-least: 3, off: cpu}}", "count.off", "unknown key; did you mean of"),
    ("{event: fire, count: {at-least: 3, of: cpus}}", "when.cpus", "no such attribute; did you mean cpu"),
    ("{event: fire, count: {at-least: 3}, where: {room: a}}", "when.count", "cannot be combined with `where`"),
    ("{root: fire, count: {at-least: 3}}", "when.count", "cannot be combined with `where` or `root`"),
    # facts
    ("{fact: house.ages, is: 3}", "when.fact", "'house.ages' is no fact; did you mean house.age"),
    ("{fact: house.age}", "when.fact", "needs a test"),
    ("{fact: house.age, is: old}", "when.is", "'old' is no number"),
    ("{fact: house.age, has: 3}", "when.has", "unknown key"),
    ("{fact: house.age, in: [3, old]}", "when.in", "'old' is no number"),
    ("{fact: house.kind, is: hut}", "when.is", "not one of flat, villa"),
    ("{fact: house.owners, is: eve}", "when.is", "a list is tested with contains"),
    ("{fact: house.owners, in: [eve]}", "when.in", "a list is tested with contains"),
    ("{fact: house.cellar, at-least: large}", "when.at-least", "no size; write bytes or 512M"),
    ("{fact: house.heated, at-most: long}", "when.at-most", "no duration; write seconds"),
    ("{fact: kernel.upstream, since: el7}", "when.since", "'el7' is no upstream release"),
    ("{fact: kernel.upstream, contains: '4.1'}", "when.contains", "use since, before or known"),
    ("{fact: kernel.upstream, at-least: 4.14}", "when.at-least", "use since, before or known"),
    ("{fact: house.name, before: 4.14}", "when.before", "house.name is no release"),
    ("{fact: house.wooden, known: 3}", "when.known", "known is true or false"),
    ("{fact: house.name, contains: [a, b]}", "when.contains", "contains takes no list"),
    ("{fact: house.age, not: {event: fire}}", "when.not", "a single value"),
    # joined
    ("{all: []}", "when.all", "at least one condition"),
    ("{any: fire}", "when.any", "a list belongs here"),
    ("{all: [{event: fire}, {evnt: smoke}]}", "when.all[1]", "exactly one of"),
    ("{any: [fire]}", "when.any[0]", "a mapping"),
    ("{not: [{event: fire}]}", "when.not", "a mapping"),
    ("{not: {event: fires}}", "when.not.event", "is no event kind"),
    ("{all: [{event: fire}, {event: smoke}], same: rom}", "when.rom", "no such attribute; did you mean room"),
    ("{all: [{event: fire}], same: room}", "when.same", "exactly two event conditions"),
    ("{all: [{event: fire}, {fact: house.age, is: 1}], same: room}", "when.same", "exactly two event conditions"),
    (
        "{all: [{event: fire}, {event: smoke}, {event: quake}], same: room}",
        "when.same",
        "exactly two event conditions",
    ),
    ("{any: [{event: fire}, {event: smoke}], same: room}", "when.same", "unknown key"),
]


@pytest.mark.parametrize(("text", "field", "message"), BAD, ids=[text for text, _, _ in BAD])
def test_errors(text: str, field: str, message: str) -> None:
    _, problems = read("\n\n" + text)
    assert problems, "nothing was said"
    assert any(p.field == field and message in p.message for p in problems), [str(p) for p in problems]
    assert all(p.place.path == "f.yaml" and p.place.line == 3 for p in problems)


def test_nesting_depth() -> None:
    def nested(levels: int) -> str:
        return "{not: " * levels + "{event: fire}" + "}" * levels

    assert read(nested(8))[1] == []
    _, problems = read(nested(9))
    assert ["nested more than 8 deep" in p.message for p in problems] == [True]
    _, problems = read("{all: [" * 9 + "{event: fire}" + "]}" * 9)
    assert any("nested more than 8 deep" in p.message for p in problems)


def test_what_cannot_be_read_never_holds() -> None:
    problems: list[Problem] = []
    assert ConditionReader(WORDS).read(None, "f", problems) == NEVER
    assert problems == []
    assert read("{fact: house.age}")[0] == NEVER
    assert read("fire")[0] == NEVER
