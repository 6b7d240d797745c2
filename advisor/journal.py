"""Sessions on disk: one append-only file per session, each line written and synced before the step is shown as done.

A file is JSON lines: a header (program version, checksum of the knowledge), the evidence (advisor/bundle.py) whenever
it changes, and each step with the belief that followed from it.  A torn last line - the power went while it was
written - is ignored and cut off when the session goes on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple

from facts.errors import InputError

SCHEMA = "kadvisor/session/1"
SUFFIX = ".jsonl"
MAX_SIZE = 256 << 20


class Saved(NamedTuple):
    """A session file as read."""

    path: str
    header: dict[str, Any]
    entries: list[dict[str, Any]]  # whole lines after the header
    end: int  # bytes up to the end of the last whole line
    note: str  # what could not be read, or ""


def state_folder() -> str:
    """Where the program keeps what it should know next time."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(base, "kadvisor")


def folder() -> str:
    """Where sessions are kept."""
    return os.path.join(state_folder(), "sessions")


class Journal:
    """Writes one session.  What cannot be written is told once and stops the journal, not the conversation."""

    def __init__(self, path: str, stream: BinaryIO, end: int, complain: Callable[[str], None]) -> None:
        self.path = path
        self.id = os.path.basename(path).removesuffix(SUFFIX)
        self._stream: BinaryIO | None = stream
        self._end = end
        self._complain = complain

    def write(self, entry: dict[str, Any]) -> bool:
        """Append one entry; True when it is safe on disk."""
        if self._stream is None:
            return False
        line = json.dumps(entry, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        try:
            self._stream.write(line)
            self._stream.flush()
            os.fsync(self._stream.fileno())
        except OSError as error:
            self._complain(f"{self.path}: this session is not saved any more: {error.strerror}")
            try:
                self._stream.truncate(self._end)
            except OSError:
                pass
            self.close()
            return False
        self._end += len(line)
        return True

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            try:
                stream.close()
            except OSError:
                pass


def begin(header: dict[str, Any], complain: Callable[[str], None], path: str = "") -> Journal | None:
    """A new session file (in the sessions folder, or at `path`, where a file is replaced); None when it cannot be."""
    from time import strftime

    mark = strftime("%Y%m%d-%H%M%S")
    target = path or os.path.join(folder(), f"{mark}-{os.getpid()}{SUFFIX}")
    try:
        if not path:
            os.makedirs(folder(), mode=0o700, exist_ok=True)
        for number in range(100):
            try:
                stream = _create(target, replace=bool(path))
                break
            except FileExistsError:
                target = os.path.join(folder(), f"{mark}-{os.getpid()}-{number + 2}{SUFFIX}")
        else:
            return None
        _sync_folder(os.path.dirname(os.path.abspath(target)))
    except (OSError, ValueError) as error:
        complain(f"{target}: cannot be written: {getattr(error, 'strerror', None) or error}")
        return None
    journal = Journal(target, stream, 0, complain)
    _lock(stream)
    name = os.path.basename(target).removesuffix(SUFFIX)
    started = strftime("%Y-%m-%dT%H:%M:%S%z")
    return journal if journal.write({"schema": SCHEMA, "id": name, "started": started, **header}) else None


def _create(path: str, replace: bool) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if replace else os.O_EXCL) | getattr(os, "O_NOFOLLOW", 0)
    return open(os.open(path, flags, 0o600), "wb", buffering=0)


def proceed(saved: Saved, complain: Callable[[str], None]) -> Journal | None:
    """Go on writing a session after its last whole line; None (and a complaint) when that cannot be."""
    try:
        stream = open(os.open(saved.path, os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)), "wb", buffering=0)  # noqa: SIM115
        if not _lock(stream):
            complain(f"{saved.path}: this session is open in another kadvisor; what follows is saved as a new one")
            stream.close()
            return None
        stream.truncate(saved.end)
        stream.seek(saved.end)
    except OSError as error:
        complain(f"{saved.path}: cannot be continued: {error.strerror}")
        return None
    return Journal(saved.path, stream, saved.end, complain)


def _lock(stream: BinaryIO) -> bool:
    """Mark the file as in use; the mark ends with the process."""
    try:
        import fcntl

        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        pass
    return True


def _sync_folder(path: str) -> None:
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def read(path: str) -> Saved:
    """The whole lines of a session file.  Raises InputError when it is none."""
    try:
        with open(path, "rb") as stream:
            data = stream.read(MAX_SIZE + 1)
    except (OSError, ValueError) as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else getattr(error, "strerror", None) or error
        raise InputError(path, f"cannot be read: {reason}" if reason != "does not exist" else str(reason)) from None
    if len(data) > MAX_SIZE:
        raise InputError(path, f"has more than {MAX_SIZE >> 20} MiB; is it a session of kadvisor?")
    entries: list[dict[str, Any]] = []
    end = 0
    note = ""
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        try:
            entry = json.loads(line)
            whole = line.endswith(b"\n") and isinstance(entry, dict)
        except (ValueError, RecursionError):
            whole = False
        if not whole:
            note = "" if end + len(line) == len(data) else f"line {number} is damaged; what follows it is left out"
            break
        entries.append(entry)
        end += len(line)
    if not entries or entries[0].get("schema") != SCHEMA:
        raise InputError(path, "is no session of kadvisor, or of a version that this one does not know")
    return Saved(path, entries[0], entries[1:], end, note)


def sessions() -> Iterator[str]:
    """Paths of the kept sessions, the one last written to first."""
    try:
        with os.scandir(folder()) as entries:
            found = [(e.stat().st_mtime, e.path) for e in entries if e.name.endswith(SUFFIX) and e.is_file()]
    except OSError:
        return
    yield from (path for _, path in sorted(found, reverse=True))


def locate(name: str) -> str:
    """The path of a session given by id, beginning of an id, or file; "" is the latest.  Raises InputError."""
    if name and (os.sep in name or os.path.isfile(name)):
        return name
    if not name:
        for path in sessions():
            try:
                return read(path).path
            except InputError:  # torn before its first line was whole
                continue
    found = [path for path in sessions() if os.path.basename(path).removesuffix(SUFFIX).startswith(name)]
    exact = [path for path in found if os.path.basename(path) == name + SUFFIX]
    if exact or (name and len(found) == 1):
        return (exact or found)[0]
    if found and name:
        raise InputError(name, f"fits {len(found)} sessions; kadvisor resume --list names them")
    raise InputError(name or folder(), "there is no such session; kadvisor resume --list names those that there are")
