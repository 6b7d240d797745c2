"""The forms in which carriers wrap a log message, and how each is taken off.  Used by facts/carriers.py.

Sources of the forms: print_prefix, info_print_ext_header (kernel/printk/printk.c); dmesg (util-linux); journalctl
(systemd src/shared/logs-show.c, "Journal Export Formats"); RFC 3164 and 5424; netconsole (drivers/net/netconsole.c);
ramoops and efi-pstore (fs/pstore); Kubernetes CRI and Docker json-file logs; Android logcat.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from facts.clean import MARK, clean
from facts.moments import DATE

stamp = re.compile(
    r"(?:<(\d{1,4})>)?\[ {0,12}(\d{1,12}\.\d{1,9})\](?: ?\[ {0,16}([TC]\d{1,10})\])? ?"
).match  # level and facility, seconds since boot, printk caller

SAME_MOMENT = 1.0  # seconds between messages of which one follows the other on its line
_LEVELS = {
    "emerg": 0, "panic": 0, "alert": 1, "crit": 2, "err": 3, "error": 3, "warn": 4, "warning": 4, "notice": 5,
    "info": 6, "debug": 7,
    "F": 2, "E": 3, "W": 4, "I": 6, "D": 7, "V": 7,
}  # fmt: skip
_FACILITIES = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
)  # fmt: skip
_FACILITY = "(?:kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|local[0-7]|res[0-9]{1,2})"
_LEVEL = "(?:emerg|panic|alert|crit|err|error|warn|warning|notice|info|debug)"
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_ANY_DAY = r"[^\W\d_]{1,8}\.?"
_LOCAL = r"(?:[^\W\d_]{3,5}\.?|\d{1,2}\u6708)"  # months as the reader's locale writes them (journalctl, dmesg -T)
_CLOCK = r"\d\d:\d\d:\d\d"
_ISO = rf"\d{{4}}-\d\d-\d\d[T ]{_CLOCK}"
_ZONE = r"(?:Z|UTC|[+-]\d\d:?\d\d)"

_PATTERNS = {
    "priority": r"<(\d{1,4})>",
    "rfc5424": r"1 (-|\d{4}-\S{6,40}) \S{1,255} (\S{1,64}) \S{1,128} \S{1,64} "
    r"(?:-|(?:\[[^\"\]]{0,256}(?:\"[^\"\\]{0,4096}(?:\\.[^\"\\]{0,4096}){0,64}\"[^\"\]]{0,256}){0,64}\]){1,32})(?: |$)",
    "leveled": rf"({_FACILITY}) {{0,8}}:({_LEVEL}) {{0,8}}: ?",  # dmesg -x
    # dmesg -T, -e, -d; terminal programs that stamp lines
    "ring": rf"\[(?:{_ANY_DAY} {{1,2}}{_LOCAL} {{1,2}}\d{{1,2}} {_CLOCK} \d{{4}}|{_MONTH} ?[ \d]\d \d\d:\d\d"
    r"| {0,8}[+-]\d{1,9}[.,]\d{1,9}"
    r"| {0,12}(\d{1,12}\.\d{1,9}) <.{0,12}\d{1,12}\.\d{1,9}>|< {0,12}\d{1,12}\.\d{1,9}>)"
    r"(?: < {0,12}\d{1,12}\.\d{1,9}>)?\]"
    r"(?: ?\[ {0,16}([TC]\d{1,10})\])? ?",
    "bracketed": rf"\[(?:{_ISO}|\d{{4}}/\d\d/\d\d,? {_CLOCK}|{_CLOCK})(?:[.,]\d{{1,9}})? ?{_ZONE}?\] ?",
    "month": rf"(?:{_DAY} )?{_LOCAL} {{1,2}}\d{{1,2}} (?:\d{{4}} )?{_CLOCK}(?:\.\d{{1,9}})? (?:\d{{4}} )?",
    "full": rf"{_DAY} \d{{4}}-\d\d-\d\d {_CLOCK}(?:\.\d{{1,9}})? (?:[A-Z]{{2,5}}|[+-]\d\d(?:\d\d)?) ",
    "iso": rf"{_ISO}(?:([.,])(\d{{1,9}}))? ?({_ZONE})?:?[ \t]",
    "slashed": rf"\d{{4}}/\d\d/\d\d {_CLOCK}(?:\.\d{{1,9}})? ",
    "clock": rf"{_CLOCK}(?:[.,]\d{{1,9}})? ",
    "unix": r"\d{9,11}\.\d{3,9} ",
    "logcat": rf"(?:\d{{4}}-)?\d\d-\d\d {_CLOCK}\.\d{{3,9}} +(?:[a-z]{{1,16}} +)?(\d{{1,7}}) +(\d{{1,7}}) ([VDIWEF]) "
    r"([^:]{0,64}): ",
    "logcat-brief": r"([VDIWEF])/([^:(]{0,64})\( {0,5}(\d{1,7})\): ",
    "kmsg": r"(?:\d{1,3}\.\d{1,4}[^\s,;]{0,80},)?"
    r"(\d{1,4}),\d{1,20},(\d{1,18}),[-c+]((?:,[\w-]{1,32}=[^,;]{0,64}){0,8});",
    "usual": rf"(?:{_LOCAL} {{1,2}}\d{{1,2}} {_CLOCK}(?:\.\d{{1,9}})?|{_ISO}(?:\.\d{{1,6}})?{_ZONE}) "
    r"(?:[^\s\[\]]{0,254}[^\s:\[\]]|\[[\w-]{1,40}\]) kernel: ",  # journalctl, syslog; a host name may be blacked out
    "container": r"(?:stdout|stderr) [FP](?: |$)",
    "instance": r"i-[0-9a-f]{8,17}\t",
    "pstore": r"(?:[A-Z][A-Za-z ]{2,16}#\d{1,6} Part ?\d{1,6}|====\d{1,20}[.-]\d{1,12}(?:-[A-Z])?)$",
    "journal": r"-- (?:Boot [0-9a-f]{6,32}|Reboot|Logs begin |Journal begins |No entries|cursor: ).{0,300}$",
    # syslog to terminals, also where the blank in front was lost; lines whose date and host were cut off
    "wall": r"(?: kernel: ?|kernel: |kernel:(?=(?:<\d{1,4}>)?\[(?: {0,12}\d{1,12}\.|Hardware Error\])))",
    "tag": r"(\S[^\s:\[]{0,127})(?:\[(\d{1,10})\])?:(?: |$|(?=\[ {0,12}\d{1,12}\.))",
    # talosctl dmesg
    "talos": rf" ?({_FACILITY}): {{1,8}}({_LEVEL}): \[{_ISO}(?:\.\d{{1,9}})?Z\]: ",
    "host": r"[^\s\[\]]{0,254}[^\s:\[\]] ",
    "busybox": rf"({_FACILITY})\.({_LEVEL}) ",
    "inside": r"\[ {0,5}\d{1,7}\.\d{6}\](?: ?\[ {0,8}[TC]\d{1,10}\])? ",
    "field": r" {0,4}([A-Z_][A-Z0-9_]{0,63})=",
    "pretty": r'\s{0,8}"([A-Z_][A-Z0-9_]{0,63})" : (".*"|null|\[),?\s{0,4}$',  # journalctl -o json-pretty
    "rsyslog-escape": r"#033\[[0-9;]{0,32}[A-Za-z]",
}  # fmt: skip
_compiled: dict[str, Callable[[str], re.Match[str] | None]] = {}


def _match(name: str, text: str) -> re.Match[str] | None:
    found = _compiled.get(name)
    if found is None:
        found = _compiled[name] = re.compile(_PATTERNS[name]).match
    return found(text)


class Peeled:
    """A message and what its carrier said about it; fields as in Record.  ``before``: text in front of a kernel
    message on the same console line."""

    __slots__ = ("before", "caller", "date", "level", "source", "text", "time")

    def __init__(self, text: str) -> None:
        self.text = text
        self.time: float | None = None
        self.caller = ""
        self.level: int | None = None
        self.source = ""
        self.before = ""
        self.date = ""

    def dated(self, end: int) -> None:
        """Take a prefix with a date off the text; the outermost date counts."""
        self.date = self.date or self.text[: min(end, DATE)]
        self.text = self.text[end:]

    def priority(self, number: int) -> None:
        """Take a syslog priority: level and facility; who is not the kernel has a program name in front."""
        self.level = number & 7
        if number < 8:
            return
        self.user(_FACILITIES[number >> 3] if number >> 3 < len(_FACILITIES) else "local")

    def user(self, facility: str) -> None:
        """The text came from user space."""
        self.source = facility
        found = program(self.text)
        if found is not None:
            self.source, self.text = found


def program(text: str) -> tuple[str, str] | None:
    """Program and message of ``program[pid]: message``."""
    match = _match("tag", text)
    return (match[1], text[match.end() :]) if match is not None else None


def peel(text: str, depth: int = 0) -> Peeled:
    """Take the carrier's prefixes off a line that holds no control characters."""
    out = Peeled(text)
    if depth > 4:
        return out
    if _take_stamp(out) or not text:
        return out
    if " kernel: " in text and (match := _match("usual", text)) is not None:
        out.dated(match.end())
        _said(out, "kernel")
        return out
    handler = _HANDLERS.get(text[0])
    if handler is None:
        handler = _digit if text[0].isdigit() and text[0].isascii() else _letter
    taken = handler(out, depth)
    if not taken or not out.source:
        _inside(out)
    return out


def _take_stamp(out: Peeled) -> bool:
    """Take the kernel's own stamp off the text: then the kernel said it."""
    match = stamp(out.text)
    if match is None:
        return False
    out.text = out.text[match.end() :]
    out.time = float(match[2])
    out.caller = match[3] or ""
    out.source = "kernel"
    if match[1]:
        out.priority(int(match[1]))
    return True


def _inner(out: Peeled, text: str, depth: int) -> bool:
    """Peel what another carrier left; what the inner one says counts first."""
    inner = peel(text, depth + 1)
    out.text, out.before = inner.text, inner.before
    out.date = out.date or inner.date
    out.time = out.time if inner.time is None else inner.time
    out.caller = inner.caller or out.caller
    out.level = out.level if inner.level is None else inner.level
    out.source = inner.source or out.source
    return True


def _inside(out: Peeled) -> None:
    """A kernel message behind a prompt, a status line or an unknown prefix on the same console line."""
    if "[" not in out.text:
        return
    found = _compiled.get("inside")
    if found is None:
        found = _compiled["inside"] = re.compile(_PATTERNS["inside"]).search
    match = found(out.text)
    if match is not None and not out.source:
        out.before = out.text[: match.start()].strip(MARK + " \t")
        out.text = out.text[match.start() :]
        _take_stamp(out)


def glued(text: str, time: float) -> int | None:
    """Where a further kernel message of the same moment begins on the same line.  Another moment's is a quotation."""
    found = _compiled.get("inside")
    if found is None:
        found = _compiled["inside"] = re.compile(_PATTERNS["inside"]).search
    match = found(text)
    if match is None or match.start() == 0 or text[match.start() - 1] in "\"'`":
        return None
    other = stamp(match.group())
    return match.start() if other is not None and abs(float(other[2]) - time) <= SAME_MOMENT else None


# By first character


def _angle(out: Peeled, depth: int) -> bool:
    match = _match("priority", out.text)
    if match is None:
        return False
    number = int(match[1])
    rest = out.text[match.end() :]
    syslog = _match("rfc5424", rest)
    if syslog is not None:
        out.date = out.date or syslog[1]
        out.text = rest[syslog.end() :].removeprefix(MARK)  # a byte order mark may stand there
        out.level = number & 7
        return _said(out, syslog[2])
    out.text = rest
    if number >= 8 or _match("month", rest) or _match("iso", rest):
        out.level = number & 7
        _inner(out, rest, depth)
        if not out.source:
            out.priority(number)
    else:
        out.level, out.source = number, "kernel"
    return True


def _bracket(out: Peeled, depth: int) -> bool:
    match = _match("ring", out.text)
    if match is not None:
        out.dated(match.end())
        if not _take_stamp(out):
            out.source, out.caller = "kernel", match[2] or ""
            out.time = float(match[1]) if match[1] else None
        return True
    match = _match("bracketed", out.text)
    return match is not None and _dated(out, match.end(), depth, named=False)


def _brace(out: Peeled, depth: int) -> bool:
    if out.text[-1:] != "}" or '"' not in out.text:
        return False
    from facts.carrier_json import read_json

    entry = read_json(out.text)
    if entry is None:
        return False
    text, source, out.level, out.time, out.date = entry
    if source is not None:  # a journal entry
        out.text, out.source = text, clean(source)[:200]
        return True
    return _inner(out, text, depth)


def _digit(out: Peeled, depth: int) -> bool:
    text = out.text
    match = _match("kmsg", text)
    if match is not None:
        return _kmsg(out, match)
    match = _match("iso", text)
    if match is not None:
        if match[1] == ",":  # dmesg --time-format iso
            out.dated(match.end())
            if not _take_stamp(out):
                out.source = "kernel"
            return True
        return _dated(out, match.end(), depth, named=text[10] == "T" and len(match[2] or "") < 9)
    match = _match("logcat", text)
    if match is not None:
        return _logcat(out, match.end(), match[1], match[3], match[4])
    for name in ("slashed", "clock", "unix"):
        match = _match(name, text)
        if match is not None:
            return _dated(out, match.end(), depth, named=name == "unix")
    return False


def _wall(out: Peeled) -> bool:
    match = _match("wall", out.text)
    if match is None:
        return False
    out.text = out.text[match.end() :]
    return _said(out, "kernel")


def _talos(out: Peeled) -> bool:
    match = _match("talos", out.text)
    if match is None:
        return False
    out.level, out.source = _LEVELS[match[2]], "kernel" if match[1] == "kern" else match[1]
    out.dated(match.end())
    return True


def _letter(out: Peeled, depth: int) -> bool:
    text = out.text
    for name in ("month", "full"):
        match = _match(name, text)
        if match is not None:
            return _dated(out, match.end(), depth, named=True)
    match = _match("leveled", text)
    if match is not None:
        return _leveled(out, match, depth)
    if _talos(out):
        return True
    if _wall(out):
        return True
    match = _match("logcat-brief", text)
    if match is not None:
        return _logcat(out, match.end(), match[3], match[1], match[2])
    match = _match("instance", text)
    if match is not None:
        return _inner(out, text[match.end() :], depth)
    if text.startswith("data: {"):  # journalctl -o json-sse
        return _inner(out, text[6:], depth)
    if text.startswith("MESSAGE="):
        return _inner(out, text[8:], depth)
    if "#" in text and _match("pstore", text):
        out.source = "pstore"
        return True
    return False


def _space(out: Peeled, depth: int) -> bool:
    if _wall(out) or _talos(out):
        return True
    if out.text.startswith("    MESSAGE="):  # journalctl -o verbose
        return _inner(out, out.text[12:], depth)
    return False


def _dash(out: Peeled, depth: int) -> bool:
    if _match("journal", out.text):
        out.source = "journalctl"
        return True
    return False


def _equals(out: Peeled, depth: int) -> bool:
    if _match("pstore", out.text):
        out.source = "pstore"
        return True
    return False


def _cited(out: Peeled, depth: int) -> bool:
    """A line of a mail that was answered."""
    return out.text.startswith("> ") and _inner(out, out.text[2:], depth)


_HANDLERS: dict[str, Callable[[Peeled, int], bool]] = {
    ">": _cited,
    "<": _angle,
    "[": _bracket,
    "{": _brace,
    " ": _space,
    "-": _dash,
    "=": _equals,
    MARK: lambda out, depth: _inner(out, out.text.lstrip(MARK), depth) if out.text[1:2] in "{<" else False,
}


# What may follow a prefix


def _dated(out: Peeled, end: int, depth: int, named: bool) -> bool:
    """What follows a date: stamp, host and program, or another carrier.  ``named``: host and program are usual."""
    out.dated(end)
    rest = out.text
    if _take_stamp(out):
        return True
    match = _match("container", rest)
    if match is not None:
        return _inner(out, rest[match.end() :], depth)
    if rest[:1] in ("{", "<", "[") or rest.startswith(" kernel: "):  # the last: the host's name was taken out
        return _inner(out, rest, depth)
    host = _match("host", rest)
    tail = rest[host.end() :] if host is not None else rest
    record = _match("kmsg", tail) if host is not None else None
    if record is not None:  # extended netconsole, kept by a syslog server
        out.text = tail
        return _kmsg(out, record)
    level = _match("busybox", tail)
    if level is None and host is not None and (level := _match("busybox", rest)) is not None:
        tail, host = rest, None
    if level is not None:
        out.level = _LEVELS[level[2]]
        tail = tail[level.end() :]
    tag = _match("tag", tail)
    if tag is not None and (tag[1] == "kernel" or tag[2] or level is not None or (named and host is not None)):
        out.text = tail[tag.end() :]
        return _said(out, tag[1])
    return True


def _said(out: Peeled, name: str) -> bool:
    """The text behind a program's name; the kernel's may have a stamp of its own."""
    if name in ("kernel", "kern", "vmunix"):
        if out.text.startswith(": ") and stamp(out.text[2:]):  # a template that writes the colon of the tag again
            out.text = out.text[2:]
        if not _take_stamp(out):
            out.source = "kernel"
    else:
        out.source = name
    if "#033[" in out.text:
        out.text = re.sub(_PATTERNS["rsyslog-escape"], "", out.text)
    if "#011" in out.text:
        out.text = out.text.replace("#011", "\t")
    return True


def _leveled(out: Peeled, match: re.Match[str], depth: int) -> bool:
    level = _LEVELS[match[2]]
    _inner(out, out.text[match.end() :], depth)
    out.level = level
    if match[1] == "kern":
        out.source = "kernel"
    elif out.source in ("", "kernel"):
        out.user(match[1])
    return True


def _kmsg(out: Peeled, match: re.Match[str]) -> bool:
    out.time = int(match[2]) / 1e6
    out.source = "kernel"
    out.text = out.text[match.end() :]
    for item in match[3].split(",")[1:]:
        name, _, value = item.partition("=")
        if name == "caller":
            out.caller = value
    if "\\x" in out.text:
        data = re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes((int(m[1], 16),)), out.text.encode("utf-8", "replace"))
        out.text = clean(data.decode("utf-8", "replace"), "\n")
    out.priority(int(match[1]))
    return True


def _logcat(out: Peeled, end: int, pid: str, level: str, tag: str) -> bool:
    out.level = _LEVELS[level]
    out.dated(end)
    tag = tag.strip()
    if pid == "0" or tag == "kernel":  # the log daemon made a tag of the kernel message's first word
        if tag not in ("", "kernel"):
            out.text = f"{tag}: {out.text}"
        if not _take_stamp(out):
            out.source = "kernel"
    else:
        out.source = tag or "logcat"
    return True


# Journal fields on lines of their own


def pretty_field(raw: str) -> Peeled | None:
    """One line of an entry in indented JSON: its message, or nothing for another field.  The speaker is not known."""
    match = _match("pretty", raw)
    if match is None:
        return None
    if match[1] != "MESSAGE" or match[2][0] != '"':
        return Peeled("")
    try:
        text = json.loads(match[2])
    except ValueError:
        text = match[2][1:-1]
    first, _, more = clean(str(text), "\n").partition("\n")
    out = peel(first, 1)
    out.text += "\n" + more if more else ""
    return out


def export_fields(raw: str) -> dict[str, str]:
    """The state of an entry whose first field is ``raw``."""
    return {"": raw[: len(raw) - len(raw.lstrip(" "))]}


def export_text(raw: str, fields: dict[str, str]) -> Peeled:
    """One more line of an entry: notes the field, or gives the message with what was noted."""
    out = Peeled("")
    match = _match("field", raw)
    if match is not None and match[1] != "MESSAGE":
        fields[match[1]] = raw[match.end() :][:200]
        return out
    if match is not None:
        out.text = raw[match.end() :]
    elif raw.strip() == "MESSAGE":  # its length and text follow
        fields[" binary"] = "1"
        return out
    elif " binary" in fields:
        out.text = raw
        if fields.pop(" binary") == "1":
            out.text = raw[raw.rfind(MARK, 0, 9) + 1 :]
            fields[" binary"] = "2"
    else:
        return out
    entry: dict[str, Any] = dict(fields)
    from facts.carrier_json import journal_entry

    _, source, out.level, out.time, out.date = journal_entry({**entry, "MESSAGE": ""})
    out.source = source or ""
    return out
