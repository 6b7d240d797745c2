"""All that is known about one incident: events, facts with their provenance, and what could not be read."""

from __future__ import annotations

from typing import NamedTuple

from facts.records import Event, Value


class Known(NamedTuple):
    """A fact's value and where it comes from, for people."""

    value: Value
    origin: str  # "host.yaml", "log line 12", "answer", "derived: <id>", "evidence"


class Evidence(NamedTuple):
    name: str  # path or name of the input
    events: list[Event]
    root: int | None
    chain: list[int]
    facts: dict[str, Known]
    files: list[str]  # names of the logs, by Event.file
    notes: list[str]  # what could not be read or used, one line each
    lines: int  # log lines read
    usable: bool  # there is a kernel message or a fact in it
    answers: dict[str, str | tuple[str, ...] | None]  # probe id -> answer, as given in host.yaml
