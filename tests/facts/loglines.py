"""Pieces of kernel logs for tests, in the style of x86-64 kernels of version 6."""

from __future__ import annotations

from pathlib import Path

from facts.records import Event
from facts.timeline import Timeline

LOGS = Path(__file__).parent.parent / "logs"
OWN = (
    "oops-x86-6.8.log", "oops-arm64-5.10.log", "oom-6.1.log", "soft-lockup-5.15.log", "hung-task-4.18.log",
    "journal-oops.log", "oops-2.6.32.log", "clean-shutdown.log",
)  # fmt: skip
VERSION = "Linux version 6.9.3-4-generic (build@host) (gcc 13.2.0, GNU ld 2.42) #1 SMP PREEMPT_DYNAMIC Tue Jun  4 2024"
CMDLINE = "Command line: root=/dev/sda1 ro quiet"


def own(name: str) -> str:
    return (LOGS / name).read_text(encoding="utf-8")


def stamped(*lines: str, at: float = 100.0, step: float = 0.001, caller: str = "") -> str:
    """Lines with rising time stamps, and a caller tag where one is given."""
    tag = f"[{caller:>6}]" if caller else ""
    return "".join(f"[{at + n * step:12.6f}]{tag} {line}\n" for n, line in enumerate(lines))


def booted(at: float = 0.0) -> str:
    return stamped(VERSION, CMDLINE, at=at)


def oops(
    function: str = "foo_read", module: str = "foo", comm: str = "foocat", pid: int = 777, cpu: int = 1, number: int = 1
) -> list[str]:
    """A NULL dereference in a module, without stamps."""
    return [
        "BUG: kernel NULL pointer dereference, address: 0000000000000010",
        "#PF: supervisor read access in kernel mode",
        "#PF: error_code(0x0000) - not-present page",
        "PGD 0 P4D 0 ",
        f"Oops: 0000 [#{number}] PREEMPT SMP NOPTI",
        f"CPU: {cpu} PID: {pid} Comm: {comm} Not tainted 6.9.3-4-generic #1",
        "Hardware name: Northwind R1/R1-MB, BIOS 1.0 01/02/2023",
        f"RIP: 0010:{function}+0x21/0x80 [{module}]",
        "RSP: 0018:ffffa2f90b6f7c60 EFLAGS: 00010246",
        "RAX: 0000000000000000 RBX: ffff8d9c0a40b9c0 RCX: 0000000000100000",
        "RDX: 0000000000000000 RSI: ffff8d9c0a40b980 RDI: 0000000000000000",
        "CR2: 0000000000000010 CR3: 0000000148e02003 CR4: 00000000007706e0",
        "Call Trace:",
        " <TASK>",
        f" {module}_entry+0x8a/0x240 [{module}]",
        " vfs_read+0xa7/0x330",
        " ksys_read+0x6f/0xf0",
        " do_syscall_64+0x7f/0x180",
        " entry_SYSCALL_64_after_hwframe+0x78/0x80",
        " </TASK>",
        f"Modules linked in: {module} nvme",
        "---[ end trace 0000000000000000 ]---",
    ]


def warning(
    function: str = "bar_poll", module: str = "bar", comm: str = "bard", pid: int = 55, cpu: int = 0, first: str = ""
) -> list[str]:
    """A WARNING in a module; `first` stands below its head line."""
    return [
        f"WARNING: CPU: {cpu} PID: {pid} at drivers/net/bar/main.c:120 {function}+0x40/0x90 [{module}]",
        *([first] if first else []),
        f"Modules linked in: {module} nvme",
        f"CPU: {cpu} PID: {pid} Comm: {comm} Not tainted 6.9.3-4-generic #1",
        "Hardware name: Northwind R1/R1-MB, BIOS 1.0 01/02/2023",
        f"RIP: 0010:{function}+0x40/0x90 [{module}]",
        "RSP: 0018:ffffa2f90b6f7c60 EFLAGS: 00010246",
        "RAX: 0000000000000000 RBX: ffff8d9c0a40b9c0 RCX: 0000000000100000",
        "Call Trace:",
        " <TASK>",
        f" {module}_loop+0x8a/0x240 [{module}]",
        " kthread+0xe5/0x120",
        " ret_from_fork+0x31/0x50",
        " </TASK>",
        "---[ end trace 0000000000000000 ]---",
    ]


PANIC = [
    "Kernel panic - not syncing: Fatal exception",
    "Kernel Offset: 0x2e600000 from 0xffffffff81000000",
    "---[ end Kernel panic - not syncing: Fatal exception ]---",
]


def root(found: Timeline) -> Event:
    assert found.root is not None
    return found.events[found.root]
