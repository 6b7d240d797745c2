"""The end of a report whose beginning is lost: a log, often the last part of a pstore record, begins within it.

Of an oops this is left above the panic line: the lower part of the call trace, the end marker, and on x86 the
instruction pointer and registers once more (oops_end in arch/x86/kernel/dumpstack.c).  Of an OOM report the rest of
the memory counts above the table of tasks (dump_header in mm/oom_kill.c).
"""

from __future__ import annotations

import re
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
ENDED = "---[ end Kernel panic - not syncing: "  # the last line of a panic says its reason once more
_END = "---[ end trace"
_RESUME = re.compile(r"\bRSP: 0018:[0-9a-f]{16} +EFLAGS: 0001[0-9a-f]{4}\b")  # a fault pushes the resume flag as set
_BYTES = re.compile(r"\bCode: (?:(?:[0-9a-f]{2} ){0,64}<[0-9a-f]{2}>|Bad RIP value|Unable to access opcode bytes)")
_TRAPPED = re.compile(r"\bCode: (?:[0-9a-f]{2} ){0,64}<(?:0f> (?:0b|ff|b9)|67> 0f b9|cc>)")  # WARN(), BUG()
_DIED = re.compile(  # only die() prints these: arm, arm64, riscv; mips, loongarch; sparc; powerpc, of a fault
    r"\bCode: (?:[0-9a-f]{4,8} ){1,15}\([0-9a-f]{4,8}\) *$|\bProcess .{1,32} \(pid: \d{1,10}, stack limit ?= ?0x|"
    r"\bProcess .{1,32} \(pid: \d{1,10}, threadinfo=[0-9a-f]{8,16}, task=|\bInstruction DUMP:|"
    r"\bREGS: [0-9a-f]{8,16} TRAP: 0?(?:300|380|400|480|600)\b"
)
_NEXT = ("[ cut here ]", "Internal error: ", "--- interrupt: ")  # another report, or registers within a trace
_TRACE = ("Call Trace", "Call trace", "Backtrace")


class Left(NamedTuple):
    """What is left of a report."""

    records: list[Record]  # best first
    place: Record | None  # where it happened, as a line below the end marker says
    known: bool  # whether the records tell where it happened


def remains(above: Sequence[Record], died: bool = False) -> Left | None:
    """What the records above a panic or the last registers hold of a report; None where there is no report.

    `died`: the panic is one that only an oops gives, so the end marker may be lost as well.
    """
    end = max((index for index, record in enumerate(above) if record.text.startswith(_END)), default=-1)
    if end < 0 and not died:
        return None
    trace, summary = (list(above[:end]), list(above[end + 1 :])) if end >= 0 else (list(above), [])
    summary = located(summary)
    if not any(parse_frames(record.text) for record in trace) and not (died and (summary or located(trace))):
        return None
    if summary:
        return Left([*summary, *trace], summary[0], True)
    known = any(record.text.startswith(_TRACE) or parse_location(record.text) is not None for record in trace)
    return Left(trace, None, known)


def reason(record: Record) -> Record:
    """The record of a panic's last line as that of its first, any other as it is."""
    if not record.text.startswith(ENDED):
        return record
    return record._replace(text=record.text[len("---[ end ") :].rstrip().removesuffix("]---").rstrip())


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


def certain(lines: Sequence[str]) -> bool:
    """Whether registers, beginning with the first line, are those of a fault and of no warning or stalled CPU."""
    near = lines[:REGISTERS]
    coded, trapped = (any(map(pattern.search, near)) for pattern in (_BYTES, _TRAPPED))
    for index, raw in enumerate(lines):
        if index and any(word in raw for word in _NEXT):
            return False
        if _DIED.search(raw):
            return True
        if index > REGISTERS:
            continue
        if _TRAPPED.search(raw):
            return False
        if coded and _RESUME.search(raw):
            return not trapped
    return False


def twice(below: Sequence[str]) -> bool:
    """Whether the registers are printed again below the end marker: only an oops does that, no warning."""
    ends = [index for index, raw in enumerate(below[:REACH]) if _END in raw]
    return any("RIP: 0010:" in raw for index in ends for raw in below[index + 1 : index + 3])
