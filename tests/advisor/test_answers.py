"""Answers out of what commands print: realistic outputs of the probes that the knowledge holds."""

from __future__ import annotations

import os
import sys
import time

import pytest

from advisor.answers import parse, without_prompt
from advisor.live import refusal, run
from advisor.work import Work

# probe, output, answer (None: it tells nothing)
MISSING = "cat: /sys/kernel/kexec_crash_loaded: No such file or directory\n"
MC = "/sys/devices/system/edac/mc/mc"
UNIT = "LoadState=loaded\nActiveState={}\n"
SLABTOP = """\
 Active / Total Objects (% used)    : 1204510 / 1302217 (92.5%)
 Active / Total Size (% used)       : 402199.52K / 433718.12K (92.7%)

  OBJS ACTIVE  USE OBJ SIZE  SLABS OBJ/SLAB CACHE SIZE NAME
 36516  36108   98%    1.16K   2728       13     43648K ext4_inode_cache
149814 138812   92%    0.19K   7134       21     28536K dentry
"""
MODULES = """\
nvidia_drm 77824 4 - Live 0x0000000000000000 (POE)
nvidia 56770560 130 nvidia_drm, Live 0x0000000000000000 (POE)
vboxdrv 552960 0 - Live 0x0000000000000000 (OE)
xfs 2138112 2 - Live 0x0000000000000000
"""
PATHS = """\
mpatha: 0 209715200 multipath 2 0 0 0 1 1 A 0 2 2 8:16 A 0 0 1 8:32 F 3 0 1
mpathb: 0 209715200 multipath 2 0 0 0 1 1 A 0 2 2 8:48 F 1 0 1 8:64 F 3 0 1
"""
PROGRAMS = """\
6: cgroup_device  tag e3dbd137be8d6168  gpl
\tloaded_at 2026-03-01T10:00:00+0000  uid 0
23: kprobe  name trace_connect  tag 7b1a0c0e6f2a1f54  gpl
24: tracing  name on_exit  tag aaaa0c0e6f2a1f54  gpl
"""
# probe, output, answer (None: it tells nothing)
OUTPUTS: list[tuple[str, str, object]] = [
    ("kdump-loaded", "1\n", True),
    ("kdump-loaded", "0\n", False),
    ("kdump-loaded", MISSING, None),
    ("kdump-service-rhel", UNIT.format("active"), "active"),
    ("kdump-service-rhel", UNIT.format("inactive"), "inactive"),
    ("kdump-service-rhel", UNIT.format("failed"), "failed"),
    ("kdump-service-debian", "LoadState=not-found\nActiveState=inactive\n", "absent"),
    ("kdump-target", "nfs 10.0.0.5:/export/crash\npath /var/crash\n", "nfs"),
    ("kdump-target", "path /var/crash\n", "local"),
    ("kdump-target-free", "      Avail\n48318382080\n", 48318382080),
    ("kdump-target-free", "df: /var/crash: No such file or directory\n", None),
    ("kdump-dump-level", "core_collector makedumpfile -l --message-level 7 -d 31\n", 31),
    ("kdump-initramfs-size", "34603008 /boot/initramfs-5.14.0-427.el9.x86_64kdump.img\n", 34603008),
    ("ecc-type", "Physical Memory Array\n\tLocation: System Board\n\tError Correction Type: Multi-bit ECC\n", True),
    ("ecc-type", "Physical Memory Array\n\tError Correction Type: None\n", False),
    ("edac-loaded", "mc0  mc1  power\n", True),
    ("edac-loaded", "ls: cannot access '/sys/devices/system/edac/mc': No such file or directory\n", None),
    ("edac-counters", f"{MC}0/ce_count:3\n{MC}1/ce_count:4\n", 7),
    ("edac-counters", f"{MC}0/csrow0/ce_count:3\n{MC}0/ce_count:3\n", 3),
    ("edac-counters", "", None),
    ("microcode-revision", "microcode\t: 0xd0003a5\n", "0xd0003a5"),
    ("slab-largest", SLABTOP, "ext4_inode_cache"),
    ("huge-pages-setting", "1024\n", 1024),
    ("node-count", "CPU(s):              64\nNUMA node(s):        2\nNUMA node0 CPU(s):   0-31\n", 2),
    ("numa-balancing-setting", "1\n", True),
    ("numa-migration-count", "numa_pages_migrated 104233\n", 104233),
    ("conntrack-used", "261977\n", 261977),
    ("root-filesystem-type", "xfs\n", "xfs"),
    ("storage-paths", PATHS, 3),
    ("storage-multipath-in-use", "No devices found\n", False),
    ("storage-multipath-in-use", "mpatha\t(253:0)\n", True),
    ("nvme-timeout-parameters", "30\n", 30.0),
    ("kernel-architecture", "x86_64\n", "x86_64"),
    ("kernel-architecture", "armv7l\n", "arm"),
    ("kernel-architecture", "mips\n", "other"),
    ("kernel-hz", "CONFIG_HZ=250\n", 250),
    ("kernel-hz", "gzip: /proc/config.gz: No such file or directory\n", None),
    ("kernel-uptime", "8041.53 60211.02\n", 8041.0),
    ("kernel-distribution", 'NAME="Rocky Linux"\nPRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"\n',
     "Rocky Linux 9.4 (Blue Onyx)"),
    ("kernel-preempt", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.90-1 (2024-05-03)\n", "dynamic"),
    ("kernel-preempt", "#1 SMP PREEMPT_RT Thu May 2 18:37:47 UTC 2024\n", "rt"),
    ("kernel-preempt", "#123-Ubuntu SMP Tue Mar 5 12:03:16 UTC 2024\n", None),
    ("kernel-lockdown", "none [integrity] confidentiality\n", "integrity"),
    ("modules-out-of-tree", MODULES, ("nvidia_drm", "nvidia", "vboxdrv")),
    ("modules-proprietary", MODULES, ("nvidia_drm", "nvidia")),
    ("kernel-bpf-programs", PROGRAMS, ("trace_connect", "on_exit")),
    ("sysctl-panic-on-oops", "1\n", True),
    ("sysctl-panic-on-oops", "kernel.panic_on_oops = 0\n", False),
    ("sysctl-panic-on-oops", "sysctl: cannot stat /proc/sys/kernel/x: No such file or directory\n", None),
    ("sysctl-hung-task-panic", "10\n", True),
    ("virtualization-kind", "kvm\n", "kvm"),
    ("virtualization-kind", "none\n", "none"),
    ("virtualization-kind", "microsoft\n", "hyper-v"),
    ("virtualization-cloud", "Amazon EC2\nm5.large\n", "aws"),
    ("cpu-flags", "flags\t\t: fpu vme arat constant_tsc nonstop_tsc\n", ("arat", "constant_tsc", "nonstop_tsc")),
    ("cpu-count", "16\n", 16),
    ("frequency-governor", "powersave\n", "powersave"),
    ("timer-list-pending", "412\n", 412),
    ("leap-second-status", "Reference ID    : C0A80101 (ntp)\nLeap status     : Normal\n", False),
    ("leap-second-status", "Leap status     : Insert second\n", True),
    ("guest-clocksource", "kvm-clock\n", "kvm-clock"),
]  # fmt: skip


@pytest.mark.parametrize(("probe", "output", "answer"), OUTPUTS)
def test_outputs(built_in: Work, probe: str, output: str, answer: object) -> None:
    entry = built_in.base.probes[probe]
    value = parse(entry["parse"], output)
    assert (None if value is None else built_in.gatherer.names.convert(entry["learns"], value)) == answer


def test_every_parse_rule_gives_answers_that_fit(built_in: Work) -> None:
    """What a `map` yields is of the fact's type; nonsense yields a value of the type, or nothing."""
    names = built_in.gatherer.names
    for name, probe in built_in.base.probes.items():
        if not probe["parse"] or not probe["learns"]:
            continue
        for value in (probe["parse"].get("map") or {}).values():
            assert names.convert(probe["learns"], value) is not None, name
        for text in ("", "bash: line 1: foo: command not found\n"):
            value = parse(probe["parse"], text, failed=True)
            assert value is None, (name, text)


RULES = [
    ({"regex": r"(\d+)", "take": "first"}, "a 1\nb 2\n", "1"),
    ({"regex": r"(\d+)", "take": "last"}, "a 1\nb 2\n", "2"),
    ({"regex": r"(\d+)", "take": "sum"}, "a 1\nb 2\n", 3),
    ({"regex": r"(\d+)", "take": "sum"}, "none\n", None),
    ({"regex": r"\d+", "take": "count"}, "a 1\nb 2\n", 2),
    ({"regex": r"\d+", "take": "count"}, "", 0),
    ({"regex": r"^(\w+) ", "take": "lines"}, "a 1\nb 2\na 3\n", ("a", "b")),
    ({"regex": r"^x", "take": "first"}, "y\n", None),
    ({"regex": r"^x", "take": "first", "default": "none"}, "y\n", "none"),
    ({"regex": r"= (\d+)", "map": {"1": True, "0": False}}, "kernel.panic_on_oops = 0\n", False),
    ({"map": {"1": True, "0": False}}, "10\n", None),
    ({"map": {"1": True, "0": False}}, "kernel.panic_on_oops = 1\n", True),
    ({"map": {"failed": "failed"}, "default": "active"}, "ok\n", "active"),
    ({"map": {"failed": "failed"}, "default": "active"}, "systemctl: command not found\n", None),
    ({"map": {"yes": True}, "default": False}, "sh: 1: dmidecode: Permission denied\n", None),
    ({"map": "nonsense"}, "x", None),
    ({}, "x", None),
]


@pytest.mark.parametrize(("spec", "text", "answer"), RULES)
def test_rules(spec: dict[str, object], text: str, answer: object) -> None:
    found = parse(spec, text)
    assert (type(found), found) == (type(answer), answer)


def test_silence_after_a_failure_means_nothing() -> None:
    assert parse({"regex": "x", "take": "count"}, "", failed=True) is None
    assert parse({"map": {"x": True}, "default": False}, "", failed=True) is None
    assert parse({"map": {"x": True}, "default": False}, "x", failed=True) is True


@pytest.mark.parametrize("shell", ["$ uname -m", "[root@web-07 ~]# uname -m", "root@web:/var/crash# uname -m"])
def test_pasted_with_its_prompt(shell: str) -> None:
    assert without_prompt(f"{shell}\nx86_64\n", ["uname", "-m"]) == "x86_64\n"


def test_other_first_lines_stay() -> None:
    assert without_prompt("# a comment\nx\n", ["uname", "-m"]) == "# a comment\nx\n"
    assert without_prompt("x86_64", ["uname"]) == "x86_64"


# running commands


def test_run_a_command() -> None:
    out = run([sys.executable, "-c", "import sys; print('a b; $HOME'); print('e', file=sys.stderr); sys.exit(3)"])
    assert (out.text, out.errors, out.status, out.cut) == ("a b; $HOME\n", "e\n", 3, False)
    assert out.failed


def test_no_shell() -> None:
    assert run(["echo", "$(id)", ";", "`id`", "|", "cat"]).text == "$(id) ; `id` | cat\n"


def test_a_command_that_does_not_end() -> None:
    begin = time.monotonic()
    out = run(["sh", "-c", "echo first; sleep 60 & sleep 60"], seconds=0.5)
    assert time.monotonic() - begin < 5
    assert out.text == "first\n"
    assert out.status is None
    assert out.failed


def test_too_much_output() -> None:
    out = run([sys.executable, "-c", "print('x' * 10_000_000)"], limit=1000)
    assert len(out.text) == 1000
    assert out.cut


def test_what_cannot_be_started() -> None:
    with pytest.raises(OSError, match="No such file"):
        run(["no-such-command-at-all"])


def test_nothing_is_read_from_the_terminal() -> None:
    assert run(["cat"]).text == ""


PROBE = {"command": ["uname"], "place": "host", "risk": "none"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, ""),
        ({"command": []}, "no command"),
        ({"place": "firmware"}, "elsewhere"),
        ({"risk": "low"}, "not free of risk"),
        ({"command": ["smartctl", "-A", "<device>"]}, "fill in"),
    ],
)
def test_what_is_not_run(change: dict[str, object], reason: str) -> None:
    why = refusal({**PROBE, **change})
    assert (reason in why) if reason else why == ""


def test_no_probe_writes(built_in: Work) -> None:
    """Commands that would be run here are of kinds that only read."""
    writers = {"rm", "mv", "cp", "dd", "tee", "sh", "bash", "reboot", "kexec", "modprobe", "rmmod", "mkfs", "mount"}
    for name, probe in built_in.base.probes.items():
        if not refusal(probe):
            assert os.path.basename(probe["command"][0]) not in writers, name
            assert "-w" not in probe["command"] or probe["command"][0] != "sysctl", name
