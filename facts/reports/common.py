"""Turns what a block gathered into attributes of the event (kb/vocabulary/attributes.yaml)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from facts.culprit import EXCEPTIONS, OTHER_SECTIONS, STALLS, caller_module, choose, effective, is_generic, name_in
from facts.decode.faults import fill_fault
from facts.decode.pointers import classify
from facts.frames import FrameTable
from facts.records import Event, Frame, Record
from facts.reports.block import Block, read_block

_SOURCE = re.compile(r"(?:\bat |\bin |: |^)([\w./+-]{1,200}\.(?:[chS]|rs)):(\d{1,6})")
_AREA = re.compile(
    r"(?:^|/)(arch|block|crypto|drivers|fs|include|init|io_uring|ipc|kernel|lib|mm|net|rust|samples|security|sound|"
    r"virt)/"
)
_NEW_WARNING = re.compile(r"CPU#(\d{1,5}): (.{1,32}?)/(\d{1,10})\s*$")
_OLD_WARNING = re.compile(r"WARNING: CPU: (\d{1,5}) PID: (\d{1,10}) ")
_ASKING = ("arch_trigger_all_cpu_backtrace", "arch_trigger_cpumask_backtrace", "nmi_trigger_cpumask_backtrace")
_TAINTS = {
    "tainted-foreign": "OP", "tainted-died": "D", "tainted-warned": "W", "tainted-bad-page": "B",
    "tainted-machine-check": "M", "tainted-lockup": "L", "tainted-livepatch": "K", "tainted-forced": "F",
    "tainted-test": "N",
}  # fmt: skip
_CONTEXTS = (  # tag of a frame -> context, the innermost decides
    ("timer-callback", "timer"), ("work-callback", "workqueue"), ("softirq", "softirq"),
    ("rcu-callback", "softirq"), ("tasklet", "softirq"),
    ("hardirq", "hardirq"), ("idle", "idle"), ("kernel-init", "init"), ("kthread", "kthread"),
    ("system-call", "process"),
)  # fmt: skip
_WORKERS = re.compile(  # threads of work queues before 2.6.36, one for each CPU
    r"(?:events|kblockd|aio|ata|crypto|rpciod|nfsiod|kintegrityd|xfslogd|xfsdatad|xfsconvertd|kacpid|kdmflush)/\d{1,4}$"
)
_KTHREADS = re.compile(
    r"(?:migration|watchdog|cpuhp|rcuc|rcuo[psbg]?|idle_inject|jbd2|xfsaild)/|"
    r"(?:kswapd|kcompactd|scsi_eh_|loop|flush-|nvme-wq)\d|md\d{1,3}_(?:raid|resync)|irq/\d{1,4}-|"
    r"(?:rcu_sched|rcu_preempt|rcu_bh|kthreadd|khugepaged|khungtaskd|kdevtmpfs|kauditd|oom_reaper|ksmd|kjournald|pdflush|"
    r"bdi-default|xenwatch|xenbus|kdmflush|khelper|khubd|kblockd|writeback|txg_sync|btrfs-transacti)$"
)


def fill(event: Event, block: Block, table: FrameTable, head: Frame | None = None) -> None:
    """Fill everything a block tells: who, taint, modules, frames, culprit, context, source.  Existing values stay."""
    set_source(event, event.text)
    _who(event, block)
    _frames(event, block, table, head)
    _modules(event, block)
    if block.oops_number is not None:
        event.attributes.setdefault("oops-number", block.oops_number)


def put(event: Event, name: str, value: object) -> None:
    """Set an attribute unless it is known or the value is empty."""
    if value is None or value == "" or name in event.attributes:
        return
    if isinstance(value, (str, int, float, bool)):
        event.attributes[name] = value
    elif isinstance(value, (frozenset, set)):
        if value:
            event.attributes[name] = tuple(sorted(value))


def _who(event: Event, block: Block) -> None:
    header = block.header
    if header is not None:
        if event.cpu is None and header.cpu is not None:
            event.cpu = header.cpu
        if not event.comm and header.comm:
            event.comm = header.comm
        if event.pid is None and header.pid is not None:
            event.pid = header.pid
        put(event, "release", header.release)
        put(event, "package", header.package)
        if header.taint is not None:
            put(event, "tainted", header.taint)
            for name, letters in _TAINTS.items():
                put(event, name, any(letter in header.taint for letter in letters))
            if header.kdump:
                put(event, "kdump-loaded", True)
    for pattern in (_NEW_WARNING, _OLD_WARNING):
        match = pattern.search(event.text[-400:] if pattern is _NEW_WARNING else event.text[:400])
        if match:
            if event.cpu is None:
                event.cpu = int(match[1])
            if event.pid is None:
                event.pid = int(match[match.lastindex or 1])
            if pattern is _NEW_WARNING and not event.comm:
                event.comm = match[2]
    put(event, "hardware", block.hardware)
    put(event, "workqueue-function", block.work)
    put(event, "last-unloaded", block.unloaded)
    if block.overran:
        event.attributes["stack-overran"] = True


def set_source(event: Event, text: str) -> None:
    """`source` and `source-area` from a text that names a source file; a build tree's path is cut off."""
    if "source" not in event.attributes:
        match = _SOURCE.search(text[:1000])
        if match is not None:
            event.attributes["source"] = f"{match[1]}:{match[2]}"
    source = event.attributes.get("source")
    if isinstance(source, str):
        if "/dkms/" in source or source.startswith(("/var/", "/usr/src/")):
            return  # built outside the kernel tree
        known = _AREA.search(source)
        if known is not None:
            event.attributes["source"] = source[known.start(1) :]
            put(event, "source-area", known[1])


def _frames(event: Event, block: Block, table: FrameTable, head: Frame | None) -> None:
    kind = event.kind
    if kind in STALLS and any(frame.function.startswith(_ASKING) for frame in block.frames[:2]):
        block.pc = None  # the CPU that reports the stall asked itself for a backtrace: these are its registers then
    if head is None and (" in " in event.text or " in: " in event.text or " at " in event.text or ".c:" in event.text):
        head = name_in(event.text)
    stack = effective(block, kind, table, head.function if head else "")
    event.frames.extend(block.frames)
    place = block.pc if block.pc_at < 0 or kind in EXCEPTIONS or kind in STALLS else None
    if place is None and head is not None and kind not in STALLS:
        place = head
    if place is not None and place.function[:2] != "0x":
        put(event, "pc-function", place.function)
        put(event, "pc-module", place.module)
    culprit = choose(block, kind, table, head)
    if culprit is None and block.link is not None and not block.frames:
        culprit = block.link
    if block.work and block.work_module and not block.frames and (culprit is None or is_generic(culprit, (), table)):
        culprit = Frame(block.work, "", block.work_module, True, "", event.line, block.work)  # the trace is lost
    if culprit is not None and "function" not in event.attributes:
        put(event, "function", culprit.function)
        put(event, "module", culprit.module)
        put(event, "caller-module", caller_module(stack, culprit))
        event.offset = culprit.offset
    if culprit is None or (culprit.module is None and is_generic(culprit, (), table)):
        _infer_module(event, block)
    name, module = event.attributes.get("function"), event.attributes.get("module")
    if isinstance(name, str):
        put(event, "culprit", table.tags(name, module if isinstance(module, str) else None))
    main = [frame for frame in block.frames if frame.section not in OTHER_SECTIONS]
    reliable = [frame for frame in main if frame.reliable] or main  # an unwinder that cannot begin marks all with ?
    top = stack[:3]
    if place is not None and (not top or top[0].function != place.function):
        top = [place, *top[:2]]
    put(event, "at", _tags(top, table))
    put(event, "trace", _tags([*top, *reliable], table))
    put(event, "maybe", _tags([frame for frame in main if not frame.reliable], table))
    if main:
        put(event, "depth", len(reliable))
        counts = Counter(frame.function for frame in reliable)
        put(event, "repeated-frame", bool(counts) and max(counts.values()) >= 4)
    put(event, "context", context(event, block, stack, table))


def _infer_module(event: Event, block: Block) -> None:
    """Name the module where no function can be: code that jumped into a module just unloaded, or a timer or work item
    in freed memory while a single out-of-tree module is loaded.
    """
    address = block.pc_address
    if (
        block.pc is None
        and address is not None
        and block.unloaded
        and classify(address, block.arch()) in ("module-space", "vmalloc", "kernel-image")
    ):
        event.attributes.pop("function", None)
        event.attributes["module"] = block.unloaded
        return
    foreign = [name for name, flags in block.modules.items() if _foreign(flags)]
    stale = any(classify(value, block.arch()) in ("freed-poison", "list-poison") for value in block.registers.values())
    if len(foreign) == 1 and stale and "module" not in event.attributes and event.kind in EXCEPTIONS:
        event.attributes.pop("function", None)
        event.attributes["module"] = foreign[0]


def _tags(frames: Sequence[Frame], table: FrameTable) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for frame in frames:
        found |= table.tags(frame.function, frame.module)
    return found


def context(event: Event, block: Block, stack: Sequence[Frame], table: FrameTable) -> str:
    """What the CPU was doing: process, kthread, workqueue, timer, softirq, hardirq, nmi, idle, init, or ""."""
    if stack and stack[0].section == "NMI" and event.kind not in STALLS:
        return "nmi"
    for frame in stack[:200]:
        tags = table.tags(frame.function, frame.module)
        if tags:
            for tag, name in _CONTEXTS:
                if tag in tags:
                    if name == "softirq" and frame.section == "" and frame.function == "__local_bh_enable_ip":
                        break
                    return name
    comm = event.comm
    if comm.startswith("swapper"):
        return "init" if event.pid == 1 else "idle"
    if comm.startswith("kworker") or _WORKERS.match(comm):
        return "workqueue"
    if comm.startswith("ksoftirqd"):
        return "softirq"
    if _KTHREADS.match(comm):
        return "kthread"
    return "process" if block.pc_user else ""


def _modules(event: Event, block: Block) -> None:
    flags = block.modules
    if not flags:
        return
    event.foreign = frozenset(name for name, marks in flags.items() if _foreign(marks))
    used = {frame.module for frame in block.frames if frame.reliable and frame.section not in OTHER_SECTIONS}
    if block.pc is not None:
        used.add(block.pc.module)
    named = event.attributes.get("module")
    if isinstance(named, str):
        used.add(named)
        if named in flags:
            put(event, "module-foreign", named in event.foreign)
    put(event, "foreign-in-trace", bool(event.foreign & used))


def _foreign(flags: str) -> bool:
    return "O" in flags or "P" in flags


def read_plain(
    event: Event, body: Sequence[Record], table: FrameTable, block: Block | None = None, limit: int = 6
) -> int:
    """Read a report made of the common parts only; the usual body of a reader.  Returns the records taken."""
    block = block or Block()
    if not body:
        return 0
    block.feed(body[0])
    end = read_block(body, 1, block, limit)
    fill(event, block, table)
    fill_fault(event, block)
    begun = block.oops_number is not None and end == len(body)
    if (begun or block.trace_seen) and not (block.frames or block.ended):
        event.attributes.setdefault("cut", True)  # an oops or a trace began, and neither a frame nor its end came
    return finish(event, body, end)


def finish(event: Event, body: Sequence[Record], end: int) -> int:
    """Set the event's last line; returns the number of records taken, between 1 and len(body)."""
    end = max(1, min(end, len(body)))
    event.end_line = max(event.line, body[end - 1].line)
    return end
