"""What was trained before: one JSON line per finished exercise in the state folder of the program."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from advisor.journal import state_folder
from kb.model import Incident

GRADES = ("at once", "in the end", "given up")  # the first cause named was right; a later one, or after a hint; none
MAX_SIZE = 8 << 20


class Result(NamedTuple):
    incident: str
    grade: str  # of GRADES
    tries: int
    hints: int
    minutes: int  # what the questions that were asked would have cost
    day: str  # 2026-11-27


def path() -> str:
    return os.path.join(state_folder(), "training.jsonl")


def read() -> list[Result]:
    """Earlier results, oldest first; lines that cannot be read are left out."""
    try:
        with open(path(), "rb") as stream:
            lines = stream.read(MAX_SIZE).decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    return [result for line in lines if (result := _result(line)) is not None]


def _result(line: str) -> Result | None:
    try:
        entry: Any = json.loads(line)
        result = Result(*(entry[name] for name in Result._fields))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    numbers = (result.tries, result.hints, result.minutes)
    fits = isinstance(result.incident, str) and result.grade in GRADES and all(isinstance(n, int) for n in numbers)
    return result if fits else None


def keep(result: Result, complain: Callable[[str], None]) -> None:
    """Add a result; what cannot be written is told, and the training goes on."""
    try:
        os.makedirs(os.path.dirname(path()), mode=0o700, exist_ok=True)
        with open(path(), "a", encoding="utf-8") as stream:
            stream.write(json.dumps(result._asdict()) + "\n")
    except OSError as error:
        complain(f"{path()}: this result is not kept: {error.strerror}")


def order(incidents: Sequence[Incident], earlier: Iterable[Result], chance: random.Random) -> list[Incident]:
    """In which order to train: what was never tried, then what was not found at once, then the rest, oldest first."""
    last = {result.incident: (number, result) for number, result in enumerate(earlier)}
    mixed = list(incidents)
    chance.shuffle(mixed)

    def place(incident: Incident) -> tuple[int, int]:
        if incident.id not in last:
            return 0, 0
        number, result = last[incident.id]
        return (2 if result.grade == GRADES[0] else 1), number

    return sorted(mixed, key=place)
