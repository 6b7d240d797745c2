"""Reader of machine-check records (arch/x86/kernel/cpu/mce/core.c print_mce, drivers/edac/mce_amd.c)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facts.decode.mce import amd_unit, decode
from facts.frames import FrameTable
from facts.records import Event, Record
from facts.reports.common import finish, put

_BANK = re.compile(
    r"CPU (\d{1,5}): Machine Check(?: Exception)?: +(?:0x)?([0-9a-f]{1,16}) Bank (\d{1,10}): (?:0x)?([0-9a-f]{16})"
)
_BARE_BANK = re.compile(
    r"Bank (\d{1,2}): ([0-9a-f]{16})(?:\[[0-9a-f]{16}\])?(?: at [0-9a-f]{16})?$"
)  # i386 before 2.6.32
_AMD = re.compile(  # without the CPU up to about 3.2, without its model up to about 3.8
    r"(?:CPU:(\d{1,5})(?: \([0-9a-f:]{1,20}\))?\s{1,2})?\bMC(\d{1,3})_STATUS\[([^\]]{0,120})\]: 0x([0-9a-f]{16})"
)
_AMD_CLASS = re.compile(r"(Corrected|Uncorrected|Deferred|Fatal|System Fatal)[\w, -]{0,60} error", re.IGNORECASE)
_RIP = re.compile(r"RIP(?: !INEXACT!)? [0-9a-f]+:<[0-9a-f]+> \{([\w.]{1,200})\+?")
_VENDOR = re.compile(r"PROCESSOR (\d):([0-9a-f]{1,8})")
_PARTS = re.compile(
    r"(?:mce: )?(?:\[Hardware Error\]: |HARDWARE ERROR|MCE: |Machine check: |Kernel panic|EDAC .{0,40}(?:HANDLING|CPU|"
    r"TSC|PROCESSOR))|mce: |TSC |ADDR |MISC |\s*Run the above|This is not a software"
)
_OTHER_CPU = re.compile(r"Machine check events logged")


def read(event: Event, body: Sequence[Record], table: FrameTable) -> int:
    """Read one machine-check record: cpu, bank, status, severity, unit; returns the number of records taken."""
    if not body:
        return 0
    status: int | None = None
    vendor = ""
    named = ""
    end = 1
    first_time = body[0].time
    for index, record in enumerate(body):
        text = record.text[:1000]
        if index and (record.time is not None and first_time is not None and abs(record.time - first_time) > 5):
            break
        bank, amd, bare = _BANK.search(text), _AMD.search(text), _BARE_BANK.match(text)
        if index and not (_PARTS.search(text) or bank or amd or bare):
            if index - end > 2:
                break
            continue
        if "Kernel panic" in text or ((bank or amd or bare) and status is not None):
            break
        if bank:
            event.cpu = int(bank[1])
            event.attributes.setdefault("bank", int(bank[3]))
            status = int(bank[4], 16)
        elif bare:
            event.attributes.setdefault("bank", int(bare[1]))
            status = int(bare[2], 16)
        elif amd:
            event.cpu = int(amd[1]) if amd[1] else event.cpu
            event.attributes.setdefault("bank", int(amd[2]))
            status, vendor = int(amd[4], 16), "2"
        else:
            known = _VENDOR.search(text)
            vendor = vendor or (known[1] if known else "")
            named = named or (amd_unit(text) if vendor == "2" or "Ext. Error Code" in text else "")
            where = _RIP.search(text)
            if where:
                put(event, "pc-function", where[1].partition("+")[0])
            words = _AMD_CLASS.search(text) if status is None else None
            if words:
                name = words[1].lower()
                put(event, "class", "fatal" if "fatal" in name else name)
        end = index + 1
    if status is not None:
        number = event.attributes.get("bank")
        found = decode(status, vendor == "2", number if isinstance(number, int) else -1)
        put(event, "status", f"{status:016x}")
        event.attributes["class"] = found.severity
        # the code speaks of caches also where AMD's memory controller reported; the block that did is named in words
        put(event, "unit", named if named and (found.unit == "unknown" or named == "memory") else found.unit)
    elif named:
        put(event, "unit", named)
    return finish(event, body, end)
