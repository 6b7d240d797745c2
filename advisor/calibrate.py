"""`kadvisor kb calibrate`: how often the advisor is right about incidents, and how far to trust its probabilities.

Held-back incidents were not used when weights were written or changed, so their figures are the honest ones.
What each figure means: docs/decisions/calibration.md.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from advisor.trial import BESIDE, Trial, mechanisms_of, trials
from advisor.work import Work
from kb.model import Incident

BINS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99)  # lower ends
FLOOR = 0.001  # probability that a cause which was not named counts with
OFF = 10.0  # decibans between weight and measurement that are worth a look
ENOUGH = 5  # incidents with and without the cause, and firings, that a measurement needs
SIGMA = 1.64  # both ends of a 90 % interval


class Score(NamedTuple):
    """One incident against its diagnosis."""

    id: str
    wanted: tuple[str, ...]  # accepted mechanisms
    got: str  # the mechanism put first, or the status where there is none
    rank: int  # place of the first accepted mechanism, from 1; 0: not among those shown
    stated: float  # probability of the mechanism put first
    mass: float  # probability of all accepted mechanisms together
    status: str
    wrong: bool  # a wrong cause was called likely or diagnosed, or a refused one came first or was claimed
    quiet: bool  # nothing failed
    facets: tuple[tuple[str, bool], ...]  # accepted owner, policy, readiness, risk, and whether each was found
    root: bool  # the root event is the one that the incident names (or it names none)

    @property
    def right(self) -> bool:
        return self.rank == 1

    @property
    def missed(self) -> bool:
        ends = self.status == "no-failure" if self.quiet else self.right or not self.wanted
        return self.wrong or not self.root or not ends or not all(hit for _, hit in self.facets)


class Weight(NamedTuple):
    """An item of evidence as measured."""

    cause: str
    evidence: str
    weight: int
    fired_right: int  # of the incidents in which the cause is accepted
    right: int
    fired_wrong: int  # of those whose root event it explains and in which it is not accepted
    wrong: int
    measured: float  # decibans
    low: float
    high: float
    flag: str  # "", "sign" or "size"


def score(work: Work, trial: Trial) -> Score:
    incident, ranking = trial.incident, trial.diagnosis.ranking
    facet = {name: cause["facet"] for name, cause in work.base.causes.items()}
    wanted = mechanisms_of(work, incident)
    named = ranking.mechanisms()
    first = named[0].cause if named else ""
    place = next((i for i, h in enumerate(named, 1) if h.cause in wanted), 0)
    beside = {h.cause for h in ranking.hypotheses if h.facet != "mechanism" and h.probability >= BESIDE}
    firm = ranking.status in ("diagnosed", "likely")
    if incident.causes:
        wrong = first in incident.not_causes or bool(beside.intersection(incident.not_causes))
        wrong = wrong or (bool(wanted) and firm and first not in wanted)
    else:
        wrong = firm
    return Score(
        id=incident.id,
        wanted=wanted,
        got=first or ranking.status,
        rank=place,
        stated=named[0].probability if named else 0.0,
        mass=sum(h.probability for h in named if h.cause in wanted),
        status=ranking.status,
        wrong=wrong,
        quiet=not incident.causes,
        facets=tuple((c, c in beside) for c in incident.causes if facet.get(c) not in (None, "mechanism")),
        root=not any(problem.field == "root" for problem in trial.problems),
    )


def measure(work: Work, done: Sequence[Trial]) -> list[Weight]:
    """Likelihood ratio of each item of evidence, counted over the incidents whose root event its cause explains."""
    base = work.base
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    fired: dict[tuple[str, int], list[int]] = {}
    for trial in done:
        diagnosis = trial.diagnosis
        accepted = set(trial.incident.causes)
        focus = {str(event["kind"]) for event in diagnosis.memory.events if event["root"]}
        sides: dict[str, int] = {}
        for name, cause in base.causes.items():
            if name in accepted:
                sides[name] = 0
                right[name] += 1
            elif cause["facet"] != "mechanism":  # incidents name these only where they matter: only `not` refuses
                if name in trial.incident.not_causes:
                    sides[name] = 1
                    wrong[name] += 1
            elif trial.incident.causes and _contends(base.causes, name, accepted, focus):
                sides[name] = 1
                wrong[name] += 1
        diagnostician = work.diagnostician
        for firing in diagnostician.engine.run(base.leaves, diagnostician.rules, diagnosis.memory):
            name, position = diagnostician.origin[firing.rule]
            if name in sides:
                fired.setdefault((name, position), [0, 0])[sides[name]] += 1
    out = []
    for name, cause in base.causes.items():
        for position, evidence in enumerate(cause["evidence"]):
            a, b = fired.get((name, position), (0, 0))
            out.append(weigh(name, evidence["id"], evidence["weight"], (a, right[name]), (b, wrong[name])))
    return out


def _contends(causes: dict[str, Any], name: str, accepted: set[str], focus: set[str]) -> bool:
    """Whether the cause competed here and was refused: it explains the root event and is no relative of an accepted."""
    cause = causes[name]
    if cause["parent"] in accepted or any(causes[c]["parent"] == name for c in accepted if c in causes):
        return False
    return cause["explains"] == ["any"] or bool(focus.intersection(cause["explains"]))


def weigh(cause: str, evidence: str, weight: int, when: tuple[int, int], otherwise: tuple[int, int]) -> Weight:
    """The measured ratio with a 90 % interval; each pair is (fired, of)."""
    (a, n), (b, m) = when, otherwise
    p, q = (a + 0.5) / (n + 1), (b + 0.5) / (m + 1)
    middle = 10 * math.log10(p / q)
    error = 10 / math.log(10) * math.sqrt((1 - p) / (a + 0.5) + (1 - q) / (b + 0.5))
    low, high = middle - SIGMA * error, middle + SIGMA * error
    flag = ""
    if min(n, m) >= ENOUGH and a + b >= ENOUGH:
        if low > 0 > weight or high < 0 < weight:
            flag = "sign"
        elif abs(middle - weight) > OFF and not low <= weight <= high:
            flag = "size"
    return Weight(cause, evidence, weight, a, n, b, m, middle, low, high, flag)


def summary(scores: Sequence[Score]) -> dict[str, Any]:
    """The figures over all incidents; None where no incident tells."""
    judged = [s for s in scores if s.wanted]
    quiet = [s for s in scores if s.quiet]
    found = [hit for s in scores for _, hit in s.facets]
    stated = [s for s in judged if s.rank or s.stated]
    return {
        "incidents": len(scores),
        "mechanism": len(judged),
        "top1": sum(s.right for s in judged),
        "top3": sum(1 <= s.rank <= 3 for s in judged),
        "not_wrong": sum(not s.wrong for s in scores),
        "diagnosed_right": sum(s.right and s.status == "diagnosed" for s in judged),
        "diagnosed": sum(s.status == "diagnosed" for s in judged),
        "facets": len(found),
        "facets_found": sum(found),
        "quiet": len(quiet),
        "quiet_right": sum(s.status == "no-failure" for s in quiet),
        "root_right": sum(s.root for s in scores),
        "brier": _mean([(s.stated - s.right) ** 2 for s in stated]),
        "log_loss": _mean([-math.log(max(s.mass, FLOOR)) for s in judged]),
    }


def reliability(scores: Iterable[Score]) -> list[dict[str, Any]]:
    """For each range of stated probabilities: how many, mean stated, how often right."""
    rows = []
    held = [s for s in scores if s.wanted and s.stated > 0]
    for low, high in zip(BINS, (*BINS[1:], 1.01), strict=True):
        inside = [s for s in held if low <= s.stated < high]
        rows.append(
            {
                "from": low,
                "to": min(high, 1.0),
                "count": len(inside),
                "stated": _mean([s.stated for s in inside]),
                "right": _mean([float(s.right) for s in inside]),
            }
        )
    return rows


def per_cause(scores: Iterable[Score]) -> list[dict[str, Any]]:
    """For each mechanism that is the best answer: cases, first, among the first three; for facets: cases and found."""
    rows: dict[str, list[int]] = {}
    for one in scores:
        if one.wanted:
            row = rows.setdefault(one.wanted[0], [0, 0, 0])
            row[0] += 1
            row[1] += one.right
            row[2] += 1 <= one.rank <= 3
        for name, hit in one.facets:
            row = rows.setdefault(name, [0, 0, 0])
            row[0] += 1
            row[1] += hit
            row[2] += hit
    return [{"cause": name, "cases": n, "top1": one, "top3": three} for name, (n, one, three) in sorted(rows.items())]


def confusion(scores: Iterable[Score]) -> list[dict[str, Any]]:
    """Which cause was wanted and which came first, where they differ; most frequent first."""
    pairs: dict[tuple[str, str], list[str]] = {}
    for one in scores:
        if one.wanted and not one.right:
            pairs.setdefault((one.wanted[0], one.got), []).append(one.id)
        elif one.quiet and one.status != "no-failure":
            pairs.setdefault(("no-failure", one.got), []).append(one.id)
    ordered = sorted(pairs.items(), key=lambda item: (-len(item[1]), item[0]))
    return [{"wanted": wanted, "got": got, "incidents": ids} for (wanted, got), ids in ordered]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def calibrate(work: Work, incidents: Iterable[Incident]) -> dict[str, Any]:
    """Everything that is measured, as plain data (the JSON form of the command)."""
    done = list(trials(work, incidents))
    scores = [score(work, trial) for trial in done]
    weights = measure(work, done)
    return {
        "summary": summary(scores),
        "reliability": reliability(scores),
        "causes": per_cause(scores),
        "confusion": confusion(scores),
        "missed": [
            {
                "incident": s.id,
                "wanted": list(s.wanted),
                "got": s.got,
                "stated": round(s.stated, 3),
                "status": s.status,
                "facets_missed": [name for name, hit in s.facets if not hit],
                "wrong": s.wrong,
                "root": s.root,
            }
            for s in scores
            if s.missed
        ],
        "evidence": [_round(w) for w in weights if w.flag],
        "evidence_measured": sum(min(w.right, w.wrong, w.fired_right + w.fired_wrong) >= ENOUGH for w in weights),
    }


def _round(weight: Weight) -> dict[str, Any]:
    row: dict[str, Any] = weight._asdict()
    return {name: round(value, 1) if isinstance(value, float) else value for name, value in row.items()}
