"""Facts of a bad memory access: address, kind of access, and what the pointer looks like.

Sources: arch/x86/mm/fault.c (error code bits), arch/x86/include/asm/trap_pf.h, arch/arm64/include/asm/esr.h.
"""

from __future__ import annotations

import re

from facts.decode.instruction import Operand, effective_address, faulting_bytes, led_from_null, operand
from facts.decode.pointers import BITS_32, FLAT, TELLING, before_null, classify, is_wide, translate
from facts.records import Event
from facts.reports.block import Block

POINTER_KINDS = frozenset((
    "null-pointer-dereference", "invalid-paging-request", "general-protection-fault", "user-memory-access",
    "nx-execution", "stack-overflow",
    "vmalloc-fault", "serror", "oops-unclassified", "double-fault", "cfi-failure",
))  # fmt: skip
_ADDRESS = re.compile(
    r"(?:dereference at|request at|access at|memory at|address:?|address(?: is)?|fault at|access on \w+ at|on (?:read|"
    r"write) at|TEID|at virtual address|for address|"
    r"user page|NULL pointer dereference|dereference,) (?:virtual address )?\(?(?:0x)?([0-9a-f]{4,16}|\(?null\)?)"
)
UD2 = b"\x0f\x0b"  # BUG(), WARN() and __builtin_trap() on x86 (arch/x86/include/asm/bug.h)
_MASK = (1 << 64) - 1
_SMALL = PAGE = 0x1000
_LOW_USER = 0x100000  # programs of 64 bits begin far above
_LOWEST = 0x10000  # no program maps anything lower (vm.mmap_min_addr, pages of 64 KiB): an offset from NULL


def fill_fault(event: Event, block: Block) -> None:
    """Fill what the fault tells.

    address, address-class, pointer-class, access, protection, reserved-bit, bad-pc, one-bit, divisor-zero,
    instruction, page-start.
    """
    if event.kind == "divide-error":
        _divisor(event, block)
        return
    if event.kind == "invalid-opcode" and _bad_pc(block, None, event):
        event.attributes.setdefault("bad-pc", True)
        event.attributes.setdefault("address", f"{block.pc_address or 0:016x}")
    elif event.kind == "invalid-opcode" and (marked := faulting_bytes(block.code)):
        event.attributes.setdefault("instruction", "trap" if marked[:2] == UD2 else "other")
    if event.kind not in POINTER_KINDS:
        return
    _access(event, block)
    address = _address(event, block)
    if address is None and block.pc is None and event.attributes.get("access") == "execute":
        address = block.pc_address  # an instruction fetch fails at the instruction pointer
    arch, registers = _told(event.text), block.registers
    arch = arch if arch in FLAT else block.arch() or arch
    if arch in BITS_32:
        event.attributes.setdefault("narrow", True)
    wide = is_wide(arch, registers)
    kasan = block.kasan or "KASAN" in event.text
    if address is not None:
        event.attributes["address"] = (
            f"{translate(address, arch, kasan):016x}" if arch not in BITS_32 else f"{address:08x}"
        )
        event.attributes.setdefault("address-class", classify(address, arch, wide, kasan))
    low = (
        address is not None
        and 0 < address < _LOWEST
        and event.kind != "user-memory-access"
        and event.attributes.get("protection") is not True  # a page that is mapped: SMAP stopped the access
    )
    if low and event.attributes.get("address-class") == "user":
        event.attributes["address-class"] = "small-offset"
    if address is not None and address >= _LOW_USER and address % PAGE == 0:
        event.attributes.setdefault("page-start", True)
    bad_pc = _bad_pc(block, address, event)
    if block.pc is not None or block.pc_address is not None:
        event.attributes.setdefault("bad-pc", bad_pc)
    if bad_pc and "access" not in event.attributes and event.kind != "double-fault":
        event.attributes["access"] = "execute"
    if bad_pc and block.pc_address is not None and address is None:
        address = block.pc_address
    stack = registers.get("rsp", registers.get("sp", 0))
    if event.kind == "stack-overflow" and address is not None and stack and abs(address - stack) < 0x100000:
        # only stacks in vmalloc space have a guard page
        event.attributes["address-class"] = event.attributes["pointer-class"] = "vmalloc"
        return
    decoded = operand(block.code, arch) if block.code else None
    used = None if bad_pc else decoded
    chosen = pointer_class(address, registers, arch, used, wide, kasan)
    if chosen == "error-pointer" and address is not None and _owner_of_null(address, registers, used, block.code, arch):
        chosen = "small-offset"
    if low and chosen == "user":
        chosen = "small-offset"
    mapped = event.attributes.get("problem") in ("rmp", "alignment")  # the address may be good
    if (event.kind == "serror" or mapped) and chosen not in TELLING:
        return
    if event.attributes.get("problem") == "tail" and chosen == "user":
        for name in ("address", "address-class"):  # CR2 of an older fault, as likely as not
            event.attributes.pop(name, None)
        return
    if chosen:
        if chosen == "user" and address is not None and address < _LOW_USER and arch not in BITS_32 | {""}:
            event.attributes.setdefault("small-number", True)
        if event.kind == "invalid-paging-request" and chosen == "user" and _bit_over_null(address, registers, arch):
            event.attributes.setdefault("one-bit", True)
        if chosen == "small-offset" and _odd(registers, decoded):
            event.attributes.setdefault("small-number", True)
        event.attributes.setdefault("pointer-class", chosen)
        if chosen == "one-bit":
            event.attributes.setdefault("one-bit", True)


def _bit_over_null(address: int | None, registers: dict[str, int], arch: str) -> bool:
    """Whether the pointer in use is NULL but for one high bit (64 bits only: elsewhere programs lie there)."""
    if address is None or arch in BITS_32 | {""}:
        return False
    return any(
        value.bit_count() == 1 and value >= _HIGH_BIT and _explains(address, value, arch)
        for name, value in registers.items()
        if name not in _NOT_POINTERS
    )


_HIGH_BIT = 1 << 26  # lower ones are the usual places of small programs (0x400000) and of low mappings
_ARM = re.compile(
    r"at virtual address [0-9a-f]{8}(?![0-9a-f])|^Unhandled (?:fault|prefetch abort): .{1,120} at 0x[0-9a-f]{8}$"
)
_ARM64 = re.compile(  # its linear map from ffff0000..., its programs up to 0000ffff...
    r"(?:unreadable|read-only|non-executable) memory at virtual address [0-9a-f]{16}|"
    r"Unhandled fault(?:: level \d .{1,60}\))? at 0x[0-9a-f]{16}|"
    r"paging request at virtual address (?:ffff[0-7]|0000[89a-f])"
)
_POWER = re.compile(
    r"paging request for (?:data|unaligned access|unknown fault) at address 0x[0-9a-f]{16}|"
    r"Unable to handle (?:kernel (?:data|unaligned) access|unknown paging fault).{0,20} at 0x[0-9a-f]{16}"
)


def _told(text: str) -> str:
    """The architecture, if the head line tells: by its words, or one of 32 bits by an address of eight digits."""
    if re.search(r"(?:Kernel Fault|Page fault: (?:bad address|no context)): Code=", text[:300]):
        return "parisc"
    wide = re.search(r"at virtual address [0-9a-f]{16}, (epc|era) ==", text[:300])
    if wide:
        return "mips64" if wide[1] == "epc" else "loongarch64"
    if re.search(r"\b(?:ERA: |era == )9", text[:300]):
        return "loongarch64"
    if _ARM64.search(text[:300]):
        return "arm64"
    if _POWER.search(text[:300]):
        return "ppc64le"
    return "arm" if _ARM.search(text[:300]) else ""


def _divisor(event: Event, block: Block) -> None:
    found = operand(block.code, block.arch()) if block.code else None
    if found is not None and found.divisor and found.divisor != "memory":
        value = block.registers.get(found.divisor)
        if value is not None:
            zero = value & (1 << 8 * found.width) - 1 == 0
            event.attributes.setdefault("divisor-zero", zero)
            if not zero:
                event.attributes.setdefault("quotient-overflow", True)


def _access(event: Event, block: Block) -> None:
    access = block.access
    protection: bool | None = None
    code = block.error_code
    if block.esr is not None:
        kind, status = block.esr >> 26 & 0x3F, block.esr & 0x3F
        if kind in (0x20, 0x21):
            access = access or "execute"
        elif kind in (0x24, 0x25):
            access = access or ("write" if block.esr >> 6 & 1 else "read")
        if kind in (0x20, 0x21, 0x24, 0x25):
            protection = 0x0C <= status <= 0x0F
        if kind in (0x24, 0x25) and status == 0x21:  # of a mapped page, such as a device's
            event.attributes.setdefault("problem", "alignment")
    elif code is not None and block.arch() in ("x86_64", "i386", "") and event.kind != "general-protection-fault":
        access = access or ("execute" if code & 0x10 else "write" if code & 2 else "read")
        protection = bool(code & 1)
        event.attributes.setdefault("reserved-bit", bool(code & 8))
        if code >> 31 & 1:  # SEV-SNP: the page is a guest's
            event.attributes.setdefault("problem", "rmp")
    elif code is not None and block.arch() == "arm":
        access = access or ("write" if code & 0x800 else "read")
        # fault status of arch/arm/mm/fsr-2level.c and, with bit 9, fsr-3level.c: permission faults
        protection = 0x0C <= code & 0x3F <= 0x0F if code & 0x200 else code & 0x40F in (0x0D, 0x0F)
    if not access:
        words = re.search(r"(?:on|when|to) (read|write|execute|exec)\b", event.text)
        if words:
            access = "execute" if words[1].startswith("exec") else words[1]
        elif "instruction fetch" in event.text:
            access = "execute"
    if access:
        event.attributes.setdefault("access", access)
    if protection is not None:
        event.attributes.setdefault("protection", protection)


def _address(event: Event, block: Block) -> int | None:
    known = event.attributes.get("address")
    text = known if isinstance(known, str) else ""
    if not text:
        match = _ADDRESS.search(event.text[:600])
        text = match[1] if match else ""
    text = text.strip("() ").lower().removeprefix("0x")
    if "null" in text:
        return 0
    if re.fullmatch(r"[0-9a-f]{1,16}", text):
        return int(text, 16)
    if block.fault_address is not None:
        return block.fault_address
    if event.kind in ("general-protection-fault", "double-fault"):
        return None
    return block.registers.get("cr2")


def _bad_pc(block: Block, address: int | None, event: Event) -> bool:
    if block.pc is not None:
        return (
            bool(address is not None and block.pc_address == address and address)
            and event.attributes.get("access") == "execute"
        )
    if block.pc_address is None:
        return False
    if address is not None and address == block.pc_address:
        return True
    kind = classify(block.pc_address, block.arch())
    return kind not in ("kernel-image", "module-space", "vmalloc", "direct-map", "other")


def _owner_of_null(address: int, registers: dict[str, int], used: Operand | None, code: str, arch: str) -> bool:
    """True if a value among the last 4095 is no error code but NULL less the offset of a member (container_of)."""
    base = used.base if used is not None and not used.second else ""
    value = registers.get(base)
    if value is not None and led_from_null(code, base, value, arch):
        return True
    if arch in BITS_32 | {"parisc"} or arch.startswith(("mips", "alpha")):
        return False
    return address % 8 == 0 and before_null(address if value is None else value)


def _odd(registers: dict[str, int], used: Operand | None) -> bool:
    """True if the register that should hold a pointer holds a small odd number: neither NULL nor a member of it."""
    if used is None or used.string or used.second or used.displacement == 0:
        return False
    value = registers.get(used.base)
    return value is not None and 0 < value < _SMALL and value % 2 == 1


def pointer_class(
    address: int | None,
    registers: dict[str, int],
    arch: str,
    used: Operand | None,
    wide: bool = False,
    kasan: bool = False,
) -> str:
    """Class of the most telling value among the fault address and the register the instruction used; "" if none."""

    def kind_of(value: int) -> str:
        return classify(value, arch, wide, kasan)

    if used is not None:
        if address is None:
            address = effective_address(used, registers)
        names = [used.base, used.second] if not used.string else used.string.split()
        values = [registers[name] for name in names if name in registers]
        kinds = [kind_of(value) for value in values]
        if address is not None:
            own = kind_of(address)
            for value, kind in zip(values, kinds, strict=True):
                if kind in TELLING and _explains(address, value, arch):
                    return kind
                if kind == "null" and own in ("small-offset", "error-pointer", "all-ones") and not used.second:
                    return "small-offset" if used.displacement or own == "small-offset" else "null"
            return own
        telling = [kind for kind in kinds if kind in TELLING]
        if telling:
            return min(telling, key=TELLING.index)
        odd = [kind for kind in kinds if kind == "non-canonical"]
        if odd:
            return odd[0]
    if address is not None:
        own = kind_of(address)
        if own in TELLING or own in ("null", "small-offset"):
            return own
        if arch == "arm64" and address >> 56 == 0 and address >> 48:
            address |= address >> 48 << 56  # without the tag byte that the kernel leaves out
        for value in registers.values():
            kind = kind_of(value)
            if kind in TELLING and kind not in ("one-bit", "ascii") and _explains(address, value, arch):
                return kind
        return own
    kinds = [kind_of(value) for name, value in registers.items() if name not in _NOT_POINTERS]
    telling = [
        kind
        for kind in kinds
        if kind in TELLING and kind not in ("error-pointer", "ascii", "one-bit", "redzone", "init-poison")
    ]
    if telling:
        return min(telling, key=TELLING.index)
    return next((kind for kind in ("one-bit", "ascii", "non-canonical") if kind in kinds), "")


_NOT_POINTERS = frozenset(
    (
        "eflags",
        "fs",
        "gs",
        "cs",
        "ds",
        "es",
        "ss",
        "cr0",
        "cr2",
        "cr3",
        "cr4",
        "dr0",
        "dr1",
        "dr2",
        "dr3",
        "dr6",
        "dr7",
        "orig_rax",
        "pkr",
    )
)


def _explains(address: int, value: int, arch: str) -> bool:
    """True if the address is the value plus the offset of a member."""
    mask = 0xFFFFFFFF if arch in BITS_32 else _MASK
    return (address - value + 0x100) & mask < _SMALL * 4
