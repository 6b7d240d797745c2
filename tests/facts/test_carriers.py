"""facts/carriers.py: log lines without what their carrier put around them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.carriers import Carrier, records, strip
from facts.clean import MARK, clean
from facts.records import Record

MESSAGE = "BUG: unable to handle page fault for address: ffffc90000a3f000"
_BYTES = json.dumps({"MESSAGE": list(b"\x1b[31m" + MESSAGE.encode()), "_TRANSPORT": "kernel", "PRIORITY": 1})

KERNEL = [  # carrier, time, caller, level
    ("[   12.345678] {}", 12.345678, "", None),
    ("[12.345678] {}", 12.345678, "", None),
    ("[   12.345678][ T1234] {}", 12.345678, "T1234", None),
    ("[   12.345678][    C3] {}", 12.345678, "C3", None),
    ("[   12.345678] [    C3] {}", 12.345678, "C3", None),  # dmesg since util-linux 2.40 or so
    ("[Mon Nov 24 01:07:40 2026] [   T12] {}", None, "T12", None),
    ("<6>[   12.345678] {}", 12.345678, "", 6),
    ("<3>[   12.345678][    C3] {}", 12.345678, "C3", 3),
    ("<6>{}", None, "", 6),
    ("[Mon Nov 24 01:07:40 2026] {}", None, "", None),
    ("[Mon Nov 24 01:07:40 2026][   T12] {}", None, "T12", None),
    ("[Di Aug 12 03:54:03 2025] {}", None, "", None),
    ("[mar. ao\u00fbt 12 03:54:03 2025] {}", None, "", None),
    ("[Nov24 01:07] {}", None, "", None),
    ("[  +0.000012] {}", None, "", None),
    ("[ +15,610021] {}", None, "", None),  # where the locale writes a decimal comma
    ("[   12.345678 <    0.000003>] {}", 12.345678, "", None),
    ("kern  :err   : [   12.345678] {}", 12.345678, "", 3),
    ("kern  :warn  : [Mon Nov 24 01:07:40 2026] {}", None, "", 4),
    ("kern  :emerg : {}", None, "", 0),
    ("2026-11-24T01:07:40,123456+00:00 {}", None, "", None),
    ("Nov 24 01:07:40 web-1 kernel: [   12.345678] {}", 12.345678, "", None),
    ("kernel: {}", None, "", None),
    ("kern:     err: [2026-11-24T01:07:40.123456789Z]: {}", None, "", 3),  # talosctl dmesg
    (" kern: warning: [2026-11-24T01:07:40.123456789Z]: {}", None, "", 4),
    ("Nov 24 01:07:40 web-1 kernel: : [   12.345678] {}", 12.345678, "", None),
    ("Nov 24 01:07:40  kernel: {}", None, "", None),  # without the host
    (" kernel:{}", None, "", None),  # syslog to a terminal
    (" kernel:[   12.345678] {}", 12.345678, "", None),
    ("Nov 24 01:07:40 web-1 kernel: {}", None, "", None),
    ("Nov  4 01:07:40.123456 web-1 kernel: {}", None, "", None),
    ("2026-11-24T01:07:40+0000 web-1 kernel: {}", None, "", None),
    ("2026-11-24T01:07:40.123456+00:00 web-1 kernel: [   12.345678] {}", 12.345678, "", None),
    ("Mon 2026-11-24 01:07:40 UTC web-1 kernel: {}", None, "", None),
    ("Mon 2026-11-24 01:07:40.123456 CET web-1 kernel: {}", None, "", None),
    ("1763946460.123456 web-1 kernel: {}", None, "", None),
    ("[   12.345678] web-1 kernel: {}", 12.345678, "", None),
    ("<6>1 2026-11-24T01:07:40.003Z web-1 kernel - - - [   12.345678] {}", 12.345678, "", 6),
    ('<3>1 2026-11-24T01:07:40.003Z web-1 kernel - ID7 [x@1 a="\\]" b=""][y@2] {}', None, "", 3),
    ("<4>Nov 24 01:07:40 web-1 kernel: [   12.345678] {}", 12.345678, "", 4),
    ("Nov 24 01:07:40 router kern.err kernel: [   12.345678] {}", 12.345678, "", 3),
    ("Tue Nov 24 01:07:40 2026 kern.warn kernel: [   12.345678] {}", 12.345678, "", 4),
    ("Nov 24 01:07:40 kernel: {}", None, "", None),
    ("6,1234,12345678,-;{}", 12.345678, "", 6),
    ("6,1234,12345678,-,caller=T7;{}", 12.345678, "T7", 6),
    ("Nov 24 01:07:40 web-1 6,1234,12345678,-,caller=T7;{}", 12.345678, "T7", 6),
    ("6.12.0-1-amd64,3,1234,12345678,-,ncfrag=0/80;{}", 12.345678, "", 3),
    ("2026-11-24T01:07:40.123456789Z stdout F [   12.345678] {}", 12.345678, "", None),
    ("2026-11-24T01:07:40.123456789Z [   12.345678] {}", 12.345678, "", None),
    ("i-0123456789abcdef0\t[   12.345678] {}", 12.345678, "", None),
    ("[2026-11-24 01:07:40] [   12.345678] {}", 12.345678, "", None),
    ("[2026-11-24T01:07:40.123Z] [   12.345678] {}", 12.345678, "", None),
    ("[2026/11/24, 01:07:40.123] [   12.345678] {}", 12.345678, "", None),
    ("[01:07:40.123] <4>[   12.345678] {}", 12.345678, "", 4),
    ("2026-11-24 01:07:40 [   12.345678] {}", 12.345678, "", None),
    ("2026/11/24 01:07:40 [   12.345678] {}", 12.345678, "", None),
    ("Nov 24 01:07:40 [   12.345678] {}", 12.345678, "", None),
    ("11-24 01:07:40.123     0     0 E         : {}", None, "", 3),
    ("11-24 01:07:40.123     0     0 W kernel  : [   12.345678] {}", 12.345678, "", 4),
    ("W/kernel  (    0): {}", None, "", 4),
    (" kernel:[   12.345678] {}", 12.345678, "", None),
    ("web-1 login: [   12.345678] {}", 12.345678, "", None),
    ("[  OK  ] Started Daily Cleanup.[   12.345678][  T99] {}", 12.345678, "T99", None),
    ("50%\r100%\r[   12.345678] {}", 12.345678, "", None),
    ("> > [   12.345678][  T99] {}", 12.345678, "T99", None),
    ("\0\0\0[   12.345678] {}", 12.345678, "", None),
    ("\x1b[1;31m[   12.345678] {}\x1b[0m\r", 12.345678, "", None),
    ("\x1b]0;title\x07\x1b(B[   12.345678] {}\x1b[K\r\r", 12.345678, "", None),
]


def _json(**fields: object) -> Callable[[str], str]:
    return lambda message: json.dumps({"MESSAGE": message, **fields})


WRAPPED = [
    (_json(_TRANSPORT="kernel", SYSLOG_IDENTIFIER="kernel", PRIORITY="3", _SOURCE_MONOTONIC_TIMESTAMP="12345678")),
    (lambda message: json.dumps({"MESSAGE": list(message.encode()), "_TRANSPORT": "kernel", "PRIORITY": 3})),
    (lambda message: "data: " + _json(_TRANSPORT="kernel")(message)),
    (lambda message: "\x1e" + _json(_TRANSPORT="kernel")(message)),
    (lambda message: json.dumps({"log": f"[   12.345678] {message}\n", "stream": "stdout"})),
    (lambda message: json.dumps({"textPayload": f"[   12.345678] {message}", "insertId": "x"})),
    (lambda message: json.dumps({"jsonPayload": {"message": f"[   12.345678] {message}"}})),
    *[lambda message, form=form: form.replace("{}", message) for form, *_ in KERNEL],
]


@pytest.mark.parametrize(("form", "when", "caller", "level"), KERNEL)
def test_kernel_lines(form: str, when: float | None, caller: str, level: int | None) -> None:
    record = strip(form.replace("{}", MESSAGE), 7)
    assert record._replace(date="") == Record(7, MESSAGE, when, caller, level, "kernel")
    assert records(form.replace("{}", MESSAGE), 7)[-1] == record


@pytest.mark.parametrize(
    ("raw", "source", "text"),
    [
        ("Nov 24 01:07:40 web-1 sshd[123]: hi: there", "sshd", "hi: there"),
        ("Nov 24 01:07:40 web-1 CRON: hi", "CRON", "hi"),
        ("2026-11-24T01:07:40+00:00 web-1 systemd[1]: Reached target", "systemd", "Reached target"),
        ("Mon 2026-11-24 01:07:40 UTC web-1 ssh.service[12]: hi", "ssh.service", "hi"),
        ("<30>[   12.345678] systemd[1]: hi", "systemd", "hi"),
        ("<12>systemd[1]: hi", "systemd", "hi"),
        ("<12>a mark", "user", "a mark"),
        ("daemon:info  : [   12.345678] systemd[1]: hi", "systemd", "hi"),
        ("30,1234,12345678,-;systemd[1]: hi", "systemd", "hi"),
        ("<165>1 2026-11-24T01:07:40.003Z web-1 app 12 - - hi", "app", "hi"),
        ("11-24 01:07:40.123   812   900 I zygote  : hi: there", "zygote", "hi: there"),
        ('{"MESSAGE": "hi", "_TRANSPORT": "stdout", "SYSLOG_IDENTIFIER": "kernel"}', "stdout", "hi"),
        ('{"MESSAGE": "hi", "_COMM": "foo"}', "foo", "hi"),
        ("Panic#1 Part1", "pstore", "Panic#1 Part1"),
        ("Oops#1 Part12", "pstore", "Oops#1 Part12"),
        ("====1763946460.123456-D", "pstore", "====1763946460.123456-D"),
        ("-- Boot 0123456789abcdef0123456789abcdef --", "journalctl", "-- Boot 0123456789abcdef0123456789abcdef --"),
        ("-- Reboot --", "journalctl", "-- Reboot --"),
        ("Call Trace:", "", "Call Trace:"),
        (" [<ffffffff81000000>] ? foo+0x1/0x2", "", " [<ffffffff81000000>] ? foo+0x1/0x2"),
        ("[drm] ring test failed", "", "[drm] ring test failed"),
        ("[  OK  ] Started Daily Cleanup.", "", "[  OK  ] Started Daily Cleanup."),
        ("Nov 24 01:07:40 BUG: soft lockup", "", "BUG: soft lockup"),
        ("2026-11-24T01:07:40.123456789Z EXT4-fs error: x", "", "EXT4-fs error: x"),
        ("2026/11/24 01:07:40 executing program 1:", "", "executing program 1:"),
        ("> Call Trace:", "", "Call Trace:"),
        ("> >  foo_read+0x1/0x2", "", " foo_read+0x1/0x2"),
        (">ffff8881a2b3c480: fc fc fc", "", ">ffff8881a2b3c480: fc fc fc"),
        ('\t"MESSAGE" : "Call Trace:\\t",', "", "Call Trace:"),
        ('\t"_TRANSPORT" : "kernel",', "", ""),
        ("{not json}", "", "{not json}"),
        ('{"a": "b"}', "", '{"a": "b"}'),
    ],
)
def test_others(raw: str, source: str, text: str) -> None:
    record = strip(raw, 1)
    assert (record.source, record.text) == (source, text)


@pytest.mark.parametrize(
    "raw",
    [
        "[   12.345678] Booting kernel: `x' invalid for parameter `y'",
        "[   12.345678] bash[123]: segfault at 0 ip 0 sp 0 error 4",
        "[   12.345678]  [<ffffffff81000000>] ? foo+0x1/0x2",
        "[   12.345678] [drm] ring test failed",
        "[   12.345678] <TASK>",
    ],
)
def test_kernel_texts_that_look_like_prefixes_stay(raw: str) -> None:
    assert strip(raw, 1) == Record(1, raw[15:], 12.345678, "", None, "kernel")


def test_several_messages_of_one_line() -> None:
    raw = '{"MESSAGE": "one\\ntwo\\u0007\\n\\nthree\\n", "_TRANSPORT": "kernel", "__MONOTONIC_TIMESTAMP": "1500000"}'
    assert [(r.text, r.time, r.line) for r in records(raw, 3)] == [
        ("one", 1.5, 3), (f"two{MARK}", 1.5, 3), ("three", 1.5, 3),
    ]  # fmt: skip
    assert strip(raw, 3).text == f"one\ntwo{MARK}\n\nthree"
    assert [r.text for r in records("6,1,2000000,-;a\\x0ab \\xc3\\xa4\\x09.", 1)] == ["a", "b ä\t."]
    assert [(r.text, r.source) for r in records(f"web-1 login: [   12.345678] {MESSAGE}", 1)] == [
        ("web-1 login:", ""), (MESSAGE, "kernel"),
    ]  # fmt: skip
    assert records("", 1) == []
    assert records("  \r", 1) == [] or records("  \r", 1)[0].text == ""
    assert records('{"MESSAGE": null}', 1) == []


def test_bytes_of_a_journal_message() -> None:
    assert strip(_BYTES, 1).text == MESSAGE
    assert strip('{"MESSAGE": ["first", "second"], "_COMM": "x"}', 1).text == "first"
    assert strip('{"MESSAGE": [1000], "_COMM": "x"}', 1).text == ""
    assert strip('{"MESSAGE": "x", "PRIORITY": ' + "9" * 5000 + "}", 1).text
    assert strip('{"MESSAGE": ' + "[" * 30000 + "}", 1).text


def test_short_monotonic_learns_the_host() -> None:
    text = "[    0.0] web-1 kernel: Linux\n[    1.5] web-1 sshd[7]: BUG: no\n[    2.5] web-1 kernel: x\n[    3] y"
    found = Carrier().block(text, 5)
    assert [(r.line, r.text, r.source) for r in found] == [
        (5, "Linux", "kernel"), (6, "BUG: no", "sshd"), (7, "x", "kernel"), (8, "[    3] y", ""),
    ]  # fmt: skip
    carrier = Carrier()
    carrier.strip("[    0.000000] web-1 kernel: Linux", 1)
    assert carrier.strip("[    1.000000] usb 1-1: new device", 2).text == "usb 1-1: new device"


def test_journal_export() -> None:
    entry = [
        "__CURSOR=s=0", "__MONOTONIC_TIMESTAMP=1500000", "_TRANSPORT=kernel", "PRIORITY=3", f"MESSAGE={MESSAGE}",
        "_PID=1",
        "", "__CURSOR=s=1", "SYSLOG_IDENTIFIER=app", "MESSAGE", "\x08\0one", "two", "_PID=1", "", "plain",
    ]  # fmt: skip
    carrier = Carrier()
    found = [record for line, raw in enumerate(entry, 1) for record in carrier.records(raw, line)]
    assert found == [
        Record(5, MESSAGE, 1.5, "", 3, "kernel"),
        Record(11, "one", None, "", None, "app"),
        Record(12, "two", None, "", None, "app"),
        Record(15, "plain"),
    ]
    assert carrier.records(entry[4], 5) == [Record(5, MESSAGE)]  # read again, out of order


def test_dictionary_lines_of_kmsg_are_dropped() -> None:
    assert records(" SUBSYSTEM=usb", 1) == []
    assert records(" DEVICE=+usb:1-1", 1) == []


def test_rsyslog_escapes() -> None:
    assert strip("Nov 24 01:07:40 web-1 app: #033[1mhi#033[0m#011there", 1).text == "hi\tthere"


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=60), st.sampled_from(WRAPPED))
def test_wrapping_changes_no_message(tail: str, wrap: Callable[[str], str]) -> None:
    message = ("msg " + tail.replace("\\", "/").replace("#0", "#")).rstrip()
    found = records(wrap(message), 3)
    assert (found[-1].text, found[-1].source, found[-1].line) == (message, "kernel", 3)


_PIECES = st.sampled_from([form for form, *_ in KERNEL] + [
    "{}", "\x1b", "\x1b[", "\x9b31m", "\x1b]0;", "<6>", "[", "]", "\r", "\n", "\0", "\u2028", "\ud800", "\x85", "{",
    "}", '"MESSAGE":',
    '{"MESSAGE":"\\u001b[31mx\\ud800\\n"}', '{"log":"', "6,1,2,-;", "\\x1b", "MESSAGE=", "__CURSOR=", "-- Reboot --",
    "<30>1 - a b - - -",
])  # fmt: skip


@given(st.lists(st.text(max_size=20) | _PIECES, max_size=6).map("".join), st.integers(1, 9))
def test_never_raises_and_never_emits_control_characters(raw: str, line: int) -> None:
    carrier = Carrier()
    carrier.records("__CURSOR=x" if line > 5 else "[ 0.0] h kernel: x", line - 1)
    for record in [strip(raw, line), carrier.strip(raw, line), *carrier.records(raw, line), *records(raw, line)]:
        for text in (record.text.replace("\n", ""), record.source, record.caller):
            assert all(char.isprintable() or char == "\t" or not _acts(char) for char in text), repr(text)
        text.encode()
        assert record.line == line
    for record in records(raw, line):
        assert "\n" not in record.text


def _acts(char: str) -> bool:
    return (
        ord(char) < 32
        or 127 <= ord(char) < 160
        or 0xD800 <= ord(char) < 0xE000
        or char in "\u2028\u2029\u202e\u200e\u200f\u061c"
    )


@given(st.text(max_size=100))
def test_clean_is_stable(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert not any(_acts(char) and char != "\t" for char in once)


@pytest.mark.parametrize(
    "piece",
    [
        "\x1b[",
        "\x1b]",
        "[",
        "<",
        "\x1bP",
        "[ ",
        "[ 1.",
        "a ",
        "a:",
        '<1>1 - a b - - [a="',
        '["',
        "\\x1",
        " kernel: ",
        "Nov ",
    ],
)
def test_time_is_linear(piece: str) -> None:
    raw = piece * (64_000 // len(piece))
    for prefix in ("", "<1>1 - a b c d [", "Nov 24 01:07:40 ", "[Mon Nov 24 01:07:40 2026", "6,1,2,-", '{"a":"'):
        start = time.process_time()
        records(prefix + raw, 1)
        assert time.process_time() - start < 0.5


def test_speed() -> None:
    text = "\n".join(
        f"[{i / 100:12.6f}] usb 1-1: new high-speed USB device number {i} using xhci_hcd" for i in range(12_000)
    )
    best = 1.0
    for _ in range(3):
        start = time.process_time()
        assert len(Carrier().block(text, 1)) == 12_000
        best = min(best, time.process_time() - start)
    assert best < 0.3  # about 0.025 on a quiet machine
