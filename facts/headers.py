"""Lines by which a kernel introduces itself and its machine at boot (kb/vocabulary/headers.yaml)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from facts.moments import Moment
from facts.records import Record

LONGEST = 4096  # characters of a value


class Header(NamedTuple):
    name: str  # version, cmdline, hardware, hypervisor, memory, cpu
    value: str
    line: int
    moment: Moment
    boot: int = 0


class Headers:
    """The forms of header lines: (name, literal, regex)."""

    def __init__(self, forms: Sequence[Sequence[str]]) -> None:
        self._forms = forms

    def find(self, record: Record) -> Header | None:
        """The header that this record is, if it is one and the kernel's own."""
        if record.source not in ("", "kernel"):
            return None
        for name, literal, regex in self._forms:
            if literal in record.text:
                match = re.search(regex, record.text)
                if match:
                    return Header(name, match[1].strip()[:LONGEST], record.line, record.moment)
        return None
