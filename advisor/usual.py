"""What is often behind an event of a kind, for the part of the probability for which nothing in the evidence speaks.

Method and figures: docs/decisions/usual-causes.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from kb.cache import Base

BACKING = 4.0  # the cases of the kind weigh as much as so many cases with the same problem
UNSEEN = 1.0  # cases that none of the known ones was like


class Usual(NamedTuple):
    cause: str
    share: float  # of the probability that nothing speaks for, 0 to 1
    cases: int  # known cases of the kind in which this was an accepted cause ...
    of: int  # ... of so many


def known_cases(base: Base, kind: str, problem: str = "") -> tuple[int, dict[str, int]]:
    """How many cases of the kind (and problem) are known, and in how many each mechanism was an accepted cause."""
    cases, counts = base.rates.get(kind, {}).get(problem, (0, {}))
    return cases, counts


def usual(base: Base, event: Mapping[str, Any], named: Collection[str], against: Mapping[str, int]) -> list[Usual]:
    """The mechanisms that known cases had behind such an event, the likeliest first.

    `named`: causes for which something speaks; `against`: decibans (negative) of what speaks against the others.
    """
    kind = str(event["kind"])
    of, counts = known_cases(base, kind)
    alike, alike_counts = known_cases(base, kind, str(event["problem"])) if "problem" in event else (0, {})
    weights = {}
    for name, number in counts.items():
        explains = base.causes[name]["explains"] if name in base.causes else []
        if name in named or not (kind in explains or explains == ["any"]):
            continue
        rate = (alike_counts.get(name, 0) + BACKING * number / of) / (alike + BACKING)
        weights[name] = rate * 10.0 ** (against.get(name, 0) / 10)
    total = sum(weights.values()) + UNSEEN / (of + UNSEEN)
    found = [Usual(name, weight / total, counts[name], of) for name, weight in weights.items()]
    return sorted(found, key=lambda one: (-one.share, one.cause))
