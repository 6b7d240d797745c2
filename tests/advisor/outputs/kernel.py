"""The kernel, its settings, its clocks, and the platform it runs on."""

from __future__ import annotations

MODULES = """\
nvidia_drm 77824 4 - Live 0x0000000000000000 (POE)
nvidia 56770560 130 nvidia_drm, Live 0x0000000000000000 (POE)
vboxdrv 552960 0 - Live 0x0000000000000000 (OE)
xfs 2138112 2 - Live 0x0000000000000000
"""
PROGRAMS = """\
6: cgroup_device  tag e3dbd137be8d6168  gpl
\tloaded_at 2026-03-01T10:00:00+0000  uid 0
23: kprobe  name trace_connect  tag 7b1a0c0e6f2a1f54  gpl
24: tracing  name on_exit  tag aaaa0c0e6f2a1f54  gpl
"""
SYSCTLS = """\
kernel.hung_task_panic = 0
kernel.hung_task_timeout_secs = 120
kernel.nmi_watchdog = 0
kernel.panic = 10
kernel.panic_on_oops = 0
kernel.panic_on_warn = 1
kernel.printk = 4\t4\t1\t7
kernel.softlockup_panic = 1
kernel.sysrq = 16
kernel.tainted = 4097
kernel.watchdog = 1
kernel.watchdog_thresh = 10
vm.dirty_background_ratio = 10
vm.dirty_ratio = 20
"""
NO_SYSCTL = "sysctl: cannot stat /proc/sys/kernel/no_such: No such file or directory\n"
TIMEDATECTL = """\
               Local time: Mon 2026-03-02 10:00:00 UTC
           Universal time: Mon 2026-03-02 10:00:00 UTC
                 RTC time: Mon 2026-03-02 10:00:00
                Time zone: Etc/UTC (UTC, +0000)
System clock synchronized: {}
              NTP service: {}
          RTC in local TZ: no
"""
OLD_TIMEDATECTL = """\
      Local time: Mon 2026-03-02 10:00:00 UTC
     NTP enabled: {}
NTP synchronized: yes
 RTC in local TZ: no
"""
NO_SYSTEMD = """\
System has not been booted with systemd as init system (PID 1). Can't operate.
Failed to connect to bus: Host is down
"""
TRACKING = """\
Reference ID    : C0A80101 (ntp.example)
Stratum         : 3
Ref time (UTC)  : Mon Mar 02 09:59:12 2026
System time     : 0.000003 seconds fast of NTP time
Leap status     : {}
"""
CRASH_SYS = """\
      KERNEL: /usr/lib/debug/lib/modules/5.14.0-427.el9.x86_64/vmlinux
    DUMPFILE: vmcore  [PARTIAL DUMP]
        CPUS: 16 [OFFLINE: 2]
        DATE: Mon Mar  2 10:00:00 UTC 2026
      UPTIME: 12 days, 03:04:05
LOAD AVERAGE: 0.10, 0.20, 0.30
       TASKS: 812
    NODENAME: db-3
     RELEASE: 5.14.0-427.el9.x86_64
     VERSION: #1 SMP PREEMPT_DYNAMIC Thu May 2 18:37:47 UTC 2024
     MACHINE: x86_64  (2600 Mhz)
      MEMORY: 63.8 GB
       PANIC: "Kernel panic - not syncing: hung_task: blocked tasks"
"""
UNAME = "Linux web-07 6.18.4-1-default #1 SMP PREEMPT_DYNAMIC Fri Mar 6 07:00:00 UTC 2026 x86_64 GNU/Linux\n"
CPUINFO = "flags\t\t: fpu vme arat constant_tsc nonstop_tsc\n"
HANGS = (
    "cpu: 0\n  .nr_hangs       : {}\n  .max_hang_time  : {}\ncpu: 1\n  .nr_hangs       : 0\n  .max_hang_time  : 52217\n"
)

KERNEL: list[tuple[str, str, object]] = [
    ("kernel-cmdline", "BOOT_IMAGE=/vmlinuz-6.1.0-18-amd64 root=/dev/sda1 ro quiet\n",
     "BOOT_IMAGE=/vmlinuz-6.1.0-18-amd64 root=/dev/sda1 ro quiet"),
    ("kernel-cmdline", "cat: /proc/cmdline: Permission denied\n", None),
    ("kernel-cmdline", "", None),
    ("kernel-cmdline", "root=/dev/sda1\nsome other text\n", None),
    ("init-on-alloc-state", "root=/dev/sda1 ro init_on_alloc=1 quiet\n", "1"),
    ("init-on-alloc-state", "root=/dev/sda1 ro quiet\n", None),
    ("kernel-version", "5.14.0-427.el9.x86_64\n", "5.14.0-427.el9.x86_64"),
    ("kernel-version", "2.6.32-754.el6.x86_64\n", "2.6.32-754.el6.x86_64"),
    ("kernel-version", UNAME, "6.18.4-1-default"),
    ("kernel-version", "Linux version 6.8.0-31-generic (buildd@x) #31-Ubuntu SMP\n", "6.8.0-31-generic"),
    ("kernel-version", "Debian GNU/Linux 12\n", None),
    ("kernel-version", "bash: uname: command not found\n", None),
    ("kernel-version", "", None),
    ("kernel-architecture", "x86_64\n", "x86_64"),
    ("kernel-architecture", "armv7l\n", "arm"),
    ("kernel-architecture", "mips\n", "other"),
    ("kernel-architecture", UNAME, "x86_64"),
    ("kernel-architecture", "Architecture:            aarch64\n", "aarch64"),
    ("kernel-architecture", "what x86_64 is\n", None),
    ("kernel-architecture", "", None),
    ("kernel-hz", "CONFIG_HZ=250\n", 250),
    ("kernel-hz", "CONFIG_HZ_1000=y\nCONFIG_HZ=1000\n", 1000),
    ("kernel-hz", "gzip: /proc/config.gz: No such file or directory\n", None),
    ("kernel-hz", "# CONFIG_HZ=250 was set\n", None),
    ("kernel-config", "CONFIG_KEXEC=y\nCONFIG_LKDTM=m\n", ("CONFIG_KEXEC", "CONFIG_LKDTM")),
    ("kernel-config", "gzip: /proc/config.gz: No such file or directory\n", None),
    ("kernel-uptime", "8041.53 60211.02\n", 8041.0),
    ("kernel-uptime", " 10:00:00 up 5 days,  2:10,  1 user,  load average: 0.61, 0.80, 0.70\n", None),
    ("kernel-uptime", "", None),
    ("kernel-taint", "4097\n", "4097"),
    ("kernel-taint", "0\n", "0"),
    ("kernel-taint", SYSCTLS, "4097"),
    ("kernel-taint", "cat: /proc/sys/kernel/tainted: No such file or directory\n", None),
    ("kernel-distribution", 'NAME="Rocky Linux"\nPRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"\n',
     "Rocky Linux 9.4 (Blue Onyx)"),
    ("kernel-distribution", "PRETTY_NAME=Alpine\n", "Alpine"),
    ("kernel-distribution", "CentOS release 6.10 (Final)\n", None),
    ("kernel-preempt", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.90-1 (2024-05-03)\n", "dynamic"),
    ("kernel-preempt", "#1 SMP PREEMPT_RT Thu May 2 18:37:47 UTC 2024\n", "rt"),
    ("kernel-preempt", "#123-Ubuntu SMP Tue Mar 5 12:03:16 UTC 2024\n", None),
    ("kernel-lockdown", "none [integrity] confidentiality\n", "integrity"),
    ("kernel-lockdown", "[none] integrity confidentiality\n", "none"),
    ("kernel-lockdown", "cat: /sys/kernel/security/lockdown: No such file or directory\n", None),
    ("modules-out-of-tree", MODULES, ("nvidia_drm", "nvidia", "vboxdrv")),
    ("modules-out-of-tree", "cat: /proc/modules: No such file or directory\n", None),
    ("modules-out-of-tree", "xfs 2138112 2 - Live 0x0000000000000000\n", ()),
    ("modules-proprietary", MODULES, ("nvidia_drm", "nvidia")),
    ("modules-proprietary", "cat: /proc/modules: No such file or directory\n", None),
    ("module-built-for", "5.14.0-427.el9.x86_64 SMP preempt mod_unload modversions \n", "5.14.0-427.el9.x86_64"),
    ("module-built-for", "vermagic:       6.8.0-31-generic SMP preempt mod_unload modversions \n", "6.8.0-31-generic"),
    ("module-built-for", "modinfo: ERROR: Module xyz not found.\n", None),
    ("module-built-for", "", None),
    ("kernel-livepatches", "/sys/kernel/livepatch/kpatch_5_14_0\n", ("kpatch_5_14_0",)),
    ("kernel-livepatches", "", ()),
    ("kernel-livepatches", "find: '/sys/kernel/livepatch': No such file or directory\n", None),
    ("kernel-bpf-programs", PROGRAMS, ("trace_connect", "on_exit")),
    ("kernel-bpf-programs", "bash: bpftool: command not found\n", None),
    ("sysctl-panic", "10\n", 10),
    ("sysctl-panic", "-1\n", -1),
    ("sysctl-panic", SYSCTLS, 10),
    ("sysctl-panic", NO_SYSCTL, None),
    ("sysctl-panic", "kernel.panic_on_oops = 1\n", None),
    ("sysctl-panic-on-oops", "1\n", True),
    ("sysctl-panic-on-oops", "kernel.panic_on_oops = 0\n", False),
    ("sysctl-panic-on-oops", SYSCTLS, False),
    ("sysctl-panic-on-oops", "kernel.panic = 1\n", None),
    ("sysctl-panic-on-oops", NO_SYSCTL, None),
    ("xen-guest-type", "PV\n", "pv"),
    ("xen-guest-type", "PVH\n", "pvh"),
    ("xen-guest-type", "HVM\n", "hvm"),
    ("xen-guest-type", "cat: /sys/hypervisor/guest_type: No such file or directory\n", None),
    ("sysctl-panic-on-rcu-stall", "kernel.panic_on_rcu_stall = 1\n", True),
    ("sysctl-panic-on-rcu-stall", "0\n", False),
    ("sysctl-panic-on-rcu-stall", NO_SYSCTL, None),
    ("sysctl-panic-on-warn", "0\n", False),
    ("sysctl-panic-on-warn", SYSCTLS, True),
    ("sysctl-panic-on-warn", NO_SYSCTL, None),
    ("sysctl-softlockup-panic", SYSCTLS, True),
    ("sysctl-softlockup-panic", "0\n", False),
    ("sysctl-softlockup-panic", "", None),
    ("sysctl-hardlockup-panic", "1\n", True),
    ("sysctl-hardlockup-panic", SYSCTLS, None),
    ("sysctl-hardlockup-panic", NO_SYSCTL, None),
    ("sysctl-hung-task-panic", "10\n", True),
    ("sysctl-hung-task-panic", SYSCTLS, False),
    ("sysctl-hung-task-panic", NO_SYSCTL, None),
    ("sysctl-hung-task-timeout", "120\n", 120),
    ("sysctl-hung-task-timeout", SYSCTLS, 120),
    ("sysctl-hung-task-timeout", NO_SYSCTL, None),
    ("sysctl-unknown-nmi-panic", "kernel.unknown_nmi_panic = 1\n", True),
    ("sysctl-unknown-nmi-panic", SYSCTLS, None),
    ("sysctl-watchdog-enabled", SYSCTLS, True),
    ("sysctl-watchdog-enabled", "0\n", False),
    ("sysctl-watchdog-enabled", NO_SYSCTL, None),
    ("sysctl-nmi-watchdog", SYSCTLS, False),
    ("sysctl-nmi-watchdog", "1\n", True),
    ("sysctl-nmi-watchdog", NO_SYSCTL, None),
    ("sysctl-watchdog-thresh", "10\n", 10),
    ("sysctl-watchdog-thresh", SYSCTLS, 10),
    ("sysctl-watchdog-thresh", NO_SYSCTL, None),
    ("sysctl-sysrq-mask", "176\n", 176),
    ("sysctl-sysrq-mask", SYSCTLS, 16),
    ("sysctl-sysrq-mask", "sysctl: cannot stat /proc/sys/kernel/sysrq: No such file or directory\n", None),
    ("sysctl-numa-balancing", "kernel.numa_balancing = 1\n", 1),
    ("sysctl-numa-balancing", "0\n", 0),
    ("sysctl-numa-balancing", NO_SYSCTL, None),
    ("sysctl-printk-levels", "4\t4\t1\t7\n", "4\t4\t1\t7"),
    ("sysctl-printk-levels", SYSCTLS, "4\t4\t1\t7"),
    ("sysctl-printk-levels", "7\n", None),
    ("sysctl-overcommit-memory", "0\n", 0),
    ("sysctl-overcommit-memory", "vm.overcommit_memory = 2\n", 2),
    ("sysctl-overcommit-memory", NO_SYSCTL, None),
    ("sysctl-min-free-kbytes", "67584\n", 67584),
    ("sysctl-min-free-kbytes", "vm.min_free_kbytes = 67584\n", 67584),
    ("sysctl-min-free-kbytes", "", None),
    ("sysctl-dirty-ratio", SYSCTLS, 20),
    ("sysctl-dirty-ratio", "40\n", 40),
    ("sysctl-dirty-ratio", NO_SYSCTL, None),
    ("sysctl-dirty-background-ratio", SYSCTLS, 10),
    ("sysctl-dirty-background-ratio", "5\n", 5),
    ("sysctl-dirty-background-ratio", NO_SYSCTL, None),
    ("virtualization-kind", "kvm\n", "kvm"),
    ("virtualization-kind", "none\n", "none"),
    ("virtualization-kind", "microsoft\n", "hyper-v"),
    ("virtualization-kind", "powervm\n", "other"),
    ("virtualization-kind", "kvm: no hardware support\n", None),
    ("virtualization-kind", "bash: systemd-detect-virt: command not found\n", None),
    ("virtualization-emulated", "qemu\n", True),
    ("virtualization-emulated", "kvm\n", False),
    ("virtualization-emulated", "", None),
    ("virtualization-confidential", "sev-snp\n", True),
    ("virtualization-confidential", "tdx\n", True),
    ("virtualization-confidential", "none\n", False),
    ("virtualization-confidential", "systemd-detect-virt: unrecognized option '--cvm'\n", None),
    ("virtualization-cloud", "Amazon EC2\nm5.large\n", "aws"),
    ("virtualization-cloud", "Alibaba Cloud\nAlibaba Cloud ECS\n", "aliyun"),
    ("virtualization-cloud", "QEMU\nStandard PC (Q35 + ICH9, 2009)\n", None),
    ("cpu-flags", CPUINFO, ("arat", "constant_tsc", "nonstop_tsc")),
    ("cpu-flags", "grep: /proc/cpuinfo: No such file or directory\n", None),
    ("cpu-count", "16\n", 16),
    ("cpu-count", "Architecture:   x86_64\nCPU(s):         64\nOn-line CPU(s) list: 0-63\n", 64),
    ("cpu-count", "bash: nproc: command not found\n", None),
    ("cpu-count", "16 CPUs\n", None),
    ("frequency-governor", "powersave\n", "powersave"),
    ("frequency-governor", '  The governor "schedutil" may decide which speed to use\n', "schedutil"),
    ("frequency-governor", "cat: cpufreq/scaling_governor: No such file or directory\n", None),
    ("timer-list-pending", "412\n", 412),
    ("timer-list-pending", "grep: /proc/timer_list: Permission denied\n", None),
    ("timer-list-hangs", HANGS.format(3, 2104455123), 2.0),
    ("timer-list-hangs", HANGS.format(0, 0), 0.0),
    ("timer-list-hangs", HANGS.format(9, "61000000123 nsecs"), 61.0),
    ("timer-list-hangs", "grep: /proc/timer_list: Permission denied\n", None),
    ("leap-second-status", TRACKING.format("Normal"), False),
    ("leap-second-status", TRACKING.format("Insert second"), True),
    ("leap-second-status", TRACKING.format("Not synchronised"), None),
    ("leap-second-status", "506 Cannot talk to daemon\n", None),
    ("time-service-running", TIMEDATECTL.format("yes", "active"), True),
    ("time-service-running", TIMEDATECTL.format("yes", "inactive"), False),
    ("time-service-running", TIMEDATECTL.format("no", "n/a"), None),
    ("time-service-running", OLD_TIMEDATECTL.format("yes"), True),
    ("time-service-running", OLD_TIMEDATECTL.format("no"), False),
    ("time-service-running", "Timezone=UTC\nNTP=no\nNTPSynchronized=yes\n", False),
    ("time-service-running", NO_SYSTEMD, None),
    ("guest-clocksource", "kvm-clock\n", "kvm-clock"),
    ("guest-clocksource", "hyperv_clocksource_tsc_page\n", "hyperv_clocksource_tsc_page"),
    ("guest-clocksource", "The clock is fine\n", None),
    ("clocksources-available", "tsc kvm-clock \n", ("tsc", "kvm-clock")),
    ("clocksources-available", "kvm-clock tsc hpet acpi_pm \n", ("kvm-clock", "tsc", "hpet", "acpi_pm")),
    ("clocksources-available", "arch_sys_counter \n", ("arch_sys_counter",)),
    ("clocksources-available", "cat: available_clocksource: No such file or directory\n", None),
    ("crash-release", CRASH_SYS, "5.14.0-427.el9.x86_64"),
    ("crash-release", "crash: cannot find booted kernel -- please enter namelist argument\n", None),
    ("crash-cpus", CRASH_SYS, 16),
    ("crash-cpus", "        CPUS: 4\n", 4),
    ("crash-cpus", "no such thing\n", None),
    ("crash-taint", "TAINTED_MASK: 1001  PO\n", "PO"),
    ("crash-taint", "TAINTED_MASK: 0  \n", None),
    ("crash-taint", "sys: invalid option -- 't'\n", None),
    ("crash-cmdline", 'saved_command_line = $1 = 0xffff989d5ff39f00 "root=/dev/vda1 ro crashkernel=256M"\n',
     "root=/dev/vda1 ro crashkernel=256M"),
    ("crash-cmdline", 'saved_command_line = $1 = 0xffff989d5ff39f00 "root=/dev/vda1 ro crashk"...\n', None),
    ("crash-cmdline", "b'root=/dev/vda1 ro quiet'\n", "root=/dev/vda1 ro quiet"),
    ("crash-cmdline", "p: gdb request failed: p saved_command_line\n", None),
]  # fmt: skip
