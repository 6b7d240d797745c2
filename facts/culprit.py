"""Which function is held responsible: the first frame that does not merely act on behalf of others."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facts.frames import FrameTable
from facts.records import Frame
from facts.reports.block import Block

OTHER_SECTIONS = frozenset(("allocated", "freed", "other", "handlers"))
STALLS = frozenset(("soft-lockup", "hard-lockup", "rcu-stall", "csd-lock-stall", "workqueue-stall", "hrtimer-slow"))
EXCEPTIONS = frozenset((  # kinds that an exception reports: an instruction pointer within the trace is the place
    "null-pointer-dereference", "invalid-paging-request", "general-protection-fault", "user-memory-access",
    "nx-execution",
    "stack-overflow", "stack-protector", "double-fault", "divide-error", "invalid-opcode", "bug", "warning",
    "fortify-overflow", "usercopy-abort",
    "cfi-failure", "serror", "vmalloc-fault", "oops-unclassified", "list-corruption", "refcount-error", "debug-objects",
    "skb-panic", "split-lock",
))  # fmt: skip
_GROUPS: dict[str, tuple[str, ...]] = {
    "hung-task": ("hang", "module-helper", "wait"),
    "atomic-sleep": ("atomic", "hang"),
    "warning": ("warning",),
    "debug-objects": ("warning",),
    "refcount-error": ("warning",),
    "list-corruption": ("warning",),
    "bug": ("warning", "packet"),
    "skb-panic": ("packet",),
    "bad-page-state": ("page",),
    "page-refcount-error": ("page",),
    "oom-kill": ("memory",),
    "memcg-oom-kill": ("memory",),
    "oom-panic": ("memory",),
    "page-allocation-failure": ("memory",),
    "kasan": ("free",),
    "slab-corruption": ("free",),
    "kmemleak": ("free", "leak"),
}
_NEVER = frozenset(("always", "helper", "entry", "interrupt-entry"))  # generic for every kind of event
SHORTAGES = frozenset(("oom-kill", "memcg-oom-kill", "oom-panic"))
_STALL_SKIP = ("stall", "interrupt-entry")
_SLEEPS = frozenset(("atomic-sleep", "hung-task"))
_SCHEDULER = frozenset(("schedule", "__schedule", "schedule_debug"))  # where a corrupted stack end is found
_IF_FLAG = 1 << 9


def groups_for(kind: str) -> tuple[str, ...]:
    """The generic groups that count, besides `always`, for reports of a kind."""
    return _STALL_SKIP if kind in STALLS else _GROUPS.get(kind, ())


def is_generic(frame: Frame, groups: Sequence[str], table: FrameTable) -> bool:
    """True if a frame merely acts on behalf of others; a module's function is so by the group `module-helper` alone."""
    if frame.function.startswith("0x") or frame.function in ("Unknown", "0xffffffff"):
        return True
    found = table.groups(frame.function, frame.module)
    if frame.module is not None:
        return "module-helper" in found
    return bool(found) and (not found.isdisjoint(_NEVER) or not found.isdisjoint(groups))


def caller_module(stack: Sequence[Frame], culprit: Frame) -> str | None:
    """The module that called the culprit, where that is built in."""
    if culprit.module is not None:
        return None
    names = [frame.function for frame in stack[:-1]]
    return stack[names.index(culprit.function) + 1].module if culprit.function in names else None


def first(frames: Sequence[Frame], groups: Sequence[str], table: FrameTable) -> Frame | None:
    """The first frame that is not generic, if any."""
    return next((frame for frame in frames if not is_generic(frame, groups, table)), None)


def _dispatcher(frames: Sequence[Frame], table: FrameTable) -> Frame | None:
    """The first frame that hands over to others (timer, work, system call): better than no culprit."""
    for frame in frames:
        found = table.groups(frame.function)
        if frame.module is None and "entry" in found and found.isdisjoint(("always", "helper")):
            return frame
    return None


def _caller(pc: Frame, block: Block, kind: str, table: FrameTable) -> Frame | None:
    """The caller that only the link register shows: the trace is lost, or a helper has no frame of its own in it."""
    link = block.link
    if link is None or pc.function == link.function:
        return None
    if not block.frames:
        return link
    named = {frame.function for frame in block.frames[:4]}
    helper = is_generic(pc, groups_for(kind), table) and not named & {pc.function, link.function}
    return link if helper else None


def effective(block: Block, kind: str, table: FrameTable, head: str = "") -> list[Frame]:
    """The stack that the report is about, innermost first: what stood there before the reporting itself began.

    `head` is the function that the head line names.  Unreliable frames are left out while reliable ones exist.
    """
    frames = [frame for frame in block.frames if frame.section not in OTHER_SECTIONS]
    if block.pc is None and block.pc_address is not None and block.link is not None and kind not in STALLS:
        while frames and frames[0].function.startswith("0x"):
            frames = frames[1:]
        if not frames or frames[0].function != block.link.function:
            frames = [block.link, *frames]
    if block.pc is not None and block.pc_at < 0:
        if kind == "serror":  # its panic prints the trace, from the panic on
            frames = frames[next((i for i, f in enumerate(frames) if f.function == block.pc.function), 0) :]
        if not frames or frames[0].function != block.pc.function or frames[0].offset != block.pc.offset:
            frames = [block.pc, *frames]
        caller = _caller(block.pc, block, kind, table)
        if caller is not None:
            frames.insert(1, caller)
    elif block.pc is not None and (kind in EXCEPTIONS or kind in STALLS):
        frames = frames[_index_of(block, frames) :]
    elif head and kind not in STALLS:
        for index, frame in enumerate(frames):
            if frame.function == head:
                frames = frames[index:]
                break
    elif (kind in STALLS and not block.pc_user) or kind == "serror":
        frames = _interrupted(frames, table)
    reliable = [frame for frame in frames if frame.reliable]
    if not reliable or (
        len(reliable) == 1
        and reliable[0] is block.pc
        and len(frames) > 1
        and first(reliable, groups_for(kind), table) is None
    ):
        return frames
    return reliable


def _own_context(stack: list[Frame]) -> list[Frame]:
    """The part of a stack that belongs to the innermost context: not what an interrupt found running."""
    for index in range(2, len(stack)):
        if stack[index].section == "" and stack[index - 1].section in ("IRQ", "SOFTIRQ", "NMI"):
            return stack[:index]
    return stack


def _index_of(block: Block, frames: list[Frame]) -> int:
    if 0 <= block.pc_at < len(block.frames):
        wanted = block.frames[block.pc_at]
        for index, frame in enumerate(frames):
            if frame is wanted:
                return index
    return 0


def _interrupted(frames: list[Frame], table: FrameTable) -> list[Frame]:
    """The frames below the first interrupt entry: those of the interrupted code."""
    for index, frame in enumerate(frames[:60]):
        if (
            index
            and frame.section == ""
            and frames[index - 1].section == "IRQ"
            and "interrupt-entry" not in table.groups(frame.function)
        ):
            return frames[index:]
        if "interrupt-entry" in table.groups(frame.function):
            rest = index + 1
            while rest < len(frames) and "interrupt-entry" in table.groups(frames[rest].function):
                rest += 1
            return frames[rest:] or frames
    return frames


def choose(block: Block, kind: str, table: FrameTable, head: Frame | None = None) -> Frame | None:
    """The culprit of a report, or None where no frame but generic ones is left.

    `head` is the function that the head line names (WARNING, KASAN ...): it is taken unless it is generic.
    """
    groups = groups_for(kind)
    if kind == "irq-nobody-cared":
        handlers = [frame for frame in block.frames if frame.section == "handlers"]
        return next((frame for frame in handlers if frame.module), None) or first(handlers, groups, table)
    if head is not None and not is_generic(head, groups, table):
        return head
    stack = effective(block, kind, table, head.function if head else "")
    if kind in STALLS and block.pc_user:
        return None
    if (
        kind in STALLS
        or kind == "stack-overflow"
        or (kind == "panic" and any(frame.function in _SCHEDULER for frame in stack[:10]))
    ):
        return _holder(block, stack, table)
    stack = _own_context(stack)
    found = first(stack, groups, table)
    for number in range(len(groups) - 1, 0, -1):  # the first group is the surest
        found = found or first(stack, groups[:number], table)
    if found is None and kind in _SLEEPS:  # on the way back to user space: the scheduler itself is never at fault
        found = _dispatcher(stack, table)
    if kind in SHORTAGES:  # who asked last is seldom who took the memory; a module on the way at least is worth a look
        return found if found is not None and found.module is not None else None
    if found is None and groups:
        found = first(stack, (), table)
    if (
        found is None and block.pc is None and block.pc_address is not None
    ):  # a jump to nowhere: better a doubtful caller than none
        every = _own_context([frame for frame in block.frames if frame.section not in OTHER_SECTIONS])
        sure = next((i for i, f in enumerate(every) if f.reliable and f.function[:2] != "0x"), len(every))
        found = first(every[:sure], groups, table)
    if found is None:
        found = _dispatcher(stack, table)
    if found is None and head is not None:
        return head
    if found is None and block.pc is not None and not block.pc.function.startswith("0x"):
        return block.pc
    return found


def _holder(block: Block, stack: list[Frame], table: FrameTable) -> Frame | None:
    """Who holds the CPU in a stall.

    The sampled function is a random point of a loop.  If a module is on the stack, its innermost function is named,
    or that one's caller in the module when interrupts are off and nothing is waited for (it switched them off, the
    innermost only works inside).  In built-in code the function that the dispatcher of a system call, timer, work or
    packet called names the loop best, except where a CPU waits for a lock or for another CPU.
    """
    useful = [frame for frame in stack if not frame.function.startswith("0x")]
    entry = len(useful)
    for group in ("stall-entry", "fault-entry"):
        found_at = (i for i, f in enumerate(useful) if f.module is None and group in table.groups(f.function))
        entry = next(found_at, len(useful))
        if entry < len(useful):
            break
    spinning = _spinning(useful, table)
    for index, frame in enumerate(useful[: entry + 1]):
        if frame.function.startswith("smp_call_function"):
            return frame
        if frame.module is not None and not is_generic(frame, (), table):
            off = not block.registers.get("eflags", _IF_FLAG) & _IF_FLAG
            below = useful[index + 1 : index + 3]
            if off and not spinning and len(below) == 2 and all(f.module == frame.module for f in below):
                return below[0]
            return frame
    found: Frame | None = None
    for frame in useful[:entry]:
        if not is_generic(frame, _STALL_SKIP, table):
            found = frame
            if spinning:
                return frame
    if found is None:
        found = first(useful[entry:], _STALL_SKIP, table)
    return found


def _spinning(frames: Sequence[Frame], table: FrameTable) -> bool:
    """True if the CPU waits for a spinlock; within the lock validator it merely begins or ended to take one."""
    for frame in frames[:3]:
        tags = table.tags(frame.function)
        if "spin-wait" in tags:
            return True
        if "sanitizer" in tags:
            return False
    return False


def name_in(text: str) -> Frame | None:
    """The function a head line names: ``... in func+0x1/0x2 [mod]``, ``at file.c:1 func+0x1/0x2()``."""
    match = _NAMED.search(text[:1000]) or _NAMED_BARE.search(text[:1000])
    if match is None:
        return None
    symbol = match["symbol"]
    cut = symbol.find(".", 1)
    offset = match["offset"] if "offset" in match.groupdict() else ""
    return Frame(symbol[:cut] if cut > 0 else symbol, (offset or "").lstrip("+"), match["module"], True, "", 0, symbol)


_NAMED = re.compile(
    r"(?: in:? |:\d{1,6} | at )(?P<symbol>[A-Za-z_][\w.$]{0,200})(?P<offset>\+0x[0-9a-f]{1,8})(?:/0x[0-9a-f]{1,8})?("
    r"?:\(\))?"
    r"(?: \[(?P<module>[\w-]{1,64})(?: [0-9a-f]{1,40})?\])?"
)
_NAMED_BARE = re.compile(
    r" in (?!interrupt$|kernel\b)(?P<symbol>[a-z_][\w.$]{2,200})(?: \[(?P<module>[\w-]{1,64})\])?(?: / | at addr|$)"
)
