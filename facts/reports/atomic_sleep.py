"""Reader of sleeping-in-atomic reports (kernel/sched/core.c __might_resched, __schedule_bug)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facts.frames import FrameTable
from facts.records import Event, Record
from facts.reports.block import Block
from facts.reports.common import fill, finish, put, set_source
from facts.reports.tools import collect
from facts.trace import base_name

_NAME = re.compile(r"pid: (\d{1,10}), name: (\S.{0,31})")
_ATOMIC = re.compile(r"scheduling while atomic: (.{1,32})/(\d{1,10})/0x[0-9a-f]+")
_CALLER = re.compile(
    r"caller is ([A-Za-z_][\w.$]{0,200})(?:\+0x[0-9a-f]{1,8}/0x[0-9a-f]{1,8})?(?: \[([\w-]{1,64})[^\]]{0,50}\])?\s*$"
)
_CHECKS = ("debug_smp_processor_id", "__this_cpu_preempt_check", "check_preemption_disabled")
_PARTS = re.compile(
    r"\s*(?:in_atomic\(\)|preempt_count|RCU nest depth|\d+ locks? held by|#\d+: |no locks held|caller is|"
    r"INFO: lockdep is turned off|Preemption disabled)"
)


def read(event: Event, body: Sequence[Record], table: FrameTable) -> int:
    """Read who slept or scheduled in atomic context; returns the number of records taken."""
    if not body:
        return 0
    set_source(event, event.text)
    atomic = _ATOMIC.search(event.text[:300])
    if atomic:
        event.comm, event.pid = event.comm or atomic[1], event.pid if event.pid is not None else int(atomic[2])

    def part(text: str) -> bool:
        name = _NAME.search(text[:400])
        if name and not event.comm:
            event.comm, event.pid = name[2].strip(), int(name[1])
        caller = _CALLER.match(text[:400])
        if caller and base_name(caller[1]) not in _CHECKS:  # lib/smp_processor_id.c: who asked for the CPU number
            put(event, "function", base_name(caller[1]))
            put(event, "module", caller[2])
        return _PARTS.match(text[:200]) is not None or name is not None

    block = Block()
    end = collect(body, block, part)
    fill(event, block, table)
    return finish(event, body, end)
