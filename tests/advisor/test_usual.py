"""Causes that are named for nothing but their frequency, and how that is counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import SMALL, event, evidence, stall

from advisor.cli import main
from advisor.diagnose import Diagnostician
from advisor.engine.evaluator import Evaluator
from advisor.explain import how
from advisor.rank import HALF, OPEN, Ranking
from advisor.render.html import html
from advisor.render.markdown import markdown
from advisor.render.text import text
from advisor.verdict import verdict
from facts.evidence import Evidence
from kb.cache import Base
from kb.compile import compile_base
from kb.load import load
from kb.where import BUILT_IN

STALLS = "- {kind: disk-stall, cases: 9, causes: {disk-worn: 6, cable-loose: 3}}\n"
OF_READS = STALLS + "- {kind: disk-stall, problem: read, cases: 4, causes: {cable-loose: 4}}\n"


def doctor(tmp_path: Path, rates: str) -> Diagnostician:
    (tmp_path / "rates.yaml").write_text(rates)
    knowledge = load([str(SMALL), str(tmp_path)], with_incidents=False)
    assert not knowledge.problems
    return Diagnostician(Base({**compile_base(knowledge), "problems": []}), Evaluator())


def ranked(tmp_path: Path, rates: str, of: Evidence) -> tuple[Ranking, dict[str, float]]:
    ranking = doctor(tmp_path, rates).diagnose(of).ranking
    assert sum(h.probability for h in ranking.mechanisms()) + ranking.open == pytest.approx(1.0)
    return ranking, {h.cause: h.probability for h in ranking.mechanisms()}


def test_what_is_usual_takes_its_part_of_something_else(tmp_path: Path) -> None:
    """cable-loose has evidence (score 0); of the other cases' 6 and the one never seen, disk-worn has 6."""
    ranking, shares = ranked(tmp_path, STALLS, evidence(stall()))
    rest = OPEN / (OPEN + 1)
    assert shares == pytest.approx({"cable-loose": 1 - rest, "disk-worn": rest * (6 / 9) / (6 / 9 + 1 / 10)})
    worn = ranking.mechanisms()[1]
    assert [(f.id, f.weight) for f in worn.findings] == [("usual", 0)]
    assert "6 of 9 known cases" in worn.findings[0].says
    assert ranking.status == "likely"  # as without rates


def test_what_speaks_against_it_makes_it_rarer(tmp_path: Path) -> None:
    small = doctor(tmp_path, STALLS)
    loose = small.base.causes["cable-loose"]
    loose["evidence"] = [item for item in loose["evidence"] if item["id"] == "new-cable"]
    small = Diagnostician(small.base, Evaluator())
    unknown = {h.cause: h for h in small.diagnose(evidence(stall())).ranking.mechanisms()}
    assert [unknown[name].probability for name in ("disk-worn", "cable-loose")] == [HALF, pytest.approx(3 / 9.9)]
    new = small.diagnose(evidence(stall(), hardware__cable_age=0)).ranking.mechanisms()
    assert [h.cause for h in new] == ["disk-worn"]


def test_cases_with_the_same_problem_count_more(tmp_path: Path) -> None:
    _, written = ranked(tmp_path, OF_READS, evidence(stall(problem="write")))
    _, read = ranked(tmp_path, OF_READS, evidence(stall(problem="read")))
    assert written["disk-worn"] > read["disk-worn"] > 0


def test_between_equals_the_usual_one_comes_first(tmp_path: Path) -> None:
    def first(rates: str) -> list[str]:
        small = doctor(tmp_path, rates)
        small.base.causes["disk-worn"] = dict(small.base.causes["cable-loose"])
        ranking = Diagnostician(small.base, Evaluator()).diagnose(evidence(stall())).ranking
        assert len({h.probability for h in ranking.mechanisms()}) == 1
        return [h.cause for h in ranking.mechanisms()]

    assert first("[]") == ["cable-loose", "disk-worn"]
    assert first(STALLS) == ["disk-worn", "cable-loose"]


def test_rates_alone_never_make_it_likely(tmp_path: Path) -> None:
    rates = "- {kind: panic, cases: 90, causes: {heat-wave: 90}}\n- {kind: heat, cases: 90, causes: {heat-wave: 90}}\n"
    assert ranked(tmp_path, rates, evidence(event("panic", role="root")))[1] == {}  # heat-wave explains no panic
    small = doctor(tmp_path, rates)
    for cause in small.base.causes.values():
        cause["evidence"] = []
    one = small.base.causes["heat-wave"]
    assert one["explains"] == ["heat"]
    silent = Diagnostician(small.base, Evaluator()).diagnose(evidence(event("heat", role="root"))).ranking
    assert [(h.cause, h.probability) for h in silent.mechanisms()] == [("heat-wave", HALF)]
    assert silent.status == "undetermined"


def test_it_is_said_that_no_line_speaks_for_it(tmp_path: Path) -> None:
    small = doctor(tmp_path, STALLS)
    diagnosis = small.diagnose(evidence(stall()))
    shown = text(verdict(small.base, diagnosis))
    assert "(disk-worn), no line speaks for it" in shown
    assert "(cable-loose), no line" not in shown
    tree = list(how(small.base, diagnosis, "disk-worn"))
    worn = next(h for h in diagnosis.ranking.hypotheses if h.cause == "disk-worn")
    assert tree[1].split() == [f"{worn.score:+d}", "before", "any", "evidence"]  # prior and findings add up


def test_the_rates_are_those_of_the_incidents(capsys: pytest.CaptureFixture[str]) -> None:
    """When this fails after a change of incidents or patterns: kadvisor kb rates > kb/rates.yaml."""
    assert main(["kb", "rates", "--kb", BUILT_IN]) == 0
    assert capsys.readouterr().out == (Path(BUILT_IN) / "rates.yaml").read_text()


def test_pages_give_no_number_to_what_has_no_weight(tmp_path: Path) -> None:
    small = doctor(tmp_path, STALLS)
    told = verdict(small.base, small.diagnose(evidence(stall())))
    assert "  - nothing shown here speaks for it; in 6 of 9 known cases" in markdown(told)
    assert '<div class="small">nothing shown here speaks for it; in 6 of 9 known cases' in html(told)
