"""The course of the interactive advisor: symptoms, questions, answers, the verdict.

What only shows something is in show.py, files and pasted text in files.py, running commands in live.py.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from advisor.render.parts import shown
from advisor.render.plain import Style, counted, percent, safe, wrap
from advisor.render.text import text as verdict_text
from advisor.repl import complete
from advisor.repl.files import Files
from advisor.repl.live import NO, YES, Live
from advisor.repl.show import Show
from advisor.session import QUESTIONS, Change, Session, Step
from advisor.work import Work
from facts.records import Scalar, Value

if TYPE_CHECKING:
    from advisor.diagnose import Diagnosis
    from advisor.journal import Journal
    from kb.model import Knowledge

UNKNOWN = ("unknown", "u", "?", "don't know", "dont know", "n/a", "不知道", "未知")


class Choice(NamedTuple):
    """What a number on the screen stands for."""

    kind: str  # symptom, event, cause
    id: str
    says: str
    attributes: dict[str, Scalar]


class Conversation:
    """One conversation.  `say` prints a text, `width` gives the columns of the terminal."""

    def __init__(
        self, work: Work, say: Callable[[str], None], width: Callable[[], int], colour: bool, *,
        plain: bool = False, live: bool = False, saving: bool = False,
    ) -> None:  # fmt: skip
        self.session = Session(work)
        self.say, self.width, self.style = say, width, Style(colour and not plain)
        self.plain, self.live, self.saving = plain, live, saving
        self.over = False
        self.question: dict[str, Any] | None = None
        self.reported = True  # the present verdict was shown
        self.offered: list[Choice] = []  # what the numbers on the screen stand for
        self.pending: Callable[[str], bool] | None = None  # takes the reply to a yes-or-no question; False: no reply
        self.journal: Journal | None = None
        self._knowledge: Knowledge | None = None
        self.show, self.files, self.running = Show(self), Files(self), Live(self)
        self.commands: dict[str, tuple[Callable[[str], None], str]] = {
            **self.files.commands,
            **self.running.commands,
            **self.show.commands,
            "saw": (self._find, "saw WORDS  what you saw, in plain words (English or Chinese)"),
            "fact": (self._fact, "fact NAME=VALUE  tell a fact by its name"),
            "skip": (self._skip, "skip  pass over this question"),
            "undo": (self._undo, "undo  take the last answer back"),
            "back": (self._undo, "back  the same as undo"),
            "redo": (self._redo, "redo  do again what was undone"),
            "more": (self._more, "more  ask on, beyond the usual number of questions"),
            "verdict": (self._verdict, "verdict  the verdict as it stands"),
            "symptoms": (self._symptoms, "symptoms  choose what you saw from a list"),
            "help": (self._help, "help  this list"),
            "quit": (self._quit, "quit  leave (Ctrl-D too)"),
        }
        self.take_over(self.session)

    # the course of the conversation
    def start(self) -> None:
        self.say(self.style.bold("kadvisor") + " - what most probably made this machine crash, and what to do next.")
        self.say("Load a log or host.yaml with: load FILE.  Or choose what you saw; help lists the commands.")
        self._symptoms("")

    def finish(self) -> None:
        """The verdict at the end, unless it stands on the screen already."""
        if not self.reported:
            self._verdict("")
        if self.journal is not None:
            self.say(f"\nThis session is kept: kadvisor resume {self.journal.id}")
            self.journal.close()

    def prompt(self) -> str:
        mechanisms = self.session.diagnosis.ranking.mechanisms()
        if not mechanisms:
            return "kadvisor> "
        return f"kadvisor [{mechanisms[0].cause} {percent(mechanisms[0].probability)}]> "

    def state(self) -> str:
        """Where things stand, in one line; "" before anything was told."""
        asked = sum(1 for step in self.session.steps if step.action in ("answer", "skip"))
        files = len(self.session.evidence.files)
        if not asked and not files and not self.session.steps:
            return ""
        parts = [counted(files, "log"), f"{counted(asked, 'question')} of {self.session.limit}"]
        parts.append(self.session.diagnosis.ranking.status)
        parts += [f"kept as {self.journal.id}"] if self.journal is not None else []
        return " - ".join([*parts, "help lists the commands"])

    def choices(self) -> list[str]:
        """Words that answer the present question."""
        if self.question is None:
            return []
        if self.question["options"]:
            return [*(kind for kind, *_ in self.question["options"]), "none", "unknown"]
        kind = self._kind(self.question)
        if kind == "boolean":
            return ["yes", "no", "unknown"]
        words = kind if isinstance(kind, tuple) else self.question["words"]
        return [*map(str, words), "unknown"] if words else []

    def candidates(self, text: str) -> Iterator[tuple[str, str]]:
        """(word, description) pairs that may replace the last word of `text`."""
        return complete.candidates(text, self)

    def take(self, line: str) -> None:
        """Take one line, or a pasted text, from the person."""
        line = line.strip("\n")
        if self.files.is_paste(line):
            self.pending = None
            self.files.paste(line)
            return
        line = line.strip()
        if not line:
            return
        pending, self.pending = self.pending, None
        if pending is not None and pending(line):
            return
        name, _, rest = line.partition(" ")
        known = self.commands.get(name.lower())
        if known is not None:
            known[0](rest.strip())
        elif self.question is not None:
            self._answer(line)
        elif line.isdigit() and self.offered:
            self._choose(int(line))
        elif line.isdigit():
            self.say("There is no question now; symptoms lists what you can choose, verdict shows where things stand.")
        else:
            self._find(line)

    # keeping
    def take_over(self, session: Session) -> None:
        """Go on with this session; changes are kept from now on."""
        self.session = session
        session.record = self._keep
        self.reported = False if session.steps or session.bundle is not None else self.reported

    def forget(self) -> None:
        """End the present session's file; what follows belongs to another one."""
        if self.journal is not None:
            self.journal.close()
        self.journal, self.question, self.pending = None, None, None

    def _keep(self, entry: dict[str, Any]) -> None:
        """Write a change to the session's file, which begins with the first one."""
        if self.journal is not None:
            self.journal.write(entry)
        elif self.saving:
            from advisor.replay import keep

            self.journal = keep(self.session, lambda text: self.say(safe(text)))
            self.saving = self.journal is not None

    # answering
    def _kind(self, question: dict[str, Any]) -> object:
        return self.session.work.gatherer.names.type_of(question["learns"])

    def _answer(self, line: str) -> None:
        assert self.question is not None
        choices = self.choices()
        numbers = line.replace(",", " ").split() if self.question["options"] else [line]
        words = [choices[int(n) - 1] if n.isdigit() and 1 <= int(n) <= len(choices) else n for n in numbers]
        if words[-1].lower() in UNKNOWN:
            self._skip("")
            return
        value = self.files.output_line(self.question, line)
        if value is not None:
            self.confirm(self.question["probe"], value, "pasted output")
            return
        self._give(self.question["probe"], " ".join(words), "")

    def _give(self, probe: str, word: object, source: str) -> None:
        before = self.session.diagnosis
        try:
            moved = self.session.answer(probe, word, source)
        except ValueError as error:
            self.say(f"{safe(error)}.  Answer, or type unknown, why, skip, help.")
            return
        self._moved(before, moved)
        self.next()

    def confirm(self, probe: str, value: Value, source: str) -> None:
        """Let the person confirm an answer that was read from output."""
        fact = self.session.work.base.probes[probe]["learns"]
        self.say(f"  That says {fact} = {shown(value)[:200]}.  Take it? yes, no, or the right value")

        def reply(line: str) -> bool:
            word = line.lower()
            if word.split(" ")[0] in self.commands:
                return False
            if word in NO and value is not False:
                self.say("  not taken")
                return True
            self._give(probe, value if word in YES else line, source if word in YES else "")
            return True

        def choice(line: str) -> bool:  # of yes and no, yes confirms; no is the other answer's refusal
            if line.lower() in NO:
                self.say("  not taken; answer the question yourself")
                return True
            return reply(line)

        self.pending = choice if isinstance(value, bool) else reply

    def _moved(self, before: Diagnosis, moved: list[Change]) -> None:
        self.reported = False
        self.show.moved(before, moved)

    def next(self) -> None:
        """Ask the next question, or end in the verdict."""
        self.question = self.session.question() if self._has_something() else None
        if self.question is None:
            self._verdict("")
            if self._has_something():
                self.show.ending()
            return
        question = self.question
        self.say("")
        for text in wrap(f"Question: {safe(question['ask'])}", min(self.width(), 100)):
            self.say(self.style.bold(text))
        if question["command"]:
            self.say(f"  find out with: $ {safe(shlex.join(question['command']))}")
        for number, (_, title, example) in enumerate(question["options"], 1):
            self.say(f"  {number:>2}  {safe(title)}")
            if example:
                self.say(f"      such as: {safe(example)[: max(self.width() - 16, 30)]}")
        self.say("  " + self._hint(question))

    def _hint(self, question: dict[str, Any]) -> str:
        choices = self.choices()
        kind = self._kind(question)
        others = "   (or " + ", ".join(filter(None, [self.running.offer(), "why", "skip", "verdict"])) + ")"
        if question["options"]:
            return f"answer with numbers (1 3), none, or unknown{others}"
        if choices:
            return "   ".join(f"{n} {word}" for n, word in enumerate(choices, 1)) + others
        unit = {
            "size": "a size (512M)",
            "duration": "a duration (90s, 2h)",
            "release": "an upstream release (5.15.7)",
            "integer": "a number",
            "number": "a number",
        }
        return f"answer with {unit.get(str(kind), 'text')}, or unknown{others}"

    def _has_something(self) -> bool:
        return bool(self.session.diagnosis.ranking.hypotheses) or self.session.evidence.root is not None

    # commands
    def _symptoms(self, rest: str) -> None:
        self.offered = [
            Choice("symptom", name, symptom["says"], {}) for name, symptom in self.session.work.base.symptoms.items()
        ]
        if rest.isdigit():
            self._choose(int(rest))
            return
        self.question = None
        self._list()

    def _list(self) -> None:
        for number, choice in enumerate(self.offered, 1):
            note = "" if choice.kind != "cause" else f" (a cause: {choice.id})"
            self.say(f"  {number:>2}  {safe(choice.says)}{note}")

    def _choose(self, number: int) -> None:
        if not 1 <= number <= len(self.offered):
            self.say(f"There is no choice {number}; symptoms lists them.")
            return
        choice = self.offered[number - 1]
        if choice.kind == "cause":
            self.show.how(choice.id)
            return
        self.offered = []
        self._tell(choice)

    def _tell(self, choice: Choice) -> None:
        before = self.session.diagnosis
        act = self.session.symptom if choice.kind == "symptom" else self.session.event
        self._moved(before, act(choice.id, choice.attributes))
        self.next()

    def _find(self, line: str) -> None:
        """Plain words: symptoms, events and causes that fit them."""
        from advisor.words import attributes, clear, find

        if not line:
            self.say("saw needs words: what the screen, the log or the machine showed")
            return
        if self._knowledge is None:
            from kb.load import load

            self._knowledge = load(self.session.work.folders, with_incidents=False)
        base = self.session.work.base
        known = {"symptom": base.symptoms, "event": base.events, "cause": base.causes}
        matches = [match for match in find(self._knowledge, line) if match.id in known[match.kind]]
        if not matches:
            self.say(f"{safe(line)[:200]!r} is no command (help) and no choice (symptoms); load FILE reads a log.")
            return
        told = attributes(line)
        named = "".join(f", {name} {safe(value)}" for name, value in told.items())
        winner = clear(matches)
        if winner is not None:
            self.say(f"I take that as: {safe(winner.says)}{named}.  (undo takes it back)")
            self.offered = []
            self._tell(Choice(winner.kind, winner.id, winner.says, told))
            return
        self.offered = [Choice(match.kind, match.id, match.says, told) for match in matches]
        self.question = None
        self.say("Did you see one of these? Type its number." + (f"  (noted{named[1:]})" if named else ""))
        self._list()

    def _fact(self, rest: str) -> None:
        name, equals, value = rest.partition("=")
        if not equals:
            self.say("fact needs NAME=VALUE, for example fact hardware.ecc=no")
            return
        before = self.session.diagnosis
        try:
            moved = self.session.fact(name.strip(), value.strip())
        except ValueError as error:
            self.say(safe(error))
            return
        self._moved(before, moved)
        self.next()

    def _skip(self, _: str) -> None:
        if self.question is None:
            self.say("There is no question to skip.")
            return
        self.session.skip(self.question["probe"])
        self.next()

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
        self.next()

    def _more(self, _: str) -> None:
        self.session.limit += QUESTIONS
        self.next()

    def _verdict(self, _: str) -> None:
        self.reported = True
        self.say("")
        self.say(verdict_text(self.session.verdict(), width=self.width(), colour=self.style.on).rstrip("\n"))

    def _help(self, _: str) -> None:
        for _run, help_text in self.commands.values():
            usage, about = help_text.split("  ", 1)
            self.say(f"  {usage:<20} {about}")
        self.say("  Answers: a number, yes, no, a value, or unknown.  Plain words look for a symptom.")
        self.say("  A log, or the output of a command, can be pasted as it is.")

    def _quit(self, _: str) -> None:
        self.over = True
