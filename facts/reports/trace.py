"""Reader of plain reports: registers and call trace, in any order; the text of a WARN() stands below its head."""

from __future__ import annotations

from collections.abc import Sequence

from facts.frames import FrameTable
from facts.records import Event, Record
from facts.reports.common import put, read_plain, set_source

_TEXT_WITHIN = 4  # lines from the head to the text (warn_slowpath_common in kernel/panic.c)


def read(event: Event, body: Sequence[Record], table: FrameTable) -> int:
    """Read header, registers and call trace after the head line; returns the number of records taken."""
    if event.kind == "warning" and any("deprecated" in record.text for record in body[1:_TEXT_WITHIN]):
        put(event, "problem", "deprecated")
    if event.kind == "warning" and "WARNING: " not in event.text:  # the text stands above the head
        for record in body[1:_TEXT_WITHIN]:
            if "WARNING: " in record.text:
                set_source(event, record.text)
    return read_plain(event, body, table)
