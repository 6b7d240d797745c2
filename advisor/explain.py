"""Why: this question, this conclusion, not that cause.  Lines of plain text, computed from the diagnosis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from advisor.diagnose import Diagnosis
from advisor.engine import Firing
from advisor.engine.evaluator import RELEASE_OPS, Matcher
from advisor.rank import Finding, Hypothesis, fill, focus_kinds, worth
from advisor.render.plain import percent, safe
from kb.cache import Base


def how(base: Base, diagnosis: Diagnosis, cause: str) -> Iterator[str]:
    """The evidence tree of a cause: prior, findings with weights, the lines and facts behind them."""
    hypothesis = next((h for h in diagnosis.ranking.hypotheses if h.cause == cause), None)
    if hypothesis is None:
        yield from why_not(base, diagnosis, cause)
        return
    entry = base.causes[cause]
    yield f"{safe(entry['title'])} ({cause}): {percent(hypothesis.probability)}"
    prior = hypothesis.score - worth(hypothesis.findings)
    yield f"  {prior:+3d}  before any evidence"
    for finding in hypothesis.findings:
        yield from _finding(diagnosis, finding)
    yield f"  {hypothesis.score:+3d}  in all, in decibans against something else (0); 10 more is ten times likelier"
    fired = {f.id for f in hypothesis.findings}
    silent = [e for e in entry["evidence"] if e["id"] not in fired and e["weight"] > 0 and "defect" not in e]
    if silent:
        yield "  not seen, but would speak for it:"
        for evidence in silent[:6]:
            yield f"  {evidence['weight']:+3d}  {_form(evidence['says'])}"


def _finding(diagnosis: Diagnosis, finding: Finding) -> Iterator[str]:
    counted = "" if finding.counted else "  (not counted: stronger evidence says the same)"
    yield f"  {finding.weight:+3d}  {safe(finding.says)}{counted}"
    for index in finding.events[:3]:
        event = diagnosis.evidence.events[index]
        yield f"         {f'line {event.line}' if event.line else 'told'}: {safe(event.text)}"
    for name in finding.facts[:3]:
        known = diagnosis.evidence.facts.get(name)
        if known is not None:
            yield f"         {name} = {safe(known.value)} ({safe(known.origin)})"
    yield f"         {safe(finding.why)}"


def why_not(base: Base, diagnosis: Diagnosis, cause: str) -> Iterator[str]:
    """What keeps a cause from being the answer: what speaks against it, and what for it was not found."""
    entry = base.causes[cause]
    hypothesis = next((h for h in diagnosis.ranking.hypotheses if h.cause == cause), None)
    yield f"{safe(entry['title'])} ({cause}): {percent(hypothesis.probability) if hypothesis else 'not shown'}"
    focus = focus_kinds(diagnosis.memory)
    if focus and entry["explains"] != ["any"] and not focus.intersection(entry["explains"]):
        possible = ", ".join(entry["explains"]) or "facts only"
        yield f"  it does not explain {', '.join(sorted(focus))}; it could start with {possible}"
    matcher = Matcher(base.leaves, diagnosis.memory)
    for evidence in sorted(entry["evidence"], key=lambda e: e["weight"]):
        match = next(filter(None, map(matcher.clause, evidence["clauses"])), None)
        fired = match is not None
        says = safe(fill(evidence["says"], diagnosis.memory, Firing(0, *match))) if match is not None else ""
        if not fired and "defect" in evidence and not _signature(base, matcher, evidence["clauses"]):
            continue  # one of many known defects, and not even its signature is there
        if fired and evidence["weight"] < 0:
            yield f"  {evidence['weight']:+3d}  speaks against it: {says}"
        elif fired:
            yield f"  {evidence['weight']:+3d}  speaks for it: {says}"
        elif evidence["weight"] > 0:
            missing = _missing(base, matcher, evidence["clauses"])
            yield f"  {evidence['weight']:+3d}  not found: {_form(evidence['says'])}" + (
                f" ({missing})" if missing else ""
            )


def _signature(base: Base, matcher: Matcher, clauses: Sequence[Sequence[int]]) -> bool:
    """Whether all holds in some clause of a known defect but the tests of the release."""

    def of_release(literal: int) -> bool:
        leaf = base.leaves[literal if literal >= 0 else ~literal]
        return leaf[0] == "fact" and (leaf[2] in RELEASE_OPS or leaf[1] == "kernel.numbering")

    return any(all(of_release(x) or matcher.literal(x) is not None for x in clause) for clause in clauses)


def _missing(base: Base, matcher: Matcher, clauses: Sequence[Sequence[int]]) -> str:
    """The first thing that the nearest clause lacks."""
    best: list[int] = []
    for clause in clauses:
        lacking = [literal for literal in clause if matcher.literal(literal) is None]
        if not best or len(lacking) < len(best):
            best = lacking
    return describe(base, best[0]) if best else ""


def describe(base: Base, literal: int) -> str:
    """What a literal needs, or what is there that must not be, in words."""
    return f"needs {_leaf(base, literal)}" if literal >= 0 else f"there is {_leaf(base, ~literal)}"


def _leaf(base: Base, number: int) -> str:
    leaf: list[Any] = base.leaves[number]
    if leaf[0] == "fact":
        return f"{leaf[1]} {_words(leaf[2], leaf[3])}"
    if leaf[0] == "event":
        kinds = " or ".join(leaf[1]) or "any event"
        tests = ", ".join(f"{name} {_words(op, value)}" for name, op, value in leaf[3])
        return f"{kinds}{' as the root event' if leaf[2] else ''}" + (f" with {tests}" if tests else "")
    if leaf[0] == "count":
        kinds = " or ".join(leaf[1]) or "any event"
        values = f"different values of {leaf[2]} in " if leaf[2] else "of "
        return f"{leaf[3].replace('-', ' ')} {leaf[4]} {values}{kinds}"
    return f"two events with the same {leaf[3]}"


def _words(op: str, value: object) -> str:
    if op == "known":
        return "known" if value else "unknown"
    if op in RELEASE_OPS and isinstance(value, list):
        return "to be a release with the defect and without its correction"
    shown = (
        " or ".join(map(str, value))
        if isinstance(value, list)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
    return (
        f"{op.replace('-', ' ')} {shown}".replace("is ", "= ", 1) if op == "is" else f"{op.replace('-', ' ')} {shown}"
    )


def _form(template: str) -> str:
    """A `says` text with its placeholders in words."""
    return safe(template.replace("{", "<").replace("}", ">"))


def why(base: Base, diagnosis: Diagnosis, question: dict[str, Any]) -> Iterator[str]:
    """Why this question: which leading causes its answers would raise or lower."""
    fact = question["learns"]
    yield f"{question['probe']} is worth {question['gain']:.2f} bits for {question['cost']}; it tells {fact}."
    for hypothesis in _leading(diagnosis):
        entry = base.causes[hypothesis.cause]
        for evidence in entry["evidence"]:
            for clause in evidence["clauses"]:
                for literal in clause:
                    leaf = base.leaves[literal if literal >= 0 else ~literal]
                    if leaf[0] == "fact" and leaf[1] == fact:
                        direction = "raises" if evidence["weight"] > 0 else "lowers"
                        yield (
                            f"  {_words(leaf[2], leaf[3])} {direction} {hypothesis.cause} "
                            f"(now {percent(hypothesis.probability)}) "
                            f"by {abs(evidence['weight'])} decibans: {safe(evidence['why'])}"
                        )
    if question.get("confirms"):
        yield f"  speaks for it: {safe(question['confirms'])}"
    if question.get("refutes"):
        yield f"  speaks against it: {safe(question['refutes'])}"


def _leading(diagnosis: Diagnosis) -> list[Hypothesis]:
    return [h for h in diagnosis.ranking.hypotheses if h.probability >= 0.02][:10]
