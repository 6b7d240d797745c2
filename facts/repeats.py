"""Which reports of a log with very many are read in full; the others are counted only, so that time stays bounded."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facts.records import Event

PLENTY = 500  # reports of a kind in one boot that are read in full whatever they say
ALIKE = 8  # further ones of the same shape that are
SHAPES = 20_000  # shapes that are told apart
_GLANCE = 40  # lines of a report that tell its shape
_CALLS = 4  # functions in them that do
_VOLATILE = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8,16}\b|\d+")
_CALL = re.compile(r"([A-Za-z_][\w.]{1,250})\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[([\w-]{1,64}))?")

Kept = tuple[int, str]  # boot and kind


class Repeats:
    """Counts the reports of each kind and, once there are plenty, of each shape."""

    def __init__(self) -> None:
        self._read: dict[Kept, int] = {}
        self._shapes: dict[tuple[object, ...], int] = {}
        self._last: dict[Kept, Event] = {}
        self.passed: Event | None = None  # the last event that was counted only

    def passes(self, event: Event, lines: Sequence[str], full: bool) -> bool:
        """Whether the report that begins with this event is to be counted only.

        `lines` are those below its head line; `full`: no more events are kept, so that only a new boot's are read.
        """
        key = event.boot, event.kind
        count = self._read.get(key, 0)
        if count >= PLENTY:
            if full or len(self._shapes) >= SHAPES:
                return True
            shape = (*key, _VOLATILE.sub("#", event.text[:400]), *_CALL.findall("\n".join(lines[:_GLANCE]))[:_CALLS])
            times = self._shapes.get(shape, 0)
            if times >= ALIKE:
                return True
            self._shapes[shape] = times + 1
        self._read[key] = count + 1
        return False

    def keep(self, kind: str, event: Event) -> None:
        """Note the event that stands for a report that was read; `kind`: what its head line said."""
        self._last[event.boot, kind] = event

    def count(self, event: Event) -> None:
        """Count a report that is not read with the last one of its kind that was."""
        self.passed = event
        last = self._last.get((event.boot, event.kind))
        if last is not None:
            last.repeat(event)
