"""The interactive advisor: a thin terminal around advisor.session.  Commands are in advisor/repl/commands.py."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from io import TextIOWrapper

from advisor.repl.commands import Conversation
from advisor.terminal import USABLE, columns, wants_colour, write
from advisor.work import Work


def repl(options: argparse.Namespace) -> int:
    """Talk until the person leaves; returns the exit status."""
    if sys.stdin is None:  # closed by the caller
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    talk = Conversation(Work(options.kb, options.engine), say, columns, terminal and wants_colour())
    read = _prompt(talk) if terminal else _plain
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


def _plain(prompt: str) -> str:
    """Lines of standard input where there is no terminal."""
    line = sys.stdin.readline(1 << 16)
    if not line:
        raise EOFError
    return line.rstrip("\n")


def _prompt(talk: Conversation) -> Callable[[str], str]:
    """A prompt with history and completion."""
    from prompt_toolkit import PromptSession
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

    def read(prompt: str) -> str:
        return session.prompt(prompt)

    return read
