"""facts/scan.py: lines with keys, their numbers and places."""

from __future__ import annotations

from facts.scan import Scanner
from kb.prefilter import expression, keys


def scanner(*literals: str) -> Scanner:
    found = keys(literals)
    return Scanner(expression(found), found)


def lines(text: str, *literals: str) -> list[tuple[int, str]]:
    return [(index, text[start:end]) for index, start, end in scanner(*literals).lines(text)]


def test_lines() -> None:
    text = "one\nBUG: two\n\nthree\nWARNING: BUG: four\nfive BUG: "
    assert lines(text, "BUG: ", "WARNING: ") == [(1, "BUG: two"), (4, "WARNING: BUG: four"), (5, "five BUG: ")]


def test_each_line_comes_once() -> None:
    assert lines("BUG: BUG: BUG: \nBUG: ", "BUG: ") == [(0, "BUG: BUG: BUG: "), (1, "BUG: ")]


def test_edges() -> None:
    assert lines("", "BUG: ") == []
    assert lines("\n\n\n", "BUG: ") == []
    assert lines("\n\nBUG: \n\n", "BUG: ") == [(2, "BUG: ")]
    assert lines("BUG:\n x", "BUG: x") == []  # nothing is found across a line end


def test_only_newline_ends_a_line() -> None:
    text = "a\x0bBUG: \x0c\u2028b\nBUG: "
    assert [index for index, _ in lines(text, "BUG: ")] == [0, 1]


def test_literals_of_a_line() -> None:
    one = scanner("soft lockup", "BUG: soft lockup - CPU#", "lockup", "panic - not syncing")
    assert one.literals("watchdog: BUG: soft lockup - CPU#3 stuck") == {
        "soft lockup", "BUG: soft lockup - CPU#", "lockup",
    }  # fmt: skip
    assert one.literals("a soft lockup") == {"soft lockup", "lockup"}
    assert one.literals("nothing") == set()


def test_nothing_known() -> None:
    assert list(Scanner("", {}).lines("BUG: ")) == []
    assert Scanner("", {}).literals("BUG: ") == set()
