"""Reader of plain reports: registers and call trace, in any order."""

from __future__ import annotations

from collections.abc import Sequence

from facts.frames import FrameTable
from facts.records import Event, Record
from facts.reports.common import read_plain


def read(event: Event, body: Sequence[Record], table: FrameTable) -> int:
    """Read header, registers and call trace after the head line; returns the number of records taken."""
    return read_plain(event, body, table)
