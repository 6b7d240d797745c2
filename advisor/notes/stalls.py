"""Stalled CPUs, tasks that wait, and the lock validator."""

from __future__ import annotations

import re

from advisor.notes.common import Scene, sentence
from facts.records import Record

_ROW = re.compile(
    r"\s*(?:rcu:\s+)?(\d{1,5})-([.oONn!?\d]{3,5}):? ?\((\d{1,9}) ticks this GP\)"
    r"(?:.{0,80}?softirq=(\d{1,12})/(\d{1,12}))?"
)
_BEHIND = re.compile(r"\s*(?:rcu:\s+)?(\d{1,5})-([.oONn!?\d]{3,5}):? ?\((\d{1,9}) GPs behind\)")
_WAITED = re.compile(r"\bt=(\d{1,12}) jiffies")
_STARVED = re.compile(r"kthread starved for (\d{1,12}) jiffies!")
_STATE = re.compile(r"task:(.{1,64}?)\s+state:([A-Za-z])\b")
_OLD_STATE = re.compile(r"(\S.{0,62}?) +([DRSTtXZKWPI]) +(?:[0-9a-f]{8,16}|\d+|stack:)\s")
_HELD = re.compile(r"is blocked on (?:a|an) ([\w-]{1,24}),? likely owned by task (.{1,64}?)\.?$")
_LIMIT = re.compile(r"blocked (?:in I/O wait )?for more than (\d{1,9}) seconds")
_LOCK = re.compile(r"\((&?[\w.>\[\]()*&/:+ #-]{1,120}?)\)\{")
_CHAIN = re.compile(r"-> #(\d{1,3}) \(")


def rcu(scene: Scene, record: Record) -> None:
    """Rows of an RCU stall report."""
    if scene.event.kind != "rcu-stall":
        return
    text, words = record.text[:600], scene.words
    row = _ROW.match(text)
    if row:
        parts = _flags(scene, row[2])
        ticks = int(row[3])
        parts.append(f"{ticks} ticks: {words.get('rcu-flag', 'ticks')}" if ticks else words.get("rcu-flag", "no-ticks"))
        if row[4] and row[4] == row[5]:
            parts.append(words.get("rcu-flag", "softirq-same"))
        scene.note(record, sentence(f"CPU {row[1]} holds things up: " + "; ".join(parts)))
    behind = _BEHIND.match(text)
    if behind:
        parts = [
            *_flags(scene, behind[2]),
            f"it is {behind[3]} grace period{'s' if behind[3] != '1' else ''} behind",
        ]
        scene.note(record, sentence(f"CPU {behind[1]} holds things up: " + "; ".join(parts)))
    waited = _WAITED.search(text)
    if waited and scene.first("waited"):
        scene.note(
            record, f"The grace period is {waited[1]} jiffies old (a jiffy is 1, 3.3, 4 or 10 ms, by CONFIG_HZ)."
        )
    if _STARVED.search(text):
        scene.note(record, sentence(words.get("rcu-flag", "starved")))


def _flags(scene: Scene, flags: str) -> list[str]:
    parts = []
    for char in flags:
        name = "digit-0" if char == "0" else "digit" if char.isdigit() else char
        meaning = scene.words.get("rcu-flag", name)
        if meaning:
            parts.append(meaning.replace("that many", char) if char.isdigit() else meaning)
    return parts


def hung(scene: Scene, record: Record) -> None:
    """Rows of a blocked task."""
    if scene.event.kind not in ("hung-task", "rcu-stall", "workqueue-stall"):
        return
    text = record.text[:400]
    limit = _LIMIT.search(text)
    if limit and scene.event.kind == "hung-task":
        scene.note(record, f"It did not run for over {limit[1]} seconds, the limit in kernel.hung_task_timeout_secs.")
    state = _STATE.search(text) or (_OLD_STATE.match(text) if scene.event.kind == "hung-task" else None)
    if state and scene.words.get("task-state", state[2]):
        scene.note(record, f"State {state[2]}: {scene.words.get('task-state', state[2])}.", once=f"state {state[2]}")
    held = _HELD.search(text)
    if held:
        scene.note(record, f"Look at task {held[2]} next: it holds the {held[1]} that this one waits for.")
    if "hung_task_timeout_secs" in text and "echo 0" in text:
        scene.note(record, "This only turns the message off; the task stays blocked.", once="hung-off")


def lockdep(scene: Scene, record: Record) -> None:
    """The problem in words at the head; a picture of two locks at the line that asks for the first."""
    if scene.event.kind != "lockdep":
        return
    text = record.text[:400]
    if record.line == scene.event.line:
        scene.note(record, scene.words.get("lockdep-problem", scene.event.attributes.get("problem")))
    if "trying to acquire lock" in text and scene.first("picture"):
        for line in picture(scene):
            scene.note(record, line, "code")
    elif "existing dependency chain" in text:
        scene.note(
            record, "How the locks were taken in other places before; read it from the last entry (highest #) up."
        )
    elif "stack backtrace" in text:
        scene.note(record, "Where the lock is asked for now.", once="lockdep backtrace")


def picture(scene: Scene) -> list[str]:
    """The order of the locks here and elsewhere, for a report of a circular dependency between two locks."""
    wanted = _after(scene, "trying to acquire lock")
    holds = _after(scene, "already holding lock")
    deepest = max((int(m[1]) for r in scene.records if (m := _CHAIN.search(r.text[:200]))), default=0)
    if not wanted or not holds:
        return []
    if wanted == holds:
        return [f"here:  lock({holds})  then again  lock({wanted})   <- the task waits for itself"]
    if scene.event.attributes.get("problem") != "circular":
        return []
    between = "" if deepest <= 1 else f" ... {deepest - 1} more lock{'s' if deepest > 2 else ''} ..."
    width = max(len(holds), len(wanted)) + 6
    rows = [
        f"{'here':<{width}}    elsewhere",
        f"{f'lock({holds})':<{width}}    lock({wanted}){between}",
        f"{f'lock({wanted})':<{width}}    lock({holds})",
        f"{'^ waits for elsewhere':<{width}}    ^ waits for here",
    ]
    return rows


def _after(scene: Scene, words: str) -> str:
    """Name of the lock in the lines after the one with these words."""
    for index, record in enumerate(scene.records):
        if words in record.text[:200]:
            for other in scene.records[index : index + 2]:
                match = _LOCK.search(other.text[:400])
                if match:
                    return match[1][:48]
    return ""
