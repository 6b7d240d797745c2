"""facts/gather.py: host.yaml and logs become one Evidence; what cannot be read is said and the rest is used."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from loglines import OWN, booted, oops, own, stamped, warning

from advisor.work import Work
from facts.errors import InputError
from facts.evidence import Evidence
from facts.gather import Gatherer


@pytest.fixture(scope="module")
def gatherer(whole: Work) -> Gatherer:
    return whole.gatherer


def value(evidence: Evidence, name: str) -> object:
    return evidence.facts[name].value


def origin(evidence: Evidence, name: str) -> str:
    return evidence.facts[name].origin


def test_one_log(gatherer: Gatherer, tmp_path: Path) -> None:
    path = tmp_path / "console.log"
    path.write_text(own("oops-x86-6.8.log"))
    found = gatherer.logs([str(path)])
    assert (found.name, found.files, found.notes) == (str(path), [str(path)], [])
    assert found.root is not None
    assert found.events[found.root].kind == "null-pointer-dereference"
    assert [found.events[i].kind for i in found.chain] == ["null-pointer-dereference", "panic"]
    assert found.lines == own("oops-x86-6.8.log").count("\n")
    assert found.answers == {}


def test_facts_from_boot_lines(gatherer: Gatherer) -> None:
    found = gatherer.gather("x", {}, [("log", own("oops-x86-6.8.log"))])
    assert (value(found, "kernel.version"), origin(found, "kernel.version")) == ("6.8.0-41-generic", "log line 1")
    assert origin(found, "kernel.cmdline") == "log line 2"
    assert value(found, "kernel.cmdline.crashkernel") == "512M"
    assert origin(found, "kernel.cmdline.crashkernel") == "log line 2 (kernel command line)"
    assert value(found, "kernel.cmdline.ro") == ""
    assert value(found, "hardware.vendor") == "Northwind"
    assert value(found, "hardware.product") == "Northwind R240/R240-MB"
    assert (value(found, "hardware.bios_version"), value(found, "hardware.bios_date")) == ("1.8.3", "03/11/2023")
    assert value(found, "hardware.cpu_model") == "Intel(R) Xeon(R) E-2234 CPU @ 3.60GHz"
    assert value(found, "hardware.memory") == 33418240 * 1024
    assert (value(found, "log.given"), origin(found, "log.given")) == (True, "evidence")


def test_facts_from_reports(gatherer: Gatherer) -> None:
    found = gatherer.gather("x", {}, [("log", stamped(*oops()))])
    assert (value(found, "kernel.version"), origin(found, "kernel.version")) == ("6.9.3-4-generic", "log line 1")
    assert value(found, "hardware.product") == "Northwind R1/R1-MB"
    assert "kdump.loaded" not in found.facts
    assert "kernel.taint" not in found.facts or value(found, "kernel.taint") == ""
    loaded = gatherer.gather("x", {}, [("log", own("oops-x86-6.8.log"))])
    assert (value(loaded, "kdump.loaded"), value(loaded, "kernel.taint")) == (True, "OE")


def test_hypervisor(gatherer: Gatherer) -> None:
    assert value(gatherer.gather("x", {}, [("log", own("clean-shutdown.log"))]), "virtualization.kind") == "kvm"


def test_facts_of_the_failing_boot(gatherer: Gatherer) -> None:
    second = booted().replace("6.9.3-4", "6.9.9-9").replace("quiet", "debug")
    text = booted() + stamped(*oops(), at=10) + stamped("eth0: x", at=20) + second
    found = gatherer.gather("x", {}, [("log", text)])
    assert value(found, "kernel.version") == "6.9.3-4-generic"
    assert "kernel.cmdline.quiet" in found.facts
    assert "kernel.cmdline.debug" not in found.facts


HOST = """\
host: db7
facts:
  kernel.version: 5.4.0-host
  hardware: {ecc: true}
  kernel.cmdline: "root=/dev/sdb1 crashkernel=1G"
logs: [console.log]
answers:
  some-probe: "yes"
"""


def host(tmp_path: Path, text: str = HOST) -> str:
    (tmp_path / "host.yaml").write_text(text)
    return str(tmp_path / "host.yaml")


def test_host_file_with_log(gatherer: Gatherer, tmp_path: Path) -> None:
    (tmp_path / "console.log").write_text(own("oops-x86-6.8.log"))
    found = gatherer.host(host(tmp_path))
    assert found.notes == []
    assert found.files == [str(tmp_path / "console.log")]
    assert found.root is not None
    assert found.answers == {"some-probe": "yes"}
    # what the file says counts before what the log says
    assert (value(found, "kernel.version"), origin(found, "kernel.version")) == ("5.4.0-host", "host.yaml")
    assert value(found, "kernel.cmdline.crashkernel") == "1G"
    assert value(found, "hardware.ecc") is True
    assert origin(found, "hardware.vendor") == "log line 3"


def test_host_file_and_further_logs(gatherer: Gatherer, tmp_path: Path) -> None:
    (tmp_path / "console.log").write_text(own("clean-shutdown.log"))
    (tmp_path / "more.log").write_text(own("oops-x86-6.8.log"))
    found = gatherer.host(host(tmp_path), [str(tmp_path / "more.log")])
    assert found.files == [str(tmp_path / "console.log"), str(tmp_path / "more.log")]
    assert found.root is not None
    assert found.events[found.root].file == 1


def test_inline_log(gatherer: Gatherer, tmp_path: Path) -> None:
    text = "logs:\n  - |\n" + "".join(f"    {line}\n" for line in own("hung-task-4.18.log").splitlines())
    found = gatherer.host(host(tmp_path, text))
    assert found.root is not None
    assert found.events[found.root].kind == "hung-task"


def test_host_file_without_log(gatherer: Gatherer, tmp_path: Path) -> None:
    found = gatherer.host(host(tmp_path, "facts: {hardware.ecc: false}\n"))
    assert (found.root, found.events, found.lines, found.files) == (None, [], 0, [])
    assert (value(found, "log.given"), value(found, "hardware.ecc")) == (False, False)


def test_problems_of_the_host_file_become_notes(gatherer: Gatherer, tmp_path: Path) -> None:
    text = "facts:\n  hardware.ecc: perhaps\n  hardware.dust: true\nlogs: [gone.log, ../outside.log]\nhots: x\n"
    found = gatherer.host(host(tmp_path, text))
    said = "\n".join(found.notes)
    assert f"{tmp_path / 'host.yaml'}:2: " in said
    assert "hardware.dust" in said
    assert "hots" in said
    assert "gone.log: does not exist" in said
    assert "outside.log" in said
    assert "hardware.ecc" not in found.facts


def test_no_host_file(gatherer: Gatherer, tmp_path: Path) -> None:
    for text in ("[]", "a: [", "a: &x 1\n", ""):
        with pytest.raises(InputError):
            gatherer.host(host(tmp_path, text))
    with pytest.raises(InputError):
        gatherer.host(str(tmp_path / "none.yaml"))


def test_what_cannot_be_read_is_said_and_the_rest_is_used(gatherer: Gatherer, tmp_path: Path) -> None:
    good, gone, empty, folder = (tmp_path / n for n in ("good.log", "gone.log", "empty.log", "folder"))
    good.write_text(own("oops-x86-6.8.log"))
    empty.write_text("")
    folder.mkdir()
    found = gatherer.logs([str(gone), str(empty), str(good), str(folder)])
    assert found.files == [str(good)]
    assert found.root is not None
    assert found.events[found.root].file == 0
    assert [note.partition(": ")[0] for note in found.notes] == [str(gone), str(empty), str(folder)]


def test_nothing_can_be_read(gatherer: Gatherer, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        gatherer.logs([str(tmp_path / "gone.log"), str(tmp_path / "too.log")])
    assert caught.value.path == str(tmp_path / "gone.log")
    found = gatherer.gather("x", {}, [(str(tmp_path / "gone.log"), None)], needed=False)
    assert (found.root, value(found, "log.given")) == (None, False)
    assert len(found.notes) == 1


def test_damaged_archive(gatherer: Gatherer, tmp_path: Path) -> None:
    text = own("oops-x86-6.8.log") + "".join(f"[{9000 + n}.000000] eth{n}: {n * 7919}\n" for n in range(5000))
    data = gzip.compress(text.encode(), mtime=0)
    (tmp_path / "whole.gz").write_bytes(data)
    (tmp_path / "half.gz").write_bytes(data[: len(data) // 2])
    whole_, half = gatherer.logs([str(tmp_path / "whole.gz")]), gatherer.logs([str(tmp_path / "half.gz")])
    assert whole_.notes == []
    assert len(half.notes) == 1
    assert "breaks off" in half.notes[0]
    assert half.lines < whole_.lines == text.count("\n")
    assert half.root == whole_.root is not None


def test_bytes_that_are_no_text(gatherer: Gatherer, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    lines = own("oops-x86-6.8.log").encode().split(b"\n")
    lines[5] += b" \xff\xfe\x1b[31m\x00\x00 \xc3"
    path.write_bytes(b"\r\n".join(lines))
    found = gatherer.logs([str(path)])
    assert found.root is not None
    assert found.events[found.root].line == 9


def test_several_logs(gatherer: Gatherer, tmp_path: Path) -> None:
    """The log with the gravest root leads; events of the others are context."""
    names = ("clean-shutdown.log", "oops-x86-6.8.log", "hung-task-4.18.log")
    paths = []
    for name in names:
        (tmp_path / name).write_text(own(name))
        paths.append(str(tmp_path / name))
    found = gatherer.logs(paths)
    assert found.files == paths
    assert found.root is not None
    assert found.events[found.root].file == 1
    assert value(found, "kernel.version") == "6.8.0-41-generic"
    others = [e for e in found.events if e.file != 1]
    assert {e.file for e in others} == {0, 2}
    assert all(e.role == e.attributes["position"] == "context" for e in others)
    assert found.lines == sum(own(name).count("\n") for name in names)


def test_a_warning_gives_way_to_an_oops(gatherer: Gatherer) -> None:
    logs = [("a", booted() + stamped(*warning(), at=5)), ("b", booted() + stamped(*oops(), at=5))]
    for order in (logs, logs[::-1]):
        found = gatherer.gather("x", {}, order)
        assert found.root is not None
        assert found.events[found.root].kind == "null-pointer-dereference"
        assert found.files[found.events[found.root].file] == "b"


def test_a_gatherer_keeps_nothing(gatherer: Gatherer) -> None:
    def shown(evidence: Evidence) -> object:
        return [(e.kind, e.line, e.attributes) for e in evidence.events], evidence.facts

    first = {name: shown(gatherer.gather("x", {}, [("log", own(name))])) for name in OWN}
    for name in reversed(OWN):
        assert shown(gatherer.gather("x", {}, [("log", own(name))])) == first[name]


def test_progress(gatherer: Gatherer, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text(own("oops-x86-6.8.log"))
    seen: list[int] = []
    gatherer.logs([str(path)], seen.append)
    assert sum(seen) == len(own("oops-x86-6.8.log"))
