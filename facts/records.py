"""What the reader works with: records (log messages), frames of a call trace, and events."""

from __future__ import annotations

from typing import NamedTuple

from facts.moments import NEVER, Moment, moment

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
    date: str = ""  # what the carrier put in front where that holds a date (facts/moments.py reads it)

    @property
    def moment(self) -> Moment:
        """When it was logged."""
        return moment(self.time, self.date)


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
        "above",
        "attributes",
        "begins",
        "boot",
        "caller",
        "comm",
        "cpu",
        "end_line",
        "excerpt",
        "file",
        "foreign",
        "frames",
        "kind",
        "last",
        "line",
        "moment",
        "offset",
        "pid",
        "role",
        "severity",
        "text",
        "title",
        "untold",
    )  # fmt: skip

    def __init__(self, kind: str, record: Record, severity: str = "problem", title: str = "") -> None:
        self.kind = kind
        self.title = title or kind
        self.severity = severity  # failure, problem, notice, context, end
        self.begins = "anything"  # what it may be the beginning of: anything, own, stalls, nothing (kb/events)
        self.excerpt = False  # the trouble where the log is an excerpt that shows nothing worse
        self.line = record.line
        self.end_line = record.line
        self.moment = record.moment
        self.last = self.moment  # of the last repeat that is counted with it
        self.above = NEVER  # of the message above the report that begins here
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

    @property
    def time(self) -> float | None:
        """Seconds since boot, as printed."""
        return self.moment.time

    def repeat(self, event: Event) -> None:
        """Count a report that says the same."""
        mine, other = self.attributes, event.attributes
        count, errors, more = mine.get("count", 1), mine.get("errors"), other.get("errors")
        mine["count"] = (count if isinstance(count, int) else 1) + 1
        if isinstance(errors, int) and isinstance(more, int):
            mine["errors"] = errors + more
        self.last = self.last if event.moment == NEVER else event.moment
