"""The annotated log for a terminal and as Markdown.  Rows come from advisor/annotate.py; log text is made harmless."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from advisor.annotate import Row
from advisor.notes.common import Note
from advisor.render.markdown import code, escape, prose
from advisor.render.plain import Style, safe, seconds, wrap
from facts.moments import NEVER, Moment, apart

LONGEST = 1200  # characters of a log line that are shown
EMPTY = "(an empty line)"
LATER = 1.0  # seconds between two shown lines that are worth a word


class Title(NamedTuple):
    """What stands above the annotated log."""

    name: str
    lines: int
    events: int
    root: str  # title of the root event, "" for none
    line: int  # its line
    notes: tuple[str, ...]


def summary(title: Title) -> str:
    """One sentence on the whole log."""
    counted = (
        f"{title.lines} line{'s' if title.lines != 1 else ''}, {title.events} event{'s' if title.events != 1 else ''}"
    )
    if title.root:
        return f"{counted}. It started in line {title.line}: {title.root}."
    return f"{counted}. No failure is visible in it."


def text(title: Title, rows: Iterable[Row], *, width: int = 100, colour: bool = False) -> Iterator[str]:
    """Lines (without line feed) of at most `width` characters."""
    style = Style(colour)
    width = max(40, min(width, 140))
    yield from (style.bold(line) for line in wrap(f"{safe(title.name)}: {summary(title)}", width))
    gutter = max(4, len(str(title.lines)))
    before = NEVER
    for row in rows:
        if not row.texts:
            yield style.dim(f"{'...':>{gutter}}  {_gap(row, before)}")
            before = row.moment if row.moment != NEVER else before
            continue
        before = row.moment if row.moment != NEVER else before
        yield from _line(row, gutter, width, style)
    for note in title.notes:
        yield from wrap(f"Note: {safe(note)}", width)


def _gap(row: Row, before: Moment) -> str:
    later = ""
    passed = apart(before, row.moment)
    if passed is not None and passed >= LATER:
        later = f", {seconds(passed)} later"
    return f"{row.skipped} line{'s' if row.skipped != 1 else ''}{later}"


def _line(row: Row, gutter: int, width: int, style: Style) -> Iterator[str]:
    paint = style.bold if row.notes else style.dim
    for number, message in enumerate(row.texts):
        head = f"{row.number if number == 0 else '':>{gutter}}  "
        room = width - len(head)
        message = message if message.strip() or not row.notes else EMPTY
        pieces = list(_cut(_short(message, room if not row.notes else LONGEST), room)) or [""]
        yield (style.dim(head) + paint(pieces[0])).rstrip()
        yield from (" " * len(head) + paint(piece) for piece in pieces[1:])
    for note in row.notes:
        yield from _note(note, " " * gutter + "  | ", width, style)


def _short(message: str, limit: int) -> str:
    message = safe(message.expandtabs(4).rstrip())
    return message if len(message) <= limit else message[: max(limit - 3, 1)] + "..."


def _cut(message: str, width: int) -> Iterator[str]:
    """Pieces of at most `width` characters, cut at blanks where that loses little; blanks inside stay."""
    while len(message) > width:
        at = message.rfind(" ", width // 2, width + 1)
        at = at if at > 0 else width
        yield message[:at]
        message = "  " + message[at:].lstrip()
    yield message


def _note(note: Note, head: str, width: int, style: Style) -> Iterator[str]:
    said = safe(note.text)
    if note.kind == "code":
        yield style.note(f"{head}{said[: width - len(head)]}")
        return
    label, colon, _ = said.partition(": ")
    lead = label if colon and note.kind in ("root", "head", "culprit") and label.isupper() else ""
    for number, line in enumerate(wrap(said, width - len(head))):
        if number == 0 and lead and line.startswith(lead):
            strong = style.bad if note.kind == "root" else style.doubt
            yield style.note(head) + strong(line[: len(lead)]) + style.note(line[len(lead) :])
        else:
            yield style.note(head + line)


def markdown(title: Title, rows: Iterable[Row]) -> Iterator[str]:
    """Lines (without line feed) of CommonMark: each annotated line as code with its notes as a list below it."""
    yield f"## Annotated log: {escape(title.name)}"
    yield ""
    yield escape(summary(title))
    quiet: list[str] = []
    before = NEVER
    for row in rows:
        if not row.texts:
            quiet.append(f"... {_gap(row, before)}")
        elif not row.notes:
            quiet += [f"{row.number}: {_short(message, 160)}" for message in row.texts]
        else:
            yield from _quiet(quiet)
            quiet = []
            yield ""
            joined = " / ".join(row.texts).strip() or EMPTY
            yield f"**{row.number}** {code(_short(joined, LONGEST).strip())}"
            yield ""
            yield from _notes(row.notes)
        before = row.moment if row.moment != NEVER else before
    yield from _quiet(quiet)
    for note in title.notes:
        yield ""
        yield f"Note: {escape(note)}"


def _quiet(lines: list[str]) -> Iterator[str]:
    """Lines without notes, as a fenced block of code: nothing inside it is read as markup."""
    if lines:
        yield ""
        yield from _fenced(lines)


def _notes(notes: tuple[Note, ...]) -> Iterator[str]:
    listing: list[str] = []
    for note in (*notes, Note("")):
        if note.kind == "code":
            listing.append(safe(note.text))
            continue
        if listing:
            fenced = _fenced(listing)
            yield f"- {fenced[0]}"
            yield from (f"  {line}" for line in fenced[1:])
            listing = []
        if note.text:
            label, colon, rest = note.text.partition(": ")
            strong = note.kind in ("root", "head", "culprit") and colon and label.isupper()
            yield f"- **{escape(label)}**: {prose(rest)}" if strong else f"- {prose(note.text)}"


def _fenced(lines: list[str]) -> list[str]:
    fence = "```"
    while any(fence in line for line in lines):
        fence += "`"
    return [fence, *lines, fence]
