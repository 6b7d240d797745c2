"""Log text -> events: the fast search finds lines that may matter, patterns decide, report readers take the rest.

Memory stays bounded: a log is read block by block, only the lines of a report that is being read are kept, and reports
that repeat one already seen are counted, not stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from facts.carriers import Carrier
from facts.frames import FrameTable
from facts.headers import Header, Headers
from facts.patterns import Found, Patterns
from facts.records import Event, Record
from facts.reports import READERS

BODY = 600  # records of a report at most
MERGE_WITHIN = 60  # a part stands at most so many lines after the report that it belongs to ...
REACH = {"oom": 3000}  # ... but the table of an OOM report can be long
PANIC_FIRST = 3
SECOND_HEAD = 12  # a second head line of the same kind within so many lines is the same report
ANNOUNCED = 8  # lines between an announcement and the report that it announces
LOOK = 20_000  # characters of a block that are looked at for kernel messages
BEFORE_BOOT = 30  # lines above a new boot that tell how the one before ended
LIVED = 5.0  # seconds after which a boot counts as more than begun
MAX_EVENTS = 2000  # distinct events kept per log
_VOLATILE = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8,16}\b|\d+")


class Mark(NamedTuple):
    """A line in which some pattern was found."""

    at: int  # line index within the window
    record: Record
    found: list[Found]
    header: Header | None


class Reading(NamedTuple):
    """What a log says."""

    events: list[Event]
    headers: list[Header]
    lines: int  # lines read
    timed: int  # lines with a time stamp among the last ones
    untimed: int  # kernel-less lines between them: a console capture has some
    last_time: float | None
    counts: dict[str, int]  # reports per kind, repeats included
    kernel: bool  # some line looks like a kernel's
    lived: dict[int, float | None]  # boots that ran before the next one began -> their last time


class Recogniser:
    """Recognises the events of logs; build one per base and reuse it."""

    def __init__(
        self, kinds: dict[str, dict[str, Any]], frames: FrameTable, patterns: Patterns, headers: Headers
    ) -> None:
        self.headers = headers
        self.kinds = kinds
        self.frames = frames
        self.patterns = patterns
        self.scanner = patterns.scanner

    def read(self, blocks: Iterable[tuple[int, str]], progress: Callable[[int], None] | None = None) -> Reading:
        """Read a log given as (number of the first line, text) blocks that are cut at line ends."""
        log = _Log(self)
        carried: list[str] = []
        first = 1
        last: tuple[int, str] | None = None
        for block_first, text in blocks:
            if last is not None:
                carried, first = log.window(carried, first, last[1], final=False)
            elif not carried:
                first = block_first
            last = (block_first, text)
            if progress is not None:
                progress(len(text))
        if last is not None:
            log.window(carried, first, last[1], final=True)
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
        self.lived: dict[int, float | None] = {}
        self.lines = 0
        self.timed = self.untimed = 0
        self.kernel = False
        self.last_time: float | None = None

    def window(self, carried: list[str], first: int, text: str, final: bool) -> tuple[list[str], int]:
        """Read carried lines + a block; returns the lines to carry on, and the number of the first of them."""
        if carried:
            text = "\n".join(carried) + "\n" + text
        if text.endswith("\n"):
            text = text[:-1]
        lines: list[str] | None = None
        marks: list[Mark] = []
        total = text.count("\n") + 1
        horizon = total if final else max(total - BODY, 0)
        for index, start, end in self.by.scanner.lines(text):
            if index >= horizon:
                break
            for record in self.carrier.records(text[start:end], first + index):
                header = self.by.headers.find(record)
                found = self.by.patterns.find(record)
                if found or header:
                    marks.append(Mark(index, record, found, header))
        self._look(text[:LOOK], first)
        if marks:
            lines = text.split("\n")
        done = self._marks(marks, lines or [], first)
        if final:
            self.lines = first + total - 1
            self._tail(text)
            return [], 0
        keep = max(done, horizon)
        rest = text.split("\n")[keep:] if lines is None else lines[keep:]
        return rest, first + keep

    def _look(self, text: str, first: int) -> None:
        """Whether any of the first lines looks like a kernel's."""
        if not self.kernel:
            records = (self.carrier.strip(raw, first) for raw in text.split("\n")[:200] if raw)
            self.kernel = any(r.time is not None or r.source == "kernel" or r.level is not None for r in records)

    def _tail(self, text: str) -> None:
        """Look at the last lines: times, and lines that no kernel printed (a console shows both)."""
        for raw in text[-40000:].split("\n")[-400:]:
            if raw.strip():
                record = self.carrier.strip(raw, 0)
                if record.time is not None:
                    self.timed += 1
                    self.last_time = record.time
                elif not record.source:
                    self.untimed += 1

    def _marks(self, marks: list[Mark], lines: list[str], first: int) -> int:
        """Turn the marks of a window into events; returns the index after the last line that was used."""
        done = 0
        for number, mark in enumerate(marks):
            if mark.header is not None:
                if mark.header.name == "version":
                    self._boot(mark, lines, first)
                self.headers.append(mark.header._replace(boot=self.boot))
            events: list[Event] = []
            for found in mark.found:
                if not self._continues(found, mark):
                    events.append(self._event(found, mark.record))
            if not events:
                continue
            main = max(events, key=lambda e: (self.by.kinds[e.kind]["report"] != "none", e.severity == "failure"))
            report = self.by.kinds[main.kind]["report"]
            if report != "none":
                body = self._body(mark, self._stop(marks, number, len(lines)), lines, first)
                used = READERS[report](main, body, self.by.frames)
                self._refine(main)
                main.end_line = max(main.end_line, body[min(used, len(body)) - 1].line)
                done = max(done, main.end_line - first + 1)
                for event in events:
                    if event is not main and event.severity != "end":
                        for name, value in main.attributes.items():
                            event.attributes.setdefault(name, value)
                        event.frames = main.frames
            for event in events:
                self._inherit(event)
                self._add(event)
        return done

    def _refine(self, event: Event) -> None:
        """Give the event the kind that an attribute of its report makes it (`becomes` in kb/events)."""
        for name, kinds in self.by.kinds[event.kind]["becomes"].items():
            kind = kinds.get(str(event.attributes.get(name)))
            if kind is not None:
                entry = self.by.kinds[kind]
                event.kind, event.severity, event.title = kind, entry["severity"], entry["title"]
                return

    def _inherit(self, event: Event) -> None:
        """Give the report of this event to the announcement just above it that has none of its own.

        `refcount_t: underflow` is followed by a WARNING, `kernel tried to execute NX-protected page` by the page fault.
        """
        above = self.events[-1] if self.events else None
        if above is None or above.frames or not event.frames or above.severity not in ("failure", "problem"):
            return
        same = above.boot == event.boot and (not above.caller or not event.caller or above.caller == event.caller)
        if not same or not 0 < event.line - above.line <= ANNOUNCED or above.kind == event.kind:
            return
        above.frames = event.frames
        above.cpu = event.cpu if above.cpu is None else above.cpu
        above.comm, above.pid = (above.comm, above.pid) if above.comm else (event.comm, event.pid)
        above.end_line = max(above.end_line, event.end_line)
        for name, value in event.attributes.items():
            above.attributes.setdefault(name, value)

    def _boot(self, mark: Mark, lines: list[str], first: int) -> None:
        """Begin a new boot; note whether the one before was more than begun (user programs spoke, or seconds passed)."""
        if not (self.events or self.headers):
            return
        for index in range(mark.at - 1, max(mark.at - BEFORE_BOOT, -1), -1):
            record = self.carrier.strip(lines[index], first + index)
            if (record.time is not None and record.time > LIVED) or record.source not in ("", "kernel"):
                self.lived[self.boot] = record.time
                break
        self.boot += 1

    def _event(self, found: Found, record: Record) -> Event:
        entry = self.by.kinds[found.kind]
        event = Event(found.kind, record, entry["severity"], entry["title"])
        event.attributes = attributes = found.attributes
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
        for event in reversed(self.events[-4:]):
            if event.boot != self.boot or (event.caller and mark.record.caller and event.caller != mark.record.caller):
                continue
            opened = self.by.kinds[event.kind]["report"]
            if opened == "none":
                continue
            numbered = "oops-number" in found.attributes and event.kind == "warning"
            if found.part and not numbered and (opened == report or report == "oops"):
                if event.line < line <= max(event.end_line, event.line) + REACH.get(opened, MERGE_WITHIN):
                    return True
            if found.kind == event.kind and report != "none" and event.line < line <= event.line + SECOND_HEAD:
                return True
        return False

    def _stop(self, marks: list[Mark], number: int, total: int) -> int:
        """Index of the line at which the report that begins at this mark must end."""
        mark = marks[number]
        for other in marks[number + 1 :]:
            if other.at > mark.at + BODY:
                break
            if other.record.caller and mark.record.caller and other.record.caller != mark.record.caller:
                continue
            if other.header is not None and other.header.name == "version":
                return other.at
            own = {found.kind for found in mark.found}
            for found in other.found:
                entry = self.by.kinds[found.kind]
                if found.kind == "panic" and other.at <= mark.at + PANIC_FIRST and mark.found:
                    continue  # panic_on_warn prints its panic line above the trace
                if found.part or (found.kind in own and other.at <= mark.at + SECOND_HEAD):
                    continue
                if entry["severity"] in ("failure", "end") or entry["report"] != "none":
                    return other.at
        return min(total, mark.at + BODY)

    def _body(self, mark: Mark, stop: int, lines: list[str], first: int) -> list[Record]:
        body = [mark.record]
        for index in range(mark.at + 1, stop):
            for record in self.carrier.records(lines[index], first + index):
                if record.caller and mark.record.caller and record.caller != mark.record.caller:
                    continue
                if record.source not in ("", "kernel"):
                    continue
                body.append(record)
        return body

    def _add(self, event: Event) -> None:
        self.counts[event.kind] = self.counts.get(event.kind, 0) + 1
        attributes = event.attributes
        named = [attributes.get(name) for name in _SAME]
        text = "" if any(value is not None for value in named[:2]) else _VOLATILE.sub("#", event.text)
        key = (event.boot, event.kind, event.cpu, event.comm, event.pid, text, *named)
        seen = self.known.get(key)
        if seen is not None and "oops-number" not in attributes:
            count = seen.attributes.get("count", 1)
            seen.attributes["count"] = (count if isinstance(count, int) else 1) + 1
            return
        if len(self.events) >= MAX_EVENTS:
            return
        self.known[key] = event
        self.events.append(event)

    def reading(self) -> Reading:
        return Reading(
            self.events,
            self.headers,
            self.lines,
            self.timed,
            self.untimed,
            self.last_time,
            self.counts,
            self.kernel or bool(self.events or self.headers),
            self.lived,
        )


_SAME = ("function", "device", "module", "reason", "problem", "label", "bank", "status", "filesystem", "source")


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """A text that is already in memory, as the one block that `Recogniser.read` wants."""
    yield 1, text
