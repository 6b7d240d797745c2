"""Decoding of `Code:` lines: with capstone, without it, and both alike."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.decode import disassemble as module
from facts.decode.disassemble import Disassembly, disassemble, whole
from facts.decode.instruction import operand

HAVE = importlib.util.find_spec("capstone") is not None
needs_capstone = pytest.mark.skipif(not HAVE, reason="capstone is not installed")


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_engines", dict.fromkeys(("x86_64", "i386", "arm64")))


def decoded(code: str, arch: str) -> Disassembly:
    found = disassemble(code, arch)
    assert found is not None
    return found


@needs_capstone
@pytest.mark.parametrize(
    ("code", "arch", "text", "access", "size"),
    [
        ("Code: 55 <49> 8b 44 24 30 48 85 c0", "x86_64", "movq 0x30(%r12), %rax", "read", 8),
        ("Code: 90 <89> 48 10 c3", "x86_64", "movl %ecx, 0x10(%rax)", "write", 4),
        ("Code: 90 <f0> ff 4f 08", "x86_64", "lock decl 8(%rdi)", "write", 4),
        ("Code: 90 <ff> d0", "x86_64", "callq *%rax", "call", 0),
        ("Code: 90 <ff> 50 18", "x86_64", "callq *0x18(%rax)", "call", 0),
        ("Code: 90 <0f> 0b", "x86_64", "ud2", "trap", 0),
        ("Code: 90 <f7> f1", "x86_64", "divl %ecx", "divide", 0),
        ("Code: 90 <8b> 40 08", "i386", "movl 8(%eax), %eax", "read", 4),
        ("Code: d503201f (f9401422)", "arm64", "ldr x2, [x1, #0x28]", "read", 8),
        ("Code: d503201f (b9000c41)", "arm64", "str w1, [x2, #0xc]", "write", 4),
        ("Code: d503201f (d63f0000)", "arm64", "blr x0", "call", 0),
        ("Code: d503201f (d4210000)", "arm64", "brk #0x800", "trap", 0),
    ],
)
def test_the_failing_instruction(code: str, arch: str, text: str, access: str, size: int) -> None:
    faulting = decoded(code, arch).faulting
    assert (faulting.text, faulting.access, faulting.size) == (text, access, size)


@needs_capstone
def test_the_listing_ends_its_lead_at_the_mark() -> None:
    listing = decoded("Code: ff 53 4c 8b a7 80 02 00 00 48 89 fb <4d> 8b 74 24 58 c3", "x86_64").listing
    assert [one.offset for one in listing if one.failing] == [0]
    before = [one for one in listing if one.offset < 0]
    assert before[-1].text == "movq %rdi, %rbx"
    assert before[-1].offset == -3


@needs_capstone
def test_targets_of_jumps_are_relative() -> None:
    texts = [one.text for one in decoded("Code: <48> 8b 03 75 02 eb f0", "x86_64").listing]
    assert texts[1:] == ["jne +0x7", "jmp -0x9"]


@needs_capstone
@pytest.mark.parametrize(
    ("code", "arch", "register"),
    [
        ("Code: 90 <ff> d0", "x86_64", "rax"),
        ("Code: 90 <41> ff d1", "x86_64", "r09"),
        ("Code: (d63f0000)", "arm64", "x0"),
    ],
)
def test_called_register(code: str, arch: str, register: str) -> None:
    assert decoded(code, arch).faulting.target == register


@needs_capstone
@given(st.binary(min_size=12, max_size=16))
def test_agrees_with_the_small_decoder(data: bytes) -> None:
    code = f"Code: <{data[0]:02x}> {data[1:].hex(' ')}"
    small, large = operand(code, "x86_64"), disassemble(code, "x86_64")
    prefixes = data[: len(data) - len(data.lstrip(bytes((0x66, 0x67, 0xF0, 0xF2, 0xF3, 0x2E, 0x36, 0x3E, 0x26))))]
    if small is None or large is None or not large.listing or large.faulting.operand is None or 0x67 in prefixes:
        return
    found = large.faulting.operand
    if small.divisor not in ("", "memory"):
        return  # the high halves of registers (%ah) have no name in the small decoder
    assert (found.base, found.second, found.displacement) == (small.base, small.second, small.displacement)
    assert found.string == small.string
    assert not found.second or found.scale == small.scale


@needs_capstone
@given(st.integers(0, 31), st.integers(0, 31), st.integers(0, 4095))
def test_agrees_with_the_small_decoder_on_arm64(base: int, target: int, offset: int) -> None:
    code = f"Code: d503201f ({0xF9400000 | offset << 10 | base << 5 | target:08x})"
    small, large = operand(code, "arm64"), decoded(code, "arm64").faulting.operand
    assert small is not None
    assert large is not None
    assert large.displacement == offset * 8
    assert large.base == {"x30": "lr"}.get(small.base, small.base)


@pytest.mark.usefixtures("without")
def test_without_capstone_the_operand_is_known() -> None:
    found = decoded("Code: 55 <49> 8b 44 24 30 48 85 c0", "x86_64")
    assert found.listing == ()
    assert found.faulting.operand is not None
    assert (found.faulting.operand.base, found.faulting.operand.displacement) == ("r12", 0x30)
    assert decoded("Code: (f9401422)", "arm64").faulting.operand is not None
    assert disassemble("Code: 90 <0f> 0b", "x86_64") is None


@pytest.mark.parametrize(
    "code", ["", "Code:", "Code: bad PC value", "Code: Unable to access opcode bytes at 0x0.", "<"]
)
@pytest.mark.parametrize("arch", ["x86_64", "i386", "arm64", "riscv64", ""])
def test_lines_without_code(code: str, arch: str) -> None:
    assert disassemble(code, arch) is None


@given(st.text(max_size=300), st.sampled_from(["x86_64", "i386", "arm64", "arm", ""]))
def test_never_raises(text: str, arch: str) -> None:
    disassemble(f"Code: {text}", arch)


@pytest.mark.parametrize(
    ("part", "register"),
    [("ecx", "rcx"), ("al", "rax"), ("esi", "rsi"), ("bpl", "rbp"), ("rax", "rax"), ("r09", "r09")],
)
def test_whole_registers(part: str, register: str) -> None:
    assert whole(part) == register


def test_reading_a_verdict_does_not_import_capstone() -> None:
    program = "import sys, advisor.work, facts.gather; sys.exit('capstone' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
