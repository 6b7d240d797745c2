"""facts/timeline.py: the root event, what followed from it, how the run ended, what the log covers."""

from __future__ import annotations

import pytest
from loglines import CMDLINE, PANIC, VERSION, booted, oops, own, root, stamped, warning

from facts.timeline import Timeline


def roles(timeline: Timeline) -> dict[str, str]:
    return {e.kind: e.role for e in timeline.events}


PAGE_FAIL = [
    "{comm}: page allocation failure: order:4, mode:0x40dc0(GFP_KERNEL|__GFP_COMP|__GFP_ZERO)",
    "CPU: 2 PID: {pid} Comm: {comm} Not tainted 6.9.3-4-generic #1",
    "Call Trace:",
    " <TASK>",
    " warn_alloc+0x165/0x1e0",
    " __alloc_pages_slowpath.constprop.0+0xd1a/0xd60",
    " vb_alloc+0x2c/0x60",
    " </TASK>",
    "Mem-Info:",
]
EDAC = (
    "EDAC MC0: 1 CE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0 (channel:1 slot:0 page:0x1000 offset:0x0 "
    "grain:32 syndrome:0x0)"
)


def page_fail(comm: str, pid: int) -> list[str]:
    return [line.format(comm=comm, pid=pid) for line in PAGE_FAIL]


def test_nothing(timeline) -> None:  # type: ignore[no-untyped-def]
    for text in ("", "hello\n", stamped("eth0: link up")):
        found = timeline(text)
        assert (found.root, found.chain) == (None, [])
        assert found.events == []


THROTTLED = "CPU3: Core temperature above threshold, cpu clock throttled (total events = 812)"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (stamped(THROTTLED, at=100), "thermal-throttling"),
        (
            stamped("hello", at=90) + stamped("acme: disagrees about version of symbol module_layout", at=100),
            "module-load-failed",
        ),
        (stamped("pciehp 0000:00:1c.0:pcie04: slot(4): Link Down event", at=100), "device-removed"),
        (stamped("usb 1-2: USB disconnect, device number 3", at=100), None),
        (stamped("acme 0000:03:00.0: Direct firmware load for acme.bin failed with error -2", at=100), None),
        (stamped(THROTTLED, at=100) + stamped(*oops(), at=101), "null-pointer-dereference"),
        (booted() + stamped(THROTTLED, at=100), None),
        (stamped(THROTTLED, at=100) + "\n".join(f"line {n}" for n in range(300)), None),
    ],
)
def test_what_an_excerpt_was_kept_for(timeline, text: str, kind: str | None) -> None:  # type: ignore[no-untyped-def]
    found = timeline(text)
    assert (root(found).kind if found.root is not None else None) == kind


def test_a_long_log_of_nothing_else_is_an_excerpt(timeline) -> None:  # type: ignore[no-untyped-def]
    lines = "".join(stamped(THROTTLED.replace("812", str(n)), at=100 + 300 * n) for n in range(300))
    assert root(timeline(lines)).kind == "thermal-throttling"


def test_directly_before_where_no_time_is_told(timeline) -> None:  # type: ignore[no-untyped-def]
    gone = "usb 1-2: USB disconnect, device number 3\n"
    crash = "\n".join(oops()) + "\n"
    for above, told in ((gone, True), (gone + "a\nb\n", True), (gone + "a\nb\nc\nd\n", None)):
        first = timeline(above + crash).events[0]
        assert (first.kind, first.attributes.get("directly-before")) == ("device-removed", told)
    first = timeline(stamped(gone.strip(), at=10) + stamped(*oops(), at=20)).events[0]
    assert "directly-before" not in first.attributes
    assert first.attributes["before-root"] == 10.0


def test_a_device_that_does_not_answer_was_not_unplugged(timeline) -> None:  # type: ignore[no-untyped-def]
    lost = "acme 0000:03:00.0: Refused to change power state, currently in D3"
    assert "incident.hotplug_before" not in timeline(stamped(lost, at=10) + stamped(*oops(), at=11)).facts
    gone = "usb 1-2: USB disconnect, device number 3"
    assert timeline(stamped(gone, at=10) + stamped(*oops(), at=11)).facts["incident.hotplug_before"] is True


# root
EXPEDITED = [
    "rcu: INFO: rcu_sched detected expedited stalls on CPUs/tasks: {{ {cpu}-...{mark} }} 6004 jiffies s: 9 root: 0x2/.",
    "rcu: blocking rcu_node structures (internal RCU debug):",
    "Task dump for CPU {cpu}:",
    "task:foo             state:R  running task     stack:0     pid:41    ppid:1      flags:0x00000008",
]
OWN_STALL = [
    "rcu: INFO: rcu_sched self-detected stall on CPU",
    "rcu: \t{cpu}-....: (20994 ticks this GP) idle=2bd4/1/0x4000000000000000 softirq=9120/9120 fqs=5213",
    "rcu: \t(t=21000 jiffies g=41257 q=902 ncpus=12)",
    "CPU: {cpu} PID: 41 Comm: foo Not tainted 6.4.12 #1",
    "RIP: 0010:foo_walk+0x4a/0xa0 [foo]",
    "Call Trace:",
    " <TASK>",
    " vfs_read+0xef/0x420",
    " </TASK>",
]


@pytest.mark.parametrize(("own_cpu", "gap", "told"), [(1, 15, "foo_walk"), (2, 15, None), (1, 4000, None)])
def test_a_stall_is_told_by_the_report_that_names_its_place(timeline, own_cpu, gap, told) -> None:  # type: ignore[no-untyped-def]
    waited = [line.format(cpu=1, mark=".") for line in EXPEDITED]
    reported = [line.format(cpu=own_cpu) for line in OWN_STALL]
    found = timeline(booted() + stamped(*waited, at=50) + stamped(*reported, at=50 + gap))
    assert root(found).attributes.get("function") == told


@pytest.mark.parametrize(("mark", "call"), [(".", "taken"), ("D", "missed"), ("", None)])
def test_fourth_mark_of_an_expedited_stall(timeline, mark, call) -> None:  # type: ignore[no-untyped-def]
    found = timeline(booted() + stamped(*(line.format(cpu=1, mark=mark) for line in EXPEDITED), at=50))
    assert root(found).attributes.get("exp-call") == call


def test_first_failure_is_the_root(timeline) -> None:  # type: ignore[no-untyped-def]
    text = stamped(*oops(), at=10) + stamped(*oops("baz_write", "baz", "two", 22, 2, 2), at=20) + stamped(*PANIC, at=30)
    found = timeline(text)
    assert root(found).attributes["function"] == "foo_read"
    assert [e.role for e in found.events] == ["root", "consequence", "consequence"]
    assert [found.events[i].kind for i in found.chain] == ["null-pointer-dereference", "panic"]


def test_events_are_in_order_and_positions_are_told(timeline) -> None:  # type: ignore[no-untyped-def]
    found = timeline(booted() + stamped(*warning(), at=10) + stamped(*oops(), at=20) + stamped(*PANIC, at=30))
    assert [e.line for e in found.events] == sorted(e.line for e in found.events)
    assert all(e.attributes["position"] == e.role for e in found.events)


@pytest.mark.parametrize(
    ("comm", "pid", "module", "gap", "begins"),
    [
        ("foocat", 777, "bar", 5000.0, True),  # the same task
        ("bard", 55, "foo", 5000.0, True),  # the module that failed then
        ("bard", 55, "bar", 20.0, True),  # shortly before
        ("bard", 55, "bar", 5000.0, False),  # an accident of its own
    ],
)
def test_warning_before_an_oops(timeline, comm: str, pid: int, module: str, gap: float, begins: bool) -> None:  # type: ignore[no-untyped-def]
    text = booted() + stamped(*warning("bar_poll", module, comm, pid), at=100) + stamped(*oops(), at=100 + gap)
    found = timeline(text)
    assert root(found).kind == ("warning" if begins else "null-pointer-dereference")
    assert roles(found)["warning"] == ("root" if begins else "precursor")
    assert roles(found)["null-pointer-dereference"] == ("consequence" if begins else "root")


def test_warning_alone_is_the_root(timeline) -> None:  # type: ignore[no-untyped-def]
    assert root(timeline(booted() + stamped(*warning(), at=10))).kind == "warning"


HUNG = ["INFO: task ls:2011 blocked for more than 120 seconds.", "Call Trace:", " schedule+0x5e/0xd0", " {frame}"]
STUCK = ["watchdog: BUG: soft lockup - CPU#3 stuck for 23s! [ls:2011]", "RIP: 0010:{frame}"]
OOM = ["ls invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0", "Mem-Info:"]
SHUT = ["XFS (sdb1): Corruption of in-memory data detected.  Shutting down filesystem"]
OTHER = "bar_wait+0x21/0x80 [bar]"


def passing(report: list[str], frame: str, at: float) -> str:
    return stamped(*(line.format(frame=frame) for line in report), at=at)


@pytest.mark.parametrize("report", [HUNG, STUCK, OOM, SHUT])
def test_what_was_over_long_before_a_crash_is_background(timeline, report: list[str]) -> None:  # type: ignore[no-untyped-def]
    found = timeline(passing(report, OTHER, 100) + stamped(*oops(), *PANIC, at=90_000))
    assert root(found).kind == "null-pointer-dereference"
    assert found.events[0].role == "context"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (passing(HUNG, OTHER, 89_000) + stamped(*oops(), at=90_000), "hung-task"),  # not long before
        (
            passing(HUNG, "foo_flush+0x2/0x8 [foo]", 100) + stamped(*oops(), at=90_000),
            "hung-task",
        ),  # of the same module
        (passing(HUNG, OTHER, 100) + stamped(*oops(comm="ls", pid=2011), at=90_000), "hung-task"),  # ... task
        (passing(HUNG, OTHER, 100) + passing(HUNG, OTHER, 89_900) + stamped(*oops(), at=90_000), "hung-task"),  # lasts
        (passing(HUNG, OTHER, 100) + passing(STUCK, OTHER, 90_000), "hung-task"),  # no crash follows
        (stamped(*oops(), at=100) + passing(HUNG, OTHER, 90_000), "null-pointer-dereference"),
    ],
)
def test_what_was_not_over(timeline, text: str, kind: str) -> None:  # type: ignore[no-untyped-def]
    assert root(timeline(text)).kind == kind


def test_an_error_of_another_day_takes_nothing_from_an_oops(timeline) -> None:  # type: ignore[no-untyped-def]
    error = "EXT4-fs error (device sda1): ext4_lookup:1584: inode #131: comm ls: deleted inode referenced: 2234"
    found = timeline(stamped(error, at=100) + stamped(*oops(), at=90_000))
    assert root(found).kind == "null-pointer-dereference"
    assert found.events[0].frames == []


def test_the_idle_task_is_no_bond(timeline) -> None:  # type: ignore[no-untyped-def]
    first = warning(comm="swapper/1", pid=0, cpu=1)
    found = timeline(stamped(*first, at=100) + stamped(*oops(comm="swapper/1", pid=0), at=90_000))
    assert root(found).kind == "null-pointer-dereference"


def test_page_allocation_failure_of_another_task_is_no_root(timeline) -> None:  # type: ignore[no-untyped-def]
    after = stamped(*oops(), at=12)
    other = timeline(booted() + stamped(*page_fail("backup", 5), at=10) + after)
    assert root(other).kind == "null-pointer-dereference"
    assert roles(other)["page-allocation-failure"] == "precursor"
    same = timeline(booted() + stamped(*page_fail("foocat", 777), at=10) + after)
    assert root(same).kind == "page-allocation-failure"


def test_panic_on_warn(timeline) -> None:  # type: ignore[no-untyped-def]
    lines = warning()
    text = stamped(lines[0], "Kernel panic - not syncing: kernel: panic_on_warn set ...", *lines[1:], at=5000)
    found = timeline(booted() + stamped(*warning("qux_probe", "qux", "modprobe", 7), at=10) + text)
    assert root(found).attributes["function"] == "bar_poll"
    assert roles(found)["panic"] == "consequence"
    assert found.facts["log.ending"] == "panic"


@pytest.mark.parametrize("gap", [1.0, 1000.0])
def test_corrected_hardware_error_is_no_root_of_a_failure(timeline, gap: float) -> None:  # type: ignore[no-untyped-def]
    found = timeline(booted() + stamped(EDAC, at=50) + stamped(*oops(), at=50 + gap))
    assert root(found).kind == "null-pointer-dereference"
    assert roles(found)["edac-corrected"] == "precursor"


def test_corrected_hardware_error_alone(timeline) -> None:  # type: ignore[no-untyped-def]
    assert root(timeline(booted() + stamped(EDAC, at=50))).kind == "edac-corrected"


def test_panic_alone_is_the_root(timeline) -> None:  # type: ignore[no-untyped-def]
    found = timeline(
        booted() + stamped("Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100", at=3)
    )
    assert root(found).severity in ("end", "failure")
    assert found.root is not None


def test_last_boot_with_a_failure_counts(timeline) -> None:  # type: ignore[no-untyped-def]
    text = booted() + stamped(*oops(), at=10) + booted() + stamped(*oops("baz_write", "baz"), at=10)
    found = timeline(text + booted() + stamped("eth0: link up", at=10))
    assert root(found).attributes["function"] == "baz_write"
    assert (root(found).boot, found.facts["log.boots"]) == (1, 3)
    assert [e.role for e in found.events if e.boot == 0] == ["context"] * sum(e.boot == 0 for e in found.events)


def test_failure_counts_before_a_problem_of_a_later_boot(timeline) -> None:  # type: ignore[no-untyped-def]
    text = booted() + stamped(*oops(), at=10) + booted() + stamped(*warning(), at=10)
    assert root(timeline(text)).kind == "null-pointer-dereference"


# relations
@pytest.mark.parametrize("report", [warning(), [line.format(frame=OTHER) for line in HUNG]])
def test_a_boot_that_broke_off_counts_before_one_that_ended_orderly(timeline, report: list[str]) -> None:  # type: ignore[no-untyped-def]
    lived = stamped("acmed[7]: ready", at=500)
    orderly = booted() + stamped(*report, at=50) + stamped("reboot: Restarting system", at=900)
    found = timeline(orderly + booted() + lived + booted() + lived)
    assert (root(found).kind, root(found).boot) == ("truncated-log", 1)
    found = timeline(orderly + booted() + lived)  # the second one runs
    assert root(found).boot == 0
    crashed = booted() + stamped(*oops(), at=50) + stamped("reboot: Restarting system", at=900)
    assert root(timeline(crashed + booted() + lived + booted() + lived)).kind == "null-pointer-dereference"


def test_before_root_and_same(timeline) -> None:  # type: ignore[no-untyped-def]
    text = (
        booted()
        + stamped(*warning("foo_open", "foo", "other", 9, 1), at=100)
        + stamped(*warning("bar_poll", "bar", "foocat", 777, 3), at=400)
        + stamped(*oops(), at=1000)
        + stamped(*oops("foo_write", "foo", "foocat", 777, 1, 2), at=1010)
    )
    found = timeline(text)
    first, second, *_ = [e for e in found.events if e.kind == "warning"]
    oopses = [e for e in found.events if e.kind == "null-pointer-dereference"]
    # the first warning is in the module that failed later, and so the root
    assert root(found) is first
    assert "before-root" not in oopses[0].attributes
    assert "before-root" not in first.attributes
    assert [e.attributes.get("same-module") for e in (second, *oopses)] == [None, True, True]
    assert [e.attributes.get("same-cpu") for e in (second, *oopses)] == [None, True, True]
    boot = next(e for e in found.events if e.kind == "boot-start")
    assert boot.attributes["before-root"] == pytest.approx(100.0)
    assert boot.attributes["early"] is True
    assert "early" not in first.attributes


def test_same_task(timeline) -> None:  # type: ignore[no-untyped-def]
    text = stamped(*oops(), at=10) + stamped(*oops("baz_write", "baz", "foocat", 777, 2, 2), at=11)
    text += stamped(*oops("qux_write", "qux", "foocat", 778, 2, 3), at=12)
    found = timeline(text)
    assert [e.attributes.get("same-task") for e in found.events] == [None, True, None]


# endings
def test_clean_shutdown(timeline) -> None:  # type: ignore[no-untyped-def]
    found = timeline(own("clean-shutdown.log"))
    assert (found.root, found.chain) == (None, [])
    assert found.facts["log.ending"] == "clean-shutdown"
    assert (found.facts["log.complete"], found.facts["log.covers_boot"]) == (True, True)
    assert "truncated-log" not in roles(found)


def test_console_that_stops_is_truncated(timeline) -> None:  # type: ignore[no-untyped-def]
    text = booted() + "[  OK  ] Reached target Multi-User System.\n" + stamped("eth0: link up", at=5000)
    found = timeline(text)
    assert root(found).kind == "truncated-log"
    assert found.facts["log.ending"] == "cut"
    assert root(found).line == 4
    assert found.facts["incident.impact"] == "restarted"


def test_dmesg_of_a_running_host_is_not_truncated(timeline) -> None:  # type: ignore[no-untyped-def]
    for text in (booted() + stamped("eth0: link up", at=5000), own("oom-6.1.log"), own("hung-task-4.18.log")):
        found = timeline(text)
        assert found.facts["log.ending"] == "running"
        assert "truncated-log" not in roles(found)


def test_a_boot_that_follows_without_shutdown(timeline) -> None:  # type: ignore[no-untyped-def]
    found = timeline(booted() + stamped("eth0: link up", at=5000) + booted() + stamped("eth0: link up", at=3))
    assert root(found).kind == "truncated-log"
    assert (root(found).boot, root(found).line, root(found).time) == (0, 3, 5000.0)
    assert found.facts["log.ending"] == "cut"
    clean = booted() + stamped("reboot: Restarting system", at=5000) + booted() + stamped("eth0: link up", at=3)
    assert timeline(clean).root is None


def test_oops_before_a_cut_stays_the_root(timeline) -> None:  # type: ignore[no-untyped-def]
    text = booted() + stamped(*oops(), at=10) + stamped("eth0: x", at=99) + booted() + stamped("eth0: link up", at=3)
    found = timeline(text)
    assert root(found).kind == "null-pointer-dereference"
    assert roles(found)["truncated-log"] == "consequence"
    assert [found.events[i].kind for i in found.chain] == ["null-pointer-dereference", "truncated-log"]


def test_capture_kernel(timeline) -> None:  # type: ignore[no-untyped-def]
    capture = stamped(VERSION, CMDLINE + " elfcorehdr=0x7f000000 nr_cpus=1")
    text = booted() + stamped(*oops(), at=900) + capture + stamped(*warning("kdump_x", "kd"), at=2)
    found = timeline(text)
    assert root(found).kind == "null-pointer-dereference"
    assert found.facts["log.capture_kernel"] is True
    assert found.facts["log.ending"] == "reboot"
    (late,) = [e for e in found.events if e.kind == "warning"]
    assert (late.role, late.attributes["capture"]) == ("consequence", True)
    assert "truncated-log" not in roles(found)
    assert all("capture" not in e.attributes for e in found.events if e.boot == 0)


# what the log covers
def test_complete(timeline) -> None:  # type: ignore[no-untyped-def]
    filler = stamped(*[f"eth0: line {n}" for n in range(250)], at=10)
    failure = stamped(*oops(), at=900)
    assert timeline(booted() + failure).facts["log.complete"] is True
    assert timeline(failure).facts["log.complete"] is False
    assert timeline(failure).facts["log.covers_boot"] is False
    assert timeline(filler + failure).facts["log.complete"] is True
    assert timeline(filler[: len(filler) // 2] + failure).facts["log.complete"] is False
    gap = "2024-03-04T09:41:22+0100 db7 systemd-journald[301]: Missed 83 kernel messages\n"
    found = timeline(booted() + gap + failure)
    assert "log-gap" in roles(found)
    assert found.facts["log.complete"] is False


def test_description(timeline) -> None:  # type: ignore[no-untyped-def]
    text = booted() + stamped(*oops(), at=900) + stamped(*oops("baz_write", "baz", "two", 22, 2, 2), at=910)
    facts = timeline(text + stamped(*PANIC, at=911)).facts
    assert facts["log.root_kind"] == "null-pointer-dereference"
    assert (facts["log.oopses"], facts["log.distinct_functions"], facts["log.stalled_cpus"]) == (2, 2, 0)
    assert (facts["incident.uptime_at_crash"], facts["incident.phase"]) == (900.0, "running")
    assert facts["incident.impact"] == "restarted"
    assert timeline(booted() + stamped(*oops(), at=9)).facts["incident.phase"] == "boot"
    assert timeline(own("soft-lockup-5.15.log")).facts["log.stalled_cpus"] == 1


def test_taint_is_told_once(timeline) -> None:  # type: ignore[no-untyped-def]
    found = timeline(own("oops-x86-6.8.log"))
    (taint,) = [e for e in found.events if e.kind == "taint"]
    assert (taint.line, taint.role, taint.severity) == (7, "context", "context")
    assert [e.kind for e in timeline(stamped(*oops())).events] == ["null-pointer-dereference"]


KERNEL_JOURNAL = [
    "Nov 20 08:00:01 web3 kernel: [    0.000000] Linux version 6.1.55 (build@host) (gcc 12.2.0) #1 SMP",
    "Nov 20 08:00:05 web3 kernel: [    4.100200] e1000e 0000:00:1f.6 eno1: NIC Link is Up 1000 Mbps Full Duplex",
    "Nov 21 02:10:00 web3 kernel: [65395.200300] usb 1-2: new high-speed USB device number 4 using xhci_hcd",
    "Nov 21 03:13:31 web3 kernel: [    0.000000] Linux version 6.1.55 (build@host) (gcc 12.2.0) #1 SMP",
    "Nov 21 03:13:32 web3 kernel: [    1.500100] EXT4-fs (sda1): mounted filesystem with ordered data mode.",
]


def test_a_log_of_the_kernel_alone_does_not_show_whether_it_was_shut_down(timeline) -> None:  # type: ignore[no-untyped-def]
    found = timeline("\n".join(KERNEL_JOURNAL))
    assert root(found).attributes.get("kernel-only") is True
    spoken = "Nov 21 02:10:01 web3 acmed[12]: reload"
    found = timeline("\n".join([*KERNEL_JOURNAL[:3], spoken, *KERNEL_JOURNAL[3:]]))
    assert root(found).kind == "truncated-log"
    assert "kernel-only" not in root(found).attributes


def test_unmounting_ends_a_boot_only_at_its_end(timeline) -> None:  # type: ignore[no-untyped-def]
    unmount = "Nov 21 03:12:40 web3 kernel: [69155.100100] EXT4-fs (sda2): unmounting filesystem."
    found = timeline("\n".join([*KERNEL_JOURNAL[:3], unmount, *KERNEL_JOURNAL[3:]]))
    assert found.root is None
    assert "clean-shutdown" in roles(found)
    later = [
        f"Nov 21 03:12:5{n} web3 kernel: [6916{n}.100100] usb 1-2: reset high-speed USB device number {n}"
        for n in range(9)
    ]
    found = timeline("\n".join([*KERNEL_JOURNAL[:3], unmount, *later, *KERNEL_JOURNAL[3:]]))
    assert root(found).kind == "truncated-log"
