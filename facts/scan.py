"""The fast search: which lines of a text contain any of the literals that event patterns begin from.

One regular expression, built as a tree of common prefixes, finds them in a single pass in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_Tree = dict[str, "_Tree"]
_END = ""


def _expression(tree: _Tree) -> str:
    """Regular expression of a prefix tree.  A literal that is a prefix of another ends the search there."""
    if _END in tree:
        return ""
    branches = []
    singles = []
    for char, below in tree.items():
        rest = _expression(below)
        if rest:
            branches.append(re.escape(char) + rest)
        else:
            singles.append(char)
    if len(singles) == 1:
        branches.append(re.escape(singles[0]))
    elif singles:
        branches.append("[" + "".join(map(re.escape, singles)) + "]")
    return branches[0] if len(branches) == 1 else "(?:" + "|".join(branches) + ")"


class Scanner:
    def __init__(self, literals: Iterable[str]) -> None:
        tree: _Tree = {}
        for literal in set(literals):
            below = tree
            for char in literal:
                below = below.setdefault(char, {})
            below[_END] = {}
        expression = _expression(tree)
        self._search = re.compile(expression).search if expression else None

    def lines(self, text: str) -> Iterator[tuple[int, int, int]]:
        """(index of the line, start, end) of every line of `text` with a literal in it, in order."""
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
