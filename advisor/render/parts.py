"""What of a verdict every form shows, and in which words: chosen here once, laid out by each renderer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from advisor.render.plain import percent, safe, seconds

RIVALS = 3
EXPLAINED = 0.2  # a mechanism below this probability is named but not explained
ADVISED = 0.3  # a first cause below this probability gets no advice
CHAIN = 5  # events of the chain that are shown
PRECURSORS = 2
NOTES = 5
HEADS = {
    "diagnosed": "DIAGNOSED",
    "likely": "LIKELY",
    "undetermined": "UNDETERMINED",
    "no-failure": "NO FAILURE FOUND",
}
ROLES = {"root": "started here", "precursor": "before it", "consequence": "then"}
READY = "a capture kernel is loaded, a dump can be expected; only a test crash proves it"
PROVEN = "a dump was saved on this machine before, another can be expected"
NOT_READY = "no capture kernel is loaded; the reason is not known"
READINESS_UNKNOWN = "Nothing is known about kdump here; check kexec_crash_loaded, kexec_crash_size and crashkernel="
READINESS_PARTLY = "Whether a dump would be saved is not known; check kexec_crash_loaded and kexec_crash_size"
UNNAMED = "something this knowledge does not name"
SILENT = 600  # seconds without a message that are worth a word
DEFECTS = 3  # known defects that are shown
_URL = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&*+,;=%-]+").fullmatch

Cause = dict[str, Any]


class Parts(NamedTuple):
    """The causes by the place that they get."""

    first: Cause | None  # the one to explain: the first mechanism, or a risk or owner where no mechanism is shown
    beside: list[Cause]  # owner, policy and risk that hold as well
    rivals: list[Cause]


def parts(verdict: dict[str, Any]) -> Parts:
    causes: list[Cause] = verdict["causes"]
    mechanisms = [c for c in causes if c["facet"] == "mechanism"]
    likely = [c for c in mechanisms if c["probability"] >= EXPLAINED]
    others = [c for c in causes if c["facet"] == "risk"]
    if not others and verdict["status"] in ("diagnosed", "likely"):
        others = [c for c in causes if c["facet"] == "owner"]
    first = next(iter(likely or others), None)
    beside = [
        c for c in causes if c["facet"] in ("owner", "policy", "risk") and c["probability"] >= 0.5 and c is not first
    ]
    return Parts(first, beside, [c for c in mechanisms if c is not first][:RIVALS])


def advice(verdict: dict[str, Any], first: Cause | None) -> tuple[str, list[tuple[str, str]]]:
    """What to do about the first cause: (heading, text) pairs, and the condition they stand under, "" once settled."""
    if first is None or first["probability"] < ADVISED:
        return "", []
    fields = (("Mitigate", "mitigate"), ("Fix", "fix"), ("Prevent", "prevent"))
    condition = f"If it is {first['id']}" if verdict["status"] == "undetermined" else ""
    return condition, [(heading, first[field]) for heading, field in fields if first[field]]


def defects(verdict: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """A heading for the known defects that fit, and those to show: only those that this kernel surely has, if any."""
    known: list[dict[str, Any]] = verdict.get("defects", [])
    affected = [one for one in known if one["status"] == "affected"]
    more = "s" if len(affected or known) > 1 else ""
    if affected:
        return f"Known defect{more} that fit{'' if more else 's'}", affected[:DEFECTS]
    return f"Known defect{more} that may be it", known[:DEFECTS]


def commit(one: dict[str, str]) -> str:
    """A commit as people look it up: its subject, and its mainline hash where it is known."""
    return f"{safe(one['subject'])}" + (f" ({safe(one['hash'][:12])})" if one["hash"] else "")


def chain(verdict: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """The events to show - the last precursors, the root event, what it led to - and how many more follow."""
    events = verdict["events"]
    linked = [events[index] for index in verdict["chain"]]
    precursors = [e for e in events if e["role"] == "precursor"][-PRECURSORS:]
    return precursors + linked[:CHAIN], max(len(linked) - CHAIN, 0)


def repeated(event: dict[str, Any]) -> str:
    """How often the event came, and at which rate; "" for once."""
    count, rate = event["attributes"].get("count", 1), event["attributes"].get("per-hour")
    if count < 2:
        return ""
    return f" ({count} times{'' if rate is None else f', {rate:g} errors per hour'})"


def timing(verdict: dict[str, Any], event: dict[str, Any]) -> list[str]:
    """What the clock says around the root event or the end of the log."""
    said = []
    if event["role"] == "root":
        silence = _duration(verdict, "log.silence")
        if silence is not None and silence >= SILENT:
            said.append(f"Nothing was logged for {seconds(silence)} before it.")
    if event["kind"] == "truncated-log":
        downtime = _duration(verdict, "log.downtime")
        if downtime is not None:
            said.append(f"By the clock, the next boot was logged {seconds(downtime)} after the last message.")
    if last_messages(event):
        said.append("The last messages:")
    return said


def last_messages(event: dict[str, Any]) -> list[str]:
    """The messages before a log that stops."""
    return list(event["attributes"].get("last-messages", ()))


def _duration(verdict: dict[str, Any], fact: str) -> float | None:
    known = verdict["facts"].get(fact)
    return known["value"] if known and isinstance(known["value"], int | float) else None


def place(event: dict[str, Any]) -> str:
    """Where the event stands; line 0 is an event that a person told of."""
    return f"line {event['line']}" if event["line"] else "told"


def source(finding: dict[str, Any]) -> str:
    """The lines or facts behind a finding, cleaned; "" where it has none (absence, for example)."""
    numbers = list(dict.fromkeys(n for n in finding["lines"] if n))
    if numbers:
        more = " ..." if len(numbers) > 3 else ""
        return f"line{'s' if len(numbers) > 1 else ''} {', '.join(str(n) for n in numbers[:3])}{more}"
    if finding["lines"]:
        return "told"
    return ", ".join(f"{safe(name)} = {shown(value)}" for name, value in list(finding["facts"].items())[:2])


def shown(value: object) -> str:
    """A fact's value as people write it, cleaned."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(safe(item) for item in value) or "(none)"
    return "unknown" if value is None else safe(value)


def ready(readiness: dict[str, Any]) -> str:
    """The sentence where a dump can be expected: by what."""
    return PROVEN if readiness.get("proven") else READY


def doubts(readiness: dict[str, Any]) -> list[str]:
    """What might keep a dump from being written, a sentence each, where nothing keeps it for sure."""
    if readiness["ok"] is False:
        return []
    return [f"{percent(d['probability'])} {safe(d['title'])} ({safe(d['says'])})" for d in readiness["doubts"][:3]]


def unready(readiness: dict[str, Any]) -> str:
    """The sentence where neither readiness nor its lack is known."""
    return READINESS_PARTLY if readiness.get("known") else READINESS_UNKNOWN


def link(url: str) -> str:
    """The address if it is a plain web address, else ""."""
    return url if _URL(url) else ""


def spans(text: str) -> Iterator[tuple[bool, str]]:
    """(is code, text) pieces of a sentence with `code` in it, as knowledge files are written."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # a backtick without a partner
        pieces[-2:] = ["`".join(pieces[-2:])]
    for index, piece in enumerate(pieces):
        if piece:
            yield index % 2 == 1, piece
