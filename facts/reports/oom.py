"""Reader of memory shortage: OOM killer, page allocation failure (mm/oom_kill.c, mm/show_mem.c, mm/page_alloc.c)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facts.frames import FrameTable
from facts.records import Event, Record
from facts.reports.block import Block
from facts.reports.common import fill, finish, put
from facts.reports.meminfo import Memory
from facts.reports.tools import collect

_INVOKED = re.compile(r"^(.{1,32}) invoked oom-killer: .*?order=(-?\d{1,3})")
_FAILED = re.compile(r"^(.{1,32}?):? page allocation failure[:.] ?order:(\d{1,3}), mode:(.{1,200})")
_CONSTRAINT = re.compile(r"constraint=CONSTRAINT_(\w{1,20})")
_KILLED = re.compile(r"(?:Kill(?:ed)? process|Killed) (\d{1,10}),? (?:UID \d{1,10},? ?\(?)?\(?([^)]{1,32})\)")
_TASK = re.compile(r"\btask=(.{1,32}?),pid=(\d{1,10}),")
_CHARGING = frozenset((  # the limit of a group was met
    "mem_cgroup_out_of_memory", "mem_cgroup_oom_synchronize", "__mem_cgroup_try_charge", "mem_cgroup_charge_common",
    "mem_cgroup_newpage_charge", "mem_cgroup_try_charge", "try_charge", "try_charge_memcg", "__mem_cgroup_charge",
))  # fmt: skip
_REFUSED = re.compile(r"gfp_mask=0x0\b.{0,80}?\border=0\b")  # pagefault_out_of_memory, up to 5.15
_GROUP_CACHE = re.compile(r"^ *cache: [\w-]{1,64}\(\d{1,20}:")  # NAME(ID:GROUP), up to 5.8 (mm/slab_common.c)
_SCORE = re.compile(r"Tasks in (\S{1,200}) killed as a result of limit")
_PARTS = re.compile(
    r"\s*(?:Mem-Info|Node \d|active_anon|inactive_|isolated|unevictable|dirty|slab_|mapped|shmem|sec_page|bounce|"
    r"kernel_misc|free[: ]|lowmem_reserve|"
    r"\d+ (?:total )?page|\d+ pages|\d+ reserved|Swap cache|Free swap|Total swap|Tasks state|\[ *pid|\[ *\d+\]|"
    r"oom-kill:|Out of memory|Memory cgroup|"
    r"memory(?:\+swap)?: usage|kmem: usage|swap: usage|kernel |Unreclaimable slab|Name +Used|\S+ +\d+KB +\d+KB|"
    r"oom_reaper|anon \d|file \d|cpu \d|hi: |CPU +\d+: hi|"
    r"cache \d|rss|mapped_file|Killed process|Task in|\S+ cpuset=|cpuset=|hugepages|DMA|Normal|HighMem|warn_alloc|"
    r"Mem abort|COMPACTION|SLUB: |cache: |node \d+: |"
    r"Cpu|pgfault|workingset|inactive|writeback|\w+ \d+$|Kill process|Showing busy)"
)


def read(event: Event, body: Sequence[Record], table: FrameTable) -> int:
    """Read a memory report: constraint, order, zone, victim, what holds the memory; returns the records taken."""
    if not body:
        return 0
    block, memory = Block(), Memory()
    _head(event, body[0].text)
    done = False

    def part(text: str) -> bool:
        nonlocal done
        done = _detail(event, text) or done
        return memory.feed(text) or _PARTS.match(text[:200]) is not None

    def stop(text: str) -> bool:
        return "invoked oom-killer" in text or (done and "page allocation failure" in text)

    end = collect(body, block, part, stop)
    _judge(event, memory)
    callers = {frame.function for frame in block.frames if frame.reliable} or {f.function for f in block.frames}
    if callers & _CHARGING:
        put(event, "constraint", "memcg")
    elif event.kind in ("oom-kill", "oom-panic") and any(name.startswith("__alloc_pages") for name in callers):
        put(event, "scope", "machine")
    fill(event, block, table)
    return finish(event, body, end)


def _head(event: Event, text: str) -> None:
    match = _INVOKED.search(text[:600])
    if match:
        event.comm = event.comm or match[1]
        put(event, "order", max(0, int(match[2])))
        if int(match[2]) < 0:  # is_sysrq_oom
            put(event, "on-request", True)
        if _REFUSED.search(text[:600]):
            put(event, "refused-before", True)
        if "__GFP_COMP" in text[:600] and match[2] == "0":  # added by folio_alloc(), not where a group is charged
            put(event, "scope", "machine")
    failed = _FAILED.search(text[:600])
    if failed:
        event.comm = event.comm or failed[1].strip()
        put(event, "order", int(failed[2]))
        put(event, "atomic", _atomic(failed[3]))
    if "GFP_DMA32" in text or "__GFP_DMA32" in text:
        put(event, "zone", "dma32")
    elif re.search(r"\b(?:__)?GFP_DMA\b", text[:600]):
        put(event, "zone", "dma")
    elif re.search(r"mode:0x|gfp_mask=0x", text[:600]):
        put(event, "zone", _zone(text))
    _detail(event, text)


def _zone(text: str) -> str:
    match = re.search(r"(?:mode:|gfp_mask=)0x([0-9a-f]{1,8})", text[:600])
    if match is None:
        return ""
    mask = int(match[1], 16)
    return "dma" if mask & 1 else "dma32" if mask & 4 else "normal"


def _atomic(mode: str) -> bool:
    """True if the request could not sleep: no direct reclaim (named flags first, the numbers moved between kernels)."""
    if "(" in mode:
        return (
            "GFP_ATOMIC" in mode
            or "GFP_NOWAIT" in mode
            or ("RECLAIM" not in mode and not re.search(r"GFP_(?:KERNEL|USER|HIGHUSER|NOFS|NOIO|TRANSHUGE)", mode))
        )
    number = re.match(r"0x([0-9a-f]{1,8})", mode)
    return (
        bool(number)
        and int(number[1] if number else "0", 16) & 0x10 == 0
        and int(number[1] if number else "0", 16) & 0x20 != 0
    )


def _detail(event: Event, text: str) -> bool:
    constraint = _CONSTRAINT.search(text[:400])
    if constraint:
        name = constraint[1].lower()
        put(
            event,
            "constraint",
            {"memory_policy": "memory-policy"}.get(name, name)
            if name in ("none", "cpuset", "memory_policy", "memcg")
            else "",
        )
    elif "Memory cgroup out of memory" in text or _SCORE.search(text[:400]):
        put(event, "constraint", "memcg")
    elif text.startswith("Out of memory: Kill"):
        put(event, "scope", "machine")
    elif _GROUP_CACHE.match(text[:120]):
        put(event, "scope", "group")
    task = _TASK.search(text[:600])
    if task:
        put(event, "victim", task[1])
    killed = _KILLED.search(text[:400]) if "Kill" in text else None
    if killed:
        put(event, "victim", killed[2])
    return bool(killed and "Killed process" in text)


def _judge(event: Event, memory: Memory) -> None:
    if memory.shown() and event.kind in ("oom-kill", ""):
        put(event, "scope", "machine")  # a group's report shows the memory of the group (dump_header in mm/oom_kill.c)
    order = event.attributes.get("order")
    order = order if isinstance(order, int) else 0
    if event.kind in ("oom-kill", "page-allocation-failure", "memcg-oom-kill", "oom-panic") or not event.kind:
        put(event, "consumer", memory.consumer() if event.kind != "memcg-oom-kill" else memory.cgroup_consumer())
    if event.kind in ("oom-kill", "page-allocation-failure", "oom-panic"):
        put(event, "fragmented", memory.fragmented(order))
        put(event, "node-imbalance", memory.imbalanced(event.attributes.get("zone") in ("dma", "dma32")))
        put(event, "hugepages-idle", memory.hugepages_idle())
        put(event, "swap-full", memory.swap_full())
