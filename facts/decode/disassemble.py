"""The instructions of a `Code:` line, and what the failing one did with which pointer.

Uses capstone where it is installed (the extra `decode`); without it only the operand is known, from
facts/decode/instruction.py.  Sources: arch/x86/kernel/dumpstack.c and arch/arm64/kernel/traps.c (how the line is
printed and marked), scripts/decodecode.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from facts.decode.instruction import Operand, operand

BEFORE, AFTER = 4, 2  # instructions shown around the failing one
_X86 = re.compile(r"Code: +((?:[<(]?[0-9a-f]{2}[>)]? ?){1,128})")
_WORDS = re.compile(r"Code: +((?:\(?[0-9a-f]{8}\)? ?){1,16})")
_STRING = re.compile(r"(?:movs|cmps|stos|lods|scas)[bwlq]")  # movsbl, movslq ... are no string instructions
_LONGEST = 15  # bytes of an x86 instruction
_BRANCH = re.compile(r"^((?:j|call|loop)\w* |(?:b|bl|b\.\w\w|cbn?z \w+,|tbn?z \w+, #\w+,) #)(0x[0-9a-f]+|\d+)$")
_engines: dict[str, Any] = {}


class Instruction(NamedTuple):
    offset: int  # bytes from the failing instruction
    data: str  # its bytes (arm64: its word) in hexadecimal
    text: str  # AT&T syntax on x86, as the kernel's tools print it
    failing: bool


class Faulting(NamedTuple):
    """What the failing instruction does.  Registers are named as in the report, in lower case (``rax``, ``x0``)."""

    operand: Operand | None  # its memory operand or divisor
    access: str  # read, write, call, jump, divide, trap, or "" (not known)
    size: int  # bytes read or written; 0: not known
    target: str  # register that is called or jumped to
    text: str  # the instruction, "" where capstone is missing


class Disassembly(NamedTuple):
    faulting: Faulting
    listing: tuple[Instruction, ...]  # around the failing instruction; empty without capstone


def loaded() -> bool:
    """Whether capstone is imported already, so that using it costs little."""
    import sys

    return "capstone" in sys.modules


def disassemble(code: str, arch: str) -> Disassembly | None:
    """Decode a `Code:` line of x86_64, i386 or arm64 (`arch`).

    None: no bytes, no mark, another architecture, or an instruction that nothing here understands.
    """
    code = code[:2000]
    wide = arch in ("x86_64", "")
    if arch == "arm64":
        found = _arm64(code)
    elif wide or arch == "i386":
        found = _x86(code, wide)
    else:
        return None
    if found is not None:
        return found
    plain = operand(code, arch)
    if plain is None:
        return None
    return Disassembly(Faulting(plain, "divide" if plain.divisor else "", 0, "", ""), ())


def _engine(arch: str) -> Any:
    """A capstone decoder, or None where capstone is missing or broken."""
    if arch not in _engines:
        try:
            import capstone

            if arch == "arm64":
                made = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
            else:
                made = capstone.Cs(
                    capstone.CS_ARCH_X86, capstone.CS_MODE_64 if arch == "x86_64" else capstone.CS_MODE_32
                )
                made.syntax = capstone.CS_OPT_SYNTAX_ATT
            made.detail = True
        except (ImportError, OSError, AttributeError, ValueError):
            made = None
        _engines[arch] = made
    return _engines[arch]


# x86


def _bytes(code: str) -> tuple[bytes, int]:
    """The bytes of a line and the index of the marked one (-1: none)."""
    match = _X86.search(code)
    if match is None:
        return b"", -1
    tokens = re.findall(r"[<(]?[0-9a-f]{2}", match[1])
    marked = next((i for i, token in enumerate(tokens) if token[0] in "<("), -1)
    return bytes(int(token.strip("<>()"), 16) for token in tokens), marked


def _x86(code: str, wide: bool) -> Disassembly | None:
    data, marked = _bytes(code)
    engine = _engine("x86_64" if wide else "i386")
    if engine is None or marked < 0:
        return None
    after = list(engine.disasm(data[marked:], 0, AFTER + 1))
    if not after:
        return None
    listing = [_line(one, one.address) for one in _lead(engine, data[:marked])]
    listing += [_line(one, one.address) for one in after]
    return Disassembly(_faulting_x86(after[0], wide), tuple(listing))


def _lead(engine: Any, data: bytes) -> list[Any]:
    """The instructions that end where the failing one begins: of the possible starts the earliest that fits."""
    for start in range(min(len(data), _LONGEST)):
        found = list(engine.disasm(data[start:], start - len(data)))
        if found and sum(one.size for one in found) == len(data) - start:
            return found[-BEFORE:]
    return []


def _line(one: Any, offset: int) -> Instruction:
    offset = offset - (1 << 64) if offset >> 63 else offset
    offset = offset - (1 << 32) if 1 << 31 <= offset < 1 << 32 else offset
    text = _BRANCH.sub(_relative, f"{one.mnemonic} {one.op_str}".strip())
    return Instruction(offset, one.bytes.hex(" ") if len(one.bytes) else "", text, offset == 0)


def _relative(match: re.Match[str]) -> str:
    """The target of a jump as distance from the failing instruction, in which the bytes are counted."""
    value = int(match[2], 0)
    value -= 1 << 64 if value >> 63 else 1 << 32 if 1 << 31 <= value < 1 << 32 else 0
    return f"{match[1]}{value:+#x}"


def _name(engine_item: Any, number: int) -> str:
    """A register as reports name it: the 64-bit name (``r08``), or the 32-bit one of a 32-bit kernel."""
    name = str(engine_item.reg_name(number) or "") if number else ""
    match = re.fullmatch(r"r(\d{1,2})[dwb]?", name)
    if match:
        return f"r{int(match[1]):02d}"
    return "" if name in ("riz", "eiz") else name


def whole(register: str) -> str:
    """The 64-bit register that holds a smaller one of x86: ``ecx`` -> ``rcx``, ``al`` -> ``rax``."""
    match = re.fullmatch(r"e([a-ds]\w)|([a-d])[lhx]|([sd]i|[sb]p)l?", register)
    if match:
        return f"r{match[1] or (f'{match[2]}x' if match[2] else match[3])}"
    return register


def _faulting_x86(one: Any, wide: bool) -> Faulting:
    text = f"{one.mnemonic} {one.op_str}".strip()
    mnemonic = str(one.mnemonic)
    access, size, target, found = "", 0, "", None
    divides = re.fullmatch(r"i?div[bwlq]?", mnemonic) is not None
    memory = [item for item in one.operands if item.type == 3]  # X86_OP_MEM
    bases = [_name(one, item.mem.base) for item in memory]
    if _STRING.fullmatch(mnemonic.split()[-1]) and memory and len(memory) * 2 >= len(one.operands):
        found = Operand("", "", 1, 0, string=" ".join(sorted(set(filter(None, bases)), reverse=True)))
        size = memory[0].size
    elif mnemonic.startswith(("ud", "int3")):
        access = "trap"
    elif mnemonic.startswith(("call", "jmp", "lcall", "ljmp")):
        access = "call" if "call" in mnemonic else "jump"
        if not memory:
            target = next((_name(one, item.reg) for item in one.operands if item.type == 1), "")
    elif divides:
        access = "divide"
        register = next((_name(one, item.reg) for item in one.operands if item.type == 1), "")
        if register:
            found = Operand("", "", 1, 0, divisor=whole(register) if wide else register)
    elif memory and not mnemonic.startswith(("lea", "nop", "prefetch")):
        access = "write" if memory[0].access & 2 or mnemonic.startswith("lock") else "read"
        size = memory[0].size
    if memory and found is None and access and not memory[0].mem.segment:
        part = memory[0].mem
        base, index = _name(one, part.base), _name(one, part.index)
        if wide:  # an address-size prefix gives 32-bit names
            base, index = whole(base), whole(index)
        found = Operand(base, index, part.scale, part.disp, divisor="memory" if divides else "")
        if found.base in ("rip", "eip") or not (found.base or found.second):
            found = None
    return Faulting(found, access, size, target, text)


# arm64


def _arm64(code: str) -> Disassembly | None:
    match = _WORDS.search(code)
    engine = _engine("arm64")
    if match is None or engine is None:
        return None
    words = re.findall(r"\(?[0-9a-f]{8}", match[1])
    marked = next((i for i, word in enumerate(words) if word.startswith("(")), -1)
    if marked < 0:
        return None
    listing = []
    faulting: Faulting | None = None
    for index, word in enumerate(words):
        plain = word.strip("()")
        found = list(engine.disasm(int(plain, 16).to_bytes(4, "little"), (index - marked) * 4 & ((1 << 64) - 1), 1))
        text = _BRANCH.sub(_relative, f"{found[0].mnemonic} {found[0].op_str}".strip()) if found else "(unknown)"
        listing.append(Instruction((index - marked) * 4, plain, text, index == marked))
        if index == marked and found:
            faulting = _faulting_arm64(found[0])
    if faulting is None:
        return None
    return Disassembly(faulting, tuple(listing[max(marked - BEFORE, 0) : marked + AFTER + 1]))


def _faulting_arm64(one: Any) -> Faulting:
    text = f"{one.mnemonic} {one.op_str}".strip()
    mnemonic = str(one.mnemonic)
    access, size, target, found = "", 0, "", None
    memory = [item for item in one.operands if item.type == 3]  # ARM64_OP_MEM
    if mnemonic in ("brk", "udf", "hlt"):
        access = "trap"
    elif mnemonic.startswith(("blr", "br")) and mnemonic not in ("brk",):
        access = "call" if mnemonic.startswith("blr") else "jump"
        target = next((_arm_name(one, item.reg) for item in one.operands if item.type == 1), "")
    elif memory and not mnemonic.startswith(("prfm", "prfum")):
        part = memory[0].mem
        access = "write" if mnemonic.startswith(("st", "cas", "swp")) else "read"
        size = _arm_size(one, mnemonic)
        scale = 1 << memory[0].shift.value if part.index and memory[0].shift.type else 1
        base = _arm_name(one, part.base)
        post = f"[{one.reg_name(part.base)}]," in text  # the offset is added after the access
        found = Operand(base, _arm_name(one, part.index), scale, 0 if post else part.disp)
    return Faulting(found, access, size, target, text)


def _arm_name(one: Any, number: int) -> str:
    """A register as arm64 reports name it: x0 to x29, lr, sp."""
    if not number:
        return ""
    name = str(one.reg_name(number))
    name = f"x{name[1:]}" if re.fullmatch(r"w\d{1,2}", name) else name
    return {"fp": "x29", "x30": "lr"}.get(name, name)


def _arm_size(one: Any, mnemonic: str) -> int:
    if mnemonic.endswith("b"):
        return 1
    if mnemonic.endswith("h"):
        return 2
    if mnemonic.endswith("sw"):
        return 4
    first = next((str(one.reg_name(item.reg)) for item in one.operands if item.type == 1), "")
    size = 4 if first.startswith(("w", "s")) else 16 if first.startswith("q") else 8
    return size * 2 if mnemonic[2:3] == "p" else size
