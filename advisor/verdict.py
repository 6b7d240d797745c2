"""Diagnosis -> verdict: the outward form, version 1 (a mapping ready for JSON).  Fields may be added, never removed."""

from __future__ import annotations

from typing import Any

from advisor.ask import next_probes
from advisor.diagnose import Diagnosis
from advisor.engine.evaluator import Matcher
from advisor.rank import SHOWN, Hypothesis
from advisor.render.plain import percent
from facts.records import Event
from facts.signature import signature
from kb.cache import Base

SCHEMA = "kadvisor/verdict/1"
MAX_EVENTS = 200
DOUBTED = 0.2  # what may keep a dump from being written is named from this probability on


def verdict(base: Base, diagnosis: Diagnosis) -> dict[str, Any]:
    """The verdict of a diagnosis.  Its fields: docs/verdict.md."""
    evidence, ranking = diagnosis.evidence, diagnosis.ranking
    known = _defects(base, diagnosis)
    shown = [h for h in ranking.hypotheses if h.probability >= SHOWN]
    kept, moved = _kept(evidence.events, evidence.root, evidence.chain)
    root = evidence.events[evidence.root] if evidence.root is not None else None
    return {
        "schema": SCHEMA,
        "input": evidence.name,
        "files": evidence.files,
        "status": ranking.status,
        "summary": _summary(base, root, ranking.status, shown, known),
        "events": [_event(evidence.events[index]) for index in kept],
        "root_event": moved.get(evidence.root) if evidence.root is not None else None,
        "chain": [moved[index] for index in evidence.chain if index in moved],
        "causes": [_cause(base, diagnosis, h) for h in shown],
        "something_else": round(ranking.open, 3),
        "defects": known,
        "readiness": _readiness(base, diagnosis),
        "next": next_probes(base, diagnosis),
        "signature": signature(root) if root is not None else None,
        "facts": {
            name: {"value": _plain(known.value), "from": known.origin} for name, known in sorted(evidence.facts.items())
        },
        "usable": evidence.usable,
        "notes": evidence.notes,
        "lines_read": evidence.lines,
    }


def _defects(base: Base, diagnosis: Diagnosis) -> list[dict[str, Any]]:
    """The known defects that fit (advisor/defects.py, which is loaded only where there are any)."""
    findings = (f.id for h in diagnosis.ranking.hypotheses if h.facet == "owner" for f in h.findings)
    if not any(name.startswith("defect-") for name in findings):
        return []
    from advisor.defects import defects

    return defects(base, diagnosis)


def _kept(events: list[Event], root: int | None, chain: list[int]) -> tuple[list[int], dict[int, int]]:
    """Indices of the events to show (all, or the gravest when there are very many), and old -> new index."""
    indices = list(range(len(events)))
    if len(indices) > MAX_EVENTS:
        order = ("root", "consequence", "precursor", "context")
        wanted = sorted(indices, key=lambda i: (i != root, i not in chain, order.index(events[i].role), i))
        indices = sorted(wanted[:MAX_EVENTS])
    return indices, {old: new for new, old in enumerate(indices)}


def _event(event: Event) -> dict[str, Any]:
    attributes = event.attributes
    function, module = attributes.get("function"), attributes.get("module")
    if not function and not module:  # a file system or driver that speaks for itself
        module = attributes.get("filesystem") or attributes.get("driver")
    culprit = None
    if function or module:
        culprit = {"function": function, "module": module, "offset": event.offset or None}
    return {
        "kind": event.kind,
        "line": event.line,
        "end_line": event.end_line,
        "time": event.time,
        "cpu": event.cpu,
        "task": {"comm": event.comm, "pid": event.pid} if event.comm else None,
        "title": title(event),
        "culprit": culprit,
        "attributes": {name: _plain(value) for name, value in sorted(attributes.items()) if value is not None},
        "role": event.role,
        "text": event.text,
        "file": event.file,
    }


def title(event: Event) -> str:
    """The kind's title, with {attribute} filled in."""
    words = {name: _joined(value) for name, value in event.attributes.items()}
    words.setdefault("comm", event.comm)
    out, rest = [], event.title
    while (start := rest.find("{")) >= 0 and (end := rest.find("}", start)) >= 0:
        out += [rest[:start], words.get(rest[start + 1 : end], "?")]
        rest = rest[end + 1 :]
    return "".join(out) + rest


def commands(base: Base, diagnosis: Diagnosis, cause: str) -> list[str]:
    """What to type for the fix of a cause on this machine, as far as it is known; [] where nothing fits."""
    matcher = Matcher(base.leaves, diagnosis.memory)
    for entry in base.causes[cause]["commands"]:
        if any(matcher.clause(clause) is not None for clause in entry["clauses"]):
            return list(entry["run"])
    return []


def _cause(base: Base, diagnosis: Diagnosis, hypothesis: Hypothesis) -> dict[str, Any]:
    cause = base.causes[hypothesis.cause]
    events = diagnosis.evidence.events
    facts = diagnosis.evidence.facts
    return {
        "id": hypothesis.cause,
        "facet": hypothesis.facet,
        "probability": round(hypothesis.probability, 3),
        "title": cause["title"],
        "score": hypothesis.score,
        "findings": [
            {
                "id": finding.id,
                "weight": finding.weight,
                "counted": finding.counted,
                "says": finding.says,
                "why": finding.why,
                "lines": [events[index].line for index in finding.events][:20],
                "files": [events[index].file for index in finding.events][:20],
                "facts": {name: _plain(facts[name].value) if name in facts else None for name in finding.facts},
            }
            for finding in hypothesis.findings
        ],
        "verify": cause["verify"],
        "mitigate": cause["mitigate"],
        "fix": cause["fix"],
        "commands": commands(base, diagnosis, hypothesis.cause),
        "prevent": cause["prevent"],
        "references": [{"title": name, "url": url} for name, url in cause["references"]],
    }


def _readiness(base: Base, diagnosis: Diagnosis) -> dict[str, Any]:
    """Would the machine leave a usable dump next time?  ok is None while nothing about it is known."""
    problems = [
        {
            "id": h.cause,
            "title": base.causes[h.cause]["title"],
            "probability": round(h.probability, 3),
            "fix": base.causes[h.cause]["fix"],
            "commands": commands(base, diagnosis, h.cause),
        }
        for h in diagnosis.ranking.hypotheses
        if h.facet == "readiness" and h.probability >= 0.5
    ]
    doubts = [
        {"id": h.cause, "title": base.causes[h.cause]["title"], "probability": round(h.probability, 3), "says": says}
        for h in diagnosis.ranking.hypotheses
        if h.facet == "readiness" and DOUBTED <= h.probability < 0.5
        for says in [finding.says for finding in h.findings if finding.weight > 0][:1]
    ]
    facts = diagnosis.memory.facts
    known = any(name.startswith("kdump.") for name in facts) or "kernel.cmdline" in facts
    loaded = facts.get("kdump.loaded")
    proven = facts.get("kdump.tested") is True or facts.get("kdump.newest_vmcore_complete") is True
    ok = False if problems or loaded is False else True if loaded or proven else None
    return {"ok": ok, "known": known, "loaded": loaded, "proven": proven, "problems": problems, "doubts": doubts}


def _summary(base: Base, root: Event | None, status: str, shown: list[Hypothesis], known: list[dict[str, Any]]) -> str:
    """One sentence for a ticket."""
    mechanisms = [h for h in shown if h.facet == "mechanism"]
    if status == "no-failure":
        return "No kernel failure found in the evidence."
    happened = title(root) if root is not None else "A failure"
    if root is not None:
        function, module = root.attributes.get("function"), root.attributes.get("module")
        if function:
            happened += f" in {function}" + (f" [{module}]" if module else "")
        elif module:
            happened += f" in module {module}"
    affected = [one["fixed_in"] for one in known if one["status"] == "affected"]
    fixed = f"; it fits a known defect, fixed in {affected[0]}" if affected else ""
    others = [h for h in shown if h.facet == "risk" and h.probability >= 0.5]
    others = others or [h for h in shown if h.facet == "owner" and h.probability >= 0.5]
    if status == "undetermined" or not (mechanisms or others):
        return f"{happened}; the cause is undetermined{fixed}."
    best = mechanisms[0] if mechanisms and (mechanisms[0].probability >= 0.2 or not others) else others[0]
    word = "most probably" if status == "diagnosed" else "probably"
    parts = [f"{happened}: {word} {_lower(base.causes[best.cause]['title'])} ({percent(round(best.probability, 3))})"]
    beside = [h for h in shown if h.facet in ("owner", "policy") and h.probability >= 0.5 and h is not best]
    beside = [h for h in beside if not (fixed and any(f.id.startswith("defect-") for f in h.findings))]
    if beside:
        parts.append("; ".join(_lower(base.causes[h.cause]["title"]) for h in beside[:2]))
    return "; ".join(parts) + fixed + "."


def _lower(text: str) -> str:
    first = text.split(" ", 1)[0]
    return text[0].lower() + text[1:] if first[1:].islower() or len(first) == 1 else text


def _joined(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
