"""Incidents as tests of the knowledge: does each end in one of its accepted causes?  Samples of known defects, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from advisor.defects import AFFECTED, POSSIBLE, defects
from advisor.diagnose import Diagnosis
from advisor.rank import Hypothesis
from advisor.work import Work
from facts.evidence import Known
from facts.records import Value
from kb.model import Defect, Incident, Problem

FEW = 50  # so few cases are tried faster by one process than others are started
BESIDE = 0.5  # owner, policy, readiness and risk are accepted from this probability on


class Trial(NamedTuple):
    incident: Incident
    diagnosis: Diagnosis
    problems: list[Problem]


def flat(facts: dict[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Nested facts by full names."""
    for name, value in facts.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def diagnose(work: Work, incident: Incident) -> tuple[Diagnosis, list[Problem]]:
    """Diagnose one incident; facts that cannot be used become problems."""
    problems: list[Problem] = []
    facts: dict[str, Known] = {}
    for name, raw in flat(incident.facts):
        try:
            value: Value | None = work.gatherer.names.convert(name, raw)
        except ValueError as error:
            problems.append(Problem(incident.place, f"facts.{name}", str(error)))
            continue
        if value is not None:
            facts[name] = Known(value, "incident")
    logs = [("log", incident.log)] if incident.log else []
    return work.diagnose(work.gatherer.gather(incident.id, facts, logs, needed=False)), problems


def trials(work: Work, incidents: Iterable[Incident]) -> Iterator[Trial]:
    for incident in incidents:
        diagnosis, problems = diagnose(work, incident)
        problems += [Problem(incident.place, field, text) for field, text in judge(work, incident, diagnosis)]
        yield Trial(incident, diagnosis, problems)


def mechanisms_of(work: Work, incident: Incident) -> tuple[str, ...]:
    """The accepted causes that are mechanisms; the others stand beside them."""
    known = work.base.causes
    return tuple(c for c in incident.causes if c in known and known[c]["facet"] == "mechanism")


def judge(work: Work, incident: Incident, diagnosis: Diagnosis) -> Iterator[tuple[str, str]]:
    """(field, what is wrong) where the diagnosis does not end as the incident says."""
    ranking, evidence = diagnosis.ranking, diagnosis.evidence
    if not incident.causes:
        if ranking.status != "no-failure":
            yield "causes", f"nothing failed here, but the status is {ranking.status} ({_shown(ranking.mechanisms())})"
        return
    facet = {name: cause["facet"] for name, cause in work.base.causes.items()}
    mechanisms = mechanisms_of(work, incident)
    shown = {h.cause: h.probability for h in ranking.hypotheses}
    first = ranking.mechanisms()[0].cause if ranking.mechanisms() else None
    if mechanisms and first not in mechanisms:
        yield "causes", f"accepts {', '.join(mechanisms)}, but the advisor says {_shown(ranking.mechanisms())}"
    for cause in incident.causes:
        if facet.get(cause) not in (None, "mechanism") and shown.get(cause, 0) < BESIDE:
            yield "causes", f"{cause} should stand beside the mechanism, but has only {shown.get(cause, 0):.2f}"
    if first in incident.not_causes:
        yield "not", f"{first} must not come first"
    for cause in incident.not_causes:
        if facet.get(cause) != "mechanism" and shown.get(cause, 0) >= BESIDE:
            yield "not", f"{cause} must not be claimed, but has {shown[cause]:.2f}"
    kind = evidence.events[evidence.root].kind if evidence.root is not None else "none"
    if incident.root and incident.root != kind:
        yield "root", f"is {kind}, not {incident.root}"


def _shown(hypotheses: list[Hypothesis]) -> str:
    return ", ".join(f"{h.cause} {h.probability:.2f}" for h in hypotheses[:3]) or "nothing"


def samples(work: Work, known: Iterable[Defect]) -> Iterator[Problem]:
    """Samples of known defects: with each release the defect is claimed as surely as the sample says, or not at all."""
    for defect in known:
        for sample in defect.samples:
            for wanted, releases in (
                (AFFECTED, sample.affected),
                (POSSIBLE, sample.possible),
                ("excluded", sample.excluded),
            ):
                for release in releases:
                    log = sample.log.replace("{release}", release)
                    evidence = work.gatherer.gather(defect.id, {}, [("sample", log)], needed=False)
                    found = {one["id"]: one["status"] for one in defects(work.base, work.diagnose(evidence))}
                    got = found.get(defect.id, "excluded")
                    if got != wanted:
                        yield Problem(sample.place, f"samples.{wanted}", f"{release} is {got}, not {wanted}")


_worker: Work | None = None


def _start(folders: Sequence[str], engine: str) -> None:
    global _worker
    _worker = Work(folders, engine)


def _problems(case: Incident | Defect) -> list[Problem]:
    assert _worker is not None
    if isinstance(case, Defect):
        return list(samples(_worker, [case]))
    return [problem for trial in trials(_worker, [case]) for problem in trial.problems]


def tried(
    folders: Sequence[str], engine: str, cases: Sequence[Incident | Defect], jobs: int
) -> Iterator[list[Problem]]:
    """The problems of each case in turn, found by so many processes."""
    if jobs == 1 or len(cases) < FEW:
        _start(folders, engine)
        yield from map(_problems, cases)
        return
    from multiprocessing import get_context

    Work(folders, engine)  # compiles what has changed once for all
    with get_context("spawn").Pool(jobs, _start, (folders, engine)) as pool:
        yield from pool.imap(_problems, cases, chunksize=8)
