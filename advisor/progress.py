"""How much of a long log is read, on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from time import monotonic

LONG = 16 << 20  # bytes read before anything is shown
EVERY = 0.2  # seconds between two lines


class Progress:
    """Called with the size of each block that was read; writes to standard error where that is a terminal."""

    def __init__(self, paths: Sequence[str] = ()) -> None:
        self.read = 0
        self._paths = paths
        self._total = -1
        self._next = 0.0
        self._shown = False

    def __call__(self, size: int) -> None:
        self.read += size
        if self.read < LONG or sys.stderr is None or not sys.stderr.isatty():
            return
        now = monotonic()
        if now < self._next:
            return
        self._next = now + EVERY
        if self._total < 0:
            self._total = _size(self._paths)
        part = f", {100 * self.read // self._total} %" if self._total >= self.read else ""
        sys.stderr.write(f"\rkadvisor: {self.read >> 20} MB read{part}\x1b[K")
        sys.stderr.flush()
        self._shown = True

    def done(self) -> None:
        """Wipe the line, if there is one."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False


def _size(paths: Sequence[str]) -> int:
    """Bytes in all, 0 where nobody can tell: standard input, compressed files."""
    total = 0
    for path in paths:
        if path == "-" or path.endswith((".gz", ".xz", ".zst", ".bz2")):
            return 0
        try:
            total += os.path.getsize(path)
        except OSError:
            return 0
    return total
