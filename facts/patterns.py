"""Which event kinds one record reports: the patterns of kb/events, tried on the lines that the fast search found."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from facts.decode.numbers import GROUPS, one_bit
from facts.records import Record, Value
from facts.scan import Scanner

LONGEST = 4096  # characters of a message that are looked at; the kernel's own have at most about 1000


class Pattern(NamedTuple):
    order: int  # patterns are tried in the order of the knowledge files; the first of a kind that matches wins
    kind: str
    regex: str
    set: dict[str, Value]
    source: str  # kernel, user or any
    part: bool  # also stands inside reports
    severity: str  # "" or other than that of the kind
    excerpt: bool  # may be the trouble in an excerpt that shows nothing worse


class Found(NamedTuple):
    """An event kind that a record reports."""

    kind: str
    attributes: dict[str, Value]
    part: bool
    severity: str = ""  # where it differs from that of the kind
    excerpt: bool = False


class Patterns:
    """The patterns of one base; regular expressions are compiled when first needed."""

    def __init__(
        self,
        kinds: dict[str, dict[str, Any]],
        scanner: Scanner,
        integers: frozenset[str] = frozenset(),
        numbers: frozenset[str] = frozenset(),
    ) -> None:
        self.kinds = kinds
        self.scanner = scanner
        self.integers, self.numbers = integers, numbers
        self._by_literal: dict[str, list[Pattern]] = {}
        self._regexes: dict[str, re.Pattern[str]] = {}
        order = 0
        for kind, entry in kinds.items():
            for literal, regex, constants, source, part, severity, excerpt in entry["patterns"]:
                order += 1
                pattern = Pattern(order, kind, regex, constants, source, part, severity, excerpt)
                self._by_literal.setdefault(literal, []).append(pattern)

    def find(self, record: Record) -> list[Found]:
        """Event kinds that the record reports, with the attributes its text yields."""
        text = record.text[:LONGEST]
        candidates = [p for literal in self.scanner.literals(text) for p in self._by_literal.get(literal, ())]
        found: dict[str, Found] = {}
        for pattern in sorted(candidates):
            if pattern.kind in found or not _speaks(pattern.source, record.source):
                continue
            match = self._regex(pattern.regex).search(text)
            if match is None or any(self._regex(no).search(text) for no in self.kinds[pattern.kind]["not"]):
                continue
            if not record.source and pattern.source == "kernel" and _quoted(text[: match.start()]):
                continue
            attributes: dict[str, Value] = {}
            for name, value in match.groupdict().items():
                if value is not None:
                    self._put(attributes, name.replace("_", "-"), value.strip())
            if "found-numbers" in attributes and one_bit(*(str(attributes.get(name, "")) for name in GROUPS)):
                attributes["one-bit"] = True
            attributes.update(pattern.set)
            found[pattern.kind] = Found(pattern.kind, attributes, pattern.part, pattern.severity, pattern.excerpt)
        return list(found.values())

    def _regex(self, source: str) -> re.Pattern[str]:
        compiled = self._regexes.get(source)
        if compiled is None:
            compiled = self._regexes[source] = re.compile(source)
        return compiled

    def _put(self, attributes: dict[str, Value], name: str, value: str) -> None:
        if name in self.integers:
            if value.removeprefix("-").isdecimal() and len(value) < 20:
                attributes[name] = int(value)
        elif name in self.numbers:
            try:
                number = float(value)
            except ValueError:
                return
            if number - number == 0:  # neither infinite nor NaN
                attributes[name] = number
        else:
            attributes[name] = value


def _quoted(before: str) -> bool:
    """Whether a quotation is open at the end of this text: a program shows what a kernel may say.

    The debugger crash quotes what the kernel did say (the line PANIC: of its first table).
    """
    if before.strip() == 'PANIC: "':
        return False
    if before.count('"') % 2:
        return True
    return _OPEN.search(before[-200:]) is not None


_OPEN = re.compile(r"(?:^|[\s=(,:\[{])'[^']*$|`[^`']*$")  # not the apostrophe of a word


def _speaks(wanted: str, source: str) -> bool:
    """Whether a record from `source` may be read by a pattern for `wanted` speakers; raw lines may be anybody's."""
    if wanted == "any" or not source:
        return True
    return (source == "kernel") is (wanted == "kernel")
