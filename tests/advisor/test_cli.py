"""The command line: exit statuses, one clean line per error, output that may fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cases import LOGS, SMALL

from advisor.cli import main

DRIVER = str(LOGS / "null-in-driver.log")
QUIET = str(LOGS / "quiet.log")
STALLS = str(LOGS / "stalls.log")
SMALL_KB = ("--kb", str(SMALL))


def run(*arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    settings = {"capture_output": True, "timeout": 60, "check": False, "encoding": "utf-8", **more}
    return subprocess.run([sys.executable, "-m", "advisor", *arguments], **settings)  # type: ignore[call-overload,no-any-return]


def refused(capsys: pytest.CaptureFixture[str], status: int, *arguments: str) -> str:
    """The one line of the error."""
    try:
        code: object = main(arguments)
    except SystemExit as end:
        code = end.code
    assert code == status
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("kadvisor: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


# verdicts


def test_a_verdict_is_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--log", DRIVER]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"DIAGNOSED  {DRIVER}\n")
    assert "driver-null-dereference" in out
    assert "out-of-tree-module" in out
    assert err == ""


def test_no_failure_is_a_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--log", QUIET]) == 0
    assert capsys.readouterr().out.startswith("NO FAILURE FOUND")


@pytest.mark.parametrize("engine", ["evaluator", "durable-rules"])
def test_engines_give_one_verdict(capsys: pytest.CaptureFixture[str], engine: str) -> None:
    if engine == "durable-rules":
        pytest.importorskip("durable_rules_engine", exc_type=ImportError)
    assert main(["--log", DRIVER, "--engine", engine, "--format", "json"]) == 0
    verdict = json.loads(capsys.readouterr().out)
    assert verdict["causes"][0]["id"] == "driver-null-dereference"
    event = verdict["events"][verdict["root_event"]]
    assert (event["kind"], event["culprit"]["module"]) == ("null-pointer-dereference", "quux")


def test_json_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--log", DRIVER, "--format", "json"])
    verdict = json.loads(capsys.readouterr().out)
    assert verdict["schema"] == "kadvisor/verdict/1"
    text = (Path(__file__).parent.parent.parent / "docs" / "verdict.md").read_text()
    for part in (verdict, verdict["events"][0], verdict["causes"][0], verdict["causes"][0]["findings"][0],
                 verdict["readiness"], verdict["next"][0]):  # fmt: skip
        for field in part:
            assert f"`{field}`" in text, field


def test_standard_input() -> None:
    with open(DRIVER, "rb") as log:
        done = subprocess.run(
            [sys.executable, "-m", "advisor", "--log", "-"], stdin=log, capture_output=True, check=False
        )
    assert done.returncode == 0
    assert done.stdout.startswith(b"DIAGNOSED  -")


def test_further_knowledge(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL_KB, "--log", STALLS]) == 0
    assert "Why cable-loose" in capsys.readouterr().out


def test_a_log_that_is_missing_is_noted_when_another_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--log", DRIVER, "--log", "/no/such.log"]) == 0
    assert "Note     /no/such.log: does not exist" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html"])
def test_output_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    path = tmp_path / "out"
    assert main(["--log", DRIVER, "--format", form, "--output", str(path)]) == 0
    assert capsys.readouterr().out == ""
    written = path.read_text(encoding="utf-8")
    assert main(["--log", DRIVER, "--format", form]) == 0
    assert capsys.readouterr().out == written


# what cannot be used: status 1


def test_missing_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert "/no/such.log: does not exist" in refused(capsys, 1, "--log", "/no/such.log")
    assert "/no/host.yaml: does not exist" in refused(capsys, 1, "--facts", "/no/host.yaml")


def test_folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "is a folder" in refused(capsys, 1, "--log", str(tmp_path))
    refused(capsys, 1, "--facts", str(tmp_path))


def test_empty_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "empty.log"
    path.write_bytes(b"")
    assert "is empty" in refused(capsys, 1, "--log", str(path))


@pytest.mark.parametrize(
    "data", [b"\x7fELF\x02\x01\x01" + bytes(9000), bytes(range(256)) * 64, b"\x1f\x8b\x08\x00broken"]
)
def test_binary_file(capsys: pytest.CaptureFixture[str], tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "binary"
    path.write_bytes(data)
    refused(capsys, 1, "--log", str(path))


def test_broken_host_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "host.yaml"
    path.write_text("facts:\n  kdump: {\n")
    assert str(path) in refused(capsys, 1, "--facts", str(path))


@pytest.mark.parametrize("name", ["", "no/such/folder/out.txt"])
def test_output_that_cannot_be_written(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    error = refused(capsys, 1, "--log", QUIET, "--output", str(tmp_path / name))
    assert f"{tmp_path / name}: cannot be written" in error


def test_names_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert "/no/?[2Jsuch?log" in refused(capsys, 1, "--log", "/no/\x1b[2Jsuch\nlog")
    assert "--?[2J?x" in refused(capsys, 2, "--\x1b[2J\nx")


# wrong use: status 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["--bogus"], ["--log"], ["bogus"], ["--format", "pdf", "--log", QUIET], ["--format", "json"], ["--output", "x"],
        ["kb"], ["kb", "bogus"], ["kb", "show"], ["triage"], ["triage", "--jobs", "0", "x"],
        ["triage", "--jobs", "many", "x"], ["--engine", "bogus", "--log", QUIET], ["--lo", QUIET],
    ],
)  # fmt: skip
def test_wrong_use(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert "kadvisor --help" in refused(capsys, 2, *arguments)


def test_knowledge_folder_that_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--kb /no/such: no such folder" in refused(capsys, 2, "--kb", "/no/such", "--log", QUIET)
    refused(capsys, 2, "triage", "--kb", QUIET, QUIET)


def test_broken_knowledge_is_one_warning(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "probes").mkdir()
    (tmp_path / "probes" / "bad.yaml").write_text("- id: [\n")
    (tmp_path / "causes").mkdir()
    (tmp_path / "causes" / "bad.md").write_text("no front matter\n")
    assert main(["--kb", str(tmp_path), "--log", QUIET]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("NO FAILURE FOUND")
    assert err.count("\n") == 1
    assert err.startswith("kadvisor: knowledge problem: ")
    assert str(tmp_path) in err
    assert "more; run kadvisor kb check" in err


@pytest.mark.parametrize(
    "arguments", [["--help"], ["triage", "--help"], ["kb", "--help"], ["kb", "check", "--help"], ["--version"]]
)
def test_help(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 0
    out, err = capsys.readouterr()
    assert "kadvisor" in out
    assert err == ""


# the knowledge base


def test_kb_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kb", "show", "cable-loose", *SMALL_KB]) == 0
    assert "Push `the cable` in." in capsys.readouterr().out
    assert main(["kb", "list", "causes", *SMALL_KB]) == 0
    assert "disk-worn-cheap" in capsys.readouterr().out
    assert main(["kb", "search", "loose", "cable", *SMALL_KB]) == 0
    assert "cable-loose" in capsys.readouterr().out.splitlines()[0]
    assert "did you mean cable-loose" in refused(capsys, 1, "kb", "show", "cable-lose", *SMALL_KB)


# the stream


def test_closed_pipe() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        done = run("--log", DRIVER, capture_output=False, stdout=closed, stderr=subprocess.PIPE)
    assert done.stderr == ""
    assert done.returncode == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_full_disk() -> None:
    with open("/dev/full", "w") as full:
        done = run("--log", DRIVER, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr.startswith("kadvisor: standard output: cannot be written")
    assert done.stderr.count("\n") == 1


def test_an_encoding_that_lacks_characters(tmp_path: Path) -> None:
    log = tmp_path / "na\u00efve.log"
    log.write_text("[   10.000000] sda stalls for 31 s\n")
    done = run("--log", str(log), *SMALL_KB, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "na?ve.log" in done.stdout


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colour_on_a_terminal(variables: dict[str, str], coloured: bool) -> None:
    pexpect = pytest.importorskip("pexpect")
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm"} | variables
    child = pexpect.spawn(
        sys.executable, ["-m", "advisor", "--log", DRIVER], env=environment, encoding="utf-8", timeout=30
    )
    out = child.read()
    child.close()
    assert child.exitstatus == 0
    assert ("\x1b[" in out) is coloured
    assert "DIAGNOSED" in out


def test_no_colour_in_a_pipe() -> None:
    assert "\x1b" not in run("--log", DRIVER, env={**os.environ, "TERM": "xterm"}).stdout
