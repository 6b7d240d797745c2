"""`kadvisor train`: exercises for on-call engineers, made of the incidents of the knowledge base."""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from time import strftime

from advisor import prompt
from advisor.render.plain import Style, counted, safe
from advisor.terminal import UNUSABLE, USABLE, USAGE, columns, complain, wants_colour
from advisor.train import record
from advisor.train.exercise import Exercise
from advisor.work import Work
from kb.fields import suggestion
from kb.load import load
from kb.model import Incident, Knowledge


def train(options: argparse.Namespace) -> int:
    """Train until the person leaves; returns the exit status."""
    knowledge = load(options.kb)
    incidents = [i for i in knowledge.incidents.values() if not i.held_back]
    families = sorted({_family(knowledge, i) for i in incidents})
    if options.list:
        return _list(knowledge, incidents, families)
    if options.family and options.family not in families:
        return complain(f"--family {options.family}: choose from {', '.join(families)}", USAGE)
    if options.incident:
        chosen = [i for i in incidents if i.id == options.incident]
        if not chosen:
            near = suggestion(options.incident, [i.id for i in incidents])
            return complain(f"{options.incident}: no exercise of this name{near}", USAGE)
    else:
        chosen = [i for i in incidents if options.family in ("", _family(knowledge, i))]
    if not chosen:
        return complain("there is no incident to train with", UNUSABLE)
    chosen = record.order(chosen, record.read(), random.Random(options.seed))  # noqa: S311
    terminal = prompt.at_terminal()
    plain = prompt.wants_plain(options.plain, terminal)
    work = Work(options.kb, options.engine)
    course = Course(work, knowledge, chosen, prompt.say, columns, Style(terminal and wants_colour() and not plain))
    read = prompt.reader(terminal, plain, course.candidates, lambda: "", "training-history")
    course.next("")
    prompt.talk(read, lambda: "train> ", course.take, lambda: course.over)
    course.finish()
    return USABLE


def _family(knowledge: Knowledge, incident: Incident) -> str:
    """The family of the cause that the incident ends in; "quiet" where nothing failed."""
    return knowledge.vocabulary.families.get(incident.causes[0], "other") if incident.causes else "quiet"


def _list(knowledge: Knowledge, incidents: Sequence[Incident], families: Sequence[str]) -> int:
    last = {result.incident: result.grade for result in record.read()}
    prompt.say(f"{'family':<20} exercises  {'  '.join(record.GRADES)}")
    for family in families:
        members = [i.id for i in incidents if _family(knowledge, i) == family]
        grades = Counter(last[name] for name in members if name in last)
        counts = "  ".join(f"{grades[grade]:>{len(grade)}}" for grade in record.GRADES)
        prompt.say(f"{family:<20} {len(members):>9}  {counts}")
    return USABLE


class Course:
    """Exercises one after the other, and the commands of the person."""

    def __init__(
        self, work: Work, knowledge: Knowledge, incidents: Sequence[Incident],
        say: Callable[[str], None], width: Callable[[], int], style: Style,
    ) -> None:  # fmt: skip
        self.work, self.knowledge = work, knowledge
        self.say, self.width, self.style = say, width, style
        self.left = iter(incidents)
        self.over = False
        self.exercise: Exercise | None = None
        self.results: list[record.Result] = []

    # name -> (what it does, usage and purpose)
    def commands(self) -> dict[str, tuple[Callable[[str], None], str]]:
        one = self.exercise
        own: dict[str, tuple[Callable[[str], None], str]] = {
            "next": (self.next, "next  the next exercise (this one counts as given up)"),
            "help": (self._help, "help  this list"),
            "quit": (self._quit, "quit  leave (Ctrl-D too)"),
        }
        if one is None or one.grade:
            return own
        return {
            "log": (one.log, "log [FROM [TO]]  lines of the log"),
            "find": (one.find, "find TEXT  lines that contain the text"),
            "ask": (one.ask, "ask [NUMBER]  questions worth asking; their answers cost minutes"),
            "cause": (one.cause, "cause WORDS  your verdict: the id of a cause or words for it; none: nothing failed"),
            "hint": (one.hint, "hint  where it begins; then the candidates; then what decides"),
            "solution": (one.give_up, "solution  give up, and see how it is found"),
            **own,
        }

    def candidates(self, text: str) -> Iterator[tuple[str, str]]:
        """(word, description) pairs that may replace the last word of `text`."""
        words = text.split(" ")
        if len(words) == 1:
            for name, (_, about) in self.commands().items():
                if name.startswith(words[0]):
                    yield name, about.split("  ")[-1]
        elif words[0] == "cause" and len(words) == 2:
            for name, cause in self.knowledge.causes.items():
                if name.startswith(words[1]):
                    yield name, cause.title

    def take(self, line: str) -> None:
        """Take one line from the person."""
        word, _, rest = line.strip().partition(" ")
        known = self.commands().get(word.lower())
        if known is not None:
            known[0](rest.strip())
        elif self.exercise is not None and not self.exercise.grade and self.exercise.number(word):
            pass
        elif word:
            self.say(f"{safe(word)[:60]!r} is no command; help lists them.  cause {safe(line.strip())[:60]} would be")
            self.say("your verdict in these words.")
        if self.exercise is not None and self.exercise.grade:
            self._keep(self.exercise)
            self.say("")
            self.say("next goes on, quit leaves.")
            self.exercise = None

    def next(self, _: str) -> None:
        if self.exercise is not None:
            self.exercise.give_up("")
            self._keep(self.exercise)
        incident = next(self.left, None)
        if incident is None:
            self.say("That was the last exercise.")
            self.exercise, self.over = None, True
            return
        self.say("")
        self.say(self.style.bold(f"Exercise {len(self.results) + 1}"))
        self.exercise = Exercise(self.work, self.knowledge, incident, self.say, self.width, self.style)
        self.exercise.begin()

    def _keep(self, one: Exercise) -> None:
        result = record.Result(one.incident.id, one.grade, one.tries, one.hints, one.minutes, strftime("%Y-%m-%d"))
        self.results.append(result)
        record.keep(result, lambda text: self.say(safe(text)))

    def finish(self) -> None:
        """The result of this training."""
        grades = Counter(result.grade for result in self.results)
        if self.results:
            parts = ", ".join(f"{grades[grade]} {grade}" for grade in record.GRADES if grades[grade])
            minutes = sum(result.minutes for result in self.results)
            self.say(f"{counted(len(self.results), 'exercise')}: {parts}; questions for {minutes} min.")

    def _help(self, _: str) -> None:
        for _run, text in self.commands().values():
            usage, about = text.split("  ", 1)
            self.say(f"  {usage:<18} {about}")

    def _quit(self, _: str) -> None:
        self.over = True
