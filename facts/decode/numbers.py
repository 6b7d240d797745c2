"""Whether two numbers that a message prints differ by one flipped bit.

Software mixes up near values (an older generation, the next inode, a neighbouring block), and those often differ by one
bit, too.  So a bit counts only where no such value has it: far above the number that was wanted.
Sources: fs/btrfs/disk-io.c, fs/btrfs/tree-checker.c (messages with the number found and the one wanted).
"""

from __future__ import annotations

import re

GROUPS = ("found-numbers", "wanted-numbers", "limit-numbers")  # what patterns in kb/events call them
STALE = 10  # bits of the distance that an old copy of a block lies behind
KEY = 28  # bits of what one key lies beside another
GAP = 8  # bits that are zero by chance in one of 256 numbers
_NUMBERS = re.compile(r"\d{1,20}")


def one_bit(found: str, wanted: str = "", limit: str = "") -> bool:
    """Whether one flipped bit makes `found` what was wanted, or at most the limit; several numbers are one key.

    >>> one_bit("66348", wanted="812"), one_bit("810", wanted="812"), one_bit("8589939592", limit="8822")
    (True, False, True)
    """
    numbers = [int(run) for run in _NUMBERS.findall(found[:100])]
    for text, test in ((wanted, _exact), (limit, _beyond)):
        others = [int(run) for run in _NUMBERS.findall(text[:100])]
        if numbers and len(numbers) == len(others) and test(numbers, others):
            return True
    return False


def _exact(found: list[int], wanted: list[int]) -> bool:
    places = [place for place, pair in enumerate(zip(found, wanted, strict=True)) if pair[0] != pair[1]]
    if len(places) != 1:
        return False
    one, other = found[places[0]], wanted[places[0]]
    if (one ^ other).bit_count() != 1:
        return False
    bit = (one ^ other).bit_length() - 1
    if len(found) == 1:
        return bit >= STALE
    if places[0] == 1:  # the type of a key: the same object and offset under another type do not exist
        return True
    return bit >= max(KEY, min(one, other).bit_length() + GAP)


def _beyond(found: list[int], limit: list[int]) -> bool:
    place = next((place for place, pair in enumerate(zip(found, limit, strict=True)) if pair[0] != pair[1]), None)
    if place is None or (place == 1 and len(found) > 1) or found[place] <= limit[place]:
        return False
    bit = found[place].bit_length() - 1
    least = max(KEY if len(found) > 1 else 0, limit[place].bit_length() + GAP)
    return bit >= least and found[place] - (1 << bit) <= limit[place]
