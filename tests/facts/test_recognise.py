"""facts/recognise.py: which lines become which events, whatever stands between them and however the log is cut."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loglines import OWN, PANIC, booted, oops, own, stamped, warning

from advisor.work import Work
from facts import recognise
from facts.recognise import Reading, Recogniser, lines_of
from facts.records import Event


@pytest.fixture(scope="module")
def reader(whole: Work) -> Recogniser:
    return whole.gatherer.recogniser


def read(reader: Recogniser, text: str) -> Reading:
    return reader.read(lines_of(text))


def kinds(reading: Reading) -> list[str]:
    return [e.kind for e in reading.events if e.severity not in ("context", "notice")]


def only(reading: Reading, kind: str) -> Event:
    (found,) = [e for e in reading.events if e.kind == kind]
    return found


EXPECTED = {
    # kind of the first failure, its first and last line, CPU, task, pid, function, module
    "oops-x86-6.8.log": ("null-pointer-dereference", 9, 48, 5, "tracectl", 3321, "trace_ring_flush", "tracerd"),
    "oops-arm64-5.10.log": ("invalid-paging-request", 5, 47, 2, "kworker/2:3", 611, "gwbus_unlink", "gwbus"),
    "oom-6.1.log": ("oom-kill", 4, 56, 1, "indexer", 9120, None, None),
    "soft-lockup-5.15.log": ("soft-lockup", 3, 28, 3, "compactd", 2210, "rowstore_merge_runs", "rowstore"),
    "hung-task-4.18.log": ("hung-task", 3, 21, None, "archiver", 4410, "xfs_ilock", "xfs"),
    "journal-oops.log": ("general-protection-fault", 6, 23, 9, "replicad", 1501, "replnet_session_put", "replnet"),
    "oops-2.6.32.log": ("null-pointer-dereference", 3, 32, 2, "qscand", 2871, "qfilter_match", "qfilter"),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_whole_logs(reader: Recogniser, name: str) -> None:
    reading = read(reader, own(name))
    event = next(e for e in reading.events if e.severity == "failure")
    attributes = event.attributes
    found = (event.kind, event.line, event.end_line, event.cpu, event.comm, event.pid)
    assert (*found, attributes.get("function"), attributes.get("module")) == EXPECTED[name]
    assert sum(e.severity == "failure" for e in reading.events) == 1
    assert reading.lines == own(name).count("\n")


def test_details_of_one_oops(reader: Recogniser) -> None:
    event = only(read(reader, own("oops-x86-6.8.log")), "null-pointer-dereference")
    attributes = event.attributes
    assert attributes["address"] == "0000000000000048"
    assert (attributes["access"], attributes["oops-number"], attributes["tainted"]) == ("read", 1, "OE")
    assert (attributes["tainted-foreign"], attributes["module-foreign"], attributes["kdump-loaded"]) == (True,) * 3
    assert attributes["release"] == "6.8.0-41-generic"
    assert attributes["address-class"] == "small-offset"
    assert event.time == 8123.401117
    assert event.text == "BUG: kernel NULL pointer dereference, address: 0000000000000048"
    reliable = [f.function for f in event.frames if f.reliable]
    assert reliable[:2] == ["trace_ioctl_drain", "__x64_sys_ioctl"]


def test_a_program_that_quotes_the_kernel(reader: Recogniser) -> None:
    """In a journal the speaker is known: a program's line is no kernel report."""
    assert kinds(read(reader, own("journal-oops.log"))) == ["general-protection-fault"]


def test_no_event_in_ordinary_lines(reader: Recogniser) -> None:
    text = stamped(
        "nvme nvme0: 8/0/0 default/read/poll queues", "EXT4-fs (sda1): mounted filesystem", "random: crng init"
    )
    reading = read(reader, text)
    assert (reading.events, reading.headers, reading.lines, reading.counts) == ([], [], 3, {})
    assert read(reader, "").events == []
    assert read(reader, "\n\n\n").events == []


def test_two_cpus_interleaved_with_caller_tags(reader: Recogniser) -> None:
    first = stamped(*oops("foo_read", "foo", "one", 11, 1, 1), at=50.0, caller="T11").splitlines()
    second = stamped(*oops("baz_write", "baz", "two", 22, 2, 2), at=50.0005, caller="T22").splitlines()
    mixed = [line for pair in zip(first, second, strict=True) for line in pair]
    reading = read(reader, "\n".join(mixed) + "\n")
    assert kinds(reading) == ["null-pointer-dereference"] * 2
    found = [(e.attributes.get("function"), e.comm, e.pid, e.cpu, e.attributes["oops-number"]) for e in reading.events]
    assert found == [("foo_read", "one", 11, 1, 1), ("baz_write", "two", 22, 2, 2)]
    frames = [[f.module for f in e.frames if f.module] for e in reading.events]
    assert [set(modules) for modules in frames] == [{"foo"}, {"baz"}]


def test_several_reports_in_one_log(reader: Recogniser) -> None:
    text = (
        stamped(*warning(), at=10)
        + stamped("eth0: link up", at=11)
        + stamped(*oops(), at=20)
        + stamped(*oops("baz_write", "baz", "two", 22, 2, 2), at=30)
        + stamped(*PANIC, at=40)
    )
    reading = read(reader, text)
    assert kinds(reading) == ["warning", "null-pointer-dereference", "null-pointer-dereference", "panic"]
    assert [e.attributes.get("function") for e in reading.events if e.kind != "panic"] == [
        "bar_poll", "foo_read", "baz_write",
    ]  # fmt: skip
    for event, following in zip(reading.events, reading.events[1:], strict=False):
        assert event.end_line < following.line
    assert reading.counts["null-pointer-dereference"] == 2


def test_repeated_reports_are_counted_not_stored(reader: Recogniser) -> None:
    text = "".join(stamped(*warning(), at=10.0 + 5 * n) for n in range(40))
    reading = read(reader, text)
    event = only(reading, "warning")
    assert event.attributes["count"] == 40
    assert event.line == 1
    assert reading.counts == {"warning": 40}


def test_other_reports_of_the_kind_are_not_counted_as_repeats(reader: Recogniser) -> None:
    text = stamped(*warning(), at=10) + stamped(*warning("bar_stop"), at=20) + stamped(*warning(cpu=3), at=30)
    reading = read(reader, text)
    assert [(e.attributes["function"], e.cpu) for e in reading.events] == [
        ("bar_poll", 0), ("bar_stop", 0), ("bar_poll", 3),
    ]  # fmt: skip
    assert all("count" not in e.attributes for e in reading.events)


def test_a_serious_line_is_no_repeat_of_a_mild_one(reader: Recogniser) -> None:
    log = (
        "[   31.000000] ata3: link is slow to respond, please be patient (ready=0)\n"
        "[   56.000000] ata3: port failed to respond (30 secs, Status 0x80)\n"
        "[   91.000000] ata3: port failed to respond (30 secs, Status 0x80)\n"
    )
    found = [(event.severity, event.attributes.get("count", 1)) for event in read(reader, log).events]
    assert found == [("notice", 1), ("problem", 2)]


def test_numbered_oopses_are_never_repeats(reader: Recogniser) -> None:
    text = stamped(*oops(number=1), at=10) + stamped(*oops(number=2), at=20)
    assert [e.attributes["oops-number"] for e in read(reader, text).events] == [1, 2]


def test_a_repeat_in_another_boot_is_an_event_of_its_own(reader: Recogniser) -> None:
    text = booted() + stamped(*warning(), at=10) + booted() + stamped(*warning(), at=10)
    reading = read(reader, text)
    assert [e.boot for e in reading.events if e.kind == "warning"] == [0, 1]
    assert [(h.name, h.boot) for h in reading.headers] == [
        ("version", 0),
        ("cmdline", 0),
        ("version", 1),
        ("cmdline", 1),
    ]


def test_panic_line_of_panic_on_warn_stands_above_the_trace(reader: Recogniser) -> None:
    lines = warning()
    panic = "Kernel panic - not syncing: kernel: panic_on_warn set ..."
    text = stamped(lines[0], *lines[1:2], panic, *lines[2:])
    reading = read(reader, text)
    assert sorted(kinds(reading)) == ["panic", "warning"]
    event = only(reading, "warning")
    assert event.attributes["function"] == "bar_poll"
    assert [f.function for f in event.frames if f.reliable][:1] == ["bar_loop"]
    assert only(reading, "panic").attributes["reason"] == "panic-on-warn"


def test_a_real_panic_ends_the_report(reader: Recogniser) -> None:
    text = stamped(*oops()[:-3], *PANIC)
    reading = read(reader, text)
    assert kinds(reading) == ["null-pointer-dereference", "panic"]
    assert reading.events[0].end_line < reading.events[1].line


def test_second_head_is_merged(reader: Recogniser) -> None:
    """`Oops: ... [#1]` and a second page fault head belong to the report that is open."""
    reading = read(reader, stamped(*oops()))
    assert kinds(reading) == ["null-pointer-dereference"]
    # its head line lost: the part begins an event itself
    lost = read(reader, stamped(*oops()[4:]))
    assert len(kinds(lost)) == 1
    assert lost.events[0].line == 1
    assert lost.events[0].attributes["function"] == "foo_read"


def test_part_far_behind_a_report_begins_its_own(reader: Recogniser) -> None:
    filler = [f"eth0: line {n}" for n in range(200)]
    reading = read(reader, stamped(*oops(), *filler, "Oops: 0000 [#2] PREEMPT SMP NOPTI"))
    assert len(kinds(reading)) == 2


def test_out_of_memory_is_one_event(reader: Recogniser) -> None:
    reading = read(reader, own("oom-6.1.log"))
    assert kinds(reading) == ["oom-kill"]
    event = only(reading, "oom-kill")
    assert (event.attributes["victim"], event.attributes["order"]) == ("indexer", 0)
    assert event.attributes["constraint"] == "none"
    assert reading.counts["oom-kill"] == 1


def test_two_out_of_memory_reports(reader: Recogniser) -> None:
    text = own("oom-6.1.log")
    second = text[text.index("[50211.702113]") :].replace("[502", "[602").replace("indexer", "crawler")
    reading = read(reader, text + second)
    assert [e.attributes["victim"] for e in reading.events if e.kind == "oom-kill"] == ["indexer", "crawler"]


@pytest.mark.parametrize(
    ("announcement", "kind", "report"),
    [
        ("refcount_t: underflow; use-after-free.", "refcount-error", warning("refcount_warn_saturate", "bar")),
        (
            "kernel tried to execute NX-protected page - exploit attempt? (uid: 0)",
            None,
            ["BUG: unable to handle page fault for address: ffffc90001234000", *oops()[1:]],
        ),
    ],
    ids=["refcount", "nx"],
)
def test_announcement_inherits_the_report(
    reader: Recogniser, announcement: str, kind: str | None, report: list[str]
) -> None:
    reading = read(reader, stamped("-- quiet --", announcement, "------------[ cut here ]------------", *report))
    first = reading.events[0]
    assert first.line == 2
    assert kind is None or first.kind == kind
    assert first.frames
    assert first.frames == reading.events[-1].frames
    assert first.comm == reading.events[-1].comm != ""


def test_announcement_of_another_caller_inherits_nothing(reader: Recogniser) -> None:
    text = stamped("refcount_t: underflow; use-after-free.", at=10, caller="C4") + stamped(
        *warning(), at=10.1, caller="T55"
    )
    first = read(reader, text).events[0]
    assert (first.kind, first.frames, first.comm) == ("refcount-error", [], "")


def test_a_complete_line_inherits_nothing(reader: Recogniser) -> None:
    """In a journal without the kernel's own times, an oops hours later may stand just below."""
    above = "Mar 03 09:40:17 n12 kernel: NVRM: Xid (PCI:0000:41:00): 31, pid=88121, name=python3, Ch 00000008"
    reading = read(reader, "\n".join([above, *(f"Mar 03 11:58:03 n12 kernel: {line}" for line in oops())]))
    first, second = reading.events[:2]
    assert (first.kind, first.frames, first.comm) == ("gpu-error", [], "")
    assert second.kind == "null-pointer-dereference"
    assert second.frames


@pytest.mark.parametrize(
    ("what", "address", "kind"),
    [
        ("access to user memory without uaccess routines", "0000000000000068", "null-pointer-dereference"),  # riscv
        ("access to user memory outside uaccess routines", "0000000000000018", "null-pointer-dereference"),  # arm64
        ("execution of user memory", "0000000000000000", "null-pointer-dereference"),
        ("access to user memory without uaccess routines", "0000003fb5a2c000", "user-memory-access"),
    ],
)
def test_null_in_the_user_half(reader: Recogniser, what: str, address: str, kind: str) -> None:
    """RISC-V, and arm64 with software PAN, report NULL in the words of an access to user memory."""
    line = f"Unable to handle kernel {what} at virtual address {address}"
    (event,) = read(reader, stamped(line, "Oops [#1]", "CPU: 1 PID: 7 Comm: acmed Not tainted 6.6.30 #1")).events
    assert event.kind == kind


def test_boots(reader: Recogniser) -> None:
    lived = stamped("systemd[1]: Reached target", at=500.0)
    reading = read(reader, booted() + lived + booted() + booted())
    assert [h.boot for h in reading.headers if h.name == "version"] == [0, 1, 2]
    assert {boot: end.moment.time for boot, end in reading.lived.items()} == {0: 500.0}
    assert reading.lived[0].messages[-1] == "systemd[1]: Reached target"
    assert reading.end.moment.time == 0.001
    assert read(reader, booted() + stamped("loop: module loaded", at=1.0) + booted()).lived == {}
    user = booted() + "2024-03-04T09:41:22+0100 db7 sshd[12]: hello\n" + booted()
    assert read(reader, user).lived[0].moment.time is None


def test_console_and_dmesg_are_told_apart(reader: Recogniser) -> None:
    assert read(reader, booted() + "login: \n").untimed == 1
    assert read(reader, booted()).untimed == 0
    assert read(reader, own("oom-6.1.log")).untimed == 0  # dmesg indents further lines of one message


def test_events_are_bounded(reader: Recogniser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognise, "MAX_EVENTS", 50)
    text = "".join(stamped(*oops(number=n), at=10.0 + n) for n in range(1, 120))
    reading = read(reader, text)
    assert len(reading.events) == 50
    assert reading.counts["null-pointer-dereference"] == 119


def test_endless_report_is_bounded(reader: Recogniser) -> None:
    frames = [f" foo_step{n}+0x1/0x2 [foo]" for n in range(3000)]
    event = only(read(reader, stamped(*oops()[:14], *frames)), "null-pointer-dereference")
    assert event.end_line <= recognise.BODY


# blocks
def shown(reading: Reading) -> list[object]:
    events = [
        (
            e.kind,
            e.line,
            e.end_line,
            e.time,
            e.boot,
            e.cpu,
            e.comm,
            e.pid,
            e.text,
            sorted(e.attributes.items()),
            e.frames,
        )
        for e in reading.events
    ]
    return [events, reading.headers, reading.counts, reading.lines, reading.lived, reading.end]


def blocks(text: str, cuts: list[int]) -> list[tuple[int, str]]:
    """The text cut after the given lines."""
    lines = text.splitlines(keepends=True)
    ends = sorted({min(c, len(lines)) for c in cuts} | {0, len(lines)})
    return [(a + 1, "".join(lines[a:b])) for a, b in itertools.pairwise(ends)]


LONG = "".join(
    own(name) + stamped(*[f"eth0: nothing happens {n}" for n in range(30)], at=10.0, step=1.0)
    for name in OWN
    if name != "journal-oops.log"
) + stamped(*oops(), at=9000)
MIXED = "\n".join(
    line
    for pair in zip(
        stamped(*oops("foo_read", "foo", "one", 11, 1, 1), *PANIC, at=50.0, caller="T11").splitlines(),
        stamped(*["quiet"] * 3, *oops("baz_write", "baz", "two", 22, 2, 2), at=50.0005, caller="T22").splitlines(),
        strict=True,
    )
    for line in pair
)


@pytest.mark.parametrize("size", [1, 7, 40, 200])
def test_block_size_does_not_matter(reader: Recogniser, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(recognise, "BODY", 70)  # small, so that the log holds many borders
    wanted = shown(read(reader, LONG))
    cuts = list(range(size, LONG.count("\n"), size))
    assert shown(reader.read(blocks(LONG, cuts))) == wanted


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, LONG.count("\n")), max_size=12), mixed=st.booleans())
def test_any_cut(reader: Recogniser, cuts: list[int], mixed: bool) -> None:
    text = MIXED + "\n" + LONG if mixed else LONG
    before = recognise.BODY
    try:
        recognise.BODY = 70
        assert shown(reader.read(blocks(text, cuts))) == shown(read(reader, text))
    finally:
        recognise.BODY = before


def test_a_report_over_a_block_border(reader: Recogniser) -> None:
    filler = stamped(*[f"eth0: nothing {n}" for n in range(1000)], at=10.0)
    text = filler + stamped(*oops(), at=20.0) + filler
    wanted = shown(read(reader, text))
    for cut in range(1000, 1024):
        assert shown(reader.read(blocks(text, [cut]))) == wanted
    assert only(read(reader, text), "null-pointer-dereference").line == 1001


def test_progress_is_told(reader: Recogniser) -> None:
    seen: list[int] = []
    reader.read(blocks("a\nb\nc\n", [1, 2]), seen.append)
    assert seen == [2, 2, 2]


def test_line_numbers_do_not_depend_on_carriage_returns(reader: Recogniser) -> None:
    text = own("oops-x86-6.8.log")
    other = re.sub("\n", "\r\n", text)
    assert [(e.kind, e.line, e.end_line) for e in read(reader, other).events] == [
        (e.kind, e.line, e.end_line) for e in read(reader, text).events
    ]
