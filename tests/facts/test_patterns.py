"""facts/patterns.py: order, look-alikes, speakers, parts, types of attributes."""

from __future__ import annotations

from typing import Any

import pytest

from facts.patterns import Found, Patterns
from facts.records import Record
from facts.scan import Scanner
from kb.prefilter import expression, keys


def patterns(**kinds: dict[str, Any]) -> Patterns:
    """kind=dict(patterns=[[literal, regex, set, source, part, severity, excerpt (optional)]], not=[..])."""
    entries: dict[str, dict[str, Any]] = {kind: {"not": [], **entry} for kind, entry in kinds.items()}
    for entry in entries.values():
        entry["patterns"] = [[*given, False][:7] for given in entry["patterns"]]
    found = keys(p[0] for entry in entries.values() for p in entry["patterns"])
    return Patterns(
        entries, Scanner(expression(found), found), frozenset(["cpu", "oops-number"]), frozenset(["amount"])
    )


def one(literal: str, regex: str, constants: dict[str, Any] | None = None, source: str = "kernel", part: bool = False):
    return {"patterns": [[literal, regex, constants or {}, source, part, ""]]}


def find(which: Patterns, text: str, source: str = "kernel") -> list[Found]:
    return which.find(Record(1, text, source=source))


def test_first_pattern_of_a_kind_wins() -> None:
    which = patterns(
        fire={
            "patterns": [
                ["burns bright", r"burns bright (?P<problem>\w+)", {"status": "first"}, "kernel", False, ""],
                ["it burns ", r"it burns (?P<problem>\w+)", {"status": "second"}, "kernel", True, ""],
            ]
        }
    )
    assert find(which, "it burns bright red") == [Found("fire", {"problem": "red", "status": "first"}, False)]
    assert find(which, "it burns dim") == [Found("fire", {"problem": "dim", "status": "second"}, True)]


def test_a_spelling_may_be_more_serious_than_its_kind() -> None:
    which = patterns(gone={"patterns": [["is gone", "is gone", {}, "kernel", False, "problem"]]})
    assert find(which, "the device is gone") == [Found("gone", {}, False, "problem")]


def test_a_spelling_may_be_what_an_excerpt_was_kept_for() -> None:
    which = patterns(hot={"patterns": [["is hot", "is hot", {}, "kernel", False, "", True]]})
    assert find(which, "the room is hot") == [Found("hot", {}, False, "", True)]


def test_order_is_that_of_the_files_not_of_the_alphabet() -> None:
    which = patterns(
        fire={
            "patterns": [
                ["zzzz zzz", "zzzz zzz", {"status": "first"}, "kernel", False, ""],
                ["aaaa aaa", "aaaa aaa", {"status": "second"}, "kernel", False, ""],
            ]
        }
    )
    assert find(which, "aaaa aaa zzzz zzz")[0].attributes == {"status": "first"}


def test_several_kinds_in_one_line() -> None:
    which = patterns(smoke=one("smells of", "smells of"), fire=one("fire in ", "fire in (?P<device>.*)"))
    assert [f.kind for f in find(which, "fire in a; smells of b")] == ["smoke", "fire"]


def test_literal_alone_is_not_enough() -> None:
    which = patterns(fire=one("fire in ", r"^fire in \d+"))
    assert find(which, "fire in 12")
    assert find(which, "no fire in 12") == []
    assert find(which, "fire in x") == []


def test_look_alikes() -> None:
    which = patterns(
        fire={**one("fire in ", "fire in "), "not": ["drill", "^test"]}, smoke=one("fire in the ", "fire in the ")
    )
    assert [f.kind for f in find(which, "fire in the house")] == ["fire", "smoke"]
    assert [f.kind for f in find(which, "drill: fire in the house")] == ["smoke"]
    assert [f.kind for f in find(which, "test fire in house")] == []


@pytest.mark.parametrize(
    ("wanted", "source", "speaks"),
    [
        ("kernel", "kernel", True),
        ("kernel", "", True),  # a raw line may be anybody's
        ("kernel", "systemd", False),
        ("user", "systemd", True),
        ("user", "", True),
        ("user", "kernel", False),
        ("any", "kernel", True),
        ("any", "systemd", True),
        ("any", "", True),
    ],
)
def test_who_speaks(wanted: str, source: str, speaks: bool) -> None:
    assert bool(find(patterns(fire=one("fire in ", "fire in ", source=wanted)), "fire in x", source)) is speaks


def test_a_pattern_of_another_speaker_does_not_hide_the_next() -> None:
    which = patterns(
        fire={
            "patterns": [
                ["fire in ", "fire in ", {"status": "user"}, "user", False, ""],
                ["fire in ", "fire in ", {"status": "kernel"}, "kernel", False, ""],
            ]
        }
    )
    assert find(which, "fire in x", "kernel")[0].attributes == {"status": "kernel"}


def test_attributes() -> None:
    regex = r"CPU (?P<cpu>\S+) (?P<amount>\S+)(?: #(?P<oops_number>\d+))?(?: (?P<comm> \w+ ))?"
    which = patterns(fire=one("CPU ", regex, {"status": "x", "part": True}))
    text = "CPU 3 2.5 #7  sh "
    assert find(which, text)[0].attributes == {
        "cpu": 3, "amount": 2.5, "oops-number": 7, "comm": "sh", "status": "x", "part": True,
    }  # fmt: skip
    assert find(which, "CPU -1 1")[0].attributes["cpu"] == -1
    # what is no number is left out; groups that took no part are absent
    assert find(which, "CPU three much")[0].attributes == {"status": "x", "part": True}
    assert "cpu" not in find(which, "CPU " + "9" * 40 + " 1")[0].attributes
    assert "cpu" not in find(which, "CPU --3 1")[0].attributes
    assert "cpu" not in find(which, "CPU \u00b2 1")[0].attributes
    assert "amount" not in find(which, "CPU 1 nan")[0].attributes


def test_constants_win() -> None:
    which = patterns(fire=one("room ", r"room (?P<device>\w+)", {"device": "hall"}))
    assert find(which, "room attic")[0].attributes == {"device": "hall"}


def test_found_attributes_are_not_shared() -> None:
    which = patterns(fire=one("room ", "room", {"device": "hall"}))
    find(which, "room 1")[0].attributes["device"] = "changed"
    assert find(which, "room 2")[0].attributes == {"device": "hall"}
