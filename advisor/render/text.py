"""The verdict for a terminal: what happened, how sure, on which lines, what to do next, within one screen."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from advisor.render.plain import Style, percent, safe, seconds, wrap

FINDINGS = 5  # findings of the first cause that are shown
RIVALS = 3
STEPS = 3
_HEADS = {
    "diagnosed": "DIAGNOSED",
    "likely": "LIKELY",
    "undetermined": "UNDETERMINED",
    "no-failure": "NO FAILURE FOUND",
}


def text(verdict: dict[str, Any], *, width: int = 100, colour: bool = False) -> str:
    """The verdict as lines of at most `width` characters (log lines and commands may be longer)."""
    style = Style(colour)
    width = max(40, min(width, 120))
    return "\n".join(_lines(verdict, width, style)) + "\n"


def _lines(verdict: dict[str, Any], width: int, style: Style) -> Iterator[str]:
    status = verdict["status"]
    paint = {"diagnosed": style.good, "likely": style.doubt, "no-failure": style.good}.get(status, style.bad)
    yield f"{paint(_HEADS[status])}  {safe(verdict['input'])}"
    yield from (style.bold(line) for line in wrap(safe(verdict["summary"]), width))
    causes = verdict["causes"]
    mechanisms = [c for c in causes if c["facet"] == "mechanism"]
    if verdict["chain"]:
        yield ""
        yield style.bold("What happened")
        yield from _chain(verdict, width, style)
    first = _first(verdict, mechanisms)
    if first is not None:
        yield ""
        yield style.bold(f"Why {first['id']}, {percent(first['probability'])}") + style.dim(
            "   weights in decibans: +10 is ten times likelier"
        )
        yield from _findings(first, width)
    beside = [
        c for c in causes if c["facet"] in ("owner", "policy", "risk") and c["probability"] >= 0.5 and c is not first
    ]
    rivals = [c for c in mechanisms if c is not first][:RIVALS]
    if beside:
        yield ""
        yield style.bold("Beside it")
        for cause in beside:
            yield from _item(f"{percent(cause['probability']):>9}  ", f"{safe(cause['title'])} ({cause['id']})", width)
    if rivals:
        yield ""
        yield style.bold("Also possible")
        for cause in rivals:
            yield from _item(f"{percent(cause['probability']):>9}  ", f"{safe(cause['title'])} ({cause['id']})", width)
    if status == "undetermined" and verdict["something_else"] >= 0.05:
        yield from _item(f"{percent(verdict['something_else']):>9}  ", "something this knowledge does not name", width)
    if verdict["next"]:
        yield ""
        yield style.bold("Do next")
        yield from _next(verdict, width, style)
    if first is not None and first["probability"] >= 0.3:
        yield ""
        yield from _item("Fix      ", safe(first["fix"]), width)
        yield from _item("Prevent  ", safe(first["prevent"]), width)
    yield ""
    yield from _readiness(verdict["readiness"], width, style)
    for note in verdict["notes"][:5]:
        yield from _item("Note     ", safe(note), width)
    if len(verdict["notes"]) > 5:
        yield f"Note     and {len(verdict['notes']) - 5} more"
    if verdict["signature"]:
        yield style.dim(f"Signature {verdict['signature']}")


def _first(verdict: dict[str, Any], mechanisms: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The cause to explain: the first mechanism, or a risk where no mechanism is shown."""
    if mechanisms:
        return mechanisms[0]
    risks = [c for c in verdict["causes"] if c["facet"] == "risk"]
    return risks[0] if risks else None


def _chain(verdict: dict[str, Any], width: int, style: Style) -> Iterator[str]:
    events = verdict["events"]
    chain = [events[index] for index in verdict["chain"]]
    precursors = [e for e in events if e["role"] == "precursor"][-2:]
    for event in precursors + chain[:5]:
        repeated = event["attributes"].get("count", 1)
        more = f" ({repeated} times)" if repeated > 1 else ""
        head = f"  line {event['line']:<6} "
        where = f" at {seconds(event['time'])}" if event["time"] is not None else ""
        word = {"root": "started here", "precursor": "before it", "consequence": "then"}.get(event["role"], "")
        yield head + f"{safe(event['title'])}{more}" + style.dim(f"  {word}{where}")
        if event["role"] == "root":
            yield " " * len(head) + style.dim(safe(event["text"])[: max(width - len(head), 40)])
    if len(chain) > 5:
        yield f"  and {len(chain) - 5} more consequences"


def _findings(cause: dict[str, Any], width: int) -> Iterator[str]:
    counted = [f for f in cause["findings"] if f["counted"]]
    for finding in counted[:FINDINGS]:
        lines = ", ".join(str(n) for n in finding["lines"][:3]) + (" ..." if len(finding["lines"]) > 3 else "")
        facts = ", ".join(f"{safe(n)} = {safe(v)}" for n, v in list(finding["facts"].items())[:2])
        source = f"line {lines}" if lines else facts
        yield from _item(
            f"  {finding['weight']:+3d}  ", safe(finding["says"]) + (f"  [{source}]" if source else ""), width
        )
    if len(counted) > FINDINGS:
        yield f"       and {len(counted) - FINDINGS} smaller ones"


def _next(verdict: dict[str, Any], width: int, style: Style) -> Iterator[str]:
    for number, step in enumerate(verdict["next"][:STEPS], 1):
        yield from _item(f"  {number}. ", f"{safe(step['ask'])} ({step['cost']})", width)
        if step.get("command"):
            yield f"     {style.dim('$')} {safe(shlex.join(step['command']))}"


def _readiness(readiness: dict[str, Any], width: int, style: Style) -> Iterator[str]:
    if readiness["ok"]:
        yield "Next crash  a capture kernel is loaded, a dump can be expected"
        return
    if readiness["ok"] is None:
        unknown = "nothing is known about kdump here; check: kexec_crash_loaded, kexec_crash_size, crashkernel="
        yield from _item("Next crash  ", unknown, width)
        return
    for number, problem in enumerate(readiness["problems"][:3]):
        head = "Next crash  " if number == 0 else " " * 12
        yield from _item(head, f"{style.doubt('no usable dump:') if number == 0 else ''} {safe(problem['title'])}. "
                         f"{safe(problem['fix'])}".strip(), width)  # fmt: skip


def _item(head: str, body: str, width: int) -> Iterator[str]:
    """A paragraph with a hanging head."""
    indent = " " * len(head)
    for number, line in enumerate(wrap(body, max(width - len(head), 24))):
        yield (head if number == 0 else indent) + line
