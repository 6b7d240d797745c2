"""Completion of the interactive advisor: what may follow the text before the cursor."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from advisor.repl.commands import Conversation


def candidates(text: str, talk: Conversation) -> Iterator[tuple[str, str]]:
    """(word, description) pairs that may replace the last word of `text`."""
    words = text.split(" ")
    last = words[-1]
    if len(words) == 1:
        choices = [(c, c) for c in talk.choices()]
        choices += [(name, help_text.split("  ")[-1]) for name, (_, help_text) in talk.commands.items()]
        yield from ((word, about) for word, about in choices if word.startswith(last))
    elif words[0] in ("how", "why-not"):
        causes = talk.session.work.base.causes
        yield from ((name, entry["title"]) for name, entry in causes.items() if name.startswith(last))
    elif words[0] in ("what-if", "fact"):
        yield from ((f"{name}=", "") for name in talk.session.work.gatherer.names if name.startswith(last))
    elif words[0] == "run":
        probes = talk.session.work.base.probes
        yield from ((name, p["ask"]) for name, p in probes.items() if name.startswith(last) and p["command"])
    elif words[0] in ("load", "save", "open", "report"):
        yield from _paths(last)


def _paths(start: str) -> Iterator[tuple[str, str]]:
    folder, name = os.path.split(start)
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:
            for entry in sorted(entries, key=lambda e: e.name)[:500]:
                if entry.name.startswith(name) and (name or not entry.name.startswith(".")):
                    yield os.path.join(folder, entry.name) + ("/" if entry.is_dir() else ""), ""
    except OSError:
        return
