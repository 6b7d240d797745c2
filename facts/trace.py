"""Lines of register blocks and call traces, of all kernel eras and architectures: one line in, one value out.

Sources: arch/*/kernel/{traps,process,dumpstack,stacktrace}.c, lib/dump_stack.c, kernel/panic.c, kernel/module.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from facts.records import Frame

MAX_LINE = 2000  # longer lines are cut before matching

_SYMBOL = r"[A-Za-z_.$][\w.$]{0,250}"
_FRAME = re.compile(
    r"[ \t|]*"
    r"(?P<where>(?:\(?\[<(?: {1,12}inline +|[0-9a-fA-F]{4,16})>\] ?|\[[0-9a-f]{8,16}\] ?){0,2})[ \t]*"
    r"(?P<doubt>\? +)?"
    r"\(?(?P<symbol>" + _SYMBOL + r"|0x[0-9a-f]{1,16}|\(null\))"
    r"(?:(?P<offset>\+0x[0-9a-f]{1,8})(?:/0x[0-9a-f]{1,8})?)?\)?"
    r"(?P<rest>.*)$"
)
_REST = re.compile(
    r"(?: \[(?P<module>[\w-]{1,64})(?: [0-9a-f]{1,40})?\])?\)?(?: \((?:[A-Z]{1,4}|unreliable|P[A-Z]*)\))?"
    r"(?: [\w./+-]{1,200}:\d+(?: \[inline\])?)?(?: \[inline\])?\s*$"
)
_AT = r"[\w./+?-]{1,200}:(?:\d{1,7}|\?)(?: \(discriminator \d{1,5}\))?"
_DECODED = re.compile(  # by scripts/decode_stacktrace.sh: file and line, those of inlined functions too, for the offset
    r"[ \t]*(?:\[<[0-9a-f]{8,16}>\] ?)?(?P<doubt>\? +)?(?P<symbol>" + _SYMBOL + r") "
    r"\(" + _AT + r"(?: " + _AT + r"){0,20}\)(?: \[?(?P<module>[\w-]{1,64})\]?)?\s*$"
)
_ARM = re.compile(
    r"\s*(?:\[<[0-9a-f]{8}>\] ?)?\(?(?P<callee>" + _SYMBOL + r")(?:\+0x[0-9a-f]{1,8}/0x[0-9a-f]{1,8})?"
    r"(?: \[(?P<module1>[\w-]{1,64})\])?\)? from (?:\[<[0-9a-f]{8}>\] ?)?"
    r"\(?(?P<caller>"
    + _SYMBOL
    + r")(?P<offset>\+0x[0-9a-f]{1,8})(?:/0x[0-9a-f]{1,8})?(?: \[(?P<module2>[\w-]{1,64})\])?\)?"
)
_MODULE_FIRST = re.compile(r"(?P<before>[^:]{0,60}>\] ):(?P<module>[\w-]{1,64}):(?P<place>\S{1,300})$")  # 2.6.18
_PC = re.compile(
    r"\s*(?:(?P<x86>RIP|EIP|IP):? *(?:is at )?(?:(?P<cs>[0-9a-f]{4}):)?|"
    r"(?P<arm>PC is at |pc : |pc ?: ?|epc {0,4}: ?|sepc: |\s*era ?: ?|\s*ERA ?: ?|IAOQ\[0\]: |TPC: <)|"
    r"NIP(?: |: +)|(?P<s390>Krnl PSW : ))"
)
_LINK = re.compile(r"\s*(?:LR is at |lr : |ra {0,4}: |LR |RA: |I7: <)")
_ADDRESS = re.compile(r"\[?<?(?:0x)?([0-9a-fA-F]{8,16}|\s{0,12}\(null\))>?\]?(?![\w+])")
_SYMBOL_AT = re.compile(
    r"(?P<symbol>" + _SYMBOL + r")(?P<offset>\+0x[0-9a-f]{1,8})(?:/0x[0-9a-f]{1,8})?"
    r"(?: \[(?P<module>[\w-]{1,64})(?: [0-9a-f]{1,40})?\])?"
)
_HEADER = re.compile(
    r"(?:CPU: (?P<cpu>\d{1,5}) )?(?:UID: \d{1,10} )?(?:PID|Pid): (?P<pid>\d{1,10}),? [Cc]omm: (?P<comm>.{1,64}?)"
    r"(?P<kdump> Kdump: loaded)? (?P<state>Not tainted|Tainted: (?P<flags>[A-Z](?:[A-Z ]{0,60}[A-Z])?)) *"
    r"(?P<release>\(?[\w.][\w.+~-]{2,120})?(?: #\S{1,40} {1,2}(?P<package>Debian \d[\w.+~-]{2,60}))?"
)
_TAINT = re.compile(
    r"\s*(?:Not tainted|Tainted: (?P<flags>[A-Z](?:[A-Z ]{0,60}[A-Z])?)) *(?P<release>\d[\w.+~-]{2,120})?"
    r"(?: #\S{1,40} {1,2}(?P<package>Debian \d[\w.+~-]{2,60}))?"
)
_DASHES = re.compile(r" -[ -]{2,40}(?:T )?(?=\d)")  # Red Hat kernels print them between taint and release
_CPU_ALONE = re.compile(r"CPU:? (\d{1,5}) ?(?:Comm: .{0,60})?$")
_CPU_PID = re.compile(r"CPU: (?P<cpu>\d{1,5}) (?:UID: \d{1,10} )?PID: (?P<pid>\d{1,10})(?: Comm: (?P<comm>\S{1,16}))?")
_REGISTER = re.compile(
    r"(?<![\w:])([A-Za-z][A-Za-z0-9]{0,2}\d?|x\d{1,2}|LR|"
    r"ORIG_RAX) ?: ?(?:[0-9a-f]{4}:)?([0-9a-f]{8}(?:[0-9a-f]{8})?)(?![0-9a-f])"
)
_REGISTER_LINE = re.compile(
    r"\s*(?:R[A-Z0-9]{2}|E[A-Z]{2}|e[a-z]{2}|[xr]\d{1,2}|[astg][0-9p]\d?|sp|fp|ip|lr|pc|epc|ra|tp|CR[0234]|DR[0-7]|"
    r"ORIG_RAX|FS|CS|DS|ES|PKRU) ?: ?"
    r"(?:[0-9a-f]{4}:?|[0-9a-f]{8})"
)
_PPC_REGISTERS = re.compile(r"GPR(\d\d): ((?:[0-9a-f]{8,16} ?){1,8})$")
_S390_REGISTERS = re.compile(r"Krnl GPRS: ((?:[0-9a-f]{16} ?){1,4})$")
_MODULE_TOKEN = re.compile(r"([\w-]{1,64})(?:\(([A-Z+-]{1,12})\))?$")
_UNLOADED = re.compile(r"\[last unloaded: ([\w-]{1,64})")


class Location(NamedTuple):
    """Where an instruction pointer stands."""

    frame: Frame | None  # None: no symbol
    address: int | None  # as printed, where it is
    user: bool  # in user mode: not the place of a kernel fault


class Header(NamedTuple):
    """``CPU: 1 PID: 96 Comm: x Tainted: G W 6.1.0 #1`` in any of its forms."""

    cpu: int | None
    pid: int | None
    comm: str
    taint: str | None  # letters without G and blanks; "" for "Not tainted", None where it is not printed
    release: str
    kdump: bool
    package: str = ""  # what Debian's kernels print after it: "Debian 6.1.55-1"


def base_name(symbol: str) -> str:
    """A function's name without compiler suffix: ``foo.isra.0.cold`` -> ``foo``."""
    cut = symbol.find(".", 1)
    name = symbol if cut < 0 else symbol[:cut]
    return name[1:] if name.startswith(".") and len(name) > 1 else name


def _frame(symbol: str, offset: str | None, module: str | None, reliable: bool, section: str, line: int) -> Frame:
    return Frame(base_name(symbol), (offset or "").lstrip("+"), module, reliable, section, line, symbol)


def _decoded(text: str, line: int, section: str = "") -> Frame | None:
    """The frame of ``function (file:line)``, with or without a module."""
    match = _DECODED.match(text[:MAX_LINE]) if ":" in text and " (" in text else None
    return _frame(match["symbol"], None, match["module"], not match["doubt"], section, line) if match else None


def parse_frames(text: str, line: int = 0, section: str = "") -> tuple[Frame, ...]:
    """Frames of one trace line: none, one, or callee and caller (arm's ``a from b+0x1/0x2``)."""
    if "+0x" not in text:
        if (decoded := _decoded(text, line, section)) is not None:
            return (decoded,)
        if not (text.startswith((" ", "[<", "\t")) and ("inline" in text or ">]" in text or " 0x" in text)):
            return ()
    text = text[:MAX_LINE]
    if ">] :" in text and (old := _MODULE_FIRST.match(text.rstrip())) is not None:
        text = f"{old['before']}{old['place']} [{old['module']}]"
    if " from " in text:
        match = _ARM.match(text)
        if match:
            return (
                _frame(match["callee"], None, match["module1"], True, section, line),
                _frame(match["caller"], match["offset"], match["module2"], True, section, line),
            )
    match = _FRAME.match(text)
    if match is None:
        return ()
    symbol, where, rest = match["symbol"], match["where"], match["rest"]
    if not (match["offset"] or where or "[inline]" in rest or symbol.startswith("0x")):
        return ()
    end = _REST.match(rest)
    if end is None:
        return ()
    if symbol == "(null)":
        symbol = "0x0"
    if symbol.startswith("0x") and not (where or text[:1] in " \t"):
        return ()
    reliable = not match["doubt"] and "(unreliable)" not in rest
    return (_frame(symbol, match["offset"], end["module"], reliable, section, line),)


def parse_location(text: str, line: int = 0) -> Location | None:
    """The instruction pointer of ``RIP: 0010:f+0x1/0x2``, ``PC is at f+..``, ``NIP ..`` ...; None: another line."""
    text = text[:MAX_LINE]
    match = _PC.match(text)
    if match is None:
        return None
    rest = text[match.end() :]
    cs = match["cs"]
    user = bool(cs and int(cs, 16) & 3 == 3 and cs not in ("e033", "e02b")) or bool(
        match["s390"] and rest[:4] in ("0705", "0785")
    )
    if cs == "e033" and "[<ffff" not in rest and "+0x" not in rest:
        user = True
    address: int | None = None
    if match["s390"]:
        words = rest.split()
        if len(words) > 1 and re.fullmatch(r"[0-9a-f]{16}", words[1]):
            address = int(words[1], 16)
    else:
        found = _ADDRESS.search(rest[:60])
        if found:
            digits = found[1].strip()
            address = 0 if digits == "(null)" else int(digits, 16)
    place = _SYMBOL_AT.search(rest[:400])
    if place is None and (decoded := _decoded(rest, line)) is not None:
        return Location(decoded, address, user)
    if place is not None and place["symbol"][:2] != "0x":
        frame = _frame(place["symbol"], place["offset"], place["module"], True, "", line)
        return Location(frame, address, user)
    if address is None:
        bare = re.match(r"(?:0x)?([0-9a-f]{1,16})\b", rest.strip())
        if bare is None:
            return None
        address = int(bare[1], 16)
    elif match["x86"] == "IP" and place is None and "[<" not in rest and "(null)" not in rest:
        return None
    return Location(None, address, user)


def is_link(text: str) -> bool:
    """True for the line of a link register (``lr : f+0x1/0x2``)."""
    return _LINK.match(text) is not None


def parse_link(text: str, line: int = 0) -> Frame | None:
    """The caller named by a link register."""
    match = _LINK.match(text)
    if match is not None and (decoded := _decoded(text[match.end() :], line)) is not None:
        return decoded
    place = _SYMBOL_AT.search(text[match.end() : match.end() + 400]) if match else None
    return _frame(place["symbol"], place["offset"], place["module"], True, "", line) if place else None


def parse_header(text: str) -> Header | None:
    """Who was running, from the header line of a report (2.6 to 7.x), or from the taint line of a hung task."""
    if "--" in text:
        text = _DASHES.sub(" ", text[:MAX_LINE], count=1)
    if "PID: " in text or "Pid: " in text:
        match = _HEADER.search(text[:MAX_LINE])
        if match is not None:
            cpu, flags = match["cpu"], match["flags"]
            taint = (flags or "").replace("G", "").replace(" ", "")
            release = (match["release"] or "").strip("(")
            kdump, package = bool(match["kdump"]), match["package"] or ""
            return Header(int(cpu) if cpu else None, int(match["pid"]), match["comm"], taint, release, kdump, package)
        partial = _CPU_PID.match(text)
        if partial is not None:
            return Header(int(partial["cpu"]), int(partial["pid"]), partial["comm"] or "", None, "", False)
        return None
    if "ainted" in text:
        match = _TAINT.match(text[:MAX_LINE])
        if match is not None:
            taint = (match["flags"] or "").replace("G", "").replace(" ", "")
            return Header(None, None, "", taint, match["release"] or "", False, match["package"] or "")
        return None
    alone = _CPU_ALONE.match(text)
    return Header(int(alone[1]), None, "", None, "", False) if alone else None


def parse_registers(text: str) -> list[tuple[str, int]]:
    """Registers of one line, names in lower case (``rax``, ``x0``, ``cr2``, ``eflags``); empty for other lines."""
    if ":" not in text:
        return []
    text = text[:MAX_LINE]
    match = _PPC_REGISTERS.match(text)
    if match is not None:
        first = int(match[1])
        return [(f"r{first + index}", int(word, 16)) for index, word in enumerate(match[2].split())]
    match = _S390_REGISTERS.match(text)
    if match is not None:
        return [(f"r{index}", int(word, 16)) for index, word in enumerate(match[1].split())]
    if _REGISTER_LINE.match(text) is None:
        return []
    found = [(name.lower(), int(value, 16)) for name, value in _REGISTER.findall(text)]
    flags = re.search(r"EFLAGS: ([0-9a-f]{8})", text)
    if flags:
        found.append(("eflags", int(flags[1], 16)))
    return found


def parse_modules(text: str, into: dict[str, str]) -> str:
    """Add the modules of a ``Modules linked in:`` line (or its continuation); returns the one unloaded last."""
    text = text[: 8 * MAX_LINE]
    unloaded = _UNLOADED.search(text)
    body = text.partition("[last unloaded")[0]
    if body.lstrip().startswith("Modules linked in:"):
        body = body.partition(":")[2]
    for token in body.split():
        match = _MODULE_TOKEN.match(token)
        if match is not None and len(into) < 2000:
            into[match[1]] = match[2] or ""
    return unloaded[1] if unloaded else ""


def continues_modules(text: str) -> bool:
    """True if a line goes on with the module list of the line before."""
    if "[last unloaded" in text:
        return True
    if not text.startswith(" ") or "+0x" in text or ":" in text:
        return False
    tokens = text[:MAX_LINE].split()
    return bool(tokens) and all(re.fullmatch(r"[a-z0-9_]{2,64}(?:\([A-Z+-]{1,12}\))?", token) for token in tokens)
