"""Events -> annotations: what each decisive line of a log says, in plain words.  Nothing here reads files.

The texts that are knowledge stand in kb/annotations; the functions that look at one line each in advisor/notes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from advisor.notes import fault, hardware, memory, stalls, trace
from advisor.notes.common import Marks, Note, Scene, sentence
from facts.carriers import Carrier
from facts.frames import FrameTable
from facts.moments import NEVER, Moment
from facts.records import Event, Record
from kb.tables import Words

CONTEXT = 2  # lines shown around a decisive one
AROUND = 8  # lines before and after a report that may belong to it
MAX_EVENTS = 200
MAX_REPORT = 3000  # lines of one report
_ORDER = ("root", "consequence", "precursor", "context")
_LINES: tuple[Callable[[Scene, Record], None], ...] = (
    fault.header, fault.codes, trace.frames, fault.place, fault.code, fault.registers, trace.modules,
    memory.oom, memory.slab, memory.kasan, hardware.mce, hardware.aer, stalls.rcu, stalls.hung, stalls.lockdep,
)  # fmt: skip


class Row(NamedTuple):
    """One line of the log as it is shown, or a gap."""

    number: int
    texts: tuple[str, ...]  # the messages in it without the carrier's prefixes; empty for a gap
    moment: Moment
    notes: tuple[Note, ...]
    skipped: int = 0  # lines left out (a gap)


def chosen(events: Sequence[Event], everything: bool = False) -> tuple[list[Event], int]:
    """The events to annotate in order of lines (the gravest where there are very many), and how many are left out."""
    known = [event for event in events if event.kind != "taint" and event.line > 0]
    if everything or len(known) <= MAX_EVENTS:
        return known, 0
    gravest = sorted(range(len(known)), key=lambda i: (_ORDER.index(known[i].role), i))[:MAX_EVENTS]
    return [known[i] for i in sorted(gravest)], len(known) - MAX_EVENTS


def wanted(events: Iterable[Event]) -> list[tuple[int, int]]:
    """The ranges of lines (first, last) that annotating these events needs, in order and not overlapping."""
    ranges = sorted(
        (max(1, e.line - AROUND), max(e.line, min(e.end_line, e.line + MAX_REPORT)) + AROUND) for e in events
    )
    merged: list[tuple[int, int]] = []
    for first, last in ranges:
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def pick(blocks: Iterable[tuple[int, str]], ranges: Sequence[tuple[int, int]]) -> dict[int, str]:
    """The raw lines of some ranges of a log given as (number of the first line, text) blocks."""
    picked: dict[int, str] = {}
    at = 0
    for first, text in blocks:
        last = first + text.count("\n")
        while at < len(ranges) and ranges[at][1] < first:
            at += 1
        if at < len(ranges) and ranges[at][0] <= last:
            lines = text.split("\n")
            for low, high in ranges[at:]:
                if low > last:
                    break
                for number in range(max(low, first), min(high, last) + 1):
                    if lines[number - first] or number < last:
                        picked[number] = lines[number - first]
    return picked


def annotate(
    events: Sequence[Event], lines: Mapping[int, str], words: Words, table: FrameTable
) -> dict[int, list[Note]]:
    """The notes on the lines of one log, by line number.  `lines` holds at least the ranges of `wanted(events)`."""
    marks = Marks()
    carrier = Carrier()
    records = {number: carrier.records(raw, number) for number, raw in sorted(lines.items())}
    taken: set[int] = set()
    for event in sorted(events, key=lambda e: (e.line, e.severity == "end")):
        _head(event, words, marks)
        own = [r for r in _records(event, records, marks, words) if r.line not in taken or r.line == event.line]
        if not own:
            continue
        scene = Scene(event, own, words, table, marks)
        fault.address(scene, own[0])
        scene.memo["used"] = fault.used_registers(scene)
        for record in own:
            for look in _LINES:
                look(scene, record)
            if record.text.lstrip().startswith("---[ end trace"):
                scene.memo["ended"] = "yes"
        taken.update(record.line for record in own)
    for number, found in records.items():
        for record in found:
            key = trace.general(record.text) if record.source in ("", "kernel") else ""
            if key:
                marks.add(number, words.get("line", key), once=key)
    return {number: notes for number, notes in marks.notes.items() if number in lines}


def _head(event: Event, words: Words, marks: Marks) -> None:
    """What the first line of an event means, and its role."""
    said = words.get("event", event.kind) or sentence(event.title if "{" not in event.title else event.kind)
    if event.kind == "truncated-log":
        said = words.get("line", "truncated") or said
    role = words.get("role", event.role) or event.role.upper()
    kind = "root" if event.role == "root" else "head"
    marks.add(event.line, f"{role}: {said}", kind, f"event {event.kind}" if event.severity == "context" else "")
    if event.kind == "panic":
        marks.add(event.line, words.get("panic-reason", event.attributes.get("reason", "other")))
    count = event.attributes.get("count")
    if isinstance(count, int) and count > 1:
        marks.add(event.line, f"The same report came {count} times; only the first one is annotated.")
    if event.attributes.get("cut"):
        marks.add(event.line, "The report stops in the middle.")


def _records(event: Event, records: Mapping[int, list[Record]], marks: Marks, words: Words) -> list[Record]:
    """The records of an event's report; those of other CPUs and programs are left out."""
    own: list[Record] = []
    for number in range(event.line, min(event.end_line, event.line + MAX_REPORT) + 1):
        for record in records.get(number, ()):
            if record.caller and event.caller and record.caller != event.caller:
                marks.add(number, words.get("line", "other-cpu"), once="other-cpu")
            elif record.source in ("", "kernel") or number == event.line:
                own.append(record)
    return own


def rows(
    blocks: Iterable[tuple[int, str]], notes: Mapping[int, Sequence[Note]], everything: bool = False
) -> Iterator[Row]:
    """The lines to show: those with notes and what stands around them, or all; gaps between them."""
    near = {n for number in notes for n in range(number - CONTEXT, number + CONTEXT + 1)}
    near |= {n + 1 for n in near if n + 2 in near}  # no gap of a single line
    carrier = Carrier()
    last = 0
    for first, text in blocks:
        raws = text.split("\n")
        if raws and not raws[-1]:
            raws.pop()
        for number, raw in enumerate(raws, first):
            if not everything and number not in near:
                continue
            records = carrier.records(raw, number)
            if number > last + 1:
                yield Row(number, (), records[0].moment if records else NEVER, (), number - last - 1)
            last = number
            shown = tuple(_shown(record) for record in records)
            yield Row(number, shown or ("",), records[0].moment if records else NEVER, tuple(notes.get(number, ())))


def _shown(record: Record) -> str:
    return record.text if record.source in ("", "kernel") else f"{record.source}: {record.text}"


def blocks_of(lines: Mapping[int, str]) -> Iterator[tuple[int, str]]:
    """Picked lines as the blocks that `rows` wants: one block per run of lines."""
    run: list[str] = []
    start = 0
    for number in sorted(lines):
        if run and number != start + len(run):
            yield start, "\n".join(run) + "\n"
            run = []
        if not run:
            start = number
        run.append(lines[number])
    if run:
        yield start, "\n".join(run) + "\n"
