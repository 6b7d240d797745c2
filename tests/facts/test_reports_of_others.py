"""What reports from the field taught the readers: each test a form that some kernel prints, in words of our own."""

from __future__ import annotations

import pytest
from loglines import root

LIST_WARNING = """\
[  812.100000] WARNING: CPU: 2 PID: 411 at lib/list_debug.c:62 acme_flush+0x8f/0x1d0 [acmeq]
[  812.100004] list_del corruption. next->prev should be ffff8800369b10c0, but was ffff8800369b1fc0
[  812.100009] Modules linked in: acmeq(OE) ext4 jbd2
[  812.100015] CPU: 2 PID: 411 Comm: acmed Tainted: G           OE   4.9.0-13-amd64 #1
"""


def test_a_warning_above_its_message_lends_its_report(timeline) -> None:  # type: ignore[no-untyped-def]
    event = root(timeline(LIST_WARNING))
    assert (event.kind, event.comm, event.cpu) == ("list-corruption", "acmed", 2)
    assert (event.attributes["function"], event.attributes["module"]) == ("acme_flush", "acmeq")
    assert event.attributes["module-foreign"] is True


def test_a_queue_that_hangs_is_named_whatever_the_order_of_the_lines(timeline) -> None:  # type: ignore[no-untyped-def]
    first = "WARNING: CPU: 1 PID: 0 at net/sched/sch_generic.c:331 dev_watchdog+0x270/0x280\n"
    second = "NETDEV WATCHDOG: eth3 (acmenic): transmit queue 2 timed out\n"
    for text in (first + second, second + first):
        event = root(timeline(text))
        assert (event.kind, event.attributes["device"]) == ("netdev-watchdog", "eth3")


@pytest.mark.parametrize(
    ("line", "severity", "rooted"),
    [
        ("usb 3-1.2: USB disconnect, device number 9", "context", False),
        ("usb 3-1.2: device descriptor read/64, error -71", "context", False),
        ("usb 3-1.2: device not accepting address 11, error -71", "problem", True),
        ("xhci_hcd 0000:00:14.0: HC died; cleaning up", "problem", True),
        ("acmegpu 0000:05:00.0: PM: failed to resume async: error -110", "problem", True),
    ],
)
def test_devices_that_went_and_devices_that_failed(timeline, line: str, severity: str, rooted: bool) -> None:  # type: ignore[no-untyped-def]
    found = timeline(f"[  700.000000] {line}\n")
    (event,) = found.events
    assert (event.kind, event.severity) == ("device-removed", severity)
    assert (found.root is not None) is rooted


def test_a_device_that_failed_does_not_begin_an_oops_of_other_code(timeline) -> None:  # type: ignore[no-untyped-def]
    text = (
        "[  700.000000] xhci_hcd 0000:00:14.0: HC died; cleaning up\n"
        "[  701.000000] BUG: kernel NULL pointer dereference, address: 0000000000000018\n"
        "[  701.000002] CPU: 0 PID: 77 Comm: acmed Not tainted 6.6.9 #1\n"
        "[  701.000003] RIP: 0010:acme_open+0x14/0x90 [acme]\n"
    )
    assert root(timeline(text)).kind == "null-pointer-dereference"


def test_two_cpus_that_stall_together_are_two_events(timeline) -> None:  # type: ignore[no-untyped-def]
    text = (
        "watchdog: BUG: soft lockup - CPU#5 stuck for 23s! [mysqld:811]\n"
        "watchdog: BUG: soft lockup - CPU#1 stuck for 33s! [nginx:90]\n"
        "watchdog: BUG: soft lockup - CPU#4 stuck for 33s! [nginx:91]\n"
    )
    found = timeline(text)
    assert {event.cpu for event in found.events} == {1, 4, 5}
    assert found.facts["log.stalled_cpus"] == 3


IDLE_STALL = """\
[ 9100.000000] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:
[ 9100.000010] rcu: \t2-...!: (0 ticks this GP) idle=5fc/0/0x0 softirq=811/811 fqs=1 (false positive?)
[ 9100.000020] rcu: \t3-...!: (0 ticks this GP) idle=a10/{nesting}/0x0 softirq=902/902 fqs=1
[ 9100.000030] rcu: \t(detected by 0, t=5252 jiffies, g=77121, q=90 ncpus=4)
"""


@pytest.mark.parametrize(("nesting", "idle"), [("0", True), ("1", False)])
def test_stalled_cpus_that_were_idle(timeline, nesting: str, idle: bool) -> None:  # type: ignore[no-untyped-def]
    event = root(timeline(IDLE_STALL.format(nesting=nesting)))
    assert (event.attributes["listed-idle"], event.attributes["scans"]) == (idle, 1)


@pytest.mark.parametrize(("size", "open_array"), [(1, True), (0, True), ("*", True), (16, False)])
def test_arrays_that_are_the_open_end_of_a_structure(timeline, size: int | str, open_array: bool) -> None:  # type: ignore[no-untyped-def]
    text = (
        "UBSAN: array-index-out-of-bounds in drivers/acme/acme_topo.c:310:9\n"
        f"index 16 is out of range for type 'struct acme_port [{size}]'\n"
        "CPU: 3 PID: 1 Comm: swapper/0 Not tainted 6.5.1 #1\n"
    )
    assert root(timeline(text)).attributes["open-array"] is open_array


@pytest.mark.parametrize(
    ("below", "problem"),
    [
        ("division by zero", "division-overflow"),
        ("division of -2147483648 by -1 cannot be represented in type 'int'", "division-overflow"),
        ("index 9 is out of range for type 'u8 [8]'", "array-index-out-of-bounds"),
        ("shift exponent 64 is too large for 32-bit type 'int'", "shift-out-of-bounds"),
        ("signed integer overflow:", "signed-integer-overflow"),
        ("load of value 71 is not a valid value for type '_Bool'", "invalid-load"),
        ("member access within null pointer of type 'struct acme'", "null-ptr-deref"),
        ("CPU: 3 PID: 1 Comm: swapper/0 Not tainted 4.19.1 #1", "undefined-behaviour"),
    ],
)
def test_old_kernels_name_the_kind_on_the_second_line(timeline, below: str, problem: str) -> None:  # type: ignore[no-untyped-def]
    text = f"UBSAN: Undefined behaviour in drivers/acme/acme_topo.c:310:9\n{below}\n"
    assert root(timeline(text)).attributes["problem"] == problem


def test_the_limit_of_a_group_shows_in_the_trace(timeline) -> None:  # type: ignore[no-untyped-def]
    text = (
        "acmed invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
        "CPU: 1 PID: 4101 Comm: acmed Not tainted 3.10.0-1160.el7.x86_64 #1\n"
        "Call Trace:\n"
        " [<ffffffff81604406>] dump_stack+0x19/0x1b\n"
        " [<ffffffff8115a32e>] oom_kill_process+0x24e/0x3b0\n"
        " [<ffffffff811bd1ce>] {last}+0xb1e/0xb50\n"
    )
    assert root(timeline(text.format(last="__mem_cgroup_try_charge"))).kind == "memcg-oom-kill"
    whole = root(timeline(text.format(last="__alloc_pages_slowpath")))
    assert (whole.kind, whole.attributes["scope"]) == ("oom-kill", "machine")


@pytest.mark.parametrize(("words", "kind"), [("Use of acme_map() is deprecated", "deprecated-use"),
                                             ("acme_map() found no area", "warning")])  # fmt: skip
def test_a_warning_that_only_calls_an_interface_deprecated(timeline, words: str, kind: str) -> None:  # type: ignore[no-untyped-def]
    text = (
        "WARNING: at drivers/acme/acme_map.c:951 acme_map+0x227/0x250() (Not tainted)\n"
        "Hardware name: ProLiant DL380 G7\n"
        f"{words}\n"
        "Pid: 2925, comm: acmed Not tainted 2.6.32-431.el6.x86_64 #1\n"
        "Call Trace:\n"
        " [<ffffffff8106b747>] ? warn_slowpath_common+0x87/0xc0\n"
        " [<ffffffff811f7047>] ? acme_map+0x227/0x250\n"
    )
    found = timeline(text)
    assert [event.kind for event in found.events] == [kind]
    assert (found.root is None) == (kind == "deprecated-use")


def test_a_reference_count_that_is_no_count(timeline) -> None:  # type: ignore[no-untyped-def]
    text = (
        "BUG: Bad page state in process acmed  pfn:1a2b3\n"
        "page:ffffea0000686acc count:{count} mapcount:0 mapping:0000000000000000 index:0x1\n"
        "page dumped because: nonzero _refcount\n"
    )
    assert root(timeline(text.format(count=-1431655766))).attributes["problem"] == "overwritten"
    assert root(timeline(text.format(count=-1))).attributes["problem"] == "negative-refcount"


ODD_POINTER = """\
BUG: kernel NULL pointer dereference, address: {address:016x}
#PF: supervisor write access in kernel mode
#PF: error_code(0x0002) - not-present page
Oops: 0002 [#1] PREEMPT SMP NOPTI
CPU: 1 PID: 909 Comm: acmed Not tainted 6.1.0-18-amd64 #1
RIP: 0010:acme_unlink+0x44/0xb0 [acme]
Code: 48 8b 08 48 8b 50 08 <48> 89 51 08 48 89 0a c3
RAX: ffff88810a93f800 RBX: 0000000000000000 RCX: {value:016x}
RDX: ffff88810a93f810 RSI: 0000000000000000 RDI: ffff88810a93f800
"""


@pytest.mark.parametrize(
    ("value", "flipped"),
    [(1 << 30, True), (1 << 35, True), (3 << 30, False), (1 << 22, False), (0x55D0C0A01000, False)],
)
def test_null_but_for_one_high_bit(timeline, value: int, flipped: bool) -> None:  # type: ignore[no-untyped-def]
    text = ODD_POINTER.replace("kernel NULL pointer dereference,", "unable to handle page fault for")
    event = root(timeline(text.format(address=value + 8, value=value)))
    assert (event.kind, event.attributes["pointer-class"]) == ("invalid-paging-request", "user")
    assert event.attributes.get("one-bit", False) is flipped


@pytest.mark.parametrize(("value", "odd"), [(0, False), (0x18, False), (5, True)])
def test_a_small_odd_number_is_no_null_pointer(timeline, value: int, odd: bool) -> None:  # type: ignore[no-untyped-def]
    event = root(timeline(ODD_POINTER.format(address=value + 8, value=value)))
    assert event.attributes.get("small-number", False) is odd


def test_eight_digits_are_an_address_of_32_bits(timeline) -> None:  # type: ignore[no-untyped-def]
    event = root(timeline("Unable to handle kernel paging request at virtual address fffffff4\n"))
    assert event.attributes["address-class"] == "error-pointer"


def test_frames_of_old_arm_kernels_without_a_blank(timeline) -> None:  # type: ignore[no-untyped-def]
    text = (
        "BUG: scheduling while atomic: acmed/801/0x00000002\n"
        "[<c00151e8>](unwind_backtrace+0x0/0xf8) from [<c03f9acc>](dump_stack+0x1c/0x20)\n"
        "[<c03f9acc>](dump_stack+0x1c/0x20) from [<c00221b8>](__schedule_bug+0x6c/0x78)\n"
        "[<c00221b8>](__schedule_bug+0x6c/0x78) from [<c03fa314>](__schedule+0x4ac/0x63c)\n"
        "[<c03fa314>](__schedule+0x4ac/0x63c) from [<bf049f28>](acme_open+0x80/0xe8 [acmeio])\n"
    )
    event = root(timeline(text))
    assert (event.attributes["function"], event.attributes["module"]) == ("acme_open", "acmeio")


def test_a_work_item_stands_for_a_trace_that_is_lost(timeline) -> None:  # type: ignore[no-untyped-def]
    text = (
        "kernel BUG at lib/list_debug.c:28!\n"
        "invalid opcode: 0000 [#1] SMP PTI\n"
        "CPU: 8 PID: 119 Comm: kworker/8:2 Tainted: G           OE  5.14.0 #1\n"
        "Workqueue: events acme_refill [acmecache]\n"
        "RIP: 0010:__list_add_valid.cold.0+0x26/0x28\n"
    )
    event = root(timeline(text))
    assert (event.attributes["function"], event.attributes["module"]) == ("acme_refill", "acmecache")


def test_a_trace_of_nothing_but_unsure_frames_is_used(timeline) -> None:  # type: ignore[no-untyped-def]
    text = (
        "INFO: task kworker/0:1:290 blocked for more than 120 seconds.\n"
        "kworker/0:1     D    0   290      2 0x00000000\n"
        "Call Trace:\n"
        " [<ffffffff8780fe79>] ? __schedule+0x239/0x6f0\n"
        " [<ffffffff87810362>] ? schedule+0x32/0x80\n"
        " [<ffffffff8780fbdd>] ? io_schedule_timeout+0x9d/0x100\n"
        " [<ffffffff87510023>] ? blk_mq_get_tag+0x23/0x90\n"
    )
    assert "io-throttle" in root(timeline(text)).attributes["trace"]


def test_records_that_follow_count_before_the_line_that_announces_them(timeline) -> None:  # type: ignore[no-untyped-def]
    announced = "[  500.000000] mce: [Hardware Error]: Machine check events logged\n"
    assert root(timeline(announced)).attributes["problem"] == "logged"
    text = announced + (
        "[  500.000100] EDAC MC1: 1 CE memory scrubbing error on CPU_SrcID#1_Ha#0_Chan#0_DIMM#0 (channel:0 slot:0 "
        "page:0xee30 offset:0x0 grain:32 syndrome:0x0)\n"
    )
    assert root(timeline(text)).kind == "edac-corrected"


@pytest.mark.parametrize("month", ["Feb", "févr.", "Mär", "фев", "2月", "lis"])
def test_months_of_other_languages(timeline, month: str) -> None:  # type: ignore[no-untyped-def]
    event = root(
        timeline(f'{month} 12 20:23:06 web3 kernel: irq 17: nobody cared (try booting with the "irqpoll" option)\n')
    )
    assert event.kind == "irq-nobody-cared"


def test_a_test_that_announces_itself_taints_nothing(timeline) -> None:  # type: ignore[no-untyped-def]
    found = timeline("[   40.000000] lkdtm: Performing direct entry WARNING\n")
    assert [event.kind for event in found.events] == ["module-loaded"]


def test_a_task_that_blocks_rcu_counts_where_its_number_is_lost(timeline) -> None:  # type: ignore[no-untyped-def]
    text = (
        "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n"
        "rcu: \tTasks blocked on level-0 rcu_node (CPUs 0-7):\n"
        "\t(detected by 4, t=21003 jiffies, g=88120, q=301)\n"
    )
    assert root(timeline(text)).attributes["task-listed"] is True


def test_the_default_init_of_an_absent_initramfs_is_no_error(timeline) -> None:  # type: ignore[no-untyped-def]
    line = "[    1.500000] check access for rdinit={} failed: -2, ignoring\n"
    assert timeline(line.format("/init")).root is None
    assert root(timeline(line.format("/sbin/bringup"))).attributes["problem"] == "no-init"


@pytest.mark.parametrize("name", ["iwlagn: ", "iwl3945 0000:03:00.0: ", ""])
def test_older_names_of_the_wireless_driver(timeline, name: str) -> None:  # type: ignore[no-untyped-def]
    event = root(timeline(f"[  900.000000] {name}Microcode SW error detected.  Restarting 0x82000000.\n"))
    assert event.kind == "device-firmware-error"


def test_the_name_of_a_32_bit_instruction_pointer_stands_in_the_next_line(timeline) -> None:  # type: ignore[no-untyped-def]
    text = (
        "BUG: soft lockup - CPU#1 stuck for 22s! [acmed:2290]\n"
        "EIP: 0060:[<c1072f30>] EFLAGS: 00000286 CPU: 1\n"
        "EIP is at do_raw_spin_lock+0x16/0x20\n"
        "EAX: f6100c00 EBX: f6200500 ECX: 00000011 EDX: 00001100\n"
    )
    event = root(timeline(text))
    assert (event.attributes["pc-function"], event.attributes["at"]) == ("do_raw_spin_lock", ("spin-wait",))


@pytest.mark.parametrize(
    ("failing", "teid", "kind", "address_class", "access"),
    [
        ("0000000000000000", "0000000000000483", "null-pointer-dereference", "null", "write"),
        ("6b6b6b6b6b6b6000", "6b6b6b6b6b6b6803", "invalid-paging-request", "freed-poison", "read"),
        ("fffffffffffff000", "fffffffffffff803", "invalid-paging-request", "error-pointer", "read"),
    ],
)
def test_s390_names_the_page_and_not_the_kind(  # type: ignore[no-untyped-def]
    timeline, failing: str, teid: str, kind: str, address_class: str, access: str
) -> None:
    text = (
        "Unable to handle kernel pointer dereference in virtual kernel address space\n"
        f"Failing address: {failing} TEID: {teid}\n"
        "Fault in home space mode while using kernel ASCE.\n"
        "Oops: 003b ilc:3 [#1] SMP \n"
        "CPU: 1 PID: 733 Comm: acmed Not tainted 6.1.38 #1\n"
        "Krnl PSW : 0704c00180000000 000003ff80a1b2c4 (acme_read+0x44/0xa0 [acme])\n"
    )
    event = root(timeline(text))
    assert event.kind == kind
    assert (event.attributes["address-class"], event.attributes["access"]) == (address_class, access)
    assert "reserved-bit" not in event.attributes


@pytest.mark.parametrize(("code", "protection"), [("80f", True), ("817", False), ("a0f", True), ("a07", False)])
def test_fault_status_of_32_bit_arm(timeline, code: str, protection: bool) -> None:  # type: ignore[no-untyped-def]
    text = (
        "Unable to handle kernel paging request at virtual address c0a1b2c0 when write\n"
        "[c0a1b2c0] *pgd=00c1141e(bad)\n"
        f"Internal error: Oops: {code} [#1] SMP ARM\n"
        "CPU: 1 PID: 733 Comm: acmed Not tainted 6.6.38 #1\n"
        "PC is at acme_ioctl+0x18/0x90 [acme]\n"
    )
    event = root(timeline(text))
    assert (event.attributes["access"], event.attributes["protection"]) == ("write", protection)
    assert "reserved-bit" not in event.attributes
