"""What a command printed -> the answer to its probe, by the probe's `parse` rule (docs/writing-knowledge.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from facts.records import Scalar, Value

MAX_OUTPUT = 256 << 10  # characters that are looked at
MAX_LINES = 2000  # items that `take: lines` gives at most
_PROMPT = re.compile(r"^(?:[^\n]{0,80}[$#]|>)[ ]")
_FAILED = re.compile(
    r"(?im)^(?:[\w./-]{1,60}: ){1,3}.{0,300}?(?:no such (?:file or directory|device)|command not found|"
    r"permission denied|not permitted|not found|cannot open|cannot access|must be root|are you root)"
)


def parse(spec: Mapping[str, Any], text: str, failed: bool = False) -> Value | None:
    """The answer that the output holds, or None where it tells nothing.

    `regex` finds pieces (its first group, or all of it where it has none), `take` says what becomes of them; `map`
    looks for its texts in order, in the whole output or in what `regex` found (`take: each`: in each piece).
    `failed`: the command itself failed, so silence means nothing.
    """
    text = text[:MAX_OUTPUT].replace("\r\n", "\n")
    if _FAILED.search(text):
        failed = True
        text = "\n".join(line for line in text.split("\n") if not _FAILED.match(line))
    table, default = spec.get("map"), spec.get("default")
    expression = spec.get("regex")
    if expression is None:
        return _mapped(table, text, default, failed) if isinstance(table, dict) else None
    pattern = re.compile(str(expression), re.MULTILINE)
    pieces = [match[min(pattern.groups, 1)] or "" for match in islice(pattern.finditer(text), MAX_LINES)]
    take = str(spec.get("take", "first"))
    if take == "each":
        found = (_mapped(table, piece, default, failed) for piece in pieces) if isinstance(table, dict) else ()
        return tuple(dict.fromkeys(str(word) for word in found if word is not None)) if pieces else None
    value = _taken(take, pieces, failed)
    if value == () and isinstance(table, dict):
        value = None
    if value is None or not isinstance(table, dict):
        return default if value is None and not failed and isinstance(default, (str, int, float, bool)) else value
    return _mapped(table, str(value), default, failed)


def _mapped(table: Mapping[str, Any], text: str, default: object, failed: bool) -> Scalar | None:
    for key, value in table.items():
        if _holds(str(key), text) and isinstance(value, (str, int, float, bool)):
            return value
    return default if not failed and isinstance(default, (str, int, float, bool)) else None


def _holds(key: str, text: str) -> bool:
    """Numbers must stand alone; other texts may stand anywhere."""
    if key.isdigit():
        return re.search(rf"(?<![\w.]){key}(?![\w.])", text) is not None
    return key in text


def _taken(take: str, pieces: Sequence[str], failed: bool) -> Value | None:
    if take == "count":
        return None if failed and not pieces else len(pieces)
    if take == "lines":
        return None if failed and not pieces else tuple(dict.fromkeys(pieces))
    if not pieces:
        return None
    if take in ("sum", "max"):  # an empty piece counts as 0
        numbers = [int(piece or 0) for piece in pieces if not piece or (piece.isdigit() and len(piece) < 19)]
        return None if not numbers else sum(numbers) if take == "sum" else max(numbers)
    return (pieces[-1] if take == "last" else pieces[0]).strip()


def without_prompt(text: str, command: Sequence[str]) -> str:
    """Pasted output without the line that shows the command itself."""
    first, newline, rest = text.partition("\n")
    name = command[0].rpartition("/")[2] if command else ""
    shows = bool(_PROMPT.match(first)) and (not name or name in first)
    return rest if newline and shows else text
