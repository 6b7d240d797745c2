"""What the findings are worth: log-odds per cause, the open hypothesis, facets, and the status of the whole.

Scores are in decibans (10 = ten times likelier).  The method and its reasons: docs/how-it-concludes.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import log10
from typing import Any, NamedTuple

from advisor.engine import Firing, Memory, Rule
from advisor.usual import known_cases, usual
from kb.cache import Base

SHOWN = 0.05  # causes below this probability are left out
LIKELY = 0.65
DIAGNOSED = 0.9
OPEN = 10.0**-0.3  # odds of "something else": -3 decibans, as measured (docs/decisions/calibration.md)
MILD = ("notice", "context")  # severities of events for which whose code it is can be the whole answer
AHEAD = 2.0  # a diagnosis is at least this many times likelier than the next mechanism
HALF = 0.5  # a cause for which nothing speaks is at most so probable
SPECIAL = 0.9  # share of a family that goes to its special cases where evidence of their own shows ...
SHOWS = 5  # ... that is, findings worth so many decibans


USUAL = "nothing shown here speaks for it; in {cases} of {of} known cases of this kind it was the cause"
WHY_USUAL = "Where the log and the facts tell no more, how often a cause is behind such an event is all there is."

UNNAMED = {  # in findings, of attributes that the log does not give
    "function": "a function without a name here",
    "pc-function": "a function without a name here",
    "module": "an unnamed module",
    "device": "an unnamed device",
    "comm": "an unnamed task",
}
UNKNOWN = "not shown"  # of all others


class Finding(NamedTuple):
    """Evidence that fired."""

    id: str
    weight: int  # decibans
    says: str
    why: str
    events: tuple[int, ...]
    facts: tuple[str, ...]
    counted: bool  # False where stronger evidence of the same aspect counts instead


class Hypothesis(NamedTuple):
    cause: str
    facet: str
    score: int  # decibans: prior and findings
    probability: float
    findings: tuple[Finding, ...]
    explains: bool  # explains the root event


class Ranking(NamedTuple):
    hypotheses: tuple[Hypothesis, ...]  # mechanisms by probability, then the other facets
    open: float  # probability of "something else"
    status: str  # diagnosed, likely, undetermined, no-failure

    def mechanisms(self) -> list[Hypothesis]:
        return [h for h in self.hypotheses if h.facet == "mechanism"]


def rules(base: Base, causes: Iterable[str] | None = None) -> tuple[list[Rule], list[tuple[str, int]]]:
    """The evidence of the causes (default: all) as rules, and for each rule its (cause, position)."""
    out: list[Rule] = []
    origin: list[tuple[str, int]] = []
    for name in base.causes if causes is None else causes:
        for position, evidence in enumerate(base.causes[name]["evidence"]):
            out.append(Rule(f"{name}/{evidence['id']}", evidence["clauses"]))
            origin.append((name, position))
    return out, origin


def focus_kinds(memory: Memory) -> set[str]:
    """Kinds of the root event, and of the failure that a mere problem led to."""
    return {str(event["kind"]) for event in memory.events if event["root"]}


def rank(
    base: Base, memory: Memory, origin: Sequence[tuple[str, int]], firings: Iterable[Firing], texts: bool = True
) -> Ranking:
    """Rank the causes by what fired."""
    fired: dict[str, list[tuple[int, Firing]]] = {}
    for firing in firings:
        owner, position = origin[firing.rule]
        fired.setdefault(owner, []).append((position, firing))
    focus = focus_kinds(memory)
    competing: list[Hypothesis] = []
    against: dict[str, tuple[Finding, ...]] = {}
    beside: list[Hypothesis] = []
    for name, hits in fired.items():
        cause = base.causes[name]
        findings = _findings(cause, hits, memory, texts)
        if not any(finding.weight > 0 for finding in findings):
            against[name] = findings
            continue
        score = cause["prior"] + worth(findings)
        explains = not focus or cause["explains"] == ["any"] or bool(focus.intersection(cause["explains"]))
        if cause["facet"] != "mechanism":
            odds = 10.0 ** (min(score, 300) / 10)
            beside.append(Hypothesis(name, cause["facet"], score, odds / (1 + odds), findings, explains))
        elif explains:
            competing.append(Hypothesis(name, "mechanism", score, 0.0, findings, True))
    mechanisms, open_share = _compete(base, competing)
    beside.sort(key=lambda h: -h.probability)
    mild = bool(focus) and all(base.events.get(kind, {}).get("severity") in MILD for kind in focus)
    status = _status(mechanisms, beside, focus, mild)
    root = next((event for event in memory.events if event["root"]), None)
    if root is not None:
        added = _usual(base, root, mechanisms, against, open_share)
        mechanisms += added
        open_share -= sum(h.probability for h in added)
    mechanisms.sort(key=_order(known_cases(base, str(root["kind"]))[1] if root is not None else {}))
    return Ranking(tuple(mechanisms + beside), open_share, status)


def _order(often: dict[str, int]) -> Callable[[Hypothesis], tuple[float, int, int, int, int, str]]:
    """By probability; equals by what the evidence gives, what speaks against, and how often known cases had them."""

    def key(one: Hypothesis) -> tuple[float, int, int, int, int, str]:
        against = sum(finding.weight < 0 for finding in one.findings)
        return -one.probability, -one.score, -worth(one.findings), against, -often.get(one.cause, 0), one.cause

    return key


def worth(findings: Iterable[Finding]) -> int:
    """What findings are worth together, in decibans, without the prior."""
    return sum(finding.weight for finding in findings if finding.counted)


def _usual(
    base: Base,
    root: dict[str, Any],
    mechanisms: list[Hypothesis],
    against: dict[str, tuple[Finding, ...]],
    open_share: float,
) -> list[Hypothesis]:
    """What "something else" mostly is, by the kind of the root event; never ahead of what evidence puts first."""
    first = mechanisms[0].probability if mechanisms else HALF
    out = []
    for one in usual(base, root, {h.cause for h in mechanisms}, {name: worth(said) for name, said in against.items()}):
        probability = min(first, open_share * one.share)
        if probability < SHOWN:
            break
        says = USUAL.format(cases=one.cases, of=one.of)
        findings = (Finding("usual", 0, says, WHY_USUAL, (), (), True), *against.get(one.cause, ()))
        score = round(10 * log10(OPEN * probability / open_share))
        out.append(Hypothesis(one.cause, "mechanism", score, probability, findings, True))
    return out


def _findings(
    cause: dict[str, Any], hits: list[tuple[int, Firing]], memory: Memory, texts: bool
) -> tuple[Finding, ...]:
    """Findings of one cause, strongest first."""
    strongest: dict[str, int] = {}
    for position, _ in hits:
        evidence = cause["evidence"][position]
        aspect = evidence["aspect"] or evidence["id"]
        if abs(evidence["weight"]) > abs(strongest.get(aspect, 0)):
            strongest[aspect] = evidence["weight"]
    found = []
    for position, firing in sorted(hits, key=lambda hit: (-abs(cause["evidence"][hit[0]]["weight"]), hit[0])):
        evidence = cause["evidence"][position]
        aspect = evidence["aspect"] or evidence["id"]
        counted = strongest.get(aspect) == evidence["weight"]
        if counted:
            strongest.pop(aspect)
        says = fill(evidence["says"], memory, firing) if texts else ""
        found.append(
            Finding(evidence["id"], evidence["weight"], says, evidence["why"], firing.events, firing.facts, counted)
        )
    return tuple(found)


def _compete(base: Base, competing: list[Hypothesis]) -> tuple[list[Hypothesis], float]:
    """Share the probability among mechanisms and "something else"; families of a general cause share once."""
    groups: dict[str, list[Hypothesis]] = {}
    for hypothesis in competing:
        parent = base.causes[hypothesis.cause]["parent"]
        groups.setdefault(parent or hypothesis.cause, []).append(hypothesis)
    masses: dict[str, float] = {}
    for head, members in groups.items():
        odds = {m.cause: 10.0 ** (min(m.score, 300) / 10) for m in members}
        mass = max(odds.values())
        own = sum(odds[m.cause] for m in members if m.cause != head and _shows(base, m))
        other = sum(odds.values()) - own
        for name, weight in odds.items():
            special = name != head and _shows(base, next(m for m in members if m.cause == name))
            if own and other:
                masses[name] = mass * (SPECIAL * weight / own if special else (1 - SPECIAL) * weight / other)
            else:
                masses[name] = mass * weight / (own + other)
    total = OPEN + sum(masses.values())
    ranked = [h._replace(probability=masses[h.cause] / total) for h in competing]
    ranked.sort(key=lambda h: -h.probability)
    return ranked, OPEN / total


def _shows(base: Base, hypothesis: Hypothesis) -> bool:
    """Whether a special case has evidence of its own that is worth something."""
    return hypothesis.score - int(base.causes[hypothesis.cause]["prior"]) >= SHOWS


def _status(mechanisms: list[Hypothesis], beside: list[Hypothesis], focus: set[str], mild: bool) -> str:
    first = mechanisms[0].probability if mechanisms else 0.0
    second = mechanisms[1].probability if len(mechanisms) > 1 else 0.0
    if first >= DIAGNOSED and first >= AHEAD * second:
        return "diagnosed"
    if first >= LIKELY:
        return "likely"
    if not focus and first < LIKELY:
        return "no-failure"
    others = [h.probability for h in beside if h.facet == "risk" or (mild and h.facet == "owner")]
    if first < 0.2 and others and max(others) >= LIKELY:
        return "diagnosed" if max(others) >= DIAGNOSED else "likely"
    return "undetermined"


def fill(template: str, memory: Memory, firing: Firing) -> str:
    """The template with {attribute}, {count} and {value} taken from what fired; what is unknown is told in words."""
    if "{" not in template:
        return template
    words: dict[str, str] = {}
    for index in reversed(firing.events):
        for name, value in memory.events[index].items():
            words[name] = ", ".join(value) if isinstance(value, tuple) else _text(value)
    counts = [memory.events[index]["count"] for index in firing.events]
    if counts:
        words["count"] = str(sum(count for count in counts if isinstance(count, int)))
    for name in reversed(firing.facts):
        fact = memory.facts.get(name)
        text = ", ".join(fact) if isinstance(fact, tuple) else _text(fact)
        words["value"] = words[name] = text
    out: list[str] = []
    rest = template
    while (start := rest.find("{")) >= 0 and (end := rest.find("}", start)) >= 0:
        name = rest[start + 1 : end]
        out += [rest[:start], words.get(name, UNNAMED.get(name, UNKNOWN))]
        rest = rest[end + 1 :]
    return "".join(out) + rest


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
