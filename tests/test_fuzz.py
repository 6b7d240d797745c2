"""The whole reader on damaged logs: it never raises, keeps order and line numbers, and always says the same."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.work import Work
from facts.evidence import Evidence
from facts.gather import Gatherer
from facts.recognise import Reading, lines_of
from facts.signature import signature

LOGS = Path(__file__).parent / "logs"
NAMES = ("oops-x86-6.8.log", "oops-arm64-5.10.log", "oom-6.1.log", "soft-lockup-5.15.log", "journal-oops.log")
TEXTS = {name: (LOGS / name).read_text(encoding="utf-8") for name in NAMES}
JUNK = ["\0", "\x1b[31m", "\r", "\u202e", "\ud800", "\ufffd", "[", "] ", "<4>", "0x", "\t", "%s", "{0}", "]]>", "é" * 9]
PIECES = [
    "Oops: 0000 [#99999999999999999999] SMP", "Call Trace:", " <TASK>", "Modules linked in:", "Kernel panic - not syncing: ",
    "---[ end trace 0 ]---", "RIP: 0010:", "CPU: 9999999999999999999 PID: -1 Comm: ", "INFO: task :0 blocked for more than",
    "[99999999999999.999999] BUG: ", "Linux version ", "Linux version", "Command line: elfcorehdr=", "Memory: 0K/0K available",
    "DMI: , BIOS ", "Out of memory: Killed process 1 (", "watchdog: BUG: soft lockup - CPU#", "Code: <", "Code: zz (", "pc : ",
    "mce: [Hardware Error]: CPU", "Booting paravirtualized kernel on x", "Mem-Info:", "Node 0 DMA free:kB min:kB",
    '{"MESSAGE":"Linux version 1"', '{"MESSAGE":[66,85,71],"SYSLOG_IDENTIFIER":"kernel"}', "__CURSOR=x",
]  # fmt: skip


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
        what = draw(st.sampled_from(["cut", "drop", "double", "shuffle", "glue", "bytes", "piece", "mix", "repeat", "line"]))
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
        (e.kind, e.line, e.end_line, e.time, e.cpu, e.comm, e.pid, e.boot, e.role, sorted(e.attributes.items()), e.frames)
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
    except Exception as error:
        from facts.errors import InputError

        assert isinstance(error, InputError)
        assert str(error).startswith(str(path))
        return
    assert all(1 <= e.line <= evidence.lines for e in evidence.events)


def found(reading: Reading) -> set[tuple[str, int]]:
    return {(event.kind, event.line) for event in reading.events}


@pytest.mark.parametrize("name", NAMES)
def test_prefixes(gatherer: Gatherer, name: str) -> None:
    """What a log has said up to some line between its reports does not change when it goes on."""
    lines = TEXTS[name].splitlines(keepends=True)
    whole = gatherer.recogniser.read(lines_of(TEXTS[name]))
    checked = 0
    for cut in range(1, len(lines)):
        if any(event.line <= cut < event.end_line for event in whole.events):
            continue
        prefix = gatherer.recogniser.read(lines_of("".join(lines[:cut])))
        assert found(prefix) == {(kind, line) for kind, line in found(whole) if line <= cut}
        checked += 1
    assert checked


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


def test_long_lines(gatherer: Gatherer) -> None:
    """Lines of 60,000 characters made of what patterns look for take no more than a moment."""
    import time

    for piece in (*PIECES, " ", "a", "[", "0", "a:", "a ", "(a) ", "+0x1/0x2 [a] ", "1.", "/a"):
        text = piece * (60_000 // len(piece)) + "\n"
        start = time.process_time()
        gatherer.gather("x", {}, [("log", text)])
        gatherer.gather("x", {}, [("log", TEXTS["oops-x86-6.8.log"] + text)])
        assert time.process_time() - start < 3, piece
