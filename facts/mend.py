"""Mends what mails and web pages do to a short log: lines broken at a fixed width, blanks that do not break.

A mail program breaks only lines that are too long, and at a word that would not have fitted.  So in a text whose lines
are all short, the lines without a time stamp below one with a stamp are its rest if each break stands near the
margin and the whole would be longer than any line of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

MOST = 256 << 10  # bytes of a text that is looked at: mails and forms are short
WIDEST = 100  # columns of a broken text at most
MARGIN = 64  # columns that fit at least
BLANKS = 12  # blanks that are lost at the breaks of a line at most
FEWEST = 4  # lines with a stamp
_STAMPED = re.compile(
    rb"(?:> ?){0,4}[ \t]?(?:<\d{1,3}>)?(?:"
    rb"\[ {0,8}\d{1,10}\.\d{3,9}\]"  # the kernel's
    rb"|\[[^][ ]{1,12} {1,2}[^][ ]{3,12} {1,2}\d{1,2} \d\d:\d\d:\d\d \d{4}\]"  # dmesg -T
    rb"|[A-Za-z]{3} [ \d]?\d \d\d:\d\d:\d\d(?:\.\d{1,9})? (?![A-Z]{3,4} \d{4}\b)"  # syslog; not a build date
    rb"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d"  # ISO 8601
    rb"|kernel: )"
)
_NO_BREAK = "\N{NO-BREAK SPACE}".encode()
_WORD = re.compile(r"[A-Za-z]{3}")
_REPLY = re.compile(rb"(?:> ?){0,4}")


def mended(blocks: Iterable[tuple[int, str | bytes]]) -> Iterator[tuple[int, str | bytes]]:
    """The blocks of a log; the only block of a short one is mended."""
    rest = iter(blocks)
    for first, block in rest:
        following = next(rest, None) if len(block) <= MOST else None
        if first == 1 and following is None:
            data = block if isinstance(block, bytes) else block.encode("utf-8", "surrogatepass")
            yield first, mend(data)
            continue
        yield first, block
        if following is not None:
            yield following


def mend(text: bytes) -> bytes:
    """The text with broken lines joined; the lines that were joined stay empty, so the numbers of lines hold."""
    if len(text) > MOST:
        return text
    text = text.replace(_NO_BREAK, b" ")
    lines = text.split(b"\n")
    heads = [at for at, line in enumerate(lines) if _STAMPED.match(line)]
    if len(heads) < FEWEST:
        return text
    width = 0
    for at in heads:
        line = lines[at].rstrip()
        if len(line) <= WIDEST:
            width = max(width, len(line))
        elif line.rfind(b" ") > WIDEST:
            return text
    for number, head in enumerate(heads):
        end = heads[number + 1] if number + 1 < len(heads) else len(lines)
        rest: list[bytes] = []
        above = lines[head].rstrip()
        for at in range(head + 1, end):
            line = _REPLY.sub(b"", lines[at].rstrip(), count=1)
            if not line or line[:1] in b" \t" or len(above) + 1 + len(line.split(b" ", 1)[0]) <= MARGIN:
                break
            rest.append(line)
            above = line
        whole = b" ".join([lines[head].rstrip(), *rest])
        if rest and len(whole) + BLANKS > width:
            lines[head : head + 1 + len(rest)] = [whole, *([b""] * len(rest))]
    if lines[-1] == b"" and text[-1:] != b"\n":
        lines.append(b"")
    return b"\n".join(lines)


def spoken(line: str, above: str) -> bool:
    """Whether a line without a stamp may be a program's on a console: no further line of a message (dmesg indents
    them), no mark of something left out, and not the rest of a broken line."""
    if line[0].isspace() or not _WORD.search(line[:200]):
        return False
    rest = line[0].islower() or line[0] in "([#" or line[0].isdigit()
    return not (rest and ": " not in line[:40] and len(above) + 1 + len(line.split(" ", 1)[0]) > MARGIN)
