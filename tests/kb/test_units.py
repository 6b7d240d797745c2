"""kb/units.py: what each type takes and refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.units import UnitError, convert

GOOD = [
    ("boolean", True, True),
    ("boolean", "yes", True),
    ("boolean", " ON ", True),
    ("boolean", 1, True),
    ("boolean", "n", False),
    ("boolean", "0", False),
    ("integer", 3, 3),
    ("integer", "-3", -3),
    ("integer", 3.0, 3),
    ("integer", " 42 ", 42),
    ("integer", 2**63 + 1, 2**63 + 1),  # not rounded by a float
    ("number", "2.5", 2.5),
    ("number", 3, 3.0),
    ("number", "1e3", 1000.0),
    ("size", 4096, 4096),
    ("size", "256M", 256 << 20),
    ("size", "256MB", 256 << 20),
    ("size", "256 MiB", 256 << 20),
    ("size", "1.5g", 3 << 29),
    ("size", "12B", 12),
    ("size", "2T", 2 << 40),
    ("duration", 90, 90.0),
    ("duration", "90s", 90.0),
    ("duration", "15min", 900.0),
    ("duration", "2h", 7200.0),
    ("duration", "497d", 497 * 86400.0),
    ("duration", "250ms", 0.25),
    ("duration", "1w", 604800.0),
    ("text", "x", "x"),
    ("text", 6.1, "6.1"),
    ("text", True, "true"),
    ("any", 3, 3),
    ("any", False, False),
    (["none", "kvm"], "kvm", "kvm"),
    (["true", "other"], True, "true"),
    (["1", "2"], 1, "1"),
]
BAD = [
    ("boolean", "maybe", "neither true nor false"),
    ("boolean", 2, "neither true nor false"),
    ("integer", "three", "no number"),
    ("integer", 2.5, "no whole number"),
    ("integer", True, "no number"),
    ("integer", "", "no number"),
    ("integer", "inf", "no finite number"),
    ("number", "nan", "no finite number"),
    ("number", float("inf"), "no finite number"),
    ("size", "lots", "no size; write bytes or 512M, 2G"),
    ("size", "-1", "no size"),
    ("size", "5X", "no size"),
    ("size", "5 s", "no size"),
    ("duration", "soon", "no duration; write seconds or 90s"),
    ("duration", "5M5", "no duration"),
    ("duration", "5GB", "no duration"),
    (["none", "kvm"], "KVM", "not one of none, kvm"),
    (["none", "kvm"], None, "not one of none, kvm"),
]


@pytest.mark.parametrize(("kind", "raw", "wanted"), GOOD)
def test_good(kind: object, raw: object, wanted: object) -> None:
    value = convert(kind, raw)
    assert value == wanted
    assert type(value) is type(wanted)


@pytest.mark.parametrize(("kind", "raw", "message"), BAD)
def test_bad(kind: object, raw: object, message: str) -> None:
    with pytest.raises(UnitError, match=message):
        convert(kind, raw)


KINDS = ["text", "integer", "number", "boolean", "size", "duration", "list", "any", ["a", "b"]]


@given(st.sampled_from(KINDS), st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.booleans()))
def test_only_unit_errors(kind: object, raw: object) -> None:
    try:
        value = convert(kind, raw)
    except UnitError:
        return
    assert isinstance(value, (str, int, float, bool))
    assert convert(kind, value) == value or value != value
