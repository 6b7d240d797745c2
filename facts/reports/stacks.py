"""Patterns of backtraces that one CPU fetches from others (lib/nmi_backtrace.c, kernel/rcu/tree_stall.h)."""

from __future__ import annotations

import re
from collections.abc import Sequence

NMI_FOR = re.compile(r"NMI backtrace for cpu (\d{1,5})")
SENDING = re.compile(
    r"\s*(?:sending|Sending) (?:IPI|NMI)(?: from CPU \d{1,5})?(?: \([^)]*\))? to (?:all|other|CPUs?|cpu)"
)
SKIPPED = re.compile(r"NMI backtrace for cpu (\d{1,5}) skipped: idling")
TASK_DUMP = re.compile(r"\s*Task dump for CPU (\d{1,5})")
TASK_ROW = re.compile(r"\s*(?:task:)?(\S.{0,62}?) +(?:state:)?([A-Z])\s+(?:stack:|running task|[0-9a-f]{8,16}|\d+)")

# readers of reports that end in a call trace
TRACED = frozenset(("trace", "oops", "slab", "lockdep", "atomic-sleep", "lockup", "kasan", "rcu-stall", "workqueue"))
_NEAR = 120  # a panic line so far below a report without a trace may still stand above its trace
_ALONE = re.compile(r"(?:^|[\]:>]) {1,8}(?:\? )?[\w.]{1,200}\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[[\w-]+\])?$")
_BROKEN_INTO = 4  # lines of another report within a call trace
_TRACE = re.compile(r"(?:Call [Tt]race|Backtrace): ?$")
_FRAME = re.compile(r"\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[[\w-]+\])?$")


def goes_on(lines: Sequence[str], head: int) -> bool:
    """Whether a head line broke into a call trace: a frame above it, more below, and none announced."""
    if _ALONE.search(lines[head - 1][:400].rstrip()) is None:
        return False
    for line in lines[head + 1 : head + 1 + _BROKEN_INTO]:
        text = line[:400].rstrip()
        if _ALONE.search(text):
            return True
        if text.endswith(":") or "CPU: " in text or "acktrace" in text:
            return False
    return False


def has_trace(lines: Sequence[str]) -> bool:
    """Whether a call trace is among the lines below a head line, or too many lines to look at."""
    if len(lines) > _NEAR:
        return True
    frames = 0  # one or two may stand in the lines above a trace
    for line in lines:
        text = line[:400].rstrip()
        frames += _FRAME.search(text) is not None
        if frames > 2 or _TRACE.search(text):
            return True
    return False
