"""facts/signature.py: the same defect gives the same name, whatever differs from machine to machine."""

from __future__ import annotations

import re

import pytest
from loglines import OWN, booted, oops, own, stamped

from advisor.work import Work
from facts.signature import signature


def sign(whole: Work, text: str) -> str:
    evidence = whole.gatherer.gather("x", {}, [("log", text)])
    assert evidence.root is not None
    return signature(evidence.events[evidence.root])


CASE = own("oops-x86-6.8.log")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r"ffff[0-9a-f]{12}", "ffff888812345678"),
        (r"CPU: 5 PID: 3321", "CPU: 0 PID: 99"),
        (r"trace_ring_flush\+0x2c/0xe0", "trace_ring_flush+0x3c/0xf0"),
        (r"trace_ioctl_drain\+0x5e", "trace_ioctl_drain.isra.0+0x5e"),
        (r"trace_ring_flush\+0x2c", "trace_ring_flush.constprop.0+0x2c"),
        (r"trace_ring_flush\+0x2c", "trace_ring_flush.cold+0x2c"),
        (r"\[ 8123\.", "[99123."),
        (r"Comm: tracectl", "Comm: other"),
        (r"0000000000000048", "0000000000000058"),
        (r"6\.8\.0-41-generic", "6.8.0-45-generic"),
        (r"Northwind R240/R240-MB", "Southwind S1/S1-MB"),
        (r"(?m)^\[[ 0-9.]+\] ", ""),
        (r"(?m)^", "<4>"),
        (r"(?m)^\[[ 0-9.]+\] ", "2024-03-04T09:41:22+0100 db7 kernel: "),
    ],
)
def test_same_crash(whole: Work, old: str, new: str) -> None:
    assert re.search(old, CASE)
    assert sign(whole, re.sub(old, new, CASE)) == sign(whole, CASE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("trace_ring_flush", "trace_ring_drop"),
        ("trace_ioctl_drain", "trace_ioctl_start"),
        ("[tracerd]", "[tracere]"),
        ("BUG: kernel NULL pointer dereference, address: 0000000000000048",
         "BUG: unable to handle page fault for address: ffffc90001234000"),
    ],
)  # fmt: skip
def test_other_crash(whole: Work, old: str, new: str) -> None:
    assert sign(whole, CASE.replace(old, new)) != sign(whole, CASE)


def test_form_and_spread(whole: Work) -> None:
    all_ = [sign(whole, own(name)) for name in OWN if name != "clean-shutdown.log"]
    assert len(set(all_)) == len(all_)
    for name in all_:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*-[0-9a-f]{8}", name)


def test_what_followed_does_not_matter(whole: Work) -> None:
    first = booted() + stamped(*oops())
    more = first + stamped(*oops(function="baz_write", module="baz", number=2), at=200.0)
    assert sign(whole, first) == sign(whole, more)
