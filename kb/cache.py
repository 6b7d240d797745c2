"""The compiled base, from the user's cache folder when it fits the knowledge files, else compiled anew.

A cache file is one header line (format, program version, and per knowledge file its path, size and checksum), the
payload's checksum, and the payload as JSON.  It is used only when it belongs to this user, nobody else may write it,
and everything in the header matches; else it is ignored and replaced.  Reading it runs nothing.
Writers replace the file in one step, so that two at once cannot mix their output.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any
from zlib import crc32

from kb.where import folders

FORMAT = 21  # raise with every change of the compiled form
MAX_CACHE = 64 << 20
_PARTS = ("vocabulary", "events", "causes", "probes", "derivations", "defects")


class Base:
    """The compiled base.  The forms of its parts: kb/compile.py."""

    __slots__ = (
        "causes",
        "defects",
        "derivations",
        "events",
        "facts",
        "flags",
        "frames",
        "headers",
        "integers",
        "kinds",
        "leaves",
        "numbers",
        "parties",
        "probes",
        "problems",
        "rates",
        "releases",
        "search",
        "symptoms",
        "tells",
        "words",
    )  # fmt: skip

    def __init__(self, data: dict[str, Any]) -> None:
        self.leaves: list[list[Any]] = data["leaves"]
        self.causes: dict[str, dict[str, Any]] = data["causes"]
        self.defects: dict[str, dict[str, Any]] = data["defects"]  # what the verdict shows of known defects
        self.releases: list[list[Any]] = data["releases"]  # how kernels are numbered (facts/release.py)
        self.derivations: list[dict[str, Any]] = data["derivations"]
        self.events: dict[str, dict[str, Any]] = data["events"]
        self.probes: dict[str, dict[str, Any]] = data["probes"]
        self.frames: dict[str, dict[str, list[str]]] = data["frames"]
        self.rates: dict[str, dict[str, list[Any]]] = data["rates"]  # kind -> problem -> [cases, {cause: number}]
        self.facts: dict[str, dict[str, Any]] = data["facts"]
        self.flags: frozenset[str] = frozenset(data["flags"])
        self.integers: frozenset[str] = frozenset(data["integers"])
        self.numbers: frozenset[str] = frozenset(data["numbers"])
        self.search: dict[str, Any] = data["search"]  # expression, keys and needles of the fast search
        self.headers: list[list[str]] = data["headers"]
        self.parties: dict[str, list[str]] = data["parties"]
        self.symptoms: dict[str, dict[str, Any]] = data["symptoms"]
        self.tells: dict[str, list[str]] = data["tells"]  # answers about messages -> attributes (kb/message.py)
        self.kinds: dict[str, list[str]] = data["kinds"]  # event kind -> title and example, for people
        self.words: dict[str, dict[str, list[str]]] = data["words"]  # the words offered as answers, by event kind
        self.problems: list[str] = data["problems"]  # defects of the knowledge files, one line each


def cache_folder() -> str:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "kadvisor")


def _signature(where: Sequence[str]) -> list[list[object]]:
    """Path, size and checksum of every knowledge file that the compiled base depends on."""
    out: list[list[object]] = [["format", FORMAT, 0]]
    for folder in where:
        stack = [os.path.join(folder, part) for part in _PARTS]
        paths = [os.path.join(folder, name) for name in ("frames.yaml", "rates.yaml")]
        while stack:
            try:
                with os.scandir(stack.pop()) as entries:
                    for entry in entries:
                        if entry.is_dir():
                            stack.append(entry.path)
                        elif entry.name.endswith((".yaml", ".md")):
                            paths.append(entry.path)
            except OSError:
                continue
        for path in sorted(paths):
            try:
                with open(path, "rb", buffering=0) as stream:
                    data = stream.read()
            except OSError:
                continue
            out.append([path, len(data), crc32(data)])
    return out


def fingerprint(where: Sequence[str] | None = None) -> str:
    """A checksum of the knowledge files that does not depend on where they are installed."""
    where = folders() if where is None else list(where)
    entries = []
    for path, size, check in _signature(where)[1:]:
        folder = next((one for one in where if str(path).startswith(os.path.join(one, ""))), "")
        entries.append([str(path)[len(folder) :].replace(os.sep, "/"), size, check])
    return f"{crc32(json.dumps(entries).encode('utf-8', 'surrogateescape')):08x}"


def _read(path: str, header: bytes) -> dict[str, Any] | None:
    """The payload of the cache file, or None when it is absent, foreign, damaged or made from other files."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            own = not hasattr(os, "getuid") or status.st_uid == os.getuid()
            if not own or status.st_mode & 0o022 or not 0 < status.st_size <= MAX_CACHE:
                return None
            if stream.read(len(header)) != header:
                return None
            check = stream.readline(16)
            payload = stream.read(MAX_CACHE)
        if check.strip() != b"%08x" % crc32(payload):
            return None
        data = json.loads(payload)
        return data if isinstance(data, dict) else None
    except (OSError, ValueError, RecursionError):
        return None


def _write(path: str, header: bytes, payload: bytes) -> None:
    """Replace the cache file in one step; failing to is no error."""
    temporary = f"{path}.{os.getpid()}.new"
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        with open(os.open(temporary, flags, 0o600), "wb") as stream:
            stream.write(header + b"%08x\n" % crc32(payload) + payload)
        os.replace(temporary, path)
    except OSError:
        try:
            os.unlink(temporary)
        except OSError:
            pass


def base(where: Sequence[str] | None = None) -> Base:
    """The compiled base of the knowledge folders (default: built-in and the user's)."""
    where = folders() if where is None else list(where)
    header = json.dumps(_signature(where), separators=(",", ":")).encode() + b"\n"
    name = f"base-{crc32(os.pathsep.join(where).encode('utf-8', 'surrogateescape')):08x}.json"
    path = os.path.join(cache_folder(), name)
    data = _read(path, header)
    if data is not None:
        try:
            return Base(data)
        except (KeyError, TypeError):
            pass
    from kb.compile import compile_base
    from kb.load import load

    knowledge = load(where, with_incidents=False)
    compiled: dict[str, Any] = compile_base(knowledge)
    compiled["problems"] = [str(problem) for problem in knowledge.problems]
    _write(path, header, json.dumps(compiled, separators=(",", ":")).encode())
    return Base(compiled)
