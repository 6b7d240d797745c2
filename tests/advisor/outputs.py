"""What the commands of probes print, and the answer in it."""

from __future__ import annotations

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
