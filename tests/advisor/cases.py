"""Hand-made evidence for the tests of the advisor."""

from __future__ import annotations

from pathlib import Path

from facts.evidence import Evidence, Known
from facts.records import Event, Record, Value

SMALL = Path(__file__).parent / "small"
LOGS = Path(__file__).parent.parent / "logs"
ROOT = Path(__file__).parent.parent.parent


def event(kind: str, line: int = 1, role: str = "context", severity: str = "failure", **attributes: Value) -> Event:
    """An event as the reader gives it; underscores in names stand for dashes."""
    one = Event(kind, Record(line, f"{kind} @{line}", float(line)), severity, kind)
    one.role = role
    one.attributes.update({name.replace("_", "-"): value for name, value in attributes.items()})
    one.attributes["position"] = role
    return one


def stall(line: int = 1, role: str = "root", **attributes: Value) -> Event:
    """A stalled disk: the usual root event of these tests."""
    return event("disk-stall", line, role, "failure", **{"device": "sda", "seconds": 30, **attributes})


def evidence(*events: Event, **facts: Value) -> Evidence:
    """Evidence of events and facts; hardware__worn stands for hardware.worn, the first event of role root is it."""
    root = next((i for i, e in enumerate(events) if e.role == "root"), None)
    chain = [i for i, e in enumerate(events) if e.role in ("root", "consequence")]
    known = {name.replace("__", "."): Known(value, "test") for name, value in facts.items()}
    return Evidence(
        name="test", events=list(events), root=root, chain=chain, facts=known, files=["test.log"], notes=[], lines=10,
        usable=True, answers={},
    )  # fmt: skip
