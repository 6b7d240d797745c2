"""facts/sources/text.py: logs as blocks of text."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.errors import InputError
from facts.sources import text as text_module
from facts.sources.text import MAX_LINE, blocks

LOG = b"[    0.000000] Linux version 5.10.0\n[    1.000000] second\n[    2.000000] third"


class Trickle(io.RawIOBase):
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self.data, self.step = data, step

    def read(self, size: int = -1, /) -> bytes:
        size = min(size, self.step) if size >= 0 else self.step
        part, self.data = self.data[:size], self.data[size:]
        return part


def read(path: str, **options: int) -> tuple[str, list[str]]:
    notes: list[str] = []
    found = list(blocks(path, notes=notes, **options))
    line = 1
    for block in found:
        assert block.first_line == line
        line += block.text.count("\n")
    for block in found[:-1]:
        assert block.text.endswith("\n")
    return "".join(block.text for block in found), notes


@pytest.fixture
def put(tmp_path: Path) -> Callable[[bytes], str]:
    def write(data: bytes) -> str:
        path = tmp_path / "console.log"
        path.write_bytes(data)
        return str(path)

    return write


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes, step: int = 3) -> None:
    class Standard:
        buffer = Trickle(data, step)

    monkeypatch.setattr(sys, "stdin", Standard())


@given(
    st.text(st.characters(exclude_characters="\r\0\ufeff", exclude_categories=["Cs"]), min_size=1), st.integers(1, 40)
)
def test_blocks_are_the_input_for_any_block_size(text: str, size: int) -> None:
    data = b"# a log\n" + text.encode()
    found = list(text_module._blocks("-", Trickle(data, 7), 1 << 20, size, []))
    assert "".join(block.text for block in found) == data.decode()
    line = 1
    for block in found:
        assert block.first_line == line
        line += block.text.count("\n")
    for block in found[:-1]:
        assert block.text.endswith("\n")


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, LOG)
    assert read("-")[0] == LOG.decode()
    stdin(monkeypatch, gzip.compress(LOG), 1)
    assert read("-")[0] == LOG.decode()
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError, match="no standard input"):
        read("-")


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_compressed(put: Callable[[bytes], str], pack: Callable[[bytes], bytes]) -> None:
    assert read(put(pack(LOG))) == (LOG.decode(), [])
    assert read(put(pack(LOG[:40]) + pack(LOG[40:]))) == (LOG.decode(), [])
    assert read(put(pack(LOG) + bytes(512)))[0] == LOG.decode()
    assert read(put(pack(LOG) + b"trailing"))[0] == LOG.decode()
    large = b"".join(b"[%5d.000000] line %d\n" % (i, i * i) for i in range(200_000))
    assert read(put(pack(large)), block_size=1 << 16) == (large.decode(), [])
    with pytest.raises(InputError, match="nothing in it"):
        read(put(pack(b"")))


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_broken_compressed_data(put: Callable[[bytes], str], pack: Callable[[bytes], bytes]) -> None:
    large = b"".join(b"[%5d.000000] line %d\n" % (i, i * 7919 % 10007) for i in range(100_000))
    packed = pack(large)
    text, notes = read(put(packed[: len(packed) // 2]))
    assert text
    assert large.decode().startswith(text)
    assert "breaks off" in notes[0]
    with pytest.raises(InputError, match="damaged"):
        read(put(packed[:12]))
    broken = packed[: len(packed) // 2] + bytes(64) + packed[len(packed) // 2 + 64 :]
    text, notes = read(put(broken))
    assert text[:1000] == large.decode()[:1000]
    assert notes


def test_zstd(put: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch) -> None:
    packed = b"\x28\xb5\x2f\xfd" + LOG
    for name in ("compression.zstd", "zstandard"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InputError, match="zstandard"):
        read(put(packed))

    class Library:
        class ZstdError(Exception):
            pass

        def __init__(self, max_window_size: int = 0) -> None:
            assert max_window_size

        def stream_reader(self, source: io.RawIOBase, read_across_frames: bool) -> io.BytesIO:
            data = b""
            while part := source.read(1000):
                data += part
            return io.BytesIO(data[4:])

    Library.ZstdDecompressor = Library  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "zstandard", Library)
    assert read(put(packed))[0] == LOG.decode()


def test_expansion_is_bounded(put: Callable[[bytes], str]) -> None:
    bomb = gzip.compress(b"[    1.000000] line\n" * 500_000)
    text, notes = read(put(bomb), limit=1 << 20)
    assert len(text) == 1 << 20
    assert notes == ["only the first 1 MiB after expansion are read; the rest is left out"]
    assert read(put(LOG), limit=len(LOG)) == (LOG.decode(), [])


@pytest.mark.parametrize("returns", [1, 2, 3, 4, 7, 60_000])
def test_any_number_of_carriage_returns_ends_a_line(put: Callable[[bytes], str], returns: int) -> None:
    assert read(put(b"[    1.000000] one" + b"\r" * returns + b"\ntwo"))[0] == "[    1.000000] one\ntwo"


def test_packed_data_that_breaks_off_just_where_reading_ends(put: Callable[[bytes], str]) -> None:
    text, notes = read(put(gzip.compress(LOG)[:-4]), limit=len(LOG))
    assert text == LOG.decode()
    assert [note.partition(" here ")[0] for note in notes] == ["the gzip data breaks off"]


@pytest.mark.parametrize("block_size", [1, 1000, 4 << 20])
def test_long_lines_are_cut(put: Callable[[bytes], str], block_size: int) -> None:
    if block_size == 1:
        data = b"first\n" + b"x" * (MAX_LINE + 10) + b"\nlast\n"
    else:
        data = b"first\n" + b"x" * (3 * MAX_LINE) + b"\nlast\n" + b"y" * (MAX_LINE + 1) + b"\nend\n" + b"z" * MAX_LINE
    text, notes = read(put(data), block_size=block_size)
    lines = text.split("\n")
    assert [len(line) for line in lines] == [min(len(line), MAX_LINE) for line in data.split(b"\n")]
    assert "longer than 64 KiB" in notes[0]


def test_a_cut_keeps_characters_whole(put: Callable[[bytes], str]) -> None:
    for shift in range(4):
        text, _ = read(put(b"a" * shift + "€".encode() * MAX_LINE + b"\nnext"))
        first, second = text.split("\n")
        assert "\ufffd" not in first
        assert second == "next"


def test_one_endless_line_is_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.RawIOBase):
        left = 200 << 20
        piece = b"x" * (1 << 20)

        def read(self, size: int = -1, /) -> bytes:
            if self.left <= 0:
                return b""
            self.left -= size
            return self.piece[:size]

    class Standard:
        buffer = Endless()

    monkeypatch.setattr(sys, "stdin", Standard())
    start = time.monotonic()
    text, _ = read("-")
    assert len(text) == MAX_LINE
    assert time.monotonic() - start < 5


def test_encodings_and_line_ends(put: Callable[[bytes], str]) -> None:
    log = "[    1.000000] gr\u00fc\u00dfe\n[    2.000000] two\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        assert read(put(log.encode(encoding)))[0] == log, encoding
    assert read(put(b"\xff\xfe" + log.encode("utf-16-le")), block_size=3)[0] == log
    assert read(put(b"\xfe\xff" + log.encode("utf-16-be")))[0] == log
    assert read(put(b"a\r\nb\r\r\nc\rd\r\n\r\nlast\r"))[0] == "a\nb\nc\rd\n\nlast"
    assert read(put(b"latin \xfc and \xed\xa0\x80 surrogate\n"))[0].encode("utf-8").count(b"\xef\xbf\xbd") >= 2


def test_zero_bytes_are_tolerated(put: Callable[[bytes], str]) -> None:
    text, _ = read(put(LOG + bytes(300_000) + b"[    0.000000] Linux version\n"))
    assert text == LOG.decode() + "\0[    0.000000] Linux version\n"
    assert read(put(bytes(200_000) + b"\n" + LOG))[0].endswith(LOG.decode())


def test_garbage_of_a_serial_line_is_tolerated(put: Callable[[bytes], str]) -> None:
    data = b"\x1b[2J\x1b[1;1H\xf8\x80\xf0\x00\xe0 BIOS \x07\n" + LOG
    assert read(put(data))[0].endswith(LOG.decode())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"KDUMP   " + bytes(100), "vmcore.*crash"),
        (b"makedumpfile\0" + bytes(100), "makedumpfile -R"),
        (b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x04\0" + bytes(100), "vmcore.*--dump-dmesg"),
        (b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\0" + bytes(100), "ELF program"),
        (b"LPKSHHRH" + bytes(100), "journalctl --file"),
        (b"PK\x03\x04" + bytes(100), "zip"),
        (b"x" * 257 + b"ustar" + bytes(100), "tar archive"),
        (zlib.compress(os.urandom(5000)), "binary data"),
        (bytes(range(256)) * 10, "binary data"),
    ],
)
def test_binary_data_is_refused(put: Callable[[bytes], str], data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read(put(data))
    assert "\n" not in caught.value.message
    with pytest.raises(InputError, match=said):
        read(put(gzip.compress(data)))


def test_what_cannot_be_opened(tmp_path: Path, put: Callable[[bytes], str]) -> None:
    with pytest.raises(InputError, match="is empty"):
        read(put(b""))
    with pytest.raises(InputError, match="does not exist"):
        read(str(tmp_path / "none"))
    with pytest.raises(InputError, match="is a folder"):
        read(str(tmp_path))
    with pytest.raises(InputError, match="cannot be opened"):
        read("a\0b")
    with pytest.raises(InputError, match="is empty"):
        read(os.devnull)
    with pytest.raises(InputError, match="device"):
        read("/dev/zero")


def test_unreadable(put: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(LOG)

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(InputError, match="may not be read") as caught:
        read(path)
    assert caught.value.path == path
    assert str(caught.value).startswith(path)
