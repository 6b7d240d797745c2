"""The interactive advisor: a thin terminal around advisor.session.  Commands are in advisor/repl/commands.py."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from advisor import prompt
from advisor.repl.commands import Conversation
from advisor.terminal import USABLE, columns, wants_colour
from advisor.work import Work

if TYPE_CHECKING:
    from advisor.journal import Journal
    from advisor.replay import Restored


def repl(options: argparse.Namespace, restored: Restored | None = None, journal: Journal | None = None) -> int:
    """Talk until the person leaves; returns the exit status."""
    terminal = prompt.at_terminal()
    plain = prompt.wants_plain(getattr(options, "plain", False), terminal)
    work = restored.session.work if restored is not None else Work(options.kb, options.engine)
    colour = terminal and wants_colour()
    live = getattr(options, "live", False)
    talk = Conversation(work, prompt.say, columns, colour, plain=plain, live=live, saving=True)
    read = prompt.reader(terminal, plain, talk.candidates, talk.state, "history")
    if restored is not None:
        talk.journal = journal
        talk.files.restore(restored)
    elif getattr(options, "logs", None):
        talk.files.read(options.logs)
    else:
        talk.start()
    prompt.talk(read, talk.prompt, talk.take, lambda: talk.over)
    talk.finish()
    return USABLE
