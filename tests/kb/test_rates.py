"""kb/rates.yaml: reading, overriding, compiling."""

from __future__ import annotations

from pathlib import Path

import pytest
from kbfolder import FILES, write

from kb.cache import base
from kb.load import load

RATES = """\
- {kind: fire, cases: 4, causes: {candle: 3, cable: 1}}
- {kind: fire, problem: smoke, cases: 2, causes: {cable: 2}}
- {kind: smoke, cases: 1, causes: {}}
"""


def folder(where: Path, rates: str) -> str:
    return str(write(where, {**FILES, "rates.yaml": rates}))


def test_rates_are_compiled_by_kind_and_problem(tmp_path: Path) -> None:
    assert base([folder(tmp_path, RATES)]).rates == {
        "fire": {"": [4, {"candle": 3, "cable": 1}], "smoke": [2, {"cable": 2}]},
        "smoke": {"": [1, {}]},
    }


def test_a_later_folder_replaces_all_rates_of_a_kind(tmp_path: Path) -> None:
    first = folder(tmp_path / "first", RATES)
    second = str(write(tmp_path / "second", {"rates.yaml": "- {kind: fire, cases: 9, causes: {candle: 9}}\n"}))
    found = load([first, second])
    assert not found.problems
    assert {key: rate.cases for key, rate in found.rates.items()} == {("fire", ""): 9, ("smoke", ""): 1}


@pytest.mark.parametrize(
    ("rates", "field", "message"),
    [
        ("- {kind: fires, cases: 1, causes: {candle: 1}}", "kind", "did you mean fire"),
        ("- {kind: fire, causes: {candle: 1}}", "cases", "is missing"),
        ("- {kind: fire, cases: 0, causes: {}}", "cases", "from 1 belongs here"),
        ("- {kind: fire, cases: 2, causes: {candel: 1}}", "causes.candel", "did you mean candle"),
        ("- {kind: fire, cases: 2, causes: {neighbour: 1}}", "causes.neighbour", "is no mechanism (owner)"),
        ("- {kind: fire, cases: 2, causes: {candle: 3}}", "causes.candle", "from 1 to 2 belongs here"),
        ("- {kind: fire, cases: 2, causes: {candle: yes}}", "causes.candle", "from 1 to 2 belongs here"),
        ("- {kind: fire, cases: 2, causes: {}, case: 1}", "case", "unknown key"),
        ("- {kind: fire, cases: 2, causes: {}}\n- {kind: fire, cases: 2, causes: {}}", "kind", "stands twice"),
        ("fire: 2", "", "a list belongs here"),
    ],
)
def test_what_is_wrong_with_rates_is_said(tmp_path: Path, rates: str, field: str, message: str) -> None:
    where = folder(tmp_path, rates + "\n")
    problems = load([where]).problems
    assert [(p.field, Path(p.place.path).name) for p in problems if message in p.message] == [(field, "rates.yaml")]
    assert base([where]).rates.get("fire", {}).get("", [0, {}])[1].get("neighbour") is None
