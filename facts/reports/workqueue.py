"""Reader of workqueue stalls (kernel/workqueue.c wq_watchdog_timer_fn, show_all_workqueues)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facts.frames import FrameTable
from facts.records import Event, Record
from facts.reports.block import Block
from facts.reports.common import fill, finish, put
from facts.reports.tools import collect

_HEAD = re.compile(r"stuck for (\d{1,12})s!")
_POOL_CPUS = re.compile(r"pool cpus=(\d{1,5})")
_FLIGHT = re.compile(r"in-flight: \d+(?:\([A-Z]+\))?:([A-Za-z_][\w.]{0,128})")
_LEAKED = re.compile(r"last function: ([A-Za-z_][\w.]{0,128})|: (.{1,32})/0x[0-9a-f]+/(\d{1,10})")
_PARTS = re.compile(
    r"\s*(?:Showing (?:busy|all|backtraces|freezable)|workqueue |pwq |in-flight|pending|inactive|delayed|pool \d|"
    r"last function|task:|\d+ locks? held|#\d+: )"
)


def read(event: Event, body: Sequence[Record], table: FrameTable) -> int:
    """Read a workqueue report: seconds, the work in flight, its backtrace; returns the number of records taken."""
    if not body:
        return 0
    block = Block()

    def part(text: str) -> bool:
        seconds, cpu = _HEAD.search(text[:300]), _POOL_CPUS.search(text[:300])
        if seconds and text.startswith("BUG: workqueue"):
            put(event, "seconds", int(seconds[1]))
            if cpu and event.cpu is None:
                event.cpu = int(cpu[1])
        for pattern in (_FLIGHT, _LEAKED):
            match = pattern.search(text[:400])
            if match and match[1]:
                put(event, "workqueue-function", match[1].partition(".")[0])
                return True
        return _PARTS.match(text[:200]) is not None

    end = collect(body, block, part, limit=8)
    work = event.attributes.get("workqueue-function")
    if isinstance(work, str) and not block.frames and block.pc is None:
        put(event, "function", work)
    fill(event, block, table)
    return finish(event, body, end)
