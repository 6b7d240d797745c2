"""What all commands share: exit statuses, one-line errors, safe writing, the terminal's size and colours."""

from __future__ import annotations

import os
import sys
from typing import TextIO

USABLE, UNUSABLE, USAGE, INTERRUPTED = 0, 1, 2, 130


def warn(work: object) -> None:
    """One line on standard error when knowledge files have problems."""
    problems = getattr(work, "problems", [])
    if problems:
        more = f" (and {len(problems) - 1} more; run kadvisor kb check)" if len(problems) > 1 else ""
        print(f"kadvisor: knowledge problem: {problems[0]}{more}", file=sys.stderr)


def write(stream: TextIO, text: str) -> None:
    """Write text whatever the encoding of the stream is."""
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding))


def complain(message: str, status: int = UNUSABLE) -> int:
    """One clear line on standard error."""
    clean = "".join(c if c.isprintable() else "?" for c in message)
    print(f"kadvisor: {clean}", file=sys.stderr)
    return status


def columns() -> int:
    from shutil import get_terminal_size

    return get_terminal_size((100, 40)).columns


def wants_colour() -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
