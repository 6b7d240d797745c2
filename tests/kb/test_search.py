"""kb/search.py: words find causes, events and probes; titles weigh more than texts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kbfolder import build, read

from kb.model import Knowledge
from kb.search import search, words


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    return read(build(Path(tmp_path_factory.mktemp("kb"))))


def found(knowledge: Knowledge, query: str) -> list[tuple[str, str]]:
    return [(hit.kind, hit.id) for hit in search(knowledge, query)]


def test_words() -> None:
    assert words("The BUG_ON, at line 7 of x.c and NMI!") == ["bug_on", "at", "line", "of", "nmi"]


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("candle", ("cause", "candle")),
        ("CANDLE", ("cause", "candle")),
        ("wax", ("cause", "candle")),  # an alias
        ("worn cable", ("cause", "cable")),
        ("smoke", ("event", "smoke")),
        ("kitchen", ("event", "fire")),  # in an example
        ("alibi neighbour", ("cause", "neighbour")),
        ("house.age", ("probe", "look")),
        ("candl", ("cause", "candle")),  # the beginning of a word
    ],
)
def test_best_hit(small: Knowledge, query: str, best: tuple[str, str]) -> None:
    assert found(small, query)[0] == best


def test_title_before_text(small: Knowledge) -> None:
    hits = found(small, "candle")
    assert hits.index(("cause", "candle")) < hits.index(("probe", "look"))


def test_nothing_fits(small: Knowledge) -> None:
    assert found(small, "zeppelin") == []
    assert found(small, "") == []
    assert found(small, "the !?") == []


def test_list_of_words_limit_and_order(small: Knowledge) -> None:
    assert search(small, ["worn", "cable"]) == search(small, "worn cable")
    hits = search(small, "fire smoke house candle", limit=2)
    assert len(hits) == 2
    assert hits[0].score >= hits[1].score > 0


@given(query=st.text(max_size=40))
def test_any_query(small: Knowledge, query: str) -> None:
    hits = search(small, query)
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
    assert len(hits) <= 10
