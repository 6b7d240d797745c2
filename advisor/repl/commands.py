"""What the interactive advisor understands: commands, answers, the choice of a symptom."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from advisor.explain import how, why, why_not
from advisor.render.plain import Style, percent, safe, wrap
from advisor.render.text import text as verdict_text
from advisor.session import Change, Session, Step
from advisor.work import Work
from facts.errors import InputError

UNKNOWN = ("unknown", "u", "?", "don't know", "dont know", "n/a")
BAR = 20


class Conversation:
    """One conversation.  `say` prints a text, `width` gives the columns of the terminal."""

    def __init__(self, work: Work, say: Callable[[str], None], width: Callable[[], int], colour: bool) -> None:
        self.session = Session(work)
        self.say, self.width, self.style = say, width, Style(colour)
        self.over = False
        self.question: dict[str, Any] | None = None
        self.reported = True  # the present verdict was shown
        self.choosing = False  # the list of symptoms stands on the screen
        self.commands: dict[str, tuple[Callable[[str], None], str]] = {
            "load": (self._load, "load FILE  read a log or a host.yaml"),
            "why": (self._why, "why  why this question"),
            "how": (self._how, "how [CAUSE]  how the conclusion was reached, with lines and weights"),
            "why-not": (self._why_not, "why-not CAUSE  what speaks against a cause, and what is missing for it"),
            "what-if": (self._what_if, "what-if FACT=VALUE  what an answer would change; nothing is kept"),
            "skip": (self._skip, "skip  pass over this question"),
            "undo": (self._undo, "undo  take the last answer back"),
            "redo": (self._redo, "redo  do again what was undone"),
            "causes": (self._causes, "causes  what is likely now"),
            "facts": (self._facts, "facts  what is known, and from where"),
            "timeline": (self._timeline, "timeline  the events of the log in order"),
            "verdict": (self._verdict, "verdict  the verdict as it stands"),
            "symptoms": (self._symptoms, "symptoms  choose what you saw from a list"),
            "help": (self._help, "help  this list"),
            "quit": (self._quit, "quit  leave (Ctrl-D too)"),
        }

    # the course of the conversation
    def start(self) -> None:
        self.say(self.style.bold("kadvisor") + " - what most probably made this machine crash, and what to do next.")
        self.say("Load a log or host.yaml with: load FILE.  Or choose what you saw; help lists the commands.")
        self._symptoms("")

    def finish(self) -> None:
        """The verdict at the end, unless it stands on the screen already."""
        if not self.reported:
            self._verdict("")

    def prompt(self) -> str:
        mechanisms = self.session.diagnosis.ranking.mechanisms()
        if not mechanisms:
            return "kadvisor> "
        return f"kadvisor [{mechanisms[0].cause} {percent(mechanisms[0].probability)}]> "

    def choices(self) -> list[str]:
        """Words that answer the present question."""
        if self.question is None:
            return []
        kind = self._kind(self.question)
        if kind == "boolean":
            return ["yes", "no", "unknown"]
        return [*map(str, kind), "unknown"] if isinstance(kind, tuple) else []

    def take(self, line: str) -> None:
        """Take one line from the person."""
        line = line.strip()
        if not line:
            return
        name, _, rest = line.partition(" ")
        known = self.commands.get(name.lower())
        if known is not None:
            known[0](rest.strip())
        elif self.question is not None:
            self._answer(line)
        elif line.isdigit() and self.choosing:
            self._choose(int(line))
        elif line.isdigit():
            self.say("There is no question now; symptoms lists what you can choose, verdict shows where things stand.")
        else:
            self._find(line)

    # answering
    def _kind(self, question: dict[str, Any]) -> object:
        return self.session.work.gatherer.names.type_of(question["learns"])

    def _answer(self, line: str) -> None:
        assert self.question is not None
        choices = self.choices()
        word = choices[int(line) - 1] if line.isdigit() and choices and 1 <= int(line) <= len(choices) else line
        if word.lower() in UNKNOWN:
            self._skip("")
            return
        try:
            moved = self.session.answer(self.question["probe"], word)
        except ValueError as error:
            self.say(f"{safe(error)}.  Answer, or type unknown, why, skip, help.")
            return
        self._moved(moved)
        self._next()

    def _moved(self, moved: Iterable[Change]) -> None:
        self.reported = False
        lines = []
        for change in list(moved)[:4]:
            arrow = "up" if change.after > change.before else "down"
            lines.append(f"  {change.cause}: {arrow} from {percent(change.before)} to {percent(change.after)}")
        self.say("\n".join(lines) if lines else "  noted; this changes nothing by itself")

    def _next(self) -> None:
        """Ask the next question, or end in the verdict."""
        self.question = self.session.question() if self._has_something() else None
        ranking = self.session.diagnosis.ranking
        settled = ranking.status == "diagnosed" and bool(ranking.mechanisms())
        if self.question is None or (settled and self.question["gain"] < 0.1):
            self.question = None
            self._verdict("")
            return
        question = self.question
        self.say("")
        for text in wrap(f"Question: {safe(question['ask'])}", min(self.width(), 100)):
            self.say(self.style.bold(text))
        if question["command"]:
            self.say(f"  find out with: $ {safe(shlex.join(question['command']))}")
        self.say("  " + self._hint(question))

    def _hint(self, question: dict[str, Any]) -> str:
        choices = self.choices()
        kind = self._kind(question)
        if choices:
            return "   ".join(f"{n} {word}" for n, word in enumerate(choices, 1)) + "   (or why, skip, verdict)"
        unit = {
            "size": "a size (512M)",
            "duration": "a duration (90s, 2h)",
            "integer": "a number",
            "number": "a number",
        }
        return f"answer with {unit.get(str(kind), 'text')}, or unknown   (or why, skip, verdict)"

    def _has_something(self) -> bool:
        return bool(self.session.diagnosis.ranking.hypotheses) or self.session.evidence.root is not None

    # commands
    def _symptoms(self, rest: str) -> None:
        if rest.isdigit():
            self._choose(int(rest))
            return
        self.question = None
        self.choosing = True
        for number, symptom in enumerate(self.session.work.base.symptoms.values(), 1):
            self.say(f"  {number:>2}  {safe(symptom['says'])}")

    def _choose(self, number: int) -> None:
        names = list(self.session.work.base.symptoms)
        if not 1 <= number <= len(names):
            self.say(f"There is no choice {number}; symptoms lists them.")
            return
        self.choosing = False
        self._moved(self.session.symptom(names[number - 1]))
        self._next()

    def _find(self, line: str) -> None:
        """Plain words: symptoms that share words with them."""
        wanted = {word for word in line.lower().split() if len(word) > 2}
        hits = []
        for number, symptom in enumerate(self.session.work.base.symptoms.values(), 1):
            shared = wanted.intersection(symptom["says"].lower().replace('"', "").split())
            if shared:
                hits.append((-len(shared), number, symptom["says"]))
        if not hits:
            self.say(f"{safe(line)!r} is no command (help) and no choice (symptoms); load FILE reads a log.")
            return
        self.choosing = True
        self.say("Did you see one of these? Type its number.")
        for _, number, says in sorted(hits)[:5]:
            self.say(f"  {number:>2}  {safe(says)}")

    def _load(self, rest: str) -> None:
        import os

        try:
            paths = shlex.split(rest)
        except ValueError as error:
            self.say(f"load: {error}")
            return
        if not paths:
            self.say("load needs a file: a log, or a host.yaml")
            return
        paths = [os.path.expanduser(path) for path in paths]
        hosts = [path for path in paths if path.endswith((".yaml", ".yml"))]
        try:
            evidence = self.session.work.evidence(hosts[0] if hosts else None, [p for p in paths if p not in hosts])
        except InputError as error:
            self.say(safe(error))
            return
        self.session.load(evidence)
        self.reported = False
        self.say(f"{evidence.lines} lines read, {len(evidence.events)} events.")
        for note in evidence.notes[:5]:
            self.say(f"  note: {safe(note)}")
        self._timeline("")
        self._next()

    def _why(self, _: str) -> None:
        if self.question is None:
            self.say("There is no question now; how explains the conclusion.")
            return
        self._lines(why(self.session.work.base, self.session.diagnosis, self.question))

    def _cause_named(self, rest: str) -> str | None:
        if not rest:
            hypotheses = self.session.diagnosis.ranking.hypotheses
            if hypotheses:
                return hypotheses[0].cause
            self.say("Nothing is concluded yet.")
            return None
        if rest not in self.session.work.base.causes:
            from kb.fields import suggestion

            self.say(f"{safe(rest)!r} is no cause{suggestion(rest, self.session.work.base.causes)}")
            return None
        return rest

    def _how(self, rest: str) -> None:
        cause = self._cause_named(rest)
        if cause:
            self._lines(how(self.session.work.base, self.session.diagnosis, cause))

    def _why_not(self, rest: str) -> None:
        cause = self._cause_named(rest) if rest else None
        if cause:
            self._lines(why_not(self.session.work.base, self.session.diagnosis, cause))
        elif not rest:
            self.say("why-not needs a cause; causes lists the likely ones")

    def _what_if(self, rest: str) -> None:
        fact, equals, value = rest.partition("=")
        if not equals:
            self.say("what-if needs FACT=VALUE, for example what-if hardware.ecc=no")
            return
        try:
            moved = self.session.what_if(fact.strip(), value.strip())
        except ValueError as error:
            self.say(safe(error))
            return
        if not moved:
            self.say("That would change nothing.")
        for change in moved[:6]:
            self.say(f"  {change.cause}: from {percent(change.before)} to {percent(change.after)}")

    def _skip(self, _: str) -> None:
        if self.question is None:
            self.say("There is no question to skip.")
            return
        self.session.skip(self.question["probe"])
        self._next()

    def _undo(self, _: str) -> None:
        self._stepped("undone", self.session.undo())

    def _redo(self, _: str) -> None:
        self._stepped("done again", self.session.redo())

    def _stepped(self, word: str, step: Step | None) -> None:
        if step is None:
            self.say("There is nothing left.")
            return
        value = "" if step.value is None else f" = {safe(step.value)}"
        self.say(f"{word}: {step.action} {step.name}{value}")
        self._next()

    def _causes(self, _: str) -> None:
        ranking = self.session.diagnosis.ranking
        shown = [h for h in ranking.hypotheses if h.probability >= 0.05]
        for h in shown[:12]:
            bar = "#" * round(h.probability * BAR)
            self.say(
                f"  {bar:<{BAR}} {percent(h.probability):>9}  {h.cause}"
                + ("" if h.facet == "mechanism" else f" ({h.facet})")
            )
        self.say(
            f"  {'#' * round(ranking.open * BAR):<{BAR}} {percent(ranking.open):>9}  something else"
            if shown
            else "Nothing yet."
        )

    def _facts(self, _: str) -> None:
        for name, known in sorted(self.session.diagnosis.evidence.facts.items()):
            value = ", ".join(known.value) if isinstance(known.value, tuple) else known.value
            self.say(f"  {name} = {safe(value)[:100]}  ({safe(known.origin)})")

    def _timeline(self, _: str) -> None:
        from advisor.verdict import title

        events = [e for e in self.session.evidence.events if e.role != "context" or e.severity == "end"]
        for event in events[:30]:
            time = "" if event.time is None else f"[{event.time:12.6f}] "
            where = "told" if event.line == 0 else f"line {event.line}"
            self.say(f"  {where:<10} {time}{safe(title(event))}  ({event.role})")
        if not events:
            self.say("No failure stands in the evidence.")

    def _verdict(self, _: str) -> None:
        self.reported = True
        self.say("")
        self.say(verdict_text(self.session.verdict(), width=self.width(), colour=self.style.on).rstrip("\n"))

    def _help(self, _: str) -> None:
        for _run, help_text in self.commands.values():
            usage, about = help_text.split("  ", 1)
            self.say(f"  {usage:<20} {about}")
        self.say("  Answers: a number, yes, no, a value, or unknown.  Plain words look for a symptom.")

    def _quit(self, _: str) -> None:
        self.over = True

    def _lines(self, lines: Iterator[str]) -> None:
        for line in lines:
            indent = len(line) - len(line.lstrip()) + (5 if line.lstrip()[:1] in "+-" else 0)
            for number, part in enumerate(wrap(line.strip(), max(min(self.width(), 110) - indent, 30))):
                first = line[: len(line) - len(line.lstrip())]
                self.say((first if number == 0 else " " * indent) + part)
