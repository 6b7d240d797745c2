"""The fast search: where in a text an event may stand.  One pass, linear time.

The regular expression over keys (kb/prefilter.py) needs nothing but Python.  For large inputs the optional package
hyperscan looks for all needles (kb/needles.py) at once; docs/decisions/fast-search.md has the figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

# Where a carrier hides text in another form, only the message freed of it tells; such lines go the way of the keys.
_HIDING = (b"\x1b", b"\xc2\x9b", b"\xc2\x9d", b'\\"', b"\\/", b"\\u", b"\\x", b"\\\\", b"\\t", b"#033", b"#011", b" : ")


class Scanner:
    """Finds keys; each stands for the literals of event patterns that contain it."""

    def __init__(self, expression: str, keys: dict[str, list[str]], needles: str = "") -> None:
        self._search = re.compile(expression).search if expression else None
        self._keys = keys
        self._needles = needles
        self._database: Any = None

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

    def hasten(self) -> bool:
        """Use hyperscan from now on, if it is installed; said when the input turns out to be large."""
        if self._database is None and self._needles and self._search is not None:
            self._database = _database(self._needles.encode().split(b"\n")) or False
        return bool(self._database)

    def hits(self, data: bytes) -> Iterator[tuple[int, str]]:
        """(index, text) of every line of `data` (UTF-8) in which a pattern may match, in order."""
        if not self._database:
            text = data.decode("utf-8", "replace")
            for index, start, end in self.lines(text):
                yield index, text[start:end]
            return
        ends: list[tuple[int, int]] = []
        self._database.scan(data, match_event_handler=lambda number, _start, end, *_: ends.append((end, number)))
        ends.sort()
        position = index = counted = 0
        hiding = False  # the line was looked at for one of _HIDING only, and taken for harmless
        for end, number in ends:
            if end <= position and not (hiding and number >= len(_HIDING)):
                continue
            start = data.rfind(b"\n", 0, end - 1) + 1
            if end > position:
                position = data.find(b"\n", end)
                position = len(data) if position < 0 else position
            line = data[start:position].decode("utf-8", "replace")
            hiding = number < len(_HIDING) and self._search is not None and self._search(line) is None
            if hiding:
                continue
            index += data.count(b"\n", counted, start)
            counted = start
            yield index, line


def _database(needles: list[bytes]) -> Any:
    """A compiled database of all needles, or None where hyperscan is not installed or does not run on this machine."""
    try:
        import hyperscan

        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        texts = [*_HIDING, *needles]
        database.compile(expressions=texts, ids=list(range(len(texts))), elements=len(texts), flags=0, literal=True)
        database.scan(b"\n", match_event_handler=lambda *_: None)
    except Exception:  # no such package, an old processor, no memory: the regular expression does it all
        return None
    return database
