"""`kadvisor collect`: facts of this machine, and of one that only ran the script."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from advisor.cli import main

SCRIPT_OUTPUT = """\
#kadvisor host web-3
#kadvisor probe kernel-version
6.1.0-21-amd64

#kadvisor end
#kadvisor probe kernel-cmdline
BOOT_IMAGE=/vmlinuz root=/dev/vda1 ro crashkernel=256M

#kadvisor end
#kadvisor probe no-such-probe
something
#kadvisor end
#kadvisor log present
[    0.000000] Linux version 6.1.0-21-amd64 (x@y) #1 SMP Debian
[   99.000000] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [indexd:77]\x1b[31m
[   99.000001] CPU: 1 PID: 77 Comm: indexd Not tainted 6.1.0-21-amd64 #1
#kadvisor end
"""


def test_this_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "host.yaml"
    assert main(["collect", "--output", str(target)]) == 0
    data = yaml.safe_load(target.read_text())
    assert data["host"]
    assert len(data["facts"]) > 5
    assert target.stat().st_mode & 0o777 == 0o600
    capsys.readouterr()
    assert main(["--facts", str(target), "--format", "json"]) == 0
    assert capsys.readouterr().err == ""  # every fact has a name and a value that fit


def test_what_the_script_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed, target = tmp_path / "printed", tmp_path / "host.yaml"
    printed.write_text(SCRIPT_OUTPUT)
    assert main(["collect", "--from", str(printed), "--output", str(target)]) == 0
    text = target.read_text()
    data = yaml.safe_load(text)
    assert (data["host"], data["facts"]["kernel.version"]) == ("web-3", "6.1.0-21-amd64")
    assert data["logs"][0]["name"] == "present"
    assert "\x1b" not in text
    assert main(["--facts", str(target), "--format", "json"]) == 0
    out = capsys.readouterr()
    assert '"kind": "soft-lockup"' in out.out
    assert out.err == ""


def test_the_script_runs_under_sh(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["collect", "--script"]) == 0
    script = tmp_path / "collect.sh"
    script.write_text(capsys.readouterr().out)
    done = subprocess.run(["/bin/sh", str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert done.stderr == ""
    assert done.stdout.startswith("#kadvisor host ")
    printed = tmp_path / "printed"
    printed.write_text(done.stdout)
    assert main(["collect", "--from", str(printed)]) == 0
    assert len(yaml.safe_load(capsys.readouterr().out)["facts"]) > 5


@pytest.mark.parametrize(
    "text", ["", "hello\n", "\x00\xff" * 50, "#kadvisor end\n#kadvisor probe\n#kadvisor log ../x\n"]
)
def test_a_file_that_no_script_wrote(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = tmp_path / "printed"
    printed.write_text(text)
    assert main(["collect", "--from", str(printed)]) == 2
    assert "was not written by the script" in capsys.readouterr().err


def test_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["collect", "--from", str(tmp_path / "missing")]) == 2
    printed = tmp_path / "printed"
    printed.write_text(SCRIPT_OUTPUT)
    assert main(["collect", "--from", str(printed), "--output", str(tmp_path / "no" / "host.yaml")]) == 1
    assert "cannot be written" in capsys.readouterr().err
