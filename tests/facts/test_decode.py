from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.work import Work
from facts.decode.faults import pointer_class
from facts.decode.instruction import (
    arm64_operand,
    effective_address,
    faulting_bytes,
    led_from_null,
    operand,
    x86_operand,
)
from facts.decode.mce import decode
from facts.decode.pointers import classify, is_wide

CLASSES = {
    "null",
    "small-offset",
    "error-pointer",
    "all-ones",
    "freed-poison",
    "allocated-poison",
    "list-poison",
    "redzone",
    "init-poison",
    "user",
    "non-canonical",
    "ascii",
    "kernel-image",
    "module-space",
    "vmalloc",
    "direct-map",
    "vmemmap",
    "one-bit",
    "other",
}


@pytest.mark.parametrize(
    ("value", "arch", "kind"),
    [
        (0, "x86_64", "null"),
        (0x38, "x86_64", "small-offset"),
        (0xFFFFFFFFFFFFFFED, "x86_64", "error-pointer"),
        (0xFFFFFFFFFFFFFFFF, "x86_64", "all-ones"),
        (0x6B6B6B6B6B6B6B6B, "x86_64", "freed-poison"),
        (0x6B6B6B6B6B6B6D13, "x86_64", "freed-poison"),
        (0x5A5A5A5A5A5A5A5A, "x86_64", "allocated-poison"),
        (0xDEAD000000000100, "x86_64", "list-poison"),
        (0xDEAD000000000122 + 8, "arm64", "list-poison"),
        (0xDEAD000000200200, "x86_64", "list-poison"),
        (0xDEAD000000100100 + 8, "x86_64", "list-poison"),
        (0xDEAD000000180000, "x86_64", "non-canonical"),
        (0x5DEADBEEF0000122 + 8, "ppc64le", "list-poison"),
        (0x5DEADBEEF0200200, "ppc64le", "list-poison"),
        (0x00200200, "i386", "list-poison"),
        (0xDFFFFC0000000000, "x86_64", "null"),
        (0xDFFFFC0000000007, "x86_64", "small-offset"),
        (0xDFFF800000000003, "arm64", "small-offset"),
        (0x00007F1234567890, "x86_64", "user"),
        (0xFFFF888012345678, "x86_64", "direct-map"),
        (0xFFFFC90000123000, "x86_64", "vmalloc"),
        (0xFFFFEA0000123000, "x86_64", "vmemmap"),
        (0xFFFFFFFF81234567, "x86_64", "kernel-image"),
        (0xFFFFFFFFC0123456, "x86_64", "module-space"),
        (0xFFFB888012345678, "x86_64", "one-bit"),
        (0xFBFF888012345678, "x86_64", "one-bit"),
        (0x6B6B6B6A6B6B6B6B, "x86_64", "one-bit"),
        (0x1234567812345678, "x86_64", "non-canonical"),
        (0x6F636D6120796C70, "x86_64", "ascii"),
        (0x006B6B6B6B6B6D13, "arm64", "freed-poison"),
        (0xFFFF000012345678, "arm64", "direct-map"),
        (0xFFFF800012345678, "arm64", "vmalloc"),
        (0xFFFFFFD812345678, "riscv64", "direct-map"),
        (0xFFFF8F8000012345, "riscv64", "vmalloc"),
        (0xFF60000001234567, "riscv64", "direct-map"),
        (0xFFFEAF8012345678, "riscv64", "one-bit"),
        (0x0000003FB5A2C000, "riscv64", "user"),
        (0xC008000012340000, "ppc64le", "vmalloc"),
        (0xC000000001234567, "ppc64le", "direct-map"),
        (0x00000100, "arm", "list-poison"),
        (0x122, "mips64", "list-poison"),
        (0x100 + 8, "loongarch64", "list-poison"),
        (0x104, "mips64", "small-offset"),
        (0x122, "x86_64", "small-offset"),
        (0x6B6B6B83, "i386", "freed-poison"),
        (0xC1234567, "i386", "direct-map"),
        (0xBF001234, "arm", "module-space"),
    ],
)
def test_classes(value: int, arch: str, kind: str) -> None:
    assert classify(value, arch) == kind


def test_five_level_tables() -> None:
    assert classify(0xFF113E5F41E03600, "x86_64", wide=True) == "direct-map"
    assert classify(0xFF113E5F41E03600, "x86_64") == "non-canonical"


def test_more_address_bits_elsewhere() -> None:
    assert classify(0xFFF0000012345678, "arm64", wide=True) == "direct-map"
    assert classify(0xFFF0000012345678, "arm64") == "non-canonical"
    assert classify(0xFFFF800012345678, "arm64", wide=True) == "vmalloc"
    assert classify(0xFF20000012345678, "riscv64", wide=True) == "vmalloc"
    assert classify(0xFF60000012345678, "riscv64", wide=True) == "direct-map"
    assert is_wide("arm64", {"x0": 0xFFF0000012345678, "x8": 0xFFF0000000042000})
    assert not is_wide("arm64", {"x0": 0xFFF0000012345678, "x8": 0xFFFF000000042000})
    assert not is_wide("s390x", {"r1": 0xFFF0000012345678, "r2": 0xFFF0000000042000})


def test_kasan_shadow_of_poison_needs_kasan() -> None:
    shadow = 0xDFFFFC0000000000 + (0x6B6B6B6B6B6B6B6B >> 3)
    assert classify(shadow, "x86_64", kasan=True) == "freed-poison"


def test_kasan_shadow_of_an_error_code() -> None:
    shadow = 0xDFFFFC0000000000 + (0xFFFFFFFFFFFFFFF4 >> 3)
    assert shadow == 0xFFFFFBFFFFFFFFFE
    assert classify(shadow, "x86_64", kasan=True) == "error-pointer"
    assert classify(shadow, "x86_64") != "error-pointer"


@given(
    st.integers(0, 2**64 - 1),
    st.sampled_from(["", "x86_64", "i386", "arm64", "arm", "riscv64", "ppc64le", "s390x"]),
    st.booleans(),
)
def test_always_a_class(value: int, arch: str, flag: bool) -> None:
    assert classify(value, arch, flag, flag) in CLASSES


@pytest.mark.parametrize(
    ("code", "base", "second", "displacement"),
    [
        ("48 8b 00", "rax", "", 0),
        ("48 8b 47 38", "rdi", "", 0x38),
        ("03 86 a8 01 00 00", "rsi", "", 0x1A8),
        ("80 3c 02 00", "rdx", "rax", 0),
        ("42 80 3c 20 00", "rax", "r12", 0),
        ("41 8b 5d f8", "r13", "", -8),
        ("0f b6 04 02", "rdx", "rax", 0),
    ],
)
def test_x86_operands(code: str, base: str, second: str, displacement: int) -> None:
    found = x86_operand(bytes.fromhex(code))
    assert found is not None
    assert (found.base, found.second, found.displacement) == (base, second, displacement)


@pytest.mark.parametrize(
    ("code", "divisor", "width"),
    [
        ("<f7> f1 c3", "rcx", 4),  # div %ecx
        ("<48> f7 f1 c3", "rcx", 8),  # div %rcx
        ("<49> f7 f8 c3", "r08", 8),  # idiv %r8
        ("<66> f7 f1 c3", "rcx", 2),  # div %cx
        ("<f6> f1 c3", "rcx", 1),  # div %cl
    ],
)
def test_divisor(code: str, divisor: str, width: int) -> None:
    found = operand(f"Code: 89 f8 31 d2 {code}", "x86_64")
    assert found is not None
    assert (found.divisor, found.width) == (divisor, width)


def test_the_high_byte_of_a_register_is_not_named() -> None:
    assert operand("Code: 31 d2 <f6> f5 c3", "x86_64") is None  # div %ch


@pytest.mark.parametrize(
    ("word", "base", "displacement"),
    [
        ("e5953018", "r5", 24),  # ldr r3, [r5, #24]
        ("e5103004", "r0", -4),  # ldr r3, [r0, #-4]
        ("e4913004", "r1", 0),  # ldr r3, [r1], #4
        ("e1d430b2", "r4", 2),  # ldrh r3, [r4, #2]
        ("e8bd8070", "sp", 0),  # pop {r4, r5, r6, pc}
        ("e59f3018", None, 0),  # ldr r3, [pc, #24]
        ("ebfff649", None, 0),  # bl
    ],
)
def test_operand_of_arm(word: str, base: str | None, displacement: int) -> None:
    found = operand(f"Code: e92d4038 e1a05000 ({word})", "arm")
    assert (found and (found.base, found.displacement)) == (base and (base, displacement))


def test_code_line() -> None:
    assert faulting_bytes("Code: 00 01 <48> 8b 00 c3") == bytes.fromhex("488b00c3")
    assert faulting_bytes("Code: Bad RIP value.") == b""
    found = arm64_operand("Code: aa0003f3 97932e41 (f9400400) d65f03c0")
    assert found is not None
    assert found.base == "x0"
    assert arm64_operand("Code: bad PC value") is None


@given(st.binary(max_size=20))
def test_any_bytes(code: bytes) -> None:
    found = x86_operand(code)
    if found is not None:
        effective_address(found, {"rax": 2**64 - 1})


def test_pointer_class_prefers_the_register_used() -> None:
    used = x86_operand(bytes.fromhex("488b4738"))  # mov 0x38(%rdi),%rax
    error = {"rdi": 0xFFFFFFFFFFFFFFED, "rbx": 0}
    assert pointer_class(0x25, error, "x86_64", used) == "error-pointer"
    assert pointer_class(0x38, {"rdi": 0, "rbx": 0x6B6B6B6B6B6B6B6B}, "x86_64", used) == "small-offset"
    assert pointer_class(None, {"rdi": 0x6B6B6B6B6B6B6B6B}, "x86_64", used) == "freed-poison"
    load = arm64_operand("Code: aa0003f3 (f9400c00)")  # ldr x0, [x0, #24]: the displacement is not decoded
    assert pointer_class(0x18, {"x0": 0}, "arm64", load) == "small-offset"
    assert pointer_class(0, {"x0": 0}, "arm64", load) == "null"


def test_pointer_class_without_the_instruction() -> None:
    assert pointer_class(0x38, {"rbx": 0x6B6B6B6B6B6B6B6B}, "x86_64", None) == "small-offset"
    assert pointer_class(None, {"rbx": 0xDEAD000000000122, "rcx": 5}, "x86_64", None) == "list-poison"
    assert pointer_class(0xFFFFFFFFFFFFFFED, {}, "x86_64", None) == "error-pointer"
    assert pointer_class(None, {}, "x86_64", None) == ""


@pytest.mark.parametrize(
    ("status", "amd", "severity", "unit"),
    [
        (0x9C00004000010090, False, "corrected", "memory"),
        (0xBE00000000800400, False, "fatal", "internal-timer"),
        (0xBD80000000100134, False, "uncorrected", "cache"),
        (0xF200000000000E0B, False, "fatal", "io"),
        (0x9000100000000011, True, "deferred", "tlb"),
        (0xB200000000000005, False, "fatal", "internal"),
    ],
)
def test_machine_check_status(status: int, amd: bool, severity: str, unit: str) -> None:
    found = decode(status, amd)
    assert (found.severity, found.unit) == (severity, unit)


@pytest.mark.parametrize(
    ("code", "instruction", "first"),
    [
        ("Code: 48 89 df e8 11 22 33 44 <0f> 0b 48 8b 03", "trap", "assertion-failure"),  # ud2
        ("Code: 48 89 df e8 11 22 33 44 <0f> ff 48 8b 03", "other", "wild-pointer"),
        ("", None, "assertion-failure"),
    ],
)
def test_an_instruction_that_traps_on_purpose(whole: Work, code: str, instruction: str | None, first: str) -> None:
    log = f"""\
[   90.000001] invalid opcode: 0000 [#1] PREEMPT SMP NOPTI
[   90.000002] CPU: 1 PID: 9 Comm: rated Not tainted 6.8.1 #1
[   90.000003] RIP: 0010:rate_of+0x12/0x40
[   90.000004] {code}
[   90.000005] RSP: 0018:ffffc90000123e50 EFLAGS: 00010246
[   90.000007] Call Trace:
[   90.000008]  rate_update+0x31/0x80
"""
    diagnosis = whole.diagnose(whole.gatherer.gather("x", {}, [("log", log)]))
    assert [event.get("instruction") for event in diagnosis.memory.events if event["root"]] == [instruction]
    assert diagnosis.ranking.mechanisms()[0].cause == first


@pytest.mark.parametrize(
    ("code", "rcx", "zero"),
    [
        ("<f7> f1", "0000000100000000", True),  # div %ecx: the upper half does not count
        ("<48> f7 f1", "0000000100000000", False),  # div %rcx
        ("<48> f7 f1", "0000000000000000", True),
    ],
)
def test_the_divisor_is_judged_by_its_width(whole: Work, code: str, rcx: str, zero: bool) -> None:
    log = f"""\
[   90.000001] divide error: 0000 [#1] PREEMPT SMP NOPTI
[   90.000002] CPU: 1 PID: 9 Comm: rated Not tainted 6.8.1 #1
[   90.000003] RIP: 0010:rate_of+0x12/0x40
[   90.000004] Code: 48 89 f8 31 d2 {code} c3 cc cc cc cc
[   90.000005] RSP: 0018:ffffc90000123e50 EFLAGS: 00010246
[   90.000006] RAX: 0000000000000001 RBX: 0000000000000001 RCX: {rcx}
[   90.000007] Call Trace:
[   90.000008]  rate_update+0x31/0x80
"""
    evidence = whole.gatherer.gather("x", {}, [("log", log)])
    assert [event.attributes.get("divisor-zero") for event in evidence.events] == [zero]
    assert [event.attributes.get("quotient-overflow", False) for event in evidence.events] == [not zero]


@pytest.mark.parametrize(
    ("arch", "code", "register", "value", "led"),
    [
        ("x86_64", "48 39 c5 74 3c 48 8d 58 e8 <8b> 13 85 d2", "rbx", -0x18, True),  # lea -0x18(%rax),%rbx
        ("x86_64", "4c 8d a8 38 ff ff ff <41> 8b 55 00", "r13", -0xC8, True),  # lea -0xc8(%rax),%r13
        ("x86_64", "48 83 eb 18 <8b> 13", "rbx", -0x18, True),  # sub $0x18,%rbx
        ("x86_64", "48 83 c3 e8 <8b> 13", "rbx", -0x18, True),  # add $-0x18,%rbx
        ("x86_64", "48 2d e0 00 00 00 <8b> 10", "rax", -0xE0, True),  # sub $0xe0,%rax
        ("x86_64", "48 8d 58 e8 <8b> 13", "rcx", -0x18, False),  # another register
        ("x86_64", "48 8d 58 f0 <8b> 13", "rbx", -0x18, False),  # another offset
        ("x86_64", "90 90 90 <8b> 13 48 8d 58 e8", "rbx", -0x18, False),  # behind the fault
        ("arm64", "aa0003f3 d1006014 b4000060 d503201f (b9400281)", "x20", -0x18, True),  # sub x20, x0, #24
        ("arm64", "aa0003f3 d1008014 b4000060 d503201f (b9400281)", "x20", -0x18, False),
        ("arm", "e2400018 e5901000 (e5910000)", "r0", -0x18, False),
    ],
)
def test_a_member_less_its_offset(arch: str, code: str, register: str, value: int, led: bool) -> None:
    assert led_from_null(f"Code: {code}", register, value & (1 << 64) - 1, arch) is led


@given(st.binary(max_size=80), st.integers(0, (1 << 64) - 1), st.sampled_from(["rax", "r13", "x1", ""]))
def test_any_bytes_before_a_fault(data: bytes, value: int, register: str) -> None:
    for arch in ("x86_64", "arm64"):
        led_from_null(f"Code: {data.hex(' ')} <8b> 13", register, value, arch)
