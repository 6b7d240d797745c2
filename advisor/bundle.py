"""What was read, in a form that can be kept and given to somebody else.

Logs of a few MB in all are kept whole, so that they can be read again by a newer program; of larger ones the events
that were found are kept (with their lines), besides the facts and where each came from.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from math import isfinite
from typing import Any, NamedTuple

from advisor.work import Work
from facts.errors import InputError
from facts.evidence import Evidence, Known
from facts.records import Event, Frame, Record, Value

WHOLE = 4 << 20  # characters of log that are kept whole, over all logs of a session
CHECKED = 256 << 20  # larger files are kept without a checksum
MAX_UNPACKED = 8 << 20
_PLAIN = ("kind", "title", "severity", "line", "end_line", "time", "text", "caller", "cpu", "comm", "pid", "role",
          "boot", "file", "offset")  # fmt: skip
_ROLES = ("root", "consequence", "precursor", "context")


class Source(NamedTuple):
    """A file that was read, as it was then."""

    path: str
    size: int
    sha256: str  # "" where the file was too large, or no file


class Bundle(NamedTuple):
    """Everything that one reading of host.yaml and logs gave."""

    evidence: Evidence
    given: dict[str, Known]  # facts of host.yaml, without those that the logs told
    logs: list[tuple[str, str | None]]  # name and text; None where the log is too large to be kept
    sources: list[Source]

    def again(self, work: Work) -> Evidence:
        """Read the kept logs again; the evidence as it was where they were not kept."""
        if any(text is None for _, text in self.logs):
            return self.evidence
        old = self.evidence
        new = work.gatherer.gather(old.name, dict(self.given), list(self.logs), needed=False)
        return new._replace(notes=old.notes, answers=old.answers, usable=old.usable)

    def with_text(self, work: Work, name: str, text: str) -> Bundle:
        """This evidence and a further log.  Raises InputError when a log that was not kept cannot be read again."""
        for path, kept in self.logs:
            if kept is None and not os.path.isfile(path):
                raise InputError(path, "was too large to be kept and is not here; load it again first")
        logs = [*self.logs, (name, text)]
        old = self.evidence
        name = old.name if self.logs or self.given else name
        new = work.gatherer.gather(name, dict(self.given), logs, needed=False)
        notes = [*old.notes, *(note for note in new.notes if note not in old.notes)]
        return Bundle(new._replace(notes=notes, answers=old.answers), self.given, _bounded(logs), self.sources)


def nothing() -> Bundle:
    """The bundle of a conversation that begins without evidence."""
    return Bundle(Evidence("conversation", [], None, [], {}, [], [], 0, True, {}), {}, [], [])


def read(work: Work, host: str | None, logs: Sequence[str]) -> Bundle:
    """Read a host.yaml and logs.  Raises InputError when there is nothing usable."""
    evidence = work.evidence(host, logs)
    given: dict[str, Known] = {}
    inline: dict[str, str] = {}
    if host:
        from facts.hostfile import read_hostfile

        file = read_hostfile(host, work.gatherer.names)
        given = {name: Known(value, os.path.basename(host)) for name, value in file.facts.items()}
        inline = {log.name: log.text for log in file.logs if log.text is not None}
    kept = [(name, inline[name] if name in inline else _text(name)) for name in evidence.files]
    paths = [*([host] if host else []), *(name for name in evidence.files if name not in inline)]
    return Bundle(evidence, given, _bounded(kept), [_source(path) for path in paths])


def _bounded(logs: Sequence[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    room = WHOLE
    out: list[tuple[str, str | None]] = []
    for name, text in logs:
        if text is not None and len(text) > room:
            text = None
        room -= len(text or "")
        out.append((name, text))
    return out


def _text(path: str) -> str | None:
    """The log as text, or None where it is too large or cannot be read twice."""
    from facts.sources.text import blocks

    if not os.path.isfile(path):
        return None
    parts: list[str] = []
    size = 0
    try:
        for _, text in blocks(path):
            size += len(text)
            if size > WHOLE:
                return None
            parts.append(text)
    except InputError:
        return None
    return "".join(parts)


def _source(path: str) -> Source:
    from hashlib import sha256

    try:
        size = os.path.getsize(path) if os.path.isfile(path) else 0
        if not 0 < size <= CHECKED:
            return Source(path, size, "")
        total = sha256()
        with open(path, "rb") as stream:
            while chunk := stream.read(1 << 20):
                total.update(chunk)
        return Source(path, size, total.hexdigest())
    except OSError:
        return Source(path, 0, "")


# as JSON


def pack(bundle: Bundle) -> dict[str, Any]:
    """The bundle as a mapping ready for JSON."""
    evidence = bundle.evidence
    whole = all(text is not None for _, text in bundle.logs)
    out: dict[str, Any] = {
        "name": evidence.name,
        "sources": [list(source) for source in bundle.sources],
        "facts": {name: [_plain(known.value), known.origin] for name, known in evidence.facts.items()},
        "given": {name: [_plain(known.value), known.origin] for name, known in bundle.given.items()},
        "answers": {name: _plain(answer) for name, answer in evidence.answers.items()},
        "notes": evidence.notes,
        "files": evidence.files,
        "lines": evidence.lines,
        "usable": evidence.usable,
        "logs": [[name, _packed(text) if whole and text is not None else None] for name, text in bundle.logs],
    }
    if not whole:
        out["root"], out["chain"] = evidence.root, evidence.chain
        out["events"] = [_event(event, index == evidence.root) for index, event in enumerate(evidence.events)]
    return out


def unpack(work: Work, data: dict[str, Any]) -> Bundle:
    """The bundle of such a mapping.  Raises ValueError where it is none; facts that no longer exist are left out."""
    try:
        logs = [(str(name), None if text is None else _unpacked(text)) for name, text in data["logs"]]
        events = [_restored(entry) for entry in data.get("events", [])]
        root = data.get("root")
        chain = [index for index in data.get("chain", []) if isinstance(index, int) and 0 <= index < len(events)]
        if root is not None and not (isinstance(root, int) and 0 <= root < len(events)):
            raise ValueError("the root event does not exist")
        notes = [str(note) for note in data["notes"]]
        facts = _facts(work, data["facts"], notes)
        answers = {str(k): tuple(map(str, v)) if isinstance(v, list) else v for k, v in data["answers"].items()}
        evidence = Evidence(
            str(data["name"]), events, root, chain, facts, [str(file) for file in data["files"]], notes,
            int(data["lines"]), bool(data["usable"]), answers,
        )  # fmt: skip
        sources = [Source(str(path), int(size), str(check)) for path, size, check in data["sources"]]
        bundle = Bundle(evidence, _facts(work, data["given"], []), logs, sources)
    except (KeyError, TypeError, AttributeError, OverflowError, OSError, EOFError) as error:
        raise ValueError(f"the evidence is damaged: {error}") from None
    if logs and "events" not in data:
        bundle = bundle._replace(evidence=bundle.again(work))
    return bundle


def _facts(work: Work, data: dict[str, Any], notes: list[str]) -> dict[str, Known]:
    out: dict[str, Known] = {}
    for name, (raw, origin) in data.items():
        if name not in work.gatherer.names:  # what the reader tells, whether the vocabulary has it or not
            out[str(name)] = Known(_value(raw), str(origin))
            continue
        try:
            value = work.gatherer.names.convert(name, tuple(raw) if isinstance(raw, list) else raw)
        except ValueError as error:
            notes.append(f"{name} is left out: {error}")
            continue
        if value is not None:
            out[name] = Known(value, str(origin))
    return out


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _packed(text: str) -> str:
    from base64 import b64encode
    from gzip import compress

    return b64encode(compress(text.encode("utf-8", "surrogatepass"), 6, mtime=0)).decode()


def _unpacked(text: str) -> str:
    from base64 import b64decode
    from zlib import decompressobj, error

    try:
        expander = decompressobj(31)
        data = expander.decompress(b64decode(text, validate=True), 4 * MAX_UNPACKED)
    except error as damage:
        raise ValueError(f"a log is damaged: {damage}") from None
    if expander.unconsumed_tail or not expander.eof:
        raise ValueError("a log is damaged or too large")
    return data.decode("utf-8", "surrogatepass")


def _event(event: Event, with_frames: bool) -> dict[str, Any]:
    out = {name: getattr(event, name) for name in _PLAIN}
    out["attributes"] = {name: _plain(value) for name, value in event.attributes.items()}
    if with_frames:
        out["frames"] = [list(frame) for frame in event.frames[:200]]
    return out


def _restored(entry: dict[str, Any]) -> Event:
    record = Record(int(entry["line"]), str(entry["text"]), _time(entry["time"]), str(entry["caller"]))
    event = Event(str(entry["kind"]), record, str(entry["severity"]), str(entry["title"]))
    event.end_line = max(int(entry["end_line"]), event.line)
    event.cpu, event.pid = (None if entry[name] is None else int(entry[name]) for name in ("cpu", "pid"))
    event.boot, event.file = int(entry["boot"]), int(entry["file"])
    event.comm, event.offset, event.role = str(entry["comm"]), str(entry["offset"]), str(entry["role"])
    if event.role not in _ROLES:
        raise ValueError(f"the evidence is damaged: {event.role!r} is no role of an event")
    event.attributes = {str(name): _value(value) for name, value in entry["attributes"].items()}
    event.frames = [_frame(*frame) for frame in entry.get("frames", [])]
    return event


def _frame(
    function: object, offset: object, module: object, reliable: object, section: object, line: Any, symbol: object
) -> Frame:
    name = None if module is None else str(module)
    return Frame(str(function), str(offset), name, bool(reliable), str(section), int(line), str(symbol))


def _time(value: Any) -> float | None:
    return None if value is None else _finite(float(value))


def _finite(value: float) -> float:
    if not isfinite(value):
        raise ValueError(f"the evidence is damaged: {value} is no number")
    return value


def _value(value: object) -> Value:
    if isinstance(value, list):
        return tuple(map(str, value))
    if isinstance(value, float):
        return _finite(value)
    if isinstance(value, (str, int, bool)):
        return value
    raise TypeError(f"{type(value).__name__} is no value")
