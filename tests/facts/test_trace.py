from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.trace import (
    continues_modules,
    parse_frames,
    parse_header,
    parse_link,
    parse_location,
    parse_modules,
    parse_registers,
)


@pytest.mark.parametrize(
    ("text", "function", "offset", "module", "reliable"),
    [
        (" acme_poll+0x12/0x34 [acmenet]", "acme_poll", "0x12", "acmenet", True),
        (" ? acme_poll.isra.0.cold+0x12/0x34", "acme_poll", "0x12", None, False),
        (" [<ffffffff81234567>] acme_poll+0x12/0x34 [acmenet]", "acme_poll", "0x12", "acmenet", True),
        (" [<ffffffff81234567>] ? acme_poll+0x12/0x34", "acme_poll", "0x12", None, False),
        ("[<c0123456>] (acme_poll+0x12/0x34) ", "acme_poll", "0x12", None, True),
        (" acme_poll+0x12/0x34 (P)", "acme_poll", "0x12", None, True),
        (" acme_poll+0x12/0x34 [acmenet] (PL)", "acme_poll", "0x12", "acmenet", True),
        (
            " acme_poll+0x12/0x34 [acmenet 0123456789abcdef0123456789abcdef01234567]",
            "acme_poll",
            "0x12",
            "acmenet",
            True,
        ),
        ("[c0000000f1e2fb80] [c00000000000d2c4] acme_poll+0x12/0x34", "acme_poll", "0x12", None, True),
        ("[c0000000f1e2fb80] [c00000000000d2c4] .acme_poll+0x12/0x34 (unreliable)", "acme_poll", "0x12", None, False),
        (" [<000000000011c5d0>] acme_poll+0x12/0x34 ", "acme_poll", "0x12", None, True),
        (" [<     inline     >] acme_poll drivers/net/acme.c:12", "acme_poll", "", None, True),
        (" acme_poll drivers/net/acme.c:12 [inline]", "acme_poll", "", None, True),
        (" acme_poll+0x12/0x34 drivers/net/acme.c:12", "acme_poll", "0x12", None, True),
        (" [<ffffffff88582f6d>] :acmenet:acme_poll+0x12/0x34", "acme_poll", "0x12", "acmenet", True),
        (" 0xffffffffc0123456", "0xffffffffc0123456", "", None, True),
        # decoded by scripts/decode_stacktrace.sh
        (" acme_poll (drivers/net/acme.c:12)", "acme_poll", "", None, True),
        ("? acme_poll (drivers/net/acme.c:12 (discriminator 3)) acmenet", "acme_poll", "", "acmenet", False),
        (" acme_poll (./include/linux/list.h:61 drivers/net/acme.c:12) [acmenet]", "acme_poll", "", "acmenet", True),
        (" acme_poll.cold (??:?) ", "acme_poll", "", None, True),
    ],
)
def test_frame_forms(text: str, function: str, offset: str, module: str | None, reliable: bool) -> None:
    (frame,) = parse_frames(text, 7, "IRQ")
    assert (frame.function, frame.offset, frame.module, frame.reliable) == (function, offset, module, reliable)
    assert (frame.line, frame.section) == (7, "IRQ")


def test_arm_line_holds_callee_and_caller() -> None:
    frames = parse_frames("[<c0010a5c>] (acme_write [acmenet]) from [<c000d0c8>] (vfs_write+0xa0/0x1b8)")
    assert [(f.function, f.module) for f in frames] == [("acme_write", "acmenet"), ("vfs_write", None)]
    frames = parse_frames(" acme_write [acmenet] from vfs_write+0xa0/0x1b8")
    assert [f.function for f in frames] == ["acme_write", "vfs_write"]


@pytest.mark.parametrize(
    "text",
    [
        "acme: link up",
        "BUG: KASAN: use-after-free in acme_poll+0x12/0x34",
        " acme_poll+0x12/0x34 went wrong",
        "",
        " plain text",
    ],
)
def test_other_lines_are_no_frames(text: str) -> None:
    assert parse_frames(text) == ()


@pytest.mark.parametrize(
    ("text", "function", "user"),
    [
        ("RIP: 0010:acme_poll+0x12/0x34 [acmenet]", "acme_poll", False),
        ("RIP: 0010:[<ffffffffa0123456>]  [<ffffffffa0123456>] acme_poll+0x12/0x34 [acmenet]", "acme_poll", False),
        ("RIP  [<ffffffffa0123456>] acme_poll+0x12/0x34 [acmenet]", "acme_poll", False),
        ("IP: [<ffffffffa0123456>] acme_poll+0x12/0x34 [acmenet]", "acme_poll", False),
        ("IP: acme_poll+0x12/0x34", "acme_poll", False),
        ("EIP is at acme_poll+0x12/0x34", "acme_poll", False),
        ("EIP: acme_poll+0x12/0x34", "acme_poll", False),
        ("pc : acme_poll+0x12/0x34 [acmenet]", "acme_poll", False),
        ("PC is at acme_poll+0x12/0x34", "acme_poll", False),
        ("epc : acme_poll+0x12/0x34", "acme_poll", False),
        ("NIP [c000000000123456] acme_poll+0x12/0x34", "acme_poll", False),
        ("NIP acme_poll+0x12/0x34", "acme_poll", False),
        ("Krnl PSW : 0704c00180000000 00000000001157c8 (acme_poll+0x12/0x34)", "acme_poll", False),
        ("RIP: 0010:acme_poll (drivers/net/acme.c:12 (discriminator 1)) acmenet", "acme_poll", False),
        ("pc : acme_poll (drivers/net/acme.c:12)", "acme_poll", False),
        ("IAOQ[0]: acme_poll+0x12/0x34", "acme_poll", False),
        ("RIP: 0033:0x435270", None, True),
        ("RIP: 0010:0x0", None, False),
        ("RIP: 0010:0xffffffffc02164e0", None, False),
        ("pc : 0x0", None, False),
    ],
)
def test_instruction_pointers(text: str, function: str | None, user: bool) -> None:
    place = parse_location(text)
    assert place is not None
    assert (place.frame.function if place.frame else None, place.user) == (function, user)
    if function is None:
        assert place.address is not None


def test_null_instruction_pointer_of_old_kernels() -> None:
    place = parse_location("RIP: 0010:[<0000000000000000>]  [<          (null)>]           (null)")
    assert place is not None
    assert place.address == 0


def test_link_register() -> None:
    link = parse_link("lr : acme_set_mode+0x28/0x40 [acmenet]")
    assert link is not None
    assert link.function == "acme_set_mode"
    decoded = parse_link("lr : acme_set_mode (drivers/acme.c:8) acmenet")
    assert decoded is not None
    assert (decoded.function, decoded.module) == ("acme_set_mode", "acmenet")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CPU: 3 PID: 96 Comm: acmed Not tainted 6.1.0-9-amd64 #1", (3, 96, "acmed", "", "6.1.0-9-amd64", False)),
        (
            "CPU: 3 UID: 0 PID: 96 Comm: CPU 0/KVM Kdump: loaded Tainted: G        W  OE      6.12.9 #1 PREEMPT(voluntary)",  # noqa: E501
            (3, 96, "CPU 0/KVM", "WOE", "6.12.9", True),
        ),
        (
            "Pid: 96, comm: acmed Tainted: P           ---------------    2.6.32-754.el6.x86_64 #1",
            (None, 96, "acmed", "P", "2.6.32-754.el6.x86_64", False),
        ),
        (
            "CPU: 1 PID: 96 Comm: acmed Kdump: loaded Tainted: G           OE    --------- -  - 4.18.0-513.el8.x86_64",
            (1, 96, "acmed", "OE", "4.18.0-513.el8.x86_64", True),
        ),
        (
            "CPU: 1 PID: 96 Comm: acmed Tainted: G        W   ------------ T 3.10.0-957.el7.x86_64 #1",
            (1, 96, "acmed", "W", "3.10.0-957.el7.x86_64", False),
        ),
        ("Pid: 96, comm: acmed Not tainted 2.6.39 #1 Acme Board", (None, 96, "acmed", "", "2.6.39", False)),
        ("      Tainted: G           OE      6.1.0 #1", (None, None, "", "OE", "6.1.0", False)),
        ("CPU 2 ", (2, None, "", None, "", False)),
    ],
)
def test_headers(text: str, expected: tuple[object, ...]) -> None:
    header = parse_header(text)
    assert header is not None
    got = (header.cpu, header.pid, header.comm, header.taint, header.release, header.kdump)
    assert [g for g, e in zip(got, expected, strict=True) if e is not None] == [e for e in expected if e is not None]


def test_registers() -> None:
    assert dict(parse_registers("RSP: 0018:ffffc90000123e50 EFLAGS: 00010046"))["eflags"] == 0x10046
    assert (
        dict(parse_registers("RAX: 0000000000000001 RBX: ffff888012345678 RCX: 0000000000000000"))["rbx"]
        == 0xFFFF888012345678
    )
    assert (
        dict(parse_registers("x29: ffff800008263a90 x28: ffff00000823b0c0 x27: 0000000000000000"))["x28"]
        == 0xFFFF00000823B0C0
    )
    assert dict(parse_registers("r10: 00000001  r9 : c0123456  r8 : 00000000"))["r9"] == 0xC0123456
    assert dict(parse_registers("GPR04: 0000000000000001 c000000000123456"))["r5"] == 0xC000000000123456
    assert parse_registers("acme: state 12") == []


def test_module_list() -> None:
    modules: dict[str, str] = {}
    assert (
        parse_modules("Modules linked in: acmenet(OE+) sd_mod acme-gpu(PO) [last unloaded: oldmod]", modules)
        == "oldmod"
    )
    assert modules == {"acmenet": "OE+", "sd_mod": "", "acme-gpu": "PO"}
    assert continues_modules(" ext4 jbd2(E) crc16")
    assert not continues_modules("acme: link up")
    assert not continues_modules(" acme_poll+0x12/0x34")


@given(st.text(max_size=300))
def test_never_raises(text: str) -> None:
    parse_frames(text)
    parse_location(text)
    parse_header(text)
    parse_registers(text)
    parse_modules(text, {})
    continues_modules(text)
