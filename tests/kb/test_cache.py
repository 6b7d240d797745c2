"""kb/cache.py: written once and reused; whatever is wrong with the cache, the base is right and nothing fails."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from kbfolder import FILES, build

import kb.compile
import kb.load
from kb import cache
from kb.cache import base


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A knowledge folder and a cache folder of their own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return build(tmp_path / "kb")


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry per time the knowledge was compiled."""
    calls: list[int] = []
    real = kb.compile.compile_base

    def counted(knowledge: Any) -> Any:
        calls.append(1)
        return real(knowledge)

    monkeypatch.setattr(kb.compile, "compile_base", counted)
    return calls


def the_file() -> Path:
    (found,) = Path(cache.cache_folder()).iterdir()
    return found


def shown(one: cache.Base) -> str:
    return json.dumps([getattr(one, name) for name in ("leaves", "causes", "events", "probes", "search", "headers")])


def test_written_once_and_reused(place: Path, compiled: list[int]) -> None:
    first = base([str(place)])
    before = the_file().read_bytes()
    second = base([str(place)])
    assert len(compiled) == 1
    assert shown(first) == shown(second)
    assert (first.flags, first.integers, first.problems) == (second.flags, second.integers, second.problems)
    assert the_file().read_bytes() == before
    assert the_file().stat().st_mode & 0o777 == 0o600
    assert the_file().parent.stat().st_mode & 0o777 == 0o700


def test_problems_are_kept_in_the_cache(place: Path, compiled: list[int]) -> None:
    (place / "events" / "bad.yaml").write_text("- {kind: fires, title: x, severity: failure, patterns: []}\n")
    first = base([str(place)])
    assert any("did you mean fire" in p for p in first.problems)
    assert base([str(place)]).problems == first.problems
    assert len(compiled) == 1


@pytest.mark.parametrize("name", ["causes/house/candle.md", "events/all.yaml", "frames.yaml", "vocabulary/facts.yaml"])
def test_changed_file(place: Path, compiled: list[int], name: str) -> None:
    base([str(place)])
    status = (place / name).stat()
    text = FILES[name]
    (place / name).write_text(text + "\n" if name.endswith(".md") else text + "# x\n")
    os.utime(place / name, ns=(status.st_atime_ns, status.st_mtime_ns))  # same time: the content counts
    base([str(place)])
    assert len(compiled) == 2
    base([str(place)])
    assert len(compiled) == 2


def test_changed_file_of_the_same_size(place: Path, compiled: list[int]) -> None:
    base([str(place)])
    path = place / "causes/house/candle.md"
    path.write_text(FILES["causes/house/candle.md"].replace("A candle was", "A taper was "))
    assert "A taper was" in base([str(place)]).causes["candle"]["title"]
    assert len(compiled) == 2


def test_new_and_removed_files(place: Path, compiled: list[int]) -> None:
    base([str(place)])
    (place / "probes" / "more.yaml").write_text("- {id: more, ask: More}\n")
    assert "more" in base([str(place)]).probes
    (place / "probes" / "more.yaml").unlink()
    assert "more" not in base([str(place)]).probes
    assert len(compiled) == 3


def test_incidents_do_not_matter(place: Path, compiled: list[int]) -> None:
    base([str(place)])
    (place / "incidents/house/one.yaml").unlink()
    base([str(place)])
    assert len(compiled) == 1


def test_folders_have_a_cache_each(place: Path, tmp_path: Path, compiled: list[int]) -> None:
    other = build(tmp_path / "other")
    base([str(place)])
    base([str(other)])
    base([str(place), str(other)])
    assert len(compiled) == 3
    base([str(place)])
    base([str(other)])
    assert len(compiled) == 3
    assert len(list(Path(cache.cache_folder()).iterdir())) == 3


def test_other_format_is_not_used(place: Path, compiled: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    base([str(place)])
    monkeypatch.setattr(cache, "FORMAT", cache.FORMAT + 1)
    base([str(place)])
    assert len(compiled) == 2


def _payload(data: bytes) -> tuple[bytes, bytes]:
    header, _, rest = data.partition(b"\n")
    return header + b"\n", rest.partition(b"\n")[2]


def _with(data: bytes, payload: bytes) -> bytes:
    """The same header, another payload, with its right checksum."""
    return _payload(data)[0] + b"%08x\n" % crc32(payload) + payload


DAMAGE = {
    "empty": lambda data: b"",
    "truncated header": lambda data: data[:20],
    "truncated payload": lambda data: data[:-100],
    "more at the end": lambda data: data + b" ",
    "garbage": lambda data: os.urandom(5000),
    "wrong checksum": lambda data: data.replace(b'"prior":-10', b'"prior":-99'),
    "no JSON": lambda data: _with(data, b"{"),
    "a list": lambda data: _with(data, b"[]"),
    "a number": lambda data: _with(data, b"1"),
    "nothing in it": lambda data: _with(data, b"{}"),
    "wrong types": lambda data: _with(data, b'{"leaves":1,"causes":1,"flags":1}'),
    "deeply nested": lambda data: _with(data, b"[" * 100000 + b"]" * 100000),
    "code": lambda data: b"cposix\nsystem\n(S'true'\ntR.",
    "other header": lambda data: b'[["format",0,0]]\n' + data.partition(b"\n")[2],
}


@pytest.mark.parametrize("how", DAMAGE)
def test_damaged_cache_is_ignored_and_rewritten(place: Path, compiled: list[int], how: str) -> None:
    good = base([str(place)])
    path = the_file()
    data = path.read_bytes()
    assert DAMAGE[how](data) != data
    path.write_bytes(DAMAGE[how](data))
    assert shown(base([str(place)])) == shown(good)
    assert len(compiled) == 2
    assert path.read_bytes() == data
    base([str(place)])
    assert len(compiled) == 2


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_writable_by_others(place: Path, compiled: list[int], mode: int) -> None:
    base([str(place)])
    the_file().chmod(mode)
    base([str(place)])
    assert len(compiled) == 2
    assert the_file().stat().st_mode & 0o777 == 0o600


def test_foreign_owner(place: Path, compiled: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    base([str(place)])
    own = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: own + 1)
    base([str(place)])
    assert len(compiled) == 2


def test_symlink(place: Path, tmp_path: Path, compiled: list[int]) -> None:
    base([str(place)])
    path, elsewhere = the_file(), tmp_path / "elsewhere"
    data = path.read_bytes()
    elsewhere.write_bytes(data)
    path.unlink()
    path.symlink_to(elsewhere)
    base([str(place)])
    assert len(compiled) == 2
    assert not path.is_symlink()
    assert path.read_bytes() == data
    elsewhere.unlink()


def test_symlink_where_the_new_file_goes(place: Path, tmp_path: Path) -> None:
    """A link planted under the temporary name is not followed."""
    base([str(place)])
    path, victim = the_file(), tmp_path / "victim"
    victim.write_text("precious")
    path.unlink()
    (path.parent / f"{path.name}.{os.getpid()}.new").symlink_to(victim)
    base([str(place)])
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("what", ["folder", "fifo"])
def test_something_else_in_its_place(place: Path, what: str) -> None:
    good = base([str(place)])
    path = the_file()
    path.unlink()
    if what == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    seen: list[cache.Base] = []
    reader = threading.Thread(target=lambda: seen.append(base([str(place)])), daemon=True)
    reader.start()
    reader.join(30)
    assert [shown(one) for one in seen] == [shown(good)]  # and did not wait for a writer for ever


def test_unwritable_folder(place: Path, tmp_path: Path, compiled: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))  # works for root, too, whom no mode stops
    assert base([str(place)]).causes
    assert base([str(place)]).causes
    assert len(compiled) == 2


def test_full_disk(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    assert base([str(place)]).causes
    assert list(Path(cache.cache_folder()).iterdir()) == []  # no half file stays


def test_left_over_temporary_file(place: Path, compiled: list[int]) -> None:
    """A writer that died must not keep the next one with its process id from writing for ever."""
    base([str(place)])
    path = the_file()
    path.unlink()
    (path.parent / f"{path.name}.{os.getpid()}.new").write_bytes(b"half")
    base([str(place)])
    base([str(place)])
    base([str(place)])
    assert len(compiled) <= 3
    assert path.exists()


def _many(folder: str, barrier: Any, results: Any) -> None:
    barrier.wait()
    results.put([len(base([folder]).causes) for _ in range(3)])


def test_many_writers_at_once(place: Path, compiled: list[int]) -> None:
    good = base([str(place)])
    data = the_file().read_bytes()
    the_file().unlink()
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(8), context.Queue()
    writers = [context.Process(target=_many, args=(str(place), barrier, results)) for _ in range(8)]
    for writer in writers:
        writer.start()
    counts = [results.get(timeout=60) for _ in writers]
    for writer in writers:
        writer.join(60)
    assert counts == [[len(good.causes)] * 3] * 8
    assert [writer.exitcode for writer in writers] == [0] * 8
    assert the_file().read_bytes() == data  # one file, whole, and no temporary ones
    compiled.clear()
    base([str(place)])
    assert compiled == []


def test_default_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache.cache_folder() == "/x/kadvisor"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/h")
    assert cache.cache_folder() == "/h/.cache/kadvisor"
