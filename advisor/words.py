"""Plain words, in English or Chinese, -> what was seen: symptoms, events, causes; CPUs and functions that they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from facts.records import Scalar
from kb.model import Knowledge
from kb.search import best, words

MAX_TEXT = 2000
OFFERED = 6
CLEAR = 1.3  # the best match is taken at once when it is so much better than the next ...
ENOUGH = 2  # ... and at least so many words speak for it
FLOOR = 0.45  # matches below this share of the best one are not shown
_CPU = re.compile(r"(?i)cpus?[ #:]{0,3}(\d{1,4})")
_FUNCTION = re.compile(r"(?<![\w./])([a-z_][a-z0-9_]{2,60})(?:\+0x[0-9a-f]{1,8}(?:/0x[0-9a-f]{1,8})?|\(\))")
_UNDERSCORED = re.compile(r"(?<![\w./-])([a-z][a-z0-9]{0,30}(?:_[a-z0-9]{1,30}){1,8})(?![\w./-])")
_MODULE = re.compile(r"\[([a-z][a-z0-9_]{1,40})\]")
_RANK = {"symptom": 1.5, "event": 1.0, "cause": 0.6}  # what was seen counts more than what may be behind it
_FILLERS = """
it is my we our cpu cpus machine machines server box host system computer linux kernel log logs console shows showed
show says said see seen saw message messages error errors on in at of to an by after before when then again there some
机器 系统 服务 务器 内核 日志 控制 制台 显示 出现
"""
_FILLER = frozenset(_FILLERS.split())


class Match(NamedTuple):
    kind: str  # symptom, event, cause
    id: str
    says: str
    score: float
    found: tuple[str, ...]  # words that speak for it


def find(knowledge: Knowledge, text: str, limit: int = OFFERED) -> list[Match]:
    """What the words may mean, best first."""
    wanted = [word for word in words(text[:MAX_TEXT]) if word not in _FILLER and not word.isdigit()]
    documents = list(_documents(knowledge))
    found = [
        Match(kind, name, says, score * _RANK[kind], tuple(hits))
        for (kind, name, says), score, hits in best(documents, wanted)
    ]
    found.sort(key=lambda match: (-match.score, match.kind != "symptom", match.id))
    return [match for match in found if match.score >= FLOOR * found[0].score][:limit]


def clear(matches: list[Match]) -> Match | None:
    """The first match where it is the one meant: far ahead, and not for one word alone."""
    first = matches[0] if matches else None
    if first is None or first.kind == "cause" or len(first.found) < ENOUGH:
        return None
    return first if len(matches) < 2 or first.score >= CLEAR * matches[1].score else None


def attributes(text: str, functions: bool = True) -> dict[str, Scalar]:
    """CPU number, function and module that the words name."""
    text = text[:MAX_TEXT]
    out: dict[str, Scalar] = {}
    cpu = _CPU.search(text)
    if cpu:
        out["cpu"] = int(cpu[1])
    function = _FUNCTION.search(text) or _UNDERSCORED.search(text)
    if function and functions:
        out["function"] = function[1]
    module = _MODULE.search(text)
    if module:
        out["module"] = module[1]
    return out


def _documents(knowledge: Knowledge) -> Iterator[tuple[tuple[str, str, str], list[tuple[int, str]]]]:
    """Everything that words can mean, with weighted texts.  Events that a symptom stands for are found through it."""
    told: set[str] = set()
    for name, symptom in knowledge.vocabulary.symptoms.items():
        says, event = str(symptom["says"]), str(symptom.get("event") or "")
        aliases = symptom.get("words")
        texts = [(8, says)] + [(8, str(alias)) for alias in (aliases if isinstance(aliases, list) else [])]
        kind = knowledge.events.get(event)
        if kind is not None and event not in told and event != "truncated-log":
            texts += [(6, kind.title), (3, event.replace("-", " "))]
            texts += [(2, example.text) for example in kind.examples]
        told.add(event)
        yield ("symptom", name, says), texts
    for kind in knowledge.events.values():
        if kind.kind in told or kind.severity not in ("failure", "problem"):
            continue
        about = knowledge.vocabulary.events.get(kind.kind, kind.title)
        texts = [(8, kind.kind.replace("-", " ")), (8, kind.title), (5, about)]
        yield ("event", kind.kind, about[:1].upper() + about[1:]), texts + [(3, e.text) for e in kind.examples]
    for cause in knowledge.causes.values():
        texts = [(8, cause.title), (8, " ".join(cause.aliases)), (4, cause.id.replace("-", " "))]
        yield ("cause", cause.id, cause.title), texts
