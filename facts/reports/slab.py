"""Reader of SLUB and SLAB consistency reports (mm/slub.c, mm/slab.c)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facts.frames import FrameTable
from facts.records import Event, Frame, Record
from facts.reports.block import Block
from facts.reports.common import fill, finish, put
from facts.reports.kasan import owner
from facts.reports.tools import collect
from facts.trace import base_name

_HEAD = re.compile(r"BUG:? ([\w.:/-]{1,64})(?: \((?:Not tainted|Tainted[^)]{0,80})\))?: (.{1,80})")
_KIND_FIRST = re.compile(r"\[([\w ]{4,40} overwritten)\]")
_OLD = re.compile(
    r"(?:slab error in \S+: cache [`'\"]([\w.:-]{1,64})['\"]: (.{1,80})|Slab corruption[^:]{0,60}: ([\w.:-]{1,64}))"
)
_BYTE = re.compile(
    r"(?:INFO: )?0x([0-9a-f]{4,16})-0x([0-9a-f]{4,16})(?: @offset=\d+)?\. First byte 0x([0-9a-f]{1,2}) instead of 0x"
    r"([0-9a-f]{1,2})"
)
_TRACK = re.compile(
    r"(?:INFO: )?(Allocated|Freed) in ([\w.$]{1,200})(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?(?: \[([\w-]{1,64})\])? age="
)
_PARTS = re.compile(
    r"\s*(?:={5,}|-{5,}|INFO: |Slab 0x|Slab disabled|Object |Redzone |Padding|Bytes b4|Right Redzone|FIX |BUG |"
    r"Disabling lock|Single bit error|Prev obj|Next obj|"
    r"\d{3}: (?:[0-9a-f]{2} ?)+|Redzone: |Last user|start=|slab_lock)"
)
_SLUGS = (
    ("freelist cycle", "freelist-corrupt"), ("freechain", "freelist-corrupt"), ("freepointer", "freelist-corrupt"),
    ("freelist", "freelist-corrupt"),
)  # fmt: skip


def problem_of(text: str) -> str:
    """Slug of what SLUB complains about: ``Poison overwritten`` -> ``poison-overwritten``."""
    lower = text.lower()
    for words, slug in _SLUGS:
        if words in lower:
            return slug
    if "redzone overwritten" in lower:
        return "redzone-overwritten"
    if "objects remaining" in lower:
        return "objects-remaining"
    if "object padding" in lower or lower.startswith("padding"):
        return "padding-overwritten"
    if "poison overwritten" in lower:
        return "poison-overwritten"
    return re.sub(r"[^a-z]+", "-", lower.partition(" 0x")[0].partition(". ")[0]).strip("-")[:40]


def read(event: Event, body: Sequence[Record], table: FrameTable) -> int:
    """Read a slab report: problem, cache, who allocated and freed, one-bit; returns the number of records taken."""
    if not body:
        return 0
    block = Block()
    tracked: dict[str, Frame] = {}
    end = _collect(event, body, block, tracked)
    for section, who, module in (("allocated", "allocated-by", "alloc-module"), ("freed", "freed-by", "free-module")):
        named = [tracked[section]] if section in tracked else []
        frame = owner([*named, *(f for f in block.frames if f.section == section)], table)
        if frame is not None:
            put(event, who, frame.function)
            put(event, module, frame.module)
    problem = event.attributes.get("problem")
    if problem in ("poison-overwritten", "redzone-overwritten", "object-corrupt", "padding-overwritten"):
        # the trace shows who found the damage, the tracks who had the object
        order = ("freed-by", "free-module") if problem == "poison-overwritten" else ("allocated-by", "alloc-module")
        for who, module in (order, ("allocated-by", "alloc-module")):
            if who in event.attributes:
                put(event, "function", event.attributes[who])
                put(event, "module", event.attributes.get(module))
                break
    fill(event, block, table)
    return finish(event, body, end)


def _collect(event: Event, body: Sequence[Record], block: Block, tracked: dict[str, Frame]) -> int:
    def part(text: str) -> bool:
        _detail(event, text)
        track = _TRACK.match(text.strip()[:400])
        if track:
            block.section = track[1].lower()
            name = track[2]
            tracked.setdefault(block.section, Frame(base_name(name), "", track[3], True, block.section, 0, name))
        elif text.startswith(("CPU: ", "Pid: ", "Call Trace", "Call trace", "Slab 0x", "INFO: Slab")):
            block.section = ""
        return track is not None or _PARTS.match(text[:200]) is not None

    def stop(text: str) -> bool:  # the next report
        return "BUG " in text and bool(tracked or block.frames) and _HEAD.match(text.strip()[:300]) is not None

    return collect(body, block, part, stop)


def _detail(event: Event, text: str) -> None:
    head = _HEAD.search(text[:300])
    first_kind = _KIND_FIRST.search(text[:200])
    if first_kind:
        put(event, "problem", problem_of(first_kind[1]))
    if head and "KASAN" not in text and head[1] != "unable":
        put(event, "cache", head[1])
        put(event, "problem", problem_of(head[2]))
    else:
        old = _OLD.search(text[:300])
        if old:
            put(event, "cache", old[1] or old[3])
            put(event, "problem", problem_of(old[2] or "Slab corruption"))
    if text.strip().startswith("Single bit error detected."):  # SLAB, up to 6.7
        event.attributes["one-bit"] = True
    byte = _BYTE.search(text[:300])
    if byte and "one-bit" not in event.attributes:
        single = byte[1] == byte[2]
        event.attributes["one-bit"] = single and (int(byte[3], 16) ^ int(byte[4], 16)).bit_count() == 1
