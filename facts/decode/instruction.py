"""The memory operand of the faulting instruction, from the `Code:` line: which register held the pointer.

Sources: arch/x86/kernel/dumpstack.c and arch/arm64/kernel/traps.c (the marked byte or word); Intel SDM vol. 2,
"ModR/M and SIB bytes"; Arm ARM, "Loads and Stores".
"""

from __future__ import annotations

import re
from typing import NamedTuple

_X86_NAMES = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{n:02d}" for n in range(8, 16)))
_ARM_NAMES = (*(f"r{n}" for n in range(11)), "fp", "ip", "sp", "lr", "pc")
_PREFIXES = frozenset((0x66, 0x67, 0xF0, 0xF2, 0xF3, 0x2E, 0x36, 0x3E, 0x26, 0x64, 0x65))
_MAX_BYTES = 128
_FAR = 0xFFF  # how far before NULL the owner of a member may begin
_X86_CODE = re.compile(r"Code: +((?:[0-9a-f]{2} |<[0-9a-f]{2}> ?|\([0-9a-f]{2}\) ?|[0-9a-f]{2}$){1,128})")
_WORDS = re.compile(r"Code: +(?:[0-9a-f]{8} )*\(([0-9a-f]{8})\)")


class Operand(NamedTuple):
    """``displacement(base, index, scale)`` of a memory access, or the register of a division."""

    base: str  # "" for none
    second: str  # index register
    scale: int
    displacement: int
    divisor: str = ""  # register or "memory" that divides, for div and idiv
    width: int = 4  # of the divisor, bytes
    string: str = ""  # registers of a string instruction, blank-separated


def faulting_bytes(text: str) -> bytes:
    """The bytes from the marked one on, of an x86 `Code:` line; empty if there is none."""
    match = _X86_CODE.search(text[:2000])
    if match is None or "<" not in match[1]:
        return b""
    marked = match[1].index("<")
    words = re.findall(r"[0-9a-f]{2}", match[1][marked:])
    return bytes(int(word, 16) for word in words[:_MAX_BYTES])


def _has_modrm(opcode: int, two_byte: bool) -> bool:
    if two_byte:
        return not (
            opcode in (0x05, 0x07, 0x08, 0x09, 0x0B, 0x30, 0x31, 0x32, 0xA2)
            or 0x80 <= opcode <= 0x8F
            or 0xC8 <= opcode <= 0xCF
        )
    if opcode < 0x40:
        return opcode & 7 < 4
    return (
        opcode in (0x63, 0x69, 0x6B, 0xF6, 0xF7, 0xFE, 0xFF, 0xC0, 0xC1, 0xC6, 0xC7)
        or 0x80 <= opcode <= 0x8F
        or 0xD0 <= opcode <= 0xD3
    )


def x86_operand(code: bytes, bits: int = 64) -> Operand | None:
    """Memory operand of the first instruction in `code`, or its divisor; None if it has none or is not understood."""
    at, rex = 0, 0
    while at < len(code) and code[at] in _PREFIXES:
        if code[at] in (0x64, 0x65):
            return None  # per-CPU data
        at += 1
    prefixes = code[:at]
    if bits == 64 and at < len(code) and code[at] & 0xF0 == 0x40:
        rex = code[at]
        at += 1
    if at >= len(code):
        return None
    opcode, two_byte = code[at], False
    at += 1
    if opcode == 0x0F:
        if at >= len(code):
            return None
        opcode, two_byte = code[at], True
        at += 1
        if opcode in (0x38, 0x3A):
            at += 1
    elif opcode in (0xA4, 0xA5, 0xA6, 0xA7):
        return Operand("", "", 1, 0, string="rsi rdi")
    elif opcode in (0xAA, 0xAB, 0xAE, 0xAF):
        return Operand("", "", 1, 0, string="rdi")
    elif opcode in (0xAC, 0xAD):
        return Operand("", "", 1, 0, string="rsi")
    elif not _has_modrm(opcode, False):
        return None
    if (two_byte and not _has_modrm(opcode, True)) or at >= len(code):
        return None
    modrm = code[at]
    at += 1
    mod, reg, rm = modrm >> 6, modrm >> 3 & 7, modrm & 7
    divides = not two_byte and opcode in (0xF6, 0xF7) and reg in (6, 7)
    if mod == 3:
        if not divides or (opcode == 0xF6 and rm >= 4 and not rex):  # the latter: %ah and its like
            return None
        width = 1 if opcode == 0xF6 else 8 if rex & 8 else 2 if 0x66 in prefixes else 4
        return Operand("", "", 1, 0, divisor=_X86_NAMES[rm | (rex & 1) << 3], width=width)
    base, index, scale = _X86_NAMES[rm | (rex & 1) << 3], "", 1
    if rm == 4:
        if at >= len(code):
            return None
        sib = code[at]
        at += 1
        number = sib >> 3 & 7 | (rex & 2) << 2
        index, scale = ("" if number == 4 else _X86_NAMES[number]), 1 << (sib >> 6)
        base = _X86_NAMES[sib & 7 | (rex & 1) << 3]
        if sib & 7 == 5 and mod == 0:
            base = ""
    elif rm == 5 and mod == 0:
        return None  # relative to the instruction pointer
    size = 1 if mod == 1 else 4 if mod == 2 or not base else 0
    raw = code[at : at + size]
    if len(raw) < size:
        return None
    return Operand(base, index, scale, int.from_bytes(raw, "little", signed=True), divisor="memory" if divides else "")


def led_from_null(text: str, register: str, value: int, arch: str) -> bool:
    """True if an instruction before the marked one of a `Code:` line set the register to NULL less a member's offset.

    That is how the kernel gets from a list entry or member to its owner (container_of()): `lea -0x18(%rax),%rbx`,
    `sub $0x18,%rbx`, `sub x0, x1, #24`, with `value` in the register afterwards.
    """
    offset = -value & (1 << 64) - 1
    if not 0 < offset <= _FAR:
        return False
    if arch == "arm64" and register[:1] == "x" and register[1:].isdigit():
        before = re.findall(r"\b[0-9a-f]{8}\b", text[:1000].partition("(")[0])
        wanted = 0xD1000000 | offset << 10 | int(register[1:])  # sub (immediate); the source stands in bits 5 to 9
        return any(int(word, 16) & ~0x3E0 == wanted for word in before)
    if arch not in ("x86_64", "") or register not in _X86_NAMES:
        return False
    match = _X86_CODE.search(text[:2000])
    if match is None or "<" not in match[1]:
        return False
    words = re.findall(r"[0-9a-f]{2}", match[1].partition("<")[0])
    code, number = bytes(int(word, 16) for word in words), _X86_NAMES.index(register)
    low = number & 7
    for at in range(len(code) - 3):
        rex, opcode, modrm = code[at], code[at + 1], code[at + 2]
        if rex & 0xF8 != 0x48:
            continue
        mod, reg, rm = modrm >> 6, modrm >> 3 & 7, modrm & 7
        small = int.from_bytes(code[at + 3 : at + 4], "little", signed=True)
        large = int.from_bytes(code[at + 3 : at + 7], "little", signed=True)
        if opcode == 0x8D and mod in (1, 2) and rm != 4 and (reg | (rex & 4) << 1) == number:  # lea
            change = small if mod == 1 else large
        elif opcode in (0x83, 0x81) and mod == 3 and (rm | (rex & 1) << 3) == number and reg in (0, 5):  # add, sub
            change = (small if opcode == 0x83 else large) * (1 if reg == 0 else -1)
        elif opcode in (0x05, 0x2D) and low == number == 0:  # add, sub of %rax
            change = int.from_bytes(code[at + 2 : at + 6], "little", signed=True) * (1 if opcode == 0x05 else -1)
        else:
            continue
        if change == -offset:
            return True
    return False


def arm64_operand(text: str) -> Operand | None:
    """Base register of the load or store that a `Code:` line of arm64 marks with brackets."""
    match = _WORDS.search(text[:1000])
    if match is None:
        return None
    word = int(match[1], 16)
    if word >> 25 & 0b101 != 0b100 or word >> 24 & 0x3B == 0x18:  # no load or store, or relative to the pc
        return None
    number = word >> 5 & 31
    return Operand("sp" if number == 31 else f"x{number}", "", 1, 0)


def arm_operand(text: str) -> Operand | None:
    """Base register and displacement of the load or store that a `Code:` line of 32-bit Arm marks (no Thumb)."""
    match = _WORDS.search(text[:1000])
    if match is None:
        return None
    word = int(match[1], 16)
    kind, up = word >> 25 & 7, 1 if word >> 23 & 1 else -1
    if kind == 0b010:
        displacement = word & 0xFFF
    elif kind == 0 and word & 0x90 == 0x90 and word & 0x60 and word >> 22 & 1:  # halfword, signed, doubleword
        displacement = word >> 4 & 0xF0 | word & 0xF
    elif kind == 0b100:  # several registers
        displacement = 0
    else:
        return None
    before = kind == 0b100 or word >> 24 & 1  # else the displacement is added after the access
    number = word >> 16 & 15
    return None if number == 15 else Operand(_ARM_NAMES[number], "", 1, up * displacement if before else 0)


def operand(text: str, arch: str) -> Operand | None:
    """Memory operand of the faulting instruction of a `Code:` line."""
    if arch == "arm64":
        return arm64_operand(text)
    if arch == "arm":
        return arm_operand(text)
    if arch in ("x86_64", "i386", ""):
        code = faulting_bytes(text)
        found = x86_operand(code, 32 if arch == "i386" else 64) if code else None
        if found is not None and arch == "i386":
            base, second, divisor = (name.replace("r", "e", 1) for name in (found.base, found.second, found.divisor))
            return found._replace(base=base, second=second, divisor="memory" if found.divisor == "memory" else divisor)
        return found
    return None


def effective_address(found: Operand, registers: dict[str, int]) -> int | None:
    """The address an operand stands for, if all its registers are known."""
    total = found.displacement
    for name, factor in ((found.base, 1), (found.second, found.scale)):
        if name:
            if name not in registers:
                return None
            total += registers[name] * factor
    return total & ((1 << 64) - 1)
