"""Many inputs: what counts as one, their order, several at a time, and bad ones among them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cases import LOGS, SMALL

from advisor.cli import main
from advisor.triage import inputs, one
from advisor.work import Work

STALL = "[   10.000000] sda stalls for 31 s\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two hosts, a folder of logs, things that are no input."""
    for name in ("b.log", "a.log", ".hidden.log"):
        (tmp_path / name).write_text(STALL)
    host = tmp_path / "host-1"
    host.mkdir()
    (host / "console.txt").write_text(STALL)
    (host / "host.yaml").write_text("facts: {hardware: {worn: true}}\nlogs: [console.txt]\n")
    below = tmp_path / "more" / "deep"
    below.mkdir(parents=True)
    (below / "c.log").write_text(STALL)
    (below / "circle").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(below / "pipe")
    return tmp_path


def test_inputs(tree: Path) -> None:
    found = [os.path.relpath(path, tree) for path in inputs([str(tree)])]
    assert found == ["a.log", "b.log", "host-1", "more/deep/c.log"]


def test_inputs_keep_the_order_given(tree: Path) -> None:
    given = [str(tree / "host-1"), str(tree / "missing"), str(tree / "b.log"), str(tree / "a.log")]
    assert list(inputs(given)) == given


def test_a_folder_with_a_host_file_is_one_input(tree: Path, work: Work) -> None:
    verdict = one(work, str(tree / "host-1"))
    assert verdict["input"] == str(tree / "host-1")
    assert verdict["facts"]["hardware.worn"]["value"] is True
    assert [event["kind"] for event in verdict["events"]] == ["disk-stall"]
    assert one(work, str(tree / "host-1" / "host.yaml"))["causes"] == verdict["causes"]


def test_an_unusable_input_has_all_fields(tree: Path, work: Work) -> None:
    good, bad = one(work, str(tree / "a.log")), one(work, str(tree / "missing"))
    assert set(bad) == {*good, "error"}
    assert bad["status"] == "undetermined"
    assert "does not exist" in bad["error"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "advisor", "triage", "--engine", "evaluator", "--kb", str(SMALL), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_bad_inputs_do_not_stop_the_others(tree: Path, jobs: str) -> None:
    (tree / "a-binary").write_bytes(bytes(range(256)) * 40)
    (tree / "a-empty.log").write_bytes(b"")
    (tree / "host-2").mkdir()
    (tree / "host-2" / "host.yaml").write_text("facts: [\n")
    done = run("--jobs", jobs, str(tree), str(tree / "missing"))
    assert done.returncode == 0
    found = lines(done.stdout)
    assert [os.path.relpath(v["input"], tree) for v in found] == [
        "a-binary", "a-empty.log", "a.log", "b.log", "host-1", "host-2", "more/deep/c.log", "missing",
    ]  # fmt: skip
    assert ["error" in v for v in found] == [True, True, False, False, False, True, False, True]
    assert len([line for line in done.stderr.splitlines() if line.startswith("kadvisor: ")]) == 4
    assert "Traceback" not in done.stderr


def test_jobs_change_nothing(tree: Path) -> None:
    paths = [str(tree), str(LOGS / "null-in-driver.log"), str(LOGS / "quiet.log")]
    one_by_one, side_by_side = run(*paths), run("--jobs", "2", *paths)
    assert one_by_one.stdout == side_by_side.stdout
    assert len(lines(one_by_one.stdout)) == 6


def test_nothing_usable(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["triage", str(tree / "missing"), str(tree / "gone")]) == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == len(err.splitlines()) == 2


def test_text_is_one_clean_line_each(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tree / "e\x1b[2Jvil\n.log"
    path.write_text(STALL)
    assert main(["triage", "--format", "text", "--kb", str(SMALL), str(path), str(tree / "a.log")]) == 0
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 2
    assert "\x1b" not in out[0]
    assert out[1].startswith(f"{tree / 'a.log'}: Disk sda stalled")


def test_json_lines_are_ascii(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tree / "na\u00efve\u202e.log"
    path.write_text(STALL)
    assert main(["triage", "--kb", str(SMALL), str(path)]) == 0
    out = capsys.readouterr().out
    assert out.isascii()
    assert json.loads(out)["input"] == str(path)
