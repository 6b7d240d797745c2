"""Helpers of the renderers: text that is safe to print, wrapping, colour."""

from __future__ import annotations

from collections.abc import Iterator

_BIDI = {0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}  # marks that reorder a line


def safe(text: object) -> str:
    """The text with everything that could steer a terminal replaced by "?"."""
    word = str(text)
    if word.isprintable():
        return word if word.isascii() or not any(ord(c) in _BIDI for c in word) else _replaced(word)
    return _replaced(word)


def _replaced(word: str) -> str:
    return "".join(c if c.isprintable() and ord(c) not in _BIDI else " " if c in "\n\t" else "?" for c in word)


def wrap(text: str, width: int) -> Iterator[str]:
    """Lines of at most `width` characters, broken at spaces where possible."""
    line = ""
    for word in text.split():
        while len(word) > width:
            if line:
                yield line
                line = ""
            yield word[:width]
            word = word[width:]
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    if line:
        yield line


class Style:
    """Terminal colours, or nothing where they are not wanted."""

    def __init__(self, colour: bool) -> None:
        self.on = colour

    def _wrap(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.on else text

    def bold(self, text: str) -> str:
        return self._wrap("1", text)

    def dim(self, text: str) -> str:
        return self._wrap("2", text)

    def good(self, text: str) -> str:
        return self._wrap("1;32", text)

    def doubt(self, text: str) -> str:
        return self._wrap("1;33", text)

    def bad(self, text: str) -> str:
        return self._wrap("1;31", text)

    def note(self, text: str) -> str:
        return self._wrap("36", text)


def counted(number: int, noun: str) -> str:
    """3 events, 1 event."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def percent(probability: float) -> str:
    """A probability in words that do not promise more than it holds: never 0 % or 100 %."""
    return "over 99 %" if probability > 0.99 else f"{max(1, round(probability * 100))} %"


def seconds(value: float) -> str:
    """A duration for people."""
    if value >= 2 * 86400:
        return f"{value / 86400:.1f} days"
    if value >= 2 * 3600:
        return f"{value / 3600:.1f} h"
    if value >= 120:
        return f"{value / 60:.0f} min"
    return f"{value:.1f} s"
