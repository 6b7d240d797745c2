"""Damage for the fuzz targets that knows lines and JSON values; the same bytes and chance give the same result."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

WORDS: tuple[bytes, ...] = (
    b"\x00", b"\x1b[31m", b"\r", b"\r\n", b"\xe2\x80\xae", b"\xed\xa0\x80", b"\xff", b"[", b"] ", b"<4>",
    b"0x", b"\t", b"%s", b"{0}", b"-1", b"0", b"99999999999999999999", b"1e999", b"nan", b"---\n", b": ",
    b"- ", b"'", b'"', b"&a ", b"*a", b"!!x ", b"<<: ", b"Call Trace:\n", b" <TASK>\n",
    b"Modules linked in: ", b"RIP: 0010:", b"CPU: 1 PID: 1 Comm: x ", b"Code: <0f> 0b ",
    b"Linux version 6.1.0 ", b"Command line: ", b"Mem-Info:\n", b"---[ end trace 0000000000000000 ]---\n",
    b"x+0x1/0x2 [m]\n", b"Kernel panic - not syncing: ", b"[    1.000000] ", b'{"MESSAGE":"', b"## Fix\n",
    b"```\n", b"\xc2\x85", b"\xe2\x80\xa8",
)  # fmt: skip
JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    10**30,
    1.5,
    float("inf"),
    float("nan"),
    "",
    "x",
    "\ud800",
    [],
    [None],
    [[1]],
    {},
    {"x": {}},
)


def mutate(data: bytes, chance: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """`data` with one to four pieces of damage."""
    for _ in range(chance.randint(1, 4)):
        step = chance.choice(_STEPS)
        data = step(data, chance, others)
    return data


def _line(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """Drop, double, move, glue or borrow lines."""
    lines = data.split(b"\n")
    a, b = sorted((chance.randrange(len(lines) + 1), chance.randrange(len(lines) + 1)))
    b = min(b, a + 40)
    what = chance.randrange(6)
    if what == 0:
        lines[a:b] = []
    elif what == 1:
        lines[b:b] = lines[a:b] * chance.randrange(1, 4)
    elif what == 2:
        part = lines[a:b]
        chance.shuffle(part)
        lines[a:b] = part
    elif what == 3 and b > a:
        lines[a:b] = [b"".join(lines[a:b])]
    elif what == 4 and others:
        foreign = chance.choice(others).split(b"\n")
        start = chance.randrange(len(foreign))
        lines[a:a] = foreign[start : start + chance.randrange(1, 20)]
    else:
        lines[a:a] = [chance.choice(WORDS)]
    return b"\n".join(lines)


def _bytes(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    place = chance.randrange(len(data) + 1)
    return data[:place] + bytes([chance.randrange(256)]) + data[place + chance.randrange(3) :]


def _word(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    place = chance.randrange(len(data) + 1)
    return data[:place] + chance.choice(WORDS) + data[place + chance.randrange(3) :]


def _cut(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    place = chance.randrange(len(data) + 1)
    return data[:place] if chance.randrange(2) else data[place:]


def _number(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """Another number in the place of one."""
    places = [i for i, byte in enumerate(data[:20_000]) if 48 <= byte < 58]
    if not places:
        return data
    start = chance.choice(places)
    end = start
    while end < len(data) and 48 <= data[end] < 58:
        end += 1
    number = chance.choice((b"0", b"-1", b"4294967296", b"18446744073709551615", b"9" * 40, b"00", b"1.5", b"x", b""))
    return data[:start] + number + data[end:]


def _json(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """Another value somewhere within a line that is a JSON object."""
    lines = data.split(b"\n")
    number = chance.randrange(len(lines))
    try:
        entry = json.loads(lines[number])
    except (ValueError, RecursionError):
        return data
    for _ in range(chance.randint(1, 3)):
        _replace(entry, chance)
    lines[number] = json.dumps(entry).encode("utf-8", "surrogatepass")
    return b"\n".join(lines)


def _replace(entry: Any, chance: random.Random) -> None:
    for _ in range(20):
        if not isinstance(entry, (dict, list)) or not entry:
            return
        key: Any = chance.choice(list(entry)) if isinstance(entry, dict) else chance.randrange(len(entry))
        if not isinstance(entry[key], (dict, list)) or not entry[key] or chance.randrange(4) == 0:
            if chance.randrange(4) == 0:
                del entry[key]
            else:
                entry[key] = deepcopy(chance.choice(JUNK))
            return
        entry = entry[key]


_STEPS = (_line, _line, _line, _bytes, _word, _word, _cut, _number, _json)
