"""Reads host.yaml: what is known about a host, its logs, and answers to probes."""

from __future__ import annotations

import os
from typing import NamedTuple

from facts.clean import clean
from facts.cmdline import facts_of_cmdline
from facts.errors import InputError
from facts.names import FactError, FactNames
from facts.records import Value
from kb.yamldoc import Node, YamlError, parse, shown

MAX_BYTES = 1 << 20  # without inline logs
MAX_LOG_BYTES = 16 << 20
MAX_LOGS = 1000
_KEYS = ("host", "collected", "notes", "facts", "logs", "answers")

Answer = str | tuple[str, ...] | None


class Problem(NamedTuple):
    """Something in the file that could not be used."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class Log(NamedTuple):
    """A log that the file names (``path``; ``text`` is None) or holds (``text``; ``path`` is "")."""

    name: str
    path: str
    text: str | None
    line: int  # where host.yaml names or holds it


class HostFile(NamedTuple):
    """The usable contents of a host.yaml."""

    host: str
    collected: str  # as written
    notes: str
    facts: dict[str, Value]  # by full name; unknown ones are left out
    logs: list[Log]
    answers: dict[str, Answer]  # probe id -> answer as written, for FactNames.convert; None: not known
    problems: list[Problem]


def read_hostfile(
    path: str, names: FactNames, *, max_bytes: int = MAX_BYTES, max_log_bytes: int = MAX_LOG_BYTES
) -> HostFile:
    """Read the file at ``path``.  Bad values, unknown keys and logs outside its folder become ``problems``.

    Raises InputError where the file cannot be read, is no YAML mapping, uses what kb.yamldoc refuses or is too large
    (``max_bytes`` without inline logs, ``max_log_bytes`` with them).
    """
    reader = _Reader(path, names)
    root = reader.load(max_bytes, max_log_bytes)
    if "facts" in root:
        reader.read_facts(root["facts"])
    for key, node in root.items():
        if key not in _KEYS:
            reader.other_key(key, node)
    reader.read_cmdline()
    if "logs" in root:
        reader.read_logs(root["logs"])
    if "answers" in root:
        reader.read_answers(root["answers"])
    inline = sum(len(log.text) for log in reader.logs if log.text)
    if reader.size - inline > max_bytes:
        raise InputError(path, f"has more than {max_bytes >> 10} KiB besides its logs; is it a host.yaml?")
    host, collected, notes = (reader.text(root, key) for key in ("host", "collected", "notes"))
    problems = sorted(reader.problems, key=lambda problem: problem.line)
    return HostFile(host, collected, notes, reader.facts, reader.logs, reader.answers, problems)


class _Reader:
    def __init__(self, path: str, names: FactNames) -> None:
        self.path = path
        self.names = names
        self.size = 0
        self.facts: dict[str, Value] = {}
        self.lines: dict[str, int] = {}  # fact name -> line that gave it
        self.logs: list[Log] = []
        self.answers: dict[str, Answer] = {}
        self.problems: list[Problem] = []

    def problem(self, node: Node, message: str) -> None:
        self.problems.append(Problem(self.path, node.key_line, message))

    def load(self, max_bytes: int, max_log_bytes: int) -> dict[str, Node]:
        limit = max(max_bytes, max_log_bytes)
        data = _read(self.path, limit)
        self.size = len(data)
        text = data.decode("utf-8-sig", "replace")
        if not text.isprintable():
            usable = clean(text.replace("\r\n", "\n"), "\n")
            if "\x1b" in text or "\0" in text:
                self.problems.append(Problem(self.path, 1, "holds control characters; they were taken out"))
            text = usable
        try:
            root = parse(text, self.path, max_bytes=4 * limit)
        except YamlError as error:
            raise InputError(self.path, f"line {error.line}, column {error.column}: {error.message}") from None
        if not isinstance(root.value, dict):
            raise InputError(self.path, f"is no host.yaml: a mapping with {', '.join(_KEYS)} belongs here")
        return root.value

    def other_key(self, key: str, node: Node) -> None:
        """A key of no meaning here: a fact in the wrong place, which counts where `facts` does not give it, or none."""
        if self.names.is_group(key) or key in self.names:
            self.problem(node, f"{shown(key)} is taken as a fact; it belongs under the key `facts`")
            self.fact(key, node)
            return
        from difflib import get_close_matches

        near = next(iter(get_close_matches(key[:100], _KEYS, 1)), "")
        hint = f"did you mean {near}?" if near else f"known are {', '.join(_KEYS)}"
        self.problem(node, f"unknown key {shown(key)}; {hint}")

    def text(self, root: dict[str, Node], key: str) -> str:
        node = root.get(key)
        if node is None or node.value is None:
            return ""
        if isinstance(node.value, (dict, list)):
            self.problem(node, f"{key}: text belongs here, not a {node.kind}")
            return ""
        return node.text.strip()

    # facts

    def read_facts(self, node: Node) -> None:
        if node.value is None:
            return
        if not isinstance(node.value, dict):
            self.problem(node, f"facts: a mapping of names to values belongs here, not a {node.kind}")
            return
        for key, item in node.value.items():
            self.fact(key, item)

    def read_cmdline(self) -> None:
        """The facts that the kernel command line tells, where they are not given themselves."""
        cmdline = self.facts.get("kernel.cmdline")
        if cmdline is not None:
            self.facts = {**facts_of_cmdline(str(cmdline), self.names), **self.facts}

    def fact(self, name: str, node: Node) -> None:
        if isinstance(node.value, dict):
            if not self.names.is_group(name):
                if name in self.names:
                    self.problem(node, f"{name}: one value belongs here, not a mapping")
                else:
                    self.problem(node, self.names.no_fact(name))
                return
            for key, item in node.value.items():
                self.fact(f"{name}.{key}", item)
            return
        if name not in self.names and self.names.is_group(name):
            if node.value is not None:
                self.problem(node, f"{name}: a mapping of facts belongs here, not a {node.kind}")
            return
        name = self.names.canonical(name)
        try:
            value = self.names.convert(name, _raw(node))
        except FactError as error:
            self.problem(node, str(error))
            return
        if name in self.lines:
            self.problem(node, f"{name} was given before, in line {self.lines[name]}; the first value is used")
            return
        self.lines[name] = node.key_line
        if value is not None:
            self.facts[name] = value

    # logs

    def read_logs(self, node: Node) -> None:
        items = node.value if isinstance(node.value, list) else [] if node.value is None else [node]
        for number, item in enumerate(items[:MAX_LOGS], 1):
            if isinstance(item.value, dict):
                self.named_log(item, number)
            elif isinstance(item.value, str) and ("\n" in item.value or len(item.value) > 4096):
                self.logs.append(Log(self.inline_name(number), "", item.value, item.line))
            elif isinstance(item.value, list) or item.value is None or not item.text.strip():
                self.problem(item, "logs: a path, a text or {name: .., text: ..} belongs here, " + f"not {item.kind}")
            else:
                self.file_log(item)
        if len(items) > MAX_LOGS:
            self.problem(items[MAX_LOGS], f"logs: more than {MAX_LOGS} logs; the rest is left out")

    def inline_name(self, number: int) -> str:
        return f"{os.path.basename(self.path)} (log {number})"

    def named_log(self, node: Node, number: int) -> None:
        assert isinstance(node.value, dict)
        for key, item in node.value.items():
            if key not in ("name", "text"):
                self.problem(item, f"logs: unknown key {shown(key)}; a log has the keys name and text")
        text, name = node.value.get("text"), node.value.get("name")
        if text is None or isinstance(text.value, (dict, list)):
            self.problem(node, "logs: a log given as a mapping needs its text: {name: .., text: ..}")
            return
        named = name.text.strip() if name is not None else ""
        self.logs.append(Log(clean(named)[:200] or self.inline_name(number), "", text.text, text.line))

    def file_log(self, node: Node) -> None:
        written = node.text.strip()
        folder = os.path.realpath(os.path.dirname(self.path) or ".")
        target = os.path.realpath(os.path.join(folder, written)) if "\0" not in written else ""
        if not target.startswith(os.path.join(folder, "")):
            self.problem(node, f"logs: {shown(written)} is outside the folder of this file; put the log beside it")
            return
        self.logs.append(Log(written, os.path.join(os.path.dirname(self.path) or ".", written), None, node.line))

    # answers

    def read_answers(self, node: Node) -> None:
        if node.value is None:
            return
        if not isinstance(node.value, dict):
            self.problem(node, f"answers: a mapping of probe ids to answers belongs here, not a {node.kind}")
            return
        for probe, item in node.value.items():
            if isinstance(item.value, dict):
                self.problem(item, f"answers: {shown(probe)}: an answer is a value or a list, not a mapping")
            elif isinstance(item.value, list) and any(isinstance(part.value, (dict, list)) for part in item.value):
                self.problem(item, f"answers: {shown(probe)}: the items of a list must be plain values")
            elif isinstance(item.value, list):
                self.answers[probe] = tuple(part.text for part in item.value)
            else:
                self.answers[probe] = None if item.value is None else item.text


def _raw(node: Node) -> object:
    """The value for FactNames.convert: scalars as written, so that a version 6.10 stays one."""
    if isinstance(node.value, list):
        return [_raw(item) if not isinstance(item.value, dict) else {} for item in node.value]
    return None if node.value is None else node.text


def _read(path: str, limit: int) -> bytes:
    try:
        if os.path.isdir(path):
            raise InputError(path, "is a folder; name the host.yaml in it")
        with open(path, "rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError:
        raise InputError(path, "does not exist") from None
    except (OSError, ValueError) as error:
        raise InputError(path, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > limit:
        raise InputError(path, f"has more than {limit >> 20} MiB; put large logs into files beside it")
    if not data.strip():
        raise InputError(path, "is empty")
    return data
