"""Memory and NUMA."""

from __future__ import annotations

SLABTOP = """\
 Active / Total Objects (% used)    : 1204510 / 1302217 (92.5%)
 Active / Total Size (% used)       : 402199.52K / 433718.12K (92.7%)

  OBJS ACTIVE  USE OBJ SIZE  SLABS OBJ/SLAB CACHE SIZE NAME
 36516  36108   98%    1.16K   2728       13     43648K ext4_inode_cache
149814 138812   92%    0.19K   7134       21     28536K dentry
"""
MEMINFO = """\
MemTotal:       65707456 kB
MemFree:          812344 kB
MemAvailable:    1204332 kB
SwapCached:          120 kB
SwapTotal:       8388604 kB
SwapFree:         104448 kB
Slab:            9437184 kB
SReclaimable:     204800 kB
SUnreclaim:      9232384 kB
HugePages_Total:    2048
HugePages_Free:     2048
Hugepagesize:       2048 kB
Hugetlb:         4194304 kB
"""
KMEM = """\
                 PAGES        TOTAL      PERCENTAGE
    TOTAL MEM  4054860      15.5 GB         ----
         FREE   599514       2.3 GB   14% of TOTAL MEM
         USED  3455346      13.2 GB   85% of TOTAL MEM
       CACHED  1573638         6 GB   38% of TOTAL MEM
         SLAB   148297     579.3 MB    3% of TOTAL MEM

   TOTAL HUGE        0            0         ----
    HUGE FREE        0            0    0% of TOTAL HUGE

   TOTAL SWAP  1048575         4 GB         ----
    SWAP USED    11968      46.8 MB    1% of TOTAL SWAP
    SWAP FREE  1036607         4 GB   98% of TOTAL SWAP
"""
KMEM_NO_SWAP = """\
   TOTAL SWAP        0            0         ----
    SWAP USED        0            0    0% of TOTAL SWAP
    SWAP FREE        0            0    0% of TOTAL SWAP
"""
NO_MEMINFO = "grep: /proc/meminfo: No such file or directory\n"
FREE = "               total        used        free\nMem:     25276514304   601022464 23578882048\n"

MEMORY: list[tuple[str, str, object]] = [
    ("meminfo-overview", MEMINFO, 812344 << 10),
    ("meminfo-overview", NO_MEMINFO, None),
    ("meminfo-overview", FREE, None),
    ("memory-size", MEMINFO, 65707456 << 10),
    ("memory-size", "MemTotal:       65707456 kB\n", 65707456 << 10),
    ("memory-size", NO_MEMINFO, None),
    ("slab-size", MEMINFO, 9437184 << 10),
    ("slab-size", "Slab:             502812 kB\n", 502812 << 10),
    ("slab-size", NO_MEMINFO, None),
    ("slab-unreclaimable", MEMINFO, 9232384 << 10),
    ("slab-unreclaimable", "SUnreclaim:        40188 kB\n", 40188 << 10),
    ("slab-unreclaimable", NO_MEMINFO, None),
    ("swap-free", MEMINFO, 104448 << 10),
    ("swap-free", "SwapCached:            0 kB\nSwapTotal:             0 kB\nSwapFree:              0 kB\n", 0),
    ("swap-free", NO_MEMINFO, None),
    ("huge-pages-reserved", MEMINFO, 4194304 << 10),
    ("huge-pages-reserved", "HugePages_Total:       0\nHugetlb:               0 kB\n", 0),
    ("huge-pages-reserved", "HugePages_Total:    2048\nHugepagesize:       2048 kB\n", None),
    ("slab-largest", SLABTOP, "ext4_inode_cache"),
    ("slab-largest", "fopen /proc/slabinfo: Permission denied\n", None),
    ("huge-pages-setting", "1024\n", 1024),
    ("huge-pages-setting", "vm.nr_hugepages = 512\n", 512),
    ("huge-pages-setting", "sysctl: cannot stat /proc/sys/vm/nr_hugepages: No such file or directory\n", None),
    ("panic-on-oom-setting", "0\n", 0),
    ("panic-on-oom-setting", "vm.panic_on_oom = 2\n", 2),
    ("panic-on-oom-setting", "kernel.panic_on_oops = 1\n", None),
    ("numa-balancing-setting", "1\n", True),
    ("numa-balancing-setting", "kernel.numa_balancing = 0\n", False),
    ("numa-balancing-setting", "kernel.numa_balancing_scan_delay_ms = 1000\n", None),
    ("numa-migration-count", "numa_pages_migrated 104233\n", 104233),
    ("numa-migration-count", "", None),
    ("crash-free-memory", KMEM, int(2.3 * (1 << 30))),
    ("crash-free-memory", "kmem: invalid option\n", None),
    ("crash-slab-size", KMEM, int(579.3 * (1 << 20))),
    ("crash-slab-size", KMEM_NO_SWAP, None),
    ("crash-swap-free", KMEM, 4 << 30),
    ("crash-swap-free", KMEM_NO_SWAP, 0),
    ("crash-swap-free", "kmem: invalid option\n", None),
]  # fmt: skip
