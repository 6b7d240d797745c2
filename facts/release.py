"""What a kernel's release or banner tells about the upstream release in it (kb/vocabulary/releases.yaml)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from kb.versions import Version, version, written

LONGEST = 600  # characters of a banner that are looked at
LAST_MINOR = 19  # the usual last release of a major number: 3.19, 5.19, 6.19
STABLE, DISTRIBUTION = "stable", "distribution"


# The upstream release: its number, and its numbering (stable, or distribution: that corrects under numbers of its own).
Upstream = tuple[str, str]


class Releases:
    """The forms of release names, tried in order: (regex, parts, numbering, snapshot)."""

    def __init__(self, forms: Sequence[Sequence[Any]]) -> None:
        self._forms = forms  # expressions are compiled only where a part of theirs stands in a text

    def read(self, text: str) -> Upstream | None:
        """The upstream release that a release (uname -r) or a banner (after "Linux version") tells; None for none."""
        text = text[:LONGEST].strip()
        plain = version(text)
        if plain is None:
            return None
        for expression, parts, numbering, snapshot in self._forms:
            if not any(part in text for part in parts):
                continue
            regex = re.compile(expression)
            match = regex.search(text)
            if match is None:
                continue
            if snapshot:
                return written(_next(plain)), numbering
            if "upstream" in regex.groupindex and match["upstream"]:
                named = version(match["upstream"])
                if named is None:
                    continue
                return written((named[0], named[1], "-rc" in match[0])), numbering
            return written(plain), numbering
        return written(plain), STABLE if plain[1] else DISTRIBUTION


def _next(after: Version) -> Version:
    """The mainline release whose merge window may be in a snapshot made after this one."""
    major, minor = after[0][0], after[0][1] + 1
    series = (major + 1, 0) if minor > LAST_MINOR else (major, minor)
    return series, 0, True
