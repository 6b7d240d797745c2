"""Report readers on hand-written logs, and what no reader may ever do."""

from __future__ import annotations

import os

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.frames import FrameTable
from facts.records import Event, Record
from facts.reports import READERS

KB = os.path.join(os.path.dirname(__file__), "..", "..", "kb")
with open(os.path.join(KB, "frames.yaml"), encoding="utf-8") as stream:
    TABLE = FrameTable(yaml.safe_load(stream))


def records(text: str) -> list[Record]:
    return [Record(n, line, n / 1000) for n, line in enumerate(text.strip("\n").split("\n"), 1)]


def read(kind: str, reader: str, text: str) -> tuple[Event, int]:
    body = records(text)
    event = Event(kind, body[0])
    return event, READERS[reader](event, body, TABLE)


OOPS = """
BUG: kernel NULL pointer dereference, address: 0000000000000038
#PF: supervisor write access in kernel mode
#PF: error_code(0x0002) - not-present page
PGD 0 P4D 0
Oops: 0002 [#1] PREEMPT SMP NOPTI
CPU: 3 PID: 812 Comm: acmed Kdump: loaded Tainted: G        W  OE      6.1.0-9-amd64 #1 Debian 6.1.27-1
Hardware name: Acme Server/Board, BIOS 1.2 01/02/2023
RIP: 0010:__list_add_valid+0x12/0x60
Code: 00 00 55 48 89 e5 <48> 89 47 38 5d c3 cc cc cc cc
RSP: 0018:ffffc90000123e50 EFLAGS: 00010246
RAX: ffff888101234567 RBX: 6b6b6b6b6b6b6b6b RCX: 0000000000000000
RDX: 0000000000000001 RSI: ffff888101234000 RDI: 0000000000000000
CR2: 0000000000000038 CR3: 0000000102030000 CR4: 0000000000370ee0
Call Trace:
 <TASK>
 acme_queue_add.isra.0+0x31/0x80 [acmenet]
 ? acme_xmit+0x10/0x20 [acmenet]
 acme_remove+0x45/0x90 [acmenet]
 pci_device_remove+0x3e/0xb0
 vfs_write+0xc7/0x3f0
 do_syscall_64+0x5d/0xb0
 entry_SYSCALL_64_after_hwframe+0x6e/0xd8
RIP: 0033:0x7f1234567890
RAX: ffffffffffffffda RBX: 0000000000000001 RCX: 00007f1234567890
 </TASK>
Modules linked in: acmenet(OE) nvme ext4
 [last unloaded: oldmod]
---[ end trace 0000000000000000 ]---
RIP: 0010:__list_add_valid+0x12/0x60
RAX: ffff888101234567 RBX: 6b6b6b6b6b6b6b6b RCX: 0000000000000000
acmenet 0000:03:00.0: link is down
usb 1-1: new device
"""

ARM64 = """
Unable to handle kernel paging request at virtual address 006b6b6b6b6b6c03
Mem abort info:
  ESR = 0x0000000096000044
[006b6b6b6b6b6c03] address between user and kernel address ranges
Internal error: Oops: 0000000096000044 [#1] SMP
Modules linked in: acmenet(O)
CPU: 0 PID: 5 Comm: kworker/0:0 Tainted: G           O       6.6.30 #1
Workqueue: events acme_link_work [acmenet]
pc : acme_link_work+0x8/0x20 [acmenet]
lr : process_one_work+0x1c8/0x3a0
x29: ffff800008263a90 x28: ffff00000823b0c0 x27: 6b6b6b6b6b6b6b6b
x2 : 0000000000000000 x1 : ffffa6fb554a5760 x0 : 6b6b6b6b6b6b6b6b
Call trace:
 acme_link_work+0x8/0x20 [acmenet]
 process_one_work+0x1c8/0x3a0
 worker_thread+0x48/0x410
 kthread+0xe0/0xe4
 ret_from_fork+0x10/0x20
Code: d503201f d503233f (b9000001) d65f03c0
---[ end trace 0000000000000000 ]---
"""

OLD_OOPS = """
BUG: unable to handle kernel NULL pointer dereference at           (null)
IP: [<          (null)>]           (null)
PGD 0
Oops: 0010 [#2] SMP
last sysfs file: /sys/class/net/eth0/flags
CPU 1
Modules linked in: acmenet(U) ext4 [last unloaded: scsi_wait_scan]
Pid: 812, comm: acmed Tainted: P      D    ---------------    2.6.32-754.el6.x86_64 #1 Acme Board
RIP: 0010:[<0000000000000000>]  [<          (null)>]           (null)
RSP: 0018:ffff88012345fe50  EFLAGS: 00010246
Call Trace:
 [<ffffffffa0123456>] ? acme_ioctl+0x31/0x80 [acmenet]
 [<ffffffffa0123499>] acme_unlocked_ioctl+0x20/0x30 [acmenet]
 [<ffffffff811a3c72>] vfs_ioctl+0x22/0xa0
 [<ffffffff8100b072>] system_call_fastpath+0x16/0x1b
Code:  Bad RIP value.
---[ end trace 1234567890abcdef ]---
"""

KASAN = """
BUG: KASAN: slab-use-after-free in _raw_spin_lock_irqsave+0x44/0x90
Write of size 4 at addr ffff888012345678 by task acmed/812

CPU: 1 PID: 812 Comm: acmed Not tainted 6.6.0 #1
Call Trace:
 <TASK>
 dump_stack_lvl+0x4a/0x60
 print_report+0xcf/0x670
 kasan_report+0xc7/0x100
 _raw_spin_lock_irqsave+0x44/0x90
 acme_rx+0x55/0x120 [acmenet]
 do_syscall_64+0x5d/0xb0
 </TASK>

Allocated by task 700:
 kasan_save_stack+0x22/0x40
 __kmalloc+0x5a/0x140
 acme_probe+0x77/0x200 [acmenet]
 really_probe+0xd6/0x390

Freed by task 701:
 kasan_save_stack+0x22/0x40
 kfree+0x80/0x110
 acme_close+0x21/0x40 [acmecore]

The buggy address belongs to the object at ffff888012345600
 which belongs to the cache kmalloc-256 of size 256
==================================================================
acme: link up
"""

SLAB = """
BUG acme_cache (Tainted: G           OE     ): Poison overwritten
-----------------------------------------------------------------------------
0xffff888012345600-0xffff888012345600 @offset=1536. First byte 0x6a instead of 0x6b
Allocated in acme_probe+0x2a/0xe0 [acmenet] age=83 cpu=0 pid=96
 __kmem_cache_alloc_node+0x26/0x90
 acme_probe+0x2a/0xe0 [acmenet]
Freed in acme_close+0x35/0xe0 [acmenet] age=83 cpu=0 pid=96
 acme_close+0x35/0xe0 [acmenet]
Slab 0xffffea0000123400 objects=10 used=5 fp=0xffff888012345000 flags=0x200
Object 0xffff888012345600 @offset=1536 fp=0x0000000000000000
Object   ffff888012345600: 6a 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b a5  jkkkkkkkkkkkkkk.
CPU: 1 PID: 99 Comm: bash Tainted: G           OE      6.1.0 #1
Call Trace:
 dump_stack_lvl+0x44/0x5c
 check_bytes_and_report.cold+0x60/0x8f
 kmem_cache_alloc+0x2e0/0x330
 getname_flags+0x50/0x1f0
FIX acme_cache: Restoring Poison 0xffff888012345600-0xffff888012345600=0x6b
acme: link up
"""

STALL = """
rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
rcu: \t2-...0: (0 ticks this GP) idle=6344/1/0x4000000000000000 softirq=222/222 fqs=737
\t(detected by 0, t=5252 jiffies, g=-763, q=12 ncpus=4)
Sending NMI from CPU 0 to CPUs 2:
NMI backtrace for cpu 2
CPU: 2 PID: 96 Comm: acmed Tainted: G           OE      6.1.0 #1
RIP: 0010:native_queued_spin_lock_slowpath+0x30/0x2a0
RSP: 0018:ffffc90000123e50 EFLAGS: 00000002
Call Trace:
 <TASK>
 _raw_spin_lock+0x25/0x30
 acme_push_frame+0x16/0x30 [acmenet]
 acme_xmit+0x23/0x40 [acmenet]
 do_syscall_64+0x5d/0xb0
 </TASK>
rcu: rcu_preempt kthread timer wakeup didn't happen for 5200 jiffies! g-763 f0x0 RCU_GP_WAIT_FQS(5) ->state=0x402
rcu: rcu_preempt kthread starved for 5200 jiffies! g-763 f0x0 RCU_GP_WAIT_FQS(5) ->state=0x402 ->cpu=0
rcu: RCU grace-period kthread stack dump:
task:rcu_preempt     state:I stack:0     pid:15    ppid:2      flags:0x00004000
Call Trace:
 __schedule+0x34d/0x9e0
 schedule+0x5a/0xd0
 rcu_gp_fqs_loop+0x141/0x550
"""

# up to 5.10 or so: the state of the kthread alone says that it sleeps
ASLEEP_STALL = "".join(line for line in STALL.splitlines(True) if "timer wakeup" not in line)

SELF_STALL = """
INFO: rcu_sched self-detected stall on CPU { 1}  (t=21000 jiffies g=100 c=99 q=12)
CPU: 1 PID: 50 Comm: cat Not tainted 3.10.0-1160.el7.x86_64 #1
Call Trace:
 <IRQ>  [<ffffffff81234567>] dump_stack+0x19/0x1b
 [<ffffffff81234568>] rcu_check_callbacks+0x442/0x730
 [<ffffffff81234569>] update_process_times+0x46/0x80
 [<ffffffff8123456a>] apic_timer_interrupt+0x6d/0x80
 <EOI>  [<ffffffff8123456b>] ? _raw_spin_unlock_irqrestore+0x15/0x20
 [<ffffffff8123456c>] acme_walk_tree+0x7c/0x100
 [<ffffffff8123456d>] acme_seq_show+0x10/0x20
 [<ffffffff8123456e>] vfs_read+0x9f/0x170
 [<ffffffff8123456f>] system_call_fastpath+0x1c/0x21
"""

HUNG = """
INFO: task acmed:812 blocked for more than 120 seconds.
      Tainted: G           OE      6.1.0 #1
"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
task:acmed           state:D stack:0     pid:812   ppid:1      flags:0x00000002
Call Trace:
 <TASK>
 __schedule+0x34d/0x9e0
 schedule+0x5a/0xd0
 schedule_preempt_disabled+0x11/0x20
 __mutex_lock.constprop.0+0x3a5/0x6f0
 acme_cfg_thread+0x30/0x50 [acmenet]
 kthread+0xda/0x100
 ret_from_fork+0x22/0x30
 </TASK>
INFO: task acmed:812 is blocked on a mutex likely owned by task acme_io:813.
INFO: task acme_io:813 blocked for more than 120 seconds.
"""

LOCKUP = """
watchdog: BUG: soft lockup - CPU#5 stuck for 26s! [cat:50]
Modules linked in: ext4
CPU: 5 PID: 50 Comm: cat Not tainted 6.1.0 #1
RIP: 0010:find_next_bit+0x30/0x60
RSP: 0018:ffffc90000123e50 EFLAGS: 00000246
Call Trace:
 <TASK>
 acme_count+0x7c/0x100
 acme_seq_show+0x10/0x20
 seq_read_iter+0x122/0x450
 vfs_read+0x1f5/0x320
 do_syscall_64+0x5d/0xb0
 </TASK>
"""

OOM = """
acmed invoked oom-killer: gfp_mask=0x400dc0(GFP_KERNEL_ACCOUNT|__GFP_ZERO), order=3, oom_score_adj=0
CPU: 1 PID: 94 Comm: acmed Not tainted 6.1.0 #1
Call Trace:
 <TASK>
 dump_stack_lvl+0x44/0x5c
 dump_header+0x4c/0x22b
 out_of_memory+0x1fd/0x4c0
 __alloc_pages+0x305/0x330
 alloc_thread_stack_node+0x40/0x60
 </TASK>
Mem-Info:
active_anon:765 inactive_anon:4467 isolated_anon:0
 active_file:10 inactive_file:10 isolated_file:0
 slab_reclaimable:2231 slab_unreclaimable:191722
 mapped:560 shmem:100 pagetables:104
 free:32000 free_pcp:86 free_cma:0
Node 0 Normal free:128000kB boost:0kB min:4096kB low:5120kB high:6144kB present:1048576kB managed:1000000kB mlocked:0kB
lowmem_reserve[]: 0 0 0 0 0
Node 0 Normal: 16000*4kB (UM) 8000*8kB (UM) 0*16kB 0*32kB 0*64kB 0*128kB 0*256kB 0*512kB 0*1024kB 0*2048kB = 128000kB
Node 0 hugepages_total=0 hugepages_free=0 hugepages_surp=0 hugepages_size=2048kB
Free swap  = 0kB
Total swap = 2097148kB
262144 pages RAM
12144 pages reserved
oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=acmed,pid=94,uid=0
Out of memory: Killed process 94 (acmed) total-vm:171004kB, anon-rss:169696kB, file-rss:4kB, shmem-rss:640kB, UID:0
acme: link up
"""

MCE = """
mce: [Hardware Error]: CPU 2: Machine Check Exception: 5 Bank 7: be00000000800400
mce: [Hardware Error]: RIP !INEXACT! 10:<ffffffff81234567> {intel_idle+0x85/0x130}
mce: [Hardware Error]: TSC 1234 ADDR 2345000 MISC 86
mce: [Hardware Error]: PROCESSOR 0:50654 TIME 1700000000 SOCKET 0 APIC 4 microcode 2000065
acme: link up
"""

OLD_MCE = """
CPU 1: Machine Check Exception: 0000000000000004
Bank 2: f200200000000863
acme: link up
"""

GHES = """
{3}[Hardware Error]: Hardware error from APEI Generic Hardware Error Source: 4
{3}[Hardware Error]: event severity: recoverable
{3}[Hardware Error]:  Error 0, type: recoverable
{3}[Hardware Error]:   section_type: memory error
{3}[Hardware Error]:   physical_address: 0x0000001234567000
{3}[Hardware Error]:   DIMM location: CPU0 DIMM_A2
"""

AER = """
pcieport 0000:00:1c.0: AER: Uncorrected (Fatal) error received: 0000:03:00.0
acmenet 0000:03:00.0: PCIe Bus Error: severity=Uncorrected (Fatal), type=Transaction Layer, (Receiver ID)
acmenet 0000:03:00.0:   device [1abc:0001] error status/mask=00040000/00400000
acmenet 0000:03:00.0:    [18] MalfTLP                (First)
"""

EEH = """
EEH: Frozen PE#3 on PHB#1 detected
EEH: This PCI device has failed 2 times in the last hour
EEH: Notify device drivers to shutdown
EEH: of node=0001:03:00.0
EEH: PCI device/vendor: 00011abc
PHB3 PHB#1 Diag-data (Version: 1)
brdgCtl:     00000002
RootSts:     0000000f 00400000 b0830008 00100147 00002000
PE[003] A/B: 8480002b00000000 8000000000000000
EEH: Reset without hotplug activity
acmenet 0001:03:00.0 eth4: Link is up
"""

EEH_OLD = """
EEH: Detected PCI bus error on device 0001:c1:00.0
EEH: This PCI device has failed 1 times in the last hour:
EEH: Bus location=U7879.001.DQD04KF-P1-C2 driver=acmenet pci addr=0001:c1:00.0
EEH: Device location=U7879.001.DQD04KF-P1-C2 driver=acmenet pci addr=0001:c1:00.0
"""

BAD_PAGE = """
BUG: Bad page state in process acmed  pfn:13374
page:0000000054a50006 refcount:-1 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0x13374
flags: 0xfffffc0000000(node=0|zone=1|lastcpupid=0x1fffff)
raw: 000fffffc0000000 dead000000000100 dead000000000122 0000000000000000
page dumped because: nonzero _refcount
Modules linked in: acmenet(OE)
CPU: 0 PID: 96 Comm: acmed Tainted: G           OE      6.1.0 #1
Call Trace:
 dump_stack_lvl+0x44/0x5c
 bad_page.cold+0x63/0x8f
 free_unref_page+0x157/0x1d0
 acme_free_rx+0x69/0x80 [acmenet]
"""

LOCKDEP = """
WARNING: possible circular locking dependency detected
6.1.0 #1 Not tainted
------------------------------------------------------
acmed/812 is trying to acquire lock:
ffff888012345678 (&acme->cfg){+.+.}-{3:3}, at: acme_configure+0x40/0x90 [acmenet]

but task is already holding lock:
ffff888012345699 (&acme->io){+.+.}-{3:3}, at: acme_open+0x20/0x90 [acmenet]

-> #1 (&acme->io){+.+.}-{3:3}:
       lock_acquire+0xd1/0x2d0
       acme_io+0x40/0x90 [acmenet]

stack backtrace:
CPU: 1 PID: 812 Comm: acmed Not tainted 6.1.0 #1
Call Trace:
 dump_stack_lvl+0x4a/0x60
 __mutex_lock+0x9d/0x8c0
 acme_configure+0x40/0x90 [acmenet]
"""

WARNING_NEW = """
WARNING: drivers/net/acme/acme_tx.c:410 at acme_tx_done+0x90/0xb0 [acmenet], CPU#3: acmed/812
Modules linked in: acmenet(O)
CPU: 3 UID: 0 PID: 812 Comm: acmed Not tainted 6.19.0 #1 PREEMPT(voluntary)
RIP: 0010:acme_tx_done+0x90/0xb0 [acmenet]
Call Trace:
 <TASK>
 acme_poll+0x90/0xb0 [acmenet]
 </TASK>
---[ end trace 0000000000000000 ]---
"""

REFCOUNT = """
refcount_t: underflow; use-after-free.
WARNING: CPU: 1 PID: 812 at lib/refcount.c:28 refcount_warn_saturate+0xba/0x110
Kernel panic - not syncing: panic_on_warn set ...
CPU: 1 PID: 812 Comm: acmed Not tainted 5.4.0 #1
Call Trace:
 dump_stack+0x6d/0x8b
 panic+0x101/0x2e3
 __warn.cold+0x20/0x4c
 report_bug+0x263/0x2b0
 do_invalid_op+0x37/0x50
 invalid_op+0x23/0x30
RIP: 0010:refcount_warn_saturate+0xba/0x110
 kobject_put+0x66/0xc0
 acme_release+0x14/0x38
"""

ATOMIC = """
BUG: sleeping function called from invalid context at kernel/locking/mutex.c:580
in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 812, name: acmed
preempt_count: 1, expected: 0
Preemption disabled at:
[<ffffffffc0123456>] acme_lock+0x10/0x20 [acmenet]
CPU: 1 PID: 812 Comm: acmed Not tainted 6.1.0 #1
Call Trace:
 dump_stack_lvl+0x4a/0x60
 __might_resched.cold+0xd4/0x120
 __mutex_lock+0x5b/0x8c0
 acme_update+0x40/0x90 [acmenet]
"""

KFENCE = """
BUG: KFENCE: use-after-free read in acme_peek+0x35/0x70 [acmenet]

Use-after-free read at 0x00000000d90db1cf (in kfence-#181):
 acme_peek+0x35/0x70 [acmenet]
 vfs_write+0xf8/0x450

kfence-#181: 0x000000002c2a6ba6-0x000000004c51b3d6, size=56, cache=kmalloc-64

allocated by task 148 on cpu 0 at 3.719628s (0.002282s ago):
 acme_make+0x24/0x70 [acmenet]

freed by task 148 on cpu 0 at 3.719649s (0.003022s ago):
 acme_drop+0x35/0x70 [acmenet]
"""

WORKQUEUE = """
BUG: workqueue lockup - pool cpus=2 node=0 flags=0x0 nice=0 stuck for 45s!
Showing busy workqueues and worker pools:
workqueue events: flags=0x0
  pwq 4: cpus=2 node=0 flags=0x0 nice=0 active=2/256 refcnt=3
    in-flight: 55:acme_reset_work [acmenet]
    pending: vmstat_shepherd
pool 4: cpus=2 node=0 flags=0x0 nice=0 hung=45s workers=3 idle: 20 19
"""

CASES = [
    (
        "null-pointer-dereference",
        "oops",
        OOPS,
        {
            "function": "acme_queue_add",
            "module": "acmenet",
            "pc-function": "__list_add_valid",
            "address": "0000000000000038",
            "address-class": "small-offset",
            "pointer-class": "small-offset",
            "access": "write",
            "protection": False,
            "bad-pc": False,
            "oops-number": 1,
            "tainted": "WOE",
            "tainted-foreign": True,
            "tainted-warned": True,
            "tainted-died": False,
            "kdump-loaded": True,
            "module-foreign": True,
            "foreign-in-trace": True,
            "last-unloaded": "oldmod",
            "release": "6.1.0-9-amd64",
            "context": "process",
            "hardware": "Acme Server/Board, BIOS 1.2 01/02/2023",
            "depth": 6,
        },
        30,
    ),
    (
        "invalid-paging-request",
        "oops",
        ARM64,
        {
            "function": "acme_link_work",
            "pointer-class": "freed-poison",
            "access": "write",
            "context": "workqueue",
            "workqueue-function": "acme_link_work",
            "address-class": "freed-poison",
        },
        20,
    ),
    (
        "null-pointer-dereference",
        "oops",
        OLD_OOPS,
        {
            "function": "acme_unlocked_ioctl",
            "bad-pc": True,
            "access": "execute",
            "pointer-class": "null",
            "oops-number": 2,
            "tainted-died": True,
            "last-unloaded": "scsi_wait_scan",
        },
        17,
    ),
    (
        "kasan",
        "kasan",
        KASAN,
        {
            "problem": "slab-use-after-free",
            "function": "acme_rx",
            "pc-function": "_raw_spin_lock_irqsave",
            "access": "write",
            "size": 4,
            "cache": "kmalloc-256",
            "allocated-by": "acme_probe",
            "alloc-module": "acmenet",
            "freed-by": "acme_close",
            "free-module": "acmecore",
        },
        28,
    ),
    (
        "slab-corruption",
        "slab",
        SLAB,
        {
            "problem": "poison-overwritten",
            "cache": "acme_cache",
            "one-bit": True,
            "allocated-by": "acme_probe",
            "freed-by": "acme_close",
            "function": "acme_close",
            "module": "acmenet",
        },
        18,
    ),
    (
        "rcu-stall",
        "rcu-stall",
        STALL,
        {
            "stalled": 1,
            "no-ticks": True,
            "self-detected": False,
            "expedited": False,
            "kthread-starved": True,
            "timer-missing": True,
            "task-listed": False,
            "function": "acme_push_frame",
            "module": "acmenet",
            "seconds": 21,
        },
        23,
    ),
    ("rcu-stall", "rcu-stall", ASLEEP_STALL, {"kthread-starved": True, "timer-missing": True}, 22),
    (
        "rcu-stall",
        "rcu-stall",
        ASLEEP_STALL.replace("state=0x402", "state=0x0"),
        {"kthread-starved": True, "timer-missing": False},
        22,
    ),
    (
        "rcu-stall",
        "rcu-stall",
        SELF_STALL,
        {"stalled": 1, "self-detected": True, "function": "acme_seq_show", "seconds": 21},
        12,
    ),
    (
        "hung-task",
        "hung-task",
        HUNG,
        {"seconds": 120, "function": "acme_cfg_thread", "module": "acmenet", "blocker": "mutex", "context": "kthread"},
        15,
    ),
    (
        "hung-task",
        "hung-task",
        HUNG.replace(
            "INFO: task acmed:812 is blocked on a mutex likely owned by task acme_io:813.",
            "INFO: task acmed:812 <writer> blocked on an rw-semaphore likely owned by task acme_io:813 <reader>",
        ),
        {"function": "acme_cfg_thread", "blocker": "rwsem"},
        15,
    ),
    (
        "hung-task",
        "hung-task",
        HUNG.replace(
            "INFO: task acmed:812 is blocked on a mutex likely owned by task acme_io:813.",
            "INFO: task acmed:812 blocked on a semaphore likely last held by task acme_io:813",
        ),
        {"function": "acme_cfg_thread", "blocker": "semaphore"},
        15,
    ),
    ("soft-lockup", "lockup", LOCKUP, {"seconds": 26, "function": "acme_seq_show", "pc-function": "find_next_bit"}, 13),
    (
        "oom-kill",
        "oom",
        OOM,
        {
            "constraint": "none",
            "scope": "machine",
            "order": 3,
            "zone": "normal",
            "victim": "acmed",
            "consumer": "slab",
            "fragmented": True,
            "swap-full": True,
            "node-imbalance": False,
            "hugepages-idle": False,
        },
        26,
    ),
    (
        "machine-check",
        "mce",
        MCE,
        {"bank": 7, "class": "fatal", "unit": "internal-timer", "status": "be00000000800400"},
        4,
    ),
    ("machine-check", "mce", OLD_MCE, {"bank": 2, "status": "f200200000000863", "unit": "bus", "class": "fatal"}, 2),
    (
        "ghes-error",
        "ghes",
        GHES,
        {"class": "uncorrected", "unit": "memory", "label": "CPU0 DIMM_A2", "address": "0000001234567000"},
        6,
    ),
    ("pcie-aer", "aer", AER, {"class": "fatal", "device": "0000:03:00.0", "driver": "acmenet"}, 4),
    ("pcie-aer", "aer", EEH, {"device": "0001:03:00.0", "amount": 2}, 10),
    ("pcie-aer", "aer", EEH_OLD, {"driver": "acmenet", "amount": 1}, 4),
    ("bad-page-state", "page-dump", BAD_PAGE, {"problem": "negative-refcount", "function": "acme_free_rx"}, 12),
    ("lockdep", "lockdep", LOCKDEP, {"problem": "circular", "function": "acme_configure", "module": "acmenet"}, 19),
    (
        "warning",
        "trace",
        WARNING_NEW,
        {
            "function": "acme_tx_done",
            "module": "acmenet",
            "source": "drivers/net/acme/acme_tx.c:410",
            "source-area": "drivers",
        },
        9,
    ),
    ("refcount-error", "trace", REFCOUNT, {"function": "acme_release", "pc-function": "refcount_warn_saturate"}, 14),
    (
        "atomic-sleep",
        "atomic-sleep",
        ATOMIC,
        {"function": "acme_update", "source": "kernel/locking/mutex.c:580", "source-area": "kernel"},
        11,
    ),
    (
        "kfence",
        "kasan",
        KFENCE,
        {
            "problem": "use-after-free",
            "access": "read",
            "size": 56,
            "cache": "kmalloc-64",
            "function": "acme_peek",
            "allocated-by": "acme_make",
            "freed-by": "acme_drop",
        },
        13,
    ),
    (
        "workqueue-stall",
        "workqueue",
        WORKQUEUE,
        {"seconds": 45, "workqueue-function": "acme_reset_work", "function": "acme_reset_work"},
        7,
    ),
]


@pytest.mark.parametrize(
    ("kind", "reader", "text", "expected", "used"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)]
)
def test_reports(kind: str, reader: str, text: str, expected: dict[str, object], used: int) -> None:
    event, taken = read(kind, reader, text)
    assert {name: event.attributes.get(name) for name in expected} == expected
    assert taken == used
    assert event.end_line == used


def test_header_fills_the_event() -> None:
    event, _ = read("null-pointer-dereference", "oops", OOPS)
    assert (event.cpu, event.comm, event.pid) == (3, "acmed", 812)
    assert "device-removal" in event.attributes["trace"]  # type: ignore[operator]


def test_what_the_recogniser_set_stays() -> None:
    body = records(KASAN)
    event = Event("kasan", body[0])
    event.attributes["problem"] = "from-the-pattern"
    READERS["kasan"](event, body, TABLE)
    assert event.attributes["problem"] == "from-the-pattern"


def test_interrupts_off_in_a_module_blames_the_caller_of_the_leaf() -> None:
    text = (
        STALL.replace("native_queued_spin_lock_slowpath+0x30/0x2a0", "native_sched_clock+0x45/0xa0")
        .replace(" _raw_spin_lock+0x25/0x30\n acme_push", " sched_clock_cpu+0x93/0xb0\n acme_push")
        .replace(" do_syscall_64", " acme_ctl+0x10/0x20 [acmenet]\n do_syscall_64")
    )
    event, _ = read("rcu-stall", "rcu-stall", text)
    assert event.attributes["function"] == "acme_xmit"


def test_jump_into_an_unloaded_module_names_the_module() -> None:
    event, _ = read(
        "invalid-paging-request",
        "oops",
        """
BUG: unable to handle page fault for address: ffffffffc02164e0
#PF: supervisor instruction fetch in kernel mode
#PF: error_code(0x0010) - not-present page
Oops: 0010 [#1] PREEMPT SMP
CPU: 0 PID: 0 Comm: swapper/0 Tainted: G           OE      6.1.0 #1
RIP: 0010:0xffffffffc02164e0
RSP: 0018:ffffc90000003e50 EFLAGS: 00010246
Call Trace:
 <IRQ>
 ? call_timer_fn+0x27/0x130
 ? __run_timers+0x222/0x2c0
 </IRQ>
Modules linked in: [last unloaded: acmenet(OE)]
""",
    )
    assert event.attributes["module"] == "acmenet"
    assert "function" not in event.attributes
    assert event.attributes["bad-pc"] is True
    assert event.attributes["context"] == "timer"


def test_oops_cut_off() -> None:
    event, taken = read("null-pointer-dereference", "oops", "\n".join(OOPS.strip("\n").split("\n")[:7]))
    assert event.attributes["cut"] is True
    assert taken == 7


def test_foreign_lines_in_between() -> None:
    lines = OOPS.strip("\n").split("\n")
    mixed = []
    for number, line in enumerate(lines):
        mixed.append(line)
        if number % 5 == 4:
            mixed.append("acmenet 0000:03:00.0: link is down")
    event, _ = read("null-pointer-dereference", "oops", "\n".join(mixed))
    assert event.attributes["function"] == "acme_queue_add"


TEXTS = [case[2].strip("\n").split("\n") for case in CASES]
ALL_LINES = [line for lines in TEXTS for line in lines]
KINDS = sorted({case[0] for case in CASES} | {"oops-unclassified", "divide-error", "panic", "ubsan"})


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.sampled_from(sorted(READERS)),
    st.lists(st.one_of(st.sampled_from(ALL_LINES), st.text(max_size=80)), min_size=1, max_size=60),
    st.lists(st.one_of(st.none(), st.floats(0, 1e6)), max_size=60),
)
def test_any_mixture_of_lines(kind: str, reader: str, lines: list[str], times: list[float | None]) -> None:
    body = [Record(n, line, times[n % len(times)] if times else None) for n, line in enumerate(lines, 1)]
    event = Event(kind, body[0])
    taken = READERS[reader](event, body, TABLE)
    assert 1 <= taken <= len(body)
    assert event.line <= event.end_line <= len(body)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(CASES), st.data())
def test_damaged_reports(case: tuple[str, str, str, dict[str, object], int], data: st.DataObject) -> None:
    lines = case[2].strip("\n").split("\n")
    kept = data.draw(st.lists(st.sampled_from(range(len(lines))), min_size=1, max_size=len(lines), unique=True))
    cut = data.draw(st.integers(0, 120))
    body = [Record(n, lines[index][: cut or None]) for n, index in enumerate(kept, 1)]
    event = Event(case[0], body[0])
    assert 1 <= READERS[case[1]](event, body, TABLE) <= len(body)


@pytest.mark.parametrize(
    ("head", "below"),
    [
        ("BUG: workqueue leaked lock or atomic: kworker/1:2/0x00000001/311", "     last function: acme_poll [acme]"),
        ("BUG: workqueue leaked lock or atomic: kworker/1:2/0x00000001/311", "     last function: acme_poll.cold"),
        (
            "BUG: workqueue leaked atomic, lock or RCU: kworker/1:2[311]",
            "     preempt=0x00000000 lock=0->1 RCU=0->0 workfn=acme_poll [acme]",
        ),
    ],
)
def test_work_that_leaked_a_lock(head: str, below: str) -> None:
    event, _ = read("lockdep", "lockdep", f"{head}\n{below}\n1 lock held by kworker/1:2/311:")
    assert event.attributes["function"] == "acme_poll"
    assert event.attributes.get("module") == ("acme" if "[acme]" in below else None)


def test_a_lock_report_with_a_cut_backtrace_shows_the_last_acquisition() -> None:
    lines = [
        "-> #0 (&acme->cfg){+.+.}-{3:3}:",
        " lock_acquire+0xd1/0x2d0",
        " __mutex_lock+0x9d/0x8c0",
        " acme_set+0x1/0x9 [acmenet]",
    ]
    chain = "\n".join(lines) + "\n"
    cut = LOCKDEP.partition(" __mutex_lock")[0].replace("stack backtrace:", chain + "stack backtrace:")
    event, _ = read("lockdep", "lockdep", cut)
    assert "mutex-wait" in event.attributes["trace"]  # type: ignore[operator]
    whole, _ = read("lockdep", "lockdep", LOCKDEP.replace("stack backtrace:", chain + "stack backtrace:"))
    assert "acme_set" not in [frame.function for frame in whole.frames if not frame.section]


NESTING = """
WARNING: possible recursive locking detected
acmed/77 is trying to acquire lock:
{asked}, at: acme_open+0x2b/0x90 [acmenet]
but task is already holding lock:
{held}, at: acme_probe+0x51/0x1c0 [acmenet]
"""


@pytest.mark.parametrize(
    ("asked", "held", "same", "kind"),
    [
        ("ffff8881 (acme_mutex){+.+.}-{3:3}", "ffff8881 (acme_mutex){+.+.}-{3:3}", True, "sleeping"),
        ("ffff888104c2a018 (&d->lock){+.+.}-{4:4}", "ffff888104c2b018 (&d->lock){+.+.}-{4:4}", False, "sleeping"),
        ("ffff888104c2a018 (&d->lock){+.+.}-{2:2}", "ffff888104c2a018 (&d->lock){+.+.}-{2:2}", True, "spinning"),
        ("ffff888104c2a018 (&d->lock){+.+.}-{3:3}", "ffff888104c2b018 (&d->lock){+.+.}-{3:3}", False, None),
        (" (&sb->s_umount){++++++}", " (&sb->s_umount){++++++}", None, "sleeping"),
    ],
)
def test_locks_of_a_recursion(asked: str, held: str, same: bool | None, kind: str | None) -> None:
    event, _ = read("lockdep", "lockdep", NESTING.format(asked=asked, held=held))
    assert (event.attributes.get("same-lock"), event.attributes.get("lock-kind")) == (same, kind)


CYCLE = """
WARNING: possible circular locking dependency detected
acmed/77 is trying to acquire lock:
{asked}, at: acme_log+0x2b/0x90
but task is already holding lock:
{held}, at: acme_irq+0x51/0x1c0 [acmenet]
"""


@pytest.mark.parametrize(
    ("asked", "held", "kind"),
    [
        ("c1718ad8 (console_owner){-...}-{0:0}", "c391481c (&c->lock){-.-.}-{2:2}", "spinning"),
        ("c1718ad8 (console_owner){-...}-{0:0}", "c391481c (&c->mutex){+.+.}-{4:4}", "spinning"),
        ("c1718ad8 (&x->wait){-...}-{3:3}", "c391481c (&c->lock){-.-.}-{2:2}", "spinning"),  # behind a spinlock
        ("c1718ad8 (&x->mutex){+.+.}-{3:3}", "c391481c (&c->lock){-.-.}-{3:3}", "sleeping"),
        ("c1718ad8 (&x->wait){-...}-{3:3}", "c391481c (&c->lock){-.-.}-{3:3}", None),
    ],
)
def test_locks_of_a_cycle(asked: str, held: str, kind: str | None) -> None:
    event, _ = read("lockdep", "lockdep", CYCLE.format(asked=asked, held=held))
    assert event.attributes.get("lock-kind") == kind
