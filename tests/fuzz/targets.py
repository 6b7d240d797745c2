"""The fuzz targets: bytes -> calls of public functions, and what must hold then."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple
from unicodedata import category
from zlib import crc32

from advisor.work import Work
from facts.errors import InputError
from facts.evidence import Evidence
from facts.records import Event, Record
from facts.signature import signature
from kb.where import BUILT_IN
from tests.fuzz import seeds

_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


BURNING = """\
[    0.000000] Linux version 6.1.0
[    1.000000] fire in room kitchen, floor 2
[    1.000001] CPU: 1 PID: 1 Comm: cat
[    1.000002] Call Trace:
[    1.000003]  step_up+0x1/0x2
[    2.000000] BURNING: attic
[    3.000000] it smells of smoke
"""


class Refused(Exception):
    """The input was refused in the documented way."""


class Tools:
    """What the targets share: the base, and a folder for files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def work(self) -> Work:
        return Work([BUILT_IN], "evaluator")

    def file(self, name: str, data: bytes) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return str(path)


def harmful(text: str) -> set[str]:
    """Characters that could act on a terminal or change the order of what is shown; tab is none."""
    if text.isprintable():
        return set()
    return {c for c in set(text) if category(c) in ("Cc", "Cs", "Zl", "Zp") or c in _DIRECTION} - {"\t"}


def _whole(evidence: Evidence, count: int) -> None:
    """What holds of all evidence read from `count` lines."""
    assert evidence.lines == count, f"{evidence.lines} lines, not {count}"
    lines = [event.line for event in evidence.events]
    assert lines == sorted(lines), "the events are out of order"
    for event in evidence.events:
        assert 1 <= event.line <= event.end_line <= count, f"{event.kind}: lines {event.line} to {event.end_line}"
        assert all(1 <= frame.line <= count for frame in event.frames if frame.line)
        assert all(isinstance(v, (str, int, float, bool, tuple)) for v in event.attributes.values()), event.kind
        assert not harmful(event.text), f"{sorted(harmful(event.text))!r} in the text of an event"
        assert signature(event)
    if evidence.root is not None:
        assert evidence.events[evidence.root].role == "root"
        assert evidence.chain[0] == evidence.root
    assert [event.role for event in evidence.events].count("root") == (evidence.root is not None)
    assert len(set(evidence.chain)) == len(evidence.chain)


def _shown(work: Work, evidence: Evidence) -> None:
    """A verdict follows, and what is shown of it is harmless."""
    from advisor.render import render
    from advisor.verdict import verdict

    diagnosis = work.diagnose(evidence)
    assert all(0 <= h.probability <= 1 for h in diagnosis.ranking.hypotheses)
    said = verdict(work.base, diagnosis)
    json.dumps(said, allow_nan=False).encode("utf-8")
    for form in ("text", "markdown", "html"):
        text = render(said, form)
        assert not harmful(text) - {"\n"}, f"{form}: {sorted(harmful(text))!r} in the output"


def _text(data: bytes) -> tuple[str, int]:
    text = data.decode("utf-8", "replace")
    return text, text.count("\n") + (not text.endswith("\n"))


def log(tools: Tools, data: bytes) -> None:
    """A log: recogniser, timeline, diagnosis, verdict, every rendering."""
    text, count = _text(data)
    evidence = tools.work.gatherer.gather("x", {}, [("log", text)])
    _whole(evidence, count)
    _shown(tools.work, evidence)


def blocks(tools: Tools, data: bytes) -> None:
    """The same events whether a log comes whole or in pieces (the first byte says how large)."""
    size, data = (data[0] if data else 0) * 16 + 64, data[1:]
    lines = data.split(b"\n")
    pieces: list[tuple[int, bytes]] = []
    start = 0
    while start < len(lines):
        end, length = start, 0
        while end < len(lines) and length <= size:
            length += len(lines[end]) + 1
            end += 1
        last = end == len(lines)
        pieces.append((start + 1, b"\n".join(lines[start:end]) + (b"" if last else b"\n")))
        start = end
    if pieces and not pieces[-1][1]:
        pieces.pop()
    recogniser = tools.work.gatherer.recogniser
    in_pieces = recogniser.read(pieces)
    whole = recogniser.read([(1, data)] if data else [])
    assert [(e.kind, e.line) for e in in_pieces.events] == [(e.kind, e.line) for e in whole.events]
    assert in_pieces.lines == whole.lines


def carriers(tools: Tools, data: bytes) -> None:
    """Log lines that are JSON objects, and every other prefix: the recogniser alone."""
    text, count = _text(data)
    _whole(tools.work.gatherer.gather("x", {}, [("log", text)]), count)


def report(tools: Tools, data: bytes) -> None:
    """A kind of event on the first line, lines of a report below it: its reader, and the whole reading."""
    from facts.reports import READERS

    work = tools.work
    name, _, body = data.decode("utf-8", "replace").partition("\n")
    kinds = [kind for kind, entry in work.base.events.items() if entry["report"] != "none"]
    kind = name if name in kinds else kinds[crc32(name.encode()) % len(kinds)]
    entry = work.base.events[kind]
    records = [Record(number, line) for number, line in enumerate(body.split("\n")[:1500], 1)]
    event = Event(kind, records[0], entry["severity"], entry["title"])
    used = READERS[entry["report"]](event, records, work.gatherer.recogniser.frames)
    assert 1 <= used <= len(records), f"{used} of {len(records)} records"
    assert all(isinstance(v, (str, int, float, bool, tuple)) for v in event.attributes.values())
    text, count = _text(body.encode())
    if text:
        _whole(work.gatherer.gather("x", {}, [("log", text)]), count)


def explain(tools: Tools, data: bytes) -> None:
    """`kadvisor explain`: the notes at each line, in both forms."""
    from advisor.reading_aid import annotated
    from kb.tables import words

    work = tools.work
    tables = tools.__dict__.setdefault("tables", words([BUILT_IN], []))
    try:
        for form in ("text", "markdown"):
            for line in annotated(work.base, tables, tools.file("log", data), form) or ():
                assert not harmful(line), f"{form}: {line!r}"
    except InputError as error:
        raise Refused(str(error)) from None


def host(tools: Tools, data: bytes) -> None:
    """A host.yaml, its logs and answers, up to the verdict."""
    try:
        evidence = tools.work.gatherer.host(tools.file("host.yaml", data))
    except InputError as error:
        raise Refused(str(error)) from None
    for name, known in evidence.facts.items():
        if name in tools.work.gatherer.names:
            assert tools.work.gatherer.names.convert(name, known.value) == known.value, name
    _shown(tools.work, evidence)


def yaml(tools: Tools, data: bytes) -> None:
    """The YAML reader: plain values, or an error with its place."""
    from kb.yamldoc import YamlError, parse, plain

    text = data.decode("utf-8", "replace")
    refused: YamlError | None = None
    try:
        json.dumps(plain(parse(text, "x")), allow_nan=False)
    except YamlError as error:
        refused = error
    if refused is not None:
        ends = sum(text.count(end) for end in "\n\r\x85\u2028\u2029")
        assert 1 <= refused.line <= ends + 2
        assert refused.column >= 1
        raise Refused(str(refused))


def knowledge(tools: Tools, data: bytes) -> None:
    """A file of a knowledge folder (its name on the first line), among whole others: load, check, compile."""
    from advisor.answers import parse
    from advisor.diagnose import Diagnostician
    from advisor.engine import engine
    from facts.gather import Gatherer
    from kb.cache import Base
    from kb.check import check
    from kb.compile import compile_base
    from kb.load import load
    from kb.tables import Words
    from tests.fuzz.seeds import FILES

    first, _, text = data.partition(b"\n")
    name = first.decode("utf-8", "replace")
    names = sorted(FILES)
    name = name if name in FILES else names[crc32(first) % len(names)]
    folder = tools.folder / "kb"
    for other, whole in FILES.items():
        if not (folder / other).exists() or other == tools.__dict__.get("changed"):
            tools.file(f"kb/{other}", whole.encode())
    tools.__dict__["changed"] = name
    tools.file(f"kb/{name}", text)
    found = load([str(folder)])
    problems = [*found.problems, *check(found)]
    assert all(str(problem).isprintable() for problem in problems), "control characters in a problem"
    compiled = compile_base(found)
    data = json.loads(json.dumps({**compiled, "problems": [str(problem) for problem in found.problems]}))
    work = object.__new__(Work)  # as from the cache
    work.folders, work.base, work.problems = (str(folder),), Base(data), []
    work.gatherer = Gatherer(work.base)
    work.diagnostician = Diagnostician(work.base, engine("evaluator"))
    _shown(work, work.gatherer.gather("x", {}, [("log", BURNING)]))
    for probe in work.base.probes.values():
        parse(probe["parse"], BURNING)
    Words(found.tables)
    if found.problems:
        raise Refused(str(found.problems[0]))


def markdown(tools: Tools, data: bytes) -> None:
    """A cause file: front matter, sections, first sentences."""
    from kb.markdown import first_sentence, sections, split_front_matter

    text = data.decode("utf-8", "replace")
    front, body, line = split_front_matter(text)
    assert front.count("\n") <= text.count("\n")
    assert 1 <= line <= text.count("\n") + 2
    for section in sections(body).values():
        assert first_sentence(section) in " ".join(section.split())


def packed(tools: Tools, data: bytes) -> None:
    """A file as it comes: compressed, damaged, recoded, cut; read in bounded memory."""
    from facts.sources.text import raw_blocks

    limit = 1 << 20
    notes: list[str] = []
    path = tools.file("packed", data)
    try:
        size = 0
        expected = 1
        for first, block in raw_blocks(path, limit=limit, block_size=4096, notes=notes):
            assert first == expected
            assert b"\r\n" not in block
            expected += block.count(b"\n")
            size += len(block)
    except InputError as error:
        raise Refused(str(error)) from None
    assert size <= 3 * limit
    assert all(note.isprintable() for note in notes)


def answers(tools: Tools, data: bytes) -> None:
    """What a command printed (the probe on the first line): the answer is of the fact's type, or there is none."""
    from advisor.answers import parse, without_prompt

    base = tools.work.base
    first, _, text = data.decode("utf-8", "replace").partition("\n")
    probes = [name for name, probe in base.probes.items() if probe["parse"]]
    probe = base.probes[first if first in probes else probes[crc32(first.encode()) % len(probes)]]
    for failed in (False, True):
        value = parse(probe["parse"], without_prompt(text, probe["command"]), failed)
        if value is None or not probe["learns"]:
            continue
        try:
            tools.work.gatherer.names.convert(probe["learns"], value)
        except ValueError as error:
            raise Refused(str(error)) from None


def session(tools: Tools, data: bytes) -> None:
    """A saved conversation: read, replayed, compared, shown."""
    from advisor.journal import read
    from advisor.replay import Restored

    try:
        restored = Restored(tools.work, read(tools.file("session.jsonl", data)))
    except InputError as error:
        raise Refused(str(error)) from None
    _shown(tools.work, restored.session.evidence)
    restored.session.verdict()
    restored.session.question()
    restored.differences()
    restored.changed()


class Target(NamedTuple):
    run: Callable[[Tools, bytes], None]
    seeds: Callable[[Work], list[bytes]]
    longest: int  # bytes of an input


TARGETS: dict[str, Target] = {
    "log": Target(log, seeds.logs, 20_000),
    "blocks": Target(blocks, seeds.logs, 20_000),
    "carriers": Target(carriers, seeds.journals, 20_000),
    "report": Target(report, seeds.reports, 20_000),
    "explain": Target(explain, seeds.logs, 20_000),
    "host": Target(host, seeds.hosts, 10_000),
    "yaml": Target(yaml, seeds.yamls, 10_000),
    "knowledge": Target(knowledge, seeds.knowledge, 8_000),
    "markdown": Target(markdown, seeds.markdowns, 20_000),
    "packed": Target(packed, seeds.packed, 20_000),
    "answers": Target(answers, seeds.outputs, 10_000),
    "session": Target(session, seeds.sessions, 100_000),
}
