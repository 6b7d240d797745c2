"""Reader of PCI Express error reports (drivers/pci/pcie/aer.c), and of devices cut off on POWER (eeh_driver.c)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facts.frames import FrameTable
from facts.records import Event, Record
from facts.reports.common import finish, put

_SEVERITY = re.compile(
    r"severity=(Correct|Uncorrect)(?:ed|able)(?: \((Non-Fatal|Fatal)\))?|(Correct|Uncorrect)(?:ed|"
    r"able)(?: \((Non-Fatal|Fatal)\))? error"
)
_DEVICE = re.compile(r"(?:^|\s)([\w-]{1,32}) ([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]): ")
_SOURCE = re.compile(r"(?:from|received:) ([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])")
_BIT = re.compile(r"\[ ?(\d{1,2})\] (\w{2,24})")
_TYPE = re.compile(r"type=(Physical|Data Link|Transaction) Layer")
_PARTS = re.compile(
    r"AER|PCIe Bus Error|CXL Bus Error|error status/mask|device \[[0-9a-f]{4}:[0-9a-f]{4}\]|TLP Header|"
    r"^\s*\[ ?\d{1,2}\]|\[ ?\d{1,2}\] \w+|recovery|broadcast|can't recover|"
    r"found no error details|Root Port|Downstream Port|link has been reset|DPC:"
)
_EEH = re.compile(r"(?:^|: )EEH(?:\(\d{1,10}\))?: ")
_DIAGNOSIS = re.compile(
    r"^(?:[\w /]{1,16} PHB#[0-9a-f]{1,8} Diag-data|"
    r"\w{2,12}(?:\[[0-9a-f.]{1,8}\] A/B)?: {1,8}(?:as above|[0-9a-f]{8,16}\b))"
)
_HANDLER = re.compile(r"\bInvoking ([\w-]{1,64})->|\bdriver=([\w-]{1,64})")
_ADDRESS = re.compile(r"(?:\bPCI |\bpci addr=|of node=)([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])")
_FAILED = re.compile(r"has failed (\d{1,9}) times")


def read(event: Event, body: Sequence[Record], table: FrameTable) -> int:
    """Read one AER report: severity, device, driver, the bit that was set; returns the number of records taken."""
    end = 1 if body else 0
    bits = False
    isolated = _EEH.search(event.text[:200]) is not None
    for index, record in enumerate(body):
        text = record.text[:1000]
        if isolated and (_EEH.search(text) or _DIAGNOSIS.match(text)):
            end = index + 1
            _cut_off(event, text)
            continue
        if index and not _PARTS.search(text):
            if index - end > 2:
                break
            continue
        severity = _SEVERITY.search(text)
        if index and severity and "received" in text and "from" in text:
            break
        end = index + 1
        if severity:
            fatal = severity[2] or severity[4]
            corrected = (severity[1] or severity[3]) == "Correct"
            put(event, "class", "corrected" if corrected else "fatal" if fatal == "Fatal" else "uncorrected")
        source, device = _SOURCE.search(text), _DEVICE.search(text)
        if device and device[1] != "pcieport" and ("Bus Error" in text or "AER" in text):
            event.attributes["device"] = device[2]
            event.attributes["driver"] = device[1]
        elif source:
            put(event, "device", source[1])
        bit = _BIT.search(text)
        if bit and not bits:
            bits = True
            put(event, "problem", bit[2].lower())
    return finish(event, body, end) if body else 0


def _cut_off(event: Event, text: str) -> None:
    """Take driver, address and the count of failures from a line about a device that was cut off."""
    driver, address, failed = _HANDLER.search(text), _ADDRESS.search(text), _FAILED.search(text)
    if driver:
        put(event, "driver", driver[1] or driver[2])
    if address and "PE#" in str(event.attributes.get("device", "PE#")):
        event.attributes["device"] = address[1]
    if failed and "amount" not in event.attributes:
        event.attributes["amount"] = int(failed[1])
