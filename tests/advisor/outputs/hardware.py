"""Hardware: error counters, sensors, firmware, watchdogs, the management controller."""

from __future__ import annotations

MC = "/sys/devices/system/edac/mc/mc"
DMI16 = """\
# dmidecode 3.4
Getting SMBIOS data from sysfs.
SMBIOS 3.2.0 present.

Handle 0x0016, DMI type 16, 23 bytes
Physical Memory Array
\tLocation: System Board Or Motherboard
\tUse: System Memory
\tError Correction Type: {}
\tMaximum Capacity: 1 TB
"""
DMI01 = """\
Handle 0x0001, DMI type 1, 27 bytes
System Information
\tManufacturer: {}
\tProduct Name: {}
\tVersion: Not Specified
\tSerial Number: X1
"""
DMI0 = """\
BIOS Information
\tVendor: Dell Inc.
\tVersion: 2.14.2
\tRelease Date: 03/21/2023
\tROM Size: 32 MB
"""
NO_DMI = "# dmidecode 3.4\nScanning /dev/mem for entry point.\n/dev/mem: No such file or directory\n"
EDAC_UTIL = """\
mc0: 0 Uncorrected Errors with no DIMM info
mc0: 1 Corrected Errors with no DIMM info
mc0: csrow0: 2 Uncorrected Errors
mc0: csrow0: CPU_SrcID#0_MC#0_Chan#0_DIMM#0: 12 Corrected Errors
mc0: csrow0: CPU_SrcID#0_MC#0_Chan#1_DIMM#0: 0 Corrected Errors
"""
NO_EDAC = "edac-util: Fatal: Unable to get EDAC data: Unable to find EDAC data in sysfs\n"
RAS = """\
Memory controller events summary:
\tCorrected on DIMM Label(s): 'CPU_SrcID#0_MC#0_Chan#0_DIMM#0' location: 0:0:0:-1 errors: 42

PCIe AER events summary:
\t5 Corrected errors: Receiver Error

No ARM processor errors.

Extlog records summary:
\t7 multi-bit ECC corrected errors
No devlink errors.
No disk errors.
MCE records summary:
\t3 Corrected error, no action required. errors
\t1 Uncorrected, software containable error. errors
"""
NO_RAS = """\
No Memory errors.

No PCIe AER errors.

No Extlog errors.

No MCE errors.
"""
NO_RAS_DB = """\
DBI connect('dbname=/var/lib/rasdaemon/ras-mc_event.db','',...) failed: unable to open database file at line 1169.
Can't call method "prepare" on an undefined value at line 1173.
"""
SEL = """\
   1 | 03/01/2026 | 09:12:01 | Event Logging Disabled SEL | Log area reset/cleared | Asserted
   2 | 03/01/2026 | 10:00:00 | Memory DIMM_A1 | Correctable ECC | Asserted
   3 | 03/01/2026 | 10:00:05 | Memory DIMM_A1 | Uncorrectable ECC | Asserted
   4 | 03/01/2026 | 10:00:07 | Critical Interrupt PCIe Err | Bus Fatal Error | Asserted
   a | 03/01/2026 | 10:01:00 | Power Supply PS2 Status | Power Supply AC lost | Asserted
   b | 03/01/2026 | 10:02:00 | Temperature Inlet Temp | Upper Critical going high | Asserted | Reading 48 > Threshold 47
   c | 03/01/2026 | 10:03:00 | Watchdog2 OS Watchdog | Hard reset | Asserted
"""
QUIET_SEL = """\
   1 | 03/01/2026 | 09:12:01 UTC | Event Logging Disabled #0x07 | Log area reset/cleared | Asserted
   2 | 03/01/2026 | 09:13:01 UTC | Power Supply #0x51 | Presence detected | Asserted
   3 | 03/01/2026 | 09:14:01 UTC | Temperature #0x30 | Upper Non-critical going high | Deasserted
"""
NO_IPMI = "Could not open device at /dev/ipmi0 or /dev/ipmi/0 or /dev/ipmidev/0: No such file or directory\n"
WATCHDOG = """\
Watchdog Timer Use:     SMS/OS (0x44)
Watchdog Timer Is:      {}
Watchdog Timer Actions: Hard Reset (0x01)
Pre-timeout interval:   0 seconds
Initial Countdown:      300 sec
Present Countdown:      296 sec
"""
WDCTL = """\
Device:        /dev/watchdog0
Identity:      iTCO_wdt [version 0]
Timeout:       30 seconds
Pre-timeout:    0 seconds
FLAG           DESCRIPTION               STATUS BOOT-STATUS
KEEPALIVEPING  Keep alive ping reply          1           0
"""
SENSORS = """\
coretemp-isa-0000
Adapter: ISA adapter
Package id 0:  +{}  (high = +80.0 C, crit = +100.0 C){}
nct6775-isa-0290
in4:           +0.00 V  (min =  +0.00 V, max =  +0.00 V)  ALARM
fan2:            0 RPM  (min =    0 RPM)
intrusion0:  ALARM
"""
LSCPU = """\
Architecture:            x86_64
  CPU op-mode(s):        32-bit, 64-bit
CPU(s):                  64
Vendor ID:               GenuineIntel
  BIOS Vendor ID:        Intel(R) Corporation
  Model name:            Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz
    BIOS Model name:     Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz
    Thread(s) per core:  1
    Core(s) per socket:  32
    Socket(s):           2
NUMA:
  NUMA node(s):          2
  NUMA node0 CPU(s):     0-31
"""
LSCPU_ARM = "Architecture:   aarch64\nModel name:     -\nSocket(s):      -\nCluster(s):     1\n"
MISSING = "cat: /sys/class/dmi/id/sys_vendor: No such file or directory\n"

HARDWARE: list[tuple[str, str, object]] = [
    ("ecc-type", DMI16.format("Multi-bit ECC"), True),
    ("ecc-type", DMI16.format("Single-bit ECC"), True),
    ("ecc-type", DMI16.format("None"), False),
    ("ecc-type", DMI16.format("Unknown"), None),
    ("ecc-type", NO_DMI, None),
    ("ecc-type", "", None),
    ("edac-loaded", "mc0  mc1  power\n", True),
    ("edac-loaded", "ls: cannot access '/sys/devices/system/edac/mc': No such file or directory\n", None),
    ("edac-counters", f"{MC}0/ce_count:3\n{MC}1/ce_count:4\n", 7),
    ("edac-counters", f"{MC}0/csrow0/ce_count:3\n{MC}0/ce_count:3\n", 3),
    ("edac-counters", "", None),
    ("edac-counters", EDAC_UTIL, 13),
    ("edac-counters", "edac-util: No errors to report.\n", 0),
    ("edac-counters", NO_EDAC, None),
    ("edac-uncorrected-counters", f"{MC}0/ue_count:1\n{MC}1/ue_count:0\n", 1),
    ("edac-uncorrected-counters", EDAC_UTIL, 2),
    ("edac-uncorrected-counters", NO_EDAC, None),
    ("rasdaemon-summary", RAS, 4),
    ("rasdaemon-summary", NO_RAS, 0),
    ("rasdaemon-summary", NO_RAS_DB, None),
    ("rasdaemon-summary", "", None),
    ("bmc-event-log", SEL, ("ecc", "pcie", "power", "temperature", "watchdog")),
    ("bmc-event-log", QUIET_SEL, ()),
    ("bmc-event-log", "SEL has no entries\n", ()),
    ("bmc-event-log", "   1 | 03/01/2026 | 09:12:01 | Critical Interrupt NMI | NMI/Diag Interrupt | Asserted\n", ()),
    ("bmc-event-log", "   1 | 03/01/2026 | 09:12:01 | Critical Interrupt NMI | Fatal NMI | Asserted\n", ("nmi",)),
    ("bmc-event-log", "   1 | 03/01/2026 | 09:12:01 | Processor CPU1 Status | IERR | Asserted\n", ("processor",)),
    ("bmc-event-log", "   2 | 03/01/2026 | 09:12:01 | Voltage P1 | Lower Critical | Asserted\n", ("voltage",)),
    ("bmc-event-log", NO_IPMI, None),
    ("bmc-event-log", "", None),
    ("board-throttle-word", "throttled=0x50000\n", True),
    ("board-throttle-word", "throttled=0x50005\n", True),
    ("board-throttle-word", "throttled=0x1\n", True),
    ("board-throttle-word", "throttled=0xe0000\n", None),
    ("board-throttle-word", "throttled=0x0\n", None),
    ("board-throttle-word", "bash: vcgencmd: command not found\n", None),
    ("temperature-alarm", SENSORS.format("101.0 C", "  ALARM (CRIT)"), True),
    ("temperature-alarm", SENSORS.format("95.0°C", "  ALARM"), True),
    ("temperature-alarm", SENSORS.format("45.0 C", ""), False),
    ("temperature-alarm", "in4:  +0.00 V  (min =  +0.00 V, max =  +0.00 V)  ALARM\n", None),
    ("temperature-alarm", "No sensors found!\nMake sure you loaded all the kernel drivers you need.\n", None),
    ("microcode-revision", "microcode\t: 0xd0003a5\n", "0xd0003a5"),
    ("microcode-revision", "", None),
    ("watchdog-state", "active\n", True),
    ("watchdog-state", "inactive\n", False),
    ("watchdog-state", WDCTL, None),
    ("watchdog-state", "cat: /sys/class/watchdog/watchdog0/state: No such file or directory\n", None),
    ("watchdog-timeout", "60\n", 60.0),
    ("watchdog-timeout", WDCTL, 30.0),
    ("watchdog-timeout", WATCHDOG.format("Started/Running"), 300.0),
    ("watchdog-timeout", "cat: /sys/class/watchdog/watchdog0/timeout: No such file or directory\n", None),
    ("watchdog-timeout", "wdctl: No default device is available.: No such file or directory\n", None),
    ("bmc-watchdog", WATCHDOG.format("Started/Running"), True),
    ("bmc-watchdog", WATCHDOG.format("Stopped"), None),
    ("bmc-watchdog", NO_IPMI, None),
    ("firmware-version", "2.14.2\n", "2.14.2"),
    ("firmware-version", "U32 v2.72 (09/29/2022)\n", "U32 v2.72 (09/29/2022)"),
    ("firmware-version", DMI0, "2.14.2"),
    ("firmware-version", NO_DMI, None),
    ("firmware-version", "", None),
    ("firmware-date", "03/21/2023\n", "03/21/2023"),
    ("firmware-date", DMI0, "03/21/2023"),
    ("firmware-date", "2023\n", None),
    ("firmware-date", MISSING, None),
    ("hardware-vendor", "Dell Inc.\n", "Dell Inc."),
    ("hardware-vendor", DMI01.format("HPE", "ProLiant DL380 Gen10"), "HPE"),
    ("hardware-vendor", "To Be Filled By O.E.M.\n", None),
    ("hardware-vendor", MISSING, None),
    ("hardware-vendor", NO_DMI, None),
    ("hardware-vendor", "one line\nand another\n", None),
    ("hardware-product", "PowerEdge R740\n", "PowerEdge R740"),
    ("hardware-product", DMI01.format("HPE", "ProLiant DL380 Gen10"), "ProLiant DL380 Gen10"),
    ("hardware-product", "System Product Name\n", None),
    ("hardware-product", MISSING, None),
    ("cpu-model", LSCPU, "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz"),
    ("cpu-model", "model name\t: AMD EPYC 7763 64-Core Processor\n", "AMD EPYC 7763 64-Core Processor"),
    ("cpu-model", LSCPU_ARM, None),
    ("cpu-model", "bash: lscpu: command not found\n", None),
    ("cpu-sockets", LSCPU, 2),
    ("cpu-sockets", LSCPU_ARM, None),
    ("cpu-sockets", "Socket(s) per book:  2\n", None),
    ("cpu-sockets", "", None),
    ("node-count", LSCPU, 2),
    ("node-count", "available: 4 nodes (0-3)\nnode 0 cpus: 0 1\n", 4),
    ("node-count", "No NUMA support available on this system.\n", None),
]  # fmt: skip
