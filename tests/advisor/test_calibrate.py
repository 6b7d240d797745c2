"""The figures of `kadvisor kb calibrate`, on a small hand-made base."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest
from cases import SMALL

from advisor.calibrate import Score, calibrate, confusion, measure, per_cause, reliability, score, summary, weigh
from advisor.cli import main
from advisor.trial import trials
from advisor.work import Work
from kb.model import Incident, Place


def incident(name: str, log: str, *causes: str, refused: tuple[str, ...] = (), **facts: object) -> Incident:
    given = {key.replace("__", "."): value for key, value in facts.items()}
    return Incident(name, name, given, log, causes, refused, "", "written", Place(name), True)


STALL = "sda stalls for 30 s\n"
CASES = [
    incident("cable", STALL, "cable-loose", hardware__cable_age=9),
    incident("worn", STALL, "disk-worn", hardware__worn=True),
    incident("surprise", STALL, "disk-worn", refused=("cable-loose",), hardware__cable_age=9),
    incident("silence", "by the way\n"),
    incident("false-alarm", STALL),
]


def made(name: str, wanted: tuple[str, ...], got: str, rank: int, stated: float, status: str = "likely") -> Score:
    return Score(name, wanted, got, rank, stated, stated if rank == 1 else 0.0, status, False, not wanted, (), True)


def test_a_score_says_what_was_wanted_and_what_came_first(work: Work) -> None:
    cable, worn, surprise, silence, alarm = (score(work, trial) for trial in trials(work, CASES))
    assert (cable.rank, cable.got, cable.wrong) == (1, "cable-loose", False)
    assert cable.stated > 0.8
    assert cable.mass == cable.stated
    assert worn.right
    assert (surprise.got, surprise.right, surprise.wrong, surprise.missed) == ("cable-loose", False, True, True)
    assert (silence.quiet, silence.status, silence.missed) == (True, "no-failure", False)
    assert (alarm.quiet, alarm.missed) == (True, True)
    assert alarm.status != "no-failure"


def test_the_summary_counts(work: Work) -> None:
    figures = summary([score(work, trial) for trial in trials(work, CASES)])
    assert (figures["incidents"], figures["mechanism"], figures["top1"]) == (5, 3, 2)
    assert (figures["quiet"], figures["quiet_right"]) == (2, 1)
    assert figures["not_wrong"] <= 4


def test_brier_and_log_loss_are_the_textbook_ones() -> None:
    figures = summary([made("a", ("x",), "x", 1, 0.9), made("b", ("x",), "y", 0, 0.6)])
    assert figures["brier"] == pytest.approx(((0.1**2) + 0.6**2) / 2)
    assert figures["log_loss"] == pytest.approx((-math.log(0.9) - math.log(0.001)) / 2)


def test_nothing_judged_gives_no_figure() -> None:
    figures = summary([])
    assert (figures["brier"], figures["log_loss"]) == (None, None)
    assert all(row["count"] == 0 and row["right"] is None for row in reliability([]))


def test_every_stated_probability_falls_into_one_range() -> None:
    scores = [made(str(i), ("x",), "x", 1, i / 20) for i in range(1, 21)]
    rows = reliability(scores)
    assert sum(row["count"] for row in rows) == 20
    assert (rows[-1]["count"], rows[-1]["to"]) == (1, 1.0)
    assert all(row["from"] <= row["stated"] <= row["to"] for row in rows if row["count"])


def test_confusion_lists_pairs_by_frequency() -> None:
    scores = [
        made("a", ("x",), "y", 2, 0.6),
        made("b", ("x", "z"), "y", 0, 0.6),
        made("c", ("z",), "y", 0, 0.6),
        made("d", ("x",), "x", 1, 0.6),
        made("e", (), "y", 0, 0.6),
    ]
    rows = confusion(scores)
    assert rows[0] == {"wanted": "x", "got": "y", "incidents": ["a", "b"]}
    assert {"wanted": "no-failure", "got": "y", "incidents": ["e"]} in rows
    assert len(rows) == 3


def test_per_cause_counts_the_best_answer_and_facets() -> None:
    one = made("a", ("x", "z"), "x", 1, 0.6)._replace(facets=(("owner", False),))
    assert per_cause([one, made("b", ("x",), "y", 2, 0.6)]) == [
        {"cause": "owner", "cases": 1, "top1": 0, "top3": 0},
        {"cause": "x", "cases": 2, "top1": 1, "top3": 2},
    ]


def test_evidence_is_counted_where_its_cause_competes(work: Work) -> None:
    weights = {(w.cause, w.evidence): w for w in measure(work, list(trials(work, CASES)))}
    old = weights["cable-loose", "old-cable"]
    assert (old.fired_right, old.right, old.fired_wrong, old.wrong) == (1, 1, 1, 2)
    assert weights["disk-worn", "worn"].fired_right == 1
    relative = weights["disk-worn-cheap", "cheap"]  # a special case is not refuted by its general cause
    assert relative.wrong == 1
    module = weights["evil-module", "shown"]  # what accompanies is refused only where `not` says so
    assert module.wrong == 0


@pytest.mark.parametrize(
    ("weight", "when", "otherwise", "flag"),
    [
        (10, (18, 20), (2, 20), ""),
        (10, (2, 20), (18, 20), "sign"),
        (-10, (18, 20), (2, 20), "sign"),
        (20, (10, 20), (9, 20), "size"),
        (10, (0, 4), (4, 4), ""),  # too few
        (20, (30, 30), (0, 30), ""),  # as much as these counts can show
    ],
)
def test_flags_need_counts_and_a_clear_difference(
    weight: int, when: tuple[int, int], otherwise: tuple[int, int], flag: str
) -> None:
    found = weigh("c", "e", weight, when, otherwise)
    assert found.flag == flag
    assert found.low < found.measured < found.high


def test_the_whole_is_plain_data(work: Work) -> None:
    data = calibrate(work, CASES)
    assert json.loads(json.dumps(data)) == data
    assert {"surprise", "false-alarm"} <= {row["incident"] for row in data["missed"]}


def folder(tmp_path: Path, held_back: str) -> Path:
    """The small base with one incident that is missed."""
    where = tmp_path / "kb"
    shutil.copytree(SMALL, where)
    (where / "incidents").mkdir()
    (where / "incidents" / "surprise.yaml").write_text(
        f"id: surprise\ntitle: A surprise\n{held_back}facts: {{hardware.cable_age: 9}}\nlog: |\n  {STALL}"
        "causes: [disk-worn]\nnot: [cable-loose]\n",
        encoding="utf-8",
    )
    return where


def run(where: Path, *words: str) -> int:
    return main(["kb", *words, "--kb", str(where), "--engine", "evaluator"])


def test_the_command_measures_held_back_incidents(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    where = folder(tmp_path, "held-back: true\n")
    monkeypatch.setattr("kb.where.BUILT_IN", str(where))
    assert run(where, "calibrate", "--format", "json") == 0
    data = json.loads(capsys.readouterr().out)
    assert data["summary"]["incidents"] == 1
    assert data["missed"][0]["incident"] == "surprise"
    assert run(where, "calibrate") == 0
    text = capsys.readouterr().out
    assert "disk-worn -> cable-loose: surprise" in text


def test_without_held_back_incidents_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    where = folder(tmp_path, "")
    monkeypatch.setattr("kb.where.BUILT_IN", str(where))
    assert run(where, "calibrate") == 1
    assert "held-back" in capsys.readouterr().err
    assert run(where, "calibrate", "--all") == 0


@pytest.mark.parametrize(("held_back", "gates"), [("held-back: true\n", False), ("", True)])
def test_check_counts_a_missed_held_back_incident_and_does_not_fail_for_it(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    held_back: str,
    gates: bool,
) -> None:
    where = folder(tmp_path, held_back)
    monkeypatch.setattr("kb.where.BUILT_IN", str(where))
    run(where, "check")
    out = capsys.readouterr().out
    assert ("surprise.yaml:1:1: causes: accepts disk-worn" in out) == gates
    assert ("1 held back, 1 of them missed" in out) != gates
