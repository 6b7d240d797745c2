"""Numbers of upstream kernel releases, and whether a release has a known defect.

A release is `5.15.7`, `2.6.32.50` (series 2.6.32) or `6.6-rc3`.  What a defect affects is given as mainline releases
that brought and corrected it, and per stable series the release that corrected it (kb/defects).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

_NUMBER = re.compile(r"(\d{1,3})\.(\d{1,3})(?:\.(\d{1,4}))?(?:\.(\d{1,4}))?(-rc\d{0,3})?")
_RUN = re.compile(r"\d{1,9}")


class Version(NamedTuple):
    """A release of a series; 2.6.32.50 is release 50 of the series (2, 6, 32)."""

    series: tuple[int, ...]
    patch: int
    candidate: bool = False  # before the first release of its series (rc, or a snapshot of the merge window)

    def __str__(self) -> str:
        name = ".".join(map(str, self.series))
        return f"{name}-rc" if self.candidate else f"{name}.{self.patch}" if self.patch else name


def version(text: str) -> Version | None:
    """The upstream release that the text is or begins with.

    >>> version("5.15.7"), version("2.6.32.50")
    (Version(series=(5, 15), patch=7, candidate=False), Version(series=(2, 6, 32), patch=50, candidate=False))
    """
    match = _NUMBER.match(text)
    if match is None:
        return None
    major, minor, third, fourth = (int(group) if group else 0 for group in match.groups()[:4])
    if (major, minor) == (2, 6):
        return Version((2, 6, third), fourth, bool(match[5]))
    return Version((major, minor), third, bool(match[5]))


def exact(text: str) -> Version | None:
    """The same for a text that is a release number and nothing else."""
    match = _NUMBER.fullmatch(text)
    return version(text) if match and not match[5] else None


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
    return [int(run) for run in _RUN.findall(text[:200])]
