"""What a Mem-Info block tells: page size, holders of memory, free blocks."""

import pytest

from facts.reports.meminfo import Memory

BUDDY_64K = "Node 0 Normal: 410*64kB (UME) 212*128kB (UME) 101*256kB (UE) 0*512kB 0*1024kB = 79232kB"
BUDDY_4K = "Node 0 Normal: 410*4kB (UME) 212*8kB (UME) 101*16kB (UE) 0*32kB 0*64kB = 4952kB"


def memory(*lines: str) -> Memory:
    found = Memory()
    for line in lines:
        found.feed(line)
    return found


def zone(free: int, managed: int) -> str:
    return f"Node 0 Normal free:{free}kB min:1000kB low:1250kB high:1500kB present:{managed}kB managed:{managed}kB"


@pytest.mark.parametrize(
    ("lines", "size"),
    [
        ((zone(90000, 61341696), BUDDY_64K), 64),
        ((zone(90000, 61341696), BUDDY_4K), 4),
        ((zone(90000, 62914560), "983040 pages RAM"), 64),
        ((zone(90000, 16777216), "1048576 pages RAM"), 16),
        ((zone(90000, 16777216), "4194304 pages RAM"), 4),
        ((zone(90000, 8388608), "4194304 pages RAM"), 4),  # only one of two nodes is shown
        ((), 4),
    ],
)
def test_page_size(lines: tuple[str, ...], size: int) -> None:
    assert memory(*lines).page_size() == size


def test_blocks_of_large_pages() -> None:
    found = memory(zone(90000, 61341696), BUDDY_64K)
    assert found.buddies[(0, "Normal")] == {0: 410, 1: 212, 2: 101, 3: 0, 4: 0}
    assert found.fragmented(3) is True
    assert found.fragmented(2) is False


@pytest.mark.parametrize(
    ("counters", "holder"),
    [
        ("active_anon:700 inactive_anon:100", "anon"),
        ("active_file:100 slab_reclaimable:600 slab_unreclaimable:50", "file"),  # dentries are cache
        ("active_anon:100 slab_reclaimable:50 slab_unreclaimable:600", "slab"),
        ("active_anon:200 pagetables:600", "kernel"),
        ("active_anon:100 free:20", "unaccounted"),
        ("active_anon:100 unevictable:700 shmem:20", "anon"),  # locked memory of a process
        ("active_anon:100 unevictable:700 shmem:720", "shmem"),  # a locked shared segment
        ("active_anon:100 isolated_file:700 shmem:20", "file"),
        ("active_anon:100 active_file:90 slab_unreclaimable:60 free:700", None),  # most is free, nobody holds it
    ],
)
def test_holder(counters: str, holder: str | None) -> None:
    assert memory(zone(80, 4000), counters).consumer() == holder


NODE = "Node 0 active_anon:1000kB inactive_anon:0kB shmem:0kB all_unreclaimable? no Balloon:{}kB"


def test_balloon_of_a_guest() -> None:
    few, many = "active_anon:300 free:20", "active_anon:700 free:20"
    assert memory(zone(80, 4000), few).consumer() == "unaccounted"
    assert memory(zone(80, 4000), NODE.format(2400), few).consumer() == "balloon"
    assert memory(zone(80, 4000), NODE.format(1000), many).consumer() == "anon"
    assert memory(zone(80, 4000), NODE.format(400), few).consumer() == "unaccounted"  # the balloon is not all of it


LOW_ZONES = (
    "Node 0 DMA free:11264kB min:16kB low:28kB high:40kB present:15992kB managed:15360kB",
    "Node 0 DMA32 free:2048kB min:2100kB low:4000kB high:6000kB present:2000000kB managed:1945600kB",
    "active_anon:2000000 free:12000000",
    "16777216 pages RAM",
    "300000 pages reserved",
)


def test_low_zones_alone_are_not_the_machine() -> None:
    """A report for a request bound to low zones leaves the others out; its counters are those of the machine."""
    found = memory(*LOW_ZONES)
    assert found.total() == 16477216
    assert found.consumer() is None
    assert found.imbalanced(low_zone=True) is None


def test_one_full_node_shown_alone() -> None:
    lines = (zone(1000, 8388608), "free:12000000", "16777216 pages RAM", "300000 pages reserved")
    assert memory(*lines).imbalanced() is True
