"""The ways of searching - key by key, by forms, with hyperscan - give the recogniser the same events."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts import scan
from facts.carriers import records
from facts.gather import Gatherer
from facts.recognise import Reading, Recogniser
from facts.repeats import ALIKE, PLENTY
from facts.scan import Scanner
from kb.cache import base
from kb.needles import needles
from kb.where import folders
from tests.benchmarks.logs import quiet
from tests.benchmarks.logs import reports as report_log

BASE = base(folders([]))
TEXT = b"".join(quiet(40_000)).decode()[:40_000].split("\n") + b"".join(report_log(12)).decode().split("\n")


def reader(hasty: bool = False) -> Recogniser:
    made = Gatherer(BASE).recogniser
    if hasty and not made.scanner.hasten():
        pytest.skip("hyperscan is not installed")
    return made


def shown(reading: Reading) -> list[tuple[object, ...]]:
    return [(e.kind, e.line, e.end_line, e.cpu, e.pid, sorted(e.attributes.items(), key=str)) for e in reading.events]


PREFIXES = ("", "<4>", "Mar  3 10:00:00 host kernel: ", "\x1b[31m")
lines = st.lists(st.tuples(st.sampled_from(PREFIXES), st.sampled_from(TEXT)), max_size=60)


@settings(max_examples=60, deadline=None)
@given(lines)
def test_forms_and_keys_agree(drawn: list[tuple[str, str]]) -> None:
    text = "\n".join(prefix + line for prefix, line in drawn).encode() + b"\n"
    small = reader().read([(1, text)])
    large = reader()
    large.scanner._small = large.scanner._repetitive  # type: ignore[method-assign]
    assert shown(large.read([(1, text)])) == shown(small)


@pytest.mark.skipif(find_spec("hyperscan") is None, reason="hyperscan is not installed")
@settings(max_examples=60, deadline=None)
@given(lines)
def test_hyperscan_and_keys_agree(drawn: list[tuple[str, str]]) -> None:
    text = "\n".join(prefix + line for prefix, line in drawn).encode() + b"\n"
    assert shown(reader(hasty=True).read([(1, text)])) == shown(reader().read([(1, text)]))


def test_without_hyperscan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_database", lambda texts: None)
    assert not Scanner("x", {"x": ["x"]}, "x").hasten()


def test_needles_are_demanded_by_the_expression() -> None:
    assert needles([("EXT4-fs (", r"EXT4-fs \(\S+\): (?:group descriptors corrupted|bad geometry)")]) == [
        "): bad geometry",
        "): group descriptors corrupted",
    ]
    assert needles([("abcd ", r"(?i)abcd efgh")]) == ["abcd "]
    assert needles([("abcd ", r"abcd \w+(?: wxyz)?")]) == ["abcd "]


def test_lines_with_an_event_hold_a_needle() -> None:
    texts = BASE.search["needles"].split("\n")
    find = reader().patterns.find
    for line in TEXT:
        if any(find(record) for record in records(line, 1)):
            assert any(text in line for text in texts), line


def test_reports_beyond_plenty_are_counted() -> None:
    head = "[{0:12.6f}] INFO: task worker:{1} blocked for more than 120 seconds.\n"
    rest = "[{0:12.6f}] Call Trace:\n[{0:12.6f}]  schedule+0x2e/0xb0\n[{0:12.6f}]  acme_wait+0x1e/0x40 [acme]\n"
    rest += "[{0:12.6f}] acme: link is up\n" * 20
    text = "".join((head + rest).format(10.0 + 20 * number, 1000 + number) for number in range(PLENTY + 50))
    reading = reader().read([(1, text)])
    hung = [event for event in reading.events if event.kind == "hung-task"]
    assert PLENTY <= len(hung) <= PLENTY + ALIKE + 1  # the last report's shape differs: nothing follows it
    assert reading.counts["hung-task"] == PLENTY + 50
    assert sum(int(str(event.attributes.get("count", 1))) for event in hung) == PLENTY + 50
