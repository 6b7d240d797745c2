"""Reader of firmware-first error records (drivers/acpi/apei/ghes.c, drivers/firmware/efi/cper.c)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facts.frames import FrameTable
from facts.records import Event, Record
from facts.reports.common import finish, put

_LINE = re.compile(r"(?:\{\d{1,9}\})?\[Hardware Error\]: ?(.*)|(?:BERT|GHES): ?(.*)|EDAC MC\d")
_SEVERITY = re.compile(r"severity: (info|corrected|recoverable|fatal)")
_SECTION = re.compile(r"section_type: (.{1,60})|type: \d+, ([a-z].{1,40})")
_DIMM = re.compile(r"(?:DIMM location: |DIMM ?(?:label)?: )(.{1,80})|fru_text: (\S.{0,60})")
_DEVICE = re.compile(r"device_id: ([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f])")
_ADDRESS = re.compile(r"physical_address: 0x([0-9a-f]{1,16})")
_CLASSES = {"info": "info", "corrected": "corrected", "recoverable": "uncorrected", "fatal": "fatal"}
_UNITS = (  # words of the section -> unit
    ("memory", "memory"), ("pci", "io"), ("cache", "cache"), ("tlb", "tlb"), ("bus", "bus"), ("processor", "core"),
    ("io", "io"),
)  # fmt: skip


def read(event: Event, body: Sequence[Record], table: FrameTable) -> int:
    """Read one GHES or BERT record: severity, section, DIMM or device, address; returns the number of records taken."""
    end = 1 if body else 0
    for index, record in enumerate(body):
        text = record.text[:1000]
        match = _LINE.search(text)
        if match is None:
            if index - end > 2:
                break
            continue
        if index and "Hardware error from APEI" in text:
            break
        end = index + 1
        severity, section = _SEVERITY.search(text), _SECTION.search(text)
        if severity:
            put(event, "class", _CLASSES[severity[1]])
        if section:
            name = (section[1] or section[2]).lower()
            put(event, "unit", next((unit for words, unit in _UNITS if words in name), "unknown"))
        dimm, device, address = _DIMM.search(text), _DEVICE.search(text), _ADDRESS.search(text)
        if dimm:
            put(event, "label", (dimm[1] or dimm[2]).strip())
        if device:
            put(event, "device", device[1])
        if address:
            put(event, "address", f"{int(address[1], 16):016x}")
    return finish(event, body, end) if body else 0
