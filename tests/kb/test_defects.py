"""kb/defects.py: reading known defects, every planted mistake, and what they compile to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kbfolder import FILES, write

from kb.check import check
from kb.compile import compile_base
from kb.load import load
from kb.model import Affects, Correction, Knowledge

OWNER = (
    FILES["causes/house/neighbour.md"]
    .replace("neighbour", "known-fixed-kernel-bug")
    .replace("ask-known-fixed-kernel-bug", "look")
)
DEFECT = """\
id: dry-wood
title: The wood is too dry
dated: 2026-01-31
when: {root: fire, where: {room: kitchen, frames: {has: step_up}}}
weight: decisive
mechanism: candle
affects:
  from: "5.4"
  fixed: "5.16"
  series:
    "5.10": 5.10.84
    "5.15": {from: 5.15.5, fixed: 5.15.11}
    "5.12": {fixed: never}
  others: unfixed
  builds:
    - {release-part: ".el8", fixed: 4.18.0-80}
says: "dry wood in {room}"
workaround: Water it.
commits:
  - {subject: "wood: water it", hash: 0123456789ab}
sources:
  - {title: A list, url: "https://example.org/"}
samples:
  - log: "Linux version {release}"
    affected: [5.15.10]
    possible: [5.15.0-91-generic]
    excluded: [5.15.11]
"""
ALL = {
    **FILES,
    "vocabulary/causes.yaml": FILES["vocabulary/causes.yaml"]
    .replace("    neighbour: the", "    known-fixed-kernel-bug: a newer one\n    neighbour: the")
    .replace("[neighbour]", "[neighbour, known-fixed-kernel-bug]"),
    "vocabulary/facts.yaml": FILES["vocabulary/facts.yaml"].replace(
        "upstream: release}", "upstream: release, version: text, numbering: [stable, distribution]}"
    ),
    "vocabulary/attributes.yaml": FILES["vocabulary/attributes.yaml"] + "frames: {type: names, says: functions}\n",
    "vocabulary/releases.yaml": "- {name: own, numbering: distribution, parts: [-own], regex: '-own$'}\n",
    "causes/house/known-fixed-kernel-bug.md": OWNER,
    "defects/dry-wood.yaml": DEFECT,
}
PLACE = "defects/dry-wood.yaml"


def folder(path: Path) -> Path:
    return write(path, ALL)


def found(knowledge: Knowledge) -> list[str]:
    before = ("double-check", "no incident")
    return [str(p) for p in check(knowledge) if not any(word in p.message for word in before)]


def test_a_sound_defect(tmp_path: Path) -> None:
    knowledge = load([str(folder(tmp_path))])
    assert found(knowledge) == []
    defect = knowledge.defects["dry-wood"]
    assert defect.affects == Affects(
        (5, 4),
        (5, 16),
        (Correction((5, 10), 0, 84), Correction((5, 15), 5, 11), Correction((5, 12), 0, -1)),
        True,
        ((".el8", "4.18.0-80"),),
    )
    assert (defect.weight, defect.mechanism, defect.commits) == (20, "candle", (("wood: water it", "0123456789ab"),))
    assert knowledge.vocabulary.releases == [("-own$", ("-own",), "distribution", False)]


MISTAKES = [
    ("unknown key", "dated: 2026", "dates: 2026", "dated", "is missing"),
    ("other file name", "id: dry-wood", "id: wet-wood", "id", "must be called wet-wood.yaml"),
    ("unknown placeholder", "dry wood in {room}", "dry wood in {rom}", "says", "{rom} is no attribute"),
    ("no date", "2026-01-31", "2026-31-01", "dated", "is no date"),
    ("no commit", "commits:\n  - {subject: \"wood: water it\", hash: 0123456789ab}", "commits: []", "commits",
     "at least"),
    ("short hash", "hash: 0123456789ab", "hash: 01234", "commits.hash", "12 to 40"),
    ("no source", 'sources:\n  - {title: A list, url: "https://example.org/"}', "sources: []", "sources",
     "at least one"),
    ("no series", '    "5.10": 5.10.84', '    "5.10.1": 5.10.84', "affects.series.5.10.1", "a series belongs here"),
    ("release of another series", "5.10.84", "5.11.84", "affects.series.5.10", "is no release of 5.10"),
    ("corrected before it came", "{from: 5.15.5,", "{from: 5.15.12,", "affects.series.5.15", "before it came"),
    ("no mainline release", 'fixed: "5.16"', 'fixed: "5.16.1"', "affects.fixed", "is no mainline release"),
    ("unknown word for the rest", "others: unfixed", "others: all", "affects.others", "is not one of"),
    ("no build", "fixed: 4.18.0-80", "fixed: newer", "affects.builds.fixed", "a build belongs here"),
    ("unknown weight", "weight: decisive", "weight: weak", "weight", "is not one of"),
    ("no place for the release", "version {release}", "version 5", "samples.log", "must hold {release}"),
    ("sample for nothing", "    affected: [5.15.10]\n    possible: [5.15.0-91-generic]\n    excluded: [5.15.11]\n", "",
     "samples", "needs affected"),
    ("no release is affected", "    affected: [5.15.10]\n    possible: [5.15.0-91-generic]\n", "", "samples",
     "no sample shows"),
    ("no near miss", "    excluded: [5.15.11]\n", "", "samples", "no sample has a release that is corrected"),
    ("a kind is no signature", ", where: {room: kitchen, frames: {has: step_up}}", "", "when",
     "must test the root event"),
    ("not the root event", "{root: fire,", "{event: fire,", "when", "must test the root event"),
    ("one alternative without signature", "when: {root: fire, where: {room: kitchen, frames: {has: step_up}}}",
     "when: {any: [{root: fire, where: {room: kitchen}}, {root: smoke}]}", "when", "must test the root event"),
    ("unknown mechanism", "mechanism: candle", "mechanism: candel", "mechanism", "did you mean candle"),
    ("owner as mechanism", "mechanism: candle", "mechanism: neighbour", "mechanism", "is no mechanism"),
    ("mechanism that cannot win", "when: {root: fire,", "when: {root: quake,", "mechanism", "does not explain quake"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "field", "message"), MISTAKES, ids=[m[0] for m in MISTAKES])
def test_planted_mistake(tmp_path: Path, name: str, old: str, new: str, field: str, message: str) -> None:
    assert DEFECT.count(old) == 1
    knowledge = load([str(write(tmp_path, {**ALL, PLACE: DEFECT.replace(old, new)}))])
    fitting = [p for p in check(knowledge) if p.field == field and message in p.message]
    assert fitting, "\n".join(found(knowledge)) or "nothing found"
    assert fitting[0].place.path == str(tmp_path / PLACE)


def test_no_correction_known(tmp_path: Path) -> None:
    text = DEFECT[: DEFECT.index("affects:")] + 'affects:\n  from: "5.4"\n' + DEFECT[DEFECT.index("says:") :]
    knowledge = load([str(write(tmp_path, {**ALL, PLACE: text}))])
    assert any("no release is known to be corrected" in line for line in found(knowledge))


@pytest.mark.parametrize(
    ("file", "old", "message"),
    [
        ("vocabulary/facts.yaml", "upstream: release, ", "need the fact kernel.upstream"),
        ("vocabulary/releases.yaml", "'-own$'", "regex: does not compile"),
        ("vocabulary/releases.yaml", "numbering: distribution, ", "numbering: is missing"),
    ],
)
def test_what_defects_need(tmp_path: Path, file: str, old: str, message: str) -> None:
    new = "'-own($'" if old == "'-own$'" else ""
    knowledge = load([str(write(tmp_path, {**ALL, file: ALL[file].replace(old, new)}))])
    assert any(message in line for line in found(knowledge)), found(knowledge)


def test_without_the_owner_cause(tmp_path: Path) -> None:
    files = {name: text for name, text in ALL.items() if not name.endswith("known-fixed-kernel-bug.md")}
    lines = found(load([str(write(tmp_path, files))]))
    assert any("defects speak for the cause known-fixed-kernel-bug" in line for line in lines)


def test_compiled(tmp_path: Path) -> None:
    base: dict[str, Any] = compile_base(load([str(folder(tmp_path))]))
    assert base["defects"]["dry-wood"]["series"] == {"5.10": "5.10.84", "5.15": "5.15.11"}
    assert base["defects"]["dry-wood"]["mainline"] == "5.16"
    owner = {"": 20, "-possible": 2, "-build": 5}
    for cause, weights in (("known-fixed-kernel-bug", owner), ("candle", {"": 5, "-build": 5})):
        items = [item for item in base["causes"][cause]["evidence"] if item.get("defect") == "dry-wood"]
        assert {item["id"]: item["weight"] for item in items} == {f"defect-dry-wood{k}": v for k, v in weights.items()}
        assert len({item["aspect"] for item in items}) == 1
    assert base["releases"] == [["-own$", ("-own",), "distribution", False]]


def test_a_later_folder_replaces_a_defect_and_adds_forms(tmp_path: Path) -> None:
    first = folder(tmp_path / "a")
    more = {
        PLACE: DEFECT.replace("The wood is too dry", "Ours"),
        "vocabulary/releases.yaml": "- {name: site, numbering: stable, parts: [-site], regex: '-site$'}\n",
    }
    knowledge = load([str(first), str(write(tmp_path / "b", more))])
    assert found(knowledge) == []
    assert [defect.title for defect in knowledge.defects.values()] == ["Ours"]
    assert [form[0] for form in knowledge.vocabulary.releases] == ["-site$", "-own$"]
