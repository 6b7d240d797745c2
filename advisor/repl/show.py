"""Commands that show where things stand and why; nothing changes by them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from advisor.explain import how, why, why_not
from advisor.handover import handover, lines_of, ruled_out
from advisor.rank import Finding
from advisor.render.parts import shown
from advisor.render.plain import percent, safe, wrap
from advisor.session import Change
from advisor.verdict import title

if TYPE_CHECKING:
    from advisor.diagnose import Diagnosis
    from advisor.repl.commands import Conversation
    from facts.records import Event

BAR = 20
LEADING = 4  # causes shown after an answer
LOG_LINES = 30  # lines of one event that `explain` shows


class Item(NamedTuple):
    """What `evidence` lists under a number: an event, or a finding of a cause."""

    event: Event | None
    cause: str
    finding: Finding | None


class Show:
    def __init__(self, talk: Conversation) -> None:
        self.talk = talk
        self.commands = {
            "why": (self.why, "why  why this question"),
            "how": (self.how, "how [CAUSE]  how the conclusion was reached, with lines and weights"),
            "why-not": (self.why_not, "why-not CAUSE  what speaks against a cause, and what is missing for it"),
            "what-if": (self.what_if, "what-if FACT=VALUE  what an answer would change; nothing is kept"),
            "causes": (self.causes, "causes  what is likely now"),
            "evidence": (self.evidence, "evidence  what was read and found, numbered"),
            "explain": (self.explain, "explain N  number N of the evidence, with its log lines"),
            "facts": (self.facts, "facts  what is known, and from where"),
            "timeline": (self.timeline, "timeline  the events of the log in order"),
        }

    @property
    def _diagnosis(self) -> Diagnosis:
        return self.talk.session.diagnosis

    def why(self, _: str) -> None:
        if self.talk.question is None:
            self.talk.say("There is no question now; how explains the conclusion.")
            return
        self._lines(why(self.talk.session.work.base, self._diagnosis, self.talk.question))

    def _cause_named(self, rest: str) -> str | None:
        if not rest:
            hypotheses = self._diagnosis.ranking.hypotheses
            if hypotheses:
                return hypotheses[0].cause
            self.talk.say("Nothing is concluded yet.")
            return None
        if rest not in self.talk.session.work.base.causes:
            from kb.fields import suggestion

            self.talk.say(f"{safe(rest)!r} is no cause{suggestion(rest, self.talk.session.work.base.causes)}")
            return None
        return rest

    def how(self, rest: str) -> None:
        cause = self._cause_named(rest)
        if cause:
            self._lines(how(self.talk.session.work.base, self._diagnosis, cause))

    def why_not(self, rest: str) -> None:
        cause = self._cause_named(rest) if rest else None
        if cause:
            self._lines(why_not(self.talk.session.work.base, self._diagnosis, cause))
        elif not rest:
            self.talk.say("why-not needs a cause; causes lists the likely ones")

    def what_if(self, rest: str) -> None:
        fact, equals, value = rest.partition("=")
        if not equals:
            self.talk.say("what-if needs FACT=VALUE, for example what-if hardware.ecc=no")
            return
        try:
            moved = self.talk.session.what_if(fact.strip(), value.strip())
        except ValueError as error:
            self.talk.say(safe(error))
            return
        if not moved:
            self.talk.say("That would change nothing.")
        for change in moved[:6]:
            self.talk.say(f"  {change.cause}: from {percent(change.before)} to {percent(change.after)}")

    def moved(self, before: Diagnosis, moved: list[Change]) -> None:
        """What a step changed, the finding behind each change, and where the leading causes stand now."""
        if not moved:
            self.talk.say("  noted; this changes nothing by itself")
            return
        new = _findings(self._diagnosis)
        old = _findings(before)
        for change in moved[:LEADING]:
            arrow = "up" if change.after > change.before else "down"
            line = f"  {change.cause}: {arrow} from {percent(change.before)} to {percent(change.after)}"
            came = [f for key, f in new.items() if key[0] == change.cause and key not in old and f.counted]
            went = [f for key, f in old.items() if key[0] == change.cause and key not in new and f.counted]
            if came:
                line += f"  ({came[0].weight:+d} {safe(came[0].says)})"
            elif went:
                line += f"  (no longer: {safe(went[0].says)})"
            self.talk.say(line)
        if not self.talk.plain:
            self.bars(self._diagnosis.ranking.mechanisms()[:LEADING])

    def bars(self, hypotheses: list[Any]) -> None:
        for h in hypotheses:
            if h.probability >= 0.02:
                beside = "" if h.facet == "mechanism" else f" ({h.facet})"
                self.talk.say(f"  {self._bar(h.probability)}{percent(h.probability):>9}  {h.cause}{beside}")

    def _bar(self, share: float) -> str:
        return "" if self.talk.plain else f"{'#' * round(share * BAR):<{BAR}} "

    def causes(self, _: str) -> None:
        ranking = self._diagnosis.ranking
        likely = [h for h in ranking.hypotheses if h.probability >= 0.05]
        self.bars(likely[:12])
        rest = f"  {self._bar(ranking.open)}{percent(ranking.open):>9}  something else"
        self.talk.say(rest if likely else "Nothing yet.")

    # evidence
    def _items(self) -> list[Item]:
        """What has a number: the events that matter, then the findings of the leading causes."""
        events = [e for e in self._diagnosis.evidence.events if e.role != "context" or e.severity == "end"]
        out = [Item(event, "", None) for event in events[:30]]
        for hypothesis in [h for h in self._diagnosis.ranking.hypotheses if h.probability >= 0.05][:5]:
            out += [Item(None, hypothesis.cause, f) for f in hypothesis.findings if f.counted]
        return out

    def evidence(self, _: str) -> None:
        evidence = self.talk.session.evidence
        for name in evidence.files:
            self.talk.say(f"  read: {safe(name)}")
        if evidence.lines:
            self.talk.say(f"  {evidence.lines} lines, {len(evidence.events)} events; facts lists what is known")
        for note in evidence.notes[:5]:
            self.talk.say(f"  note: {safe(note)}")
        items = self._items()
        for number, item in enumerate(items, 1):
            if item.event is not None:
                where = "told" if not item.event.line else lines_of(item.event, evidence.files)
                self.talk.say(f"  {number:>3}  {safe(title(item.event))}  ({safe(where)}, {item.event.role})")
            elif item.finding is not None:
                self.talk.say(f"  {number:>3}  {item.finding.weight:+d} {item.cause}: {safe(item.finding.says)}")
        none = "There is no evidence yet; load FILE reads some."
        self.talk.say("explain N shows one with its lines." if items else none)

    def explain(self, rest: str) -> None:
        items = self._items()
        if not rest.isdigit() or not 1 <= int(rest) <= len(items):
            self.talk.say(f"explain needs a number from 1 to {len(items)}; evidence lists them" if items else
                          "There is no evidence yet.")  # fmt: skip
            return
        item = items[int(rest) - 1]
        if item.event is not None:
            self._event(item.event)
            return
        assert item.finding is not None
        finding = item.finding
        self.talk.say(f"  {finding.weight:+d} for {item.cause}: {safe(finding.says)}")
        self._lines(iter([f"  {safe(finding.why)}"]))
        for name in finding.facts[:5]:
            known = self._diagnosis.evidence.facts.get(name)
            if known is not None:
                self.talk.say(f"  {name} = {shown(known.value)[:200]} ({safe(known.origin)})")
        for index in finding.events[:3]:
            self._event(self._diagnosis.evidence.events[index])

    def _event(self, event: Event) -> None:
        self.talk.say(f"  {safe(title(event))}: {event.kind}, {event.severity}, {event.role}")
        if not event.line:
            self.talk.say("  told by you")
            return
        self.talk.say(f"  {safe(lines_of(event, self._diagnosis.evidence.files))}")
        lines = self.talk.files.log_lines(event)
        for number, line in lines[:LOG_LINES] or [(event.line, event.text)]:
            self.talk.say(f"  {number:>7}  {safe(line)[:200]}")
        if len(lines) > LOG_LINES:
            self.talk.say(f"           and {len(lines) - LOG_LINES} more lines")

    def facts(self, _: str) -> None:
        for name, known in sorted(self._diagnosis.evidence.facts.items()):
            value = ", ".join(known.value) if isinstance(known.value, tuple) else known.value
            self.talk.say(f"  {name} = {safe(value)[:100]}  ({safe(known.origin)})")

    def timeline(self, _: str) -> None:
        events = [e for e in self.talk.session.evidence.events if e.role != "context" or e.severity == "end"]
        for event in events[:30]:
            time = "" if event.time is None else f"[{event.time:12.6f}] "
            where = "told" if event.line == 0 else f"line {event.line}"
            self.talk.say(f"  {where:<10} {time}{safe(title(event))}  ({event.role})")
        if not events:
            self.talk.say("No failure stands in the evidence.")

    def ending(self) -> None:
        """What belongs to the last verdict: what was ruled out, and who should get which lines."""
        base, diagnosis = self.talk.session.work.base, self._diagnosis
        out = ruled_out(base, diagnosis, 4)
        if out:
            self.talk.say("")
            self.talk.say(self.talk.style.bold("Ruled out"))
            for entry in out:
                self._lines(iter([f"  {entry.cause}: {safe('; '.join(entry.reasons[:2]))}"]))
        parties = handover(base, diagnosis)
        if parties:
            self.talk.say("")
            self.talk.say(self.talk.style.bold("Who gets what") + "   (report FILE writes it all down)")
            for party in parties:
                places = [lines_of(event, diagnosis.evidence.files) for event in party.events[:3]]
                more = f" and {len(party.events) - 3} more events" if len(party.events) > 3 else ""
                what = ", ".join([*places, *party.facts[:3]]) + more
                self._lines(iter([f"  {safe(party.who)}: {safe(what)}. {safe(party.why)}" if what else
                                  f"  {safe(party.who)}: {safe(party.why)}"]))  # fmt: skip

    def _lines(self, lines: Iterator[str]) -> None:
        for line in lines:
            indent = len(line) - len(line.lstrip()) + (5 if line.lstrip()[:1] in "+-" else 0)
            first = line[: len(line) - len(line.lstrip())]
            for number, part in enumerate(wrap(line.strip(), max(min(self.talk.width(), 110) - indent, 30))):
                self.talk.say((first if number == 0 else " " * indent) + part)


def _findings(diagnosis: Diagnosis) -> dict[tuple[str, str], Finding]:
    return {(h.cause, f.id): f for h in diagnosis.ranking.hypotheses for f in h.findings}
