"""Tells text from binary data, and names what the binary data is."""

from __future__ import annotations

import re

from facts.errors import InputError

_DUMP = "run `makedumpfile --dump-dmesg {0} LOG` or `crash` on it and give the text"
_MAGICS = (
    (0, b"KDUMP   ", "a vmcore (kdump format)", _DUMP),
    (0, b"DISKDUMP", "a vmcore (diskdump format)", _DUMP),
    (0, b"makedumpfile\0", "a vmcore (flattened by makedumpfile)", "run `makedumpfile -R` on it first, then " + _DUMP),
    (0, b"PAGEDUMP", "a Windows memory dump", "only Linux logs can be read"),
    (0, b"PAGEDU64", "a Windows memory dump", "only Linux logs can be read"),
    (0, b"LPKSHHRH", "a systemd journal file", "run `journalctl --file {0} -k -o short-monotonic` and give the text"),
    (0, b"PK\3\4", "a zip archive", "unpack it first"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it first"),
    (257, b"ustar", "a tar archive", "unpack it first"),
    (0, b"!<arch>\n", "an ar archive or package", "unpack it first"),
    (0, b"\xed\xab\xee\xdb", "an rpm package", "unpack it first"),
    (0, b"SQLite format 3\0", "a database", "give a text log"),
    (0, b"\x89PNG", "a picture", "type the text off it"),
    (0, b"\xff\xd8\xff", "a picture", "type the text off it"),
    (0, b"%PDF-", "a PDF document", "save its text first"),
    (0, b"\x0a\x0d\x0d\x0a", "a packet capture", "save the text of the netconsole messages first"),
)
_TEXT_BYTES = bytes(range(32, 127)) + bytes(range(128, 256)) + b"\0\t\n\r\f\b\a\x1b"
_ELF_CORE = 4


def refuse_binary(path: str, head: bytes, packed: str) -> None:
    """Raise InputError when the beginning of the (expanded) input is no text."""
    what = advice = ""
    for offset, magic, name, todo in _MAGICS:
        if head.startswith(magic, offset):
            what, advice = name, todo
            break
    if head.startswith(b"\x7fELF"):
        core = len(head) > 17 and _ELF_CORE in (head[16], head[17])
        what = "a vmcore (ELF core dump)" if core else "an ELF program or module"
        advice = _DUMP if core else "give the text of a log"
    if what:
        inside = f" in {packed} compression" if packed else ""
        named = path if path != "-" and path.isprintable() and len(path) < 100 else "FILE"
        if packed:
            named = "FILE"
            advice = f"unpack it, then {advice}"
        raise InputError(path, f"looks like {what}{inside}; {advice.replace('{0}', named)}")
    if _is_binary(head):
        raise InputError(path, "holds binary data, not text; give a log as text (console capture, dmesg, journalctl)")


def _is_binary(head: bytes) -> bool:
    sample = re.sub(rb"\0+", b"\0", head)  # a run of NULs is what a power loss leaves in a log
    controls = len(sample.translate(None, _TEXT_BYTES))
    zeros = sample.count(0)
    if controls + zeros < 8:
        return False
    share = (controls + zeros) / len(sample)
    high = len(sample) - len(sample.translate(None, bytes(range(128, 256))))
    return share > 0.1 or (share > 0.02 and high / len(sample) > 0.2)
