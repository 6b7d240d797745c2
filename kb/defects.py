"""Defects of the kernel that were found and corrected (kb/defects): reading, compiling and checking them.

A defect becomes evidence of two causes: the owner cause (a newer kernel cures it) and the mechanism that it names.
Its condition is its signature and a test of the upstream release, so that it can never be claimed for a kernel that
has the correction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from kb.conditions import ConditionReader
from kb.fields import Fields, suggestion
from kb.model import (
    WEIGHTS,
    Affects,
    All,
    AnyOf,
    Condition,
    Correction,
    Defect,
    EventIs,
    FactIs,
    Knowledge,
    Problem,
    Reference,
    Sample,
)
from kb.versions import exact, numbers_of
from kb.yamldoc import Node

OWNER = "known-fixed-kernel-bug"  # the cause that a defect speaks for
UPSTREAM, NUMBERING, RELEASE = "kernel.upstream", "kernel.numbering", "kernel.version"
ASPECT = "signature"
PLACE_OF_RELEASE = "{release}"
MAX_SERIES = 60
_DATE = re.compile(r"20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\Z").match
_HASH = re.compile(r"[0-9a-f]{12,40}\Z").match
_SERIES = re.compile(r"\d{1,3}\.\d{1,3}\Z|2\.6\.\d{1,2}\Z").match


# reading
def read_defect(fields: Fields, conditions: ConditionReader) -> Defect:
    """The defect of one file."""
    name = fields.text("id", required=True)
    file = fields.path.replace("\\", "/").rpartition("/")[2]
    if name and file != f"{name}.yaml":
        fields.problem(fields.node("id"), "id", f"the file of {name} must be called {name}.yaml")
    dated = fields.text("dated", required=True)
    if dated and not _DATE(dated):
        fields.problem(fields.node("dated"), "dated", f"{dated!r} is no date; write 2026-01-31")
    commits = []
    for node in fields.items("commits", required=True):
        inner = Fields(node, fields.path, fields.problems, "commits")
        subject, short = inner.text("subject", required=True), inner.text("hash")
        if short and not _HASH(short):
            inner.problem(inner.node("hash"), "hash", "12 to 40 hexadecimal digits of the mainline commit belong here")
        commits.append((subject, short))
        inner.done()
    if not commits and "commits" in fields:
        fields.problem(fields.node("commits"), "commits", "name at least one commit")
    defect = Defect(
        name,
        fields.text("title", required=True),
        dated,
        conditions.read(fields.node("when", True), fields.path, fields.problems),
        WEIGHTS[fields.text("weight", "strong", one_of=("moderate", "strong", "decisive"))],
        fields.text("mechanism"),
        _affects(fields),
        fields.text("says", required=True),
        fields.text("workaround"),
        tuple(commits),
        tuple(_sources(fields)),
        tuple(_samples(fields)),
        fields.place,
    )
    fields.done()
    return defect


def _affects(fields: Fields) -> Affects:
    node = fields.node("affects", required=True)
    if node is None:
        return Affects((), (), (), False, ())
    inner = Fields(node, fields.path, fields.problems, "affects")
    first, mainline = _mainline(inner, "from"), _mainline(inner, "fixed")
    listed = []
    series = inner.node("series")
    if series is not None and not isinstance(series.value, dict):
        inner.problem(series, "series", 'a mapping ("5.15": 5.15.11) belongs here')
    for name, item in series.value.items() if series is not None and isinstance(series.value, dict) else ():
        one = _correction(inner, name, item)
        if one is not None:
            listed.append(one)
    if len(listed) > MAX_SERIES:
        inner.problem(series, "series", f"more than {MAX_SERIES} series")
    if not mainline and not listed:
        inner.problem(None, "", "needs fixed: or series:, else no release is known to be corrected")
    others = inner.text("others", "unknown", one_of=("unknown", "unfixed"))
    builds = []
    for item in inner.items("builds"):
        build = Fields(item, fields.path, fields.problems, "affects.builds")
        part, fixed = build.text("release-part", required=True), build.text("fixed", required=True)
        if len(numbers_of(fixed)) < 3:
            build.problem(build.node("fixed"), "fixed", "a build belongs here: 2.6.32-220.4.2")
        elif part:
            builds.append((part, fixed))
        build.done()
    inner.done()
    return Affects(first, mainline, tuple(listed), others == "unfixed", tuple(builds))


def _mainline(fields: Fields, key: str) -> tuple[int, ...]:
    text = fields.text(key)
    if text and not _SERIES(text):
        fields.problem(fields.node(key), key, f'{text!r} is no mainline release; write "5.16" or 2.6.39')
        return ()
    found = exact(text) if text else None
    return found[0] if found else ()


def _correction(fields: Fields, name: str, node: Node) -> Correction | None:
    """One entry of `series`: "5.15": 5.15.11, or {from: 5.15.5, fixed: 5.15.11}, or {fixed: never}."""
    field = f"series.{name}"
    if not _SERIES(name):
        fields.problem(node, field, 'a series belongs here: "5.15"')
        return None
    whole = exact(name)
    assert whole is not None
    texts = {"from": "", "fixed": node.text}
    if isinstance(node.value, dict):
        inner = Fields(node, fields.path, fields.problems, f"affects.{field}")
        texts = {"from": inner.text("from"), "fixed": inner.text("fixed", required=True)}
        inner.done()
    patches = {}
    for key, text in texts.items():
        found = exact(text)
        if key == "from" and not text:
            patches[key] = 0
        elif key == "fixed" and text == "never":
            patches[key] = -1
        elif found is None or found[0] != whole[0]:
            fields.problem(node, field, f"{text!r} is no release of {name}")
            return None
        else:
            patches[key] = found[1]
    if 0 <= patches["fixed"] <= patches["from"]:
        fields.problem(node, field, "is corrected before it came; no release is affected")
        return None
    return Correction(whole[0], patches["from"], patches["fixed"])


def _sources(fields: Fields) -> Iterator[Reference]:
    nodes = fields.items("sources", required=True)
    if not nodes and "sources" in fields:
        fields.problem(fields.node("sources"), "sources", "name at least one document or list that was checked")
    for node in nodes:
        inner = Fields(node, fields.path, fields.problems, "sources")
        yield Reference(inner.text("title", required=True), inner.text("url"))
        inner.done()


def _samples(fields: Fields) -> Iterator[Sample]:
    for node in fields.items("samples", required=True):
        inner = Fields(node, fields.path, fields.problems, "samples")
        log = inner.node("log", required=True)
        text = log.text if log is not None else ""
        affected, possible, excluded = (inner.texts(key) for key in ("affected", "possible", "excluded"))
        named = affected + possible + excluded
        if named and PLACE_OF_RELEASE not in text:
            inner.problem(log, "log", f"must hold {PLACE_OF_RELEASE}, which stands for the release")
        if not named:
            inner.problem(None, "", "needs affected, possible or excluded releases")
        yield Sample(text, affected, possible, excluded, inner.place)
        inner.done()


def read_releases(items: Iterable[Fields]) -> list[tuple[str, tuple[str, ...], str, bool]]:
    """How kernels are numbered (kb/vocabulary/releases.yaml): regex, parts, numbering, snapshot."""
    out = []
    for fields in items:
        fields.text("name", required=True)
        regex = fields.text("regex", required=True)
        numbering = fields.text("numbering", "distribution", required=True, one_of=("stable", "distribution"))
        snapshot, parts = fields.flag("snapshot"), fields.texts("parts", required=True)
        try:
            groups = re.compile(regex).groupindex
        except re.error as error:
            fields.problem(fields.node("regex"), "regex", f"does not compile: {error}")
            regex = ""
        else:
            if set(groups) - {"upstream"}:
                fields.problem(fields.node("regex"), "regex", "only the group upstream may stand here")
        fields.done()
        if regex:
            out.append((regex, parts, numbering, snapshot))
    return out


# compiling
def fixed_in(affects: Affects) -> list[str]:
    """The corrected releases, oldest first: 5.10.84, 5.15.7, 5.16."""
    out = [_name(*one.series, one.fixed) for one in sorted(affects.series) if one.fixed > 0]
    return out + ([_name(*affects.mainline)] if affects.mainline else [])


def _name(*parts: int) -> str:
    return ".".join(map(str, parts))


def spec(affects: Affects) -> list[Any]:
    """The form that kb.versions.state takes."""
    listed = [[list(one.series), one.since, one.fixed] for one in affects.series]
    return [list(affects.first), list(affects.mainline), listed, affects.complete]


def texts(defect: Defect) -> dict[str, Any]:
    """What the verdict shows of a defect."""
    return {
        "title": defect.title,
        "owner": OWNER,
        "dated": defect.dated,
        "mechanism": defect.mechanism,
        "mainline": _name(*defect.affects.mainline),
        "series": {_name(*one.series): _name(*one.series, one.fixed) for one in defect.affects.series if one.fixed > 0},
        "builds": [list(one) for one in defect.affects.builds],
        "workaround": defect.workaround,
        "commits": [list(commit) for commit in defect.commits],
        "sources": [list(source) for source in defect.sources],
    }


def evidence(defect: Defect, leaves: Any, signature: list[list[int]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(cause, compiled evidence) of the defect.  `leaves`: kb.compile.Leaves; `signature`: clauses of its condition."""
    which = spec(defect.affects)
    surely = leaves.number(["fact", UPSTREAM, "lacks", which])
    stable = leaves.number(["fact", NUMBERING, "is", "stable"])
    distribution = leaves.number(["fact", NUMBERING, "is", "distribution"])
    builds = [list(one) for one in defect.affects.builds]
    unlisted = [leaves.number(["fact", RELEASE, "unlisted", builds])] if builds else []
    unsure = [[surely, distribution, *unlisted]]
    if not defect.affects.complete:
        unsure.append([leaves.number(["fact", UPSTREAM, "may-lack", which]), *unlisted])
    cures = fixed_in(defect.affects)
    fixed = " and ".join(filter(None, [", ".join(cures[:-1]), *cures[-1:]]))
    subject = defect.commits[0][0] if defect.commits else ""
    forms = [
        ("", defect.weight, WEIGHTS["moderate"], [[surely, stable]],
         f"{defect.says}; kernel {{{UPSTREAM}}} lacks the correction, which came in {fixed}",
         f'A known defect of these releases: "{subject}".'),
        ("-possible", WEIGHTS["weak"], 0, unsure,
         f"{defect.says}; corrected upstream in {fixed}, and this kernel may have it under its own number",
         f'Distributions take over corrections; look for "{subject}" in the changelog of this kernel.'),
    ]  # fmt: skip
    if builds:
        named = " and ".join(f"{build}{part}" for part, build in defect.affects.builds)
        outdated = leaves.number(["fact", RELEASE, "outdated", builds])
        forms.append(("-build", WEIGHTS["moderate"], WEIGHTS["moderate"], [[outdated]],
                      f"{defect.says}; build {{{RELEASE}}} is older than the corrected {named}",
                      "An update of an older minor release may have the correction under a lower number."))  # fmt: skip
    for name, owner_weight, weight, tests, says, why in forms:
        # a hint is worth nothing for the mechanism, whose own evidence has seen the same function
        for cause in filter(None, (OWNER, defect.mechanism if name != "-possible" else "")):
            if cause != OWNER:
                says = f"{defect.says}: the known defect {defect.id}"
            yield (
                cause,
                {
                    "id": f"defect-{defect.id}{name}",
                    "clauses": [clause + test for clause in signature for test in tests],
                    "weight": owner_weight if cause == OWNER else weight,
                    "says": says,
                    "why": why,
                    "aspect": ASPECT if cause == OWNER else "known-defect",
                    "defect": defect.id,
                },
            )


# checking
def check_defects(knowledge: Knowledge) -> Iterator[Problem]:
    """Defects look at the root event, belong to causes that explain it, and carry samples for and against."""
    words = knowledge.vocabulary
    facts = {f"{group}.{name}" for group, names in words.facts.items() for name in names}
    if knowledge.defects:
        first = next(iter(knowledge.defects.values()))
        if OWNER not in knowledge.causes:
            yield Problem(first.place, "", f"defects speak for the cause {OWNER}, which does not exist")
        for fact in (UPSTREAM, NUMBERING):
            if fact not in facts:
                yield Problem(first.place, "", f"defects need the fact {fact} (kb/vocabulary/facts.yaml)")
    for defect in knowledge.defects.values():
        if not _narrow(defect.when):
            yield Problem(
                defect.place, "when", "must test the root event by kind, and by an attribute (function ...) or a fact"
            )
        kinds = {kind for root in _roots(defect.when) for kind in root.kinds}
        if defect.mechanism:
            cause = knowledge.causes.get(defect.mechanism)
            if cause is None or cause.facet != "mechanism":
                hint = suggestion(defect.mechanism, [c.id for c in knowledge.causes.values() if c.facet == "mechanism"])
                yield Problem(defect.place, "mechanism", f"{defect.mechanism!r} is no mechanism{hint}")
            elif cause.explains != ("any",) and kinds and not kinds.intersection(cause.explains):
                yield Problem(
                    defect.place, "mechanism", f"{cause.id} does not explain {', '.join(sorted(kinds))}; it cannot win"
                )
        for name in re.findall(r"\{([^{}]*)\}", defect.says):
            if name not in words.attributes and name not in facts and name not in ("count", "kind"):
                yield Problem(defect.place, "says", f"{{{name}}} is no attribute or fact")
        if not any(sample.affected or sample.possible for sample in defect.samples):
            yield Problem(defect.place, "samples", "no sample shows the defect (affected: or possible:)")
        if not any(sample.excluded and (sample.affected or sample.possible) for sample in defect.samples):
            yield Problem(defect.place, "samples", "no sample has a release that is corrected (excluded:)")


def _roots(condition: Condition) -> Iterator[EventIs]:
    from kb.check import parts

    for part in parts(condition):
        if isinstance(part, EventIs) and part.root:
            yield part


def _narrow(condition: Condition) -> bool:
    """Whether every alternative looks at the root event's kind and something more: a kind alone is no signature."""
    if isinstance(condition, EventIs):
        return condition.root and bool(condition.kinds) and bool(condition.tests)
    if isinstance(condition, AnyOf):
        return bool(condition.parts) and all(_narrow(part) for part in condition.parts)
    if not isinstance(condition, All):
        return False
    root = any(isinstance(part, EventIs) and part.root and part.kinds for part in condition.parts)
    facts = any(isinstance(part, FactIs) for part in condition.parts)
    return (root and facts) or any(_narrow(part) for part in condition.parts)
