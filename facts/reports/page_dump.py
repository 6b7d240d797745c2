"""Reader of bad page reports and page dumps (mm/page_alloc.c bad_page, mm/memory.c print_bad_pte, mm/debug.c)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facts.frames import FrameTable
from facts.records import Event, Record
from facts.reports.block import Block
from facts.reports.common import fill, finish, put
from facts.reports.tools import collect

_REASON = re.compile(r"page dumped because: (.{1,160})")
_COUNT = re.compile(r"(?:_refcount|refcount|count):(-?\d{1,12})")
_COMM = re.compile(r"in process (\S.{0,31}?)\s+(?:pfn|pte|pmd|idx|type)[:=]")
_PARTS = re.compile(
    r"\s*(?:page:|page(?:_\w+)?:|aops:|flags:|raw:|head:|bad because|page dumped|page->|addr:|file:|vm_flags|anon:|"
    r"memcg:|pages? owner|page last|page allocated|order:|"
    r"head |mapping:|index:|bug: |migratetype|compound|\(\w+\)|ops:|refcount|ksm|BUG: Bad page)"
)
ABSURD = 1 << 24  # no page has so many references; its descriptor was written over
_REASONS = (  # text of the reason -> problem
    ("_refcount", "nonzero-refcount"), ("_count", "nonzero-refcount"), ("page_ref_count", "refcount-zero"),
    ("folio_ref_count", "refcount-zero"),
    ("mapcount", "nonzero-mapcount"), ("non-NULL mapping", "mapping"), ("corrupted mapping", "mapping"),
    ("flags_at_free", "flags"), ("CHECK_AT_FREE", "flags"), ("CHECK_AT_PREP", "flags"), ("cgroup", "cgroup"),
    ("page_pool", "page-pool-leak"), ("hwpoison", "hwpoison"),
)  # fmt: skip


def read(event: Event, body: Sequence[Record], table: FrameTable) -> int:
    """Read a page dump and the trace with it: problem, process; returns the number of records taken."""
    if not body:
        return 0
    block = Block()
    comm = _COMM.search(event.text[:300])
    if comm:
        event.comm = event.comm or comm[1]
    _detail(event, event.text)

    def part(text: str) -> bool:
        _detail(event, text)
        if text.startswith("page last"):
            block.section = "allocated" if "allocated" in text else "freed"
        elif text.startswith(("Modules linked", "CPU: ", "Call Trace", "Call trace")):
            block.section = ""
        return _PARTS.match(text[:200]) is not None

    end = collect(body, block, part, lambda text: text.startswith("BUG: Bad page"))
    fill(event, block, table)
    return finish(event, body, end)


def _detail(event: Event, text: str) -> None:
    reason = _REASON.search(text[:400])
    if reason:
        put(event, "problem", next((slug for words, slug in _REASONS if words in reason[1]), "other"))
    if text.startswith("BUG: Bad page map"):
        put(event, "problem", "page-map")
    elif "Bad rss-counter" in text:
        put(event, "problem", "rss-counter")
    if "amount" not in event.attributes:
        count = _COUNT.search(text[:300]) if "page:" in text else None
        if count and abs(int(count[1])) > ABSURD:
            put(event, "problem", "overwritten")
        elif count and int(count[1]) < 0:
            put(event, "problem", "negative-refcount")
