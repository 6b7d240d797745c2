"""facts/names.py: the vocabulary of facts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.names import FactError, FactNames

VOCABULARY: dict[str, dict[str, object]] = {
    "kernel": {
        "version": "text",
        "architecture": ["x86_64", "aarch64", "other"],
        "uptime": "duration",
        "cmdline": "text",
    },
    "sysctl": {"kernel.panic": "integer", "kernel.panic_on_oops": "boolean", "kernel.hung_task_panic": "boolean"},
    "kdump": {"reserved": "size", "service": ["active", "inactive", "failed"], "vmcores": "list"},
    "virtualization": {"kind": ["none", "kvm", "hyper-v"]},
    "hardware": {"ecc": "boolean", "load": "number"},
}
NAMES = FactNames(VOCABULARY)


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("kdump.reserved", "256M", 256 << 20),
        ("kdump.reserved", "1GiB", 1 << 30),
        ("kdump.reserved", 4096, 4096),
        ("kernel.uptime", "90s", 90),
        ("kernel.uptime", "2h", 7200),
        ("kernel.uptime", "497d", 497 * 86400),
        ("kernel.uptime", 12.5, 12.5),
        *[("hardware.ecc", raw, True) for raw in ("yes", "true", "1", "on", "Yes", True, 1)],
        *[("hardware.ecc", raw, False) for raw in ("no", "false", "0", "off", False, 0)],
        ("sysctl.kernel.panic", "-1", -1),
        ("sysctl.kernel.panic", "9007199254740993", 9007199254740993),
        ("hardware.load", "1.5", 1.5),
        ("kdump.service", "active", "active"),
        ("kdump.service", " Failed ", "failed"),
        ("virtualization.kind", "Hyper V", "hyper-v"),
        ("kernel.architecture", "arm64", "aarch64"),
        ("kernel.architecture", "amd64", "x86_64"),
        ("kernel.version", "6.10", "6.10"),
        ("kernel.version", ["6.10"], "6.10"),
        ("kdump.vmcores", ["a b", 1], ("a b", "1")),
        ("kdump.vmcores", "a, b c", ("a", "b c")),
        ("kdump.vmcores", "a b", ("a", "b")),
        ("kdump.vmcores", "none", ()),
        ("kdump.vmcores", [], ()),
        ("kernel.cmdline.crashkernel", "256M", "256M"),
        ("kernel.cmdline.nmi-watchdog", "0", "0"),
        ("kernel.cmdline.quiet", "", ""),
        *[("kdump.reserved", raw, None) for raw in (None, "unknown", "null", " Unknown", "")],
    ],
)
def test_convert(name: str, raw: object, value: object) -> None:
    found = NAMES.convert(name, raw)
    assert found == value
    assert isinstance(found, bool) == isinstance(value, bool)


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("kdump.reserved", "lots", "256M"),
        ("kdump.reserved", "-5", "a size"),
        ("kernel.uptime", "soon", "15min"),
        ("hardware.ecc", "maybe", "yes or no"),
        ("sysctl.kernel.panic", "12x", "whole number"),
        ("sysctl.kernel.panic", 10**400, "too large"),
        ("sysctl.kernel.panic", True, "whole number"),
        ("sysctl.kernel.panic", 1.5, "whole number"),
        ("sysctl.kernel.panic", "9" * 20, "too large"),
        ("kdump.reserved", "999999999999999999P", "too large"),
        ("kdump.reserved", -1, "a size"),
        ("kernel.uptime", float("nan"), "a duration"),
        ("hardware.load", "nan", "a number"),
        ("kdump.service", "activ", "did you mean active"),
        ("kernel.version", ["a", "b"], "not a list"),
        ("kernel.version", {}, "not a mapping"),
        ("kdump.vmcores", True, "a list"),
        ("kdump.vmcores", [["a"]], "a list"),
        ("kernel.version", "x" * 70000, "longer"),
        ("kdump.reservd", 1, "did you mean kdump.reserved"),
        ("hw.ecc", 1, "did you mean hardware.ecc"),
        ("kernel", 1, "group of facts"),
        ("kernel.cmdline.a b", "", "is no fact"),
        ("zzz", "", "is no fact"),
    ],
)
def test_errors_say_what_would_be_right(name: str, raw: object, said: str) -> None:
    with pytest.raises(FactError, match=said):
        NAMES.convert(name, raw)


def test_names() -> None:
    assert "kdump.reserved" in NAMES
    assert "kernel.cmdline.anything-else" in NAMES
    assert "kernel.cmdline." not in NAMES
    assert 7 not in NAMES
    assert "sysctl.kernel.panic" in list(NAMES)
    assert NAMES.type_of("kdump.service") == ("active", "inactive", "failed")
    assert NAMES.type_of("kernel.cmdline.x") == "text"
    assert NAMES.canonical("kernel.cmdline.nmi-watchdog") == "kernel.cmdline.nmi_watchdog"
    assert NAMES.canonical("virtualization.hyper-v") == "virtualization.hyper-v"
    assert NAMES.is_group("sysctl.kernel")
    assert NAMES.is_group("kernel.cmdline")
    assert not NAMES.is_group("kdump.reserved")
    with pytest.raises(FactError, match="no type"):
        FactNames({"a": {"b": "strange"}})


@given(
    st.sampled_from(list(NAMES)),
    st.text() | st.integers() | st.floats() | st.lists(st.text()) | st.none() | st.booleans(),
)
def test_a_value_or_a_fact_error(name: str, raw: object) -> None:
    try:
        value = NAMES.convert(name, raw)
    except FactError:
        return
    assert value is None or isinstance(value, (str, int, float, bool, tuple))
    if value is not None and value not in ("", ()):
        assert NAMES.convert(name, value) == value or str(value).lower() in ("unknown", "null", "~")
