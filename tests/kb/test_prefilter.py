"""kb/prefilter.py: no literal is ever missed, and the search is linear."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from advisor.work import Work
from facts.scan import Scanner
from kb.check import slow
from kb.prefilter import LONGEST, expression, keys

WORDS = st.text(alphabet="ab:( .[+*\\é", min_size=1, max_size=14)
LITERALS = st.sets(WORDS, min_size=1, max_size=12)


@st.composite
def literals_and_text(draw: Any) -> tuple[set[str], str]:
    literals = draw(LITERALS)
    pieces = st.one_of(st.sampled_from(sorted(literals)), st.text(alphabet="ab:( .[+*\\é\n", max_size=6))
    return literals, "".join(draw(st.lists(pieces, max_size=20)))


@given(literals_and_text())
@example(({"abab", "bab", "ab"}, "xabab\nbab\nab"))
@example(({"aaaaaaaaaaab", "aab"}, "aaaaaaaaaaaaab\naab"))
@example(({"BUG: soft", "BUG: ", "UG: so"}, "BUG: soft lockup\nUG: so"))
def test_every_line_with_a_literal_is_found(given_: tuple[set[str], str]) -> None:
    literals, text = given_
    found = keys(literals)
    scanner = Scanner(expression(found), found)
    lines = text.split("\n")
    hits = {index: text[start:end] for index, start, end in scanner.lines(text)}
    for index, line in enumerate(lines):
        wanted = {literal for literal in literals if literal in line}
        if wanted:
            assert index in hits
            assert scanner.literals(line) == wanted
    assert all(lines[index] == line for index, line in hits.items())
    assert list(hits) == sorted(hits)


@given(LITERALS)
def test_keys(literals: set[str]) -> None:
    found = keys(literals)
    assert {literal for members in found.values() for literal in members} == literals
    for key, members in found.items():
        assert 0 < len(key) <= LONGEST
        assert all(key in literal for literal in members)
        assert not any(other != key and other.startswith(key) for other in found)  # it would hide the longer one


@given(LITERALS)
def test_expression_finds_keys_only(literals: set[str]) -> None:
    found = keys(literals)
    regex = re.compile(expression(found))
    assert regex.groups == 0
    for key in found:
        match = regex.match(key)
        assert match is not None
        assert match.group() in found


@given(LITERALS)
def test_expression_is_linear(literals: set[str]) -> None:
    """It has no repeats at all, so that each place of the text costs at most the longest key."""
    text = expression(keys(literals))
    assert not slow(text)
    from re import _parser as sre  # type: ignore[attr-defined]

    assert "REPEAT" not in str(sre.parse(text))


def test_nothing_to_find() -> None:
    assert keys([]) == {}
    assert expression([]) == ""
    assert list(Scanner("", {}).lines("anything\n")) == []


def test_order_does_not_matter() -> None:
    words = ["Kernel panic", "BUG: soft lockup", "BUG: unable", "Oops: ", "panic - not", "INFO: task "]
    assert keys(words) == keys(reversed(words))
    assert expression(keys(words)) == expression(keys(reversed(words)))


@pytest.fixture(scope="module")
def scanner(whole: Work) -> Scanner:
    return Scanner(whole.base.search["expression"], whole.base.search["keys"])


def test_built_in_literals_are_found(whole: Work, scanner: Scanner) -> None:
    for event in whole.base.events.values():
        for literal, *_ in event["patterns"]:
            assert literal in scanner.literals(f"x{literal}x")


def test_built_in_search_time(whole: Work, scanner: Scanner) -> None:
    """Hostile text costs about as much as ordinary text: 1 MB of beginnings of keys in well under a second."""
    for key in sorted(scanner._keys, key=len)[-3:]:
        for line in (key[:-1] * 100 + "\n", key[:2] * 400 + "\n", " " * 900 + "\n"):
            text = line * ((1 << 20) // len(line))
            start = time.process_time()
            for _ in scanner.lines(text):
                pass
            assert time.process_time() - start < 2
