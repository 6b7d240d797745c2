"""Reports whose lines are doubled, glued, cut, quoted or lost, and the order in which older kernels print them."""

from __future__ import annotations

import json

import pytest
from loglines import PANIC, booted, oops, root, stamped, warning

from facts.carriers import records

HUNG = [
    "INFO: task acmed:2011 blocked for more than 120 seconds.",
    "      Not tainted 6.9.3-4-generic #1",
    '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.',
    "task:acmed           state:D stack:0     pid:2011  ppid:1      flags:0x00004006",
    "Call Trace:",
    " __schedule+0x3cb/0x14c0",
    " schedule+0x5e/0xd0",
    " acme_flush+0x92/0x110 [acme]",
    " ksys_write+0x6f/0xf0",
]
RCU = [
    "rcu: INFO: rcu_sched self-detected stall on CPU",
    "rcu: \t1-....: (15000 ticks this GP) idle=0c6/1/0x4000000000000002 softirq=1283/1283 fqs=7000",
    "rcu: \t(t=15001 jiffies g=1234 q=3)",
    "CPU: 1 PID: 2011 Comm: acmed Not tainted 6.9.3-4-generic #1",
    "RIP: 0010:acme_spin+0x21/0x80 [acme]",
    "RSP: 0018:ffffa2f90b6f7c60 EFLAGS: 00000246",
    "Call Trace:",
    " acme_ioctl+0x8a/0x240 [acme]",
    " __x64_sys_ioctl+0x94/0xd0",
]


@pytest.mark.parametrize(("lines", "function"), [(HUNG, "acme_flush"), (RCU, "acme_spin"), (oops(), "foo_read")])
@pytest.mark.parametrize("stamps", [True, False])
def test_two_consoles_print_to_one_place(timeline, lines: list[str], function: str, stamps: bool) -> None:  # type: ignore[no-untyped-def]
    firsts = stamped(*lines).splitlines(keepends=True)
    seconds = firsts if stamps else [f"{line}\n" for line in lines]
    twice = [line for pair in zip(firsts, seconds, strict=True) for line in pair]
    event = root(timeline("".join(twice)))
    assert (event.attributes["function"], event.attributes.get("count")) == (function, None)


def test_repeated_frames_are_no_echo(timeline) -> None:  # type: ignore[no-untyped-def]
    lines = oops()
    at = lines.index(" <TASK>") + 1
    event = root(timeline("\n".join([*lines[:at], *[" foo_walk+0x1c/0x90 [foo]"] * 6, *lines[at:]])))
    assert event.attributes["repeated-frame"] is True


@pytest.mark.parametrize("size", [2, 3])
def test_newlines_are_lost(timeline, size: int) -> None:  # type: ignore[no-untyped-def]
    lines = stamped(*oops()).splitlines()
    event = root(timeline("\n".join("".join(lines[n : n + size]) for n in range(0, len(lines), size))))
    assert (event.kind, event.attributes["function"], event.comm) == (
        "null-pointer-dereference", "foo_read", "foocat",
    )  # fmt: skip
    assert event.attributes["oops-number"] == 1


def test_a_stamp_within_a_text_is_no_message_of_its_own(timeline) -> None:  # type: ignore[no-untyped-def]
    (record,) = records("[  100.000000] acmed: seen [    1.000000] BUG: kernel NULL pointer dereference", 1)
    assert record.time == 100
    found = timeline("Nov 24 01:07:40 web-1 acmed[7]: seen [    1.000000] BUG: kernel NULL pointer dereference\n")
    assert found.root is None


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("divide error: 0000 [#1] SMP NOPTI", "divide-error"),
        ("invalid opcode: 0000 [#1] SMP NOPTI", "invalid-opcode"),
        ("stack segment: 0000 [#1] SMP NOPTI", "general-protection-fault"),
        ("general protection fault: 0000 [#1] SMP NOPTI", "general-protection-fault"),
        ("double fault: 0000 [#1] SMP NOPTI", "double-fault"),
        ("Division by zero in kernel.", "divide-error"),
    ],
)
def test_a_program_printed_on_the_line_before(timeline, head: str, kind: str) -> None:  # type: ignore[no-untyped-def]
    report = [f"run 7: socket(0xa, 0x2)={head}", *oops()[5:]]
    event = root(timeline("\n".join(report)))
    assert (event.kind, event.attributes["function"]) == (kind, "foo_read")


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("general protection fault, probably for non-canonical addr", "general-protection-fault"),
        ("Unable to handle kernel execute from non-executable memory at vi", "nx-execution"),
        ("Unable to handle kernel access to user memory outside uaccess routines at", "user-memory-access"),
        ("Unable to handle kernel write to read-only memory at virt", "invalid-paging-request"),
        ("Unable to handle kernel pointer dereference in virtual kernel addr", "invalid-paging-request"),
    ],
)
def test_a_console_cuts_the_head_line(timeline, head: str, kind: str) -> None:  # type: ignore[no-untyped-def]
    registers = ["CPU: 1 PID: 7 Comm: acmed Not tainted 6.9.3 #1", "pc : foo_read+0x21/0x80 [foo]"]
    event = root(timeline(stamped(head, *registers, "Call trace:", " vfs_read+0xa7/0x330")))
    assert (event.kind, event.attributes["function"]) == (kind, "foo_read")


@pytest.mark.parametrize(
    "line",
    [
        'grep -q "Kernel panic - not syncing" /var/log/messages',
        "write(r0, 'BUG: kernel NULL pointer dereference, address: 0000000000000010', 0x40)",
        '{"level": "warn", "msg": "rule for kernel BUG at mm/slub.c:1 matched"',
        "watch for `watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [acmed:7]`",
    ],
)
def test_a_console_shows_a_quotation(timeline, line: str) -> None:  # type: ignore[no-untyped-def]
    assert timeline(f"{line}\n" + stamped("random: crng init done")).root is None


@pytest.mark.parametrize("before", ["acmed can't start", 'login: "ada" ', "it's up: "])
def test_a_quotation_that_is_closed_hides_nothing(timeline, before: str) -> None:  # type: ignore[no-untyped-def]
    assert root(timeline(f"{before}Kernel panic - not syncing: acme: stop\n")).kind == "panic"


def test_journal_in_indented_json(timeline) -> None:  # type: ignore[no-untyped-def]
    entries = "".join(
        "{\n" + "".join(f'\t"{name}" : {json.dumps(value)},\n' for name, value in fields.items()) + "}\n"
        for line in oops()
        for fields in [{"PRIORITY": "1", "MESSAGE": line, "_TRANSPORT": "kernel", "SYSLOG_IDENTIFIER": "kernel"}]
    )
    event = root(timeline(entries))
    assert (event.kind, event.attributes["function"]) == ("null-pointer-dereference", "foo_read")


# what is left where a log begins within an oops
LOWER = [" vfs_read+0xa7/0x330", " ksys_read+0x6f/0xf0", " do_syscall_64+0x7f/0x180", "Modules linked in: foo nvme"]
END = "---[ end trace 0000000000000000 ]---"
X86 = [
    *LOWER, "CR2: 0000000000000010", END, "RIP: 0010:foo_read+0x21/0x80 [foo]", "Code: 48 8b 07 <48> 8b 40 10",
    "RSP: 0018:ffffa2f90b6f7c60 EFLAGS: 00010246", "CR2: 0000000000000010 CR3: 0000000148e02003 CR4: 00000000007706e0",
]  # fmt: skip
OLD_X86 = [
    " [<ffffffff8118b7e5>] vfs_read+0xb5/0x1a0", " [<ffffffff8100b072>] system_call_fastpath+0x16/0x1b",
    "RIP  [<ffffffffa0123456>] foo_read+0x16/0x90 [foo]", " RSP <ffff880212345e58>", "CR2: 0000000000000008", END,
]  # fmt: skip
ARM64 = ["x1 : 0000000000000000 x0 : 0000000000000000", "Call trace:", " foo_read+0x21/0x80 [foo]", *LOWER[:2], END]


@pytest.mark.parametrize("left", [X86, OLD_X86, ARM64])
@pytest.mark.parametrize("stamps", [True, False])
def test_the_end_of_an_oops(timeline, left: list[str], stamps: bool) -> None:  # type: ignore[no-untyped-def]
    lines = [*left, *PANIC]
    found = timeline(stamped(*lines) if stamps else "\n".join(lines))
    event = root(found)
    assert (event.kind, event.attributes["head-lost"]) == ("oops-unclassified", True)
    assert (event.attributes["function"], event.attributes["module"]) == ("foo_read", "foo")
    assert [found.events[index].kind for index in found.chain] == ["oops-unclassified", "panic"]


TOP = ["RIP: 0010:foo_read+0x21/0x80 [foo]", "RSP: 0018:ffffa2f90b6f7c60 EFLAGS: 00010246", X86[-1], "Call Trace:"]


@pytest.mark.parametrize("left", [X86, [*TOP, *X86]])
def test_registers_printed_twice_are_of_an_oops_that_the_machine_outlived(timeline, left: list[str]) -> None:  # type: ignore[no-untyped-def]
    found = timeline(stamped(*left, "usb 1-1: new high-speed USB device number 3 using xhci_hcd"))
    assert (root(found).kind, root(found).attributes["function"]) == ("oops-unclassified", "foo_read")
    assert len([event for event in found.events if event.kind == "oops-unclassified"]) == 1
    assert timeline(stamped(*TOP, *LOWER, END)).root is None  # it may be the end of a warning


def test_a_cut_trace_names_nobody(timeline) -> None:  # type: ignore[no-untyped-def]
    event = root(timeline(stamped(*LOWER, END, *PANIC)))
    assert event.kind == "oops-unclassified"
    assert not {"function", "module", "culprit", "at"} & set(event.attributes)


@pytest.mark.parametrize(
    "text",
    [
        booted() + stamped(*LOWER, END, *PANIC, at=50),  # the log begins with the boot
        stamped("usb 1-1: new high-speed USB device", END, *PANIC),  # no trace
        stamped(*LOWER, END, "Kernel panic - not syncing: panic_on_warn set ..."),
    ],
)
def test_panics_above_which_no_oops_is_left(timeline, text: str) -> None:  # type: ignore[no-untyped-def]
    assert root(timeline(text)).kind == "panic"


# older kernels, and arm to this day, print what WARN() says below its head line
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("list_del corruption. prev->next should be ffff8800b1c2d3e0, but was ffff8800a1b2c3d0", "list-corruption"),
        ("refcount_t: underflow; use-after-free.", "refcount-error"),
        ("ODEBUG: free active (active state 0) object type: timer_list hint: bar_tick+0x0/0x90 [bar]", "debug-objects"),
        ("strnlen: detected buffer overflow: 17 byte read of buffer size 16", "fortify-overflow"),
    ],
)
def test_the_text_of_a_warning_says_more_than_its_head(timeline, text: str, kind: str) -> None:  # type: ignore[no-untyped-def]
    found = timeline(stamped(*warning(first=text)))
    assert (root(found).kind, root(found).attributes["function"]) == (kind, "bar_poll")
    assert [event.role for event in found.events if event.kind == "warning"] == ["context"]


def test_a_fault_below_a_warning_is_no_text_of_it(timeline) -> None:  # type: ignore[no-untyped-def]
    found = timeline(stamped(warning()[0], *oops(comm="bard", pid=55), at=50))
    assert root(found).kind == "warning"


def test_the_panic_of_the_same_line_follows_its_reason(timeline) -> None:  # type: ignore[no-untyped-def]
    found = timeline(
        stamped("Kernel panic - not syncing: corrupted stack end detected inside scheduler", "Call Trace:")
    )
    assert root(found).kind == "stack-overflow"
    assert [found.events[index].kind for index in found.chain] == ["stack-overflow", "panic"]


@pytest.mark.parametrize("lines", [1, 12])
def test_the_balloon_that_found_no_more_holds_the_memory(timeline, lines: int) -> None:  # type: ignore[no-untyped-def]
    puffs = ["virtio_balloon virtio2: Out of puff! Can't get 256 pages"] * lines
    oom = [
        "acmed invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
        "CPU: 1 PID: 2011 Comm: acmed Not tainted 6.9.3-4-generic #1",
        "Call Trace:",
        " dump_header+0x4a/0x240",
        " out_of_memory+0x1ed/0x530",
        "Mem-Info:",
    ]
    assert root(timeline(stamped(*puffs, *oom))).attributes["module"] == "virtio_balloon"
    assert "module" not in root(timeline(stamped(*oom))).attributes
    assert "module" not in root(timeline(stamped(*puffs) + booted() + stamped(*oom))).attributes


def test_short_reports_of_one_kind_right_behind_each_other(timeline) -> None:  # type: ignore[no-untyped-def]
    second = [line.replace("2011", "2012").replace("acme_flush", "acme_other") for line in HUNG]
    found = timeline(stamped(*HUNG, *second))
    assert [(e.pid, e.attributes["function"]) for e in found.events] == [(2011, "acme_flush"), (2012, "acme_other")]


def test_a_head_line_of_another_cpu_within_a_call_trace(timeline) -> None:  # type: ignore[no-untyped-def]
    trace = oops(function="memcpy_orig", module="nic")
    at = trace.index(" vfs_read+0xa7/0x330")
    other = [
        "stress invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0",
        "stress cpuset=user mems_allowed=0-1",
    ]
    found = timeline(stamped(*trace[:at], *other, *trace[at:]))
    first = root(found)
    assert [frame.function for frame in first.frames][-3:] == [
        "ksys_read",
        "do_syscall_64",
        "entry_SYSCALL_64_after_hwframe",
    ]
    assert [event.kind for event in found.events if event.severity == "failure"] == [first.kind, "oom-kill"]
    # one after the other, each has its own trace
    whole = timeline(stamped(*trace[: trace.index(" </TASK>")], *warning()))
    assert [event.attributes["function"] for event in whole.events if event.frames] == ["memcpy_orig", "bar_poll"]
