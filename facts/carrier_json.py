"""Log lines that are JSON objects: journalctl -o json, container logs, cloud log exports."""

from __future__ import annotations

from typing import Any

from facts.clean import clean
from facts.moments import DATE

_DATE_KEYS = ("time", "timestamp", "@timestamp", "ts")
_TEXT_KEYS = ("log", "message", "msg", "textPayload", "Output")
Entry = tuple[str, str | None, int | None, float | None, str]  # text, source, level, time, date


def read_json(line: str) -> Entry | None:
    """Text, source, level, time and date of a JSON log line, or None.

    The source is None where the object only wraps a line that may have prefixes of its own.
    """
    import json

    try:
        entry = json.loads(line, strict=False)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict):
        return None
    if "MESSAGE" in entry:
        return journal_entry(entry)
    for key in _TEXT_KEYS:
        text = entry.get(key)
        if isinstance(text, str):
            return clean(text.rstrip("\r\n"), "\n"), None, None, None, _date(entry)
    nested = entry.get("jsonPayload")
    if isinstance(nested, dict) and isinstance(nested.get("message"), str):
        return clean(nested["message"].rstrip("\r\n"), "\n"), None, None, None, _date(entry)
    return None


def journal_entry(entry: dict[str, Any]) -> Entry:
    """Text, source, level, time and date of a journal entry's fields."""
    transport = _text(entry.get("_TRANSPORT"))
    name = _text(entry.get("SYSLOG_IDENTIFIER")) or _text(entry.get("_COMM"))
    if transport == "kernel":
        name = name or "kernel"
    elif name == "kernel" and transport not in ("", "syslog"):
        name = transport  # only the kernel's transport speaks for the kernel
    time = _number(entry.get("_SOURCE_MONOTONIC_TIMESTAMP"))
    if time is None:
        time = _number(entry.get("__MONOTONIC_TIMESTAMP"))
    level = _number(entry.get("PRIORITY"))
    real = _number(entry.get("_SOURCE_REALTIME_TIMESTAMP"))
    if real is None:
        real = _number(entry.get("__REALTIME_TIMESTAMP"))
    return (
        clean(_text(entry.get("MESSAGE")).rstrip("\r\n"), "\n"),
        name or transport,
        level if level is not None and level < 8 else None,
        None if time is None else time / 1e6,
        "" if real is None else f"{real / 1e6:.6f}",
    )


def _date(entry: dict[str, Any]) -> str:
    """The date of a wrapped line."""
    return next((text[:DATE] for key in _DATE_KEYS if isinstance(text := entry.get(key), str)), "")


def _text(value: object) -> str:
    """A field: a string, an array of bytes, or an array of such; null for what was too long."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value:
        if all(type(item) is int and 0 <= item < 256 for item in value):
            return bytes(value).decode("utf-8", "replace")
        first = value[0]
        return _text(first) if isinstance(first, (str, list)) and first else ""
    return ""


def _number(value: object) -> int | None:
    text = str(value) if type(value) is int and value.bit_length() < 64 else value
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 19 else None
