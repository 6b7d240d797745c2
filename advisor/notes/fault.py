"""Oops headers, error codes, registers, fault addresses and the failing instruction."""

from __future__ import annotations

import re

from advisor.notes.common import Scene, sentence
from facts.culprit import EXCEPTIONS
from facts.decode.disassemble import Disassembly, Instruction, disassemble
from facts.decode.faults import POINTER_KINDS
from facts.decode.instruction import Operand
from facts.decode.pointers import TELLING
from facts.records import Record
from facts.trace import is_link, parse_header, parse_location, parse_registers

_PF = re.compile(r"#PF: error_code\(0x([0-9a-f]{1,8})\)")
_OOPS = re.compile(r"(?:Oops|BUG): ?(?:Oops: )?([0-9a-f]{4}) (?:ilc:\d )?\[#(\d{1,6})\]")
_COUNT = re.compile(r"\[#(\d{1,6})\]")
_ESR = re.compile(r"(?:\bESR ?[=:] ?(?:0x)?|Internal error: .{1,80}?: )([0-9a-f]{8,16})\b")
_SYMBOL = re.compile(r"([A-Za-z_.$][\w.$]{0,250})\+0x([0-9a-f]{1,8})/0x([0-9a-f]{1,8})(?: \[([\w-]{1,64}))?")
_CR2 = re.compile(r"\bCR2: ([0-9a-f]{8,16})|\bFAR ?[=:] ?(?:0x)?([0-9a-f]{8,16})|badaddr: ([0-9a-f]{8,16})")
_HEX = re.compile(r"[0-9a-f]{1,16}")
_ALWAYS = frozenset(TELLING) - {"one-bit", "ascii"}  # classes that are telling in any register
_PLAIN = frozenset(("kernel-image", "module-space", "vmalloc", "direct-map", "vmemmap", "other"))
_NO_POINTERS = frozenset((
    "eflags", "fs", "gs", "cs", "ds", "es", "ss", "cr0", "cr2", "cr3", "cr4", "dr0", "dr1", "dr2", "dr3", "dr6", "dr7",
    "orig_rax", "pkr", "rip", "pc",
))  # fmt: skip
_VERBS = {"read": "reads", "write": "writes", "execute": "jumps to", "call": "calls", "jump": "jumps to"}


def header(scene: Scene, record: Record) -> None:
    """`CPU: 1 PID: 2 Comm: x Tainted: ...` and `Hardware name:`."""
    text = record.text[:2000]
    words = scene.words
    if text.lstrip().startswith("Hardware name:"):
        scene.once(record, "line", "hardware")
        return
    found = parse_header(text)
    if found is None or (found.pid is None and found.taint is None) or not scene.first("header"):
        return
    if found.comm:
        role = next((words.get("comm", name) for name in words.keys("comm") if found.comm.startswith(name)), "")
        where = f" on CPU {found.cpu}" if found.cpu is not None else ""
        scene.note(record, f"Task {found.comm} (PID {found.pid}){where} was running{f': {role}' if role else ''}.")
    if found.taint:
        letters = [(c, words.get("taint", c)) for c in dict.fromkeys(found.taint)]
        known = [f"{letter} = {meaning}" for letter, meaning in letters if meaning]
        scene.note(record, sentence("tainted: " + "; ".join(known)), once=f"taint {found.taint}")
    elif found.taint == "":
        said = "Not tainted: only code of this kernel build is loaded, and nothing broke before."
        scene.note(record, said, once="clean")
    if found.kdump:
        scene.note(record, "Kdump is loaded: a dump can be expected.", once="kdump")


def codes(scene: Scene, record: Record) -> None:
    """Page-fault error codes, ESR, and the number of the oops."""
    text = record.text[:1000]
    page = _PF.search(text)
    oops = _OOPS.search(text)
    if page and scene.first("error code"):
        scene.note(record, _page_fault(scene, int(page[1], 16)))
    elif oops and scene.arch in ("x86_64", "i386", "") and not any("#PF: error" in r.text for r in scene.records):
        if scene.first("error code"):
            scene.note(record, _page_fault(scene, int(oops[1], 16)))
    esr = _ESR.search(text)
    if esr and scene.arch in ("arm64", "") and scene.first("esr"):
        scene.note(record, _esr(scene, int(esr[1], 16)))
    count = _COUNT.search(text)
    if count and scene.first("count"):
        if int(count[1]) > 1:
            scene.note(record, f"[#{count[1]}]: {scene.words.get('line', 'later-oops')}")
        else:
            scene.note(record, f"[#1]: {scene.words.get('line', 'first-oops')}")
    if text.startswith("PGD ") or "pgd=" in text[:60]:
        scene.once(record, "line", "page-tables")


def _page_fault(scene: Scene, code: int) -> str:
    words = scene.words
    parts = [words.get("page-fault-set" if code >> bit & 1 else "page-fault-clear", bit) for bit in (0, 1, 2)]
    if code & 0x10:
        parts[1] = words.get("page-fault-set", 4)
    parts += [words.get("page-fault-set", bit) for bit in (3, 5, 6, 15, 31) if code >> bit & 1]
    return sentence(f"error code {code:#x}: " + ", ".join(part for part in parts if part))


def _esr(scene: Scene, value: int) -> str:
    kind, words = value >> 26 & 0x3F, scene.words
    parts = [f"exception class {kind:#04x}: {words.get('esr-class', kind) or 'not known here'}"]
    if kind in (0x20, 0x21, 0x24, 0x25):
        parts.append(words.get("esr-fault", value & 0x3F) or f"fault status {value & 0x3F:#04x}")
    if kind in (0x24, 0x25):
        parts.append("it was a write" if value >> 6 & 1 else "it was a read")
    return sentence("; ".join(parts))


def place(scene: Scene, record: Record) -> None:
    """The instruction pointer."""
    text = record.text[:2000]
    found = parse_location(text, record.line)
    if found is None:
        return
    if found.user:
        scene.note(record, scene.words.get("line", "user-code"), once="user-code")
        scene.memo["user"] = "yes"
        return
    scene.memo.pop("user", None)
    match = _SYMBOL.search(text)
    if match and scene.first("place"):
        at, whole = int(match[2], 16), int(match[3], 16)
        module = f" of module {match[4]}" if match[4] else ""
        spot = "at the very start" if not at else f"{at:#x} ({at}) bytes into it" if at > 9 else f"{at} bytes into it"
        scene.note(record, f"Stopped in {match[1]}{module}, {spot}; the function is {whole} bytes long.")
        scene.once(record, "line", "offset")
    elif "EIP: " in text and found.address is not None and found.address >= 0x80000000:
        return  # 32-bit x86: the name to this address is in the next line
    elif found.frame is None and found.address is not None and scene.first("place"):
        value = scene.looks_like(found.address)
        scene.note(record, f"The address {found.address:#x} is no code: {value}.")
        scene.once(record, "line", "bad-code")


def registers(scene: Scene, record: Record) -> None:
    """Registers that hold something telling, the fault address, and interrupts that are off."""
    text = record.text[:2000]
    if "user" in scene.memo or is_link(text):
        return
    if ":" in text:
        address(scene, record)
    found = parse_registers(text)
    if not found or (scene.block.ended and "ended" in scene.memo):
        return
    used = scene.memo.get("used", "").split()
    for name, value in found:
        if name == "eflags" and not value & 1 << 9 and scene.first("flags"):
            scene.note(record, scene.words.get("line", "interrupts-off"))
        if name in _NO_POINTERS or not scene.first(f"register {name}"):
            continue
        kind = scene.classify(value)
        told = kind in _ALWAYS or (name in used and kind not in _PLAIN)
        if not told and kind in ("one-bit", "ascii", "non-canonical"):
            fault = scene.event.attributes.get("address")
            told = isinstance(fault, str) and bool(_HEX.fullmatch(fault)) and abs(int(fault, 16) - value) < 0x1000
        if told:
            what = scene.looks_like(value).partition(", so ")[0]
            role = " - the failing instruction uses it" if name in used else ""
            what = what if role else what.removesuffix(" used as a pointer")
            scene.note(record, f"{name.upper()} is {what}{role}.")


def address(scene: Scene, record: Record) -> None:
    """The address that could not be used: at the head line in full, at CR2 or FAR in short."""
    known = scene.event.attributes.get("address")
    if not isinstance(known, str) or scene.event.kind not in POINTER_KINDS or not _HEX.fullmatch(known):
        return
    value = int(known, 16)
    if record.line != scene.event.line:
        match = _CR2.search(record.text[:300])
        if match is None or int(match[1] or match[2] or match[3], 16) != value or not scene.first("cr2"):
            return
        name = "CR2" if match[1] else "FAR" if match[2] else "badaddr"
        scene.note(record, f"{name} is the address that failed (see line {scene.event.line}).")
        return
    kind = scene.classify(value)
    if kind == "small-offset":
        said = (
            f"Address {value:#x} is close to 0: the member at offset {value:#x} of a structure whose pointer was NULL, "
            "or an element of an array that does not exist."
        )
    elif kind == "null":
        said = "Address 0 is NULL itself: the first member of a structure, or a call through a pointer not set."
    else:
        said = f"Address {value:#x}: {scene.looks_like(value)}."
    scene.note(record, said)


def code(scene: Scene, record: Record) -> None:
    """The instruction that failed, and what it did with which pointer."""
    text = record.text.lstrip()[:2000]
    if not text.startswith("Code:") or "user" in scene.memo or not scene.first("code"):
        return
    found = disassemble(text, scene.arch)
    if found is None:
        if "Unable to access" in text or "Bad " in text:
            scene.once(record, "line", "bad-code")
        return
    failed = scene.event.kind in EXCEPTIONS
    if found.listing:
        longest = max(len(one.text) for one in found.listing)
        for one in _unpadded(found.listing):
            mark = "-->" if one.failing else "   "
            tail = "  <- here" if one.failing else ""
            scene.note(record, f"{mark} {one.offset:+5d}  {one.text:<{min(longest, 48)}}{tail}".rstrip(), "code")
    else:
        scene.once(record, "line", "code")
    if failed:
        scene.note(record, meaning(scene, found), "head")


def _unpadded(listing: tuple[Instruction, ...]) -> tuple[Instruction, ...]:
    """The listing without the padding between functions in front of the failing instruction."""
    start = next((i for i, one in enumerate(listing) if one.failing or one.text != "int3"), 0)
    return listing[start:]


def used_registers(scene: Scene) -> str:
    """The registers that the failing instruction used for its address, blank-separated."""
    known = scene.block.code and scene.event.kind in EXCEPTIONS
    found = disassemble(scene.block.code, scene.arch) if known else None
    if found is None:
        return ""
    what = found.faulting.operand
    names = [found.faulting.target]
    if what is not None:
        names += [what.base, what.second, what.divisor, *what.string.split()]
    return " ".join(name for name in names if name and name != "memory")


def meaning(scene: Scene, found: Disassembly) -> str:
    """One sentence on the failing instruction; "" where nothing is to be said."""
    done, values = found.faulting, scene.block.registers
    if done.access == "trap":
        return "A trap that the code itself runs into, as BUG() and WARN() do."
    if done.target:
        value = values.get(done.target)
        held = f": it holds {value:#x}, {scene.looks_like(value)}" if value is not None else ""
        return f"{_VERBS[done.access].capitalize()} the function whose address is in {done.target.upper()}{held}."
    what = done.operand
    if what is None:
        return ""
    if what.divisor:
        value = values.get(what.divisor)
        if what.divisor == "memory":
            return "Divides by a number in memory."
        zero = ", which is 0" if value is not None and value & 0xFFFFFFFF == 0 else ""
        return f"Divides by {what.divisor.upper()}{zero}."
    known = scene.event.attributes.get("access")
    access = done.access if done.access in ("call", "jump") else known if isinstance(known, str) else done.access
    verb = _VERBS.get(access, "uses")
    if what.string:
        return _string(scene, what)
    return sentence(_memory(scene, what, verb, done.size if access in ("read", "write") else 0))


def _memory(scene: Scene, what: Operand, verb: str, width: int) -> str:
    values, fault = scene.block.registers, _fault(scene)
    base, index = values.get(what.base), values.get(what.second)
    offset = what.displacement
    if not offset and base is not None and fault is not None and not what.second and scene.arch == "arm64":
        near = fault - base & (1 << 64) - 1
        offset = near if near < 0x4000 else 0  # the small decoder does not read the offset
    name, how = what.base.upper(), f"{width} bytes of " if width > 1 else "1 byte of " if width else ""
    if verb in ("calls", "jumps to"):
        how = "the function named by "
    if base is None:
        return f"{verb} {how}the memory at {name or what.second.upper()}" if name or what.second else ""
    kind = scene.classify(base)
    sign = f"{offset:#x}" if offset >= 0 else f"-{-offset:#x}"
    member = f"what {name} points to, and that"
    if offset:
        member = f"the member at offset {sign} of a structure whose pointer ({name})"
    if kind not in _PLAIN:
        extra = f" plus the index {what.second.upper()}" if what.second else ""
        value = "" if kind == "null" else f"{base:#x}, "
        return f"{verb} {how}{member} is {value}{scene.looks_like(base)}{extra}"
    if index is not None:
        far = "far out of range" if index > 1 << 32 else "out of range"
        product = f"{index:#x}" + (f" times {what.scale}" if what.scale > 1 else "")
        second = what.second.upper()
        return f"{verb} an array element: the base {name} looks sound, so the index {second} ({product}) is {far}"
    if fault is not None and (base + offset - fault) & (1 << 64) - 1 in range(0x40):
        spot = f"{name} {'+' if offset >= 0 else '-'} {abs(offset):#x}" if offset else name
        sound = f"the pointer looks like a kernel address ({scene.looks_like(base)})"
        return f"{verb} {how}the memory at {spot}; {sound}, but this access is not possible there"
    return f"{verb} {how}{member} is {base:#x}, {scene.looks_like(base)}"


def _string(scene: Scene, what: Operand) -> str:
    names = what.string.split()
    parts = []
    for name in names:
        value = scene.block.registers.get(name)
        role = "to" if name.endswith("di") else "from"
        if value is not None:
            kind = scene.classify(value)
            told = f", {scene.looks_like(value)}" if kind not in _PLAIN else ""
            parts.append(f"{role} {name.upper()} ({value:#x}{told})")
    return " ".join(["Copies or compares memory" if len(names) > 1 else "Fills or reads memory", *parts]) + "."


def _fault(scene: Scene) -> int | None:
    known = scene.event.attributes.get("address")
    return int(known, 16) if isinstance(known, str) and _HEX.fullmatch(known) else None
