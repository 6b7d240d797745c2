"""Builds the fast search: from each literal of the event patterns a short key, and one regular expression for all keys.

A line can match a pattern only when it contains the pattern's literal, and so the literal's key.  The search looks
closer wherever a key's first character stands; so the keys begin with few different characters, and those rare in logs.
  Keys are shared where possible, because each one costs time at start-up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST, SHORTEST = 8, 5  # characters of a key
# Characters of kernel logs, per ten thousand (counted over boot and crash logs of x86-64 and arm64); others are rarer.
_OFTEN = {
    " ": 1646, "0": 912, "e": 523, "i": 319, "r": 298, "t": 296, "a": 296, "s": 259, "o": 252, "1": 225, "n": 224,
    ":": 212, ".": 200, "f": 197, "l": 189, "c": 186, "d": 183, "[": 182, "]": 182, "2": 175, "p": 159, "6": 147,
    "3": 146, "4": 132, "m": 130, "8": 121, "7": 121, "u": 117, "5": 115, "g": 114, "9": 106, "b": 96, "_": 82, "P": 79,
    "x": 78, "h": 67, "C": 64, "k": 60, "y": 59, "I": 58, "v": 58, "S": 56, "B": 55, "A": 54, "-": 44, "M": 44, ",": 40,
    "R": 38, "T": 30, "(": 30, ")": 30, "U": 27, "E": 26, "D": 25, "N": 23, "w": 23, "O": 21, "/": 20, "K": 20, "=": 19,
    "F": 19, "L": 17, "z": 15, "X": 14, "G": 11, "q": 11, "H": 10, "'": 10, "+": 9, "V": 8, "*": 7, "j": 5, "Q": 4,
}  # fmt: skip

_Tree = dict[str, "_Tree"]


def _cost(char: str) -> int:
    return _OFTEN.get(char, 3)


def _first_characters(literals: set[str]) -> set[str]:
    """Few and rare characters of which every literal holds one, with enough text behind it for a key."""
    options = {literal: set(literal[: max(len(literal) - SHORTEST, 0) + 1]) for literal in literals}
    left = set(literals)
    chosen: set[str] = set()
    while left:
        candidates = sorted({char for literal in left for char in options[literal]})
        best = max(candidates, key=lambda char: sum(char in options[literal] for literal in left) / _cost(char))
        chosen.add(best)
        left = {literal for literal in left if best not in options[literal]}
    for char in sorted(chosen, key=lambda c: (-_cost(c), c)):
        if all(options[literal] & (chosen - {char}) for literal in literals):
            chosen.discard(char)
    return chosen


def keys(literals: Iterable[str]) -> dict[str, list[str]]:
    """Key -> the literals that contain it and are found by it.  No key is the beginning of another."""
    wanted = set(literals)
    first = _first_characters(wanted)
    out: dict[str, list[str]] = {}
    for literal in sorted(wanted, key=lambda text: (len(text), text)):
        starts = [i for i in range(max(len(literal) - SHORTEST, 0) + 1) if literal[i] in first]
        windows = [literal[i : i + LONGEST] for i in starts]
        shared = [key for key in out if key in literal]
        key = shared[0] if shared else min(windows, key=lambda window: (_hits(window), window))
        out.setdefault(key, []).append(literal)
    for longer in sorted(out, key=len, reverse=True):
        for shorter in out:
            if shorter != longer and longer.startswith(shorter):
                out[shorter] += out.pop(longer)
                break
    return out


def _hits(window: str) -> float:
    """How often a key is met by chance, roughly; short keys are met more often."""
    chance = 1.0
    for char in window:
        chance *= _cost(char) / 400
    return _cost(window[0]) * 0.001 + chance


def expression(found: Iterable[str]) -> str:
    """A regular expression that finds any of the keys: a tree of their common beginnings; "" without keys."""
    tree: _Tree = {}
    for key in sorted(found):
        below = tree
        for char in key:
            below = below.setdefault(char, {})
    return _expression(tree)


def _expression(tree: _Tree) -> str:
    branches = [re.escape(char) + _expression(below) for char, below in tree.items()]
    if len(branches) == 1:
        return branches[0]
    return "(?:" + "|".join(branches) + ")" if branches else ""
