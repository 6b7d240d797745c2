"""kb/check.py: each planted defect is found, named and placed; a folder without defects gives nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from kbfolder import FILES, build, edited, read, write

from kb.check import check, slow, unanchored
from kb.model import Knowledge, Problem


def problems(knowledge: Knowledge) -> list[Problem]:
    return check(knowledge)


def test_a_sound_folder_has_no_problems(tmp_path: Path) -> None:
    folder = build(tmp_path)
    # *double-check* is emphasis of a hyphenated word and must be reported as an unknown cause; all else is sound
    found = [str(p) for p in problems(read(folder))]
    assert len(found) == 1
    assert "double-check" in found[0]


EVENTS, CANDLE, PROBES, ONE = "events/all.yaml", "causes/house/candle.md", "probes/all.yaml", "incidents/house/one.yaml"
WHEN = "{root: fire, where: {trace: {has: stairs}}}"

DEFECTS = [
    ("bad regex", EVENTS, r"BURNING: (?P<room>\w+)'", r"BURNING: (?P<room>\w+'", "fire.patterns.regex", "not compile"),
    ("slow regex", EVENTS, r"'^BURNING: (?P<room>\w+)'", r"'^BURNING: (?P<room>(\w+ ?)+)'", "regex", "exponential"),
    ("short literal", EVENTS, 'literal: "BURNING: "', 'literal: "BUR"', "literal", "4 characters"),
    ("literal missing in example", EVENTS, '"BURNING: attic"', '"BURNING attic"', "examples", "no pattern of fire"),
    ("example of another event", EVENTS, '["it smells of smoke"]', '["a smell"]', "examples", "no pattern of smoke"),
    ("wrong example attribute", EVENTS, "{room: kitchen, floor: 2,", "{room: attic, floor: 2,", "examples.room", "kit"),
    ("wrong set attribute", EVENTS, "floor: 2, loud: true}", "floor: 2, loud: false}", "examples.loud", "'True'"),
    ("pattern without example", EVENTS, '    - "BURNING: attic"\n', "", "examples", "no example of fire shows"),
    ("counterexample matches", EVENTS, '"fire drill: ', '"drill: ', "counterexamples", "a pattern of fire matches"),
    ("bad not", EVENTS, "'fire drill'", "'fire (drill'", "not", "does not compile"),
    ("unknown group", EVENTS, r"'^BURNING: (?P<room>\w+)'", r"'^BURNING: (?P<roof>\w+)'", "regex", "group roof"),
    ("unknown report", EVENTS, "report: trace", "report: tracy", "report", "'tracy' is not one of"),
    ("no pattern", EVENTS, "    - {literal: \"ground shakes\", regex: 'ground shakes'}\n", "    []\n", "patterns", "n"),
    ("event without file", "vocabulary/events.yaml", "quake:", "flood: water\nquake:", "flood", "no file"),
    ("cause without file", "vocabulary/causes.yaml", "    cable:", "    mouse: gnaws\n    cable:", "mouse", "no file"),
    ("facet of no cause", "vocabulary/causes.yaml", "[neighbour]", "[neighbour, neighbor]", "facets", "did you mean"),
    ("parent is no cause", "vocabulary/causes.yaml", "candle: cable", "candle: cables", "parents", "cables is no"),
    ("explains unknown event", CANDLE, "[fire, smoke]", "[fire, smok]", "explains", "did you mean smoke"),
    ("unknown probe", CANDLE, "verify: [look]", "verify: [lock]", "verify", "'lock' is no probe; did you mean look"),
    ("nothing speaks for it", CANDLE, "weight: strong", "weight: -strong", "evidence", "never be reached"),
    ("explains nothing", CANDLE, "[fire, smoke]", "none", "explains", "never be reached"),
    (
        "evidence that can never fire", CANDLE, WHEN, "{event: fire, where: {height: 3}}",
        "evidence.on-the-stairs", "height is never set for fire",
    ),
    (
        "contradicting condition", CANDLE, WHEN, "{all: [{event: fire}, {not: {event: fire}}]}",
        "evidence.on-the-stairs", "contradicts itself",
    ),
    (
        "contradiction in every alternative", CANDLE, WHEN,
        "{all: [{any: [{event: fire}, {event: smoke}]}, {not: {event: fire}}, {not: {event: smoke}}]}",
        "evidence.on-the-stairs", "contradicts itself",
    ),
    (
        "duplicate condition", CANDLE, WHEN, "{fact: house.age, at-most: 3}",
        "evidence.young-house", "has the same condition as on-the-stairs",
    ),
    (
        "too large condition", CANDLE, WHEN,
        "{any: [" + ", ".join(f"{{fact: house.age, is: {n}}}" for n in range(70)) + "]}",
        "evidence.on-the-stairs", "more than 64 alternatives",
    ),
    ("unknown placeholder", CANDLE, '{room}"', '{rom}"', "evidence.on-the-stairs.says", "{rom} is no attribute"),
    (
        "commands that are never shown", CANDLE, "verify: [look]",
        "verify: [look]\ncommands: [{run: [blow]}, {when: {fact: house.wooden, is: true}, run: [pour]}]",
        "commands", "never shown",
    ),
    (
        "a command of two lines", CANDLE, "verify: [look]", 'verify: [look]\ncommands: [{run: ["blow\\nrun"]}]',
        "commands.run", "one command in one line",
    ),
    ("unknown cause in emphasis", CANDLE, "*double-check*", "*wrong-cable*", "How to verify", "*wrong-cable* is no"),
    ("no mitigation", CANDLE, "## Mitigate\n\nStep back.\n", "", "Mitigate", "missing or empty"),
    ("missing section", CANDLE, "## Prevent\n\nUse lamps.\n", "", "Prevent", "missing or empty"),
    ("empty section", CANDLE, "Use lamps.\n", "", "Prevent", "missing or empty"),
    ("unknown fact of a probe", PROBES, "learns: house.age", "learns: house.ages", "learns", "did you mean house.age"),
    ("probe without command", PROBES, "  command: [ls, /house]\n", "", "command", "needs the command"),
    ("probe for nothing", PROBES, "  cost: 1\n", "  cost: 0\n", "cost", "1 or more"),
    ("answer not explained", PROBES, "  refutes: an alibi\n", "", "refutes", "say what such an answer looks like"),
    ("bad parse key", PROBES, "take: first", "took: first", "parse.took", "unknown key"),
    ("bad parse take", PROBES, "take: first", "take: second", "parse.take", "one of first"),
    ("bad parse regex", PROBES, r"'age (\d+)'", r"'age (\d+'", "parse.regex", "does not compile"),
    ("slow parse regex", PROBES, r"'age (\d+)'", r"'age (\d+)*'", "parse.regex", "exponential"),
    ("incident with unknown cause", ONE, "[candle, neighbour]", "[candle, neighbor]", "causes", "did you mean neighb"),
    ("near miss of unknown cause", ONE, "not: [cable]", "not: [cables, cable]", "not", "did you mean cable"),
    ("accepted and refused", ONE, "not: [cable]", "not: [cable, candle]", "not", "accepted and refused"),
    ("incident with unknown root", ONE, "root: fire", "root: fires", "root", "'fires' is no event kind"),
    ("cause without incident", ONE, "[candle, neighbour]", "[neighbour]", "", "ends in this cause"),
    ("cause without near miss", ONE, "not: [cable]", "not: []", "", "near miss"),
    ("empty incident", "incidents/house/two.yaml", "facts: {house: {age: 50}}\n", "", "log", "needs a log or facts"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "file", "old", "new", "field", "message"), DEFECTS, ids=[d[0] for d in DEFECTS])
def test_planted_defect(tmp_path: Path, name: str, file: str, old: str, new: str, field: str, message: str) -> None:
    before = {(p.field, p.message) for p in problems(read(build(tmp_path / "sound")))}
    knowledge = read(edited(tmp_path / "defect", file, old, new))
    found = [p for p in problems(knowledge) if (p.field, p.message) not in before]
    fitting = [p for p in found if p.field == field and message in p.message]
    assert fitting, "\n".join(map(str, found)) or "nothing found"
    if field != "" and not file.startswith("vocabulary"):
        assert fitting[0].place.path == str(tmp_path / "defect" / file)
    # the sound items are still there
    assert set(knowledge.events) >= {"smoke", "quake"}
    assert len(knowledge.causes) == 3
    assert len(knowledge.incidents) == 2


def test_problems_are_sorted_and_said_once(tmp_path: Path) -> None:
    files = {**FILES, CANDLE: FILES[CANDLE].replace("verify: [look]", "verify: [lock, lock]")}
    found = check(read(write(tmp_path, files)))
    assert found == sorted(set(found), key=lambda p: (p.place, p.field, p.message))
    assert sum("'lock' is no probe" in p.message for p in found) == 1


@pytest.mark.parametrize(
    ("expression", "is_slow"),
    [
        (r"\d+", False),
        (r"(?:a+b)?", False),
        (r"(a{1,5})+", False),
        (r"(a+)+", True),
        (r"(?:x(?:a*|b)y)*", True),
        (r"(?:a|b+)*", True),
        (r"(\w+\s*)+:", True),
        (r"(?=(a+)+b)", True),
        (r"(?!(?:a+)*b)", True),
        (r"(x)?(?(1)(?:a+)+|b)", True),
        (r"(?>(?:a+)+b)", True),
        (r"(a+", False),
    ],
)
def test_slow(expression: str, is_slow: bool) -> None:
    assert slow(expression) is is_slow


@pytest.mark.parametrize(
    ("expression", "is_slow"),
    [
        (r"\S+: lost", True),
        (r"(?P<cpu>\d+) lost", True),
        (r"(?:(?P<device>\S+): )?lost", True),
        (r"(?:x|\w+) lost", True),
        (r"a?\w+ lost", True),
        (r"(?<!\S)\S+: lost", False),
        (r"(?:(?<!\S)(?P<device>\S+): )?lost", False),
        (r"^\S+: lost", False),
        (r"\S{1,64}: lost", False),
        (r"lost \S+: ", False),
        (r"(a+", False),
    ],
)
def test_unanchored(expression: str, is_slow: bool) -> None:
    assert unanchored(expression) is is_slow


def test_names_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    """Problems quote names of the files; an escape sequence or a turn of the writing direction stays text."""
    evil = '"h\\e[2J\\u202eouse"'
    files = {
        **FILES,
        "vocabulary/facts.yaml": FILES["vocabulary/facts.yaml"] + f"{evil}: {{{evil}: {evil}}}\n",
        "probes/all.yaml": FILES["probes/all.yaml"] + f"- {evil}: 1\n",
    }
    found = [str(problem) for problem in check(read(write(tmp_path, files)))]
    assert all(text.isprintable() for text in found)
    assert sum("h?[2J?ouse" in text for text in found) >= 2
