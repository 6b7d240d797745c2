"""Disks, paths, network interfaces, connection tracking."""

from __future__ import annotations

DMSETUP = """\
mpatha: 0 209715200 multipath 2 0 0 0 1 1 A 0 2 2 8:16 A 0 0 1 8:32 F 3 0 1
mpathb: 0 209715200 multipath 2 0 0 0 1 1 A 0 2 2 8:48 F 1 0 1 8:64 F 3 0 1
"""
MULTIPATH = """\
mpatha (3600508b400105e210000900000490000) dm-2 HP,HSV300
size=100G features='1 queue_if_no_path' hwhandler='0' wp=rw
|-+- policy='service-time 0' prio=50 status=active
| `- 3:0:0:1 sdb 8:16 active ready running
`-+- policy='service-time 0' prio=0 status=enabled
  `- 4:0:0:1 sdc 8:32 failed faulty offline
"""
NO_DM = """\
/dev/mapper/control: open failed: No such device
Failure to communicate with kernel device-mapper driver.
Incompatible libdevmapper 1.02.185 (2022-05-18) and kernel driver (unknown version).
Command failed.
"""
SMART = """\
smartctl 7.3 2022-02-28 r5338 [x86_64-linux-6.1.0-18-amd64] (local build)

=== START OF READ SMART DATA SECTION ===
SMART overall-health self-assessment test result: {}

SMART Attributes Data Structure revision number: 16
ID# ATTRIBUTE_NAME          FLAG     VALUE WORST THRESH TYPE      UPDATED  WHEN_FAILED RAW_VALUE
  5 Reallocated_Sector_Ct   0x0033   100   100   010    Pre-fail  Always       -       0
197 Current_Pending_Sector  0x0012   100   100   000    Old_age   Always       -       {}
198 Offline_Uncorrectable   0x0010   100   100   000    Old_age   Offline      -       0
"""
SMART_NVME = """\
=== START OF SMART DATA SECTION ===
SMART overall-health self-assessment test result: PASSED

SMART/Health Information (NVMe Log 0x02)
Critical Warning:                   {}
Temperature:                        38 Celsius
Available Spare:                    100%
Media and Data Integrity Errors:    {}
"""
SMART_SAS = "SMART Health Status: {}\n\nElements in grown defect list: {}\n"
NVME_LOG = """\
Smart Log for NVME device:nvme0 namespace-id:ffffffff
critical_warning\t\t\t: {}
temperature\t\t\t\t: 38 C
available_spare\t\t\t\t: 100%
media_errors\t\t\t\t: {}
"""
NO_DISK = "Smartctl open device: /dev/sda failed: No such device\n"
INFO = """\
Device Model:     ST4000NM0035-1V4107
Serial Number:    ZC1
Firmware Version: TN03
User Capacity:    4,000,787,030,016 bytes [4.00 TB]
"""

DF = """\
Filesystem     1024-blocks     Used Available Capacity Mounted on
tmpfs               814532     2148    812384       1% /run
/dev/sda2         61278144 61278144         0     {}% /
/dev/mapper/vg-home 102626232 61278144  36091856  62% /home
/dev/loop3           65536    65536         0     100% /snap/core20/1405
"""

STORAGE: list[tuple[str, str, object]] = [
    ("disk-health", SMART.format("PASSED", 0), False),
    ("disk-health", SMART.format("PASSED", 16), True),
    ("disk-health", SMART.format("FAILED!", 0), True),
    ("disk-health", "SMART overall-health self-assessment test result: PASSED\n", None),
    ("disk-health", SMART_NVME.format("0x00", 0), False),
    ("disk-health", SMART_NVME.format("0x04", 0), True),
    ("disk-health", SMART_NVME.format("0x00", "1,204"), True),
    ("disk-health", SMART_SAS.format("OK", 0), False),
    ("disk-health", SMART_SAS.format("OK", 812), None),
    ("disk-health", SMART_SAS.format("FAILURE PREDICTION THRESHOLD EXCEEDED: ascq=0x5", 0), True),
    ("disk-health", NVME_LOG.format(0, 0), False),
    ("disk-health", NVME_LOG.format("0x4", 0), True),
    ("disk-health", NVME_LOG.format("0x2", 0), False),  # the temperature
    ("disk-health", SMART_NVME.format("0x02", 0), False),
    ("disk-health", SMART_NVME.format("0x06", 0), True),
    ("disk-health", NO_DISK, None),
    ("disk-health", "", None),
    ("disk-firmware", INFO, "TN03"),
    ("disk-firmware", "Vendor:               SEAGATE\nRevision:             E003\n", "E003"),
    ("disk-firmware", "sn        : S4\nmn        : SAMSUNG MZVL\nfr        : 2B2QEXE7 \n", "2B2QEXE7"),
    ("disk-firmware", NO_DISK, None),
    ("disk-model-and-firmware", "sda ST4000NM0035-1V4107 TN03\n", "ST4000NM0035-1V4107 TN03"),
    ("disk-model-and-firmware", "sr0 QEMU DVD-ROM 2.5+\nsda  Virtual disk 2.0\n", "Virtual disk 2.0"),
    ("disk-model-and-firmware", "zram0                   \nvda        0x1af4       \n", "0x1af4"),
    ("disk-model-and-firmware", "vda\n", None),
    ("root-filesystem-type", "xfs\n", "xfs"),
    ("root-filesystem-type", "ext4\n", "ext4"),
    ("root-filesystem-type", "findmnt: can't read /proc/mounts: No such file or directory\n", None),
    ("storage-paths", DMSETUP, 3),
    ("storage-paths", MULTIPATH, 1),
    ("storage-paths", "mpatha: 0 2097 multipath 2 0 0 0 1 1 A 0 1 2 8:16 A 0 0 1\n", 0),
    ("storage-paths", NO_DM, None),
    ("storage-multipath-in-use", "No devices found\n", False),
    ("storage-multipath-in-use", "mpatha\t(253:0)\n", True),
    ("storage-multipath-in-use", "mpatha\t(253, 0)\n", True),
    ("storage-multipath-in-use", NO_DM, None),
    ("thin-pool-usage", "  pool0 100.00 12.31\n  backup  41.07 88.90\n", 100.0),
    ("thin-pool-usage", "  pool0 41.07 88.90\n", 88.0),
    ("thin-pool-usage", "  WARNING: Failed to connect to lvmetad.\n", None),
    ("thin-pool-usage", "sudo: lvs: command not found\n", None),
    ("filesystem-usage", DF.format(100), 100.0),
    ("filesystem-usage", DF.format(40), 62.0),
    ("filesystem-usage", "df: /mnt: Transport endpoint is not connected\n", None),
    ("disk-networked", "sda  iscsi  LIO-ORG  disk0\n", True),
    ("disk-networked", "nvme0n1 nvme  Amazon Elastic Block Store\n", True),
    ("disk-networked", "sda  sata  ATA  ST4000NM0035\n", None),
    ("scsi-command-timeout", "30\n", 30.0),
    ("scsi-command-timeout", "cat: /sys/block/sda/device/timeout: No such file or directory\n", None),
    ("scsi-command-timeout", "about 30 s\n", None),
    ("nvme-timeout-parameters", "30\n", 30.0),
    ("nvme-timeout-parameters", "4294967295\n", 4294967295.0),
    ("nvme-timeout-parameters", "cat: /sys/module/nvme_core/parameters/io_timeout: No such file or directory\n", None),
    ("network-driver-name", "driver: ixgbe\nversion: 6.1.0-18-amd64\nfirmware-version: 0x8000\n", "ixgbe"),
    ("network-driver-name", "Cannot get driver information: No such device\n", None),
    ("network-driver-name", "", None),
    ("conntrack-used", "261977\n", 261977),
    ("conntrack-used", "net.netfilter.nf_conntrack_count = 12\n", 12),
    ("conntrack-used", "cat: /proc/sys/net/netfilter/nf_conntrack_count: No such file or directory\n", None),
    ("conntrack-max", "262144\n", 262144),
    ("conntrack-max", "net.netfilter.nf_conntrack_max = 262144\n", 262144),
    ("conntrack-max", "net.netfilter.nf_conntrack_count = 12\n", None),
]  # fmt: skip
