"""A stable name of a crash: the same defect on another machine gets the same one, other defects get others."""

from __future__ import annotations

from zlib import crc32

from facts.records import Event

FRAMES = 3
_KEPT = ("problem", "reason", "constraint", "access", "filesystem", "driver")


def signature(event: Event) -> str:
    """`kind-xxxxxxxx` from the kind, its class and the culprit with its callers; no address, CPU, offset or time."""
    parts = [event.kind]
    parts += [str(event.attributes[name]) for name in _KEPT if name in event.attributes]
    function, module = event.attributes.get("function"), event.attributes.get("module")
    names = [f.function for f in event.frames if f.reliable and not f.section]
    if isinstance(function, str):
        parts += [function, str(module or "")]
        if function in names:
            below = names[names.index(function) + 1 :]
            parts += below[: FRAMES - 1]
        elif function == event.attributes.get("pc-function"):
            parts += names[: FRAMES - 1]
    else:
        parts.append(str(module or ""))
        parts += names[:FRAMES]
    return f"{event.kind}-{crc32('|'.join(parts).encode('utf-8', 'replace')):08x}"
