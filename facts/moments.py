"""When something was logged: by the kernel's clock and by the carrier's, and how far apart two moments are."""

from __future__ import annotations

import re
from typing import NamedTuple

DATE = 64  # characters of a carrier's prefix in which a date is looked for
YEARLESS = 2000  # stands for the year where the carrier does not write one (syslog)
_YEAR = 366 * 86400.0
_CLOCK = r"(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?"
_NUMBERED = re.compile(rf"(?:(\d{{4}})[-/])?(\d\d)[-/](\d\d),?[T ]{_CLOCK} ?(?:([+-])(\d\d):?(\d\d))?").search
_NAMED = re.compile(
    rf"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {{0,2}}(\d{{1,2}}) (?:(\d{{4}}) )?{_CLOCK}(?: (\d{{4}}))?"
).search
_UNIX = re.compile(r"\d{9,11}\.\d{3,9}").match
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Moment(NamedTuple):
    time: float | None = None  # seconds since boot, as the kernel printed them
    wall: float | None = None  # seconds by the wall clock of the carrier; see `wall`


NEVER = Moment()


def apart(earlier: Moment, later: Moment) -> float | None:
    """Seconds from one moment to another of the same boot; None where no clock tells."""
    if earlier.time is not None and later.time is not None:
        return later.time - earlier.time
    return by_wall(earlier, later)


def by_wall(earlier: Moment, later: Moment) -> float | None:
    """Seconds from one moment to another by the wall clock alone, also across boots."""
    if earlier.wall is None or later.wall is None or (earlier.wall < _YEAR) != (later.wall < _YEAR):
        return None
    seconds = later.wall - earlier.wall
    return seconds + _YEAR if later.wall < _YEAR and seconds < -_YEAR / 2 else seconds  # over a New Year


def moment(time: float | None, date: str) -> Moment:
    """The moment of a record with this stamp and this date."""
    return Moment(time, wall(date) if date else None)


def wall(date: str) -> float | None:
    """Seconds by the wall clock that a carrier's prefix names; None where there is no date with a time of day.

    Since 1970 where the year is written, else since the beginning of the year; `by_wall` compares two of a kind.
    """
    from datetime import UTC, datetime

    unix = _UNIX(date)
    if unix:
        return float(unix[0])
    if named := _NAMED(date):
        month, day, before, hour, minute, second, fraction, behind = named.groups()
        year, number, offset = before or behind, _MONTHS.index(month) + 1, 0
    elif numbered := _NUMBERED(date):
        year, month, day, hour, minute, second, fraction, sign, hours, minutes = numbered.groups()
        number = int(month)
        offset = (int(hours) * 60 + int(minutes)) * (-60 if sign == "-" else 60) if sign else 0
    else:
        return None
    try:
        clock = int(hour), int(minute), int(second or 0)
        when = datetime(int(year or YEARLESS), number, int(day), *clock, tzinfo=UTC)
        seconds = when.timestamp() - offset + (float(f"0.{fraction}") if fraction else 0.0)
    except (ValueError, OverflowError):
        return None
    return seconds if year else seconds - datetime(YEARLESS, 1, 1, tzinfo=UTC).timestamp()
