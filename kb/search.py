"""Search of the knowledge by words: titles and aliases weigh most, then ids and definitions, then texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from math import log
from typing import NamedTuple, TypeVar

from kb.model import Knowledge

_WORD = re.compile(r"[a-z0-9_]{2,}|[\u3400-\u9fff]+")
K = TypeVar("K")
_STOP = frozenset(
    [
        "the",
        "and",
        "with",
        "for",
        "was",
        "not",
        "but",
        "are",
        "its",
        "has",
        "had",
        "from",
        "that",
        "this",
        "then",
        "they",
        "what",
    ]
)


class Hit(NamedTuple):
    kind: str  # cause, event, defect, probe
    id: str
    title: str
    score: float


def words(text: str) -> list[str]:
    """The words of a text; Chinese, which has no spaces, in overlapping pairs of characters."""
    out = []
    for word in _WORD.findall(text.lower()):
        if word[0] < "\u3400":
            out += [word] if word not in _STOP else []
        else:
            out += [word[at : at + 2] for at in range(max(len(word) - 1, 1))]
    return out


def _documents(knowledge: Knowledge) -> Iterator[tuple[str, str, str, list[tuple[int, str]]]]:
    """(kind, id, title, weighted texts) of everything that can be found."""
    for cause in knowledge.causes.values():
        texts = [(8, cause.id), (8, cause.title), (8, " ".join(cause.aliases))]
        texts += [(3, knowledge.vocabulary.definitions.get(cause.id, "")), (2, " ".join(cause.explains))]
        texts += [(1, text) for text in cause.sections.values()]
        yield "cause", cause.id, cause.title, texts
    for event in knowledge.events.values():
        texts = [(8, event.kind), (8, event.title), (2, knowledge.vocabulary.events.get(event.kind, ""))]
        texts += [(3, example.text) for example in event.examples]
        yield "event", event.kind, event.title, texts
    for defect in knowledge.defects.values():
        texts = [(8, defect.id), (8, defect.title), (3, defect.says), (2, defect.mechanism), (2, defect.workaround)]
        texts += [(4, subject) for subject, _ in defect.commits] + [(1, sample.log) for sample in defect.samples[:1]]
        yield "defect", defect.id, defect.title, texts
    for probe in knowledge.probes.values():
        yield (
            "probe",
            probe.id,
            probe.ask,
            [(4, probe.id), (3, probe.ask), (2, " ".join(probe.command)), (2, probe.learns)],
        )


def search(knowledge: Knowledge, query: Sequence[str] | str, limit: int = 10) -> list[Hit]:
    """The best hits for the words, best first; words are also matched as beginnings."""
    wanted = words(query if isinstance(query, str) else " ".join(query))
    documents = [((kind, name, title), texts) for kind, name, title, texts in _documents(knowledge)]
    hits = [Hit(*key, score) for key, score, _ in best(documents, wanted)]
    hits.sort(key=lambda hit: (-hit.score, hit.kind, hit.id))
    return hits[:limit]


def best(
    documents: Iterable[tuple[K, Iterable[tuple[int, str]]]], wanted: Sequence[str]
) -> list[tuple[K, float, list[str]]]:
    """(key, score, words found) of every document, given as weighted texts, that holds a wanted word; best first.

    A word counts the more the fewer documents hold it, and the less the more of it a document has already (as in BM25).
    """
    bags = [(key, _bag(texts)) for key, texts in documents]
    weights = {}
    for word in set(wanted):
        holders = sum(1 for _, bag in bags if _score(bag, word))
        weights[word] = log(1 + len(bags) / holders) if holders else 0.0
    found = []
    for key, bag in bags:
        hits = [word for word in wanted if _score(bag, word)]
        if hits:
            found.append((key, sum(weights[word] * _score(bag, word) for word in wanted), sorted(set(hits))))
    found.sort(key=lambda one: -one[1])
    return found


def _bag(texts: Iterable[tuple[int, str]]) -> dict[str, float]:
    bag: dict[str, float] = {}
    for weight, text in texts:
        for word in set(words(text)):
            bag[word] = bag.get(word, 0) + weight
    return bag


def _score(bag: dict[str, float], word: str) -> float:
    score = bag.get(word, 0.0)
    if not score and len(word) >= 4:
        score = 0.5 * max((value for known, value in bag.items() if known.startswith(word)), default=0.0)
    return score / (score + 4) if score else 0.0
