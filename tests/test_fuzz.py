"""The whole reader on damaged logs: it never raises, keeps order and line numbers, and always says the same."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.work import Work
from facts.errors import InputError
from facts.evidence import Evidence
from facts.gather import Gatherer
from facts.recognise import Reading, lines_of
from facts.records import Record
from facts.signature import signature

LOGS = Path(__file__).parent / "logs"
NAMES = ("oops-x86-6.8.log", "oops-arm64-5.10.log", "oom-6.1.log", "soft-lockup-5.15.log", "journal-oops.log")
TEXTS = {name: (LOGS / name).read_text(encoding="utf-8") for name in NAMES}
JUNK = ["\0", "\x1b[31m", "\r", "\u202e", "\ud800", "\ufffd", "[", "] ", "<4>", "0x", "\t", "%s", "{0}", "]]>", "é" * 9]
PIECES = [
    "Oops: 0000 [#99999999999999999999] SMP", "Call Trace:", " <TASK>", "Modules linked in:",
    "Kernel panic - not syncing: ",
    "---[ end trace 0 ]---", "RIP: 0010:", "CPU: 9999999999999999999 PID: -1 Comm: ",
    "INFO: task :0 blocked for more than",
    "[99999999999999.999999] BUG: ", "Linux version ", "Linux version", "Command line: elfcorehdr=",
    "Memory: 0K/0K available",
    "DMI: , BIOS ", "Out of memory: Killed process 1 (", "watchdog: BUG: soft lockup - CPU#", "Code: <",
    "Code: zz (", "pc : ",
    "mce: [Hardware Error]: CPU", "Booting paravirtualized kernel on x", "Mem-Info:", "Node 0 DMA free:kB min:kB",
    '{"MESSAGE":"Linux version 1"', '{"MESSAGE":[66,85,71],"SYSLOG_IDENTIFIER":"kernel"}', "__CURSOR=x",
]  # fmt: skip


DAMAGE = ["cut", "drop", "double", "shuffle", "glue", "bytes", "piece", "mix", "repeat", "line"]


@pytest.fixture(scope="module")
def gatherer(whole: Work) -> Gatherer:
    return whole.gatherer


@st.composite
def damaged(draw: Any) -> str:
    """A fixture log with some random damage."""
    text = TEXTS[draw(st.sampled_from(NAMES))]
    chance = random.Random(draw(st.integers(0, 1 << 32)))
    for _ in range(draw(st.integers(1, 6))):
        lines = text.split("\n")
        a, b = sorted((chance.randrange(len(lines) + 1), chance.randrange(len(lines) + 1)))
        what = draw(st.sampled_from(DAMAGE))
        if what == "cut":
            text = text[: chance.randrange(len(text) + 1)]
        elif what == "drop":
            text = "\n".join(lines[:a] + lines[b:])
        elif what == "double":
            text = "\n".join(lines[:b] + lines[a:])
        elif what == "shuffle":
            part = lines[a:b]
            chance.shuffle(part)
            text = "\n".join(lines[:a] + part + lines[b:])
        elif what == "glue":
            glued = lines[a : a + chance.randrange(2, 5)]
            text = "\n".join([*lines[:a], "".join(glued), *lines[a + len(glued) :]])
        elif what == "bytes":
            for _ in range(chance.randrange(1, 20)):
                place = chance.randrange(len(text) + 1)
                text = text[:place] + chance.choice(JUNK) + text[place + chance.randrange(3) :]
        elif what == "piece":
            place = chance.randrange(len(text) + 1)
            text = text[:place] + chance.choice(PIECES) + text[place:]
        elif what == "line":
            text = "\n".join([*lines[:a], f"[{chance.random() * 1e5:12.6f}] {chance.choice(PIECES)}", *lines[a:]])
        elif what == "mix":
            other = TEXTS[chance.choice(NAMES)].split("\n")
            rest = lines[a:]
            text = "\n".join(lines[:a] + [x for pair in zip(rest, other, strict=False) for x in pair])
        else:
            text = "\n".join(lines[:a] + lines[a:b] * chance.randrange(1, 6) + lines[b:])
        text = text[:60_000]
    return text


def shown(evidence: Evidence) -> list[object]:
    events = [
        (e.kind, e.line, e.end_line, e.time, e.cpu, e.comm, e.pid, e.boot, e.role, sorted(e.attributes), e.attributes)
        for e in evidence.events
    ]
    return [events, evidence.root, evidence.chain, sorted(evidence.facts.items()), evidence.lines, evidence.notes]


@settings(deadline=None, max_examples=150)
@given(text=damaged())
def test_damaged_logs(whole: Work, gatherer: Gatherer, text: str) -> None:
    evidence = gatherer.gather("x", {}, [("log", text)])
    count = text.count("\n") + (not text.endswith("\n"))
    assert evidence.lines == count
    lines = [event.line for event in evidence.events]
    assert lines == sorted(lines)
    for event in evidence.events:
        assert 1 <= event.line <= event.end_line <= count
        assert all(1 <= frame.line <= count for frame in event.frames if frame.line)
        assert all(isinstance(v, (str, int, float, bool, tuple)) for v in event.attributes.values())
        assert event.text.isprintable() or "\t" in event.text
        assert signature(event)
    if evidence.root is not None:
        assert evidence.events[evidence.root].role == "root"
        assert evidence.chain[0] == evidence.root
    assert [e.role for e in evidence.events].count("root") == (evidence.root is not None)
    assert len(set(evidence.chain)) == len(evidence.chain)
    again = gatherer.gather("x", {}, [("log", text)])
    assert shown(again) == shown(evidence)


@settings(deadline=None, max_examples=30)
@given(text=damaged())
def test_damaged_logs_end_in_a_verdict(whole: Work, text: str) -> None:
    ranking = whole.diagnose(whole.gatherer.gather("x", {}, [("log", text)])).ranking
    assert ranking.status in ("diagnosed", "likely", "undetermined", "no-failure")
    assert all(0 <= h.probability <= 1 for h in ranking.hypotheses)


@settings(deadline=None, max_examples=30)
@given(data=st.binary(max_size=3000), place=st.integers(0, 4000))
def test_bytes(gatherer: Gatherer, tmp_path_factory: pytest.TempPathFactory, data: bytes, place: int) -> None:
    """Through the file: any bytes within a log."""
    raw = TEXTS["oops-x86-6.8.log"].encode()
    path = tmp_path_factory.getbasetemp() / "bytes.log"
    path.write_bytes(raw[:place] + data + raw[place:])
    try:
        evidence = gatherer.logs([str(path)])
    except InputError:  # taken for binary data
        return
    assert all(1 <= e.line <= evidence.lines for e in evidence.events)


def found(reading: Reading) -> set[tuple[str, int]]:
    return {(event.kind, event.line) for event in reading.events}


@pytest.mark.parametrize("name", NAMES)
def test_prefixes(gatherer: Gatherer, name: str) -> None:
    """What a log has said up to some line between its reports does not change when it goes on."""
    lines = TEXTS[name].splitlines(keepends=True)
    whole = gatherer.recogniser.read(lines_of(TEXTS[name]))
    for cut in range(1, len(lines)):
        prefix = gatherer.recogniser.read(lines_of("".join(lines[:cut])))
        before = {(event.kind, event.line) for event in whole.events if event.end_line <= cut}
        assert before <= found(prefix)
        # a report that reaches the cut may still be told from its like by what follows
        assert {(event.kind, event.line) for event in prefix.events if event.end_line < cut} <= found(whole)


@pytest.mark.parametrize("name", NAMES)
def test_every_prefix_can_be_read(gatherer: Gatherer, name: str) -> None:
    """A log that breaks off within a report still shows that something failed there."""
    lines = TEXTS[name].splitlines(keepends=True)
    whole = gatherer.gather("x", {}, [("log", TEXTS[name])])
    assert whole.root is not None
    root = whole.events[whole.root]
    for cut in range(1, len(lines)):
        evidence = gatherer.gather("x", {}, [("log", "".join(lines[:cut]))])
        if cut >= root.line:
            assert evidence.root is not None
            assert evidence.events[evidence.root].line == root.line
        else:
            assert evidence.root is None or evidence.events[evidence.root].kind == "truncated-log"


LONG_LINES = [*PIECES, " ", "a", "[", "0", "a:", "a ", "(a) ", "+0x1/0x2 [a] ", "1.", "/a"]


@pytest.mark.parametrize("piece", LONG_LINES, ids=[repr(piece) for piece in LONG_LINES])
def test_long_lines(gatherer: Gatherer, piece: str) -> None:
    """Lines of 60,000 characters made of what patterns look for take no more than a moment."""
    text = piece * (60_000 // len(piece)) + "\n"
    start = time.process_time()
    gatherer.gather("x", {}, [("log", text)])
    gatherer.gather("x", {}, [("log", TEXTS["oops-x86-6.8.log"] + text)])
    assert time.process_time() - start < 3


def test_long_lines_with_literals(whole: Work, gatherer: Gatherer) -> None:
    """No pattern takes long for a hostile line: its literal behind or before 60,000 equal characters."""
    slow = []
    for name, event in whole.base.events.items():
        literals = {literal for literal, *_ in event["patterns"]} or {""}
        text = "".join(f"{'a' * 60_000}{literal}\n{literal}{'0' * 60_000}\n" for literal in sorted(literals))
        start = time.process_time()
        for number, line in enumerate(text.split("\n"), 1):
            gatherer.recogniser.patterns.find(Record(number, line))
        spent = (time.process_time() - start) / len(literals)
        if spent > 0.5:
            slow.append(f"{name}: {spent:.1f} s per pattern")
    assert not slow, "\n".join(slow)
