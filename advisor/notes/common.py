"""What all annotators share: the notes, the scene (one event and its lines), and words for numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from facts.decode.pointers import classify
from facts.frames import FrameTable
from facts.records import Event, Record
from facts.reports.block import Block
from kb.tables import Words

MAX_NOTES = 8  # per line


class Note(NamedTuple):
    """What a line means.  kind: root, head, culprit, plain, code (verbatim lines: instructions, pictures)."""

    text: str
    kind: str = "plain"


class Marks:
    """The notes by line number; what holds for many lines is said once."""

    def __init__(self) -> None:
        self.notes: dict[int, list[Note]] = {}
        self._said: set[str] = set()

    def add(self, line: int, text: str, kind: str = "plain", once: str = "") -> None:
        """Note `text` at a line, unless it is empty, said there already, or `once` (a key) was used before."""
        here = self.notes.get(line, [])
        if not text or (once and once in self._said) or len(here) >= MAX_NOTES or any(n.text == text for n in here):
            return
        if once:
            self._said.add(once)
        self.notes.setdefault(line, []).append(Note(text, kind))


class Scene:
    """One event with its records and what they tell together."""

    def __init__(self, event: Event, records: Sequence[Record], words: Words, table: FrameTable, marks: Marks) -> None:
        self.event = event
        self.records = records
        self.words = words
        self.table = table
        self.marks = marks
        self.block = Block()
        for record in records:
            self.block.feed(record)
        self.arch = self.block.arch()
        self.wide = self.arch == "x86_64" and bool(self.block.registers.get("cr4", 0) & 1 << 12)
        self.seen: set[str] = set()
        self.memo: dict[str, str] = {}  # what one line tells the annotators of later ones

    def note(self, record: Record, text: str, kind: str = "plain", once: str = "") -> None:
        self.marks.add(record.line, text, kind, once)

    def once(self, record: Record, table: str, key: object) -> None:
        """Note an entry of a table, the first time that it fits."""
        self.note(record, self.words.get(table, key), once=f"{table} {key}")

    def first(self, name: str) -> bool:
        """True the first time it is asked for this event."""
        new = name not in self.seen
        self.seen.add(name)
        return new

    def classify(self, value: int) -> str:
        return classify(value, self.arch, self.wide, self.block.kasan)

    def looks_like(self, value: int) -> str:
        """What a value looks like, in words; error pointers with their name."""
        kind = self.classify(value)
        if kind == "error-pointer":
            bits = 32 if self.arch in ("i386", "arm") else 64
            number = (1 << bits) - (value & (1 << bits) - 1)
            name = self.words.get("errno", number)
            return f"the error code -{number}" + (f" ({name})" if name else "") + " used as a pointer"
        if kind == "ascii":
            text = value.to_bytes(8 if value >> 32 else 4, "little").decode("latin-1")
            shown = "".join(c if " " <= c < "\x7f" else "." for c in text)
            return f'the text "{shown}", so the pointer was overwritten by a string'
        return self.words.get("address-class", kind) or kind


def number(text: str) -> int:
    """A hexadecimal number of the log, with or without 0x."""
    return int(text, 16)


def size(value: float) -> str:
    """Bytes for people."""
    for unit, name in ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if value >= unit:
            return f"{value / unit:.1f} {name}" if value % unit else f"{value // unit:.0f} {name}"
    return f"{value:.0f} bytes"


def listed(parts: Sequence[str]) -> str:
    """a, b and c"""
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] if parts else ""


def sentence(text: str) -> str:
    """The text with a capital letter and a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".") if text else ""
