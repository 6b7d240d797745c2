"""A program in a pseudo-terminal, and the screen that a person would see."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Sequence

import pytest

pexpect = pytest.importorskip("pexpect")
pyte = pytest.importorskip("pyte")

COLUMNS, ROWS = 100, 200


class Terminal:
    """The program in a pseudo-terminal, and the screen that a person would see."""

    def __init__(self, command: Sequence[str], prompt: str = "kadvisor") -> None:
        self.prompt = prompt
        environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm", "LC_ALL": "C.UTF-8"}
        self.child = pexpect.spawn(
            sys.executable, list(command), env=environment, dimensions=(ROWS, COLUMNS), timeout=20
        )
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def read(self) -> None:
        try:
            data = self.child.read_nonblocking(1 << 16, timeout=0.1)
        except pexpect.TIMEOUT:
            return
        self.stream.feed(data)
        if b"\x1b[6n" in data:  # the program asks where the cursor is
            self.child.send(f"\x1b[{self.screen.cursor.y + 1};{self.screen.cursor.x + 1}R")

    def wait(self, pattern: str, after: int = 0) -> str:
        """The screen once it matches, `after` characters of it left out."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                self.read()
            except pexpect.EOF:
                break
            if re.search(pattern, self.text()[after:]):
                return self.text()
        if re.search(pattern, self.text()[after:]):
            return self.text()
        raise AssertionError(f"{pattern!r} did not come up:\n{self.text()[after:]}")

    def say(self, line: str, pattern: str) -> str:
        """Type a line; the screen below it once it matches and the next prompt stands there."""
        before = len(self.text())
        self.child.send(line + "\r")
        return self.wait(rf"(?s)(?:{pattern}).*\n{self.prompt}[^\n]*>\Z", before)[before:]

    def paste(self, text: str) -> None:
        """A bracketed paste, as terminals send it."""
        data = b"\x1b[200~" + text.replace("\n", "\r").encode() + b"\x1b[201~"
        for start in range(0, len(data), 2048):
            self.child.send(data[start : start + 2048])
            self.read()

    def resize(self, columns: int) -> None:
        self.screen.resize(ROWS, columns)
        self.child.setwinsize(ROWS, columns)

    def end(self) -> str:
        """The screen when the program is gone."""
        try:
            while True:
                self.read()
        except pexpect.EOF:
            pass
        self.child.close()
        return self.text()
