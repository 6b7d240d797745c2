"""kb/load.py: good and bad files of each kind; every problem names file, line, field and what would be right."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kbfolder import FILES, build, edited, read, write

from kb.load import MAX_FILE, files, load
from kb.model import EventIs, FactIs, Knowledge
from kb.model import Test as AttributeTest
from kb.where import BUILT_IN, folders

EVENTS, CANDLE, ONE = "events/all.yaml", "causes/house/candle.md", "incidents/house/one.yaml"
PROBES, DERIVATIONS = "probes/all.yaml", "derivations/all.yaml"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    return read(build(tmp_path_factory.mktemp("kb")))


def test_sound_folder(sound: Knowledge) -> None:
    assert sound.problems == []
    assert list(sound.events) == ["fire", "smoke", "quake"]
    assert sorted(sound.causes) == ["cable", "candle", "neighbour"]
    assert sorted(sound.probes) == ["ask-neighbour", "look"]
    assert sorted(sound.incidents) == ["one", "two"]


def test_vocabulary(sound: Knowledge) -> None:
    words = sound.vocabulary
    assert words.families["candle"] == "house"
    assert words.definitions["candle"] == "a candle was left alone"
    assert words.facets == {"neighbour": "owner"}
    assert words.parents == {"candle": "cable"}
    assert words.attributes["colour"]["type"] == ["red", "blue", "null"]
    assert words.facts["house"]["cellar"] == "size"
    assert words.tags["stairs"] == ["step_up", "step_down"]
    assert words.generic == {"never": ["walk*"]}
    assert words.headers == [("version", "Linux version ", r"^Linux version (\S.*)")]
    assert words.symptoms["burns"] == {"says": "It burns", "event": "fire", "facts": {}}
    assert words.symptoms["wood"]["facts"] == {"house.wooden": True}


def test_event(sound: Knowledge) -> None:
    fire = sound.events["fire"]
    assert (fire.title, fire.severity, fire.report, fire.sources) == ("Fire in {room}", "failure", "trace", "house.c")
    first, second = fire.patterns
    assert (first.literal, first.source, first.part, first.set) == ("fire in room ", "any", False, {"loud": True})
    assert first.regex == r"fire in room (?P<room>\w+), floor (?P<floor>\d+)"
    assert (second.source, second.part, second.set) == ("kernel", True, {})
    assert second.literal == "BURNING: "
    assert fire.looks_like == ("fire drill",)
    assert [e.text for e in fire.examples] == ["fire in room kitchen, floor 2", "BURNING: attic"]
    assert fire.examples[0].attributes == {"room": "kitchen", "floor": 2, "loud": True}
    assert fire.place.line == 1
    assert first.place.line == 6
    assert sound.events["smoke"].report == "none"


def test_cause(sound: Knowledge) -> None:
    candle = sound.causes["candle"]
    assert (candle.family, candle.facet, candle.parent, candle.prior) == ("house", "mechanism", "cable", -10)
    assert (candle.title, candle.aliases) == ("A candle was left alone", ("wax", "light"))
    assert candle.explains == ("fire", "smoke")
    assert candle.verify == ("look",)
    assert candle.references[0] == ("A book", "https://example.org/")
    assert candle.sections["Fix"] == "Blow it out. Then air the room."
    stairs, young = candle.evidence
    assert (stairs.id, stairs.weight, stairs.says) == ("on-the-stairs", 10, "it burned in {room}")
    assert stairs.when == EventIs(("fire",), (AttributeTest("trace", "has", "stairs"),), True)
    assert stairs.place.line == 8  # counted in the file, front matter included
    assert (young.weight, young.when) == (-2, FactIs("house.age", "at-most", 3))
    assert sound.causes["neighbour"].explains == ("any",)
    assert (sound.causes["neighbour"].prior, sound.causes["cable"].prior) == (-16, -5)


def test_commands(tmp_path: Path) -> None:
    lists = "verify: [look]\ncommands: [{when: {fact: house.wooden, is: true}, run: [pour water, look]}, {run: [blow]}]"
    candle = read(write(tmp_path, {CANDLE: FILES[CANDLE].replace("verify: [look]", lists)})).causes["candle"]
    assert [item.run for item in candle.commands] == [("pour water", "look"), ("blow",)]
    assert candle.commands[0].when == FactIs("house.wooden", "is", True)
    assert candle.commands[1].when is None


def test_probe_derivation_incident(sound: Knowledge) -> None:
    look, ask = sound.probes["look"], sound.probes["ask-neighbour"]
    assert (look.kind, look.command, look.learns, look.cost) == ("command", ("ls", "/house"), "house.age", 1)
    assert look.parse == {"regex": r"age (\d+)", "take": "first"}
    assert (ask.kind, ask.where, ask.cost, ask.risk, ask.command) == ("question", "people", 5, "none", ())
    derivation = sound.derivations["villa-is-old"]
    assert (derivation.then, derivation.copies) == ({"house.age": 100}, {"house.name": "kernel.cmdline"})
    assert derivation.when == FactIs("house.kind", "is", "villa")
    one = sound.incidents["one"]
    assert (one.causes, one.not_causes, one.root) == (("candle", "neighbour"), ("cable",), "fire")
    assert one.log == "fire in room kitchen, floor 2\n"
    assert one.facts == {"house.age": 50}


def test_incidents_may_be_left_out(tmp_path: Path) -> None:
    assert load([str(build(tmp_path))], with_incidents=False).incidents == {}


# file, old text, new text, line of the problem, field, part of the message
BAD = [
    (EVENTS, "- kind: smoke", "- kind: smog", 22, "kind", "did you mean smoke"),
    (EVENTS, "title: Smoke\n", "titel: Smoke\n", 22, "title", "is missing"),
    (EVENTS, "title: Smoke\n", "titel: Smoke\n", 23, "titel", "unknown key; did you mean title"),
    (EVENTS, "severity: problem", "severity: bad", 24, "severity", "'bad' is not one of failure, problem"),
    (EVENTS, "from: any", "from: everyone", 9, "fire.patterns.from", "one of kernel, user, any"),
    (EVENTS, "part: true", "part: perhaps", 12, "fire.patterns.part", "true or false"),
    (EVENTS, "set: {loud: true}", "set: {louder: true}", 8, "fire.patterns.set.louder", "no such attribute"),
    (EVENTS, "set: {loud: true}", "set: [loud]", 8, "fire.patterns.set", "a mapping"),
    (EVENTS, "set: {loud: true}", "set: {loud: [true]}", 8, "fire.patterns.set.loud", "a single value"),
    (EVENTS, "set: {loud: true}", "sets: {loud: true}", 8, "fire.patterns.sets", "unknown key; did you mean set"),
    (EVENTS, '    - literal: "BURNING: "\n      regex', "    - regex", 10, "fire.patterns.literal", "is missing"),
    (EVENTS, "attributes: {room", "atributes: {room", 18, "fire.examples.atributes", "did you mean attributes"),
    (EVENTS, "floor: 2, loud: true}", "flor: 2, loud: true}", 18, "fire.examples.attributes.flor", "no such attribute"),
    (EVENTS, '["it smells of smoke"]', "it smells", 27, "examples", "a list belongs here"),
    (EVENTS, "- kind: quake", "- quake\n- kind: quake", 28, "", "a mapping"),
    (CANDLE, "id: candle", "id: candles", 2, "id", "did you mean candle"),
    (CANDLE, "id: candle", "id: cable", 2, "id", "must be called cable.md"),
    (CANDLE, "id: candle\n", "", 2, "id", "is missing"),
    (CANDLE, "prior: uncommon", "prior: often", 5, "prior", "'often' is not one of rare, uncommon, common"),
    (CANDLE, "aliases: [wax", "alias: [wax", 4, "alias", "did you mean aliases"),
    (CANDLE, "aliases: [wax, light]", "aliases: wax", 4, "aliases", "a list"),
    (CANDLE, "aliases: [wax, light]", "aliases: [[wax]]", 4, "aliases", "text belongs here, not a list"),
    (CANDLE, "weight: strong", "weight: heavy", 10, "evidence.on-the-stairs.weight", "'heavy' is not one of weak"),
    (CANDLE, "weight: strong", "weight: 10", 10, "evidence.on-the-stairs.weight", "'10' is not one of"),
    (CANDLE, "    why: Candles stand on stairs.\n", "", 8, "evidence.on-the-stairs.why", "is missing"),
    (CANDLE, "id: young-house", "id: on-the-stairs", 13, "evidence", "stands twice"),
    (CANDLE, "{root: fire,", "{root: fires,", 9, "evidence.on-the-stairs.when.root", "did you mean fire"),
    (CANDLE, "has: stairs", "has: stares", 9, "evidence.on-the-stairs.when.trace", "did you mean stairs"),
    (CANDLE, "house.age", "house.aged", 14, "evidence.young-house.when.fact", "did you mean house.age"),
    (CANDLE, "{title: A book,", "{titel: A book,", 20, "references.titel", "did you mean title"),
    (CANDLE, "verify: [look]", "commands: [{when: {fact: h.x, is: 1}, run: [l]}]", 18, "commands.when.fact", "is no f"),
    (CANDLE, "verify: [look]", "commands: [{runs: [ls]}]", 18, "commands.run", "is missing"),
    (CANDLE, "## Prevent", "## Prevention", 22, "Prevent", "missing or empty"),
    (CANDLE, "verify: [look]", "verify: [*look]", 18, "", "aliases (*look) are not accepted"),
    (CANDLE, "title: A candle", "title: !!str A candle", 3, "", "tags"),
    (PROBES, "kind: command", "kind: shell", 4, "kind", "one of question, command"),
    (PROBES, "cost: 1", "cost: cheap", 10, "cost", "a whole number"),
    (PROBES, "risk: none", "risk: high", 11, "risk", "one of none, low, disruptive"),
    (PROBES, "place: host", "place: attic", 9, "place", "one of host, vmcore"),
    (PROBES, "id: ask-neighbour", "id: look", 12, "id", "defined twice"),
    (PROBES, "id: ask-neighbour", "id: Ask Neighbour", 12, "id", "lower-case words joined by -"),
    (PROBES, "  confirms: it is short", "  confirm: it is short", 7, "confirm", "did you mean confirms"),
    (PROBES, "command: [ls, /house]", "command: ls /house", 5, "command", "a list"),
    (DERIVATIONS, "is: villa", "is: hut", 2, "villa-is-old.when.is", "not one of flat, villa"),
    (DERIVATIONS, "house.age: 100", "house.age: old", 3, "then.house.age", "'old' is no number"),
    (DERIVATIONS, "house.age: 100", "house.aged: 100", 3, "then.house.aged", "did you mean house.age"),
    (DERIVATIONS, "{house.age: 100, house.name: {copy: kernel.cmdline}}", "old", 3, "then", "a mapping"),
    (DERIVATIONS, "{copy: kernel.cmdline}", "{copy: kernel.cmdlin}", 3, "then.house.name", "is no fact"),
    (DERIVATIONS, "house.name: {copy", "house.nam: {copy", 3, "then.house.nam", "is no fact"),
    (DERIVATIONS, "{copy: kernel.cmdline}", "{kopie: kernel.cmdline}", 3, "then.house.name.copy", "is missing"),
    (ONE, "id: one", "id: One Two", 1, "id", "lower-case words"),
    (ONE, "title: A candle\n", "", 1, "title", "is missing"),
    (ONE, "causes: [candle, neighbour]\n", "", 1, "causes", "is missing"),
    (ONE, "origin: written", "origin: found", 9, "origin", "one of written, lab"),
    (ONE, "facts: {house.age: 50}", "fact: {house.age: 50}", 3, "fact", "did you mean facts"),
    (ONE, "root: fire", "root: [fire]", 8, "root", "text belongs here, not a list"),
    (ONE, "facts: {house.age: 50}", "facts: [house.age]", 3, "facts", "a mapping"),
    (ONE, "log: |\n  fire in room kitchen, floor 2\n", "log: [fire]\n", 4, "log", "text belongs here, not a list"),
    (EVENTS, "literal: \"smells of smoke\"", "literal: [smells]", 26, "smoke.patterns.literal", "text belongs here"),
    ("vocabulary/symptoms.yaml", "facts: {house.wooden: true}", "facts: wood", 6, "facts", "a mapping"),
    ("vocabulary/symptoms.yaml", "event: fire", "event: fires", 3, "event", "did you mean fire"),
    ("vocabulary/symptoms.yaml", "house.wooden: true", "house.wooden: hard", 6, "facts.house.wooden", "neither true"),
    ("vocabulary/headers.yaml", "literal:", "litteral:", 1, "literal", "is missing"),
    ("vocabulary/headers.yaml", "- {name", "{name", 1, "", "a list belongs here"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "field", "message"),
    BAD,
    ids=[f"{b[0].split('/')[0]}-{b[4]}-{b[2][:20]}" for b in BAD],
)
def test_bad_field(tmp_path: Path, file: str, old: str, new: str, line: int, field: str, message: str) -> None:
    knowledge = read(edited(tmp_path, file, old, new))
    fitting = [p for p in knowledge.problems if p.field == field and message in p.message]
    assert fitting, "\n".join(map(str, knowledge.problems)) or "nothing was said"
    assert fitting[0].place.path == str(tmp_path / file)
    assert fitting[0].place.line == line
    assert str(fitting[0]).startswith(f"{tmp_path / file}:{line}:")


BROKEN = [
    ("not YAML", b"- kind: [\n", ""),
    ("a tab", b"- kind: fire\n\ttitle: x\n", "found a tab character"),
    ("anchors", b"- &a {kind: fire}\n", "anchors (&a) are not accepted"),
    ("bombs", b"a: &a [x,x]\nb: &b [*a,*a]\n", "anchors"),
    ("two documents", b"--- []\n--- []\n", "second document"),
    ("a key twice", b"- kind: fire\n  kind: smoke\n", "occurs twice"),
    ("no UTF-8", b"- kind: \xff\xfe\n", "cannot be read"),
    ("control characters", b"- kind: \x1b[31m\n", "control character"),
    ("too large", b"# " + b"x" * MAX_FILE, f"larger than {MAX_FILE >> 10} KiB"),
    ("too deep", b"[" * 100 + b"]" * 100, "nested deeper"),
    ("python tags", b"- !!python/object/apply:os.system ['true']\n", "tags"),
]


@pytest.mark.parametrize(("data", "message"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN])
@pytest.mark.parametrize("part", ["events", "probes", "derivations", "incidents", "vocabulary"])
def test_one_broken_file_does_not_hide_the_others(tmp_path: Path, part: str, data: bytes, message: str) -> None:
    build(tmp_path)
    broken = tmp_path / part / ("causes.yaml" if part == "vocabulary" else "aaa.yaml")
    broken.write_bytes(data)
    knowledge = read(tmp_path)
    about = [p for p in knowledge.problems if p.place.path == str(broken)]
    assert len(about) == 1
    assert message in about[0].message
    assert len(knowledge.events) == 3
    assert len(knowledge.probes) == 2
    assert len(knowledge.derivations) == 1
    if part != "vocabulary":
        assert len(knowledge.causes) == 3
        assert knowledge.problems == about


def test_a_broken_cause_does_not_hide_the_others(tmp_path: Path) -> None:
    build(tmp_path)
    (tmp_path / "causes/house/a.md").write_text("# No front matter\n")
    (tmp_path / "causes/house/b.md").write_text("---\nid: [\n---\n")
    (tmp_path / "causes/house/c.md").write_bytes(b"---\nid: \xff\n---\n")
    (tmp_path / "causes/house/d.md").write_text("---\nid: candle\nnever: closed\n")
    knowledge = read(tmp_path)
    assert len(knowledge.causes) == 3
    paths = [os.path.basename(p.place.path) for p in knowledge.problems]
    assert set(paths) == {"a.md", "b.md", "c.md", "d.md"}
    said = {os.path.basename(p.place.path): p.message for p in knowledge.problems}
    assert "between two lines of ---" in said["a.md"]
    assert "between two lines of ---" in said["d.md"]
    assert paths.count("b.md") == 1


@pytest.mark.parametrize("name", ["events.yaml", "causes.yaml", "attributes.yaml", "facts.yaml"])
def test_vocabulary_must_be_a_mapping(tmp_path: Path, name: str) -> None:
    write(tmp_path, {**FILES, f"vocabulary/{name}": "- a\n- b\n"})
    assert [p.message for p in read(tmp_path).problems if p.place.path.endswith(name)] == ["a mapping belongs here"]


def test_a_folder_where_a_file_should_be(tmp_path: Path) -> None:
    build(tmp_path)
    (tmp_path / "events" / "dir.yaml").mkdir()
    (tmp_path / "events" / "gone.yaml").symlink_to(tmp_path / "nowhere")
    knowledge = read(tmp_path)
    assert len(knowledge.events) == 3
    assert [(os.path.basename(p.place.path), p.message[:14]) for p in knowledge.problems] == [
        ("gone.yaml", "cannot be read")
    ]


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    build(tmp_path)
    real = builtins.open

    def refuse(path: object, *rest: object, **more: object) -> object:
        if str(path).endswith("probes/all.yaml"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(builtins, "open", refuse)
    knowledge = read(tmp_path)
    assert [p.message for p in knowledge.problems] == ["cannot be read: Permission denied"]
    assert (len(knowledge.probes), len(knowledge.causes)) == (0, 3)


def test_empty_files_and_hidden_files_are_left_out(tmp_path: Path) -> None:
    build(tmp_path)
    (tmp_path / "events" / "empty.yaml").write_text("# nothing yet\n")
    (tmp_path / "events" / ".swap.yaml").write_text("{{{")
    (tmp_path / "events" / "notes.txt").write_text("{{{")
    assert read(tmp_path).problems == []
    assert [os.path.basename(p) for p in files(str(tmp_path), "events", ".yaml")] == ["all.yaml", "empty.yaml"]


def test_translations_are_no_causes(tmp_path: Path) -> None:
    build(tmp_path)
    (tmp_path / "causes/house/candle.zh.md").write_text("anything at all")
    knowledge = read(tmp_path)
    assert knowledge.problems == []
    assert len(knowledge.causes) == 3


def test_no_such_folder(tmp_path: Path) -> None:
    knowledge = load([str(tmp_path / "none")])
    assert [p.message for p in knowledge.problems] == ["no such knowledge folder"]
    assert knowledge.causes == {}


def test_a_later_folder_overrides_and_adds(tmp_path: Path) -> None:
    first = build(tmp_path / "first")
    second = write(
        tmp_path / "second",
        {
            CANDLE: FILES[CANDLE].replace("A candle was left alone", "Our candle"),
            "vocabulary/events.yaml": "flood: water\n",
            "vocabulary/causes.yaml": "families: {garden: {mole: a mole digs}}\n",
            "vocabulary/facts.yaml": "house: {garden: boolean}\n",
            "events/own.yaml": "- {kind: flood, title: F, severity: failure, patterns: [{literal: wet, regex: w}]}\n",
            "probes/own.yaml": "- {id: look, ask: Look again}\n",
            "incidents/own.yaml": "{id: one, title: Ours, causes: [candle]}\n",
            "frames.yaml": "tags: {stairs: [step_aside]}\n",
        },
    )
    knowledge = load([str(first), str(second)])
    assert [str(p) for p in knowledge.problems] == []
    assert knowledge.causes["candle"].title == "Our candle"
    assert knowledge.probes["look"].ask == "Look again"
    assert knowledge.incidents["one"].title == "Ours"
    assert set(knowledge.events) == {"fire", "smoke", "quake", "flood"}
    assert knowledge.vocabulary.families == {
        "candle": "house", "cable": "house", "neighbour": "house", "mole": "garden",
    }  # fmt: skip
    assert set(knowledge.vocabulary.facts["house"]) >= {"age", "garden"}
    assert knowledge.vocabulary.tags["stairs"] == ["step_up", "step_down", "step_aside"]
    assert load([str(second), str(first)]).causes["candle"].title == "A candle was left alone"


def test_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert folders(["x"]) == [BUILT_IN, "x"]
    own = tmp_path / "kadvisor" / "kb"
    own.mkdir(parents=True)
    assert folders(["x"]) == [BUILT_IN, str(own), "x"]
