"""Logs that begin or end in odd places, and addresses, counts and errors that are easily misread."""

from __future__ import annotations

import pytest
from loglines import CMDLINE, VERSION, booted, oops, root, stamped

from facts.records import Event
from facts.timeline import Timeline


def only(found: Timeline, kind: str) -> Event:
    (event,) = (e for e in found.events if e.kind == kind)
    return event


CAPTURE = [VERSION, "Command line: elfcorehdr=0x5d000000 root=/dev/sda1 ro irqpoll nr_cpus=1 reset_devices"]
OOM = "Kernel panic - not syncing: System is deadlocked on memory"
TAIL = [
    "R13: 0000000000000000 R14: ffff888104b2c000 R15: 0000000000000000",
    "CR2: {cr2} CR3: 0000000112a8c000 CR4: 0000000000750ee0",
    "Call Trace:",
    " <TASK>",
    " foo_read+0x21/0x80 [foo]",
    " vfs_read+0xa7/0x330",
    " </TASK>",
    "---[ end trace 0000000000000000 ]---",
]
FATAL = "Kernel panic - not syncing: Fatal exception"


TASKS = [  # of a kernel without NUMA, which names no nodes
    " free:6170 free_pcp:210 free_cma:0",
    "Normal free:2210kB min:3448kB low:4308kB high:5168kB active_anon:700120kB present:901120kB managed:880432kB",
    "lowmem_reserve[]: 0 985 985",
    "Normal: 180*4kB (UE) 92*8kB (U) 47*16kB (U) 0*32kB 0*64kB = 2208kB",
    "40122 total pagecache pages",
    "Free swap  = 0kB",
    "Total swap = 102396kB",
    "225280 pages RAM",
    "5172 pages reserved",
    "Tasks state (memory values in pages):",
    "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
    "[    811]  1000   811    88121    70112   219136     1200             0 chromium",
]


# where a log begins
def test_table_of_tasks_without_the_head_of_its_oom_report(timeline) -> None:  # type: ignore[no-untyped-def]
    event = root(timeline(stamped(*TASKS, at=700)))
    assert (event.kind, event.attributes["head-lost"]) == ("oom-kill", True)
    assert (event.attributes["scope"], event.attributes["swap-full"]) == ("machine", True)
    alone = root(timeline(stamped(*TASKS[-3:], at=700)))
    assert (alone.kind, "scope" in alone.attributes) == ("oom-kill", False)


def test_capture_kernel_alone_is_its_own_run(timeline) -> None:  # type: ignore[no-untyped-def]
    found = timeline(stamped(*CAPTURE, at=0) + stamped("kdump: saving vmcore failed", at=30))
    assert root(found).kind == "dump-failed"
    assert root(found).attributes["capture"] is True
    assert found.facts["log.capture_kernel"] is True


def test_capture_kernel_after_a_crash_is_not(timeline) -> None:  # type: ignore[no-untyped-def]
    crash = booted() + stamped(*oops(), FATAL, at=50)
    found = timeline(crash + stamped(*CAPTURE, at=0) + stamped("kdump: saving vmcore failed", at=30))
    assert root(found).kind == "null-pointer-dereference"


@pytest.mark.parametrize(("last", "problem"), [(OOM, "out-of-memory"), (FATAL, "capture-died")])
def test_capture_kernel_that_dies_saved_no_dump(timeline, last: str, problem: str) -> None:  # type: ignore[no-untyped-def]
    crash = booted() + stamped(*oops(), FATAL, at=50)
    failed = only(timeline(crash + stamped(*CAPTURE, at=0) + stamped(last, at=3)), "dump-failed")
    assert (failed.attributes["problem"], failed.severity, failed.boot) == (problem, "context", 1)


def test_capture_kernel_that_dies_after_the_dump(timeline) -> None:  # type: ignore[no-untyped-def]
    crash = booted() + stamped(*oops(), FATAL, at=50)
    after = stamped("kdump: saving vmcore complete", OOM, at=30)
    assert "dump-failed" not in {e.kind for e in timeline(crash + stamped(*CAPTURE, at=0) + after).events}


def tail(cr2: str, *more: str) -> str:
    return "".join(f"{line.format(cr2=cr2)}\n" for line in (*TAIL, *more))


def test_tail_of_an_oops(timeline) -> None:  # type: ignore[no-untyped-def]
    event = root(timeline(tail("0000000000000038", FATAL)))
    assert (event.kind, event.attributes["head-lost"]) == ("oops-unclassified", True)
    assert (event.attributes["function"], event.attributes["module"]) == ("foo_read", "foo")
    assert event.attributes["pointer-class"] == "small-offset"


def test_cr2_of_an_older_fault_tells_nothing(timeline) -> None:  # type: ignore[no-untyped-def]
    event = root(timeline(tail("00007f31a2c04000", FATAL)))
    assert event.kind == "oops-unclassified"
    assert not {"address", "address-class", "pointer-class"} & set(event.attributes)


@pytest.mark.parametrize(
    "text",
    [
        tail("0000000000000038"),  # it may be the tail of a warning
        booted() + tail("0000000000000038", FATAL),  # the beginning is there
        "CR2: 0000000000000038 CR3: 0000000112a8c000 CR4: 0000000000750ee0\n" + FATAL + "\n",
    ],
)
def test_registers_that_are_no_tail(timeline, text: str) -> None:  # type: ignore[no-untyped-def]
    assert "oops-unclassified" not in {e.kind for e in timeline(text).events}


ARM64 = """\
Modules linked in: foo
CPU: 2 PID: 41 Comm: food Not tainted 6.1.0-13-arm64 #1  Debian 6.1.55-1
Hardware name: ACME Board (DT)
pstate: 60400005 (nZCv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=--)
pc : foo_read+0x24/0x80 [foo]
lr : vfs_read+0x9c/0x1c0
sp : ffff80000a3abce0
x29: ffff80000a3abce0 x28: ffff0000c1f5b600 x27: 0000000000000000
x2 : 0000000000000000 x1 : 0000000000000000 x0 : ffff0000c3a41000
Call trace:
 foo_read+0x24/0x80 [foo]
 vfs_read+0x9c/0x1c0
 ksys_read+0x6c/0x100
"""
ARM = """\
PC is at foo_read+0x24/0x5c [foo]
LR is at vfs_read+0x9c/0x1c0
pc : [<bf0021a4>]    lr : [<c0212d30>]    psr: 60000013
sp : c6f8be98  ip : 00000000  fp : c6f8bebc
Process food (pid: 41, stack limit = 0x5f8a1c2e)
[<bf0021a4>] (foo_read [foo]) from [<c0212d30>] (vfs_read+0x9c/0x1c0)
Backtrace:
[<bf002180>] (foo_read [foo]) from [<c0212d30>] (vfs_read+0x9c/0x1c0)
"""
RISCV = """\
CPU: 1 PID: 41 Comm: food Not tainted 6.6.0 #1
epc : foo_read+0x1a/0x4c [foo]
 ra : vfs_read+0x88/0x23e
epc : ffffffff01a3c01a ra : ffffffff8021c6d2 sp : ff2000000046bc40
Call Trace:
[<ffffffff01a3c01a>] foo_read+0x1a/0x4c [foo]
[<ffffffff8021c6d2>] vfs_read+0x88/0x23e
"""
POWER = """\
LE PAGE_SIZE=64K MMU=Radix SMP NR_CPUS=2048 NUMA pSeries
Modules linked in: foo
CPU: 9 PID: 41 Comm: food Not tainted 6.1.0-13-powerpc64le #1 Debian 6.1.55-1
NIP:  c00800000a2a1c24 LR: c0000000005214c8 CTR: c00800000a2a1c00
REGS: c000000012f3b960 TRAP: 0300   Not tainted  (6.1.0-13-powerpc64le Debian 6.1.55-1)
NIP [c00800000a2a1c24] foo_read+0x24/0x80 [foo]
LR [c0000000005214c8] vfs_read+0xd8/0x330
Call Trace:
[c000000012f3bc00] [c0000000005214c8] vfs_read+0xd8/0x330
[c000000012f3bcb0] [c000000000521e64] ksys_read+0x84/0x140
Instruction dump:
60000000 7c0802a6 60000000 fbe1fff8 f8010010 f821ffd1 7c9f2378 e8630000
---[ end trace 0000000000000000 ]---
"""
I386 = """\
EIP: 0060:[<00000000>] EFLAGS: 00010246 CPU: 1
EIP is at 0x0
EAX: f5a3b000 EBX: c1f3e2a0 ECX: 00000000 EDX: f4b21e80
ESI: f4b21e80 EDI: bf8a1c30 EBP: f4c55f64 ESP: f4c55f40
 DS: 007b ES: 007b FS: 00d8 GS: 0033 SS: 0068
Process food (pid: 41, ti=f4c54000 task=f5b2c030 task.ti=f4c54000)
Call Trace:
 [<f8a1c0e4>] ? foo_read+0x24/0x5c [foo]
 [<c01c9d2a>] ? vfs_read+0x9a/0x140
"""
CODE = {
    "arm64": "Code: 910003fd f9000bf3 aa0003f3 d503201f (f9400260)\n",
    "arm": "Code: e1a0c00d e92dd800 e24cb004 e5903000 (e5932004)\n",
    "riscv": "Code: 1141 e422 0800 (6118)\n",
}


@pytest.mark.parametrize(("arch", "left"), [("arm64", ARM64), ("arm", ARM), ("riscv", RISCV)])
def test_tail_of_an_oops_elsewhere(timeline, arch: str, left: str) -> None:  # type: ignore[no-untyped-def]
    event = root(timeline(left + CODE[arch]))
    assert (event.kind, event.attributes["head-lost"]) == ("oops-unclassified", True)
    assert (event.attributes["function"], event.attributes["module"]) == ("foo_read", "foo")
    # registers without code: a warning prints them too, but not the limit of the stack
    assert timeline(left.replace("Process food (pid: 41, stack limit = 0x5f8a1c2e)\n", "")).root is None


ENDED = "---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0) ]---\n"


def test_last_line_of_a_panic(timeline) -> None:  # type: ignore[no-untyped-def]
    assert root(timeline(ENDED)).attributes["problem"] == "unknown-block"
    whole = ENDED.removeprefix("---[ end ").removesuffix(" ]---\n") + "\nCall Trace:\n panic+0x101/0x2d7\n" + ENDED
    assert [e.kind for e in timeline(whole).events] == ["root-mount-failure", "panic"]


X86 = """\
RIP: 0010:foo_read+0x24/0x80 [foo]
Code: 48 8b 45 00 48 85 c0 74 08 48 8b 40 10 48 89 43 <8b> 40 08 c3
RSP: 0018:ffffc90000123e00 EFLAGS: 00010246
RAX: 0000000000000000 RBX: ffff88810a2b3c40 RCX: 0000000000000000
CR2: 0000000000000008 CR3: 0000000104b2c000 CR4: 00000000003506e0
"""


def test_registers_of_a_fault_without_trace(timeline) -> None:  # type: ignore[no-untyped-def]
    event = root(timeline(X86))
    assert (event.kind, event.attributes["function"]) == ("oops-unclassified", "foo_read")
    for harmless in (
        X86.replace("<8b> 40", "<0f> 0b"),  # WARN() and BUG() look alike
        X86.replace("EFLAGS: 00010246", "EFLAGS: 00000246"),  # a stalled CPU: nothing faulted
        X86.replace("RIP: 0010", "RIP: 0033").replace("RSP: 0018", "RSP: 002b"),  # a program
        "------------[ cut here ]------------\n".join(X86.partition("Code")[::2]),
    ):
        assert timeline(harmless).root is None


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("RIP: 0010:foo_read+0x24/0x80 [foo]\nRSP: 0018:ffffc90000123e00 EFLAGS: 00010246\n", "foo_read"),
        (" vfs_read+0x9c/0x1c0\n ksys_read+0x6c/0x100\n", None),
    ],
)
def test_panic_of_an_oops_without_end_marker(timeline, text: str, function: str | None) -> None:  # type: ignore[no-untyped-def]
    event = root(timeline(text + "Kernel panic - not syncing: Fatal exception in interrupt\n"))
    assert (event.kind, event.attributes.get("function")) == ("oops-unclassified", function)
    assert root(timeline(text + "Kernel panic - not syncing: softlockup: hung tasks\n")).kind == "panic"


def test_tail_of_an_oops_on_power(timeline) -> None:  # type: ignore[no-untyped-def]
    event = root(timeline(POWER))
    assert (event.kind, event.attributes["function"], event.comm) == ("oops-unclassified", "foo_read", "food")
    registers = POWER.partition("\n")[2]
    assert root(timeline(registers)).attributes["function"] == "foo_read"  # trap 300: a fault on data
    assert timeline(registers.replace("TRAP: 0300", "TRAP: 0700")).root is None  # a warning prints the rest as well
    assert timeline("--- interrupt: 300 at foo_read+0x24/0x80\n" + registers).root is None  # within a trace


def test_tail_of_a_jump_to_nowhere(timeline) -> None:  # type: ignore[no-untyped-def]
    event = root(timeline(I386 + "Code:  Bad EIP value.\n"))
    assert (event.kind, event.attributes["bad-pc"], event.attributes["function"]) == (
        "oops-unclassified",
        True,
        "foo_read",
    )
    assert timeline(I386.replace("Process food", "food")).root is None


@pytest.mark.parametrize("cut", ["s: 0000000096000004 [#1] SMP", "ops: 8600000f [#1] PREEMPT SMP", "fd: 0002 [#1] SMP"])
def test_head_line_cut_in_the_middle(timeline, cut: str) -> None:  # type: ignore[no-untyped-def]
    event = root(timeline(f"{cut}\n{ARM64}"))
    assert (event.kind, event.attributes["oops-number"], event.comm) == ("oops-unclassified", 1, "food")
    assert timeline(f"hello\nworld\n{cut}\n{ARM64}").root is None  # only a log that begins so is cut


def test_instruction_fetch_from_data(timeline) -> None:  # type: ignore[no-untyped-def]
    event = root(
        timeline(
            "ops: 000000008600000f [#1] SMP\n"
            + ARM64.replace("pc : foo_read+0x24/0x80 [foo]", "pc : 0xffff0000c3a41000")
        )
    )
    assert (event.attributes["access"], event.attributes["bad-pc"]) == ("execute", True)
    assert event.attributes["address"] == "ffff0000c3a41000"


# where it ends
CONSOLE = stamped("usb 1-1: new high-speed USB device", at=4) + "Starting services\n"


@pytest.mark.parametrize(
    ("last", "ending"),
    [
        ("node7 login: ", "running"),
        ("node7 login: ada\n[   12.800181] wlan0: link becomes ready", "running"),
        ("Starting acmed ...", "cut"),
        ("node7 login: \n" + "starting a job\n" * 15, "cut"),
    ],
)
def test_console_that_ends_at_a_login_prompt(timeline, last: str, ending: str) -> None:  # type: ignore[no-untyped-def]
    assert timeline(booted() + CONSOLE + last).facts["log.ending"] == ending


JOURNAL = "2024-03-01T12:{}:01+0000 vm7 {}\n"
NEW_BOOT = "-- Boot 1b2c3d4e5f60718293a4b5c6d7e8f901 --\n"
NEXT = JOURNAL.format(19, "kernel: " + VERSION) + JOURNAL.format(19, "kernel: " + CMDLINE)


def test_programs_alone_before_a_new_boot(timeline) -> None:  # type: ignore[no-untyped-def]
    text = JOURNAL.format(11, "CRON[881]: (root) CMD (backup)") + JOURNAL.format(12, "sshd[901]: Accepted publickey")
    found = timeline(text + NEW_BOOT + NEXT)
    assert (found.facts["log.ending"], found.facts["log.boots"]) == ("cut", 2)
    assert (root(found).kind, root(found).boot) == ("truncated-log", 0)


@pytest.mark.parametrize("before", ["", NEW_BOOT, "-- Logs begin at Fri 2024-03-01 --\n" + NEW_BOOT])
def test_first_boot_is_no_second_one(timeline, before: str) -> None:  # type: ignore[no-untyped-def]
    found = timeline(before + NEXT)
    assert (found.root, found.facts["log.boots"]) == (None, 1)


# easily misread
@pytest.mark.parametrize(
    ("address", "kind", "pointer"),
    [
        ("0000000000001a48", "null-pointer-dereference", "small-offset"),
        ("000000000000fff8", "null-pointer-dereference", "small-offset"),
        ("0000000000010008", "invalid-paging-request", "user"),
        ("00007f31a2c04000", "invalid-paging-request", "user"),
    ],
)
def test_low_addresses_are_offsets(timeline, address: str, kind: str, pointer: str) -> None:  # type: ignore[no-untyped-def]
    report = [line.replace("0000000000000010", address) for line in oops()[1:]]
    found = timeline(stamped(f"BUG: unable to handle page fault for address: {address}", *report))
    assert (root(found).kind, root(found).attributes["address-class"]) == (kind, pointer)


def test_low_address_of_a_mapped_user_page(timeline) -> None:  # type: ignore[no-untyped-def]
    report = [line.replace("error_code(0x0000)", "error_code(0x0001)") for line in oops()[1:]]
    report = [
        line.replace("0000000000000010", "0000000000001a48").replace("Oops: 0000", "Oops: 0001") for line in report
    ]
    found = timeline(stamped("BUG: unable to handle page fault for address: 0000000000001a48", *report))
    assert root(found).attributes["address-class"] == "user"


def test_page_of_a_protected_guest(timeline) -> None:  # type: ignore[no-untyped-def]
    report = [
        line.replace("error_code(0x0000) - not-present page", "error_code(0x80000003) - RMP violation").replace(
            "0000000000000010", "ffff8881a2c40000"
        )
        for line in oops()[1:]
    ]
    found = timeline(stamped("BUG: unable to handle page fault for address: ffff8881a2c40000", *report))
    assert (root(found).attributes["problem"], "pointer-class" in root(found).attributes) == ("rmp", False)


def test_alignment_fault_of_arm64(timeline) -> None:  # type: ignore[no-untyped-def]
    report = [
        "Unable to handle kernel paging request at virtual address ffff800082c40001",
        "Mem abort info:",
        "  ESR = 0x0000000096000061",
        "Internal error: Oops: 0000000096000061 [#1] SMP",
        "CPU: 2 PID: 812 Comm: tool Not tainted 6.6.0 #1",
        "pc : __memcpy+0x128/0x250",
        "lr : foo_write+0x30/0x100 [foo_drv]",
    ]
    found = root(timeline(stamped(*report))).attributes
    assert (found["problem"], found["access"], "pointer-class" in found) == ("alignment", "write", False)


UMC = [
    "[Hardware Error]: Corrected error, no action required.",
    "[Hardware Error]: CPU:2 (19:21:0) MC18_STATUS[Over|CE|MiscV|AddrV|-|-|SyndV|CECC|-|-|-]: 0xdc2040000000011b",
    "[Hardware Error]: IPID: 0x0000009600150f00, Syndrome: 0x1a2c00000a800503",
    "[Hardware Error]: Unified Memory Controller Ext. Error Code: 0, DRAM ECC error.",
]
EDAC = "EDAC MC0: 1 CE on mc#0csrow#1channel#3 (csrow:1 channel:3 page:0xb4783a offset:0x5c0 grain:64 syndrome:0x2c00)"


def test_memory_controller_of_amd(timeline) -> None:  # type: ignore[no-untyped-def]
    found = timeline(stamped(*UMC))
    assert root(found).kind == "machine-check"
    assert (root(found).attributes["unit"], root(found).attributes["class"]) == ("memory", "corrected")
    assert root(timeline(stamped(*UMC, EDAC))).kind == "edac-corrected"
    cache = [line.replace("Unified Memory Controller", "L3 Cache") for line in UMC]
    assert root(timeline(stamped(*cache, EDAC))).attributes["unit"] == "cache"


def test_serror_takes_the_pc_line(timeline) -> None:  # type: ignore[no-untyped-def]
    head = ["SError Interrupt on CPU4, code 0xbf000002 -- SError", "CPU: 4 PID: 1 Comm: swapper/0 Not tainted 6.1.0 #1"]
    pc = ["pstate: 60000085 (nZCv daIf -PAN -UAO)", "pc : acme_rd_conf+0x178/0x250", "lr : acme_rd_conf+0x1a4/0x250"]
    panic = ["Kernel panic - not syncing: Asynchronous SError Interrupt", "Call trace:", " panic+0xa0/0x36c"]
    below = [" do_serror+0x294/0x5d4", " acme_rd_conf+0x178/0x250", " pci_bus_read_config_dword+0x2b0/0x460"]
    assert root(timeline(stamped(*head, *pc))).attributes["function"] == "acme_rd_conf"
    event = root(timeline(stamped(*head, *pc, *panic, *below)))
    assert event.attributes["function"] == "acme_rd_conf"
    assert "pci" in event.attributes["at"]


def test_page_freed_while_in_use_is_a_count_error_too(timeline) -> None:  # type: ignore[no-untyped-def]
    text = stamped(
        "BUG: Bad page state in process foocat  pfn:1f3a2c",
        "page:ffffea0007ce8b00 refcount:-1 mapcount:0 mapping:0000000000000000 index:0x0",
        "flags: 0x17ffffc0000000()",
        "page dumped because: nonzero _refcount",
        "Call Trace:",
        " foo_release+0x21/0x80 [foo]",
    )
    found = timeline(text)
    assert root(found).kind == "bad-page-state"
    assert only(found, "page-refcount-error").severity == "context"


def test_panic_in_interrupt_names_no_function(timeline) -> None:  # type: ignore[no-untyped-def]
    event = root(timeline(stamped("Kernel panic - not syncing: Fatal exception in interrupt")))
    assert "function" not in event.attributes


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("INFO: NMI handler (perf_event_nmi_handler) took too long to run: 1.402 msecs", None),
        ("INFO: NMI handler (perf_event_nmi_handler) took too long to run: 99.402 msecs", None),
        ("INFO: NMI handler (ghes_notify_nmi) took too long to run: 2031.112 msecs", "hrtimer-slow"),
        ("perf: interrupt took too long (2511 > 2500), lowering kernel.perf_event_max_sample_rate to 79500", None),
        ("perf: interrupt took too long (99000000 > 2500), lowering kernel.perf_event_max_sample_rate to 250", None),
        ("perf: interrupt took too long (2000000000 > 2500), lowering the sample rate", "hrtimer-slow"),
    ],
)
def test_long_interrupts_are_benign_below_a_tenth_of_a_second(timeline, line: str, kind: str | None) -> None:  # type: ignore[no-untyped-def]
    found = timeline(stamped(line))
    assert ([e.kind for e in found.events], found.root) == ([kind] if kind else [], None)
