"""Numbers of upstream kernel releases, and whether a release has a known defect.

A release is `5.15.7`, `2.6.32.50` (series 2.6.32) or `6.6-rc3`.  What a defect affects is given as mainline releases
that brought and corrected it, and per stable series the release that corrected it (kb/defects).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

LONGEST = 200  # characters of a release that are looked at
_DIGITS = "0123456789"


class Version(NamedTuple):
    """A release of a series; 2.6.32.50 is release 50 of the series (2, 6, 32)."""

    series: tuple[int, ...]
    patch: int
    candidate: bool = False  # before the first release of its series (rc, or a snapshot of the merge window)

    def __str__(self) -> str:
        name = ".".join(map(str, self.series))
        return f"{name}-rc" if self.candidate else f"{name}.{self.patch}" if self.patch else name


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
    series, patch = ((2, 6, third), fourth) if (major, minor) == (2, 6) else ((major, minor), third)
    return Version(series, patch, rest.startswith("-rc")), rest


def version(text: str) -> Version | None:
    """The upstream release that the text is or begins with.

    >>> version("5.15.7"), version("2.6.32.50")
    (Version(series=(5, 15), patch=7, candidate=False), Version(series=(2, 6, 32), patch=50, candidate=False))
    """
    return _read(text[:LONGEST])[0]


def exact(text: str) -> Version | None:
    """The same for a text that is a release number and nothing else."""
    found, rest = _read(text)
    return None if rest else found


def state(release: str, affects: Sequence[Any]) -> str:
    """ "affected", "unknown" (the series may have got the correction or not) or "" for one that is not affected.

    `affects`: [first series, first corrected mainline series, [[series, since, fixed], ..], whether unlisted series
    never got the correction]; series are lists of numbers, [] for the first means "always", for the second "never".
    """
    found = version(release)
    if found is None:
        return ""
    first, mainline, listed, complete = affects
    series = list(found.series)
    if found.candidate:
        # the change that brought or corrected it may be in this candidate or not: only what lies between is certain
        return "affected" if series > first and (not mainline or series < mainline) else ""
    for name, since, fixed in listed:
        if series == name:
            return "affected" if since <= found.patch and (fixed < 0 or found.patch < fixed) else ""
    if series < first or (mainline and series >= mainline):
        return ""
    return "affected" if complete else "unknown"


def build(release: str, builds: Sequence[Sequence[Any]]) -> str:
    """What is known of a distribution's build: "outdated", "corrected" or "" where none of `builds` fits.

    `builds`: [[part of the release, corrected build], ..].

    >>> build("3.10.0-862.el7.x86_64", [[".el7", "3.10.0-514"]])
    'corrected'
    """
    for part, fixed in builds:
        if part in release:
            return "outdated" if numbers(release.partition(part)[0]) < numbers(fixed) else "corrected"
    return ""


def numbers(text: str) -> list[int]:
    """The numbers of a release, in order: 4.18.0-80.1.2 -> 4, 18, 0, 80, 1, 2."""
    return [int(run) for run in re.findall("[0-9]{1,9}", text[:LONGEST])]
