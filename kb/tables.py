"""Tables of kb/annotations: what letters, bits, numbers and words of a kernel report mean.

They are no part of the compiled base: only `kadvisor explain` and `kadvisor kb check` read them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kb.fields import Fields
from kb.model import Problem, Table

KEYS = ("letter", "bit", "number", "name")


def read_table(fields: Fields) -> Table:
    """A table of a file of kb/annotations."""
    name = fields.text("table", required=True)
    keys = fields.text("keys", "name", required=True, one_of=KEYS)
    sources = fields.text("sources", required=True)
    entries: dict[str, str] = {}
    node = fields.node("entries", required=True)
    if node is not None and not isinstance(node.value, dict):
        fields.problem(node, f"{name}.entries", "a mapping (key: text) belongs here")
    for key, item in (node.value if node is not None and isinstance(node.value, dict) else {}).items():
        if isinstance(item.value, (list, dict)) or not item.text.strip():
            fields.problem(item, f"{name}.{key}", "text belongs here")
            continue
        found = _key(key, keys)
        if not found:
            fields.problem(item, f"{name}.{key}", f"{key!r} is no {keys}")
        elif found in entries:
            fields.problem(item, f"{name}.{key}", "stands twice in this table")
        else:
            entries[found] = item.text.strip()
    return Table(name, entries, sources, fields.place)


def _key(text: str, keys: str) -> str:
    """The key in its usual form (numbers decimal), or "" where it does not fit."""
    if keys == "letter":
        return text if len(text) == 1 else ""
    if keys == "name":
        return text
    try:
        number = int(text, 0)
    except ValueError:
        return ""
    return str(number) if 0 <= number < (64 if keys == "bit" else 1 << 32) else ""


class Words:
    """The tables by name; an entry or table that does not exist gives ""."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._tables = {name: table.entries for name, table in tables.items()}

    def get(self, table: str, key: object) -> str:
        return self._tables.get(table, {}).get(str(key), "")

    def keys(self, table: str) -> list[str]:
        """The keys of a table, in the order of its file."""
        return list(self._tables.get(table, {}))

    def bits(self, table: str, value: int) -> list[str]:
        """The meanings of the bits that are set, highest first."""
        named = ((bit, self.get(table, bit)) for bit in range(63, -1, -1) if value >> bit & 1)
        return [text for _, text in named if text]


def words(where: Sequence[str], problems: list[Problem] | None = None) -> Words:
    """Read the tables of the knowledge folders; what is wrong with them goes to `problems`."""
    from kb.load import Loader

    loader = Loader(where)
    tables = loader.tables()
    if problems is not None:
        problems += loader.problems
    return Words(tables)
