"""Values with types and units: what a fact or attribute of a given type may hold.

Types: text, integer, number, boolean, size (bytes), duration (seconds), release (of the upstream kernel), list, any, or
a list of allowed words.
"""

from __future__ import annotations

import re

from kb.versions import version

Scalar = str | int | float | bool
FACT_TYPES = ("text", "integer", "number", "boolean", "size", "duration", "release", "list")

_SIZE = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40, "P": 1 << 50}
_TIME = {
    "": 1, "ms": 0.001, "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600,
    "d": 86400, "day": 86400, "w": 604800, "week": 604800,
}  # fmt: skip
_QUANTITY = re.compile(r"\s*([0-9]{1,18}(?:\.[0-9]{1,9})?)\s*([A-Za-z]{0,7})\s*\Z")
_WHOLE = re.compile(r"[+-]?[0-9]{1,20}").fullmatch
_MOST = 1e300
_TRUE = {"true", "yes", "on", "1", "y"}
_FALSE = {"false", "no", "off", "0", "n"}


class UnitError(ValueError):
    """The value does not fit the type; the text says what would."""


def boolean(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise UnitError(f"{raw!r} is neither true nor false")


def _amount(raw: object) -> int | float | None:
    """The value if it is a plain number that can be a size or duration; None for all else, text too."""
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not 0 <= raw <= _MOST:
        return None
    return raw


def size(raw: object) -> int:
    """Bytes of 268435456, 256M, 256MB or 256MiB."""
    amount = _amount(raw)
    if amount is not None and amount == int(amount):
        return int(amount)
    match = _QUANTITY.match(str(raw))
    unit = match[2].upper().removesuffix("IB").removesuffix("B") if match else "?"
    if match is None or unit not in _SIZE:
        raise UnitError(f"{raw!r} is no size; write bytes or 512M, 2G")
    return int(float(match[1]) * _SIZE[unit])


def duration(raw: object) -> float:
    """Seconds of 90, 90s, 15min, 2h or 497d."""
    amount = _amount(raw)
    if amount is not None:
        return float(amount)
    match = _QUANTITY.match(str(raw))
    unit = match[2].lower() if match else "?"
    unit = unit if unit in _TIME else unit.removesuffix("s")
    if match is None or unit not in _TIME:
        raise UnitError(f"{raw!r} is no duration; write seconds or 90s, 15min, 2h, 30d")
    return float(match[1]) * _TIME[unit]


def number(raw: object, whole: bool) -> int | float:
    if isinstance(raw, bool):
        raise UnitError(f"{raw!r} is no number")
    if whole and isinstance(raw, str) and _WHOLE(raw.strip()):
        return int(raw)  # not rounded by a float
    try:
        value = float(raw) if isinstance(raw, (int, float)) else float(str(raw).strip())
    except (ValueError, OverflowError):
        raise UnitError(f"{raw!r} is no number") from None
    if value != value or value in (float("inf"), float("-inf")):
        raise UnitError(f"{raw!r} is no finite number")
    if not whole:
        return value
    if value != int(value):
        raise UnitError(f"{raw!r} is no whole number")
    return int(raw) if isinstance(raw, int) else int(value)


def convert(kind: object, raw: object) -> Scalar:
    """The single value `raw` as the type `kind` wants it.  Raises UnitError."""
    if isinstance(kind, list):
        word = str(raw).lower() if isinstance(raw, bool) else str(raw)
        if word not in kind:
            raise UnitError(f"{raw!r} is not one of {', '.join(map(str, kind))}")
        return word
    if kind == "boolean":
        return boolean(raw)
    if kind == "integer":
        return number(raw, whole=True)
    if kind == "number":
        return number(raw, whole=False)
    if kind == "size":
        return size(raw)
    if kind == "duration":
        return duration(raw)
    if kind == "release" and version(str(raw)) is None:
        raise UnitError(f'{raw!r} is no upstream release; write 5.15.7, "6.10" or 2.6.32')
    if kind == "any" and isinstance(raw, (str, int, float, bool)):
        return raw
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return str(raw)
