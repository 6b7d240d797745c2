"""Lines by which a kernel introduces itself and its machine at boot."""

from __future__ import annotations

import re
from typing import NamedTuple

from facts.records import Record


class Header(NamedTuple):
    name: str  # version, cmdline, capture, hardware, hypervisor, memory, panic-message
    value: str
    line: int
    time: float | None
    boot: int = 0


_FORMS = (
    ("Linux version ", "version", re.compile(r"^Linux version (\S+.*)")),
    ("ommand line: ", "cmdline", re.compile(r"^(?:Kernel c|C)ommand line: (.*)")),
    ("DMI: ", "hardware", re.compile(r"^DMI: (.*)")),
    ("Hypervisor detected: ", "hypervisor", re.compile(r"Hypervisor detected: (\S.*)")),
    ("achine model: ", "hardware", re.compile(r"(?:OF: fdt: ?)?Machine model: (.*)")),
    ("Booting paravirtualized kernel on ", "paravirtual", re.compile(r"Booting paravirtualized kernel on (.*)")),
    ("Memory: ", "memory", re.compile(r"^Memory: \d+[Kk]/(\d+)[Kk] available")),
    ("smpboot: CPU0: ", "cpu", re.compile(r"smpboot: CPU0: (.*?) \(")),
)
HEADER_LITERALS = tuple(literal for literal, _, _ in _FORMS)


def read_header(record: Record) -> Header | None:
    """The header that this record is, if it is one and the kernel's own."""
    if record.source not in ("", "kernel"):
        return None
    for literal, name, regex in _FORMS:
        if literal in record.text:
            match = regex.search(record.text)
            if match:
                return Header(name, match[1].strip()[:4096], record.line, record.time)
    return None
