"""Reader of lock validator reports (kernel/locking/lockdep.c)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facts.culprit import is_generic
from facts.frames import FrameTable
from facts.records import Event, Frame, Record
from facts.reports.block import Block
from facts.reports.common import fill, finish, put, set_source
from facts.reports.tools import collect
from facts.trace import base_name, parse_frames

_WHO = re.compile(
    r"(.{1,32})/(\d{1,10}) (?:is (?:trying|leaving|freeing|exiting|just|releasing)|just|\[HC\d|still|/\d)"
)
_AT = re.compile(
    r"(?:, at: |\bat: )(?:\[<[0-9a-f]{8,16}>\] )?([A-Za-z_][\w.$]{0,200})(?:\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[([\w-]{1,"
    r"64})\])?| [\w/.-]+:\d+)"
)
_LOCK = re.compile(r"(?:([0-9a-f]{8,16}) | ?)\((.{1,100}?)\)\{[^}]{1,12}\}(?:-\{\d:(\d)\})?")
_SLEEPS = re.compile(
    r"mutex|sem\b|_sem\.|rwsem|\bsk_lock|s_umount|mmap_lock|i_mutex"
)  # names of locks that let a task sleep
_SPINS = re.compile(r"console_owner\b")  # a map of kernel/printk/printk.c for a wait that spins
_KINDS = (
    ("circular locking", "circular"), ("recursive locking", "recursive"),
    ("inconsistent lock state", "inconsistent-state"),
    ("irq lock inversion", "irq-inversion"), ("lock order detected", "irq-inversion"),
    ("suspicious RCU", "suspicious-rcu"), ("bad unlock balance", "bad-unlock"),
    ("bad contention", "bad-unlock"), ("held lock freed", "held-lock-freed"), ("still has locks", "locks-held"),
    ("lock held when returning", "locks-held"),
    ("locks held", "locks-held"), ("nested lock", "nested"), ("Invalid wait context", "wait-context"),
    ("non-static key", "non-static-key"),
    ("MAX_", "exhausted"), ("turning off the locking", "exhausted"),
)  # fmt: skip
_LEFT = ("locks-held", "count-raised")  # somebody went on with a lock held
_RECLAIM = re.compile(  # up to 4.14, no matter of interrupts
    r"inconsistent \{[^}]{0,24}RECLAIM_FS|took another, RECLAIM_FS-unsafe|by another, RECLAIM_FS-safe"
)
_PARTS = re.compile(
    r"\s*(?:-{3,}|={5,}|\.{3}|which lock|but task is|but there are|but this new|and this task|and that|"
    r"the existing dependency|other info|-> #\d|Possible|CPU\d|\s+lock\(|"
    r"<Interrupt>|\*\*\* DEADLOCK|\d+ locks? held|no locks|\d: |#\d+:? |stack backtrace|the shortest|\{[\w+-]|"
    r"irq event|hardirqs|softirqs|the dependencies|"
    r"to a |SOFTIRQ|HARDIRQ|INITIAL|IN-|\.\.\. key|-> \(|\(&?|may be due|rcu_scheduler|RCU used|is freeing|is trying|"
    r"Chain exists|the code is|you didn't|turning off|"
    r"INFO: lockdep|\w.{0,40}/\d+ is|\w.{0,40}/\d+ |ff[0-9a-f]{6,14} |[0-9a-f]{8,16} \(|different|INFO: trying|maybe |"
    r"depth: |there's a|WARNING: |other|stack|lock\(|"
    r"block dev|Matched|context|[\w/.-]+:\d+ |is leaving|ref_tracker|Locks)"
)


def read(event: Event, body: Sequence[Record], table: FrameTable) -> int:
    """Read a lockdep report: problem, task, the place that took the lock; returns the number of records taken."""
    if not body:
        return 0
    for words, slug in _KINDS:
        if words in event.text:
            put(event, "problem", slug)
            break
    block = Block()
    wanted: list[Frame] = []  # where the lock is taken or given back that the report is about
    held: list[Frame] = []

    state = {"safe": False, "next": False}
    path: list[Frame] = []  # the last acquisition of the chain, which is the one that the report is about
    begun = 0  # index of its first frame
    left = event.attributes.get("problem") in _LEFT  # the locks stand in the list of those held
    locks: list[tuple[str, str, str]] = []  # those asked for and held: address, name, wait type

    def part(text: str) -> bool:
        nonlocal begun
        read_lock = _LOCK.search if left else _LOCK.match
        lock = read_lock(text[:300]) if len(locks) < 2 and "){" in text else None
        if lock:
            locks.append((lock[1] or "", lock[2], lock[3] or ""))
        if "RECLAIM_FS" in text and _RECLAIM.search(text[:200]):
            event.attributes["problem"] = "reclaim"
        if text.lstrip().startswith("-> #"):
            begun = len(block.frames)
        for words in ("last function: ", " workfn="):  # of a work item that left a lock behind
            if words in text and "workqueue leaked" in event.text:
                name, _, module = text.rpartition(words)[2].strip()[:200].partition(" [")
                put(event, "function", name.partition("+")[0].partition(".")[0])
                put(event, "module", module.partition("]")[0])
                return True
        if state["next"] or state["safe"]:  # the place stands on the next line, or below
            frames = parse_frames(text)
            if frames and (state["next"] or not is_generic(frames[0], (), table)):
                wanted.insert(0, frames[0]) if state["safe"] else wanted.append(frames[0])
                state["next"] = state["safe"] = False
            elif not frames and text.strip():
                state["safe"] = state["safe"] and "stack backtrace" not in text
        if "-safe at:" in text and not state["safe"]:
            state["safe"] = event.attributes.get("problem") == "irq-inversion"
        state["next"] = text.rstrip().endswith(" at:") and "release lock" in text
        who = _WHO.match(text[:200])
        if who and not event.comm:
            event.comm, event.pid = who[1], int(who[2])
        at = _AT.search(text[:600])
        if at:
            place = Frame(base_name(at[1]), "", at[2], True, "", 0, at[1])
            (held if re.match(r"\s*#\d+:", text) else wanted).append(place)
            return True
        if "stack backtrace" in text:  # what stood above are the chains of earlier acquisitions
            path.extend(block.frames[begun:])
            for index, frame in enumerate(block.frames):
                block.frames[index] = frame._replace(section="other")
        if "Suspicious" in text or "usage" in text:
            set_source(event, text)
        return _PARTS.match(text[:160]) is not None

    end = collect(body, block, part, limit=8)
    if all(frame.section or not frame.reliable or is_generic(frame, (), table) for frame in block.frames):
        block.frames += path  # the backtrace is cut
    if left:
        wanted = held[:1]
    head = next((frame for frame in wanted[:4] if not is_generic(frame, (), table)), None)
    if head is not None:
        put(event, "function", head.function)
        put(event, "module", head.module)
    _locks(event, locks)
    fill(event, block, table)
    return finish(event, body, end)


def _locks(event: Event, locks: Sequence[tuple[str, str, str]]) -> None:
    """Whether a lock is asked for that is held already, and whether waiters (for it, or one left held) sleep or spin.

    A lock of wait type 2 (include/linux/lockdep_types.h) spins and one of type 4 sleeps; type 3 is either, as
    PROVE_RAW_LOCK_NESTING is set.
    """
    problem = event.attributes.get("problem")
    if problem not in ("recursive", "circular", *_LEFT) or len(locks) < (1 if problem in _LEFT else 2):
        return
    asked, name, waits = locks[0]
    if problem == "recursive" and asked and locks[1][0]:
        put(event, "same-lock", asked == locks[1][0])
    if _SLEEPS.search(name) or waits == "4":
        put(event, "lock-kind", "sleeping")
    elif waits == "2" or _SPINS.match(name) or (problem == "circular" and locks[1][2] == "2"):
        put(event, "lock-kind", "spinning")  # who holds a spinning lock may not sleep for the next
