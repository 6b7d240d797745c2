"""The verdict for a terminal: what happened, how sure, on which lines, what to do next, within one screen."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from advisor.render.parts import (
    HEADS,
    NOT_READY,
    NOTES,
    ROLES,
    UNNAMED,
    advice,
    chain,
    commit,
    defects,
    doubts,
    last_messages,
    parts,
    place,
    ready,
    repeated,
    source,
    timing,
    unready,
)
from advisor.render.plain import Style, percent, safe, seconds, wrap

FINDINGS = 5  # findings of the first cause that are shown
STEPS = 3


def text(verdict: dict[str, Any], *, width: int = 100, colour: bool = False) -> str:
    """The verdict as lines of at most `width` characters (input name and commands may be longer)."""
    style = Style(colour)
    width = max(40, min(width, 120))
    return "\n".join(_lines(verdict, width, style)) + "\n"


def _lines(verdict: dict[str, Any], width: int, style: Style) -> Iterator[str]:
    status = verdict["status"]
    paint = {"diagnosed": style.good, "likely": style.doubt, "no-failure": style.good}.get(status, style.bad)
    first, beside, rivals = parts(verdict)
    yield f"{paint(HEADS[status])}  {safe(verdict['input'])}"
    yield from (style.bold(line) for line in wrap(safe(verdict["summary"]), width))
    if verdict["chain"]:
        yield ""
        head = "What happened"
        lines = list(_item(f"{head}  ", _in_file(verdict), width)) or [head]
        yield style.bold(head) + lines[0][len(head) :]
        yield from lines[1:]
        yield from _chain(verdict, width, style)
    if first is not None:
        yield ""
        head = f"Why {first['id']}, {percent(first['probability'])}"
        unit = "   weights in decibans: +10 is ten times likelier"
        yield style.bold(head) + (style.dim(unit) if len(head + unit) <= width else "")
        yield from _findings(first, width)
    yield from _defects(verdict, width, style)
    if beside:
        yield ""
        yield style.bold("Beside it")
        for cause in beside:
            yield from _item(f"{percent(cause['probability']):>9}  ", f"{safe(cause['title'])} ({cause['id']})", width)
    unnamed = status == "undetermined" and verdict["something_else"] >= 0.05
    if rivals or unnamed:
        yield ""
        yield style.bold("Also possible")
        for cause in rivals:
            bare = ", no line speaks for it" if any(f["id"] == "usual" for f in cause["findings"]) else ""
            said = f"{safe(cause['title'])} ({cause['id']}){bare}"
            yield from _item(f"{percent(cause['probability']):>9}  ", said, width)
    if unnamed:
        yield from _item(f"{percent(verdict['something_else']):>9}  ", UNNAMED, width)
    if verdict["next"]:
        yield ""
        yield style.bold("Do next")
        yield from _next(verdict, width, style)
    condition, advised = advice(verdict, first)
    if advised:
        yield ""
        if condition:
            yield style.bold(condition)
        for heading, said in advised:
            yield from _item(f"{heading:<9}", safe(said), width)
    yield ""
    yield from _readiness(verdict["readiness"], width, style)
    for note in verdict["notes"][:NOTES]:
        yield from _item("Note     ", safe(note), width)
    if len(verdict["notes"]) > NOTES:
        yield f"Note     and {len(verdict['notes']) - NOTES} more"
    if verdict["signature"]:
        yield style.dim(f"Signature {verdict['signature']}")


def _in_file(verdict: dict[str, Any]) -> str:
    """The log that the lines count in, where there are several."""
    files = verdict.get("files", [])
    return f"in {safe(files[verdict['events'][verdict['chain'][0]]['file']])}" if len(files) > 1 else ""


def _chain(verdict: dict[str, Any], width: int, style: Style) -> Iterator[str]:
    events, more = chain(verdict)
    for event in events:
        head = f"  {place(event):<11} "
        when = f" at {seconds(event['time'])}" if event["time"] is not None else ""
        note = f"  {ROLES.get(event['role'], '')}{when}"
        title = list(wrap(f"{safe(event['title'])}{repeated(event)}", width - len(head) - len(note)))
        yield head + (title[0] if title else "?") + style.dim(note)
        yield from (" " * len(head) + line for line in title[1:])
        if event["role"] == "root" and event["text"]:
            yield " " * len(head) + style.dim(safe(event["text"])[: width - len(head)])
        for said in timing(verdict, event):
            yield from (" " * len(head) + line for line in wrap(said, width - len(head)))
        for message in last_messages(event):
            yield " " * len(head) + style.dim(safe(message)[: width - len(head)])
    if more:
        yield f"  and {more} more consequences"


def _findings(cause: dict[str, Any], width: int) -> Iterator[str]:
    counted = [f for f in cause["findings"] if f["counted"]]
    for finding in counted[:FINDINGS]:
        where = source(finding)
        said = safe(finding["says"]) + (f"  [{where}]" if where else "")
        yield from _item(f"  {finding['weight']:+3d}  ", said, width)
    if len(counted) > FINDINGS:
        yield f"       and {len(counted) - FINDINGS} smaller ones"


def _defects(verdict: dict[str, Any], width: int, style: Style) -> Iterator[str]:
    heading, known = defects(verdict)
    if known:
        yield ""
        yield style.bold(heading)
    for defect in known:
        yield from _item("  ", f"{safe(defect['title'])} ({defect['id']})", width)
        yield from _item("    ", safe(defect["says"]), width)
        yield from _item("    Commit      ", "; ".join(commit(one) for one in defect["commits"]), width)
        if defect["workaround"]:
            yield from _item("    Workaround  ", safe(defect["workaround"]), width)


def _next(verdict: dict[str, Any], width: int, style: Style) -> Iterator[str]:
    for number, step in enumerate(verdict["next"][:STEPS], 1):
        yield from _item(f"  {number}. ", f"{safe(step['ask'])} ({step['cost']})", width)
        if step.get("command"):
            yield f"     {style.dim('$')} {safe(shlex.join(step['command']))}"


def _readiness(readiness: dict[str, Any], width: int, style: Style) -> Iterator[str]:
    if readiness["ok"]:
        yield from _item("Next crash  ", ready(readiness), width)
    elif readiness["ok"] is None:
        yield from _item("Next crash  ", unready(readiness), width)
    for doubt in doubts(readiness):
        yield from _item("            perhaps ", doubt, width)
    if readiness["ok"] is not False:
        return
    if not readiness["problems"]:
        yield from _item("Next crash  ", NOT_READY, width)
    for number, problem in enumerate(readiness["problems"][:3]):
        head = "Next crash  " if number == 0 else " " * 12
        yield from _item(head, f"{style.doubt('no usable dump:') if number == 0 else ''} {safe(problem['title'])}. "
                         f"{safe(problem['fix'])}".strip(), width)  # fmt: skip
        yield from (f"            {style.dim('$')} {safe(line)}" for line in problem["commands"])


def _item(head: str, body: str, width: int) -> Iterator[str]:
    """A paragraph with a hanging head."""
    indent = " " * len(head)
    for number, line in enumerate(wrap(body, max(width - len(head), 24))):
        yield (head if number == 0 else indent) + line
