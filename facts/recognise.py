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
from facts.headers import HEADER_LITERALS, Header, read_header
from facts.records import Event, Record, Value
from facts.reports import READERS
from facts.scan import Scanner

BODY = 600  # records of a report at most
MERGE_WITHIN = 60  # lines between the first line of an oops and the line with its [#n]
ANNOUNCED = 8  # lines between an announcement and the report that it announces
MAX_EVENTS = 2000  # distinct events kept per log
_VOLATILE = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8,16}\b|\d+")
_USER = ("user", "any")


class Pattern(NamedTuple):
    kind: str
    literal: str
    regex: str
    set: dict[str, Value]
    source: str


class Mark(NamedTuple):
    """A line in which some pattern was found."""

    at: int  # line index within the window
    record: Record
    found: list[tuple[str, dict[str, Value]]]  # event kinds with the attributes of their patterns
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


class Recogniser:
    """Recognises the events of logs; build one per base and reuse it."""

    def __init__(self, events: dict[str, dict[str, Any]], frames: FrameTable, flags: dict[str, frozenset[str]]) -> None:
        self.kinds = events
        self.frames = frames
        self.integers, self.numbers = flags["integers"], flags["numbers"]
        self.patterns: dict[str, list[Pattern]] = {}
        self._regexes: dict[str, re.Pattern[str]] = {}
        for kind, entry in events.items():
            for literal, regex, constants, source in entry["patterns"]:
                self.patterns.setdefault(literal, []).append(Pattern(kind, literal, regex, constants, source))
        self.scanner = Scanner([*self.patterns, *HEADER_LITERALS])

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

    # one line
    def match(self, record: Record) -> list[tuple[str, dict[str, Value]]]:
        """Event kinds that the record reports, with the attributes its text yields."""
        found: dict[str, dict[str, Value]] = {}
        text = record.text
        for literal, patterns in self.patterns.items():
            if literal not in text:
                continue
            for pattern in patterns:
                if pattern.kind in found or not _speaks(pattern.source, record.source):
                    continue
                match = self._regex(pattern.regex).search(text)
                if match is None or any(self._regex(no).search(text) for no in self.kinds[pattern.kind]["not"]):
                    continue
                attributes: dict[str, Value] = {}
                for name, value in match.groupdict().items():
                    if value is not None:
                        self._put(attributes, name.replace("_", "-"), value.strip())
                attributes.update(pattern.set)
                found[pattern.kind] = attributes
        return list(found.items())

    def _regex(self, source: str) -> re.Pattern[str]:
        compiled = self._regexes.get(source)
        if compiled is None:
            compiled = self._regexes[source] = re.compile(source)
        return compiled

    def _put(self, attributes: dict[str, Value], name: str, value: str) -> None:
        if name in self.integers:
            if value.lstrip("-").isdigit() and len(value) < 20:
                attributes[name] = int(value)
        elif name in self.numbers:
            try:
                attributes[name] = float(value)
            except ValueError:
                return
        else:
            attributes[name] = value


def _speaks(wanted: str, source: str) -> bool:
    """Whether a record from `source` may be read by a pattern for `wanted` speakers; raw lines may be anybody's."""
    if wanted == "any" or not source:
        return True
    return (source == "kernel") is (wanted == "kernel")


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
        self.lines = 0
        self.timed = self.untimed = 0
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
                header = read_header(record)
                found = self.by.match(record)
                if found or header:
                    marks.append(Mark(index, record, found, header))
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
                if mark.header.name == "version" or mark.header.name == "capture":
                    self._boot(mark)
                self.headers.append(mark.header._replace(boot=self.boot))
            events: list[Event] = []
            for kind, attributes in mark.found:
                if not self._continues(kind, mark):
                    events.append(self._event(kind, attributes, mark.record))
            if not events:
                continue
            main = max(events, key=lambda e: (self.by.kinds[e.kind]["report"] != "none", e.severity == "failure"))
            report = self.by.kinds[main.kind]["report"]
            if report != "none":
                body = self._body(mark, self._stop(marks, number, len(lines)), lines, first)
                used = READERS[report](main, body, self.by.frames)
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

    def _boot(self, mark: Mark) -> None:
        if mark.header is not None and mark.header.name == "version" and (self.events or self.headers):
            self.boot += 1

    def _event(self, kind: str, attributes: dict[str, Value], record: Record) -> Event:
        entry = self.by.kinds[kind]
        event = Event(kind, record, entry["severity"], entry["title"])
        event.attributes = dict(attributes)
        event.boot = self.boot
        cpu, pid, comm = attributes.get("cpu"), attributes.get("pid"), attributes.get("comm")
        event.cpu = cpu if isinstance(cpu, int) else None
        event.pid = pid if isinstance(pid, int) else None
        event.comm = comm if isinstance(comm, str) else ""
        return event

    def _continues(self, kind: str, mark: Mark) -> bool:
        """Whether this line is the second head of a report that is already being read (`Oops: 0000 [#1]`)."""
        for event in reversed(self.events[-3:]):
            if event.boot != self.boot or (event.caller and mark.record.caller and event.caller != mark.record.caller):
                continue
            inside = event.line < mark.record.line <= max(event.end_line, event.line + MERGE_WITHIN)
            if not inside or self.by.kinds[event.kind]["report"] == "none":
                continue
            if kind == "oops-unclassified" and event.severity in ("failure", "problem"):
                return True
            if kind == "invalid-opcode" and event.kind in ("bug", "usercopy-abort", "list-corruption", "skb-panic"):
                return True
            if kind == event.kind and mark.record.line <= event.line + 12 and kind in _TWO_HEADED:
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
            for kind, _ in other.found:
                entry = self.by.kinds[kind]
                if kind == "oops-unclassified" or kind == "invalid-opcode":
                    continue
                if any(kind == own for own, _ in mark.found) and other.at <= mark.at + 12 and kind in _TWO_HEADED:
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
        return Reading(self.events, self.headers, self.lines, self.timed, self.untimed, self.last_time, self.counts)


# kinds whose report has a second line that its own pattern finds, too
_TWO_HEADED = frozenset(
    "double-fault stack-overflow general-protection-fault machine-check hung-task cfi-failure rcu-stall "
    "null-pointer-dereference invalid-paging-request slab-corruption kmemleak".split()
)
_SAME = ("function", "device", "module", "reason", "problem", "label", "bank", "status", "filesystem", "source")


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """A text that is already in memory, as the one block that `Recogniser.read` wants."""
    yield 1, text
