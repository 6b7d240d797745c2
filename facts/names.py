"""The vocabulary of facts: names, types, and how a written value becomes one of the right type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from facts.records import Value
from kb.units import FACT_TYPES
from kb.units import convert as convert_unit

CMDLINE = "kernel.cmdline."  # open names: one text fact for each kernel parameter
MAX_TEXT = 64 << 10
MAX_ITEMS = 10_000
MAX_NUMBER = 10**18
_PARAMETER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/,+@%~]{0,99}").fullmatch
_UNKNOWN = ("unknown", "null", "~")
# what uname -m says -> our word
_ARCHITECTURES = {
    "amd64": "x86_64", "x86-64": "x86_64", "x64": "x86_64", "arm64": "aarch64", "armv6l": "arm", "armv7l": "arm",
    "armv7": "arm", "armhf": "arm", "i386": "i686", "i486": "i686", "i586": "i686", "x86": "i686", "ppc64el": "ppc64le",
}  # fmt: skip

FactType = str | tuple[str, ...]  # a word, or the words that the value must be one of


class FactError(ValueError):
    """A name that is no fact, or a value that does not fit; the text says what would be right."""


class FactNames:
    """The facts that exist.

    >>> names = FactNames({"kdump": {"reserved": "size", "service": ["active", "failed"]}})
    >>> names.convert("kdump.reserved", "256M")
    268435456
    """

    __slots__ = ("_groups", "_types")

    def __init__(self, vocabulary: Mapping[str, Mapping[str, object]]) -> None:
        """``vocabulary``: group -> name -> type, as in kb/vocabulary/facts.yaml.  Raises FactError for a bad type."""
        self._types: dict[str, FactType] = {}
        self._groups: set[str] = set()
        for group, facts in vocabulary.items():
            for name, kind in facts.items():
                full = f"{group}.{name}"
                if isinstance(kind, (list, tuple)) and kind and all(isinstance(word, str) for word in kind):
                    self._types[full] = tuple(kind)
                elif isinstance(kind, str) and kind in FACT_TYPES:
                    self._types[full] = kind
                else:
                    raise FactError(
                        f"{full}: {kind!r} is no type; types are {', '.join(FACT_TYPES)} or a list of words"
                    )
                parts = full.split(".")
                self._groups.update(".".join(parts[:end]) for end in range(1, len(parts)))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._known(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def is_group(self, prefix: str) -> bool:
        """Whether names of facts begin with ``prefix`` and a dot."""
        return prefix in self._groups or (prefix + ".").startswith(CMDLINE)

    def canonical(self, name: str) -> str:
        """The name as it is kept: in kernel parameters a dash is an underscore."""
        return CMDLINE + name[len(CMDLINE) :].replace("-", "_") if name.startswith(CMDLINE) else name

    def type_of(self, name: str) -> FactType:
        """The type of a fact.  Raises FactError for a name that is none."""
        kind = self._known(name)
        if kind is None:
            raise FactError(self.no_fact(name))
        return kind

    def _known(self, name: str) -> FactType | None:
        kind = self._types.get(name)
        if kind is None and name.startswith(CMDLINE) and _PARAMETER(self.canonical(name)[len(CMDLINE) :]):
            return "text"
        return kind

    def no_fact(self, name: str) -> str:
        """A sentence for a name that is no fact, with the nearest one that is."""
        if name in self._groups:
            return f"{_shown(name)} is a group of facts; name one in it, such as {self._first(name)}"
        last = "." + name.rpartition(".")[2]
        same = [known for known in self._types if known.endswith(last)]
        near = same[0] if len(same) == 1 else _nearest(name, [*self._types, *self._groups])
        return f"{_shown(name)} is no fact{f'; did you mean {near}?' if near else ''}"

    def _first(self, group: str) -> str:
        return next(name for name in self._types if name.startswith(group + "."))

    def convert(self, name: str, raw: object) -> Value | None:
        """``raw`` (a scalar, its text, or a list of scalars) as the fact's type; None where it means unknown.

        Raises FactError for an unknown name and a value of the wrong type.
        """
        kind = self.type_of(name)
        if raw is None or (isinstance(raw, str) and raw.strip().lower() in _UNKNOWN):
            return None
        if kind == "list":
            return _items(name, raw)
        if isinstance(raw, (list, tuple)):
            if len(raw) != 1:
                raise FactError(f"{name}: one value belongs here, not a list")
            raw = raw[0]
        if not isinstance(raw, (str, int, float)):
            raise FactError(f"{name}: {_wanted(kind)} belongs here, not a {_kind_of(raw)}")
        if isinstance(raw, (int, float)) and abs(raw) > MAX_NUMBER:
            raise FactError(f"{name}: the number is too large")
        if isinstance(raw, str):
            raw = raw if kind == "text" else raw.strip()
            if len(raw) > MAX_TEXT:
                raise FactError(f"{name}: the text is longer than {MAX_TEXT >> 10} KiB")
            if not raw and kind != "text":
                return None
        if isinstance(kind, tuple):
            return _word(name, kind, raw)
        try:
            value = convert_unit(kind, raw)
        except (ValueError, OverflowError):
            shown = _shown(raw) if isinstance(raw, str) else str(raw)[:60]
            raise FactError(f"{name}: {shown} does not fit; {_wanted(kind)} belongs here") from None
        if isinstance(value, (int, float)) and abs(value) > MAX_NUMBER:
            raise FactError(f"{name}: the number is too large")
        return value


def _wanted(kind: FactType) -> str:
    if isinstance(kind, tuple):
        return "one of " + ", ".join(kind)
    return {
        "text": "text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "yes or no (true, false, 1, 0)",
        "size": "a size (bytes, or 512K, 256M, 1GiB)",
        "duration": "a duration (seconds, or 90s, 15min, 2h, 30d)",
        "release": "an upstream release (5.15.7, 6.6-rc)",
        "list": "a list",
    }[kind]


def _word(name: str, words: tuple[str, ...], raw: str | int | float) -> str:
    said = ("yes" if raw else "no") if isinstance(raw, bool) else str(raw)
    folded = _folded(said)
    for word in words:
        if word == said or _folded(word) == folded:
            return word
    meant = _ARCHITECTURES.get(said.lower())
    if meant in words and name.endswith("architecture"):
        return str(meant)
    near = _nearest(said.lower(), words)
    hint = f"; did you mean {near}?" if near else ""
    raise FactError(f"{name}: {_shown(said)} does not fit; {_wanted(words)} belongs here{hint}")


def _items(name: str, raw: object) -> tuple[str, ...]:
    if isinstance(raw, str):
        if raw.strip().lower() in ("", "none", "[]"):
            return ()
        raw = re.split(r"[,\n]", raw) if "," in raw or "\n" in raw else raw.split()
    elif isinstance(raw, (int, float)) and not isinstance(raw, bool):
        raw = [raw]
    if not isinstance(raw, (list, tuple)) or not all(isinstance(item, (str, int, float)) for item in raw):
        raise FactError(f"{name}: a list of words belongs here, not a {_kind_of(raw)}")
    if len(raw) > MAX_ITEMS or sum(len(str(item)) for item in raw) > 16 * MAX_TEXT:
        raise FactError(f"{name}: the list is too long")
    texts = (("true" if item else "false") if isinstance(item, bool) else str(item).strip() for item in raw)
    return tuple(text for text in texts if text)


def _kind_of(raw: object) -> str:
    if isinstance(raw, bool):
        return "yes or no"
    if isinstance(raw, (list, tuple)):
        return "list of lists or mappings"
    return "mapping" if isinstance(raw, dict) else type(raw).__name__


def _folded(word: str) -> str:
    return word.lower().replace("-", "").replace("_", "").replace(" ", "")


def _nearest(word: str, known: list[str] | tuple[str, ...]) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(word[:100], known, 1)), "")


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 60 else text[:57] + "...")
