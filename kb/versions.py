"""Numbers of upstream kernel releases, and whether a release has a known defect.

A release is `5.15.7`, `2.6.32.50` (series 2.6.32) or `6.6-rc3`.  What a defect affects is given as mainline releases
that brought and corrected it, and per stable series the release that corrected it (kb/defects).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

LONGEST = 200  # characters of a release that are looked at
_DIGITS = "0123456789"


# A release of a series: numbers of the series, number within it (2.6.32.50 is release 50 of 2.6.32), and whether it is
# before the first release of the series (rc, or a snapshot of the merge window).  A plain tuple: making a class for it
# takes longer than all that is done with it.
Version = tuple[tuple[int, ...], int, bool]


def written(release: Version) -> str:
    """The release as people write it: 5.15.7, 5.15, 6.6-rc."""
    series, patch, candidate = release
    name = ".".join(map(str, series))
    return f"{name}-rc" if candidate else f"{name}.{patch}" if patch else name


@lru_cache(maxsize=64)
def _read(text: str) -> tuple[Version | None, str]:
    """The release at the beginning of the text, and what follows it."""
    found: list[int] = []
    rest = text
    while len(found) < 4:
        digits = len(rest) - len(rest.lstrip(_DIGITS))
        if not 0 < digits <= 4:
            return None, text
        found.append(int(rest[:digits]))
        rest = rest[digits:]
        if rest[:1] != "." or rest[1:2] not in _DIGITS or len(rest) < 2:
            break
        rest = rest[1:]
    if len(found) < 2:
        return None, text
    major, minor, third, fourth = (*found, 0, 0)[:4]
    series: tuple[int, ...] = (major, minor)
    patch = third
    if series == (2, 6):
        series, patch = (2, 6, third), fourth
    return (series, patch, rest.startswith("-rc")), rest


def version(text: str) -> Version | None:
    """The upstream release that the text is or begins with.

    >>> version("5.15.7"), version("2.6.32.50")
    (((5, 15), 7, False), ((2, 6, 32), 50, False))
    """
    return _read(text[:LONGEST])[0]


def exact(text: str) -> Version | None:
    """The same for a text that is a release number and nothing else."""
    found, rest = _read(text)
    return None if rest else found


def state(release: str, affects: Sequence[Any]) -> str:
    """Says "affected", "unknown" (the series may have got the correction or not) or "" for one that is not affected.

    `affects`: [first series, first corrected mainline series, [[series, since, fixed], ..], whether unlisted series
    never got the correction]; series are lists of numbers, [] for the first means "always", for the second "never".
    """
    found = version(release)
    if found is None:
        return ""
    numbers, patch, candidate = found
    first, mainline, listed, complete = affects
    series = list(numbers)
    if candidate:
        # the change that brought or corrected it may be in this candidate or not: only what lies between is certain
        return "affected" if series > first and (not mainline or series < mainline) else ""
    for name, since, fixed in listed:
        if series == name:
            return "affected" if since <= patch and (fixed < 0 or patch < fixed) else ""
    if series < first or (mainline and series >= mainline):
        return ""
    return "affected" if complete else "unknown"


def compared(release: str, op: str, limit: str) -> bool:
    """Whether the release is `limit` or later (op "since"), or earlier (op "before").

    A candidate of a series may hold what that series brought or not, so it is neither.

    >>> compared("2.6.32.50", "before", "2.6.33"), compared("5.10", "since", "5.9"), compared("6.6-rc", "since", "6.6")
    (True, True, False)
    """
    found, wanted = version(release), version(limit)
    if found is None or wanted is None or (found[2] and found[0] == wanted[0]):
        return False
    earlier = found[:2] < wanted[:2]
    return earlier is (op == "before")


def build(release: str, builds: Sequence[Sequence[Any]]) -> str:
    """What is known of a distribution's build: "outdated", "corrected" or "" where none of `builds` fits.

    `builds`: [[part of the release, corrected build], ..].

    >>> build("3.10.0-862.el7.x86_64", [[".el7", "3.10.0-514"]])
    'corrected'
    """
    for part, fixed in builds:
        if part in release:
            return "outdated" if numbers_of(release.partition(part)[0]) < numbers_of(fixed) else "corrected"
    return ""


def numbers_of(text: str) -> list[int]:
    """The numbers of a release, in order: 4.18.0-80.1.2 -> 4, 18, 0, 80, 1, 2."""
    return [int(run) for run in re.findall("[0-9]{1,9}", text[:LONGEST])]
