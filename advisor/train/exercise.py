"""One exercise: an incident of the knowledge base, whose cause a person looks for with log and questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from advisor.ask import next_probes
from advisor.diagnose import Diagnosis
from advisor.explain import how, why_not
from advisor.render.parts import shown
from advisor.render.plain import Style, counted, safe, wrap
from advisor.render.text import text as verdict_text
from advisor.session import Session
from advisor.train.record import GRADES
from advisor.trial import diagnose, mechanisms_of
from advisor.verdict import verdict
from advisor.work import Work
from kb.search import search

if TYPE_CHECKING:
    from facts.evidence import Known
    from kb.model import Incident, Knowledge

WHOLE = 60  # a log of so many lines is shown at once
AROUND = 40  # lines shown of a longer one, and by one command
OFFERED = 6  # questions, or causes that fit some words
REASONS = 5  # of what speaks against a wrong answer
NOTHING = ("none", "nothing", "no failure")


class Exercise:
    """The state of one exercise and what a person can do.  `say` prints a text, `width` gives the columns."""

    def __init__(
        self, work: Work, knowledge: Knowledge, incident: Incident,
        say: Callable[[str], None], width: Callable[[], int], style: Style,
    ) -> None:  # fmt: skip
        self.work, self.knowledge, self.incident = work, knowledge, incident
        self.say, self.width, self.style = say, width, style
        self.lines = incident.log.splitlines()
        self.solution: Diagnosis = diagnose(work, incident)[0]
        told = incident if not incident.log else incident._replace(facts={})
        self.session = Session(work, diagnose(work, told)[0].evidence)
        self.tries = self.hints = self.minutes = 0
        self.grade = ""  # of GRADES, once it is over
        self.offered: list[str] = []  # probes or causes that the numbers on the screen stand for
        self.choose: Callable[[str], None] | None = None

    # showing
    def begin(self) -> None:
        if not self.lines:
            self.say("There is no log. What is known:")
            self._facts(self.session.diagnosis.evidence.facts)
        elif len(self.lines) <= WHOLE:
            self._show(1, len(self.lines))
        else:
            self.say(f"A log of {len(self.lines)} lines; its end (log 1 shows the beginning):")
            self._show(len(self.lines) - AROUND + 1, len(self.lines))
        self.say("")
        self.say("What is the cause?  ask lists questions, cause WORDS is your verdict, help lists the commands.")

    def log(self, rest: str) -> None:
        """log [FROM [TO]]"""
        numbers = [int(word) for word in rest.replace("-", " ").split()[:2] if word.isdigit() and len(word) < 8]
        if not self.lines:
            self.say("This case has no log.")
        elif rest and not numbers:
            self.say("log needs line numbers, such as log 1 or log 20 45")
        else:
            first = max(1, min(numbers[0] if numbers else 1, len(self.lines)))
            last = numbers[1] if len(numbers) > 1 else first + AROUND - 1
            self._show(first, min(last, first + 5 * AROUND, len(self.lines)))

    def find(self, rest: str) -> None:
        """find WORDS"""
        hits = [n for n, line in enumerate(self.lines, 1) if rest and rest.lower() in line.lower()]
        for number in hits[:AROUND]:
            self._show(number, number)
        if len(hits) != 1 or not rest:
            self.say(f"{counted(len(hits), 'line')} with {safe(rest)!r}" if rest else "find needs a text")

    def _show(self, first: int, last: int) -> None:
        for number in range(first, last + 1):
            self.say(f"{number:>5}  {safe(self.lines[number - 1])}")

    def _facts(self, facts: Mapping[str, Known]) -> None:
        for name, known in sorted(facts.items()):
            if not name.startswith("log."):
                self.say(f"  {name} = {safe(shown(known.value))}")

    # asking
    def ask(self, rest: str) -> None:
        """ask [NUMBER]"""
        if rest.isdigit() and self.choose == self._ask and 1 <= int(rest) <= len(self.offered):
            self._ask(self.offered[int(rest) - 1])
            return
        asked = [step.name for step in self.session.steps if step.action in ("answer", "skip")]
        offers = next_probes(self.work.base, self.session.diagnosis, asked, number=OFFERED)
        self.offered, self.choose = [offer["probe"] for offer in offers], self._ask
        if not offers:
            self.say("No question is left that would tell the causes apart.")
            return
        for number, offer in enumerate(offers, 1):
            for at, line in enumerate(wrap(f"{safe(offer['ask'])} ({offer['cost']})", min(self.width(), 100) - 5)):
                self.say(f"  {number if not at else ' '}  {line}")
        self.say("ask NUMBER asks it; the minutes are counted.")

    def _ask(self, probe: str) -> None:
        entry = self.work.base.probes[probe]
        known = self.solution.evidence.facts.get(entry["learns"]) if entry["learns"] else None
        self.minutes += entry["cost"]
        if known is None:
            self.session.skip(probe)
            self.say("  Nobody can tell here.")
        else:
            self.session.fact(entry["learns"], known.value)
            self.session.skip(probe)
            self.say(f"  {entry['learns']} = {safe(shown(known.value))}")
        self.offered, self.choose = [], None

    # answering
    def cause(self, rest: str) -> None:
        """cause WORDS"""
        causes = self.knowledge.causes
        if rest.lower() in NOTHING:
            self._judge("")
        elif rest in causes:
            self._judge(rest)
        elif not rest:
            self.say("cause needs the id of a cause or words for it; cause none says that nothing failed")
        else:
            hits = [hit for hit in search(self.knowledge, rest, limit=80) if hit.kind == "cause"][:OFFERED]
            self.offered, self.choose = [hit.id for hit in hits], self._judge
            if not hits:
                self.say("No cause fits these words; try others (kadvisor kb list shows all).")
            for number, hit in enumerate(hits, 1):
                self.say(f"  {number}  {hit.id}: {safe(hit.title)}")
            if hits:
                self.say("Which one?  Type its number.")

    def number(self, word: str) -> bool:
        """Take a number that stands for an offer on the screen."""
        if self.choose is None or not word.isdigit() or not 1 <= int(word) <= len(self.offered):
            return False
        self.choose(self.offered[int(word) - 1])
        return True

    def _judge(self, cause: str) -> None:
        self.tries += 1
        self.offered, self.choose = [], None
        accepted = self.incident.causes
        mechanisms = mechanisms_of(self.work, self.incident)
        if cause in mechanisms or (cause in accepted and not mechanisms) or (not cause and not accepted):
            self.say(self.style.good("Right."))
            self._end(GRADES[0] if self.tries == 1 and not self.hints else GRADES[1])
        elif not cause:
            self.say("Something did fail here.  Look again, or hint.")
        elif not accepted:
            self.say("Nothing failed here that needs such a cause.  Look again, or hint.")
        elif cause in accepted:
            self.say("That is true as well, but it stands beside what happened.  What was the mechanism?")
        elif self._related(cause, mechanisms):
            self.say("Close: the evidence tells more exactly which one of this family it is.")
            self._against(cause)
        else:
            near = "That is what this case is easily taken for." if cause in self.incident.not_causes else "No."
            self.say(f"{near}  What speaks against it:")
            self._against(cause)

    def _related(self, cause: str, accepted: Sequence[str]) -> bool:
        base = self.work.base.causes
        parents = {base[c]["parent"] for c in accepted}
        return bool(cause in parents or base[cause]["parent"] in {*accepted, *(parents - {""})} - {""})

    def _against(self, cause: str) -> None:
        lines = [line.strip() for line in list(why_not(self.work.base, self.solution, cause))[1:]]
        against = [line for line in lines if line.startswith("-") or not line.startswith(("+", "not"))]
        for line in (against or lines)[:REASONS]:
            for part in wrap(safe(line), min(self.width(), 100) - 4):
                self.say(f"    {part}")

    # helping
    def hint(self, _: str) -> None:
        """hint"""
        self.hints += 1
        evidence = self.solution.evidence
        leading = self.solution.ranking.mechanisms()
        if self.hints == 1:
            root = evidence.events[evidence.root] if evidence.root is not None else None
            if root is None or not root.line:
                self.say("There is no message of a failure; what is known besides decides.")
            else:
                self.say(f"It begins here: {safe(root.title)}")
                self._show(root.line, root.line)
        elif self.hints == 2 and self.incident.causes:
            names = sorted({*(h.cause for h in leading[:3]), *self.incident.causes[:1], *self.incident.not_causes[:2]})
            self.say(f"One of these: {', '.join(names)}")
        elif leading:
            findings = [finding for finding in leading[0].findings if finding.weight > 0]
            self.say("What decides: " + (safe(findings[0].says) if findings else "nothing speaks against it"))
        else:
            self.say("Ask yourself whether anything failed at all.")

    def give_up(self, _: str) -> None:
        """solution"""
        self._end(GRADES[2])

    def _end(self, grade: str) -> None:
        self.grade = grade
        wanted = ", ".join(self.incident.causes) or "nothing failed"
        self.say("")
        self.say(self.style.bold(f"{self.incident.title} ({self.incident.id}): {wanted}"))
        leading = self.solution.ranking.mechanisms()
        if leading:
            for line in list(how(self.work.base, self.solution, leading[0].cause))[: 4 * REASONS]:
                self.say("  " + safe(line))
        if self.incident.causes:
            self.say(f"  read on: kadvisor kb show {self.incident.causes[0]}")
        else:
            self.say(verdict_text(verdict(self.work.base, self.solution), width=self.width()).rstrip("\n"))
