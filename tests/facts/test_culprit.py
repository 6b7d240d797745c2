"""Who is held responsible: one hand-written trace for each rule of facts/culprit.py and kb/frames.yaml."""

from __future__ import annotations

import os

import pytest
import yaml
from loglines import stamped

from advisor.work import Work
from facts.frames import FrameTable
from facts.recognise import Reading, lines_of
from facts.records import Event, Record
from facts.reports import READERS
from facts.timeline import build

KB = os.path.join(os.path.dirname(__file__), "..", "..", "kb")
with open(os.path.join(KB, "frames.yaml"), encoding="utf-8") as stream:
    TABLE = FrameTable(yaml.safe_load(stream))

BOTTOM = ["do_syscall_64", "entry_SYSCALL_64_after_hwframe"]


def trace(*functions: str) -> list[str]:
    """The lines of a call trace, innermost first; `? f`, `f [mod]`, `<IRQ>` and whole lines (with a blank) pass."""
    lines = ["Call Trace:"]
    for name in functions:
        if name.startswith("<"):
            lines.append(f" {name}")
        elif ": " in name:
            lines.append(name)
        else:
            function, _, module = name.partition(" [")
            mark = "? " if function.startswith("? ") else ""
            lines.append(f" {mark}{function.removeprefix('? ')}+0x1c/0x90" + (f" [{module}" if module else ""))
    return lines


def event(kind: str, reader: str, *lines: str) -> Event:
    body = [Record(n, line, n / 1000) for n, line in enumerate(lines, 1)]
    found = Event(kind, body[0])
    READERS[reader](found, body, TABLE)
    return found


def read(whole: Work, *lines: str) -> Reading:
    return whole.gatherer.recogniser.read(lines_of(stamped(*lines)))


def root(reading: Reading) -> Event:
    timeline = build(reading)
    assert timeline.root is not None
    return timeline.events[timeline.root]


WARN = "WARNING: CPU: 1 PID: 77 at {source} {function}+0x40/0x90"
GPF = "general protection fault: 0000 [#1] SMP"
SOFT = "watchdog: BUG: soft lockup - CPU#1 stuck for 23s! [acme:12]"
PREEMPTIBLE = "BUG: using smp_processor_id() in preemptible [00000000] code: acme/12"
CASES = {
    # rule: (kind, reader, head lines, functions of the trace, the one held responsible)
    "a reference count is wrong for its user": (
        "refcount-error", "trace", ["refcount_t: underflow; use-after-free."],
        ["refcount_warn_saturate", "kobject_put", "acme_session_drop", "acme_ioctl", *BOTTOM], "acme_session_drop",
    ),
    "a list helper works for its caller": (
        "general-protection-fault", "oops", [GPF, "RIP: 0010:__list_del_entry+0x1c/0x90"],
        ["list_del_init", "acme_unlink", *BOTTOM], "acme_unlink",
    ),
    "a list of its own is no list helper": (
        "general-protection-fault", "oops", [GPF, "RIP: 0010:list_lru_add+0x1c/0x90"],
        ["acme_unlink", *BOTTOM], "list_lru_add",
    ),
    "nor is a set that is called a bitmap": (
        "kasan", "kasan", ["BUG: KASAN: slab-out-of-bounds in bitmap_acme_add+0x1c/0x90"],
        ["kasan_report", "bitmap_acme_add", "acme_call", *BOTTOM], "bitmap_acme_add",
    ),
    "copying is done for the caller": (
        "kasan", "kasan", ["BUG: KASAN: slab-out-of-bounds in memcpy+0x1c/0x90"],
        ["kasan_report", "memcpy", "skb_copy_bits", "nla_memcpy", "acme_parse", *BOTTOM], "acme_parse",
    ),
    "the driver core and the class work for the driver": (
        "kasan", "kasan", ["BUG: KASAN: use-after-free in __mutex_lock+0x1c/0x90"],
        ["kasan_report", "__mutex_lock", "device_del", "tty_unregister_device", "acme_disconnect", "usb_unbind_device"],
        "acme_disconnect",
    ),
    "a fault within kernfs is its own": (
        "general-protection-fault", "oops", [GPF, "RIP: 0010:__kernfs_remove+0x1c/0x90"],
        ["sysfs_remove_group", "acme_remove", *BOTTOM], "__kernfs_remove",
    ),
    "a warning of kernfs is about the caller": (
        "warning", "trace", [WARN.format(source="fs/kernfs/dir.c:503", function="__kernfs_remove")],
        ["kernfs_remove", "sysfs_remove_group", "acme_remove", *BOTTOM], "acme_remove",
    ),
    "removing network devices is done for others": (
        "warning", "trace", [WARN.format(source="net/core/dev.c:8022", function="rollback_registered_many")],
        ["unregister_netdevice_many", "acme_exit_batch", "cleanup_net", "process_one_work"], "acme_exit_batch",
    ),
    "a lock of a file system is a lock": (
        "null-pointer-dereference", "oops",
        ["BUG: kernel NULL pointer dereference, address: 0000000000000010", "RIP: 0010:mutex_lock+0x1c/0x90"],
        ["acmefs_write_lock", "acmefs_readdir", *BOTTOM], "acmefs_readdir",
    ),
    "creating a task is no waking helper": (
        "spinlock-bug", "trace", ["BUG: spinlock recursion on CPU#0, acme/12"],
        ["spin_dump", "do_raw_spin_lock", "_raw_spin_lock", "__task_rq_lock", "wake_up_new_task"], "wake_up_new_task",
    ),
    "a leak: the percpu allocator allocates for others, kernfs keeps what it allocates": (
        "kmemleak", "trace", ["BUG: memory leak"],
        ["kmem_cache_alloc", "pcpu_create_chunk", "pcpu_alloc", "__kernfs_new_node", "device_add", "acme_probe"],
        "__kernfs_new_node",
    ),
    "a leak: who allocates is asked by somebody": (
        "kmemleak", "trace", ["BUG: memory leak"],
        ["__kmalloc", "kmemdup", "acme_map_alloc", "alloc_acme_set", "acme_bind", *BOTTOM], "acme_bind",
    ),
    "division on 32-bit arm is a library call": (
        "divide-error", "oops", ["Division by zero in kernel."],
        ["dump_stack", "Ldiv0", "acme_rate", *BOTTOM], "acme_rate",
    ),
    "initializing an active timer is the owner's mistake": (
        "debug-objects", "trace", [WARN.format(source="lib/debugobjects.c:612", function="debug_print_object")],
        ["debug_object_init", "init_timer_key", "acme_open", *BOTTOM], "acme_open",
    ),
    "a bad page: dropping and passing on a packet is done for others": (
        "bad-page-state", "page-dump", ["BUG: Bad page state in process acme  pfn:1a2b3"],
        ["bad_page", "free_unref_page", "skb_release_data", "kfree_skb", "__netif_receive_skb_core",
         "netif_receive_skb_list", "acme_test_run", *BOTTOM],
        "acme_test_run",
    ),
    "2.6: thread_return is the scheduler": (
        "atomic-sleep", "atomic-sleep", ["BUG: scheduling while atomic: acme/12/0x10000100"],
        ["? __schedule_bug", "? thread_return", "? schedule_timeout", "? acme_reap", "? sys_ioctl"], "acme_reap",
    ),
    "a hang: who waits is the caller": (
        "hung-task", "hung-task", ["INFO: task acme:12 blocked for more than 120 seconds."],
        ["__schedule", "schedule", "blk_mq_freeze_queue_wait", "acme_switch", *BOTTOM], "acme_switch",
    ),
    "a stall in a page fault of a program": (
        "soft-lockup", "lockup", [SOFT, "RIP: 0010:_raw_spin_lock+0x1c/0x90"],
        ["acme_fault", "__do_fault", "handle_mm_fault", "do_user_addr_fault", "exc_page_fault", "asm_exc_page_fault"],
        "acme_fault",
    ),
    "a stall in a page fault within a system call": (
        "soft-lockup", "lockup", [SOFT, "RIP: 0010:clear_page_erms+0x1c/0x90"],
        ["acme_fault", "handle_mm_fault", "exc_page_fault", "asm_exc_page_fault", "acme_read_iter", "vfs_read"],
        "acme_read_iter",
    ),
    "a stall while a socket is closed": (
        "soft-lockup", "lockup", [SOFT, "RIP: 0010:acme_purge+0x1c/0x90"],
        ["acme_close", "acme_release", "__sock_release", "sock_close", "__fput", "task_work_run", *BOTTOM],
        "acme_release",
    ),
    "a stall while a file is mapped": (
        "soft-lockup", "lockup", [SOFT, "RIP: 0010:acme_fill+0x1c/0x90"],
        ["acme_mmap", "mmap_region", "do_mmap", "vm_mmap_pgoff", *BOTTOM], "acme_mmap",
    ),
    "caller is: the function that asked for the CPU": (
        "atomic-sleep", "atomic-sleep",
        [PREEMPTIBLE, "caller is radix_tree_node_alloc+0x1c/0x90"],
        ["debug_smp_processor_id", "radix_tree_node_alloc", "idr_alloc", "acme_bind", *BOTTOM], "radix_tree_node_alloc",
    ),
    "caller is: not the check itself": (
        "atomic-sleep", "atomic-sleep",
        [PREEMPTIBLE.replace("smp_processor_id", "__this_cpu_add"), "caller is __this_cpu_preempt_check+0x1c/0x90"],
        ["check_preemption_disabled", "__this_cpu_preempt_check", "acme_count", *BOTTOM], "acme_count",
    ),
    "on the way back to user space the scheduler is not at fault": (
        "atomic-sleep", "atomic-sleep", ["BUG: scheduling while atomic: acme/12/0x00000002"],
        ["__schedule_bug", "__schedule", "schedule", "exit_to_user_mode_prepare", *BOTTOM],
        "exit_to_user_mode_prepare",
    ),
    "a jump to nowhere from a timer": (
        "invalid-paging-request", "oops",
        ["BUG: unable to handle page fault for address: ffffffffffffffff", "RIP: 0010:0xffffffffffffffff"],
        ["<IRQ>", "? call_timer_fn", "__run_timers", "? timers_dead_cpu", "run_timer_softirq", "irq_exit",
         "exiting_irq", "apic_timer_interrupt", "</IRQ>", "acme_idle"],
        "__run_timers",
    ),
    "a stack overflow: where the last byte went is chance": (
        "stack-overflow", "oops",
        ["BUG: TASK stack guard page was hit at ffffc90001234ff8 (stack is ffffc90001235000..ffffc9000123d000)",
         "RIP: 0010:strlen+0x1c/0x90"],
        ["acme_leaf", "acme_walk", "acme_walk", "acme_walk", "acme_setsockopt", "__sys_setsockopt", *BOTTOM],
        "acme_setsockopt",
    ),
    "a corrupted stack end in a worker": (
        "stack-overflow", "trace", ["Kernel panic - not syncing: corrupted stack end detected inside scheduler"],
        ["panic", "__schedule", "preempt_schedule_irq", "retint_kernel", "RIP: 0010:acme_leaf+0x1c/0x90", "acme_alloc",
         "acme_write", "acme_workfn", "process_one_work", "worker_thread", "kthread"],
        "acme_workfn",
    ),
    "a stall sampled at the door of a lock that is free": (
        "soft-lockup", "lockup", [SOFT, "RIP: 0010:lock_acquire+0x1c/0x90"],
        ["_raw_spin_lock_bh", "acme_leaf", "acme_loop", "__x64_sys_recvmmsg", *BOTTOM], "__x64_sys_recvmmsg",
    ),
    "a stall that waits for a lock": (
        "soft-lockup", "lockup",
        [SOFT, "RIP: 0010:native_queued_spin_lock_slowpath+0x1c/0x90"],
        ["_raw_spin_lock_bh", "acme_leaf", "acme_loop", "__x64_sys_recvmmsg", *BOTTOM], "acme_leaf",
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", CASES)
def test_culprit(rule: str) -> None:
    kind, reader, head, functions, wanted = CASES[rule]
    assert event(kind, reader, *head, *trace(*functions)).attributes.get("function") == wanted


@pytest.mark.parametrize(
    ("pc", "lr", "below", "function"),
    [
        ("regmap_write", "acme_remove", [], "acme_remove"),  # the trace is lost
        ("acme_set", "acme_remove", [], "acme_set"),
        ("regmap_write", "regmap_write", [], "regmap_write"),  # the link register points into the function itself
        ("regmap_write", "acme_leaf", trace("acme_probe", *BOTTOM), "acme_leaf"),  # a leaf without a frame
        ("regmap_write", "stale_value", trace("regmap_write", "acme_probe", *BOTTOM), "acme_probe"),
    ],
)
def test_the_link_register_names_the_caller(pc: str, lr: str, below: list[str], function: str) -> None:
    head = "Unable to handle kernel NULL pointer dereference at virtual address 00000010"
    registers = [f"PC is at {pc}+0x14/0x6c", f"LR is at {lr}+0x28/0x2c"]
    found = event("null-pointer-dereference", "oops", head, *registers, *below)
    assert found.attributes.get("function") == function


FRAMES = ["acme_check", "acme_close", "__x64_sys_close", *BOTTOM]
HEADER = "CPU: 1 PID: 77 Comm: acme Not tainted 6.1.0 #1"


def test_trace_after_a_late_panic_line(whole: Work) -> None:
    """panic_on_warn prints the trace below the panic line, however much a program prints in between."""
    text = stamped("refcount_t: increment on 0; use-after-free.", "------------[ cut here ]------------",
                   WARN.format(source="lib/refcount.c:152", function="refcount_inc"))  # fmt: skip
    text += "".join(f"a program prints line {n}\n" for n in range(40))
    text += stamped("Kernel panic - not syncing: panic_on_warn set ...", HEADER,
                    *trace("panic", "__warn", "RIP: 0010:refcount_inc+0x47/0x50", *FRAMES), at=101)  # fmt: skip
    found = root(whole.gatherer.recogniser.read(lines_of(text)))
    assert (found.kind, found.attributes["function"]) == ("refcount-error", "acme_check")


def test_panic_line_within_a_report(whole: Work) -> None:
    found = root(read(whole, "BUG: scheduling while atomic: acme/77/0x00000002", "Modules linked in:",
                      "Preemption disabled at:", "[<ffffffff812b2934>] kernel_fpu_begin+0x64/0x260",
                      "Kernel panic - not syncing: scheduling while atomic", HEADER,
                      *trace("panic", "__schedule_bug", "__schedule", "schedule", *FRAMES)))  # fmt: skip
    assert (found.kind, found.attributes["function"]) == ("atomic-sleep", "acme_check")


def test_panic_after_a_report_with_a_trace_is_another_stack(whole: Work) -> None:
    found = root(read(whole, "BUG: scheduling while atomic: acme/77/0x00000002", HEADER,
                      *trace("__schedule_bug", "__schedule", *FRAMES),
                      "Kernel panic - not syncing: Attempted to kill init!", *trace("panic", "do_exit")))  # fmt: skip
    assert "do_exit" not in {frame.function for frame in found.frames}


def test_the_panic_line_tells_which_report_it_ends(whole: Work) -> None:
    """Two reports interleaved, told apart by the caller tags: panic_on_warn ended the one of its own task."""
    lines = [("T77", WARN.format(source="net/acme.c:9", function="acme_fini")),
             ("T12", "INFO: rcu_sched self-detected stall on CPU"), ("T12", "\t1-....: (1 GPs behind) idle=a3e/1/0"),
             ("T77", "Kernel panic - not syncing: panic_on_warn set ..."), ("T77", HEADER)]  # fmt: skip
    lines += [("T77", line) for line in trace("panic", "__warn", *FRAMES)]
    text = "".join(f"[  100.{n:06d}][ {tag:>4}] {line}\n" for n, (tag, line) in enumerate(lines))
    found = root(whole.gatherer.recogniser.read(lines_of(text)))
    assert (found.kind, found.attributes["function"]) == ("warning", "acme_fini")
    assert "acme_close" in {frame.function for frame in found.frames}


def test_a_stall_whose_report_a_warning_cut_short(whole: Work) -> None:
    """The trace is the warning's, who is responsible is asked for the stall: the interrupted code."""
    found = root(read(whole, "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
                      "------------[ cut here ]------------",
                      WARN.format(source="kernel/sched/core.c:2698", function="try_invoke_on_locked_down_task"),
                      "Kernel panic - not syncing: panic_on_warn set ...", HEADER,
                      *trace("<IRQ>", "__warn", "try_invoke_on_locked_down_task", "rcu_sched_clock_irq", "</IRQ>",
                             "asm_sysvec_apic_timer_interrupt", "acme_leaf", "acme_loop", *BOTTOM)))  # fmt: skip
    assert (found.kind, found.attributes["function"]) == ("rcu-stall", "acme_loop")


def test_a_helper_named_above_the_report_gives_way_to_its_trace(whole: Work) -> None:
    found = root(read(whole, "detected buffer overflow in strlen", "------------[ cut here ]------------",
                      "kernel BUG at lib/string.c:1149!", "invalid opcode: 0000 [#1] PREEMPT SMP", HEADER,
                      "RIP: 0010:fortify_panic+0xf/0x11", *trace(*FRAMES), "---[ end trace 0 ]---"))  # fmt: skip
    assert (found.kind, found.attributes["function"]) == ("fortify-overflow", "acme_check")


def test_a_trace_without_a_frame_is_cut(whole: Work) -> None:
    found = root(read(whole, WARN.format(source="net/acme.c:9", function="acme_fini"), HEADER, "Call Trace:",
                      "Kernel Offset: disabled"))  # fmt: skip
    assert found.attributes["cut"] is True


def test_arm_alignment_and_bad_mode(whole: Work) -> None:
    found = root(read(whole, "Alignment trap: not handling instruction e1932f9f at [<8028bd58>]",
                      "Unhandled fault: alignment exception (0x001) at 0x000008ad", "pgd = 522df9df",
                      "Internal error: : 1 [#1] SMP ARM", "PC is at acme_dup+0x154/0x39c",
                      "[<8028bd5c>] (acme_dup) from [<80132060>] (acme_fork+0x58/0x184)"))  # fmt: skip
    assert (found.kind, found.attributes["problem"]) == ("general-protection-fault", "alignment")
    assert found.attributes["function"] == "acme_dup"
    found = root(read(whole, "Bad mode in Synchronous Abort handler detected on CPU0, code 0x34000001 -- BTI",
                      HEADER, "pc : acme_start+0x0/0x3c0", "Kernel panic - not syncing: bad mode", HEADER,
                      *trace("panic", "bad_mode", "el1_inv", "acme_start")))  # fmt: skip
    assert (found.kind, found.attributes["function"]) == ("panic", "acme_start")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (0x006B6B6B6B6B6D13, "freed-poison"),  # bit 55 clear: the top byte became 00
        (0xFFA5A5A5A5A5A5AD, "freed-poison"),  # bit 55 set: ff
        (0xFFAD000000000122, "list-poison"),
        (0x005A5A5A5A5A5A62, "allocated-poison"),
        (0xFF6B6B6B6B6B6B6B, "non-canonical"),
        (0xFFFF800012345678, "vmalloc"),
        (0x0000FFFF12345678, "user"),
    ],
)
def test_poison_without_its_top_byte(value: int, kind: str) -> None:
    from facts.decode.pointers import classify

    assert classify(value, "arm64") == kind
