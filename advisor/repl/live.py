"""The command `run`: lets a probe's read-only command answer its question, after consent."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from advisor.render.plain import safe

if TYPE_CHECKING:
    from advisor.repl.commands import Conversation

SHOWN = 20  # lines of output on the screen
YES = ("y", "yes", "1", "true")
NO = ("n", "no", "0", "false")


class Live:
    def __init__(self, talk: Conversation) -> None:
        self.talk = talk
        self.always = False
        self.commands = {"run": (self.run, "run [PROBE]  run the read-only command of a question on this machine")}

    def offer(self) -> str:
        """The hint under a question whose command can be run here, or ""."""
        from advisor.live import refusal

        question = self.talk.question
        if question is None or not self.talk.live:
            return ""
        return "" if refusal(self.talk.session.work.base.probes[question["probe"]]) else "run runs it here"

    def run(self, rest: str) -> None:
        from advisor.live import refusal

        talk = self.talk
        probes = talk.session.work.base.probes
        name = rest or (str(talk.question["probe"]) if talk.question is not None else "")
        if name not in probes:
            from kb.fields import suggestion

            wrong = f"{safe(name)!r} is no probe{suggestion(name, probes)}"
            talk.say(wrong if name else "There is no question now; run needs a probe")
            return
        why = refusal(probes[name])
        if why:
            talk.say(f"Not run: {why}.")
            return
        if self.always:
            self._run(name)
            return
        talk.say(f"Run this on this machine?  $ {safe(shlex.join(probes[name]['command']))}")
        talk.say("  yes, no, or always (for the rest of this session)")

        def consent(line: str) -> bool:
            word = line.lower()
            if word in YES or word == "always":
                self.always = self.always or word == "always"
                self._run(name)
            elif word in NO:
                talk.say("Not run.")
            else:
                return False
            return True

        talk.pending = consent

    def _run(self, name: str) -> None:
        from advisor.answers import parse
        from advisor.live import SECONDS, run

        talk = self.talk
        probe = talk.session.work.base.probes[name]
        try:
            output = run(probe["command"])
        except OSError as error:
            talk.say(f"  {safe(probe['command'][0])} cannot be started: {error.strerror}")
            return
        lines = (output.text.rstrip("\n") + "\n" + output.errors.rstrip("\n")).strip("\n").split("\n")
        for line in lines[:SHOWN]:
            talk.say(f"  | {safe(line)[:200]}")
        if len(lines) > SHOWN:
            unread = ", and more that was not read" if output.cut else ""
            talk.say(f"  | and {len(lines) - SHOWN} more lines{unread}")
        if output.status is None:
            talk.say(f"  It did not end within {SECONDS} s and was stopped.")
        value = parse(probe["parse"], output.text, output.failed) if probe["parse"] else None
        if value is None or not probe["learns"]:
            talk.say("  That does not answer the question by itself; answer as you read it.")
            return
        talk.confirm(name, value, f"output of {probe['command'][0]}")
