"""What the reader works with: records (log messages), frames of a call trace, and events."""

from __future__ import annotations

from typing import NamedTuple

Scalar = str | int | float | bool
Value = Scalar | tuple[str, ...]


class Record(NamedTuple):
    """One log message, freed of its carrier's prefixes (time stamp, host, level, CPU tag, colour)."""

    line: int  # number of the line in its input, from 1
    text: str  # the message
    time: float | None = None  # seconds since boot, as printed
    caller: str = ""  # printk caller tag: "T123" (task) or "C3" (CPU)
    level: int | None = None  # kernel log level, 0 (emergency) to 7
    source: str = ""  # "kernel", the name of a program, or "" where the carrier does not tell


class Frame(NamedTuple):
    """One line of a call trace: ``function+0x1c/0xb4 [module]``."""

    function: str  # without offset and compiler suffix
    offset: str  # "0x1c", or "" where not printed
    module: str | None  # None for built-in code
    reliable: bool  # False for frames marked `?`
    section: str = ""  # "", "IRQ", "NMI", "allocated", "freed" ...: which stack or part of the trace
    line: int = 0
    symbol: str = ""  # as printed, with compiler suffix


class Event:
    """What one or more records report.  Attribute names and meanings: kb/vocabulary/attributes.yaml."""

    __slots__ = (
        "attributes",
        "begins",
        "boot",
        "caller",
        "comm",
        "cpu",
        "end_line",
        "file",
        "foreign",
        "frames",
        "kind",
        "last",
        "line",
        "offset",
        "pid",
        "role",
        "severity",
        "text",
        "time",
        "title",
        "untold",
    )  # fmt: skip

    def __init__(self, kind: str, record: Record, severity: str = "problem", title: str = "") -> None:
        self.kind = kind
        self.title = title or kind
        self.severity = severity  # failure, problem, notice, context, end
        self.begins = "anything"  # what it may be the beginning of: anything, own, stalls, nothing (kb/events)
        self.line = record.line
        self.end_line = record.line
        self.time = record.time
        self.last = record.time  # of the last repeat that is counted with it
        self.text = record.text  # first record's message
        self.caller = record.caller
        self.cpu: int | None = None
        self.comm = ""
        self.pid: int | None = None
        self.attributes: dict[str, Value] = {}
        self.untold: tuple[str, ...] = ()  # attributes that a message which no line shows may have (facts/told.py)
        self.frames: list[Frame] = []
        self.foreign: frozenset[str] = frozenset()  # modules that the report's list marks out-of-tree or proprietary
        self.offset = ""  # of the culprit within its function, "0x1c"; "" where not printed
        self.role = "context"  # root, consequence, precursor, context
        self.boot = 0  # index of the boot within the log
        self.file = 0  # index of the input file
