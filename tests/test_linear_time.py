"""Inputs four times as long take about four times as long: every reader, on what it repeats."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from advisor.answers import parse, without_prompt
from advisor.journal import read
from advisor.reading_aid import annotated
from advisor.replay import Restored
from advisor.work import Work
from facts.errors import InputError
from kb.load import load
from kb.markdown import first_sentence, sections, split_front_matter
from kb.tables import words
from kb.where import BUILT_IN
from kb.yamldoc import YamlError
from kb.yamldoc import parse as parse_yaml
from tests.fuzz.seeds import reports
from tests.kb.kbfolder import FILES, write

LOGS = Path(__file__).parent / "logs"
OOPS = (LOGS / "oops-x86-6.8.log").read_text(encoding="utf-8")
LEAST = 0.02  # seconds that the shorter input takes at least
GROWTH = 4
ALLOWED = 2.2  # times the growth; quadratic would be four times
ADDED = 0.05  # seconds that do not depend on the size


def seconds(run: Callable[[str], object], text: str) -> float:
    best = float("inf")
    for _ in range(2):
        begin = time.process_time()
        run(text)
        best = min(best, time.process_time() - begin)
    return best


def check_growth(
    make: Callable[[int], str], run: Callable[[str], object], start: int = 64, most: int = 1 << 18
) -> None:
    """`make` gives a text that grows with its number.  Measured again before it counts as slower than linear."""
    size = start
    while (short := seconds(run, make(size))) < LEAST and size < most:
        size *= 2
    for _ in range(3):
        long = seconds(run, make(size * GROWTH))
        if long <= GROWTH * ALLOWED * short + ADDED:
            return
        short = seconds(run, make(size))
    raise AssertionError(f"{size} pieces take {short:.3f} s, {GROWTH} times as many {long:.3f} s")


def of_log(whole: Work) -> Callable[[str], object]:
    return lambda text: whole.gatherer.gather("x", {}, [("log", text)])


def numbered(piece: str) -> Callable[[int], str]:
    """The piece again and again, told apart by a number where it has a place for one."""
    return lambda count: "".join(piece.replace("{n}", f"{i:x}") for i in range(count))


LINES = {
    "chatter": "[  100.000000] usb 1-1: new device number {n}\n",
    "warnings": "[  100.000000] WARNING: CPU: 1 PID: 7 at fs/x.c:1 function_{n}+0x1/0x2 [m{n}]\n",
    "oopses": "[  100.000000] BUG: kernel NULL pointer dereference, address: {n}\n[  100.000001] Oops: 0000 [#1] SMP\n",
    "boots": "[    0.000000] Linux version 6.1.{n} (x@y)\n[  100.000000] Kernel panic - not syncing: {n}\n",
    "stalls": "[  100.000000] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [task{n}:1]\n[  101.000000] Code:\n",
    "frames": "[  100.000000]  function_{n}+0x1/0x2 [module]\n",
    "open ends": "[  100.000000] Call Trace:\n[  100.000000]  <TASK>\n",
    "journal": '{"MESSAGE":"BUG: unable to handle page fault {n}","_TRANSPORT":"kernel","PRIORITY":"1"}\n',
    "bytes": '{"MESSAGE":[66,85,71,58,32,{n}],"_TRANSPORT":"kernel"}\n',
    "syslog": "Mar  2 10:00:00 host kernel: [  100.000000] BUG: unable to handle page fault {n}\n",
    "escapes": "\x1b[31m[  100.000000] BUG: \x1b]0;{n}\x1b[0m\n",
    "tasks": "[  100.000000] [{n}]     0  1000    10000     1000    65536        0             0 task\n",
    "nothing": "\n",
}


@pytest.mark.parametrize("name", list(LINES))
def test_logs(whole: Work, name: str) -> None:
    """A head so that reports begin, and then the same lines without end."""
    repeat = numbered(LINES[name])
    check_growth(lambda count: OOPS[:3000] + repeat(count), of_log(whole), start=512)


def test_logs_to_the_verdict(whole: Work) -> None:
    def run(text: str) -> None:
        whole.diagnose(whole.gatherer.gather("x", {}, [("log", text)]))

    check_growth(numbered(LINES["warnings"]), run, start=256)


def test_reports(whole: Work) -> None:
    """A report for each reader, its last lines repeated."""
    slow = []
    done: set[str] = set()
    for seed in reports(whole):
        kind, _, body = seed.decode().partition("\n")
        kind = whole.base.events[kind]["report"]
        lines = body.split("\n")
        if kind in done or len(lines) < 3:
            continue
        done.add(kind)
        head, tail = "\n".join(lines[: len(lines) // 2]) + "\n", "\n".join(lines[len(lines) // 2 :]) + "\n"
        make = lambda count, head=head, tail=tail: head + tail * count  # noqa: E731
        try:
            check_growth(make, of_log(whole), start=4, most=256)
        except AssertionError as error:
            slow.append(f"{kind}: {error}")
    assert len(done) >= 12
    assert not slow, "\n".join(slow)


def test_one_long_line(whole: Work) -> None:
    check_growth(lambda count: "[  100.000000] BUG: " + "a_b+0x1/0x2 [m] " * count, of_log(whole), most=4096)


def test_explain(whole: Work, tmp_path: Path) -> None:
    tables = words([BUILT_IN], [])
    path = tmp_path / "log"

    def run(text: str) -> None:
        path.write_text(text, encoding="utf-8")
        assert sum(1 for _ in annotated(whole.base, tables, str(path)) or ())

    body = OOPS + "[  200.000000] usb 1-1: new device\n" * 40
    check_growth(lambda count: body * count, run, start=1, most=64)


def test_compressed(whole: Work, tmp_path: Path) -> None:
    path = tmp_path / "log.gz"

    def run(text: str) -> None:
        path.write_bytes(gzip.compress(text.encode()))
        whole.gatherer.logs([str(path)])

    check_growth(numbered(LINES["chatter"]), run, start=1024)


HOSTS = {
    "facts": ("facts:\n", "  kernel.cmdline.p{n}: v\n"),
    "unknown": ("facts:\n", "  kernel.wrong{n}: v\n"),
    "logs": ("logs:\n", "  - {name: x, text: 'one line {n}'}\n"),
    "answers": ("answers:\n", "  probe-{n}: yes\n"),
    "keys": ("", "key{n}: 1\n"),
    "cmdline": ("facts:\n  kernel.cmdline: 'a", " p{n}=v"),
}


@pytest.mark.parametrize("name", list(HOSTS))
def test_host_files(whole: Work, tmp_path: Path, name: str) -> None:
    head, piece = HOSTS[name]
    path = tmp_path / "host.yaml"

    def run(text: str) -> None:
        path.write_text(head + text + ("'" if name == "cmdline" else ""), encoding="utf-8")
        whole.gatherer.host(str(path))

    check_growth(numbered(piece), run, most=1024 if name == "logs" else 8192)


YAML = [
    "- a{n}\n",
    "k{n}: v\n",
    "- [a, b, {c: d}]\n",
    "- 'x\n",
    '- "\\u0041\n',
    "- |\n  x\n",
    "[",
    "{a: ",
    "- - ",
    "#\n",
    "? ",
]


@pytest.mark.parametrize("piece", YAML)
def test_yaml(piece: str) -> None:
    def run(text: str) -> None:
        try:
            parse_yaml(text, "x")
        except YamlError:
            pass

    check_growth(numbered(piece), run, start=1024, most=1 << 15)


MARKDOWN = [
    "## A{n}\n\ntext.\n\n",
    "text (a. ",
    "`",
    "a `b. ",
    "- [x](y) ",
    "> ",
    "*a _b ",
    "[a](b",
    "1. e.g. ",
    "```\n",
    "<a ",
    "|a",
]


@pytest.mark.parametrize("piece", MARKDOWN)
def test_markdown(piece: str) -> None:
    def run(text: str) -> None:
        _, body, _ = split_front_matter(text)
        for section in sections(body).values():
            first_sentence(section)
        first_sentence(text)

    repeat = numbered(piece)
    check_growth(lambda count: "---\nid: x\n---\n## Fix\n" + repeat(count), run, most=1 << 13)


def test_knowledge(tmp_path: Path) -> None:
    def run(text: str) -> None:
        write(tmp_path, {**FILES, "probes/all.yaml": text})
        load([str(tmp_path)])

    piece = FILES["probes/all.yaml"].replace("look", "look{n}").replace("neighbour\n", "neighbour{n}\n")
    check_growth(numbered(piece), run, start=8, most=512)


def test_answers(whole: Work) -> None:
    """Each rule on what its outputs hold, and on hostile lines."""
    from tests.advisor.outputs import OUTPUTS

    pieces: dict[str, list[str]] = {}
    for probe, text, _ in OUTPUTS:
        pieces.setdefault(probe, []).append(text)
    hostile = [
        "a",
        " ",
        "0",
        "a: ",
        "1 | ",
        ": +1.0 C ",
        "x (",
        "\t1 ",
        "0x1",
        "= ",
        '"',
        "'",
        "ready to ",
        "a\n",
        "1\n",
    ]
    slow = []
    for name, probe in whole.base.probes.items():
        if not probe["parse"]:
            continue
        for piece in [*pieces.get(name, [])[:3], *hostile]:
            text = piece * (20_000 // max(len(piece), 1))
            begin = time.process_time()
            parse(probe["parse"], without_prompt(text, probe["command"]))
            spent = time.process_time() - begin
            if spent > 0.4:  # a linear rule takes a tenth of it at most
                slow.append(f"{name}, {piece[:40]!r}: {spent:.2f} s")
    assert not slow, "\n".join(slow)


def test_sessions(whole: Work, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    head = json.dumps({"schema": "kadvisor/session/1", "id": "1"}) + "\n"

    def run(text: str) -> None:
        path.write_text(head + text, encoding="utf-8")
        try:
            restored = Restored(whole, read(str(path)))
        except InputError:
            return
        restored.session.verdict()

    step = '{"do":"step","action":"fact","name":"hardware.ecc","value":true}\n'
    check_growth(numbered(step + '{"do":"undo"}\n' + step), run)
    check_growth(
        numbered('{"do":"step","action":"event","name":"oom-kill","value":["cpu=1"]}\n'), run, start=16, most=1024
    )
