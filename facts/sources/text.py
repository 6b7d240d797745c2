"""Opens a log, compressed or not, and yields its lines as blocks of text in bounded memory."""

from __future__ import annotations

import os
import re
import stat
import sys
from typing import TYPE_CHECKING, NamedTuple

from facts.errors import InputError
from facts.sources.binary import refuse_binary
from facts.sources.expand import BROKEN, Missing, Stream, expander, packed_as, reason

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK_SIZE = 2 << 20
MAX_SIZE = 2 << 30  # bytes after expansion
MAX_LINE = 64 << 10  # bytes; what is beyond is dropped
_CHUNK = 1 << 20
_RETURNS = re.compile(rb"(?<!\r)\r+\n")  # linear: a run is tried from its beginning only
_HEAD = 64 << 10  # looked at to tell text from binary data


class Block(NamedTuple):
    """Some whole lines, separated by ``\\n`` (split at nothing else).  ``first_line`` counts from 1, as editors do."""

    first_line: int
    text: str


def blocks(
    path: str, *, limit: int = MAX_SIZE, block_size: int = BLOCK_SIZE, notes: list[str] | None = None
) -> Iterator[Block]:
    """The text of the file at ``path``, decoded; see ``raw_blocks``.  Bytes that are no UTF-8 become U+FFFD."""
    for first_line, data in raw_blocks(path, limit=limit, block_size=block_size, notes=notes):
        yield Block(first_line, data.decode("utf-8", "replace"))


def raw_blocks(
    path: str, *, limit: int = MAX_SIZE, block_size: int = BLOCK_SIZE, notes: list[str] | None = None
) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of the file at ``path`` (``-``: standard input) as UTF-8 blocks of about ``block_size`` bytes.

    gzip, bzip2, xz and zstd are recognised by content, UTF-16 and UTF-32 by their byte order mark; CRLF becomes LF,
    runs of NUL become one NUL, lines are cut after MAX_LINE bytes.  At most ``limit`` bytes are read (counted after
    expansion).  What was left out is said in ``notes``.
    Raises InputError where nothing can be used: missing, unreadable, empty, a folder, binary data.
    """
    stream, close = _open(path)
    said: list[str] = [] if notes is None else notes
    try:
        yield from _raw_blocks(path, stream, limit, block_size, said)
    except OSError as error:
        raise InputError(path, f"cannot be read: {reason(error)}") from None
    finally:
        if close is not None:
            os.close(close)


def _open(path: str) -> tuple[Stream, int | None]:
    if path == "-":
        if sys.stdin is None:
            raise InputError(path, "there is no standard input")
        return sys.stdin.buffer, None
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise InputError(path, "is a folder; name a file in it")
        if stat.S_ISBLK(mode) or (stat.S_ISCHR(mode) and path != os.devnull):
            raise InputError(path, "is a device, not a file; save its text first, for example with `dmesg > FILE`")
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        raise InputError(path, "does not exist") from None
    except PermissionError:
        raise InputError(path, "may not be read; run as a user who may, or copy the file") from None
    except (OSError, ValueError) as error:
        raise InputError(path, f"cannot be opened: {reason(error)}") from None
    return _File(handle), handle


class _File:
    __slots__ = ("handle",)

    def __init__(self, handle: int) -> None:
        self.handle = handle

    def read(self, size: int, /) -> bytes:
        return os.read(self.handle, size)


class _Resumed:
    """A stream with bytes put back in front."""

    __slots__ = ("head", "stream")

    def __init__(self, head: bytes, stream: Stream) -> None:
        self.head = head
        self.stream = stream

    def read(self, size: int = -1, /) -> bytes:
        if self.head:
            size = size if size >= 0 else _CHUNK
            data, self.head = self.head[:size], self.head[size:]
            return data
        return self.stream.read(size if size >= 0 else _CHUNK)


def _blocks(path: str, stream: Stream, limit: int, block_size: int, notes: list[str]) -> Iterator[Block]:
    for first_line, data in _raw_blocks(path, stream, limit, block_size, notes):
        yield Block(first_line, data.decode("utf-8", "replace"))


def _raw_blocks(
    path: str, stream: Stream, limit: int, block_size: int, notes: list[str]
) -> Iterator[tuple[int, bytes]]:
    chunks = _chunks(path, stream, limit, max(1, min(block_size, _CHUNK)), notes)
    first_line = 1
    long_lines = 0
    parts: list[bytes] = []  # whole lines
    size = 0
    carry = b""  # the beginning of a line
    skipping = False  # in the rest of a line that was cut
    for chunk in chunks:
        if skipping:
            newline = chunk.find(b"\n")
            if newline < 0:
                continue
            chunk = chunk[newline:]
            skipping = False
        end = chunk.rfind(b"\n") + 1
        if not end:
            carry += chunk
        else:
            body, cut = _cut_long_lines(carry + chunk[:end])
            long_lines += cut
            carry = chunk[end:]
            parts.append(body)
            size += len(body)
        if len(carry) > MAX_LINE:
            carry, skipping, long_lines = _cut(carry), True, long_lines + 1
        if size >= block_size:
            block = _unix(b"".join(parts))
            parts, size = [], 0
            yield first_line, block
            first_line += block.count(b"\n")
    parts.append(carry.rstrip(b"\r"))
    last = b"".join(parts)
    if last:
        yield first_line, _unix(last)
    if long_lines:
        notes.append(f"{long_lines} lines were longer than {MAX_LINE >> 10} KiB and are cut there")


def _cut(line: bytes) -> bytes:
    """The first MAX_LINE bytes, less a character that the cut would break."""
    end = MAX_LINE
    while end > MAX_LINE - 3 and line[end] & 0xC0 == 0x80:
        end -= 1
    return line[:end]


def _cut_long_lines(body: bytes) -> tuple[bytes, int]:
    """Whole lines, none longer than MAX_LINE, and how many were."""
    kept: list[bytes] = []
    start = position = cut = 0
    length = len(body)
    while length - position > MAX_LINE:
        newline = body.rfind(b"\n", position, position + MAX_LINE + 1)
        if newline < 0:
            line = body[position : position + MAX_LINE + 1]
            newline = body.find(b"\n", position)
            if newline < 0:
                newline = length
            kept += (body[start:position], _cut(line))
            start = newline
            cut += 1
        position = newline + 1
    if not cut:
        return body, 0
    kept.append(body[start:])
    return b"".join(kept), cut


def _unix(data: bytes) -> bytes:
    """The lines with LF alone at their ends."""
    if b"\r" not in data:
        return data
    data = data.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n")
    return _RETURNS.sub(b"\n", data) if b"\r\n" in data else data


def _chunks(path: str, stream: Stream, limit: int, size: int, notes: list[str]) -> Iterator[bytes]:
    """The input as UTF-8 (or what claims to be), expanded, NUL runs shortened; at most ``limit`` bytes."""
    head = _read_head(stream, _HEAD)
    if not head:
        raise InputError(path, "is empty")
    source: Stream = _Resumed(head, stream)
    packed = packed_as(head)
    if packed:
        try:
            source = expander(packed, source)
        except Missing as error:
            raise InputError(path, str(error)) from None
        head = _expanded_head(path, packed, source)
        source = _Resumed(head, source)
    mark, encoding = _encoding(head)
    if not encoding:
        refuse_binary(path, head, packed)
    total = 0
    after_zero = False
    recode = None
    if encoding:
        import codecs

        recode = codecs.getincrementaldecoder(encoding)("replace")
    else:
        source.read(mark)
    while True:
        wanted = min(size, limit - total)
        try:
            data = source.read(max(wanted, 1))
        except BROKEN as error:
            notes.append(f"the {packed} data breaks off here ({reason(error)}); what stands before it is used")
            break
        if wanted <= 0:
            if data:
                shown = f"{limit >> 20} MiB" if limit >> 20 else f"{limit} bytes"
                notes.append(
                    f"only the first {shown}{' after expansion' if packed else ''} are read; the rest is left out"
                )
            break
        if not data:
            break
        total += len(data)
        if recode is not None:
            data = recode.decode(data).encode("utf-8", "replace")
        if b"\0" in data:
            data = re.sub(rb"\0{2,}", b"\0", data.lstrip(b"\0") if after_zero else data)
        if data:
            after_zero = data[-1] == 0
            yield data
    if recode is not None and (rest := recode.decode(b"", True)):
        yield rest.encode("utf-8", "replace")


def _read_head(stream: Stream, size: int) -> bytes:
    head = b""
    while len(head) < size:
        data = stream.read(size - len(head))
        if not data:
            break
        head += data
    return head


def _expanded_head(path: str, packed: str, source: Stream) -> bytes:
    head = b""
    try:
        while len(head) < _HEAD and (data := source.read(_HEAD - len(head))):
            head += data
    except BROKEN as error:
        if not head:
            raise InputError(path, f"is damaged {packed} data ({reason(error)})") from None
    if not head:
        raise InputError(path, f"is {packed} data with nothing in it")
    return head


def _encoding(head: bytes) -> tuple[int, str]:
    """Length of a UTF-8 byte order mark, and the codec of other encodings ("" for UTF-8)."""
    if head.startswith(b"\xef\xbb\xbf"):
        return 3, ""
    if head.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return 0, "utf-32"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return 0, "utf-16"
    sample = head[:4096]
    half = len(sample) // 2
    if half >= 16:  # UTF-16 without a mark: every other byte is zero
        for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
            if sample[offset::2].count(0) > half * 0.9 and sample[1 - offset :: 2].count(0) == 0:
                return 0, name
    return 0, ""
