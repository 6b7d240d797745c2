"""What a person can be asked about a kernel message that was seen but not recorded.

Each attribute with an `ask` (kb/vocabulary/attributes.yaml) is a fact of the group `message`, told of the root event,
with a probe of its own.  The fact `seen.others` lists the kinds of events that were there besides the root event, and,
after a dash, those that were not; its probe offers the kinds that would tell most.  Nobody writes these facts and
probes down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kb.model import All, AnyOf, Condition, EventIs, EventKind, Knowledge, Not, Place, Probe, Test, Vocabulary

MESSAGE = "message"
SEEN = "seen"
OTHERS = "seen.others"


def facts(vocabulary: Vocabulary) -> dict[str, dict[str, object]]:
    """Group -> name -> type of the facts that answers about messages teach."""
    types = {
        name: "list" if entry.get("type") == "tags" else entry.get("type", "text")
        for name, entry in vocabulary.attributes.items()
        if entry.get("ask")
    }
    return {MESSAGE: types, SEEN: {"others": "list"}} if types else {}


def probes(vocabulary: Vocabulary) -> Iterator[Probe]:
    """The questions for these facts."""
    asks = {name: str(entry["ask"]) for name, entry in vocabulary.attributes.items() if entry.get("ask")}
    for name, ask in asks.items():
        yield _probe(f"{MESSAGE}-{name}", ask, f"{MESSAGE}.{name}")
    if asks:
        yield _probe(SEEN, "Which of these were there too, before or after it?", OTHERS)


def kinds(events: Mapping[str, EventKind]) -> dict[str, list[str]]:
    """Event kind -> what it is, and a line that shows it, for people who are asked for it."""
    out: dict[str, list[str]] = {}
    for kind, event in events.items():
        title = " ".join(word for word in event.title.split() if "{" not in word)
        out[kind] = [title, event.examples[0].text[:100] if event.examples else ""]
    return out


def tells(vocabulary: Vocabulary) -> dict[str, list[str]]:
    """Fact of the group `message` -> the attributes that follow from its answer."""
    out: dict[str, list[str]] = {}
    for name, entry in vocabulary.attributes.items():
        if entry.get("ask"):
            named = entry.get("tells")
            out[f"{MESSAGE}.{name}"] = [str(one) for one in named] if isinstance(named, list) else [name]
    return out


def words(knowledge: Knowledge) -> dict[str, dict[str, list[str]]]:
    """Fact of the group `message` -> event kind -> words that are offered as its answer (`words` in the vocabulary)."""
    out: dict[str, dict[str, list[str]]] = {}
    for name, entry in knowledge.vocabulary.attributes.items():
        if not (entry.get("ask") and entry.get("words")):
            continue
        found: dict[str, set[str]] = {}
        for kind in knowledge.events.values():
            values = {str(p.set[name]) for p in kind.patterns if name in p.set}
            found.setdefault(kind.kind, set()).update(values, kind.becomes.get(name, ()), kind.also.get(name, ()))
        for cause in knowledge.causes.values():
            for item in cause.evidence:
                for kinds, test in tests(item.when):
                    if test.attribute == name and test.op in ("is", "in", "not", "not-in"):
                        values = {str(one) for one in (test.value if isinstance(test.value, tuple) else (test.value,))}
                        for one in kinds if len(kinds) == 1 else ():
                            found.setdefault(one, set()).update(values)
        out[f"{MESSAGE}.{name}"] = {kind: sorted(values) for kind, values in found.items() if len(values) > 1}
    return out


def tests(condition: Condition) -> Iterator[tuple[tuple[str, ...], Test]]:
    """(event kinds, test) of every attribute test in the condition."""
    if isinstance(condition, EventIs):
        for test in condition.tests:
            yield condition.kinds, test
    elif isinstance(condition, (All, AnyOf)):
        for part in condition.parts:
            yield from tests(part)
    elif isinstance(condition, Not):
        yield from tests(condition.part)


def _probe(name: str, ask: str, learns: str) -> Probe:
    return Probe(name, ask, learns, "message", (), {}, None, "", "", "console", 1, "none", Place("kb/vocabulary"))
