"""What can be wrong with evidence as a whole."""

from __future__ import annotations


class InputError(Exception):
    """An input that cannot be used at all.  ``message`` is one sentence: what is wrong and what to do."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(path, message)
        self.path = path
        self.message = message

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"
