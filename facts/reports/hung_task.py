"""Reader of hung-task reports (kernel/hung_task.c, sched_show_task in kernel/sched/core.c)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facts.frames import FrameTable
from facts.records import Event, Record
from facts.reports.block import Block
from facts.reports.common import fill, finish, put
from facts.reports.tools import collect

_HEAD = re.compile(
    r"task (.{1,64}):(\d{1,10}) (?:blocked|can't die)(?: in I/O wait)? (?:for|for more than|"
    r"in .{1,20}) ?(?:more than )?(\d{1,9})? ?s?"
)
_SECONDS = re.compile(r"more than (\d{1,9}) seconds")
# "is blocked on a mutex", but "<reader> blocked on an rw-semaphore" and "blocked on a semaphore" with a holder
_BLOCKER = re.compile(r"\bblocked on (?:a|an) (mutex|rw-semaphore|semaphore)")
_STATE = re.compile(
    r"\s*(?:task:.{1,64} state:|\S.{0,62} [DRSTtXZKWPI] (?:[0-9a-f]{8,16}|\d+ +running|\(NOTLB\)|.{0,20}\d+) )"
)
_NEXT = re.compile(
    r"INFO: task .{1,64}:\d+ blocked (?!on )|Showing all locks held|NMI backtrace for cpu|INFO: lockdep is turned off|"
    r"Sending NMI|Future hung task reports"
)


def read(event: Event, body: Sequence[Record], table: FrameTable) -> int:
    """Read one blocked task: its trace, seconds, lock waited for; returns the number of records taken."""
    if not body:
        return 0
    head = _HEAD.search(event.text[:400])
    if head:
        event.comm, event.pid = event.comm or head[1], event.pid if event.pid is not None else int(head[2])
    seconds = _SECONDS.search(event.text[:400])
    if seconds:
        put(event, "seconds", int(seconds[1]))
    block = Block()

    def part(text: str) -> bool:
        blocker = _BLOCKER.search(text[:300]) if "INFO: task" in text else None
        if blocker:
            put(event, "blocker", "rwsem" if blocker[1].startswith("rw") else blocker[1])
        return blocker is not None or "hung_task_timeout_secs" in text or _STATE.match(text[:200]) is not None

    def stop(text: str) -> bool:
        return _NEXT.match(text[:200]) is not None or (bool(block.frames) and text.startswith("task:"))

    end = collect(body, block, part, stop)
    fill(event, block, table)
    return finish(event, body, end)
