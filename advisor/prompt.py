"""Lines from a person: from a pipe, a plain terminal, or a prompt with history and completion."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from io import TextIOWrapper

from advisor.terminal import columns, write

MAX_PASTE = 8 << 20
Reader = Callable[[str], str]  # shows a prompt and gives the line; EOFError at the end
Candidates = Callable[[str], Iterable[tuple[str, str]]]  # text before the cursor -> (word, description)


def at_terminal() -> bool:
    """Whether a person sits there; standard input is made readable, whatever the caller closed."""
    if sys.stdin is None:  # closed by the caller
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    return sys.stdin.isatty() and sys.stdout.isatty()


def wants_plain(asked: bool, terminal: bool) -> bool:
    return asked or (terminal and os.environ.get("TERM", "dumb") == "dumb")


def reader(terminal: bool, plain: bool, candidates: Candidates, bar: Callable[[], str], history: str) -> Reader:
    """How lines are read here.  `bar`: a line above the prompt when it has changed; `history`: the name of its file."""
    if not terminal:
        return _piped
    return _typed if plain else _prompt(candidates, bar, history)


def say(text: str) -> None:
    write(sys.stdout, text + "\n")
    sys.stdout.flush()


def talk(read: Reader, prompt: Callable[[], str], take: Callable[[str], None], over: Callable[[], bool]) -> None:
    """Take lines until it is over or the person leaves."""
    while not over():
        try:
            line = read(prompt())
        except EOFError:
            break
        except KeyboardInterrupt:
            say("(Ctrl-D or quit leaves)")
            continue
        try:
            take(line)
        except KeyboardInterrupt:
            say("(interrupted)")


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


def _prompt(candidates: Candidates, bar: Callable[[], str], name: str) -> Reader:
    """A prompt with history and completion, under a line that says where things stand when that has changed."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion
    from prompt_toolkit.document import Document
    from prompt_toolkit.formatted_text import FormattedText
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    from advisor.journal import state_folder

    class Words(Completer):
        def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
            text = document.text_before_cursor.lstrip()
            last = text.split(" ")[-1]
            for word, about in candidates(text):
                yield Completion(word, start_position=-len(last), display_meta=about[:60])

    path = os.path.join(state_folder(), name)
    history: FileHistory | InMemoryHistory
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(path, "a", encoding="utf-8"):
            pass
        history = FileHistory(path)
    except OSError:
        history = InMemoryHistory()
    session: PromptSession[str] = PromptSession(
        history=history, completer=Words(), complete_while_typing=False, enable_history_search=True
    )
    last = ""

    def read(prompt: str) -> str:
        nonlocal last
        state = bar()
        above = [("fg:ansibrightblack", state[: max(columns() - 1, 20)] + "\n")] if state and state != last else []
        last = state
        return session.prompt(FormattedText([*above, ("", prompt)]))

    return read
