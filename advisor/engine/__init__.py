"""The rule engine behind one narrow interface.

`run(base, memory)` takes the compiled conditions and the working memory and returns which rules hold, and on what.
Two implementations give the same answer: durable-rules where it imports, and a small evaluator of our own, which also
answers why a rule did not hold.  docs/decisions/engine.md says why there are two.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, Protocol

from facts.records import Event, Value

ASIDE = "other"  # section of frames that did not lead to the report (where an object was allocated ...)


class Memory(NamedTuple):
    """Working memory of one diagnosis."""

    # Attributes of each event, with "kind"; flags only when true.  "untold": attributes of a message that a person saw
    # which may be there, but were not told.
    events: list[dict[str, Value]]
    facts: dict[str, Value]  # known facts


class Rule(NamedTuple):
    """A rule as the compiler gives it: it holds when one of its clauses does (kb/compile.py)."""

    name: str
    clauses: Sequence[Sequence[int]]


class Firing(NamedTuple):
    """A rule that holds, with the events (indices) and facts (names) of all clauses that hold."""

    rule: int
    events: tuple[int, ...]
    facts: tuple[str, ...]


class Engine(Protocol):
    name: str

    def run(self, leaves: Sequence[Sequence[Any]], rules: Sequence[Rule], memory: Memory) -> list[Firing]:
        """All rules that hold, in order of their numbers."""
        ...


def remember(events: Sequence[Event], roots: Collection[int], facts: dict[str, Value], flags: frozenset[str]) -> Memory:
    """Working memory of events (`roots`: indices that `root:` conditions mean) and facts."""
    out = []
    for index, event in enumerate(events):
        entry: dict[str, Value] = {"kind": event.kind, "line": event.line, "root": index in roots, "text": event.text}
        for name, value in event.attributes.items():
            if name in flags:
                if value:
                    entry[name] = True
            elif value is not None:
                entry[name] = value
        if event.time is not None:
            entry["time"] = event.time
        if event.cpu is not None:
            entry["cpu"] = event.cpu
        if event.pid is not None:
            entry["pid"] = event.pid
        if event.comm:
            entry["comm"] = event.comm
        if event.untold:
            entry["untold"] = event.untold
        if index in roots and event.frames:
            own = [f for f in event.frames if f.section != ASIDE]
            names = [f.function for f in own if f.reliable] or [f.function for f in own]  # all are marked ? without ORC
            entry["frames"] = tuple(dict.fromkeys([str(entry.get("pc-function") or names[0]), *names] if names else ()))
        entry.setdefault("count", 1)
        out.append(entry)
    return Memory(out, dict(facts))


def engine(name: str = "") -> Engine:
    """The engine of that name ("durable-rules" or "evaluator"), else the best one that imports here."""
    from advisor.engine.evaluator import Evaluator

    if name != "evaluator":
        try:
            from advisor.engine.durable import DurableRules

            return DurableRules()
        except ImportError:
            if name:
                raise
    return Evaluator()
