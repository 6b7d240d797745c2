"""The fast search: where in a text an event may stand.  One pass, linear time; kb/prefilter.py builds the expression."""

from __future__ import annotations

import re
from collections.abc import Iterator


class Scanner:
    """Finds keys; each stands for the literals of event patterns that contain it."""

    def __init__(self, expression: str, keys: dict[str, list[str]]) -> None:
        self._search = re.compile(expression).search if expression else None
        self._keys = keys

    def lines(self, text: str) -> Iterator[tuple[int, int, int]]:
        """(index of the line, start, end) of every line of `text` with a key in it, in order."""
        if self._search is None:
            return
        position = index = counted = 0
        while (match := self._search(text, position)) is not None:
            start = text.rfind("\n", 0, match.start()) + 1
            end = text.find("\n", match.end())
            end = len(text) if end < 0 else end
            index += text.count("\n", counted, start)
            counted = start
            yield index, start, end
            position = end

    def literals(self, line: str) -> set[str]:
        """The literals that the line contains."""
        found: set[str] = set()
        position = 0
        while self._search is not None and (match := self._search(line, position)) is not None:
            for literal in self._keys[match.group()]:
                if literal in line:
                    found.add(literal)
            position = match.start() + 1
        return found
