"""Reader of KASAN, KFENCE, KMSAN and KCSAN reports (report.c of mm/kasan, mm/kfence, mm/kmsan, kernel/kcsan)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facts.culprit import first, name_in
from facts.frames import FrameTable
from facts.records import Event, Frame, Record
from facts.reports.block import Block
from facts.reports.common import fill, finish, put
from facts.reports.tools import collect

_HEAD = re.compile(r"K(?:ASAN|FENCE|MSAN|CSAN|HWASAN): (?:maybe )?([\w:. /-]{1,60}?)(?: (?:in|on|at) |$)")
_ACCESS = re.compile(
    r"(?i)(read|write)(?: (?:at|of size) |-write)(?:size )?(?:(\d{1,9}) )?(?:.*?by task (.{1,32})/(\d{1,10}))?"
)
_KCSAN = re.compile(
    r"(?:(?:race at|write|read|read-write|assert no \w+)(?: \(\w+\)|"
    r" \(marked\))?) to 0x[0-9a-f]+ of (\d+) bytes by (task (\d+)|interrupt)"
)
_CACHE = re.compile(r"(?:belongs to the cache|in cache|cache=) ?([\w.:/-]{1,64})(?:,? (?:of )?size:? (\d+))?")
_KFENCE = re.compile(r"kfence-#?\d*.*size=(\d+), cache=([\w.:/-]{1,64})")
_SECTIONS = (  # first words of a line (lower case) -> name of the part that begins
    ("allocated by", "allocated"), ("freed by", "freed"), ("allocated:", "allocated"), ("freed:", "freed"),
    ("last potentially related", "other"), ("second to last potentially", "other"),
    ("uninit was created at", "allocated"),
    ("uninit was stored to memory", "other"), ("local variable", "allocated"), ("call trace", ""),
    ("last creation of", "other"),
    ("page last allocated", "other"), ("page last free", "other"), ("page_owner tracks", "other"),
    ("modules linked", ""),
    ("the buggy address", "end"), ("object at", ""),
)  # fmt: skip
_PARTS = (
    "read of size", "write of size", "the buggy address", " which belongs", "memory state around", "bytes ",
    "memory access of size", "pid = ",
    "value changed", "reported by kernel concurrency", "use-after-free", "out-of-bounds", "invalid ",
    "memory corruption", "corrupted memory",
    "address ", "object at", "page:", "flags:", "raw:", "page dumped", "head:", "page_type", "pointer tag",
    "memory tag", "accessed by", "of size",
    "allocated", "freed", "object ", "this frame has", "buggy address", "originating", "data-race", "race at",
    "assert", "local variable", "[", "cpu:",
    "the variable", "belonging to", "kmemleak", "page last", "page owner", "create_dummy", "page allocated",
    "register_dummy",
)  # fmt: skip
_SHADOW = re.compile(r"[ >]*(?:0x)?[0-9a-f]{8,16}: (?:[0-9a-f]{2} ?){4,}|[\s^]+$")


def read(event: Event, body: Sequence[Record], table: FrameTable) -> int:
    """Read a sanitizer report: problem, access, size, cache, who allocated and freed; returns the records taken."""
    if not body:
        return 0
    block = Block()
    match = _HEAD.search(event.text[:300])
    if match and "problem" not in event.attributes:
        problem = re.sub(r"[ :]+", "-", re.sub(r" (?:read|write|Read|Write)$", "", match[1].strip()).lower())
        put(event, "problem", problem)
    words = re.search(r"(?:^|[ -])(read|write)\b", event.text.lower().partition(" in ")[0])
    access = words[1] if words and "KFENCE" in event.text else ""
    end = _collect(event, body, block, access)
    allocated = [f for f in block.frames if f.section == "allocated"]
    freed = [f for f in block.frames if f.section == "freed"]
    for frames, who, module in ((allocated, "allocated-by", "alloc-module"), (freed, "freed-by", "free-module")):
        frame = owner(frames, table)
        if frame is not None:
            put(event, who, frame.function)
            put(event, module, frame.module)
    fill(event, block, table, name_in(event.text))
    return finish(event, body, end)


def owner(frames: Sequence[Frame], table: FrameTable) -> Frame | None:
    """Who allocated or freed: the first frame that is no allocator's."""
    reliable = [frame for frame in frames if frame.reliable] or list(frames)
    return first(reliable, ("free",), table) or first(reliable, (), table)


def _collect(event: Event, body: Sequence[Record], block: Block, access: str) -> int:
    races: list[str] = []
    seen = 0
    over = False

    def part(text: str) -> bool:
        nonlocal seen, over
        seen += 1
        lower = text.lower().strip()
        name = next((name for words, name in _SECTIONS if lower.startswith(words)), None)
        if name is not None and name != "end":
            block.section = name
        _details(event, text)
        race = _KCSAN.search(text)
        if race:
            block.section = "other" if races else ""
            put(event, "size", int(race[1]))
            races.append("write" if "write" in lower.partition(" to ")[0] else "read")
        over = lower.startswith("======") and seen > 4
        return name is not None or race is not None or lower.startswith(_PARTS) or _SHADOW.match(text[:300]) is not None

    end = collect(body, block, part, lambda _text: over, limit=8)
    put(event, "access", access or (races[0] if races else ""))
    return end


def _details(event: Event, text: str) -> None:
    match = _ACCESS.match(text.strip()[:300])
    if match and (match[2] or " of size" in text.lower()):
        if "access" not in event.attributes:
            put(event, "access", match[1].lower())
        if match[2]:
            put(event, "size", int(match[2]))
        if match[3] and not event.comm:
            event.comm, event.pid = match[3], int(match[4])
    if "cache" in text:
        kfence = _KFENCE.search(text[:300])
        if kfence:
            put(event, "size", int(kfence[1]))
            put(event, "cache", kfence[2])
        else:
            cache = _CACHE.search(text[:300])
            if cache:
                put(event, "cache", cache[1])
