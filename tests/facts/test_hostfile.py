"""facts/hostfile.py: host.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from facts.errors import InputError
from facts.hostfile import HostFile, read_hostfile
from facts.names import FactNames

NAMES = FactNames({
    "kernel": {"version": "text", "cmdline": "text", "uptime": "duration"},
    "sysctl": {"kernel.panic": "integer", "kernel.panic_on_oops": "boolean"},
    "kdump": {"reserved": "size", "service": ["active", "inactive", "failed"], "vmcores": "list"},
    "hardware": {"ecc": "boolean"},
})  # fmt: skip


class Read(Protocol):
    def __call__(self, text: str, **options: int) -> HostFile: ...


@pytest.fixture
def host(tmp_path: Path) -> Read:
    def read(text: str, **options: int) -> HostFile:
        path = tmp_path / "host.yaml"
        path.write_text(text)
        return read_hostfile(str(path), NAMES, **options)

    return read


def said(found: HostFile) -> list[tuple[int, str]]:
    return [(problem.line, problem.message) for problem in found.problems]


def test_all_keys(host: Read, tmp_path: Path) -> None:
    found = host(
        "host: web-1\ncollected: 2026-11-24 01:07:40\nnotes: |\n  froze twice\n"
        "facts:\n  kernel:\n    version: 6.10\n    cmdline: ro panic=1 sysctl.kernel.panic=3\n  kdump.reserved: 256M\n"
        "  kdump: {service: failed, vmcores: [a, b]}\n"
        "  sysctl:\n    kernel.panic: 10\n    kernel:\n      panic_on_oops: 1\n"
        "  hardware.ecc: unknown\n"
        "logs:\n  - console.log\n  - |\n    [    1.000000] inline\n  - {name: bmc, text: one line}\n"
        "answers:\n  edac-counters: 6.10\n  which-tools: [a, 1]\n  memtest: null\n"
    )
    assert found.problems == []
    assert (found.host, found.collected, found.notes) == ("web-1", "2026-11-24 01:07:40", "froze twice")
    assert found.facts == {
        "kernel.version": "6.10", "kernel.cmdline": "ro panic=1 sysctl.kernel.panic=3", "kernel.cmdline.ro": "",
        "kernel.cmdline.panic": "1", "kernel.cmdline.sysctl.kernel.panic": "3", "kdump.reserved": 256 << 20,
        "kdump.service": "failed", "kdump.vmcores": ("a", "b"), "sysctl.kernel.panic": 10,
        "sysctl.kernel.panic_on_oops": True,
    }  # fmt: skip
    assert [(log.name, log.path, log.text) for log in found.logs] == [
        ("console.log", str(tmp_path / "console.log"), None),
        ("host.yaml (log 2)", "", "[    1.000000] inline\n"),
        ("bmc", "", "one line"),
    ]
    assert found.answers == {"edac-counters": "6.10", "which-tools": ("a", "1"), "memtest": None}


def test_problems_leave_the_rest(host: Read) -> None:
    found = host(
        "hots: x\nkernel: {version: 1}\nfacts:\n  kdump:\n    reserved: lots\n    servic: active\n    service: active\n"
        "  hardwear:\n    ecc: 1\n  kernel.version: {a: 1}\n  hardware: yes\n  hardware.ecc: true\n"
        "  kdump.service: failed\nanswers:\n  p: {a: 1}\n  q: yes\n"
    )
    lines = said(found)
    assert [line for line, _ in lines] == [1, 2, 5, 6, 8, 10, 11, 13, 15]
    for (_, message), part in zip(
        lines,
        ("did you mean host?", "under the key `facts`", "256M", "kdump.service?", "did you mean hardware?",
         "not a mapping", "a mapping of facts", "line 7", "not a mapping"),
        strict=True,
    ):  # fmt: skip
        assert part in message
    assert found.facts == {"kdump.service": "active", "hardware.ecc": True, "kernel.version": "1"}
    assert found.answers == {"q": "yes"}
    assert str(found.problems[0]).endswith("host.yaml:1: " + lines[0][1])


def test_logs(host: Read, tmp_path: Path) -> None:
    (tmp_path / "away").symlink_to("/")
    found = host("logs: ['../x', /etc/passwd, away/etc/passwd, sub/../a.log, '-', {name: n}, [x], {text: t, nme: n}]")
    assert [log.name for log in found.logs] == ["sub/../a.log", "-", "host.yaml (log 8)"]
    assert found.logs[1].path == str(tmp_path / "-")
    assert len([m for _, m in said(found) if "outside the folder" in m]) == 3
    assert "'../x'" in said(found)[0][1]
    assert [log.text for log in host("logs: |\n  [    1.0] a\n  [    2.0] b\n").logs] == ["[    1.0] a\n[    2.0] b\n"]
    assert [log.path for log in host("logs: a.log").logs] == [str(tmp_path / "a.log")]
    assert host("logs:\n").logs == []


def test_paths_beside_a_file_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "host.yaml").write_text("logs: ['-']")
    assert read_hostfile("host.yaml", NAMES).logs[0].path == "./-"  # never standard input


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "a mapping with host"),
        ("just text", "a mapping"),
        ("host: &a x\nnotes: *a", "line 1, column 7: anchors"),
        ("host: a\nhost: b", "line 2.*occurs twice"),
        ("host: !x a", "tags"),
        ("facts: " + "{a: " * 30, "deeper"),
        ("", "is empty"),
        ("a: [", "line"),
    ],
)
def test_refused(host: Read, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        host(text)


def test_not_readable(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_hostfile(str(tmp_path / "none"), NAMES)
    with pytest.raises(InputError, match="is a folder"):
        read_hostfile(str(tmp_path), NAMES)


def test_size(host: Read) -> None:
    assert host("logs: |\n" + "  [    1.000000] line\n" * 100_000).problems == []
    with pytest.raises(InputError, match="besides its logs"):
        host("notes: " + "x" * 2_000_000)
    with pytest.raises(InputError, match="large logs"):
        host("notes: " + "x" * 2000, max_bytes=1000, max_log_bytes=1000)


def test_control_characters_of_a_pasted_log(host: Read) -> None:
    found = host("host: a\nlogs: |\n  [    1.000000] \x1b[31mred\x1b[0m \x07\n")
    assert found.logs[0].text == "[    1.000000] red \ufffd\n"
    assert "control characters" in found.problems[0].message
