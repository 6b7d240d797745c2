"""Expands gzip, bzip2, xz and zstd data piece by piece, never more than asked for at a time."""

from __future__ import annotations

from typing import Any, Protocol

_FEED = 8 << 10  # compressed bytes at a time: what a damaged place costs
_XZ_MEMORY = 256 << 20


class Stream(Protocol):
    """What bytes are read from; b"" is the end."""

    def read(self, size: int, /) -> bytes: ...


class Damaged(Exception):
    """Compressed data that cannot be expanded."""


class Missing(Exception):
    """No library for this compression; the text says what to do."""


BROKEN = (Damaged, EOFError)


def packed_as(head: bytes) -> str:
    """The name of the compression that data beginning so has, or ""."""
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"\xfd7zXZ\0"):
        return "xz"
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return "zstd"
    if head[:3] == b"BZh" and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return "bzip2"
    return ""


def expander(packed: str, source: Stream) -> Stream:
    """A reader of the expanded data.  Raises Missing; its ``read`` raises what BROKEN lists."""
    return _zstd(source) if packed == "zstd" else _Expander(packed, source)


class _Expander:
    """Expands concatenated gzip, bzip2 or xz streams; never more than asked for at a time."""

    __slots__ = ("decompressor", "errors", "failed", "magic", "packed", "pending", "source")

    def __init__(self, packed: str, source: Stream) -> None:
        self.source = source
        self.packed = packed
        self.pending = source.read(_FEED)
        self.magic = self.pending[:2]
        self.decompressor: Any = _decompressor(packed)
        self.errors = _library_errors(packed)
        self.failed: Exception | None = None

    def read(self, size: int, /) -> bytes:
        if self.failed is not None:
            raise self.failed
        while self.decompressor is not None:
            if not self.pending and self.decompressor.needs_input:
                self.pending = self.source.read(_FEED)
                if not self.pending:
                    self.failed = EOFError("its end is missing")
                    raise self.failed
            try:
                data: bytes = self.decompressor.decompress(self.pending, size)
            except self.errors as error:
                self.failed = Damaged(reason(error))
                raise self.failed from None
            self.pending = b""
            if self.decompressor.eof:
                self.next_stream()
            if data:
                return data
        return b""

    def next_stream(self) -> None:
        """Go on with a following stream; padding and foreign data end it all."""
        rest: bytes = self.decompressor.unused_data.lstrip(b"\0")
        while len(rest) < 2 and (data := self.source.read(_FEED)):
            rest = (rest + data).lstrip(b"\0")
        self.pending = rest
        self.decompressor = _decompressor(self.packed) if rest.startswith(self.magic) else None


def _decompressor(packed: str) -> Any:
    if packed == "gzip":
        return _Gunzip()
    try:
        if packed == "xz":
            import lzma

            return lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
        import bz2

        return bz2.BZ2Decompressor()
    except ImportError:
        raise Missing(f"this Python cannot expand {packed}") from None


def _library_errors(packed: str) -> tuple[type[Exception], ...]:
    if packed == "gzip":
        import zlib

        return (OSError, ValueError, zlib.error)
    if packed == "xz":
        import lzma

        return (OSError, ValueError, lzma.LZMAError)
    return (OSError, ValueError)


class _Gunzip:
    """zlib's gzip reader with the interface of the other decompressors."""

    __slots__ = ("full", "reader")

    def __init__(self) -> None:
        import zlib

        self.reader = zlib.decompressobj(31)
        self.full = False

    @property
    def needs_input(self) -> bool:
        return not self.full and not self.reader.unconsumed_tail

    @property
    def eof(self) -> bool:
        return self.reader.eof

    @property
    def unused_data(self) -> bytes:
        return self.reader.unused_data

    def decompress(self, data: bytes, size: int) -> bytes:
        out = self.reader.decompress(self.reader.unconsumed_tail + data, size)
        self.full = len(out) >= size
        return out


class _Zstd:
    """A zstd reader that turns its library's errors into ours."""

    __slots__ = ("errors", "reader")

    def __init__(self, reader: Any, *errors: type[Exception]) -> None:
        self.reader = reader
        self.errors: tuple[type[Exception], ...] = (*errors, OSError, ValueError, MemoryError)

    def read(self, size: int, /) -> bytes:
        try:
            data: bytes = self.reader.read(size)
        except self.errors as error:
            raise Damaged(reason(error)) from None
        return data


def _zstd(source: Stream) -> Stream:
    from importlib import import_module

    try:
        library: Any = import_module("compression.zstd")  # Python 3.14
        parameters = {library.DecompressionParameter.window_log_max: 27}
        return _Zstd(library.ZstdFile(source, options=parameters), library.ZstdError, EOFError)
    except ImportError:
        pass
    try:
        library = import_module("zstandard")
    except ImportError:
        raise Missing(
            "is zstd data, which this Python cannot expand; install the package `zstandard` or run `zstd -d` on it"
        ) from None
    expander = library.ZstdDecompressor(max_window_size=1 << 27)
    return _Zstd(expander.stream_reader(source, read_across_frames=True), library.ZstdError)


def reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:200]
