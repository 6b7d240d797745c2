"""Dates that carriers write, and how far apart two moments are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.carriers import strip
from facts.moments import Moment, apart, by_wall, wall

AT = datetime(2026, 11, 24, 1, 7, 40, tzinfo=UTC).timestamp()
IN_YEAR = AT - datetime(2026, 1, 1, tzinfo=UTC).timestamp() + 86400  # every year counts as one of 366 days


@pytest.mark.parametrize(
    ("line", "when"),
    [
        ("Nov 24 01:07:40 web-1 kernel: it broke", IN_YEAR),
        ("Nov  4 01:07:40 web-1 kernel: it broke", IN_YEAR - 20 * 86400),
        ("Nov 24 01:07:40.250000 web-1 kernel: [   12.345678] it broke", IN_YEAR + 0.25),
        ("2026-11-24T01:07:40+00:00 web-1 kernel: it broke", AT),
        ("2026-11-24T03:07:40.500+0200 web-1 kernel: it broke", AT + 0.5),
        ("2026-11-23T20:07:40-05:00 web-1 kernel: it broke", AT),
        ("2026-11-24 01:07:40 web-1 kernel: it broke", AT),
        ("2026-11-24T01:07:40,123456+00:00 it broke", AT + 0.123456),
        ("2026-11-24T01:07:40.000000001Z stdout F it broke", AT),
        ("[Tue Nov 24 01:07:40 2026] it broke", AT),
        ("[Nov24 01:07] it broke", IN_YEAR - 40),
        ("[2026/11/24, 01:07:40.123] [   12.345678] it broke", AT + 0.123),
        ("Tue 2026-11-24 01:07:40 UTC web-1 kernel: it broke", AT),
        ("<3>1 2026-11-24T01:07:40.003Z web-1 kernel - - - it broke", AT + 0.003),
        ("11-24 01:07:40.123     0     0 E         : it broke", IN_YEAR + 0.123),
        (f"{AT:.6f} it broke", AT),
        (f'{{"MESSAGE": "it broke", "_TRANSPORT": "kernel", "__REALTIME_TIMESTAMP": "{AT * 1e6:.0f}"}}', AT),
        ('{"log": "it broke", "time": "2026-11-24T01:07:40.5Z"}', AT + 0.5),
        ("[   12.345678] it broke", None),
        ("W/kernel  (    0): it broke", None),
        ("Feb 31 01:07:40 web-1 kernel: it broke", None),
        ("it broke", None),
    ],
)
def test_dates(line: str, when: float | None) -> None:
    record = strip(line, 1)
    assert record.text == "it broke"
    assert record.moment.wall == (when if when is None else pytest.approx(when, abs=1e-4))


def test_apart() -> None:
    assert apart(Moment(10.0, AT), Moment(70.0, AT)) == 60.0  # the kernel's clock counts first
    assert apart(Moment(None, AT), Moment(70.0, AT + 5)) == 5.0
    assert by_wall(Moment(500.0, AT), Moment(0.0, AT + 90)) == 90.0
    assert apart(Moment(10.0), Moment(None, AT)) is None
    assert apart(Moment(None, AT), Moment(None, IN_YEAR)) is None  # with a year and without one


def test_a_new_year_passes() -> None:
    before, after = wall("Dec 31 23:59:50 web-1 "), wall("Jan  1 00:00:10 web-1 ")
    assert by_wall(Moment(None, before), Moment(None, after)) == 20.0


@given(st.text(max_size=80))
def test_any_text_is_read(text: str) -> None:
    found = wall(text)
    assert found is None or isinstance(found, float)


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1)))
def test_every_time_is_read_back(when: datetime) -> None:
    seconds = when.replace(tzinfo=UTC).timestamp()
    assert wall(when.isoformat(timespec="microseconds") + "+00:00") == pytest.approx(seconds, abs=1e-5)
    assert wall(when.strftime("%a %b %d %H:%M:%S %Y")) == pytest.approx(seconds - when.microsecond / 1e6, abs=1e-5)
