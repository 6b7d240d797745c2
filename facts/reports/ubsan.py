"""Reader of UBSAN reports (lib/ubsan.c): the declared type of an array that was indexed beyond its end."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facts.frames import FrameTable
from facts.records import Event, Record
from facts.reports.common import put, read_plain

_TYPE = re.compile(r"index -?\d{1,20} is out of range for type '[^']{1,200}\[(\d{1,10})\]'")
_NEAR = 6  # records below the head line; the kernel prints the type right after it


def read(event: Event, body: Sequence[Record], table: FrameTable) -> int:
    """Read a report; arrays declared with one element or none are mostly the open end of a structure."""
    for record in body[1:_NEAR]:
        found = _TYPE.search(record.text[:600])
        if found is not None:
            put(event, "open-array", int(found[1]) <= 1)
            break
    return read_plain(event, body, table)
