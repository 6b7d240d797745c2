"""Text of unknown origin without what could act on a terminal: escape sequences and control characters."""

from __future__ import annotations

import re

MARK = "\N{REPLACEMENT CHARACTER}"  # stands for a control character, or a run of NULs

_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,16}[@-~]"  # CSI: colours, cursor
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]{0,512}(?:\x07|\x1b\\|\x9c)"  # OSC: titles, links
    r"|\x1b[PX^_][^\x1b\x9c]{0,512}(?:\x1b\\|\x9c)"  # DCS and other strings
    r"|\x1b[ -/]{0,16}[0-Z\\^-~]"  # charset, keypad, save cursor ...
)
# C0 but tab and newline, DEL, C1, line separators, what changes the direction of writing, surrogates, byte order mark
_CONTROLS = re.compile(
    "\0+|[\x01-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)


def clean(text: str, newline: str = MARK) -> str:
    """``text`` without escape sequences, control characters but tab replaced by MARK, newlines by ``newline``.

    Carriage returns at either end are dropped.  Linear in the length of the text.
    """
    if text.isprintable():
        return text
    if "\x1b" in text or "\x9b" in text or "\x9d" in text:
        text = _ESCAPES.sub("", text)
    text = _CONTROLS.sub(MARK, text.strip("\r"))
    return text if newline == "\n" or "\n" not in text else text.replace("\n", newline)
