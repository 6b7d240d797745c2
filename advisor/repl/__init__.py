"""The interactive advisor: a thin terminal around advisor.session.  Commands are in advisor/repl/commands.py."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import TYPE_CHECKING

from advisor.repl.commands import Conversation
from advisor.terminal import USABLE, columns, wants_colour, write
from advisor.work import Work

if TYPE_CHECKING:
    from advisor.journal import Journal
    from advisor.replay import Restored

MAX_PASTE = 8 << 20


def repl(options: argparse.Namespace, restored: Restored | None = None, journal: Journal | None = None) -> int:
    """Talk until the person leaves; returns the exit status."""
    if sys.stdin is None:  # closed by the caller
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    plain = getattr(options, "plain", False) or (terminal and os.environ.get("TERM", "dumb") == "dumb")
    work = restored.session.work if restored is not None else Work(options.kb, options.engine)
    colour = terminal and wants_colour()
    talk = Conversation(work, say, columns, colour, plain=plain, live=getattr(options, "live", False), saving=True)
    read = _piped if not terminal else _typed if plain else _prompt(talk)
    if restored is not None:
        talk.journal = journal
        talk.files.restore(restored)
    elif getattr(options, "logs", None):
        talk.files.read(options.logs)
    else:
        talk.start()
    while not talk.over:
        try:
            line = read(talk.prompt())
        except EOFError:
            break
        except KeyboardInterrupt:
            say("(Ctrl-D or quit leaves)")
            continue
        try:
            talk.take(line)
        except KeyboardInterrupt:
            say("(interrupted)")
    talk.finish()
    return USABLE


def say(text: str) -> None:
    write(sys.stdout, text + "\n")
    sys.stdout.flush()


def _piped(prompt: str) -> str:
    """Lines of standard input where there is no terminal."""
    line = sys.stdin.readline(1 << 16)
    if not line:
        raise EOFError
    return line.rstrip("\n")


def _typed(prompt: str) -> str:
    """A line typed at a plain terminal; what comes at once in many lines is one pasted text."""
    from select import select

    write(sys.stdout, prompt)
    sys.stdout.flush()
    handle = sys.stdin.fileno()
    data = os.read(handle, 1 << 16)
    if not data:
        raise EOFError
    while len(data) < MAX_PASTE and select([handle], [], [], 0.1)[0]:
        more = os.read(handle, 1 << 16)
        if not more:
            break
        data += more
    return data.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n")


def _prompt(talk: Conversation) -> Callable[[str], str]:
    """A prompt with history and completion, under a line that says where things stand when that has changed."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.formatted_text import FormattedText
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    from advisor.repl.complete import Words

    folder = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    path = os.path.join(folder, "kadvisor", "history")
    history: FileHistory | InMemoryHistory
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(path, "a", encoding="utf-8"):
            pass
        history = FileHistory(path)
    except OSError:
        history = InMemoryHistory()
    session: PromptSession[str] = PromptSession(
        history=history, completer=Words(talk), complete_while_typing=False, enable_history_search=True
    )
    last = ""

    def read(prompt: str) -> str:
        nonlocal last
        state = talk.state()
        bar = [("fg:ansibrightblack", state[: max(columns() - 1, 20)] + "\n")] if state and state != last else []
        last = state
        return session.prompt(FormattedText([*bar, ("", prompt)]))

    return read
