"""The linter: what the loader cannot see in one file.  Each check is a function from Knowledge to problems.

The checks that need the reader or the advisor (examples of events as whole lines, incidents) are in advisor/trial.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from kb.compile import Leaves, TooLarge
from kb.defects import check_defects
from kb.fields import suggestion
from kb.model import All, AnyOf, Cause, Condition, CountIs, EventIs, EventKind, FactIs, Knowledge, Not, Place, Problem

DERIVED = ("taint", "truncated-log", "vmalloc-fault")  # event kinds that have no lines of their own
REPORTS = (
    "none", "trace", "oops", "kasan", "slab", "oom", "rcu-stall", "hung-task", "lockup", "page-dump", "mce",
    "workqueue", "lockdep", "atomic-sleep", "ghes", "aer", "ubsan",
)  # fmt: skip
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_EMPHASIS = re.compile(r"(?<![*\w])\*([a-z0-9]+(?:-[a-z0-9]+)+)\*(?![*\w])")


def check(knowledge: Knowledge) -> list[Problem]:
    """All problems: those met when loading, then those of the whole collection, in order of files."""
    found = list(knowledge.problems)
    for one in CHECKS:
        found += one(knowledge)
    return sorted(set(found), key=lambda p: (p.place, p.field, p.message))


def vocabulary(knowledge: Knowledge) -> Iterator[Problem]:
    """Facets and parents name causes."""
    words = knowledge.vocabulary
    place = Place("kb/vocabulary/causes.yaml")
    parties = {name for party, names in words.parties.items() for name in names if party != "hardware-events"}
    for field, names in (
        ("facets", words.facets), ("parents", words.parents), ("parents", words.parents.values()), ("parties", parties),
    ):  # fmt: skip
        for name in names:
            if name not in words.families:
                yield Problem(place, field, f"{name} is no cause{suggestion(name, words.families)}")
    for kind in words.events:
        if kind not in knowledge.events:
            yield Problem(Place("kb/vocabulary/events.yaml"), kind, "no file under kb/events defines this event kind")
    for name in words.families:
        if name not in knowledge.causes:
            yield Problem(Place("kb/vocabulary/causes.yaml"), name, "no file under kb/causes describes this cause")


def events(knowledge: Knowledge) -> Iterator[Problem]:
    """Patterns are linear, contain their literal, and do what their examples say."""
    made = {
        target
        for kind in knowledge.events.values()
        for kinds in (*kind.becomes.values(), *kind.also.values())
        for target in kinds.values()
    }
    for kind in knowledge.events.values():
        if kind.report not in REPORTS:
            yield Problem(kind.place, "report", f"{kind.report!r} is not one of {', '.join(REPORTS)}")
        if not kind.patterns and kind.kind not in DERIVED and kind.kind not in made:
            yield Problem(
                kind.place, "patterns", "has no pattern and is not derived by the reader; it can never be found"
            )
        yield from _patterns(knowledge, kind)


def _patterns(knowledge: Knowledge, kind: EventKind) -> Iterator[Problem]:
    regexes = []
    for pattern in kind.patterns:
        if len(pattern.literal) < 4:
            yield Problem(pattern.place, "literal", "needs at least 4 characters, or the fast search is slow")
        regex = re.compile(pattern.regex)
        if slow(pattern.regex):
            yield Problem(pattern.place, "regex", "a repeat inside a repeat can take exponential time; rewrite it")
        if unanchored(pattern.regex):
            yield Problem(
                pattern.place,
                "regex",
                "begins with an endless repeat, which takes quadratic time; put (?<!...) with the same class before it",
            )
        for group in regex.groupindex:
            if group.replace("_", "-") not in knowledge.vocabulary.attributes:
                yield Problem(
                    pattern.place, "regex", f"group {group}: no such attribute (kb/vocabulary/attributes.yaml)"
                )
        regexes.append((pattern, regex))
    nots = [re.compile(expression) for expression in kind.looks_like]

    def found(text: str) -> list[dict[str, str]]:
        if any(no.search(text) for no in nots):
            return []
        matches = ((p, r.search(text)) for p, r in regexes if p.literal in text)
        return [
            {
                **{k.replace("_", "-"): v for k, v in m.groupdict().items() if v is not None},
                **{k: str(v) for k, v in p.set.items()},
            }
            for p, m in matches
            if m
        ]

    used: set[int] = set()
    for example in kind.examples:
        hits = found(example.text)
        if not hits:
            yield Problem(example.place, "examples", f"no pattern of {kind.kind} matches {example.text[:60]!r}")
            continue
        used.update(i for i, (p, r) in enumerate(regexes) if p.literal in example.text and r.search(example.text))
        for name, value in example.attributes.items():
            if not any(str(hit.get(name, "")).lower() == str(value).lower() for hit in hits[:1]):
                yield Problem(example.place, f"examples.{name}", f"is {hits[0].get(name)!r}, not {value!r}")
    for text in kind.counterexamples:
        if found(text):
            yield Problem(kind.place, "counterexamples", f"a pattern of {kind.kind} matches {text[:60]!r}")
    for index, (pattern, _) in enumerate(regexes):
        if index not in used:
            yield Problem(pattern.place, "examples", f"no example of {kind.kind} shows this spelling")


def slow(expression: str) -> bool:
    """Whether an unbounded repeat contains another unbounded repeat."""
    try:
        from re import _constants as constants  # type: ignore[attr-defined]
        from re import _parser as sre  # type: ignore[attr-defined]
    except ImportError:
        return False

    def walk(items: object, inside: bool) -> bool:
        for op, argument in items:  # type: ignore[attr-defined]
            if op in (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT):
                _, high, body = argument
                endless = high == constants.MAXREPEAT
                if endless and inside:
                    return True
                if walk(body, inside or endless):
                    return True
            elif op is constants.BRANCH:
                if any(walk(branch, inside) for branch in argument[1]):
                    return True
            elif op in (constants.SUBPATTERN, constants.ASSERT, constants.ASSERT_NOT):
                if walk(argument[-1], inside):
                    return True
            elif op is constants.ATOMIC_GROUP:
                if walk(argument, inside):
                    return True
            elif op is constants.GROUPREF_EXISTS:
                if any(walk(branch, inside) for branch in argument[1:] if branch is not None):
                    return True
        return False

    try:
        return walk(sre.parse(expression), False)
    except re.error:
        return False


def unanchored(expression: str) -> bool:
    """Whether the search can begin with an unbounded repeat at each position of a line: quadratic time."""
    try:
        from re import _constants as constants  # type: ignore[attr-defined]
        from re import _parser as sre  # type: ignore[attr-defined]
    except ImportError:
        return False

    def begins(items: object) -> bool:
        for op, argument in items:  # type: ignore[attr-defined]
            if op in (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT):
                low, high, body = argument
                single = len(body) == 1 and body[0][0] in (constants.IN, constants.ANY, constants.NOT_LITERAL)
                if (high == constants.MAXREPEAT and single) or begins(body):
                    return True
                if low:
                    return False
            elif op is constants.SUBPATTERN:
                if begins(argument[-1]):
                    return True
                if argument[-1].getwidth()[0]:
                    return False
            elif op is constants.BRANCH:
                return any(begins(branch) for branch in argument[1])
            else:
                return False  # a character, an anchor or a look behind
        return False

    try:
        return begins(sre.parse(expression))
    except re.error:
        return False


def causes(knowledge: Knowledge) -> Iterator[Problem]:
    """Causes refer to what exists, can be reached, and can be told from nothing."""
    words = knowledge.vocabulary
    for cause in knowledge.causes.values():
        for kind in cause.explains:
            if kind != "any" and kind not in words.events:
                yield Problem(cause.place, "explains", f"{kind!r} is no event kind{suggestion(kind, words.events)}")
        for probe in cause.verify:
            if probe not in knowledge.probes:
                yield Problem(cause.place, "verify", f"{probe!r} is no probe{suggestion(probe, knowledge.probes)}")
        if not any(item.weight > 0 for item in cause.evidence):
            yield Problem(cause.place, "evidence", "nothing speaks for this cause; it can never be reached")
        if cause.facet == "mechanism" and not cause.explains and not _on_facts(cause):
            yield Problem(
                cause.place, "explains", "explains no event and no fact speaks for it; it can never be reached"
            )
        yield from _evidence(knowledge, cause)
        yield from _commands(cause)
        for heading, text in cause.sections.items():
            for match in _EMPHASIS.finditer(text):
                if match[1] not in words.families:
                    hint = suggestion(match[1], words.families)
                    yield Problem(cause.place, heading, f"*{match[1]}* is no cause{hint}")


def _commands(cause: Cause) -> Iterator[Problem]:
    """Commands can be shown as they stand, and each list of them can be reached."""
    for number, item in enumerate(cause.commands, 1):
        if item.when is None and number < len(cause.commands):
            yield Problem(item.place, "commands", "has no `when` and is not the last; those after it are never shown")
        for line in item.run:
            if not line.isprintable() or not line.strip():
                yield Problem(item.place, "commands.run", f"{line[:60]!r}: one command in one line belongs here")


def _on_facts(cause: Cause) -> bool:
    return any(item.weight > 0 and any(isinstance(c, FactIs) for c in parts(item.when)) for item in cause.evidence)


def parts(condition: Condition) -> Iterator[Condition]:
    """The condition and all conditions inside it."""
    yield condition
    if isinstance(condition, (All, AnyOf)):
        for part in condition.parts:
            yield from parts(part)
    elif isinstance(condition, Not):
        yield from parts(condition.part)


def _evidence(knowledge: Knowledge, cause: Cause) -> Iterator[Problem]:
    words = knowledge.vocabulary
    seen: dict[str, str] = {}
    for item in cause.evidence:
        field = f"evidence.{item.id}"
        leaves = Leaves()
        try:
            clauses = leaves.clauses(item.when)
        except TooLarge as error:
            yield Problem(item.place, field, str(error))
            continue
        key = repr((clauses, leaves.table))
        if key in seen:
            yield Problem(item.place, field, f"has the same condition as {seen[key]}")
        seen[key] = item.id
        if any(not any(set(c) >= {x, ~x} for x in c) for c in clauses) is False:
            yield Problem(item.place, field, "contradicts itself; it can never fire")
        for part in parts(item.when):
            if isinstance(part, (EventIs, CountIs)):
                yield from _never(knowledge, item.place, field, part)
        for name in _PLACEHOLDER.findall(item.says):
            known = name in ("count", "value", "kind") or name in words.attributes
            if not known and name.partition(".")[0] not in words.facts:
                yield Problem(item.place, f"{field}.says", f"{{{name}}} is no attribute or fact")


def _never(knowledge: Knowledge, place: Place, field: str, part: EventIs | CountIs) -> Iterator[Problem]:
    """Tests of attributes that none of the kinds can have."""
    if not isinstance(part, EventIs) or not part.kinds:
        return
    for test in part.tests:
        of = knowledge.vocabulary.attributes.get(test.attribute, {}).get("of")
        if isinstance(of, list) and not set(of).intersection(part.kinds):
            kinds = ", ".join(part.kinds)
            yield Problem(place, field, f"{test.attribute} is never set for {kinds}; this can never fire")


def probes(knowledge: Knowledge) -> Iterator[Problem]:
    """Probes learn facts that exist and say what their answers mean."""
    facts = {f"{group}.{name}" for group, names in knowledge.vocabulary.facts.items() for name in names}
    for probe in knowledge.probes.values():
        if probe.learns and probe.learns not in facts and not probe.learns.startswith("kernel.cmdline."):
            yield Problem(probe.place, "learns", f"{probe.learns!r} is no fact{suggestion(probe.learns, facts)}")
        if probe.kind == "command" and not probe.command:
            yield Problem(probe.place, "command", "a probe of kind command needs the command")
        if not 1 <= probe.cost <= 10000:
            yield Problem(probe.place, "cost", "minutes of work, 1 or more")
        for field, text in (("confirms", probe.confirms), ("refutes", probe.refutes)):
            if (
                probe.kind != "message"
                and not text
                and not probe.learns.startswith(("incident.", "kernel.", "hardware.", "virtualization."))
            ):
                yield Problem(probe.place, field, "say what such an answer looks like")
        yield from _parse(probe.place, probe.parse)


def _parse(place: Place, spec: dict[str, object]) -> Iterator[Problem]:
    for key in spec:
        if key not in ("regex", "take", "map", "default"):
            yield Problem(place, f"parse.{key}", "unknown key; use regex, take, map, default")
    regex = spec.get("regex")
    if regex is not None and slow(str(regex)):
        yield Problem(place, "parse.regex", "a repeat inside a repeat can take exponential time; rewrite it")
    if spec.get("take", "first") not in ("first", "last", "sum", "max", "count", "lines", "each"):
        yield Problem(place, "parse.take", "one of first, last, sum, max, count, lines, each")


def incidents(knowledge: Knowledge) -> Iterator[Problem]:
    """Incidents name causes; every cause has one that ends in it and one near miss."""
    words = knowledge.vocabulary
    ends: set[str] = set()
    misses: set[str] = set()
    for incident in knowledge.incidents.values():
        for field, names in (("causes", incident.causes), ("not", incident.not_causes)):
            for name in names:
                if name not in words.families:
                    yield Problem(incident.place, field, f"{name!r} is no cause{suggestion(name, words.families)}")
        for name in set(incident.causes).intersection(incident.not_causes):
            yield Problem(incident.place, "not", f"{name} is accepted and refused at once")
        if incident.root and incident.root not in words.events:
            yield Problem(incident.place, "root", f"{incident.root!r} is no event kind")
        if not incident.log and not incident.facts:
            yield Problem(incident.place, "log", "an incident needs a log or facts")
        if incident.held_back:
            continue  # they measure; what every cause needs are incidents that gate
        ends.update(incident.causes)
        misses.update(incident.not_causes)
    for cause in knowledge.causes.values():
        if cause.id not in ends:
            yield Problem(cause.place, "", "no incident under kb/incidents ends in this cause")
        if cause.id not in misses:
            yield Problem(cause.place, "", "no incident is a near miss of this cause (`not:`)")


def tables(knowledge: Knowledge) -> Iterator[Problem]:
    """Tables of kb/annotations whose keys are words of the vocabulary use words that exist."""
    words = knowledge.vocabulary
    classes = words.attributes.get("address-class", {}).get("type")
    known: dict[str, Iterable[object]] = {
        "event": words.events,
        "skipped": [*words.tags, *words.generic],
        "entered-by": words.tags,
        "address-class": classes if isinstance(classes, list) else (),
    }
    for table in knowledge.tables.values():
        if not table.entries:
            yield Problem(table.place, table.name, "has no entries")
        wanted = [str(word) for word in known.get(table.name, ())]
        for key in table.entries if wanted else ():
            if key not in wanted:
                yield Problem(table.place, f"{table.name}.{key}", f"{key!r} is not known{suggestion(key, wanted)}")


CHECKS: tuple[Callable[[Knowledge], Iterator[Problem]], ...] = (
    vocabulary, events, causes, probes, incidents, tables, check_defects,
)  # fmt: skip
