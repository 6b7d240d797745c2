"""The fast search: where in a text an event may stand.  One pass, linear time.

The regular expression over keys (kb/prefilter.py) needs nothing but Python.  For large inputs the optional package
hyperscan looks for all needles (kb/needles.py) at once; docs/decisions/fast-search.md has the figures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

# Where a carrier hides text in another form, only the message freed of it tells; such lines go the way of the keys.
_HIDING = (b"\x1b", b"\xc2\x9b", b"\xc2\x9d", b'\\"', b"\\/", b"\\u", b"\\x", b"\\\\", b"\\t", b"#033", b"#011", b" : ")


SMALL = 32 << 10  # bytes of a log in which looking for one key after the other is quicker than making the expression
FEW = 400  # so many lines are looked at in this way
FEW_BLOCKS = 8  # and so many small logs
FORMS = 100_000  # lines without digits that are remembered
_DIGITS = b"0123456789"


class Scanner:
    """Finds keys; each stands for the literals of event patterns that contain it."""

    def __init__(
        self,
        expression: str,
        keys: dict[str, list[str]],
        needles: str = "",
        form_expression: str = "",
        form_keys: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """The expression and keys of the literals, all needles, and expression and keys of needles without digits."""
        self._expression = expression
        self._form_expression = form_expression
        self._form_keys = form_keys or {}
        self._keys = keys
        self._needles = needles
        self._database: Any = None
        self._found: Callable[[str, int], re.Match[str] | None] | None = None
        self._found_form: Callable[[str, int], re.Match[str] | None] | None = None
        self._looked = self._scanned = 0  # lines and small blocks looked at key by key
        self._quiet: set[bytes] = set()  # forms of lines that matter to no pattern, and those that may
        self._loud: set[bytes] = set()

    @property
    def _search(self) -> Callable[[str, int], re.Match[str] | None] | None:
        """The search for keys; making the expression takes a while, so it is left until it pays."""
        if self._found is None and self._expression:
            self._found = re.compile(self._expression).search
        return self._found

    def lines(self, text: str) -> Iterator[tuple[int, int, int]]:
        """(index of the line, start, end) of every line of `text` with a key in it, in order."""
        search = self._search
        if search is None:
            return
        position = index = counted = 0
        while (match := search(text, position)) is not None:
            start = text.rfind("\n", 0, match.start()) + 1
            end = text.find("\n", match.end())
            end = len(text) if end < 0 else end
            index += text.count("\n", counted, start)
            counted = start
            yield index, start, end
            position = end

    def literals(self, line: str) -> set[str]:
        """The literals that the line contains."""
        if self._found is None and self._looked < FEW:
            self._looked += 1
            return {literal for key in self._keys if key in line for literal in self._keys[key] if literal in line}
        found: set[str] = set()
        position = 0
        search = self._search
        while search is not None and (match := search(line, position)) is not None:
            for literal in self._keys[match.group()]:
                if literal in line:
                    found.add(literal)
            position = match.start() + 1
        return found

    def _small(self, data: bytes) -> Iterator[tuple[int, str]]:
        """The lines with a key in them, of a small block."""
        text = data.decode("utf-8", "replace")
        self._scanned += 1
        if self._found is not None or self._scanned > FEW_BLOCKS:
            for index, start, end in self.lines(text):
                yield index, text[start:end]
            return
        keys = [key for key in self._keys if key in text]
        if keys:
            for index, line in enumerate(text.split("\n")):
                if any(key in line for key in keys):
                    yield index, line

    def _repetitive(self, data: bytes) -> Iterator[tuple[int, str]]:
        """The lines of a large block in which a pattern may match.

        Logs repeat themselves but for numbers; so the lines are looked at without digits, and each such form once.
        Only new forms and the lines that are returned are decoded.
        """
        if self._found_form is None:
            self._found_form = re.compile(self._form_expression).search if self._form_expression else None
        if self._found_form is None:
            text = data.decode("utf-8", "replace")
            for index, start, end in self.lines(text):
                yield index, text[start:end]
            return
        forms = data.translate(None, _DIGITS).split(b"\n")
        if len(self._quiet) + len(self._loud) > FORMS:
            self._quiet.clear()
            self._loud.clear()
        every = set(forms)
        fresh = list(every - self._quiet - self._loud)
        joined = b"\n".join(fresh).decode("utf-8", "replace")
        position = number = counted = 0
        while (match := self._found_form(joined, position)) is not None:
            start = joined.rfind("\n", 0, match.start()) + 1
            end = joined.find("\n", match.end())
            end = len(joined) if end < 0 else end
            position = match.start() + 1
            for needle in self._form_keys[match.group()]:
                if joined.find(needle, start, end) >= 0:
                    number += joined.count("\n", counted, start)
                    counted = start
                    self._loud.add(fresh[number])
                    position = end
                    break
        self._quiet.update(fresh)
        self._quiet -= self._loud
        loud = every & self._loud
        if loud:
            lines = data.split(b"\n")
            for index, form in enumerate(forms):
                if form in loud:
                    yield index, lines[index].decode("utf-8", "replace")

    def hasten(self) -> bool:
        """Use hyperscan from now on, if it is installed; said when the input turns out to be large."""
        if self._database is None and self._needles and self._expression:
            self._database = _database(self._needles.encode().split(b"\n")) or False
        return bool(self._database)

    def hits(self, data: bytes) -> Iterator[tuple[int, str]]:
        """(index, text) of every line of `data` (UTF-8) in which a pattern may match, in order."""
        if not self._database:
            yield from self._small(data) if len(data) <= SMALL else self._repetitive(data)
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
            hiding = number < len(_HIDING) and (search := self._search) is not None and search(line, 0) is None
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
