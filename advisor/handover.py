"""What was ruled out, and who should get which lines: what a verdict leads to beside its own words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from advisor.diagnose import Diagnosis
from advisor.engine import Firing
from advisor.engine.evaluator import Matcher
from advisor.rank import Hypothesis, fill, focus_kinds
from facts.records import Event
from kb.cache import Base

RULED_OUT = 0.05  # a cause below this probability, with a finding against it, is ruled out
_MACHINE = ("hardware.vendor", "hardware.product", "hardware.bios_version", "hardware.cpu_model", "kernel.microcode")
_KERNEL = ("kernel.version", "kernel.distribution", "kernel.cmdline", "kernel.taint")
_GUEST = ("virtualization.kind", "virtualization.cloud", "virtualization.instance_type", "kernel.version")


class RuledOut(NamedTuple):
    cause: str
    title: str
    probability: float
    reasons: list[str]  # findings that speak against it, the strongest first


class Handover(NamedTuple):
    """Who should get what."""

    who: str
    why: str
    events: list[Event]  # whose lines
    facts: list[str]  # names of known facts that belong to it


def ruled_out(base: Base, diagnosis: Diagnosis, number: int = 6) -> list[RuledOut]:
    """Mechanisms that would explain the root event, but that findings speak against."""
    focus = focus_kinds(diagnosis.memory)
    shown = {h.cause: h.probability for h in diagnosis.ranking.hypotheses}
    matcher = Matcher(base.leaves, diagnosis.memory)
    found: list[tuple[int, RuledOut]] = []
    for name, cause in base.causes.items():
        probability = shown.get(name, 0.0)
        if cause["facet"] != "mechanism" or probability >= RULED_OUT or not focus:
            continue
        if cause["explains"] != ["any"] and not focus.intersection(cause["explains"]):
            continue
        against: list[tuple[int, str]] = []
        for evidence in cause["evidence"]:
            if evidence["weight"] >= 0:
                continue
            matches = [match for clause in evidence["clauses"] if (match := matcher.clause(clause)) is not None]
            if matches:
                firing = Firing(0, *matches[0])
                against.append((evidence["weight"], fill(evidence["says"], diagnosis.memory, firing)))
        if against:
            against.sort()
            entry = RuledOut(name, cause["title"], probability, [says for _, says in against])
            found.append((sum(weight for weight, _ in against), entry))
    found.sort(key=lambda one: (one[0], one[1].cause))
    return [entry for _, entry in found[:number]]


def handover(base: Base, diagnosis: Diagnosis) -> list[Handover]:
    """Who should get which lines and facts, the most important first; nothing while nothing is likely."""
    evidence, ranking = diagnosis.evidence, diagnosis.ranking
    if evidence.root is None or ranking.status == "no-failure":
        return []
    root = evidence.events[evidence.root]
    linked = [evidence.events[index] for index in evidence.chain] or [root]
    leading = [h for h in ranking.mechanisms() if h.probability >= 0.2][:3]
    beside = {h.cause for h in ranking.hypotheses if h.facet == "owner" and h.probability >= 0.5}
    out: list[Handover] = []
    broken = [
        event for event in evidence.events if event.kind in base.parties.get("hardware-events", ()) and event.line
    ]
    hardware = _of(base, leading, "hardware")
    own = _of(base, leading, "site")
    virtual = _text(diagnosis, "virtualization.kind") not in ("", "none")
    if hardware or (broken and not virtual):
        who = "the hardware vendor" + _named(diagnosis, "hardware.vendor")
        why = _because(base, hardware) or "hardware errors stand in the log"
        out.append(_handover(diagnosis, who, why, broken or linked, _MACHINE))
    below = _of(base, leading, "virtualization")
    if below or (hardware and virtual):
        who = "whoever runs the hypervisor" + _named(diagnosis, "virtualization.cloud")
        why = _because(base, below) or "the machine is a guest"
        out.append(_handover(diagnosis, who, why, linked, _GUEST))
    if own:
        out.append(_handover(diagnosis, "your own administration", _because(base, own), linked, _KERNEL))
    module = root.attributes.get("module")
    outside = sorted(beside.intersection(base.parties.get("outside", ())))
    code = [h for h in leading if h not in [*hardware, *below, *own]]
    if outside:
        who = f"the maker of {module}" if isinstance(module, str) else "the maker of the added module or program"
        out.append(_handover(diagnosis, who, base.causes[outside[0]]["title"], linked, _KERNEL))
    elif isinstance(module, str) and code:
        who = f"the maintainer of the driver {module}"
        why = "found with scripts/get_maintainer.pl in the kernel source; " + _because(base, code)
        out.append(_handover(diagnosis, who, why, linked, _KERNEL))
    if code and not outside:
        who = "the distribution" + _named(diagnosis, "kernel.distribution")
        why = "they built this kernel" + (": " + _because(base, code) if not isinstance(module, str) else "")
        out.append(_handover(diagnosis, who, why, linked, _KERNEL))
    return out


def _of(base: Base, leading: Sequence[Hypothesis], party: str) -> list[Hypothesis]:
    """The leading causes that are a matter of the hardware, the hypervisor (virtualization) or the site."""
    out = []
    for hypothesis in leading:
        name = hypothesis.cause
        told = next((p for p in ("hardware", "site") if name in base.parties.get(p, ())), "")
        of = told or base.causes[name]["family"]
        if of == party:
            out.append(hypothesis)
    return out


def _handover(diagnosis: Diagnosis, who: str, why: str, events: Sequence[Event], facts: Sequence[str]) -> Handover:
    known = [name for name in facts if name in diagnosis.evidence.facts]
    return Handover(who, why, [event for event in events if event.line][:8], known)


def _because(base: Base, hypotheses: Sequence[Hypothesis]) -> str:
    return "; ".join(str(base.causes[h.cause]["title"]) for h in hypotheses[:2])


def _text(diagnosis: Diagnosis, name: str) -> str:
    known = diagnosis.evidence.facts.get(name)
    return "" if known is None else str(known.value)


def _named(diagnosis: Diagnosis, name: str) -> str:
    text = _text(diagnosis, name)
    return f" ({text})" if text not in ("", "none", "other") else ""


def lines_of(event: Event, files: Sequence[str]) -> str:
    """The lines of an event, with their file where there are several."""
    where = f" of {files[event.file]}" if len(files) > 1 and 0 <= event.file < len(files) else ""
    last = f"-{event.end_line}" if event.end_line > event.line else ""
    return f"line{'s' if last else ''} {event.line}{last}{where}"


def as_data(base: Base, diagnosis: Diagnosis) -> dict[str, Any]:
    """Both as a mapping ready for JSON."""
    files = diagnosis.evidence.files
    return {
        "ruled_out": [entry._asdict() for entry in ruled_out(base, diagnosis)],
        "handover": [
            {"who": h.who, "why": h.why, "lines": [lines_of(e, files) for e in h.events], "facts": h.facts}
            for h in handover(base, diagnosis)
        ],
    }
