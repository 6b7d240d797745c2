"""Session files in which a value is of the wrong type: refused, or read and good for a verdict."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from cases import LOGS

from advisor import journal
from advisor.bundle import pack, read
from advisor.render import render
from advisor.replay import Restored, resume
from advisor.session import Session, packed
from advisor.work import Work
from facts.errors import InputError
from tests.fuzz.mutate import JUNK


def entries(work: Work, whole: bool) -> list[dict[str, Any]]:
    bundle = read(work, None, [str(LOGS / "stalls.log")])
    if not whole:  # the log was too large to be kept
        bundle = bundle._replace(logs=[(name, None) for name, _ in bundle.logs])
    session = Session(work)
    session.load(bundle.evidence, bundle)
    kept: list[dict[str, Any]] = [{"schema": journal.SCHEMA, "id": "1"}]
    kept.append({"do": "evidence", "evidence": pack(bundle), "then": session.belief()})
    session.answer("cable-age", "9")
    session.event("disk-stall", {"cpu": 1, "function": "f"})
    kept += [dict(packed(step)) for step in session.steps]
    return [*kept, {"do": "undo"}, {"do": "redo", "then": session.belief()}]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all values, those of lists and mappings too."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from leaves(item, (*path, key))


def changed(value: list[dict[str, Any]], path: tuple[Any, ...], new: Any) -> str:
    value = deepcopy(value)
    inner: Any = value
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return "".join(json.dumps(entry) + "\n" for entry in value)


@pytest.mark.parametrize("whole", [True, False])
def test_every_value_may_be_wrong(work: Work, tmp_path: Path, whole: bool) -> None:
    kept = entries(work, whole)
    path = tmp_path / "x.jsonl"
    refused = used = 0
    for place in leaves(kept):
        for new in JUNK:
            path.write_text(changed(kept, place, new))
            try:
                restored = Restored(work, journal.read(str(path)))
            except InputError:
                refused += 1
                continue
            used += 1
            try:
                verdict = restored.session.verdict()
                json.dumps(verdict, allow_nan=False)
                assert render(verdict, "text")
                restored.session.question()
                restored.differences()
            except Exception as error:
                raise AssertionError(f"{place} = {new!r}") from error
    assert refused > 50
    assert used > 50


def test_sessions_with_wrong_values_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], work: Work
) -> None:
    from argparse import Namespace

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = Path(journal.folder())
    folder.mkdir(parents=True)
    kept = entries(work, True)
    places = [(1, "evidence"), (1, "then"), (1, "then", "causes"), (1, "do"), (0, "id"), (4, "then"), (5, "then")]
    places += [(5, "then", "causes", cause) for cause in kept[5]["then"]["causes"]]
    number = 0
    for place in places:
        if place[0] >= len(kept) or place[1] not in kept[place[0]]:
            continue
        for new in JUNK:
            number += 1
            (folder / f"{number}.jsonl").write_text(changed(kept, place, new))
    assert resume(Namespace(list=True)) == 0
    assert capsys.readouterr().out.count("\n") == number > 50
