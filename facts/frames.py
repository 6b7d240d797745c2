"""What function names in a call trace mean: tags, and frames that are never the culprit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_NOTHING: frozenset[str] = frozenset()
_CACHE_LIMIT = 50_000


class _Words:
    """Words (exact, ``prefix*``, ``*suffix``, ``*part*``, ``[module]``, ``[module*]``) and the labels they give;
    ``!exact`` is an exception."""

    __slots__ = (
        "exact",
        "exceptions",
        "module_starts",
        "modules",
        "parts",
        "prefix_sizes",
        "prefixes",
        "suffix_sizes",
        "suffixes",
    )

    def __init__(self, groups: Mapping[str, Iterable[str]]) -> None:
        self.exact: dict[str, frozenset[str]] = {}
        self.prefixes: dict[str, frozenset[str]] = {}
        self.suffixes: dict[str, frozenset[str]] = {}
        self.parts: dict[str, frozenset[str]] = {}
        self.modules: dict[str, frozenset[str]] = {}
        self.module_starts: dict[str, frozenset[str]] = {}
        self.exceptions: dict[str, frozenset[str]] = {}
        for label, words in groups.items():
            for word in words:
                table, key = self._place(str(word))
                table[key] = table.get(key, _NOTHING) | {label}
        self.prefix_sizes = sorted({len(key) for key in self.prefixes})
        self.suffix_sizes = sorted({len(key) for key in self.suffixes})

    def _place(self, word: str) -> tuple[dict[str, frozenset[str]], str]:
        if word[:1] == "!":
            return self.exceptions, word[1:]
        if word[:1] == "[" and word[-1:] == "]":
            name = word[1:-1]
            return (self.module_starts, name[:-1]) if name.endswith("*") else (self.modules, name)
        start, end = word[:1] == "*", word[-1:] == "*"
        if start and end and len(word) > 1:
            return self.parts, word[1:-1]
        if end:
            return self.prefixes, word[:-1]
        if start:
            return self.suffixes, word[1:]
        return self.exact, word

    def labels(self, function: str, module: str | None) -> frozenset[str]:
        found = self.exact.get(function, _NOTHING)
        size = len(function)
        for length in self.prefix_sizes:
            if length > size:
                break
            more = self.prefixes.get(function[:length])
            if more:
                found |= more
        for length in self.suffix_sizes:
            if length > size:
                break
            more = self.suffixes.get(function[size - length :])
            if more:
                found |= more
        for part, more in self.parts.items():
            if part in function:
                found |= more
        if module:
            found |= self.modules.get(module, _NOTHING)
            for start, more in self.module_starts.items():
                if module.startswith(start):
                    found |= more
        return found - self.exceptions[function] if function in self.exceptions else found


class FrameTable:
    """Tags and generic groups of functions, from kb/frames.yaml as loaded: ``{"tags": {...}, "generic": {...}}``.

    Answers are kept, so that asking again costs one dictionary access.
    """

    __slots__ = ("_generic", "_generic_cache", "_tag_cache", "_tags")

    def __init__(self, compiled: Mapping[str, Mapping[str, Iterable[str]] | None]) -> None:
        self._tags = _Words(compiled.get("tags") or {})
        self._generic = _Words(compiled.get("generic") or {})
        self._tag_cache: dict[tuple[str, str | None], frozenset[str]] = {}
        self._generic_cache: dict[tuple[str, str | None], frozenset[str]] = {}

    def tags(self, function: str, module: str | None = None) -> frozenset[str]:
        """Tags of a function (named without offset and compiler suffix) in a module (None: built-in)."""
        key = (function, module)
        found = self._tag_cache.get(key)
        if found is None:
            if len(self._tag_cache) >= _CACHE_LIMIT:
                self._tag_cache.clear()
            found = self._tag_cache[key] = self._tags.labels(function, module)
        return found

    def groups(self, function: str, module: str | None = None) -> frozenset[str]:
        """The generic groups that name this function."""
        key = (function, module)
        found = self._generic_cache.get(key)
        if found is None:
            if len(self._generic_cache) >= _CACHE_LIMIT:
                self._generic_cache.clear()
            found = self._generic_cache[key] = self._generic.labels(function, module)
        return found

    def generic(self, function: str, groups: Iterable[str] = (), module: str | None = None) -> bool:
        """True if `always` or one of `groups` names the function: it acts on behalf of others."""
        found = self.groups(function, module)
        return bool(found) and ("always" in found or not found.isdisjoint(groups))
