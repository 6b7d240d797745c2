"""The verdict as Markdown for a ticket.  Log and host text is escaped: it makes no markup, HTML, link or table cell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

from advisor.render.parts import (
    HEADS,
    NOT_READY,
    NOTES,
    ROLES,
    UNNAMED,
    Cause,
    advice,
    chain,
    commit,
    defects,
    doubts,
    last_messages,
    link,
    parts,
    place,
    ready,
    repeated,
    shown,
    source,
    spans,
    timing,
    unready,
)
from advisor.render.plain import percent, safe, seconds

_MARKS = {ord(char): f"\\{char}" for char in "\\`*{}[]<>#&~$@"}
_MARKS[ord("|")] = "&#124;"  # an entity: how a backslash before | reads in a table differs between renderers
_SCHEME = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp)(:)|\b(www)(\.)")
_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")  # inside a word it marks nothing
_BLOCK = re.compile(r"[-+=]|\d{1,9}(?=[.)](?:\s|$))")


def markdown(verdict: dict[str, Any]) -> str:
    """The verdict (advisor/verdict.py) as CommonMark with tables, ending in a line feed."""
    return "\n".join(_lines(verdict)) + "\n"


def escape(text: object) -> str:
    """The text on one line, as Markdown that shows just these characters."""
    plain = " ".join(safe(text).split())
    out = _SCHEME.sub(lambda m: f"{m[1] or m[3]}\\{m[2] or m[4]}", _UNDERSCORE.sub(r"\_", plain.translate(_MARKS)))
    start = _BLOCK.match(out)
    if start is None:
        return out
    return f"{start[0]}\\{out[start.end() :]}" if start[0].isdigit() else f"\\{out}"


def code(text: object) -> str:
    """The text as a code span, whatever backticks it holds; not for table cells."""
    plain = safe(text)
    if not plain.strip():
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", plain)), default=0) + 1)
    pad = " " if plain[0] in "` " or plain[-1] in "` " else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


def prose(text: str) -> str:
    """A sentence of the knowledge base: its code spans stay, all else is escaped."""
    out = []
    for is_code, piece in spans(safe(text)):
        lead, tail = piece[: len(piece) - len(piece.lstrip())], piece[len(piece.rstrip()) :]
        out.append(code(piece) if is_code else f"{lead}{escape(piece)}{tail if piece.strip() else ''}")
    return "".join(out)


def _lines(verdict: dict[str, Any]) -> Iterator[str]:
    first, beside, rivals = parts(verdict)
    yield f"## {HEADS[verdict['status']]}: {escape(verdict['input'])}"
    yield ""
    yield f"**{escape(verdict['summary'])}**"
    if verdict["chain"]:
        yield from _head("What happened")
        yield from _chain(verdict)
    if first is not None:
        yield from _head(f"Why {code(first['id'])}, {percent(first['probability'])}")
        yield from _why(first)
    heading, known = defects(verdict)
    if known:
        yield from _head(heading)
        for defect in known:
            yield from _defect(defect)
    if beside:
        yield from _head("Beside it")
        for cause in beside:
            yield from _cause(cause)
            yield f"  - Fix: {prose(cause['fix'])}"
    unnamed = verdict["status"] == "undetermined" and verdict["something_else"] >= 0.05
    if rivals or unnamed:
        yield from _head("Also possible")
        for cause in rivals:
            yield from _cause(cause)
    if unnamed:
        yield f"- {percent(verdict['something_else'])} {UNNAMED}"
    if verdict["next"]:
        yield from _head("Do next")
        yield from _next(verdict["next"])
    condition, advised = advice(verdict, first)
    for heading, said in advised:
        yield from _head(f"{condition}: {heading.lower()}" if condition else heading)
        yield prose(said)
    if first is not None:
        if first["references"]:
            yield from _head("References")
            for reference in first["references"]:
                title, url = escape(reference["title"]), link(reference["url"])
                yield f"- [{title}](<{url}>)" if url else f"- {title}"
    yield from _head("Would the next crash leave a dump?")
    yield from _readiness(verdict["readiness"])
    if verdict["facts"]:
        yield from _head("Facts")
        yield "| fact | value | from |"
        yield "| --- | --- | --- |"
        for name, fact in verdict["facts"].items():
            yield f"| {escape(name)} | {escape(shown(fact['value']))} | {escape(fact['from'])} |"
    if verdict["notes"]:
        yield from _head("Notes")
        for note in verdict["notes"][:NOTES]:
            yield f"- {escape(note)}"
        if len(verdict["notes"]) > NOTES:
            yield f"- and {len(verdict['notes']) - NOTES} more"
    if verdict["signature"]:
        yield ""
        yield f"Signature: {code(verdict['signature'])}"


def _head(title: str) -> Iterator[str]:
    yield ""
    yield f"### {title}"
    yield ""


def _chain(verdict: dict[str, Any]) -> Iterator[str]:
    files = verdict.get("files", [])
    events, more = chain(verdict)
    if len(files) > 1 and events:
        yield f"In {code(files[events[-1]['file']])}:"
        yield ""
    for event in events:
        title = escape(event["title"]) + repeated(event)
        when = f", at {seconds(event['time'])}" if event["time"] is not None else ""
        yield f"- **{place(event)}**{when}: {title} - {ROLES.get(event['role'], event['role'])}"
        if event["role"] == "root" and event["text"].strip():
            yield ""
            yield f"  {code(event['text'])}"
            yield ""
        for said in [*timing(verdict, event), *map(code, last_messages(event))]:
            yield f"  - {said}"
    if more:
        yield f"- and {more} more consequences"


def _why(cause: Cause) -> Iterator[str]:
    yield f"{escape(cause['title'])}. Weights are decibans: +10 is ten times likelier."
    yield ""
    for finding in cause["findings"]:
        if finding["counted"]:
            yield f"- **{finding['weight']:+d}** {_said(finding)}"
            yield f"  - {prose(finding['why'])}"


def _said(finding: dict[str, Any]) -> str:
    where = source(finding)
    return prose(finding["says"]) + (f" ({escape(where)})" if where else "")


def _cause(cause: Cause) -> Iterator[str]:
    yield f"- {percent(cause['probability'])} {escape(cause['title'])} ({code(cause['id'])})"
    for finding in cause["findings"]:
        if finding["counted"]:
            weight = f"\\{finding['weight']:+d} " if finding["weight"] else ""  # a bare + or - would begin a list
            yield f"  - {weight}{_said(finding)}"


def _defect(defect: dict[str, Any]) -> Iterator[str]:
    yield f"- **{escape(defect['title'])}** ({code(defect['id'])}). {prose(defect['says'])}"
    yield from (f"  - Commit: {escape(commit(one))}" for one in defect["commits"])
    if defect["workaround"]:
        yield f"  - Workaround: {prose(defect['workaround'])}"
    for document in defect["sources"]:
        title, url = escape(document["title"]), link(document["url"])
        yield f"  - Source: [{title}](<{url}>)" if url else f"  - Source: {title}"


def _next(steps: list[dict[str, Any]]) -> Iterator[str]:
    for number, step in enumerate(steps, 1):
        yield f"{number}. {escape(step['ask'])} ({escape(step['cost'])})"
        if step.get("command"):
            yield ""
            yield f"   {code(shlex.join(step['command']))}"
            yield ""


def _readiness(readiness: dict[str, Any]) -> Iterator[str]:
    if readiness["ok"]:
        yield f"Yes: {ready(readiness)}."
    elif readiness["ok"] is None:
        yield escape(unready(readiness)) + "."
    else:
        yield "No usable dump:" if readiness["problems"] else f"No usable dump: {NOT_READY}."
        yield ""
        for problem in readiness["problems"]:
            yield f"- {percent(problem['probability'])} {escape(problem['title'])}. {prose(problem['fix'])}"
            yield from (f"  - {code(line)}" for line in problem["commands"])
    for number, doubt in enumerate(doubts(readiness)):
        if number == 0:
            yield ""
        yield f"- Perhaps {escape(doubt)}"
