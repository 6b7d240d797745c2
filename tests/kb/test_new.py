"""New knowledge files from templates: each can be filled in, none overwrites anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from advisor.cli import main
from kb.load import load
from kb.new import Refused, create
from kb.where import BUILT_IN

KINDS = ("cause", "defect", "derivation", "event", "incident", "probe")


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_to_fill_in(kind: str, tmp_path: Path) -> None:
    created = create(kind, "our-own", str(tmp_path), "storage", {})
    text = Path(created.paths[0]).read_text()
    assert re.search(r"\b(?:id|kind): our-own\n", text)
    assert "TODO" in text
    problems = load([BUILT_IN, str(tmp_path)]).problems
    assert all("TODO" in str(problem) or "our-own" in str(problem) for problem in problems)  # nothing but what is to do
    assert not any("key" in problem.message for problem in problems)  # the keys of the template are those of the format


def test_the_vocabulary_of_a_second_cause_is_told(tmp_path: Path) -> None:
    assert not create("cause", "our-first", str(tmp_path), "storage", {}).add
    second = create("cause", "our-second", str(tmp_path), "network", {})
    assert "our-second" in second.add
    assert (tmp_path / "causes" / "network" / "our-second.md").exists()


@pytest.mark.parametrize(
    ("kind", "name", "family"),
    [("cause", "Bad Name", "storage"), ("cause", "../x", "storage"), ("cause", "ours", ""), ("incident", "x", "../y"),
     ("probe", "known", "")],
)  # fmt: skip
def test_refused(kind: str, name: str, family: str, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        create(kind, name, str(tmp_path), family, {"probe": ["known"]})
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["kb", "new", "probe", "our-probe", "--kb", str(tmp_path)]
    assert main(command) == 0
    written = tmp_path / "probes" / "our-probe.yaml"
    written.write_text("# mine\n")
    assert main(command) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert written.read_text() == "# mine\n"
    assert main(["kb", "new", "cause", "use-after-free", "--family", "x", "--kb", str(tmp_path)]) == 2
