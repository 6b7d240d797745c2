"""The end of an oops whose beginning is lost: a log, often the last part of a pstore record, begins within the report.

What is left above the panic line: the lower part of the call trace, the end marker, and on x86 the instruction pointer
and registers once more (oops_end in arch/x86/kernel/dumpstack.c).
"""

from __future__ import annotations

from collections.abc import Sequence

from facts.records import Record
from facts.trace import parse_frames, parse_location

REACH = 150  # lines from the beginning of the log to the panic at most
REASONS = frozenset(("fatal-exception", "in-interrupt"))  # of panics that only an oops gives
_END = "---[ end trace"
_TRACE = ("Call Trace", "Call trace", "Backtrace")


def remains(above: Sequence[Record]) -> tuple[list[Record], bool] | None:
    """The records of the report, best first, and whether they tell where it happened; None where there is no report."""
    end = max((index for index, record in enumerate(above) if record.text.startswith(_END)), default=-1)
    if end < 0:
        return None
    trace, summary = list(above[:end]), list(above[end + 1 :])
    if not any(parse_frames(record.text) for record in trace):
        return None
    for index, record in enumerate(summary):
        place = parse_location(record.text)
        if place is not None and place.frame is not None and not place.user:
            return [*summary[index:], *trace], True
    known = any(record.text.startswith(_TRACE) or parse_location(record.text) is not None for record in trace)
    return trace, known
