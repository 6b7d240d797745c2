"""Patterns of kb/events on lines made to be slow: a hostile line of 4,096 characters costs milliseconds at most."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from facts.patterns import LONGEST
from kb.load import load
from kb.where import BUILT_IN

KINDS = load([BUILT_IN]).events
LIMIT = 0.015  # processor time; 3 ms on an idle machine
FILLERS = ("a", "1", "_", "-", ".", " ", ": ", "a ", "1 ", "(", ")", "[", "x:1 ")


def hostile(literal: str) -> Iterator[str]:
    """The literal and what classes accept, repeated before it, behind it and in turns with it."""
    for piece in (literal, literal + " ", *FILLERS):
        yield (piece * LONGEST)[:LONGEST]
        yield (literal + piece * LONGEST)[:LONGEST]
        yield (piece * LONGEST)[: LONGEST - len(literal)] + literal
        yield ((literal + piece) * LONGEST)[:LONGEST]


def cost(regex: re.Pattern[str], text: str) -> float:
    best = 1.0
    for _ in range(3):  # the best of three
        begun = time.process_time()
        regex.search(text)
        best = min(best, time.process_time() - begun)
        if best < LIMIT:
            break
    return best


@pytest.mark.parametrize("name", sorted(KINDS))
def test_hostile_lines(name: str) -> None:
    for pattern in KINDS[name].patterns:
        regex = re.compile(pattern.regex)
        for text in hostile(pattern.literal):
            assert cost(regex, text) < LIMIT, (pattern.regex, text[:60])


@pytest.mark.parametrize("name", sorted(name for name in KINDS if KINDS[name].patterns))
def test_beginnings_of_examples_again_and_again(name: str) -> None:
    kind = KINDS[name]
    for example in kind.examples:
        regexes = [re.compile(p.regex) for p in kind.patterns if p.literal in example.text]
        for part in (1.0, 0.75, 0.5):
            text = (example.text[: max(int(len(example.text) * part), 4)] * LONGEST)[:LONGEST]
            for regex in regexes:
                assert cost(regex, text) < LIMIT, (regex.pattern, text[:60])
