"""Reader of soft and hard lockups (kernel/watchdog.c, kernel/watchdog_perf.c, arch/powerpc/kernel/watchdog.c)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facts.frames import FrameTable
from facts.records import Event, Record
from facts.reports.block import BELONGS, BLANK, END, FOREIGN, TIME_GAP, Block
from facts.reports.common import fill, finish, put
from facts.reports.stacks import NMI_FOR, SENDING

_SOFT = re.compile(r"CPU#(\d{1,5}) stuck for (\d{1,12})s! \[(.{0,64}):(\d{1,10})\]")
_HARD = re.compile(r"(?:LOCKUP on cpu|CPU) ?#?(\d{1,5})(?: self-detected hard LOCKUP)?")
_EXTRA = re.compile(
    r"CPU#\d+ (?:Utilization|Detect HardIRQ)|\s*#\d+: +\d+|irq event stamp|hardirqs last|softirqs last|NMI watchdog|"
    r"Sample (?:time|stat|softirq|irqstat):|(?:curr|deta): user: |"
    r"\s*(?:HI|TIMER|NET_[TR]X|BLOCK|IRQ_POLL|TASKLET|SCHED|HRTIMER|RCU): +\d|"
    r"\s*irq +\d{1,5}: delta"  # openEuler samples the time since the last check
)


def read(event: Event, body: Sequence[Record], table: FrameTable) -> int:
    """Read a lockup: the CPU's registers and trace; a backtrace of another CPU counts only if that is locked up."""
    if not body:
        return 0
    cpu = _head(event)
    own, other = Block(), Block()
    block = own
    end, foreign = 1, 0
    last_time = body[0].time
    for index in range(1, len(body)):
        record = body[index]
        text = record.text
        if record.time is not None and last_time is not None and record.time - last_time > TIME_GAP:
            break
        nmi = NMI_FOR.search(text[:200])
        if nmi:
            if int(nmi[1]) == cpu and event.kind == "hard-lockup":
                block = own = Block()
            else:
                block = other = Block()
            end, foreign = index + 1, 0
            continue
        result = block.feed(record)
        if result is END:
            break
        if result is BELONGS or _EXTRA.match(text[:120]) or SENDING.match(text[:200]):
            end, foreign = index + 1, 0
            last_time = record.time if record.time is not None else last_time
        elif result is FOREIGN and result is not BLANK:
            foreign += 1
            if foreign > 5:
                break
    if other.frames and not own.frames and own.pc is None and other.header is not None and other.header.cpu == cpu:
        own = other
    fill(event, own, table)
    return finish(event, body, end)


def _head(event: Event) -> int | None:
    soft = _SOFT.search(event.text[:300])
    if soft:
        event.cpu = event.cpu if event.cpu is not None else int(soft[1])
        put(event, "seconds", int(soft[2]))
        event.comm = event.comm or soft[3]
        event.pid = event.pid if event.pid is not None else int(soft[4])
    elif event.cpu is None:
        hard = _HARD.search(event.text[:300].partition("Watchdog detected")[2] or event.text[:300])
        event.cpu = int(hard[1]) if hard else None
    return event.cpu
