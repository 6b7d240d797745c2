"""kdump and consoles."""

from __future__ import annotations

MISSING = "cat: /sys/kernel/kexec_crash_loaded: No such file or directory\n"
UNIT = "LoadState={}\nActiveState={}\n"
STATUS = """\
* kdump.service - Crash recovery kernel arming
     Loaded: loaded (/usr/lib/systemd/system/kdump.service; enabled; preset: enabled)
     Active: {} since Mon 2026-03-02 10:00:00 UTC; 2 days ago
   Main PID: 1012 (code=exited, status={})
"""
NOT_READY = """\
no crashkernel= parameter in the kernel cmdline ... failed!
current state   : Not ready to kdump
"""
SHOW = """\
DUMP_MODE:\t\tkdump
USE_KDUMP:\t\t1
KDUMP_COREDIR:\t\t/var/crash
crashkernel addr: 0x2b000000
   /var/lib/kdump/vmlinuz: symbolic link to /boot/vmlinuz-6.1.0-18-amd64
kdump initrd:
   /var/lib/kdump/initrd.img: symbolic link to /var/lib/kdump/initrd.img-6.1.0-18-amd64
current state:    ready to kdump
"""
CONSOLES = """\
tty0                 -WU (EC  p  )    4:1
ttyS0                -W- (E   p a)    4:64
"""

KDUMP: list[tuple[str, str, object]] = [
    ("kdump-reserved", "268435456\n", 268435456),
    ("kdump-reserved", "0\n", 0),
    ("kdump-reserved", "kdump: Reserved 256MB memory for crash kernel\n", 268435456),
    ("kdump-reserved", "cat: /sys/kernel/kexec_crash_size: No such file or directory\n", None),
    ("kdump-reserved", "", None),
    ("kdump-loaded", "1\n", True),
    ("kdump-loaded", "0\n", False),
    ("kdump-loaded", MISSING, None),
    ("kdump-loaded", "kdump: Kdump is operational\n", True),
    ("kdump-loaded", "Kdump is not operational\n", False),
    ("kdump-loaded", NOT_READY, False),
    ("kdump-loaded", SHOW, True),
    ("kdump-loaded", "USE_KDUMP:\t\t1\n", None),
    ("kdump-tool-status", "kdump: Kdump is operational\n", True),
    ("kdump-tool-status", "Kdump is not operational\n", False),
    ("kdump-tool-status", "bash: kdumpctl: command not found\n", None),
    ("kdump-config-status", "current state   : ready to kdump\n", True),
    ("kdump-config-status", NOT_READY, False),
    ("kdump-config-status", SHOW, True),
    ("kdump-config-status", "bash: kdump-config: command not found\n", None),
    ("kdump-service-rhel", UNIT.format("loaded", "active"), "active"),
    ("kdump-service-rhel", UNIT.format("loaded", "inactive"), "inactive"),
    ("kdump-service-rhel", UNIT.format("loaded", "failed"), "failed"),
    ("kdump-service-rhel", UNIT.format("not-found", "inactive"), "absent"),
    ("kdump-service-rhel", UNIT.format("masked", "inactive"), "inactive"),
    ("kdump-service-rhel", STATUS.format("active (exited)", "0/SUCCESS"), "active"),
    ("kdump-service-rhel", STATUS.format("failed (Result: exit-code)", "1/FAILURE"), "failed"),
    ("kdump-service-rhel", STATUS.format("inactive (dead)", "0/SUCCESS"), "inactive"),
    ("kdump-service-rhel", STATUS.format("activating (start)", "0/SUCCESS"), None),
    ("kdump-service-rhel", "Unit kdump.service could not be found.\n", "absent"),
    ("kdump-service-rhel", "Failed to connect to bus: Host is down\n", None),
    ("kdump-service-debian", UNIT.format("not-found", "inactive"), "absent"),
    ("kdump-service-debian", UNIT.format("loaded", "active"), "active"),
    ("kdump-service-debian", "", None),
    ("kdump-target", "nfs 10.0.0.5:/export/crash\npath /var/crash\n", "nfs"),
    ("kdump-target", "path /var/crash\n", "local"),
    ("kdump-target", "ssh root@10.0.0.5\npath /var/crash\n", "ssh"),
    ("kdump-target", "raw /dev/vg/lv_kdump\n", "raw"),
    ("kdump-target", 'KDUMP_COREDIR="/var/crash"\n', "local"),
    ("kdump-target", 'KDUMP_COREDIR="/var/crash"\nNFS="10.0.0.5:/crash"\n', "nfs"),
    ("kdump-target", 'KDUMP_SAVEDIR="sftp://10.0.0.5/crash"\n', "ssh"),
    ("kdump-target", "grep: /etc/kdump.conf: No such file or directory\n", None),
    ("kdump-target", "", None),
    ("kdump-target-free", "      Avail\n48318382080\n", 48318382080),
    ("kdump-target-free", "df: /var/crash: No such file or directory\n", None),
    ("kdump-vmcores", "/var/crash/127.0.0.1-2026-03-01-10:00:00/vmcore\n/var/crash/x/vmcore-dmesg.txt\n",
     ("/var/crash/127.0.0.1-2026-03-01-10:00:00/vmcore", "/var/crash/x/vmcore-dmesg.txt")),
    ("kdump-vmcores", "/var/crash/202603011000/dump.202603011000\n", ("/var/crash/202603011000/dump.202603011000",)),
    ("kdump-vmcores", "", ()),
    ("kdump-vmcores", "find: '/var/crash': No such file or directory\n", None),
    ("kdump-dump-level", "core_collector makedumpfile -l --message-level 7 -d 31\n", 31),
    ("kdump-dump-level", 'MAKEDUMP_ARGS="-c -d 17"\n', 17),
    ("kdump-dump-level", 'KDUMP_DUMPLEVEL="31"\n', 31),
    ("kdump-dump-level", "core_collector scp\n", None),
    ("kdump-dump-level", "", None),
    ("kdump-capture-cmdline", 'KDUMP_COMMANDLINE_APPEND="irqpoll nr_cpus=1 reset_devices"\n',
     "irqpoll nr_cpus=1 reset_devices"),
    ("kdump-capture-cmdline", "grep: /etc/sysconfig/kdump: No such file or directory\n", None),
    ("kdump-capture-memory", "[    0.041234] Memory: 161212K/262144K available (14336K kernel code)\n", 161212 << 10),
    ("kdump-capture-memory", "Memory: 161212k/262144k available (5000k kernel code)\n", 161212 << 10),
    ("kdump-capture-memory", "Memory is short\n", None),
    ("kdump-initramfs-size", "34603008 /boot/initramfs-5.14.0-427.el9.x86_64kdump.img\n", 34603008),
    ("kdump-initramfs-size", "find: '/var/lib/kdump': No such file or directory\n", None),
    ("kexec-load-disabled", "0\n", False),
    ("kexec-load-disabled", "kernel.kexec_load_disabled = 1\n", True),
    ("kexec-load-disabled", "sysctl: cannot stat /proc/sys/kernel/x: No such file or directory\n", None),
    ("console-netconsole", CONSOLES + "netcon0              -W- (E   p  )\n", True),
    ("console-netconsole", CONSOLES, False),
    ("console-netconsole", "cat: /proc/consoles: No such file or directory\n", None),
    ("console-netconsole", "I see nothing\n", None),
    ("console-pstore", "efi_pstore\n", True),
    ("console-pstore", "ramoops\n", True),
    ("console-pstore", "(null)\n", False),
    ("console-pstore", "cat: /sys/module/pstore/parameters/backend: No such file or directory\n", None),
    ("console-pstore", "it is erst I think\n", None),
]  # fmt: skip
