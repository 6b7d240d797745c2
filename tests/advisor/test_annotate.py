# ruff: noqa: E501
"""The annotated log: which lines get which notes, golden outputs, and input that means harm."""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path

import pytest
from cases import LOGS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.annotate import annotate, blocks_of, chosen, pick, rows, wanted
from advisor.notes.common import Note
from advisor.notes.trace import general
from advisor.reading_aid import annotated
from advisor.render.annotated import Title, markdown, text
from advisor.work import Work
from facts.frames import FrameTable
from kb.tables import Words, words
from kb.where import BUILT_IN

GOLDEN = Path(__file__).parent / "golden"
HAVE = importlib.util.find_spec("capstone") is not None


@pytest.fixture(scope="session")
def tables() -> Words:
    return words([BUILT_IN])


def notes(work: Work, tables: Words, log: str) -> dict[int, list[Note]]:
    evidence = work.gatherer.gather("log", {}, [("log", log)])
    events, _ = chosen(evidence.events)
    return annotate(events, pick([(1, log)], wanted(events)), tables, FrameTable(work.base.frames))


def said(work: Work, tables: Words, log: str) -> dict[str, str]:
    """Line -> all that is said about it."""
    lines = log.split("\n")
    return {lines[n - 1].strip(): " ".join(one.text for one in found) for n, found in notes(work, tables, log).items()}


def told(found: dict[str, str], part: str) -> str:
    return next((text for line, text in found.items() if part in line), "")


X86 = (LOGS / "explain-x86-64.log").read_text()
ARM = (LOGS / "explain-arm64.log").read_text()


@pytest.mark.parametrize(
    ("line", "words_said"),
    [
        ("BUG: kernel NULL", "STARTED HERE"),
        ("BUG: kernel NULL", "member at offset 0x38"),
        ("error_code(0x0002)", "nothing is mapped at the address, it was a write, from kernel mode"),
        ("Oops: 0002", "first oops"),
        ("CPU: 3 PID", "gizmoctl (PID 1204) on CPU 3"),
        ("CPU: 3 PID", "Not tainted"),
        ("RIP: 0010", "6 bytes into it"),
        ("RSI: ffff9a0c41c2a120 RDI", "RDI is a small number"),
        ("R08: dead", "list entry already deleted"),
        ("R10: ffff", "ENOMEM"),
        ("CR2: 0000000000000038 CR3", "see line 5"),
        ("gizmo_fill_report", "CULPRIT"),
        ("gizmo_fill_report", "memcpy_erms (copies or compares memory for its caller)"),
        ("? gizmo_lookup", "not part of the proven chain"),
        ("__x64_sys_ioctl", "system call"),
        ("RIP: 0033", "user program"),
        ("Modules linked in", "gizmo (built outside the kernel tree and not validly signed)"),
        ("Kernel panic - not", "CONSEQUENCE"),
        ("Kernel panic - not", "panic_on_oops"),
    ],
)
def test_x86_oops(built_in: Work, tables: Words, line: str, words_said: str) -> None:
    assert words_said in told(said(built_in, tables, X86), line)


@pytest.mark.parametrize(
    ("line", "words_said"),
    [
        ("Unable to handle", "error code -22 (EINVAL, invalid argument) used as a pointer"),
        ("ESR =", "data abort in the kernel"),
        ("ESR =", "it was a read"),
        ("pc : ", "CULPRIT"),
        ("x0 : ffff", "the failing instruction uses it"),
        ("  process_one_work", "work item"),
        ("Code:", "what X0 points to"),
    ],
)
def test_arm64_oops(built_in: Work, tables: Words, line: str, words_said: str) -> None:
    assert words_said in told(said(built_in, tables, ARM), line.strip())


def test_untelling_lines_have_no_notes(built_in: Work, tables: Words) -> None:
    found = said(built_in, tables, X86)
    for part in ("#PF: supervisor", "RSP: 0018", "R11: 0000", "do_syscall_64", "Command line"):
        line = next((line for line in found if part in line and "R10" not in line), "")
        assert not line, line


OTHER = {
    "second oops": (
        "[  9.1] Oops: 0000 [#2] SMP\n[  9.2] CPU: 0 PID: 1 Comm: a Tainted: G      D W  6.1.0 #1\n"
        "[  9.3] RIP: 0010:foo+0x1/0x2\n",
        [("[#2]", "damaged"), ("CPU: 0", "D = the kernel had an oops before")],
    ),
    "one bit": (
        "[  9.0] general protection fault, probably for non-canonical address 0xfffb888012345678: 0000 [#1] SMP\n"
        "[  9.1] CPU: 0 PID: 1 Comm: a Not tainted 6.1.0 #1\n[  9.2] RIP: 0010:foo+0x1/0x20\n"
        "[  9.3] Code: 90 <48> 8b 03\n[  9.4] RAX: 0000000000000000 RBX: fffb888012345678 RCX: 0000000000000000\n",
        [("RBX: fffb", "one bit"), ("Code:", "one bit")],
    ),
    "divide": (
        "[  9.0] divide error: 0000 [#1] SMP\n[  9.1] CPU: 0 PID: 1 Comm: a Not tainted 6.1.0 #1\n"
        "[  9.2] RIP: 0010:foo+0x1/0x20\n[  9.3] Code: 90 <f7> f1\n"
        "[  9.4] RAX: 0000000000000000 RBX: 0000000000000000 RCX: 0000000000000000\n",
        [("Code:", "Divides by RCX, which is 0")],
    ),
    "out of memory": (
        "[  9.0] hog invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0\n"
        "[  9.1] Mem-Info:\n[  9.1] active_anon:900000 inactive_anon:0 isolated_anon:0\n"
        "[  9.2] Node 0 Normal free:3000kB boost:0kB min:4000kB low:5000kB high:6000kB managed:4000000kB\n"
        "[  9.3] Tasks state (memory values in pages):\n"
        "[  9.3] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n"
        "[  9.3] [    812]     0   812   910000   890000   700000        0             0 hog\n"
        "[  9.4] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),task=hog,pid=812,uid=0\n"
        "[  9.5] Out of memory: Killed process 812 (hog) total-vm:3640000kB, anon-rss:3560000kB, file-rss:0kB\n",
        [
            ("invoked", "one page (4 KiB)"), ("Mem-Info", "programs"), ("Node 0 Normal", "exhausted"),
            ("] hog".strip("] "), "one page"), ("0 hog", "Number 1 by size"), ("constraint=", "whole machine"),
            ("Killed process", "frees about 3.4 GiB"),
        ],
    ),
    "rcu": (
        "[ 90.0] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n"
        "[ 90.0] rcu: \t2-O..3: (0 ticks this GP) idle=123/1/0x4 softirq=55/55 fqs=10\n"
        "[ 90.0] rcu: \t(detected by 0, t=5252 jiffies, g=100, q=3 ncpus=4)\n",
        [("2-O", "offline"), ("2-O", "no interrupt for 3 grace periods"), ("2-O", "not one timer tick"), ("t=5252", "5252")],
    ),
    "slab": (
        "[ 9.0] BUG kmalloc-64 (Not tainted): Poison overwritten\n"
        "[ 9.0] 0xffff888100002008-0xffff888100002008 @offset=8. First byte 0x6a instead of 0x6b\n"
        "[ 9.0] Freed in gizmo_free+0x20/0x40 [gizmo] age=12 cpu=1 pid=77\n",
        [("BUG kmalloc", "after it was freed"), ("First byte", "single bit"), ("Freed in", "gizmo_free of module gizmo")],
    ),
    "mce": (
        "[ 9.0] mce: [Hardware Error]: CPU 2: Machine Check: 0 Bank 7: be00000000010090\n"
        "[ 9.0] mce: [Hardware Error]: TSC 0 ADDR 1f00 MISC 86\n",
        [("Bank 7", "memory controller"), ("Bank 7", "not corrected by the hardware"), ("ADDR", "0x1f00")],
    ),
    "aer": (
        "[ 9.0] pcieport 0000:00:1c.0: AER: Corrected error received: 0000:02:00.0\n"
        "[ 9.0] nvme 0000:02:00.0: PCIe Bus Error: severity=Corrected, type=Physical Layer, (Receiver ID)\n"
        "[ 9.0] nvme 0000:02:00.0:   device [144d:a808] error status/mask=00000001/0000e000\n"
        "[ 9.0] nvme 0000:02:00.0:    [ 0] RxErr                  (First)\n",
        [("severity=", "electrical link"), ("status/mask", "receiver error")],
    ),
    "hung task": (
        "[ 99.0] INFO: task cp:55 blocked for more than 120 seconds.\n"
        "[ 99.0] task:cp              state:D stack:0     pid:55    ppid:1      flags:0x00004002\n"
        "[ 99.0] Call Trace:\n[ 99.0]  __schedule+0x2/0x10\n[ 99.0]  schedule+0x2/0x10\n"
        "[ 99.0]  gizmo_wait_idle+0x2/0x10 [gizmo]\n",
        [("state:D", "no signal can wake it"), ("gizmo_wait", "WAITS HERE"), ("blocked for", "120 seconds")],
    ),
    "hung task in I/O wait": (
        "[ 99.0] INFO: task cp:55 blocked in I/O wait for more than 120 seconds.\n",
        [("blocked in I/O wait", "120 seconds")],
    ),
    "lockdep": (
        "[ 9.0] WARNING: possible circular locking dependency detected\n[ 9.0] 6.1.0 #1 Not tainted\n"
        "[ 9.0] ------------------------------------------------------\n"
        "[ 9.0] a/12 is trying to acquire lock:\n[ 9.0] ffff888001 (&dev->one){+.+.}-{3:3}, at: foo+0x1/0x2\n"
        "[ 9.0] \n[ 9.0] but task is already holding lock:\n[ 9.0] ffff888002 (&dev->two){+.+.}-{3:3}, at: bar+0x1/0x2\n"
        "[ 9.0] \n[ 9.0] the existing dependency chain (in reverse order) is:\n[ 9.0] -> #1 (&dev->two){+.+.}-{3:3}:\n"
        "[ 9.0]        bar+0x1/0x2\n",
        [("circular locking", "different orders"), ("trying to acquire", "lock(&dev->two)")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER)
def test_other_reports(built_in: Work, tables: Words, name: str) -> None:
    log, expected = OTHER[name]
    found = said(built_in, tables, log)
    for line, words_said in expected:
        assert words_said in told(found, line), (line, told(found, line))


def test_a_log_that_breaks_off(built_in: Work, tables: Words) -> None:
    log = "[    0.000000] Linux version 6.1.0 (x@y) #1 SMP\n[   70.000001] usb 1-1: new device\nlogin: root\n[   80.1] x: y\n"
    assert "stops here" in told(said(built_in, tables, log), "x: y")


@pytest.mark.skipif(not HAVE, reason="the golden outputs hold instructions; capstone is not installed")
@pytest.mark.parametrize("name", ["explain-x86-64", "explain-arm64"])
def test_golden_markdown(built_in: Work, tables: Words, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(LOGS)
    lines = annotated(built_in.base, tables, f"{name}.log", "markdown")
    assert lines is not None
    out = "\n".join(lines) + "\n"
    golden = GOLDEN / f"{name}.md"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(out)
    assert out == golden.read_text()


def rendered(work: Work, tables: Words, log: str, everything: bool = False) -> tuple[list[str], list[str], set[int]]:
    """Text lines, Markdown lines, and the numbers of the decisive lines."""
    evidence = work.gatherer.gather("log", {}, [("log", log)])
    events, _ = chosen(evidence.events)
    lines = pick([(1, log)], wanted(events))
    found = annotate(events, lines, tables, FrameTable(work.base.frames))
    title = Title("log", evidence.lines, len(events), "", 0, ())

    def shown() -> list[str]:
        return list(text(title, rows([(1, log)] if everything else blocks_of(lines), found, everything), colour=False))

    marked = list(markdown(title, rows([(1, log)] if everything else blocks_of(lines), found, everything)))
    return shown(), marked, set(found)


HARM = [
    "[ 1.0] BUG: unable to handle kernel paging request at \x1b[2J\x1b]0;x\x07 <script>alert(1)</script>",
    "[ 1.0] Kernel panic - not syncing: `x` ```` | ![a](http://e.example/) <img src=x onerror=y> \u202e",
    "[ 1.0] CPU: 0 PID: 1 Comm: <b>\x9b31m Tainted: G  O  6.1.0 #1",
    "[ 1.0] Modules linked in: " + "a(OE) " * 20000,
    "[ 1.0] INFO: task \x00\x01\x02:12 blocked for more than 120 seconds.",
    "```\n- item\n# head\n[x]: http://e.example",
]


@pytest.mark.parametrize("line", HARM)
def test_harm(built_in: Work, tables: Words, line: str) -> None:
    log = X86.replace("[  310.611216]", f"{line}\n[  310.611216]") + line + "\n"
    plain, marked, _ = rendered(built_in, tables, log, everything=True)
    for out in (*plain, *marked):
        assert "\x1b" not in out
        assert out.isprintable()
        assert len(out) < 9000
    outside = False
    fence = ""
    for out in marked:
        match = re.match(r"(?:- |  )?(`{3,})\Z", out)
        if match and (not fence or match[1] == fence):
            fence = "" if fence else match[1]
            continue
        if not fence and re.search(
            r"<(?:script|img|b)\b", re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", out).replace("\\<", "")
        ):
            outside = True
    assert fence == ""
    assert not outside


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_logs(built_in: Work, tables: Words, data: st.DataObject) -> None:
    lines = (X86 + ARM + "".join(log for log, _ in OTHER.values())).split("\n")
    for _ in range(data.draw(st.integers(0, 12))):
        at = data.draw(st.integers(0, len(lines) - 1))
        how = data.draw(st.sampled_from(["drop", "twice", "swap", "cut", "text", "byte", "join"]))
        other = data.draw(st.integers(0, len(lines) - 1))
        if how == "drop" and len(lines) > 2:
            del lines[at]
        elif how == "twice":
            lines.insert(other, lines[at])
        elif how == "swap":
            lines[at], lines[other] = lines[other], lines[at]
        elif how == "cut":
            lines[at] = lines[at][: data.draw(st.integers(0, 80))]
        elif how == "text":
            lines[at] += data.draw(st.text(max_size=20)).replace("\n", " ").replace("\r", " ")
        elif how == "byte":
            spot = data.draw(st.integers(0, 60))
            lines[at] = (
                lines[at][:spot]
                + data.draw(st.sampled_from(["f", "0", "<", "[", "\x1b", "\0"]))
                + lines[at][spot + 1 :]
            )
        else:
            lines[at] += lines[other]
    log = "\n".join(lines) + "\n"
    plain, marked, decisive = rendered(built_in, tables, log)
    for number in decisive:
        assert sum(line.startswith(f"{number:>4}  ") for line in plain) == 1
        assert sum(line.startswith(f"**{number}** ") for line in marked) == 1
    assert all(line.isprintable() for line in plain + marked)


def test_all_prints_every_line_once(built_in: Work, tables: Words) -> None:
    plain, _, _ = rendered(built_in, tables, X86, everything=True)
    numbers = [int(line[:4]) for line in plain if re.match(r" *\d+  ", line)]
    assert numbers == list(range(1, X86.count("\n") + 1))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_width(built_in: Work, tables: Words, width: int, tmp_path: Path) -> None:
    for log in (X86, ARM, *(log for log, _ in OTHER.values())):
        path = tmp_path / "console.log"
        path.write_text(log)
        lines = annotated(built_in.base, tables, str(path), width=width)
        assert lines is not None
        assert max(len(line) for line in list(lines)[2:]) <= width


def test_colour_only_where_wanted(built_in: Work, tables: Words) -> None:
    path = str(LOGS / "explain-arm64.log")
    lit = annotated(built_in.base, tables, path, colour=True)
    plain = annotated(built_in.base, tables, path)
    assert lit is not None
    assert plain is not None
    coloured = "\n".join(lit)
    assert "\x1b[1;31mSTARTED HERE\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == "\n".join(plain)


def test_many_events_are_cut_to_the_gravest(built_in: Work) -> None:
    log = "".join(f"[{n}.0] blk_update_request: I/O error, dev sd{n}, sector {n}\n" for n in range(100, 400)) + X86
    evidence = built_in.gatherer.gather("log", {}, [("log", log)])
    events, left = chosen(evidence.events)
    assert left > 0
    assert any(event.role == "root" for event in events)
    assert not chosen(evidence.events, everything=True)[1]


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("------------[ cut here ]------------", "cut-here"),
        ("---[ end trace 00 ]---", "end-trace"),
        ("Kernel Offset: 0x1 from 0x2", "kernel-offset"),
        ("Kernel Offset: disabled", "no-kaslr"),
        ("Rebooting in 5 seconds..", "rebooting"),
        ("usb 1-1: x", ""),
    ],
)
def test_general_lines(line: str, key: str) -> None:
    assert general(line) == key


def test_every_key_that_the_code_asks_for_exists(tables: Words) -> None:
    folder = Path(__file__).parent.parent.parent / "advisor"
    source = "".join(p.read_text() for p in [*sorted((folder / "notes").glob("*.py")), folder / "annotate.py"])
    for table, key in re.findall(r'"(line|rcu-flag|role)", "([a-z-]+)"', source):
        assert tables.get(table, key), (table, key)


def run(*arguments: str) -> int:
    from advisor.cli import main

    return main(["explain", *arguments, "--kb", BUILT_IN])


def test_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log = str(LOGS / "explain-arm64.log")
    assert run(log) == 0
    shown = capsys.readouterr().out
    assert "STARTED HERE" in shown
    assert "\x1b" not in shown
    out = tmp_path / "ticket.md"
    assert run(log, "--format", "markdown", "--output", str(out)) == 0
    assert out.read_text().startswith("## Annotated log")
    assert capsys.readouterr().out == ""


def test_command_with_unusable_input(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    plain = tmp_path / "letter.txt"
    plain.write_text("Dear reader,\nnothing here.\n")
    assert run(str(plain)) == 1
    assert run(str(tmp_path / "absent.log")) == 1
    assert run(str(LOGS / "explain-arm64.log"), "--output", str(tmp_path / "no" / "such")) == 1
    assert len(capsys.readouterr().err.strip().split("\n")) == 3


@pytest.mark.skipif(not HAVE, reason="the page shows instructions; capstone is not installed")
def test_the_guided_reading_shows_what_the_program_says(built_in: Work, tables: Words) -> None:
    docs = Path(__file__).parent.parent.parent / "docs"
    lines = annotated(built_in.base, tables, str(docs / "examples" / "web-07" / "console.log"))
    assert lines is not None
    out = " ".join(" ".join(line.replace("|", " ", 1).split()) for line in lines)
    page = (docs / "reading-an-oops.md").read_text()
    quoted: list[str] = []
    for line in page.split("\n"):
        if line.startswith("          | "):
            quoted.append(" ".join(line.replace("|", " ", 1).split()))
    assert len(quoted) > 10
    assert [line for line in quoted if line not in out] == []
