"""facts/cmdline.py: the kernel command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.cmdline import facts_of_cmdline, parse
from facts.names import FactNames

NAMES = FactNames({
    "kernel": {"cmdline": "text"},
    "sysctl": {"kernel.panic": "integer", "kernel.panic_on_oops": "boolean", "kernel.hung_task_panic": "boolean"},
})  # fmt: skip


@pytest.mark.parametrize(
    ("cmdline", "parameters"),
    [
        ("root=UUID=1 ro quiet", {"root": "UUID=1", "ro": "", "quiet": ""}),
        ("nmi-watchdog=0", {"nmi_watchdog": "0"}),
        ('dyndbg="file a.c +p; file b" x', {"dyndbg": "file a.c +p; file b", "x": ""}),
        ('"foo=bar baz" x', {"foo": "bar baz", "x": ""}),
        ('"foo" x', {"foo": "", "x": ""}),
        ('x="open y', {"x": "open y"}),
        ('a" "b=c', {'a" "b': "c"}),
        ("quiet -- init=1", {"quiet": ""}),
        ("console=tty0 console=ttyS0,115200n8 console=tty0", {"console": "tty0 ttyS0,115200n8"}),
        ("crashkernel=1G,high crashkernel=256M,low", {"crashkernel": "1G,high 256M,low"}),
        ("panic=1 panic=5", {"panic": "5"}),
        ("BOOT_IMAGE=(hd0,gpt2)/vmlinuz", {"BOOT_IMAGE": "(hd0,gpt2)/vmlinuz"}),
        (" \t=x  ", {}),
        ("", {}),
    ],
)
def test_parse(cmdline: str, parameters: dict[str, str]) -> None:
    assert parse(cmdline) == parameters


def test_facts() -> None:
    facts = facts_of_cmdline(
        "sysctl.kernel.panic=5 sysctl.kernel/panic_on_oops=1 hung_task_panic=1 sysctl.no.such=1 ro", NAMES
    )
    assert facts["kernel.cmdline.ro"] == ""
    assert facts["kernel.cmdline.sysctl.kernel.panic"] == "5"
    assert facts["sysctl.kernel.panic"] == 5
    assert facts["sysctl.kernel.panic_on_oops"] is True
    assert facts["sysctl.kernel.hung_task_panic"] is True
    assert "sysctl.no.such" not in facts
    assert facts_of_cmdline("sysctl.kernel.panic=soon", NAMES) == {"kernel.cmdline.sysctl.kernel.panic": "soon"}


@given(st.text(max_size=300))
def test_any_text(cmdline: str) -> None:
    for name in facts_of_cmdline(cmdline, NAMES):
        assert name in NAMES
