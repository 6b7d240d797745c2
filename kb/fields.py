"""Typed access to the fields of a parsed YAML mapping; every defect becomes a Problem and reading goes on."""

from __future__ import annotations

from collections.abc import Iterable

from kb.model import Place, Problem, Scalar
from kb.yamldoc import Node


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean X` for a near miss, else an empty string."""
    from difflib import get_close_matches

    close = get_close_matches(word[:100], list(known), 1)
    return f"; did you mean {close[0]}" if close else ""


class Fields:
    """The fields of one mapping.  Call `done()` last: it reports keys that nobody asked for."""

    def __init__(self, node: Node, path: str, problems: list[Problem], name: str = "") -> None:
        self.path, self.problems, self.name = path, problems, name
        self.place = Place(path, node.line, node.column)
        self._asked: set[str] = set()
        self._map: dict[str, Node] = {}
        if isinstance(node.value, dict):
            self._map = node.value
        else:
            self.problem(node, "", "a mapping (key: value) belongs here")

    def problem(self, node: Node | None, field: str, message: str) -> None:
        place = Place(self.path, node.line, node.column) if node else self.place
        full = ".".join(part for part in (self.name, field) if part)
        self.problems.append(Problem(place, full, message))

    def node(self, key: str, required: bool = False) -> Node | None:
        self._asked.add(key)
        found = self._map.get(key)
        if found is None and required:
            self.problem(None, key, "is missing")
        return found

    def text(self, key: str, default: str = "", required: bool = False, one_of: Iterable[str] = ()) -> str:
        node = self.node(key, required)
        if node is None:
            return default
        if isinstance(node.value, (list, dict)):
            self.problem(node, key, f"text belongs here, not a {node.kind}")
            return default
        allowed = list(one_of)
        if allowed and node.text not in allowed:
            self.problem(node, key, f"{node.text!r} is not one of {', '.join(allowed)}{suggestion(node.text, allowed)}")
            return default
        return node.text.strip()

    def integer(self, key: str, default: int = 0) -> int:
        node = self.node(key)
        if node is None:
            return default
        if isinstance(node.value, bool) or not isinstance(node.value, int):
            self.problem(node, key, f"a whole number belongs here, not {node.value!r}")
            return default
        return node.value

    def flag(self, key: str) -> bool:
        node = self.node(key)
        if node is None:
            return False
        if not isinstance(node.value, bool):
            self.problem(node, key, "true or false belongs here")
        return node.value is True

    def items(self, key: str, required: bool = False) -> list[Node]:
        node = self.node(key, required)
        if node is None:
            return []
        if not isinstance(node.value, list):
            self.problem(node, key, "a list belongs here")
            return []
        return node.value

    def texts(self, key: str, required: bool = False) -> tuple[str, ...]:
        out = []
        for item in self.items(key, required):
            if isinstance(item.value, (list, dict)):
                self.problem(item, key, f"text belongs here, not a {item.kind}")
            else:
                out.append(item.text)
        return tuple(out)

    def scalars(self, key: str) -> dict[str, Scalar]:
        node = self.node(key)
        if node is None:
            return {}
        if not isinstance(node.value, dict):
            self.problem(node, key, "a mapping (name: value) belongs here")
            return {}
        out: dict[str, Scalar] = {}
        for name, item in node.value.items():
            if isinstance(item.value, (str, int, float, bool)):
                out[name] = item.value
            else:
                self.problem(item, f"{key}.{name}", "a single value belongs here")
        return out

    def __contains__(self, key: str) -> bool:
        return key in self._map

    def done(self) -> None:
        for key, node in self._map.items():
            if key not in self._asked:
                self.problem(node, key, f"unknown key{suggestion(key, self._asked)}")
