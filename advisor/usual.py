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


def usual(base: Base, event: Mapping[str, Any], named: Collection[str], against: Mapping[str, int]) -> list[Usual]:
    """The mechanisms that known cases had behind such an event, the likeliest first.

    `named`: causes for which something speaks; `against`: decibans (negative) of what speaks against the others.
    """
    kind = str(event["kind"])
    rates = base.rates.get(kind)
    if rates is None or "" not in rates:
        return []
    of, counts = rates[""]
    alike, alike_counts = rates.get(str(event.get("problem", "")), (0, {})) if "problem" in event else (0, {})
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
