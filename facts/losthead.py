"""The end of a report whose beginning is lost: a log, often the last part of a pstore record, begins within it.

Of an oops this is left above the panic line: the lower part of the call trace, the end marker, and on x86 the
instruction pointer and registers once more (oops_end in arch/x86/kernel/dumpstack.c).  Of an OOM report the rest of
the memory counts above the table of tasks (dump_header in mm/oom_kill.c).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from facts.records import Record
from facts.reports.meminfo import Memory
from facts.trace import parse_frames, parse_location

REACH = 150  # lines from the beginning of the log to the panic at most
REASONS = frozenset(("fatal-exception", "in-interrupt"))  # of panics that only an oops gives
GAP = 8  # lines between two memory counts at most
MEMORY = 60  # lines from the memory counts to the table of tasks at most
REGISTERS = 15  # lines from the instruction pointer to the last registers at most
_END = "---[ end trace"
_TRACE = ("Call Trace", "Call trace", "Backtrace")


class Left(NamedTuple):
    """What is left of a report."""

    records: list[Record]  # best first
    place: Record | None  # where it happened, as a line below the end marker says
    known: bool  # whether the records tell where it happened


def remains(above: Sequence[Record]) -> Left | None:
    """What the records above a panic or the last registers hold of a report; None where there is no report."""
    end = max((index for index, record in enumerate(above) if record.text.startswith(_END)), default=-1)
    if end < 0:
        return None
    trace, summary = list(above[:end]), list(above[end + 1 :])
    if not any(parse_frames(record.text) for record in trace):
        return None
    summary = located(summary)
    if summary:
        return Left([*summary, *trace], summary[0], True)
    known = any(record.text.startswith(_TRACE) or parse_location(record.text) is not None for record in trace)
    return Left(trace, None, known)


def located(records: Sequence[Record]) -> list[Record]:
    """The records from the first on that names the instruction pointer."""
    for index, record in enumerate(records):
        place = parse_location(record.text)
        if place is not None and place.frame is not None and not place.user:
            return list(records[index:])
    return []


def memory(records: Sequence[Record]) -> list[Record]:
    """The memory counts at the end of the records."""
    counts = Memory()
    first = len(records)
    for index in range(len(records) - 1, -1, -1):
        if counts.feed(records[index].text) or records[index].text.endswith((" in swap cache", " reserved")):
            first = index
        elif first - index > GAP:
            break
    return list(records[first:])


def twice(below: Sequence[str]) -> bool:
    """Whether the registers are printed again below the end marker: only an oops does that, no warning."""
    ends = [index for index, raw in enumerate(below[:REACH]) if _END in raw]
    return any("RIP: 0010:" in raw for index in ends for raw in below[index + 1 : index + 3])
