"""kb/tables.py and its check: tables of kb/annotations."""

from __future__ import annotations

from pathlib import Path

import pytest
from kbfolder import build, read, write

from kb.check import tables
from kb.load import load
from kb.tables import Words, words
from kb.where import BUILT_IN

GOOD = """\
- table: colour
  keys: number
  sources: a file
  entries: {1: one, 0x10: sixteen}
- table: event
  keys: name
  sources: a file
  entries: {fire: It burns.}
"""


def found(tmp_path: Path, text: str) -> list[str]:
    folder = build(tmp_path)
    write(folder, {"annotations/all.yaml": text})
    knowledge = read(folder)
    return [str(p) for p in (*knowledge.problems, *tables(knowledge))]


def test_a_sound_file(tmp_path: Path) -> None:
    assert found(tmp_path, GOOD) == []
    some = words([str(tmp_path)])
    assert some.get("colour", 16) == "sixteen"
    assert some.get("colour", 3) == ""
    assert some.get("shape", "x") == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("keys: number", "keys: letter", "is no letter"),
        ("keys: number", "keys: bit\n  extra: 1", "unknown key"),
        ("keys: number", "keys: colour", "is not one of"),
        ("1: one", "one: one", "is no number"),
        ("1: one", "16: one", "stands twice"),
        ("1: one", "1: [one]", "text belongs here"),
        ("1: one", "1: ", "text belongs here"),
        ("{1: one, 0x10: sixteen}", "[1, 2]", "a mapping"),
        ("{1: one, 0x10: sixteen}", "{}", "no entries"),
        ("  sources: a file\n  entries: {1", "  entries: {1", "is missing"),
        ("table: colour", "table: event", "stands twice in this folder"),
        ("{fire: It burns.}", "{fir: It burns.}", "did you mean fire"),
    ],
)
def test_defects(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert any(said in problem for problem in found(tmp_path, GOOD.replace(old, new, 1)))


def test_a_later_folder_overrides_single_entries(tmp_path: Path) -> None:
    text = "- {table: taint, keys: letter, sources: ours, entries: {O: our module}}\n"
    write(tmp_path, {"annotations/mine.yaml": text})
    some = words([BUILT_IN, str(tmp_path)])
    assert some.get("taint", "O") == "our module"
    assert some.get("taint", "W") != ""


def test_bits_are_named_highest_first() -> None:
    knowledge = load([BUILT_IN])
    some = Words(knowledge.tables)
    assert some.bits("mce-bit", 1 << 63 | 1 << 57) == ["the record is valid", some.get("mce-bit", 57)]


def test_the_built_in_tables_are_sound_and_cover_every_event_kind() -> None:
    problems: list[object] = []
    some = words([BUILT_IN], problems)  # type: ignore[arg-type]
    assert problems == []
    knowledge = load([BUILT_IN], with_incidents=False)
    assert [kind for kind in knowledge.vocabulary.events if not some.get("event", kind)] == []
