"""Commands that read and write files, and text that was pasted."""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING, Any

from advisor.bundle import Bundle, nothing, read
from advisor.render.parts import shown
from advisor.render.plain import counted, safe
from facts.errors import InputError

if TYPE_CHECKING:
    from advisor.repl.commands import Conversation
    from advisor.replay import Restored
    from facts.records import Event, Value

_KERNEL_LINE = re.compile(r"\s*(?:<\d{1,3}>)?\[ *\d{1,7}\.\d{6}\]|.{0,60}\bkernel: ").match


class Files:
    def __init__(self, talk: Conversation) -> None:
        self.talk = talk
        self.commands = {
            "load": (self.load, "load FILE  read a log or a host.yaml"),
            "save": (self.save, "save FILE  write this session for a colleague"),
            "open": (self.open, "open FILE  go on with a saved session"),
            "report": (self.report, "report [FILE]  the incident record as Markdown"),
        }
        self.pasted = 0
        self._texts: dict[str, list[str]] = {}

    def _paths(self, command: str, rest: str) -> list[str]:
        try:
            return [os.path.expanduser(path) for path in shlex.split(rest)]
        except ValueError as error:
            self.talk.say(f"{command}: {error}")
            return []

    def load(self, rest: str) -> None:
        paths = self._paths("load", rest)
        if paths:
            self.read(paths)
        elif not rest:
            self.talk.say("load needs a file: a log, or a host.yaml")

    def read(self, paths: list[str]) -> None:
        """Read logs and at most one host.yaml."""
        hosts = [path for path in paths if path.endswith((".yaml", ".yml"))]
        try:
            bundle = read(self.talk.session.work, hosts[0] if hosts else None, [p for p in paths if p not in hosts])
        except InputError as error:
            self.talk.say(safe(error))
            return
        self._take(bundle)

    def _take(self, bundle: Bundle) -> None:
        self._texts = {}
        self.talk.session.load(bundle.evidence, bundle)
        self.talk.reported = False
        evidence = bundle.evidence
        self.talk.say(f"{counted(evidence.lines, 'line')} read, {counted(len(evidence.events), 'event')}.")
        for note in evidence.notes[:5]:
            self.talk.say(f"  note: {safe(note)}")
        self.talk.show.timeline("")
        self.talk.next()

    def log_lines(self, event: Event) -> list[tuple[int, str]]:
        """The lines of an event, where its log was kept."""
        logs = self.talk.session.bundle.logs if self.talk.session.bundle is not None else []
        if not 0 <= event.file < len(logs) or logs[event.file][1] is None:
            return []
        name, text = logs[event.file]
        if name not in self._texts:
            self._texts[name] = (text or "").split("\n")
        lines = self._texts[name][event.line - 1 : max(event.end_line, event.line)]
        return [(event.line + number, line) for number, line in enumerate(lines)]

    # sessions
    def save(self, rest: str) -> None:
        from advisor.replay import keep

        paths = self._paths("save", rest)
        if len(paths) != 1:
            self.talk.say("save needs one file name")
            return
        journal = keep(self.talk.session, lambda text: self.talk.say(safe(text)), paths[0])
        if journal is not None:
            journal.close()
            self.talk.say(f"saved; kadvisor resume {safe(paths[0])} goes on with it, here or elsewhere")

    def open(self, rest: str) -> None:
        from advisor.journal import locate
        from advisor.journal import read as saved
        from advisor.replay import Restored

        paths = self._paths("open", rest)
        if len(paths) != 1:
            self.talk.say("open needs one file, or the id of a session")
            return
        try:
            restored = Restored(self.talk.session.work, saved(locate(paths[0])))
        except InputError as error:
            self.talk.say(safe(error))
            return
        self.talk.forget()
        self.restore(restored)

    def restore(self, restored: Restored) -> None:
        """Go on with a session that was brought back."""
        self._texts = {}
        self.talk.take_over(restored.session)
        evidence = restored.session.evidence
        steps = restored.session.steps
        self.talk.say(f"Session {safe(restored.saved.header.get('id'))}: {counted(evidence.lines, 'line')} read, "
                      f"{counted(len(evidence.events), 'event')}, {counted(len(steps), 'step')}.")  # fmt: skip
        for line in [*restored.notes, *restored.changed(), *restored.differences()]:
            self.talk.say(f"  note: {safe(line)}")
        for step in steps:
            said = "not known" if step.value is None else shown(step.value)
            self.talk.say(f"  {step.action} {step.name}" + ("" if step.action == "symptom" else f": {said[:100]}"))
        self.talk.next()

    def report(self, rest: str) -> None:
        from advisor.record import record

        paths = self._paths("report", rest)
        text = record(self.talk.session)
        if not paths:
            if not rest:
                self.talk.say(text.rstrip("\n"))
            return
        try:
            with open(paths[0], "w", encoding="utf-8", errors="replace") as stream:
                stream.write(text)
        except (OSError, ValueError) as error:
            self.talk.say(f"{safe(paths[0])}: cannot be written: {getattr(error, 'strerror', None) or safe(error)}")
            return
        self.talk.say(f"written: {safe(paths[0])}")

    # what was pasted
    @staticmethod
    def is_paste(line: str) -> bool:
        """Whether this is pasted text, not a command or an answer."""
        return "\n" in line or _KERNEL_LINE(line) is not None

    def paste(self, text: str) -> None:
        """Pasted text: output for the present question, else a log."""
        talk = self.talk
        probe = talk.session.work.base.probes[talk.question["probe"]] if talk.question is not None else None
        value = self._answer_in(probe, text) if probe is not None else None
        gather = talk.session.work.gatherer.gather
        alone = gather("pasted text", {}, [("pasted text", text)], needed=False)
        failures = [e for e in alone.events if e.severity in ("failure", "problem") and e.kind != "truncated-log"]
        if probe is not None and value is not None and not failures:
            assert talk.question is not None
            talk.confirm(talk.question["probe"], value, "pasted output")
            return
        if not alone.events and not alone.usable:
            hint = "no answer to the question and no kernel message" if probe is not None else "no kernel message"
            talk.say(f"{len(text.splitlines())} lines were pasted; there is {hint} in them.")
            return
        self.pasted += 1
        old = talk.session.bundle or nothing()
        try:
            self._take(old.with_text(talk.session.work, f"pasted text {self.pasted}", text))
        except InputError as error:
            talk.say(safe(error))

    def output_line(self, question: dict[str, Any], line: str) -> Value | None:
        """What one line of output says (`kernel.panic = 10`, `SwapFree: 0 kB`); None for an answer as it stands."""
        names = self.talk.session.work.gatherer.names
        try:
            names.convert(question["learns"], line)
            plain = names.type_of(question["learns"]) != "text"
        except ValueError:
            plain = False
        value = None if plain else self._answer_in(self.talk.session.work.base.probes[question["probe"]], line)
        return None if value == line else value

    def _answer_in(self, probe: dict[str, Any], text: str) -> Value | None:
        from advisor.answers import parse, without_prompt

        if not probe["parse"]:
            return None
        output = without_prompt(text, probe["command"])
        rule = dict(probe["parse"])
        if output != text:
            return parse(rule, output)
        rule.pop("default", None)  # nothing shows that it is this command's output, so what it lacks means nothing
        value = parse(rule, output)
        return None if value == () or (value == 0 and rule.get("take") == "count") else value
