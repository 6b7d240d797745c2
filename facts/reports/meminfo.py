"""The Mem-Info block: how much memory there is, who holds it, which zones and nodes are short (mm/show_mem.c)."""

from __future__ import annotations

import re

_ANY = re.compile(
    r"\b(active_anon|inactive_anon|active_file|inactive_file|slab_reclaimable|slab_unreclaimable|shmem|pagetables|"
    r"isolated_anon|isolated_file|free|unevictable|kernel_misc_reclaimable):(\d{1,12})\b(?!kB)"
)
_ZONE = re.compile(r"^\s*(?:Node (\d{1,4}) )?(DMA32|DMA|Normal|Movable|HighMem|Device) free:(\d{1,12})kB(.*)$")
_KB = re.compile(
    r"\b(min|low|high|present|managed|free_cma|bounce|active_anon|inactive_anon|reserved_highatomic):(\d{1,12})[kK]B"
)
_BUDDY = re.compile(r"^\s*(?:Node (\d{1,4}) )?(DMA32|DMA|Normal|Movable|HighMem): (\d{1,9}\*(4|8|16|64)kB.*)$")
_BLOCK = re.compile(r"(\d{1,9})\*(\d{1,7})kB")
_HUGE = re.compile(r"hugepages_total=(\d{1,9}) hugepages_free=(\d{1,9}).*?hugepages_size=(\d{1,9})kB")
_RAM = re.compile(
    r"^\s*(\d{1,12}) pages (RAM|reserved|HighMem|hwpoisoned)|^\s*(\d{1,12}) (reserved pages|pages of RAM)"
)
_BALLOON = re.compile(r"^\s*Node \d{1,4} .*? Balloon:(\d{1,12})kB")  # 6.16 and later
_SWAP = re.compile(r"^\s*(Free|Total) swap\s*[=:]\s*(\d{1,12})\s*kB")
_CGROUP = re.compile(r"\b(anon|file|shmem|kernel|slab|rss|cache)(?: |:)(\d{1,16})(KB)?\b")
_PAGE = 4  # kB; 16 and 64 exist on arm64, powerpc, mips and loongarch


class Memory:
    """Collects the numbers of one report; each question answers None where the report does not tell."""

    __slots__ = ("balloon", "buddies", "cgroup", "huge", "page", "pages", "ram", "reserved", "seen", "swap", "zones")

    def __init__(self) -> None:
        self.page = 0  # kB of a page, as the smallest block of a buddy line tells it
        self.pages: dict[str, int] = {}  # global counters, in pages
        self.zones: dict[tuple[int, str], dict[str, int]] = {}  # kB
        self.buddies: dict[tuple[int, str], dict[int, int]] = {}  # free blocks by order
        self.huge: list[tuple[int, int, int]] = []  # total, free, size in kB
        self.balloon: int | None = None  # kB, of all nodes
        self.ram = 0
        self.reserved = 0
        self.swap: dict[str, int] = {}
        self.cgroup: dict[str, int] = {}
        self.seen = False

    def feed(self, text: str) -> bool:
        """Take one line; True if it is part of the block."""
        text = text[:2000]
        if text.startswith("Mem-Info"):
            self.seen = True
            return True
        if not any(ch.isdigit() for ch in text[-200:]) or "+0x" in text:
            return False
        zone = _ZONE.match(text)
        if zone:
            values = {name: int(value) for name, value in _KB.findall(zone[4])}
            values["free"] = int(zone[3])
            self.zones.setdefault((int(zone[1] or 0), zone[2]), values)
            return True
        buddy = _BUDDY.match(text)
        if buddy:
            page = self.page = int(buddy[4])
            blocks = {(int(size) // page).bit_length() - 1: int(count) for count, size in _BLOCK.findall(buddy[3])}
            self.buddies.setdefault((int(buddy[1] or 0), buddy[2]), blocks)
            return True
        huge = _HUGE.search(text)
        if huge:
            self.huge.append((int(huge[1]), int(huge[2]), int(huge[3])))
            return True
        ram = _RAM.match(text)
        if ram:
            if ram[2] == "RAM" or ram[4] == "pages of RAM":
                self.ram = int(ram[1] or ram[3])
            elif ram[2] == "reserved" or ram[4] == "reserved pages":
                self.reserved = int(ram[1] or ram[3])
            return True
        balloon = _BALLOON.match(text) if "Balloon:" in text else None
        if balloon:
            self.balloon = (self.balloon or 0) + int(balloon[1])
            return True
        swap = _SWAP.match(text)
        if swap:
            self.swap.setdefault(swap[1].lower(), int(swap[2]))
            return True
        if not text.startswith("Node ") and "kB" not in text:
            found = _ANY.findall(text)
            for name, value in found:
                self.pages.setdefault(name, int(value))
            if found:
                return True
        cgroup = (
            _CGROUP.findall(text) if "cache:" in text or re.match(r"(?:anon|file|shmem|kernel|slab) \d+$", text) else []
        )
        for name, value, unit in cgroup:
            self.cgroup.setdefault(name, int(value) * (1024 if unit else 1))
        return bool(cgroup)

    def shown(self) -> bool:
        """Whether the report shows the memory of the machine."""
        return self.seen or bool(self.zones or self.pages)

    def page_size(self) -> int:
        """Size of a page in kB; without a buddy line from the zones, which are in kB, against the count of pages."""
        if self.page or not self.ram:
            return self.page or _PAGE
        ratio = sum(zone.get("present", 0) for zone in self.zones.values()) // self.ram
        return 64 if ratio > 20 else 16 if ratio > 8 else _PAGE

    def total(self) -> int:
        """Pages the system manages, as far as it is told."""
        managed = sum(zone.get("managed", zone.get("present", 0)) for zone in self.zones.values()) // self.page_size()
        return max(managed, self.ram - self.reserved)  # a request for a low zone (6.1) or some nodes shows these only

    def consumer(self) -> str | None:
        """What holds most of the memory; None where nothing holds a fifth of it."""
        total = self.total()
        if not self.pages or not total:
            return None
        get = self.pages.get
        shmem = get("shmem", 0)
        lists = ("active_anon", "inactive_anon", "isolated_anon", "unevictable")  # shmem is on these, locked or not
        anon = max(0, sum(get(name, 0) for name in lists) - shmem)
        slab = get("slab_unreclaimable", 0)
        lists = ("active_file", "inactive_file", "isolated_file", "slab_reclaimable")  # dentries are cache, too
        file = sum(get(name, 0) for name in lists)
        huge = sum(count * size for count, _free, size in self.huge) // self.page_size()
        kernel = get("pagetables", 0)
        known = anon + shmem + file + slab + huge + kernel + get("free", 0)
        lost = max(0, total - known)
        balloon = (self.balloon or 0) // self.page_size()
        if lost >= balloon:  # a balloon whose pages still count as managed
            lost -= balloon
        shares = {
            "anon": anon, "shmem": shmem, "file": file, "slab": slab, "hugepages": huge, "kernel": kernel,
            "balloon": balloon, "unaccounted": lost,
        }  # fmt: skip
        best = max(shares, key=lambda name: shares[name])
        return best if shares[best] * 5 >= total else None  # where most is free, nobody holds it

    def cgroup_consumer(self) -> str | None:
        """The same within a memory cgroup."""
        values = self.cgroup
        shares = {
            "anon": values.get("anon", values.get("rss", 0)), "shmem": values.get("shmem", 0),
            "file": max(0, values.get("file", values.get("cache", 0)) - values.get("shmem", 0)),
            "slab": values.get("slab", 0),
        }  # fmt: skip
        best = max(shares, key=lambda name: shares[name])
        return best if shares[best] else None

    def fragmented(self, order: int) -> bool | None:
        """Enough memory is free, but no block of the order asked for."""
        if not self.zones or not self.buddies:
            return None
        if order < 1:
            return False
        free = sum(zone["free"] for zone in self.zones.values())
        low = sum(zone.get("low", zone.get("min", 0)) for zone in self.zones.values())
        main = {key: blocks for key, blocks in self.buddies.items() if key[1] != "DMA"} or self.buddies
        big = sum(count for blocks in main.values() for size, count in blocks.items() if size >= order)
        return free > low + (self.page_size() << order) and big <= 1

    def imbalanced(self, low_zone: bool = False) -> bool | None:
        """One NUMA node is exhausted while another has plenty (6.1 shows low zones only for a request of them)."""
        nodes: dict[int, list[int]] = {}
        for (node, name), zone in self.zones.items():
            if name in ("DMA", "Device") and any(key[0] == node and key[1] != name for key in self.zones):
                continue
            sums = nodes.setdefault(node, [0, 0, 0])
            sums[0] += zone["free"]
            sums[1] += zone.get("low", zone.get("min", 0))
            sums[2] += zone.get("managed", zone.get("present", 0))
        if not nodes:
            return None
        short = [n for n, (free, low, _all) in nodes.items() if free <= low * 5 // 4]
        rich = [n for n, (free, low, size) in nodes.items() if free > 3 * low and free * 10 > size]
        if short and not rich and self.ram:  # a request bound to some nodes shows these only; the sum counts all
            if low_zone and all(name in ("DMA", "DMA32") for _node, name in self.zones):
                return None
            elsewhere = self.pages.get("free", 0) * self.page_size() - sum(zone["free"] for zone in self.zones.values())
            return elsewhere > self.ram * self.page_size() // 20 and elsewhere > 10 * sum(
                zone["free"] for zone in self.zones.values()
            )
        return bool(short) and bool(rich)

    def hugepages_idle(self) -> bool | None:
        """A large part of memory is reserved as huge pages and free."""
        total = self.total()
        if not self.huge or not total:
            return None
        return sum(free * size for _count, free, size in self.huge) // self.page_size() * 5 > total

    def swap_full(self) -> bool | None:
        """Swap exists and is used up."""
        if "total" not in self.swap or "free" not in self.swap:
            return None
        return self.swap["total"] > 0 and self.swap["free"] * 50 <= self.swap["total"]
