"""Log text -> events: the fast search finds lines that may matter, patterns decide, report readers take the rest.

Memory stays bounded: a log is read block by block, only the lines of a report that is being read are kept, and reports
that repeat one already seen are counted, not stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from facts import losthead, neighbours
from facts.carriers import Carrier
from facts.frames import FrameTable
from facts.headers import Header, Headers
from facts.mend import spoken
from facts.moments import NEVER, Moment
from facts.neighbours import AT_ONCE
from facts.patterns import Found, Patterns
from facts.records import Event, Record
from facts.repeats import Repeats
from facts.reports import READERS
from facts.reports.stacks import TRACED, goes_on, has_trace

BODY = 1500  # records of a report at most
MERGE_WITHIN = 60  # a part stands at most so many lines after the report that it belongs to ...
REACH = {"oom": 3000, "slab": 200}  # ... but the table of an OOM report can be long, and the trace of a slab report
PANIC_FIRST = 3
BROKEN = 3  # head lines of other CPUs within a call trace without tags
SECOND_HEAD = 12  # a second head line of the same kind within so many lines is the same report
LOOK = 20_000  # bytes of a block that are looked at for kernel messages
TAIL = 40_000  # bytes at the end of a log in which time stamps are looked for
BEFORE_BOOT = 30  # lines above a new boot that tell how the one before ended
LIVED = 5.0  # seconds after which a boot counts as more than begun
MAX_EVENTS = 2000  # distinct events kept per log ...
KEEP = 3  # ... but the first of each kind in each boot are, twice as many at most
IDLE = 12  # lines after a login prompt that a machine at rest may still print
_PROMPT = re.compile(r"\s{0,4}[\w.-]{1,64} login: ?\S{0,32}\s{0,4}$")
_NEW_BOOT = ("-- Boot ", "-- Reboot --")  # journalctl between two boots
LOST = "oops-unclassified"  # the kind of a report whose first line is lost
CARRIERS = ("journalctl", "pstore")  # these speak of the log itself
ABOVE = 5  # lines above a report among which one with a time is looked for
LAST = 5  # messages at the end of a boot that are kept ...
LONGEST = 300  # ... and so many characters of each
CUT_LINES = 2  # the rest of a head line that was cut is the first line of a log
FIRST_LINES = 60  # registers stand so far from the beginning of a report at most
_FATAL = re.compile(  # not after a warning
    r"Fatal exception|\bCR2: [0-9a-f]{16}\s*$|note: \S{1,32} exited with|"
    r"\bProcess .{1,32} \(pid: \d{1,10}, (?:threadinfo|ti)[ =]|"
    r"\bCode: (?:[0-9a-f]{4,8} ){1,12}\([0-9a-f]{4,8}\)|\bSMP NR_CPUS=\d"  # arm64, arm, riscv; powerpc: by die()
)
_TRACE = ("Call Trace:", "Call trace:", "Backtrace:")
_VOLATILE = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8,16}\b|\d+")


class Mark(NamedTuple):
    """A line in which some pattern was found."""

    at: int  # line index within the window
    record: Record
    found: list[Found]
    header: Header | None


class End(NamedTuple):
    """Where the messages of a boot end."""

    line: int = 0  # of the last message
    moment: Moment = NEVER
    messages: tuple[str, ...] = ()  # the last ones
    kernel_only: bool = False  # the carrier names programs, and only the kernel spoke at the end


class Reading(NamedTuple):
    """What a log says."""

    events: list[Event]
    headers: list[Header]
    lines: int  # lines read
    timed: int  # lines with a time stamp among the last ones
    untimed: int  # kernel-less lines between them: a console capture has some
    end: End  # of the last boot
    counts: dict[str, int]  # reports per kind, repeats included
    kernel: bool  # some line looks like a kernel's
    lived: dict[int, End]  # the boots that ran before the next one began
    idle: bool  # the last lines show a login prompt: the machine is up and waits


class Recogniser:
    """Recognises the events of logs; build one per base and reuse it."""

    def __init__(
        self, kinds: dict[str, dict[str, Any]], frames: FrameTable, patterns: Patterns, headers: Headers
    ) -> None:
        self.headers = headers
        self.kinds = kinds
        self.complete = {kind for kind, entry in kinds.items() if entry["report"] == "none"}
        self.frames = frames
        self.patterns = patterns
        self.scanner = patterns.scanner

    def read(self, blocks: Iterable[tuple[int, str | bytes]], progress: Callable[[int], None] | None = None) -> Reading:
        """Read a log given as (number of the first line, text or UTF-8) blocks that are cut at line ends.

        `progress` is called with the size of each block.
        """
        log = _Log(self)
        last: bytes | None = None
        for first, block in blocks:
            if last is None:
                log.first = first
            else:
                self.scanner.hasten()
                log.window(last, final=False)
            last = block if isinstance(block, bytes) else block.encode("utf-8", "surrogatepass")
            if progress is not None:
                progress(len(last))
        if last is not None:
            log.window(last, final=True)
        return log.reading()


class _Log:
    """The state of reading one log."""

    def __init__(self, recogniser: Recogniser) -> None:
        self.by = recogniser
        self.carrier = Carrier()
        self.events: list[Event] = []
        self.known: dict[tuple[object, ...], Event] = {}
        self.headers: list[Header] = []
        self.counts: dict[str, int] = {}
        self.boot = 0
        self.lived: dict[int, End] = {}
        self.lines = 0
        self.timed = self.untimed = 0
        self.kernel = False
        self.end = End()
        self.idle = False
        self.first = 1  # number of the first line that is kept
        self.carried = b""  # lines of the blocks before; the first of them only show how the boot before ended
        self.carried_lines = 0
        self.repeats = Repeats()
        self.kept: dict[tuple[int, str], int] = {}  # boot, kind -> events kept
        self.ahead: list[Mark] = []  # the marks in the lines whose reports may go on in the next block

    def window(self, data: bytes, final: bool) -> None:
        """Read a block and the lines carried on from those before; carries on the lines that the next one needs."""
        if data.endswith(b"\n"):
            data = data[:-1]
        marks = self.ahead
        for index, raw in self.by.scanner.hits(data):
            at = self.carried_lines + index
            for record in self.carrier.records(raw, self.first + at):
                header = self.by.headers.find(record)
                found = self.by.patterns.find(losthead.reason(record))
                if found or header:
                    marks.append(Mark(at, record, found, header))
        self._look(data[:LOOK], self.first + self.carried_lines)
        block_lines = data.count(b"\n") + 1
        total = self.carried_lines + block_lines
        horizon = total if final else max(total - BODY, 0)
        wanted = any(mark.at < horizon and self._wants_lines(mark) for mark in marks)
        if wanted or final or block_lines < BODY + BEFORE_BOOT:
            data = self.carried + b"\n" + data if self.carried_lines else data
        self._marks(marks, data.decode("utf-8", "replace").split("\n") if wanted else [], self.first, horizon)
        if final:
            self.lines = self.first + total - 1
            self._tail(data[-TAIL:].decode("utf-8", "replace"))
            return
        keep = max(horizon - BEFORE_BOOT, 0)
        self.first += keep
        self.carried_lines = total - keep
        self.carried = _last_lines(data, self.carried_lines)
        self.ahead = [mark._replace(at=mark.at - keep) for mark in marks if mark.at >= horizon]

    def _wants_lines(self, mark: Mark) -> bool:
        """Whether the lines around a mark matter: those of its report, or above a new boot."""
        if mark.header is not None and mark.header.name == "version":
            return True
        return any(self.by.kinds[found.kind]["report"] != "none" for found in mark.found)

    def _look(self, data: bytes, first: int) -> None:
        """Whether any of the first lines looks like a kernel's."""
        if not self.kernel:
            lines = data.decode("utf-8", "replace").split("\n")[:200]
            records = (self.carrier.strip(raw, first) for raw in lines if raw)
            self.kernel = any(r.time is not None or r.source == "kernel" or r.level is not None for r in records)

    def _tail(self, text: str) -> None:
        """Look at the last lines: times, and lines that no kernel printed (a console shows both)."""
        prompt = 0
        rows = text.split("\n")[-400:]
        begun = self._boot_line()
        records: list[Record] = []
        for line, (above, raw) in enumerate(zip(["", *rows], rows, strict=False), self.lines - len(rows) + 1):
            if raw.strip():
                record = self.carrier.strip(raw, line)
                if line > begun:
                    records.append(record)
                prompt = IDLE if record.time is None and _PROMPT.match(raw[:200]) else prompt - 1
                if record.time is not None:
                    self.timed += 1
                elif not record.source and spoken(raw, above):
                    self.untimed += 1
        self.idle = prompt > 0
        self.end = _end(records)

    def _marks(self, marks: list[Mark], lines: list[str], first: int, horizon: int) -> None:
        """Turn the marks above the horizon into events; those below only tell where a report ends."""
        for number, mark in enumerate(marks):
            if mark.at >= horizon:
                break
            if mark.header is not None:
                if mark.header.name == "version":
                    self._boot(mark, lines, first)
                self.headers.append(mark.header._replace(boot=self.boot))
            if mark.record.text.startswith(losthead.ENDED) and self._panicked():
                continue
            events: list[Event] = []
            self._lost_head(mark, lines, first)
            for found in mark.found:
                if not self._continues(found, mark) and self._is_tail(found, mark, lines):
                    events.append(self._event(found, mark.record))
            if not events:
                continue
            main = max(events, key=lambda e: (self.by.kinds[e.kind]["report"] != "none", e.severity == "failure"))
            report = self.by.kinds[main.kind]["report"]
            told = main.kind
            if report != "none":
                below = lines[mark.at + 1 : mark.at + BODY]
                if self.repeats.passes(main, below, len(self.events) >= MAX_EVENTS):
                    for event in events:
                        self.counts[event.kind] = self.counts.get(event.kind, 0) + 1
                        self.repeats.count(event)
                    self.repeats.passed = main
                    continue
                body = self._body(mark, self._stop(marks, number, lines), lines, first)
                used = READERS[report](main, body, self.by.frames)
                self._refine(main)
                events += self._also(main, mark.record)
                main.end_line = max(main.end_line, body[min(used, len(body)) - 1].line)
                for event in events:
                    if event is not main and event.severity != "end":
                        for name, value in main.attributes.items():
                            event.attributes.setdefault(name, value)
                        event.frames = main.frames
            for event in events:
                neighbours.relate(event, self.events, self.by.frames, self.by.complete)
                kept = self._add(event)
                if kept is event and event is main and report != "none":
                    event.above = self._above(lines[max(mark.at - ABOVE, 0) : mark.at])
                if event is main and kept is not None:
                    self.repeats.keep(told, kept)
                if event is main and kept is not main:
                    self.repeats.passed = main

    def _above(self, lines: list[str]) -> Moment:
        """When the last of some lines was logged that tells it."""
        for raw in reversed(lines):
            record = self.carrier.strip(raw, 0)
            if record.time is not None or record.date:
                return record.moment
        return NEVER

    def _refine(self, event: Event) -> None:
        """Give the event the kind that an attribute of its report makes it (`becomes` in kb/events)."""
        for name, kinds in self.by.kinds[event.kind]["becomes"].items():
            kind = kinds.get(str(event.attributes.get(name)))
            if kind is not None:
                entry = self.by.kinds[kind]
                event.kind, event.severity, event.title = kind, entry["severity"], entry["title"]
                event.begins = entry["begins"]
                return

    def _also(self, event: Event, record: Record) -> list[Event]:
        """Further kinds that the same lines report (`also` in kb/events), as context."""
        out = []
        for name, kinds in self.by.kinds[event.kind]["also"].items():
            kind = kinds.get(str(event.attributes.get(name)))
            if kind is not None:
                further = Event(kind, record, "context", self.by.kinds[kind]["title"])
                further.attributes, further.boot, further.end_line = dict(event.attributes), event.boot, event.end_line
                further.cpu, further.pid, further.comm = event.cpu, event.pid, event.comm
                out.append(further)
        return out

    def _boot(self, mark: Mark, lines: list[str], first: int) -> None:
        """Begin a new boot; note whether the one before was more than begun (programs spoke, or seconds passed)."""
        if not (self.events or self.headers):
            above = lines[max(mark.at - BEFORE_BOOT, 0) : mark.at]
            at = next((i for i, raw in enumerate(above) if raw.startswith(_NEW_BOOT)), 0)
            if not any(
                self.carrier.strip(raw, 0).source not in ("", "kernel") for raw in above[:at] if raw[:3] != "-- "
            ):
                return
        last = range(max(mark.at - BEFORE_BOOT, self._boot_line() - first, -1) + 1, mark.at)
        records = [self.carrier.strip(lines[index], first + index) for index in last]
        if any((r.time is not None and r.time > LIVED) or r.source not in ("", "kernel") for r in records):
            told = [raw for raw in (lines[index] for index in last) if raw.strip() and raw[:3] != "-- "]
            self.lived[self.boot] = _end(records)._replace(kernel_only=all(" kernel: " in raw for raw in told))
        self.boot += 1

    def _boot_line(self) -> int:
        """Line in which the present boot begins; 0 where it is not seen."""
        return max((header.line for header in self.headers if header.name == "version"), default=0)

    def _event(self, found: Found, record: Record) -> Event:
        entry = self.by.kinds[found.kind]
        event = Event(found.kind, record, found.severity or entry["severity"], entry["title"])
        event.attributes = attributes = found.attributes
        event.begins, event.excerpt = entry["begins"], found.excerpt
        event.boot = self.boot
        cpu, pid, comm = attributes.get("cpu"), attributes.get("pid"), attributes.get("comm")
        event.cpu = cpu if isinstance(cpu, int) else None
        event.pid = pid if isinstance(pid, int) else None
        event.comm = comm if isinstance(comm, str) else ""
        return event

    def _continues(self, found: Found, mark: Mark) -> bool:
        """Whether this line is a part of a report that is already open (`Oops: 0000 [#1]`, `Killed process`)."""
        line = mark.record.line
        report = self.by.kinds[found.kind]["report"]
        passed = self.repeats.passed
        for event in (*(() if passed is None else (passed,)), *self.events[:-5:-1]):
            other = event.caller and mark.record.caller and event.caller != mark.record.caller
            if event.boot != self.boot or (other and not (found.part and found.kind == event.kind)):
                continue
            opened = self.by.kinds[event.kind]["report"]
            if opened == "none":
                continue
            numbered = "oops-number" in found.attributes and event.kind == "warning"
            if found.part and not numbered and (opened == report or report == "oops"):
                if event.line < line <= max(event.end_line, event.line) + REACH.get(opened, MERGE_WITHIN):
                    return True
            if found.kind == event.kind and report != "none" and event.line < line <= event.line + SECOND_HEAD:
                if not _another(found, mark.record, event.time, {"cpu": event.cpu, "pid": event.pid}):
                    return True
        return False

    def _panicked(self) -> bool:
        """Whether a panic of the present boot was seen."""
        return any(event.kind == "panic" and event.boot == self.boot for event in self.events)

    def _begun(self) -> bool:
        """Whether the log shows a boot or some event already."""
        return bool(self.events) or any(header.name == "version" for header in self.headers)

    def _lost_head(self, mark: Mark, lines: list[str], first: int) -> None:
        """Where a log begins within an oops: an event for what is left of it, at its panic or last registers."""
        reasons = {found.attributes.get("reason") for found in mark.found if found.kind == "panic"}
        registers = any(found.attributes.get("problem") == "tail" for found in mark.found)
        if not (registers or reasons & losthead.REASONS) or LOST not in self.by.kinds:
            return
        if self._begun() or mark.record.line > losthead.REACH:
            return
        above = [record for at in range(mark.at) for record in self.carrier.records(lines[at], first + at)]
        left = losthead.remains([record for record in above if record.source in ("", "kernel")], not registers)
        if left is None or (registers and left.place is None):
            return
        body, known = left.records, left.known
        event = self._event(Found(LOST, {"head-lost": True}, True), above[0])
        event.text = body[0].text
        READERS[self.by.kinds[LOST]["report"]](event, body, self.by.frames)
        event.end_line = mark.record.line - 1
        if not known:  # the trace is cut as well: its first frame is any
            for name in ("function", "module", "culprit", "at"):
                event.attributes.pop(name, None)
        self._add(event)

    def _is_tail(self, found: Found, mark: Mark, lines: list[str]) -> bool:
        """False for registers (`problem: tail`) that are not what is left of a fault where the log begins."""
        if found.attributes.get("problem") != "tail":
            return True
        if self._begun() or mark.record.line > FIRST_LINES:
            return False
        below = lines[mark.at + 1 : mark.at + BODY]
        traced = any(word in raw for raw in below[:FIRST_LINES] for word in _TRACE)
        if "oops-number" in found.attributes:  # the end of a head line: nothing stands above it
            return mark.record.line <= CUT_LINES and traced
        if any("--- interrupt: " in raw for raw in lines[max(mark.at - ABOVE, 0) : mark.at]):
            return False  # registers within a trace
        if losthead.certain(lines[mark.at : mark.at + FIRST_LINES]):
            return True
        return traced and (losthead.twice(below) or any(_FATAL.search(raw) for raw in lines[mark.at : mark.at + BODY]))

    def _stop(self, marks: list[Mark], number: int, lines: list[str]) -> int:
        """Index of the line at which the report that begins at this mark must end."""
        mark = marks[number]
        total = len(lines)
        broken = 0
        lends = any(self.by.kinds[found.kind]["report"] in TRACED for found in mark.found)
        for place in range(number + 1, len(marks)):
            other = marks[place]
            if other.at > mark.at + BODY:
                break
            if other.record.caller and mark.record.caller and other.record.caller != mark.record.caller:
                continue
            if other.header is not None and other.header.name == "version":
                return other.at
            own = {found.kind: found.attributes for found in mark.found}
            for found in other.found:
                entry = self.by.kinds[found.kind]
                if found.kind == "panic" and mark.found:
                    # panic_on_warn and panic() in a report print the panic line above the trace
                    if other.at <= mark.at + PANIC_FIRST or (lends and not has_trace(lines[mark.at + 1 : other.at])):
                        continue
                if found.part:
                    continue
                if found.kind in own and other.at <= mark.at + SECOND_HEAD:
                    if not _another(found, other.record, mark.record.time, own[found.kind]):
                        continue
                if entry["severity"] in ("failure", "end") or entry["report"] != "none":
                    untagged = not other.record.caller and entry["severity"] != "end"
                    if untagged and broken < BROKEN and goes_on(lines, other.at):
                        broken += 1
                        continue
                    return other.at
        return min(total, mark.at + BODY)

    def _body(self, mark: Mark, stop: int, lines: list[str], first: int) -> list[Record]:
        body = [mark.record]
        if any(found.attributes.get("problem") == "tail" for found in mark.found):
            above = range(max(mark.at - losthead.REGISTERS, 0), mark.at)
            body += losthead.located([r for at in above for r in self.carrier.records(lines[at], first + at)])
        if any(found.kind == "oom-kill" and found.attributes.get("head-lost") for found in mark.found):
            above = range(max(mark.at - losthead.MEMORY, 0), mark.at)
            body += losthead.memory([r for at in above for r in self.carrier.records(lines[at], first + at)])
        for index in range(mark.at + 1, stop):
            for record in self.carrier.records(lines[index], first + index):
                if record.caller and mark.record.caller and record.caller != mark.record.caller:
                    continue
                if record.source not in ("", "kernel") or _echoes(record, body[-1]):
                    continue
                body.append(record)
        return body

    def _add(self, event: Event) -> Event | None:
        """Keep an event, or count it with one that says the same; returns the one kept, if there is one."""
        self.counts[event.kind] = self.counts.get(event.kind, 0) + 1
        attributes = event.attributes
        named = [attributes.get(name) for name in _SAME]
        text = "" if any(value is not None for value in named[:2]) else _VOLATILE.sub("#", event.text)
        key = (event.boot, event.kind, event.severity, event.cpu, event.comm, event.pid, text, *named)
        seen = self.known.get(key)
        if seen is not None and "oops-number" not in attributes:
            seen.repeat(event)
            return seen
        if len(self.events) >= MAX_EVENTS:
            if self.kept.get((event.boot, event.kind), 0) >= KEEP or len(self.events) >= 2 * MAX_EVENTS:
                return None
        self.kept[event.boot, event.kind] = self.kept.get((event.boot, event.kind), 0) + 1
        self.known[key] = event
        self.events.append(event)
        return event

    def reading(self) -> Reading:
        return Reading(
            self.events,
            self.headers,
            self.lines,
            self.timed,
            self.untimed,
            self.end,
            self.counts,
            self.kernel or bool(self.events or self.headers),
            self.lived,
            self.idle,
        )


def _another(found: Found, record: Record, time: float | None, said: Mapping[str, object]) -> bool:
    """Whether a second head line is that of another report: of another time, task or CPU than `said`."""
    if record.time is not None and time is not None and record.time - time > AT_ONCE:
        return True
    names = [name for name in ("cpu", "pid") if said.get(name) is not None and name in found.attributes]
    return any(said[name] != found.attributes[name] for name in names)


def _echoes(record: Record, last: Record) -> bool:
    """Whether a line is there twice because two consoles print to one place; frames may well repeat."""
    if record.text != last.text or "+0x" in record.text:
        return False
    return record.time is None or last.time is None or record.time == last.time


def _end(records: list[Record]) -> End:
    """The end of a boot whose last records these are; what its carrier or a boot loader says does not count."""
    stamped = [r for r in records if (r.time is not None or r.date or r.source) and r.source not in CARRIERS]
    last = [record for record in stamped or records if record.text.strip()][-LAST:]
    if not last:
        return End()
    moment = next((r.moment for r in reversed(stamped) if r.moment != NEVER), NEVER)
    texts = (r.text if r.source in ("", "kernel") else f"{r.source}: {r.text}" for r in last)
    return End(last[-1].line, moment, tuple(text.strip()[:LONGEST] for text in texts))


_SAME = ("function", "device", "module", "reason", "problem", "label", "bank", "status", "filesystem", "source")


def _last_lines(data: bytes, number: int) -> bytes:
    """The last so many lines."""
    position = len(data)
    for _ in range(number):
        position = data.rfind(b"\n", 0, position)
        if position < 0:
            return data
    return data[position + 1 :]


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """A text that is already in memory, as the one block that `Recogniser.read` wants."""
    yield 1, text
