"""Gathers the common parts of a report: header, registers, instruction pointer, call trace, module list."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facts.records import Frame, Record
from facts.trace import (
    Header,
    continues_modules,
    is_link,
    parse_frames,
    parse_header,
    parse_link,
    parse_location,
    parse_modules,
    parse_registers,
)

MAX_FRAMES = 4000
FOREIGN_LIMIT = 6  # lines in a row that are no part of a report end it
MAX_NOISE = 200  # so far into a report lines without a time stamp are overlooked if the others have one
TIME_GAP = 15.0  # seconds of silence that end it
BELONGS, BLANK, FOREIGN, END = "belongs", "blank", "foreign", "end"

_MARKER = re.compile(
    r"\s*(?:=*>?\s*)?<(/?)(IRQ|NMI|TASK|SOFTIRQ|EOI|ENTRY_TRAMPOLINE|EOE|#DF|#DB|#MC|#PF|DOUBLEFAULT|hardirq|softirq|"
    r"EXCEPTION)>"
)
_X86_OOPS = re.compile(
    r"(?:^|[:,] )(?:Oops: )?([\w ,#'/().-]{0,120}): ([0-9a-f]{4})(?: ilc:\d)? (?:\[#(\d{1,6})\]|PREEMPT|SMP|KASAN|"
    r"NOPTI|PTI)"
)
_OOPS_NUMBER = re.compile(r"\[#(\d{1,6})\]")
_ERROR_CODE = re.compile(r"#PF: error_code\(0x([0-9a-f]{1,8})\)")
_ACCESS = re.compile(r"#PF: (?:supervisor|user) (read|write|instruction fetch) (?:access )?")
_ESR = re.compile(r"\s*ESR ?[=:] ?(?:0x)?([0-9a-f]{8,16})")
_INTERNAL = re.compile(r"Internal error: (.{1,80}?): ([0-9a-f]{1,16}) \[#(\d{1,6})\]")
_CUT = re.compile(r"[\w :/-]{0,60}: ([0-9a-f]{8,16}) \[#\d")  # the same with its beginning lost
_FAR = re.compile(r"\s*FAR ?[=:] ?(?:0x)?([0-9a-f]{8,16})")
_FAILING = re.compile(r"\s*Failing address: ([0-9a-f]{16})(?: TEID: ([0-9a-f]{16}))?")  # s390, of the page
_CAUSE = re.compile(r"(?:s?cause): ([0-9a-f]{16})")
_BADADDR = re.compile(r"(?:s?badaddr|s?tval): ([0-9a-f]{8,16})")
_CONTINUATION = re.compile(
    r"\s*(?:[0-9a-f]{4,16} ){3,}|\s*(?:[0-9a-f]{2} ){8,}|\s*(?:[0-9a-f]{16}\s*){1,8}$|"
    r"\s*[0-9a-f]{4}: (?:[0-9a-f]{8} ?)+"
)
_NO_PART = re.compile(r"Rebooting in \d|Kernel Offset: |SMP: stopping secondary|Linux version |---\[ end Kernel panic")
_CARRIED = (
    "PGD ", "Mem abort info", "Data abort info", "  EC = ", "  SET = ", "  EA = ", "  FSC = ", "  ISV = ", "  CM = ",
    "  GCS = ", "  TnD = ", "  Xs = ", "Task stack:", "IRQ stack:", "Overflow stack:", "ESR:", "FAR:", "FS: ",
    "CS: ", "DR0", "DR3", "PKRU", "Stack:",
    "Process ", "pstate: ", "pgd = ", "user pgtable", "swapper pgtable", "Exception stack", "Flags: ", "Control: ",
    "Register r", "xPSR", "psr: ", "MSR: ", "CFAR: ", "Instruction dump", "GPR", "status: ", "Krnl", "Failing address",
    "Fault in ", "AS:", "User ", "Last Breaking-Event", "task:", "Thread ", "note: ", "---[ end",
    "Disabling lock debugging",
    "------------[ cut here", "irq event stamp", "hardirqs last", "softirqs last", "Modules linked in",
    "Preemption disabled at",
    "gs ", "Stack from ", "Code Bad", "FAULT_FLAG", "Last user context", "---------", "=========", "IN=",
    "Bad RIP value",
    "*pde", "*pdpt", "RSP <", "CR2: ", "CR0: ", "LR is at", "EFLAGS", "Unable to access opcode", "no locks held",
    "ORIG_RAX",
    "Sched_ext", "Stopper: ", "Workqueue: ", "Hardware name", "Tainted: ", "BE/LE", "LE PAGE_SIZE", "BE PAGE_SIZE",
    "CPU features",
    "Faulting instruction", "Unwind table", "Backtrace", "Call Trace", "Call trace", "Thumb", "last sysfs file",
    "invalid opcode",
    "Dumping ftrace buffer", "(ftrace buffer empty)", "Oops", "Internal error", "CR4", "Modules linked", "KASAN: ",
    "#PF:", "stack segment", "general protection",
    "Mem-Info", "Fixing recursive fault", "BTF", "kworker", "Kernel stack", "Pid: ", "PTE ", "Showing all locks",
    "This frame has", "Comm: ",
)  # fmt: skip


class Block:
    """One CPU's or task's part of a report.  Feed it the messages in order."""

    __slots__ = (
        "_aside",
        "_full",
        "_in_modules",
        "_user",
        "access",
        "code",
        "ended",
        "error_code",
        "esr",
        "fault_address",
        "frames",
        "hardware",
        "header",
        "kasan",
        "lines",
        "link",
        "marks",
        "modules",
        "oops_number",
        "oops_what",
        "overran",
        "pc",
        "pc_address",
        "pc_at",
        "pc_user",
        "registers",
        "section",
        "told_arch",
        "trace_seen",
        "unloaded",
        "work",
        "work_module",
    )  # fmt: skip

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.section = ""
        self.header: Header | None = None
        self.pc: Frame | None = None  # first kernel instruction pointer
        self.pc_address: int | None = None
        self.pc_user = False  # the only instruction pointer so far was one in user mode
        self.pc_at = -1  # index in frames where it stands; -1: before them
        self.link: Frame | None = None
        self.registers: dict[str, int] = {}
        self.modules: dict[str, str] = {}
        self.unloaded = ""
        self.hardware = ""
        self.work = ""
        self.work_module: str | None = None
        self.error_code: int | None = None
        self.access = ""
        self.esr: int | None = None
        self.fault_address: int | None = None
        self.oops_number: int | None = None
        self.oops_what = ""
        self.overran = False  # the thread overran its stack
        self.code = ""
        self.ended = False  # ---[ end trace ]--- was seen
        self.trace_seen = False
        self.kasan = False
        self.told_arch = ""  # by words that only one architecture prints
        self._aside = False  # the next frame tells where preemption was disabled: no part of the trace
        self._in_modules = False
        self._user = False
        self._full = False
        self.marks: list[int] = []  # indices of frames that stand for an interrupted instruction pointer
        self.lines = 0  # lines taken

    def feed(self, record: Record) -> str:
        """Take one message: belongs, blank, foreign, or end (clearly another subject)."""
        text = record.text
        if not text or text.isspace():
            return BLANK
        if self._in_modules:
            if continues_modules(text):
                self.unloaded = parse_modules(text, self.modules) or self.unloaded
                return BELONGS
            self._in_modules = False
        result = self._feed(text, record.line)
        if result is BELONGS:
            self.lines += 1
        return result

    def _feed(self, text: str, line: int) -> str:
        if "+0x" in text or ">]" in text or text[:1] in " \t":
            frames = parse_frames(text, line, "other" if self._aside else self.section)
            if frames:
                self._aside = False
                self._add(frames)
                return BELONGS
        if "<" in text:
            marker = _MARKER.match(text)
            if marker:
                name = marker[2].upper()
                self.section = "" if marker[1] or name in ("TASK", "EOI", "EOE") else name.strip("#")
                if text.rstrip().endswith(marker[0].strip()):
                    return BELONGS
                self._add(parse_frames(text[marker.end() :], line, self.section))
                return BELONGS
        if self._location(text, line):
            return BELONGS
        header = parse_header(text)
        if header is not None:
            self._head(header)
            return BELONGS
        if ":" in text:
            registers = parse_registers(text)
            if registers:
                self._registers(registers)
                return BELONGS
        return self._other(text)

    def _add(self, frames: Sequence[Frame]) -> None:
        self.trace_seen = True
        for frame in frames:
            last = self.frames[-1] if self.frames else None
            if len(self.frames) >= MAX_FRAMES:
                return
            if frame.offset == "" and last is not None and last.function == frame.function and frame.line != last.line:
                continue  # arm names the caller of one line again as callee of the next
            self.frames.append(frame)

    def _location(self, text: str, line: int) -> bool:
        if is_link(text):
            if self.link is None:
                self.link = parse_link(text, line)
            self._registers(parse_registers(text))
            return True
        place = parse_location(text, line)
        if place is None:
            return False
        self._user = place.user
        if self.ended:
            return True
        if place.user:
            if self.pc is None and self.pc_address is None and not self.trace_seen:
                self.pc_user = True
            return True
        if self.trace_seen and place.frame is not None:
            last = self.frames[-1] if self.frames else None
            if last is None or last.function != place.frame.function or last.offset != place.frame.offset:
                self.marks.append(len(self.frames))
                self.frames.append(place.frame._replace(section=self.section))
        if self.pc is None and self.pc_address is None:
            self.pc, self.pc_address = place.frame, place.address
            if self.trace_seen and self.marks:
                self.pc_at = self.marks[-1]
        elif self.pc is None and place.frame is not None and self.pc_address in (None, place.address):
            self.pc = place.frame
        elif self.pc_address == 0:
            pass  # a jump to NULL; old kernels name the first function of the image with a huge offset
        elif self.pc is None and place.frame is not None and text.lstrip().startswith("EIP is at "):
            self.pc = place.frame  # the name to the address of the "EIP: 0060:[<c1061aa0>]" above (32-bit x86)
        self._registers(parse_registers(text))
        return True

    def _head(self, header: Header) -> None:
        old = self.header
        if old is None:
            self.header = header
            return
        if old.pid is not None and header.pid is not None and old.taint is not None:
            return
        self.header = Header(
            old.cpu if old.cpu is not None else header.cpu,
            old.pid if old.pid is not None else header.pid,
            old.comm or header.comm,
            old.taint if old.taint is not None else header.taint,
            old.release or header.release,
            old.kdump or header.kdump,
            old.package or header.package,
        )

    def _registers(self, registers: list[tuple[str, int]]) -> None:
        if self.ended or self._user:
            return
        for name, value in registers:
            self.registers.setdefault(name, value)

    def _other(self, text: str) -> str:
        stripped = text.lstrip()
        if stripped.startswith("Kernel panic - not syncing"):
            # panic_on_warn announces itself before the trace, the panic after an oops behind it
            return END if self.ended or any(f.section != "other" for f in self.frames) else BELONGS
        if _NO_PART.match(stripped):
            return END
        if stripped.startswith("---[ end trace"):
            self.ended = True
            return BELONGS
        if stripped.startswith(("Preemption disabled at", "handlers:")):
            self._aside = stripped[0] == "P"
            self.section = self.section if self._aside else "handlers"
            return BELONGS
        if stripped.startswith("Modules linked in"):
            self.unloaded = parse_modules(text, self.modules) or self.unloaded
            self._in_modules = True
            return BELONGS
        if stripped.startswith("Code:"):
            if not self.code and not self._user and not self.ended:
                self.code = stripped
            return BELONGS
        if stripped.startswith("Hardware name:"):
            self.hardware = self.hardware or stripped[14:].strip()[:200]
            return BELONGS
        if stripped.startswith("Workqueue:"):
            words = stripped.split()
            if len(words) > 2 and not self.work:
                self.work = words[2].partition(".")[0].partition("+")[0]
                if len(words) > 3 and words[3].startswith("["):
                    self.work_module = words[3].strip("[]")
            return BELONGS
        if stripped == "Thread overran stack, or stack corrupted":
            self.overran = True
            return BELONGS
        self._numbers(text)
        if stripped.startswith(_CARRIED) or _OOPS_NUMBER.search(text) or _ESR.match(text) or _CONTINUATION.match(text):
            if stripped.startswith(("Call Trace", "Call trace", "Backtrace")):
                self.trace_seen = True
                self._user = False
            return BELONGS
        return FOREIGN

    def _numbers(self, text: str) -> None:
        if self.ended:
            return
        if "#PF:" in text:
            code, access = _ERROR_CODE.search(text), _ACCESS.search(text)
            if code and self.error_code is None:
                self.error_code = int(code[1], 16)
            if access and not self.access:
                self.access = "execute" if access[1] == "instruction fetch" else access[1]
            return
        if "KASAN" in text:
            self.kasan = True
        internal = _INTERNAL.search(text[:400]) if "Internal error" in text else None
        cut = _CUT.match(text) if " [#" in text and not internal else None
        if cut and self.esr is None:
            self.esr = int(cut[1], 16)
        if internal:
            self.oops_what = self.oops_what or internal[1]
            if len(internal[2]) >= 8 and self.esr is None:
                self.esr = int(internal[2], 16)
            elif self.error_code is None and len(internal[2]) < 8:
                self.error_code = int(internal[2], 16)
                if text.rstrip().endswith((" ARM", " THUMB2")):
                    self.told_arch = "arm"
        elif _X86_OOPS.search(text[:400]):
            found = _X86_OOPS.search(text[:400])
            if found and self.error_code is None:
                self.oops_what = self.oops_what or found[1].strip()
                if " ilc:" in found[0]:
                    self.told_arch = "s390x"  # the number is the interruption code of s390, not that of a page fault
                elif found[1].strip() in ("Oops", "BUG: Oops", "Bad pagetable", ""):
                    self.error_code = int(found[2], 16)
        number = _OOPS_NUMBER.search(text[:400])
        if number and self.oops_number is None:
            self.oops_number = int(number[1])
        esr = _ESR.match(text)
        if esr and self.esr is None:
            self.esr = int(esr[1], 16)
        far = _FAR.match(text)
        if far and self.fault_address is None:
            self.fault_address = int(far[1], 16)
        if "Failing address: " in text and self.fault_address is None:
            self._failing(text)
        if "cause: " in text:
            cause = _CAUSE.search(text)
            if cause and not self.access:
                self.access = {12: "execute", 13: "read", 15: "write", 5: "read", 7: "write", 1: "execute"}.get(
                    int(cause[1], 16), ""
                )
            bad = _BADADDR.search(text)
            if bad and self.fault_address is None:
                self.fault_address = int(bad[1], 16)

    def _failing(self, text: str) -> None:
        found = _FAILING.match(text)
        if found:
            self.fault_address, self.told_arch = int(found[1], 16), "s390x"
            way = int(found[2] or "0", 16) & 0xC00  # store and fetch indication
            self.access = self.access or {0x400: "write", 0x800: "read"}.get(way, "")

    def arch(self) -> str:
        """Architecture, as far as the registers tell: x86_64, i386, arm64, arm, riscv64, ppc64le, s390x or ""."""
        registers = self.registers
        if self.told_arch:
            return self.told_arch
        if "rax" in registers or "rsp" in registers or "rip" in registers:
            return "x86_64"
        if "eax" in registers:
            return "i386"
        if "x0" in registers or "x29" in registers or self.esr is not None:
            return "arm64"
        if "r12" in registers and "r31" in registers:
            return "ppc64le"
        if "a0" in registers:
            return "riscv64"
        if "r0" in registers or "r10" in registers:
            wide = any(value >> 32 for value in registers.values())
            return "s390x" if wide else "arm"
        return ""


def read_block(body: Sequence[Record], start: int, block: Block, limit: int = FOREIGN_LIMIT) -> int:
    """Feed records from `start` on until the report ends; returns the index after the last that belongs."""
    end = start
    foreign = 0
    last_time = body[start - 1].time if 0 < start <= len(body) else None
    for index in range(start, len(body)):
        record = body[index]
        if record.time is not None and last_time is not None and record.time - last_time > TIME_GAP:
            break
        result = block.feed(record)
        if result is END:
            break
        if result is BELONGS:
            end, foreign = index + 1, 0
            if record.time is not None:
                last_time = record.time
        elif result is FOREIGN:
            if record.time is None and body[0].time is not None and index < MAX_NOISE:
                continue  # a console also shows what programs print
            foreign += 1
            if foreign > (limit if block.trace_seen else 4 * limit) or (block.ended and foreign > 1):
                break
    return max(end, start)
