"""Meaning of a machine-check status word.

Sources: Intel SDM vol. 3 "Machine-Check Architecture", AMD PPR; arch/x86/include/asm/mce.h.
"""

from __future__ import annotations

from typing import NamedTuple

_UC, _PCC = 61, 57
_AMD_DEFERRED = 44


class Decoded(NamedTuple):
    """Severity (`class` of attributes.yaml), part that reported (`unit`), and whether records were lost."""

    severity: str
    unit: str
    overflow: bool
    code: int  # MCACOD


def severity(status: int, amd: bool) -> str:
    """corrected, deferred, uncorrected or fatal."""
    if amd and status >> _AMD_DEFERRED & 1 and not status >> _UC & 1:
        return "deferred"
    if not status >> _UC & 1:
        return "corrected"
    if status >> _PCC & 1:
        return "fatal"
    return "uncorrected"


def unit(code: int) -> str:
    """Part that an error code (MCACOD, low 16 bits) blames."""
    code &= 0xEFFF  # bit 12: filtering
    if code == 0x0400:
        return "internal-timer"
    if code & 0xFF80 == 0x0080:
        return "memory"
    if code & 0xFF00 == 0x0100 or code & 0xFFFC == 0x000C:
        return "cache"
    if code & 0xFFF0 == 0x0010:
        return "tlb"
    if code & 0xF800 == 0x0800:
        return "io" if code & 0x0FFF == 0x0E0B else "bus"
    if code in (0x0001, 0x0002, 0x0003, 0x0004, 0x0005, 0x0006) or code & 0xFC00 == 0x0400:
        return "internal"
    return "unknown"


_AMD_BANKS = (  # words of AMD's decoder (drivers/edac/mce_amd.c) -> unit
    ("unified memory controller", "memory"), ("northbridge", "memory"), ("umc", "memory"), ("l3 cache", "cache"),
    ("l2 cache", "cache"),
    ("data cache", "cache"), ("instruction cache", "cache"), ("bus unit", "bus"), ("load store", "core"),
    ("instruction fetch", "core"),
    ("decode unit", "core"), ("execution unit", "core"), ("floating point", "core"), ("coherent slave", "bus"),
    ("power, interrupts", "internal"),
    ("platform security", "internal"), ("system management", "internal"), ("northbridge io", "io"), ("pcie", "io"),
    ("xgmi", "bus"),
)  # fmt: skip


def amd_unit(text: str) -> str:
    """Part that a line of AMD's decoder names, or ""."""
    lower = text.lower()
    return next((name for words, name in _AMD_BANKS if words in lower), "")


def decode(status: int, amd: bool = False, bank: int = -1) -> Decoded:
    """Decode a status word."""
    code = status & 0xFFFF
    part = unit(code)
    if amd and bank == 4 and status >> 16 & 0x1F == 0x8:
        part = "memory"  # DRAM ECC error found by the northbridge (amd_mce_is_memory_error)
    elif amd and bank >= 15 and code & 0xEF0F == 0x010B:
        part = "unknown"  # L3/GEN: Zen's memory controllers, in the banks after those of the L3, say the same
    return Decoded(severity(status, amd), part, bool(status >> 62 & 1), code)
