"""Evidence readiness of hosts that did not fail: what is said from facts alone, per distribution and platform."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from advisor.cli import main

BOOT = "BOOT_IMAGE=/boot/vmlinuz root=/dev/mapper/os-root ro"
EL8 = "4.18.0-513.el8.x86_64"
EL8_ARM = "4.18.0-513.el8.aarch64"
EL9 = "5.14.0-503.el9.x86_64"
EL10 = "6.12.0-60.el10.x86_64"
DEBIAN12 = "6.1.0-31-amd64"
DEBIAN13 = "6.12.48+deb13-amd64"
JAMMY = "5.15.0-130-generic"
NOBLE = "6.8.0-58-generic"
SLES15 = "6.4.0-150600.23.30-default"
AMAZON = "6.1.119-129.201.amzn2023.x86_64"
ALIBABA = "5.10.134-18.al8.x86_64"


class Host(NamedTuple):
    """Facts of a host, and what must and must not be said of it."""

    release: str
    cmdline: str
    facts: dict[str, object]
    problem: str  # the first, "" where none may be named
    command: str  # one of the commands beside it
    never: str = "\0"  # stands nowhere in the verdict


NOTHING = {"kdump.reserved": 0, "kdump.loaded": False}
HOSTS = {
    "rhel 8 without": Host(
        EL8, BOOT, NOTHING, "crashkernel-not-reserved", "sudo grubby --update-kernel=ALL", "kdumpctl reset"
    ),
    "rhel 9 with auto": Host(
        EL9,
        f"{BOOT} crashkernel=auto",
        NOTHING,
        "crashkernel-not-reserved",
        "sudo kdumpctl reset-crashkernel --kernel=ALL",
        "@offset",
    ),
    "rhel 10 without": Host(
        EL10, BOOT, NOTHING, "crashkernel-not-reserved", "sudo kdumpctl reset-crashkernel --kernel=ALL"
    ),
    "rhel 9 offset": Host(
        EL9, f"{BOOT} crashkernel=256M@16M", NOTHING, "crashkernel-placement-failed", "sudo grubby --update-kernel=ALL"
    ),
    "cma alone": Host(
        NOBLE,
        f"{BOOT} crashkernel=1G,cma",
        NOTHING,
        "crashkernel-not-reserved",
        "sudo apt install kdump-tools",
        "@offset",
    ),
    "no place for a plain size": Host(
        EL8_ARM, f"{BOOT} crashkernel=768M", NOTHING, "crashkernel-placement-failed", "sudo grubby --update-kernel=ALL"
    ),
    "debian 12 without": Host(
        DEBIAN12, BOOT, NOTHING, "crashkernel-not-reserved", "sudo apt install kdump-tools", "grubby"
    ),
    "debian 13 not loaded": Host(
        DEBIAN13,
        f"{BOOT} crashkernel=512M",
        {"kdump.reserved": "512M", "kdump.loaded": False},
        "kdump-service-inactive",
        "sudo systemctl enable kdump-tools",
        "kdumpctl",
    ),
    "ubuntu 24.04 without": Host(NOBLE, BOOT, {}, "crashkernel-not-reserved", "sudo update-grub", "dnf"),
    "sles 15 not loaded": Host(
        SLES15,
        f"{BOOT} crashkernel=72M,low crashkernel=174M,high",
        {"kdump.reserved": "246M", "kdump.service": "failed"},
        "kdump-service-inactive",
        "sudo systemctl enable --now kdump",
        "kdump-tools",
    ),
    "sles 15 without": Host(SLES15, BOOT, NOTHING, "crashkernel-not-reserved", "sudo kdumptool calibrate", "grubby"),
    "amazon linux 2023 on nitro": Host(
        AMAZON,
        f"{BOOT} console=ttyS0,115200n8",
        {"hardware.vendor": "Amazon EC2", "hardware.product": "m7i.xlarge"},
        "crashkernel-not-reserved",
        "sudo grubby --update-kernel=ALL",
        "kexec-forbidden-by-platform",
    ),
    "small alibaba cloud guest": Host(
        ALIBABA,
        f"{BOOT} crashkernel=0M-2G:0M,2G-8G:192M,8G-:256M",
        {
            **NOTHING,
            "hardware.vendor": "Alibaba Cloud",
            "hardware.product": "Alibaba Cloud ECS",
            "hardware.memory": "1G",
        },
        "crashkernel-not-reserved",
        'sudo grubby --update-kernel=ALL --args="crashkernel=192M"',
        "Remove the @offset",
    ),
    "xen pv, type known": Host(
        DEBIAN12,
        f"{BOOT} console=hvc0 crashkernel=256M",
        {**NOTHING, "virtualization.xen_guest": "pv"},
        "kexec-forbidden-by-platform",
        "sudo xl dump-core",
        "apt install",
    ),
    "xen pv, by what it lacks": Host(
        DEBIAN12,
        f"{BOOT} crashkernel=256M",
        {**NOTHING, "virtualization.kind": "xen"},
        "kexec-forbidden-by-platform",
        "sudo xl dump-core",
        "apt install",
    ),
    "firecracker": Host(
        "6.1.102",
        "console=ttyS0 reboot=k panic=1 pci=off",
        {"virtualization.kind": "firecracker"},
        "kexec-forbidden-by-platform",
        "grep -E 'CONFIG_(KEXEC|KEXEC_FILE",
        "crashkernel=2G",
    ),
    "little room": Host(
        JAMMY,
        f"{BOOT} crashkernel=512M",
        {"kdump.loaded": True, "kdump.reserved": "512M", "kdump.target_free": "50M"},
        "dump-target-full",
        "df -h /var/crash",
    ),
    "small reservation on arm64": Host(
        EL8_ARM,
        f"{BOOT} crashkernel=160M",
        {"kdump.loaded": True, "kdump.reserved": "160M"},
        "crashkernel-too-small",
        "sudo kdumpctl estimate",
    ),
    "kexec switched off": Host(
        EL9,
        f"{BOOT} crashkernel=256M",
        {
            "kdump.loaded": False,
            "kdump.reserved": "256M",
            "kdump.service": "active",
            "sysctl.kernel.kexec_load_disabled": True,
        },
        "kexec-forbidden-by-policy",
        "sysctl kernel.kexec_load_disabled",
    ),
}


def told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str, release: str, cmdline: str, **facts: object
) -> str:
    """The verdict on a host, from facts alone."""
    lines = ["facts:", f"  kernel.version: {json.dumps(release)}", f"  kernel.cmdline: {json.dumps(cmdline)}"]
    lines += [f"  {name}: {json.dumps(value)}" for name, value in facts.items()]
    file = tmp_path / "host.yaml"
    file.write_text("\n".join(lines) + "\n")
    assert main(["--facts", str(file), "--format", form]) == 0
    out = capsys.readouterr().out
    assert out
    return out


@pytest.mark.parametrize("name", HOSTS)
def test_what_keeps_this_host_from_leaving_a_dump(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    host = HOSTS[name]
    verdict: dict[str, Any] = json.loads(told(tmp_path, capsys, "json", host.release, host.cmdline, **host.facts))
    assert verdict["status"] == "no-failure"
    readiness = verdict["readiness"]
    assert readiness["ok"] is False
    assert readiness["problems"][0]["id"] == host.problem
    assert any(line.startswith(host.command) for line in readiness["problems"][0]["commands"])
    text = told(tmp_path, capsys, "text", host.release, host.cmdline, **host.facts)
    assert f"$ {host.command}" in text
    assert host.never not in text


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_commands_stand_in_every_form(tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    assert "kdumpctl reset-crashkernel" in told(tmp_path, capsys, form, EL10, BOOT, **NOTHING)


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_a_loaded_image_is_no_proof(tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    facts: dict[str, object] = {"kdump.loaded": True, "kdump.reserved": "512M"}
    line = f"{BOOT} crashkernel=512M"
    assert "only a test crash proves it" in told(tmp_path, capsys, form, NOBLE, line, **facts)
    assert "was saved on this machine before" in told(
        tmp_path, capsys, form, NOBLE, line, **facts, **{"kdump.tested": True}
    )


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_doubts_are_named_as_such(tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    facts: dict[str, object] = {"kdump.loaded": True, "kdump.reserved": "448M"}
    line = f"{BOOT} crashkernel=auto"
    out = " ".join(told(tmp_path, capsys, form, EL8_ARM, line, **facts).split())
    assert "only a test crash proves it" in out
    assert "on an arm64 machine" in out
    facts["sysctl.kernel.panic_on_oops"] = False
    out = " ".join(told(tmp_path, capsys, form, DEBIAN12, f"{BOOT} crashkernel=512M", **facts).split())
    assert "an oops in a task would leave no dump" in out


def test_nothing_known_names_the_next_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = told(tmp_path, capsys, "text", EL8, f"{BOOT} crashkernel=auto")
    assert "$ cat /sys/kernel/kexec_crash_size" in out
    assert "$ cat /sys/kernel/kexec_crash_loaded" in out
    assert "not known" in out


def test_show_names_where_commands_are_meant_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kb", "show", "kdump-service-inactive"]) == 0
    out = capsys.readouterr().out
    assert "Commands where kdump.setup is kdump-tools" in out
    assert "$ kdump-config show" in out


def test_nothing_idle_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = told(tmp_path, capsys, "text", EL10, BOOT, **NOTHING)
    assert "Xen guest" not in out
    assert "newest dump" not in out


@pytest.mark.parametrize(
    ("release", "facts", "name", "value"),
    [
        (EL9, {"hardware.edac_corrected": 3}, "hardware.ecc", True),
        (EL9, {"hardware.edac_driver": True, "hardware.vendor": "Dell Inc."}, "hardware.ecc", True),
        (EL9, {"hardware.edac_driver": True}, "hardware.ecc", None),
        (EL9, {"hardware.edac_corrected": 0}, "hardware.ecc", None),
        (EL9, {"hardware.numa_nodes": 1}, "numa.unbalanced", False),
        (EL9, {"hardware.numa_nodes": 2}, "numa.unbalanced", None),
        (EL9, {"sysctl.kernel.watchdog_thresh": 0}, "sysctl.kernel.nmi_watchdog", False),
        (EL9, {"sysctl.kernel.watchdog": False}, "sysctl.kernel.nmi_watchdog", False),
        (AMAZON, {}, "virtualization.cloud", "aws"),
        (AMAZON, {"hardware.vendor": "VMware, Inc."}, "virtualization.cloud", None),
        (AMAZON, {"hardware.vendor": "VMware, Inc."}, "virtualization.kind", "vmware"),
        ("6.6.57.1-7.azl3", {}, "virtualization.kind", None),
        (DEBIAN12, {"hardware.vendor": "Xen", "hardware.product": "HVM domU"}, "virtualization.xen_guest", "hvm"),
        (DEBIAN12, {"virtualization.xen_guest": "pv"}, "virtualization.kind", "xen"),
        (SLES15, {}, "kdump.setup", "suse"),
        (AMAZON, {}, "kdump.setup", "grubby"),
        (EL10, {}, "kdump.setup", "kdumpctl"),
        ("6.14.0-custom", {"kernel.distribution": "Rocky Linux 9.5 (Blue Onyx)"}, "kdump.setup", "kdumpctl"),
        ("6.14.0-custom", {"kernel.distribution": "Ubuntu 24.04.2 LTS"}, "kdump.setup", "kdump-tools"),
        ("6.14.0-custom", {}, "kdump.setup", None),
    ],
)
def test_what_follows_about_a_host(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    release: str,
    facts: dict[str, object],
    name: str,
    value: object,
) -> None:
    verdict = json.loads(told(tmp_path, capsys, "json", release, BOOT, **facts))
    found = verdict["facts"].get(name)
    assert (found["value"] if found else None) == value
