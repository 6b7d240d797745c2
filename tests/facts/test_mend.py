"""Logs that came through mails and web pages."""

from __future__ import annotations

import re
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loglines import booted, oops, stamped

from advisor.work import Work
from facts.mend import MOST, mend, mended
from facts.recognise import lines_of
from facts.timeline import Timeline, build
from kb.load import load
from kb.where import BUILT_IN

STAMP = re.compile(r"\[ *\d+\.\d+\]|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d ")
HUNG = stamped(
    "INFO: task kworker/u16:1:4711 blocked for more than 122 seconds.",
    "      Not tainted 6.1.0-18-amd64 #1 Debian 6.1.76-1",
    '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.',
    "task:kworker/u16:1   state:D stack:0     pid:4711  ppid:2      flags:0x00004000",
    "Call Trace:",
    " <TASK>",
    " __schedule+0x34d/0x9e0",
    " schedule+0x5a/0xd0",
    " io_schedule+0x42/0x70",
    " wbt_wait+0xa2/0x110",
    " </TASK>",
    at=1200,
)


def mailed(log: str, longest: int = 78, margin: int = 72) -> str:
    """The log as a mail program sends it: lines longer than `longest` are broken at `margin`."""
    out: list[str] = []
    for line in log.splitlines():
        wrapped = textwrap.wrap(line, margin, break_long_words=False, break_on_hyphens=False, drop_whitespace=True)
        out += wrapped if len(line) > longest else [line]
    return "".join(f"{line}\n" for line in out)


@pytest.fixture(scope="module")
def timeline(whole: Work):  # type: ignore[no-untyped-def]
    def read(text: str) -> Timeline:
        return build(whole.gatherer.recogniser.read(mended(lines_of(text))))

    return read


def told(found) -> list[tuple[object, ...]]:  # type: ignore[no-untyped-def]
    return [(e.kind, e.comm, e.attributes.get("function"), e.attributes.get("address")) for e in found.events]


@pytest.mark.parametrize("longest", [72, 78])
@pytest.mark.parametrize("quote", ["", "> "])
def test_a_hung_task_in_a_mail(timeline, longest: int, quote: str) -> None:  # type: ignore[no-untyped-def]
    broken = mailed(HUNG, longest)
    assert "blocked for more than 122 seconds" not in broken
    (event,) = timeline("".join(f"{quote}{line}\n" for line in broken.splitlines())).events
    assert (event.kind, event.attributes["seconds"], event.attributes["pid"]) == ("hung-task", 122, 4711)


def test_blanks_of_a_web_page(timeline) -> None:  # type: ignore[no-untyped-def]
    assert told(timeline(HUNG.replace("  ", "\u00a0\u00a0"))) == told(timeline(HUNG))


def test_an_oops_in_a_mail(timeline) -> None:  # type: ignore[no-untyped-def]
    log = booted() + stamped(*oops(), at=50)
    assert told(timeline(mailed(log))) == told(timeline(log))


def test_written_incidents_in_mails_say_the_same(timeline) -> None:  # type: ignore[no-untyped-def]
    same = tried = 0
    for incident in load([BUILT_IN]).incidents.values():
        log = incident.log or ""
        lines = log.splitlines()
        if len(lines) < 8 or not all(STAMP.match(line) for line in lines) or max(map(len, lines)) < 90:
            continue
        tried += 1
        same += told(timeline(mailed(log))) == told(timeline(log))
    assert tried > 50
    assert same / tried > 0.95


@pytest.mark.parametrize(
    "text",
    [
        HUNG,
        HUNG + "a line of a program, which is as long as any other of this text is wide\n",
        "no stamp\nat all\n" * 9,
        stamped("x " * 80, "another message of the kernel that is somewhat long and ends here", at=3) + "rest\n",
        HUNG * (MOST // len(HUNG) + 1),
    ],
)
def test_what_is_not_broken_stays(text: str) -> None:
    assert mend(text.encode()) == text.encode()


def test_only_what_comes_in_one_piece_is_mended() -> None:
    broken = mailed(HUNG).encode()
    half = broken.index(b"\n", len(broken) // 2) + 1
    assert list(mended([(1, broken)])) == [(1, mend(broken))]
    pieces = [(1, broken[:half]), (9, broken[half:])]
    assert list(mended(pieces)) == pieces
    assert list(mended([])) == []


@given(st.lists(st.sampled_from([*HUNG.splitlines(), "", "rest of it", "> ", "\tset in", "x" * 99]), max_size=40))
def test_no_line_number_moves_and_no_word_is_lost(lines: list[str]) -> None:
    text = "\n".join(lines)
    joined = mend(text.encode()).decode()
    assert joined.count("\n") + (joined[-1:] not in ("", "\n")) == text.count("\n") + (text[-1:] not in ("", "\n"))
    assert joined.replace(">", "").split() == text.replace(">", "").split()
