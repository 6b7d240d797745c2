"""Safe YAML with positions: one document of plain scalars, lists and mappings; nothing that runs, expands or refers.

Refused: anchors, aliases, tags, merge keys, keys that occur twice, keys that are no scalars, more than one document,
and more bytes, levels or nodes than the caller allows.  Scalars are read as ``yaml.safe_load`` reads them, except that
dates, times, sexagesimal, octal (010) and underscored numbers stay text; ``Node.text`` keeps every scalar as it was
written, for fields that are text by nature (a version ``6.10`` is no number).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BYTES = 1 << 20
MAX_DEPTH = 20
MAX_NODES = 200_000

NodeValue = str | int | float | bool | None | list["Node"] | dict[str, "Node"]
Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_NUMBER_START = frozenset("0123456789+-.")
_MAX_NUMBER = 40  # longer digit strings stay text


class YamlError(Exception):
    """A document that is no YAML or uses what is refused.  Lines and columns count from 1."""

    def __init__(self, path: str, line: int, column: int, message: str) -> None:
        super().__init__(path, line, column, message)
        self.path = path
        self.line = line
        self.column = column
        self.message = message

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message}"


class Node:
    """A value with its place.

    ``value`` is a scalar, None, ``list[Node]`` or ``dict[str, Node]``; ``text`` the scalar as written, without its
    quotes ("" for lists and mappings); ``line``/``column`` where the value starts, ``key_line``/``key_column`` where
    its key does (same as the value's for what is not in a mapping); ``quoted`` is true for quoted and block scalars.
    """

    __slots__ = ("column", "key_column", "key_line", "line", "quoted", "text", "value")

    def __init__(self, value: NodeValue, line: int, column: int, text: str = "", quoted: bool = False) -> None:
        self.value = value
        self.line = line
        self.column = column
        self.text = text
        self.key_line = line
        self.key_column = column
        self.quoted = quoted

    @property
    def kind(self) -> str:
        """What the value is, in words for messages: mapping, list, text, number, boolean, nothing."""
        value = self.value
        if isinstance(value, dict):
            return "mapping"
        if isinstance(value, list):
            return "list"
        if isinstance(value, str):
            return "text"
        if isinstance(value, bool):
            return "boolean"
        return "nothing" if value is None else "number"

    def __repr__(self) -> str:
        return f"Node({self.value!r}, {self.line}, {self.column})"


def parse(
    text: str,
    path: str,
    *,
    max_bytes: int = MAX_BYTES,
    max_depth: int = MAX_DEPTH,
    max_nodes: int = MAX_NODES,
    first_line: int = 1,
) -> Node:
    """Read one YAML document; an empty one gives a Node with value None.

    ``first_line`` is the number of the text's first line in its file (front matter starts at 2).
    Raises YamlError for everything that is refused.
    """
    if len(text) > max_bytes or (len(text) > max_bytes // 4 and _size(text) > max_bytes):
        raise YamlError(path, first_line, 1, f"the document has more than {_bytes(max_bytes)}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        line = first_line + text.count("\n", 0, error.start)
        raise YamlError(path, line, 1, "the text is not valid Unicode") from None
    import yaml

    try:
        parser: Any = yaml.CSafeLoader(text) if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader(text)
        try:
            return _Reader(parser.get_event, yaml, path, first_line, max_depth, max_nodes).document()
        finally:
            parser.dispose()
    except yaml.YAMLError as error:
        raise _translated(error, text, path, first_line) from None


def plain(node: Node) -> Plain:
    """The same as plain Python values, without positions."""
    value = node.value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def scalar(text: str) -> str | int | float | bool | None:
    """What an unquoted scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_START or len(text) > _MAX_NUMBER or not text.isascii():
        return text
    digits = text[1:] if text[0] in "+-" else text
    if digits.isdigit():
        return text if digits[0] == "0" and len(digits) > 1 else int(text)
    if digits[:2] == "0x" and digits[2:].isalnum():
        try:
            return int(text, 16)
        except ValueError:
            return text
    if (
        "." in digits
        and digits[0] in ("0123456789" if digits is not text else "0123456789.")
        and digits[-1] in "0123456789."
        and "_" not in digits
    ):
        try:
            number = float(text)
        except ValueError:
            return text
        return number if number - number == 0 else text  # 1.0e999 is no number
    return text


class _Reader:
    """Builds nodes from parser events."""

    def __init__(
        self, get_event: Callable[[], Any], yaml: Any, path: str, first_line: int, max_depth: int, max_nodes: int
    ) -> None:
        self.get_event = get_event
        self.path = path
        self.first_line = first_line
        self.max_depth = max_depth
        self.max_nodes = max_nodes
        self.nodes_left = max_nodes
        self.scalar_type = yaml.ScalarEvent
        self.sequence_type = yaml.SequenceStartEvent
        self.mapping_type = yaml.MappingStartEvent
        self.end_types = (yaml.SequenceEndEvent, yaml.MappingEndEvent)
        self.alias_type = yaml.AliasEvent
        self.stream_end_type = yaml.StreamEndEvent

    def error(self, event: Any, message: str) -> YamlError:
        mark = event.start_mark
        return YamlError(self.path, mark.line + self.first_line, mark.column + 1, message)

    def document(self) -> Node:
        self.get_event()  # stream start
        event = self.get_event()
        if type(event) is self.stream_end_type:
            return Node(None, self.first_line, 1)
        if event.tags:
            raise self.error(event, "tags (%TAG) are not accepted here")
        node = self.node(self.get_event(), 1)
        self.get_event()  # document end
        event = self.get_event()
        if type(event) is not self.stream_end_type:
            raise self.error(event, "a second document starts here (---); only one is accepted")
        return node

    def node(self, event: Any, depth: int) -> Node:
        kind = type(event)
        if kind is self.alias_type:
            raise self.error(event, f"aliases (*{event.anchor}) are not accepted here; write the value out")
        if event.anchor is not None:
            raise self.error(event, f"anchors (&{event.anchor}) are not accepted here; write the value out")
        if event.tag is not None:
            raise self.error(event, f"tags ({_tag(event.tag)}) are not accepted here")
        self.nodes_left -= 1
        if self.nodes_left < 0:
            raise self.error(event, f"the document has more than {self.max_nodes:,} values")
        mark = event.start_mark
        line: int = mark.line + self.first_line
        column: int = mark.column + 1
        if kind is self.scalar_type:
            text: str = event.value
            if event.implicit[0]:
                return Node(scalar(text), line, column, text)
            return Node(text, line, column, text, True)
        if depth > self.max_depth:
            raise self.error(event, f"nested deeper than {self.max_depth} levels")
        if kind is self.sequence_type:
            return Node(self.items(depth), line, column)
        return Node(self.mapping(depth), line, column)

    def items(self, depth: int) -> list[Node]:
        result: list[Node] = []
        while type(event := self.get_event()) not in self.end_types:
            result.append(self.node(event, depth + 1))
        return result

    def mapping(self, depth: int) -> dict[str, Node]:
        result: dict[str, Node] = {}
        while type(event := self.get_event()) not in self.end_types:
            if type(event) is not self.scalar_type:
                if type(event) is self.alias_type:
                    raise self.error(event, f"aliases (*{event.anchor}) are not accepted here; write the value out")
                raise self.error(event, "a key must be a word, not a list or mapping")
            if event.anchor is not None or event.tag is not None:
                raise self.error(event, "a key must be a plain word, without anchor (&) or tag (!)")
            key: str = event.value
            if key == "<<" and event.implicit[0]:
                raise self.error(event, "merge keys (<<) are not accepted here; write the values out")
            if key in result:
                raise self.error(event, f"the key {shown(key)} occurs twice (first in line {result[key].key_line})")
            node = self.node(self.get_event(), depth + 1)
            mark = event.start_mark
            node.key_line = mark.line + self.first_line
            node.key_column = mark.column + 1
            result[key] = node
        return result


def shown(text: str, limit: int = 60) -> str:
    """A word of the input in quotes, short and without control characters, for messages."""
    return ascii(text if len(text) <= limit else text[: limit - 3] + "...")


def _tag(tag: str) -> str:
    name = tag.replace("tag:yaml.org,2002:", "!!")
    return name if name.isprintable() and len(name) < 60 else "!"


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _bytes(count: int) -> str:
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if count >= unit and count % unit == 0:
            return f"{count // unit} {name}"
    return f"{count} bytes"


_CLEARER = {
    "found character that cannot start any token": (
        "this character cannot start a value; indent with spaces, not tabs, and put values with @ ` % in quotes"
    ),
    "mapping values are not allowed in this context": (
        "a colon with a space after it is not allowed here; put the value in quotes, or check the indentation"
    ),
    "could not find expected ':'": "expected a colon after the key above",
}


def _translated(error: Any, text: str, path: str, first_line: int) -> YamlError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:  # ReaderError: a character that YAML forbids
        position = getattr(error, "position", 0)
        position = position if isinstance(position, int) and 0 <= position <= len(text) else 0
        position = next((i for i, char in enumerate(text) if not _allowed(char)), position)
        line = first_line + text.count("\n", 0, position)
        return YamlError(path, line, position - text.rfind("\n", 0, position), "a control character is not allowed")
    problem = str(getattr(error, "problem", "") or "not valid YAML")
    problem = next((better for said, better in _CLEARER.items() if said in problem), problem)
    context = getattr(error, "context", None)
    if context and str(context).startswith("while"):
        problem = f"{problem} ({context})"
    return YamlError(path, mark.line + first_line, mark.column + 1, problem)


def _allowed(char: str) -> bool:
    return char in "\t\n\r\x85" or " " <= char <= "~" or "\xa0" <= char <= "\ud7ff" or char >= "\ue000"
