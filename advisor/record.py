"""The incident record: the verdict with what was asked and answered, what was ruled out, and what goes to whom."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.handover import handover, lines_of, ruled_out
from advisor.render.markdown import code, escape, markdown
from advisor.render.parts import shown
from advisor.render.plain import percent
from advisor.session import Session, Step
from advisor.verdict import title


def record(session: Session) -> str:
    """The record as Markdown, ending in a line feed."""
    return markdown(session.verdict()).rstrip("\n") + "\n" + "\n".join(_parts(session)) + "\n"


def _parts(session: Session) -> Iterator[str]:
    base, diagnosis = session.work.base, session.diagnosis
    if session.steps:
        yield from ("", "### Questions and answers", "", "| Asked | Answer |", "| --- | --- |")
        for step in session.steps:
            asked, answer = _asked(session, step)
            yield f"| {escape(asked)} | {escape(answer)} |"
    out = ruled_out(base, diagnosis)
    if out:
        yield from ("", "### Ruled out", "")
        for entry in out:
            reasons = "; ".join(escape(reason) for reason in entry.reasons)
            yield f"- {escape(entry.title)} ({code(entry.cause)}, {percent(entry.probability)}): {reasons}"
    parties = handover(base, diagnosis)
    if parties:
        yield from ("", "### Who gets what")
        facts, files = diagnosis.evidence.facts, diagnosis.evidence.files
        for party in parties:
            who = party.who[:1].upper() + party.who[1:]
            yield from ("", f"#### {escape(who)}", "", f"Why: {escape(party.why)}", "")
            for event in party.events:
                yield f"- {lines_of(event, []) if len(files) < 2 else escape(lines_of(event, files))}: " + (
                    f"{escape(title(event))}: {code(event.text)}"
                )
            for name in party.facts:
                yield f"- {code(name)}: {escape(shown(facts[name].value))}"
    sources = session.bundle.sources if session.bundle is not None else []
    if sources:
        yield from ("", "### Files read", "")
        for source in sources:
            check = f", SHA-256 {source.sha256}" if source.sha256 else ""
            yield f"- {code(source.path)}: {source.size} bytes{check}"


def _asked(session: Session, step: Step) -> tuple[str, str]:
    base = session.work.base
    said = "not known" if step.value is None else shown(step.value)
    if step.action in ("answer", "skip"):
        probe = base.probes[step.name]
        return probe["ask"], said + (f" ({step.source})" if step.source else "")
    if step.action == "symptom":
        return "What was seen", base.symptoms[step.name]["says"] + (f" ({said})" if step.value else "")
    if step.action == "event":
        return "What was seen", base.events[step.name]["title"] + (f" ({said})" if step.value else "")
    return step.name, said + (f" ({step.source})" if step.source else "")
