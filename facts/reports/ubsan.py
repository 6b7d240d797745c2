"""Reader of UBSAN reports (lib/ubsan.c): the kind of fault, and the type of an array indexed beyond its end."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facts.frames import FrameTable
from facts.records import Event, Record
from facts.reports.common import put, read_plain

_TYPE = re.compile(r"index -?\d{1,20} is out of range for type '[^']{1,200}\[(\d{1,10}|\*)\]'")
_NEAR = 6  # records below the head line; the kernel prints the type right after it
_UNNAMED = "undefined-behaviour"
# Kernels up to 5.4 say "Undefined behaviour" of every kind; the line below tells which (names of later kernels).
_KINDS = (
    (re.compile(r"^(?:division by zero|division of .{1,80} by -1 cannot)"), "division-overflow"),
    (re.compile(r"^index -?\d{1,20} is out of range for type "), "array-index-out-of-bounds"),
    (re.compile(r"^(?:shift exponent |left shift of )"), "shift-out-of-bounds"),
    (re.compile(r"^load of value .{1,80} is not a valid value for type "), "invalid-load"),
    (re.compile(r"^signed integer overflow"), "signed-integer-overflow"),
    (re.compile(r"^unsigned integer overflow"), "unsigned-integer-overflow"),
    (re.compile(r"^negation of .{1,80} cannot be represented in type "), "negation-overflow"),
    (re.compile(r" null pointer of type "), "null-ptr-deref"),
    (re.compile(r" misaligned address "), "misaligned-access"),
    (re.compile(r" address \S{1,32} with insufficient space"), "object-size-mismatch"),
)


def read(event: Event, body: Sequence[Record], table: FrameTable) -> int:
    """Read a report; arrays declared with one element or none are mostly the open end of a structure."""
    for record in body[1:_NEAR]:
        text = record.text[:600]
        if event.attributes.get("problem") == _UNNAMED:
            kind = next((name for pattern, name in _KINDS if pattern.search(text)), None)
            if kind is not None:
                event.attributes["problem"] = kind
        found = _TYPE.search(text)
        if found is not None:
            put(event, "open-array", found[1] in ("0", "1", "*"))
            break
    return read_plain(event, body, table)
