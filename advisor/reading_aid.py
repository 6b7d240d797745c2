"""`kadvisor explain`: a log with each decisive line annotated."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator

from advisor.annotate import annotate, blocks_of, chosen, pick, rows, wanted
from advisor.render.annotated import Title, markdown, text
from advisor.terminal import UNUSABLE, USABLE, columns, complain, wants_colour, write
from advisor.verdict import title
from facts.errors import InputError
from facts.frames import FrameTable
from facts.gather import Gatherer
from facts.sources.text import blocks
from kb.cache import Base, base
from kb.model import Problem
from kb.tables import Words, words

MAX_PIPED = 64 << 20  # bytes of standard input, which can be read only once
Blocks = Callable[[], Iterable[tuple[int, str]]]


def explain(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    knowledge = base(options.kb)
    problems: list[Problem] = []
    tables = words(options.kb, problems)
    for problem in [*knowledge.problems, *map(str, problems)][:1]:
        print(f"kadvisor: knowledge problem: {problem}", file=sys.stderr)
    terminal = options.output is None and sys.stdout.isatty()
    width = columns() if terminal else 100
    try:
        lines = annotated(
            knowledge, tables, options.file, options.format, options.all, width, terminal and wants_colour()
        )
    except InputError as error:
        return complain(str(error))
    if lines is None:
        return complain(f"{options.file}: no line of it looks like a kernel message; is it the right file?")
    if options.output is None:
        for line in lines:
            write(sys.stdout, line + "\n")
        return USABLE
    try:
        with open(options.output, "w", encoding="utf-8", errors="replace") as stream:
            stream.writelines(line + "\n" for line in lines)
    except OSError as error:
        return complain(f"{options.output}: cannot be written: {error.strerror}", UNUSABLE)
    return USABLE


def annotated(
    knowledge: Base,
    tables: Words,
    path: str,
    form: str = "text",
    everything: bool = False,
    width: int = 100,
    colour: bool = False,
) -> Iterator[str] | None:
    """The annotated log as lines; None where it holds no kernel message.  Raises InputError."""
    gatherer = Gatherer(knowledge)
    again: Blocks
    if path == "-":
        notes: list[str] = []
        piped = "".join(block for _, block in blocks(path, limit=MAX_PIPED, notes=notes))
        evidence = gatherer.gather(path, {}, [("standard input", piped)])
        evidence = evidence._replace(notes=notes + evidence.notes, name="standard input")
        again = lambda: iter([(1, piped)])  # noqa: E731
    else:
        evidence = gatherer.logs([path])
        again = lambda: blocks(path)  # noqa: E731
    if not evidence.usable:
        return None
    events, left = chosen(evidence.events, everything)
    lines = pick(again(), wanted(events))
    found = annotate(events, lines, tables, FrameTable(knowledge.frames))
    said = list(evidence.notes)
    if left:
        said.append(f"{left} further events are not annotated; --all shows every line and every event")
    root = evidence.events[evidence.root] if evidence.root is not None else None
    head = Title(
        evidence.name,
        evidence.lines,
        len(events) + left,
        title(root) if root is not None else "",
        root.line if root is not None else 0,
        tuple(said),
    )
    shown = rows(again() if everything else blocks_of(lines), found, everything)
    return markdown(head, shown) if form == "markdown" else text(head, shown, width=width, colour=colour)
