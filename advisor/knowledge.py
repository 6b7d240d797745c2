"""`kadvisor kb`: check, calibrate, show, list, search and extend the knowledge base."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Iterator

from advisor.render.plain import Style, safe, wrap
from advisor.terminal import UNUSABLE, USABLE, USAGE, columns, complain, wants_colour, write
from kb.check import parts
from kb.defects import fixed_in
from kb.fields import suggestion
from kb.load import load
from kb.model import WEIGHTS, Cause, Condition, Constant, Defect, EventKind, FactIs, Incident, Knowledge, Probe

_WORDS = {value: name for name, value in WEIGHTS.items()}


def knowledge(options: argparse.Namespace) -> int:
    """Run one `kb` action; returns the exit status."""
    if options.part == "check":
        return _check(options)
    if options.part == "calibrate":
        return _calibrate(options)
    if options.part == "rates":
        return _rates(options)
    base = load(options.kb, with_incidents=options.part in ("show", "list", "new"))
    terminal = sys.stdout.isatty()
    style = Style(terminal and wants_colour())
    width = min(columns(), 110) if terminal else 100
    if options.part == "list":
        return _print(_list(base, options.what, width))
    if options.part == "new":
        return _new(base, options)
    if options.part == "search":
        return _search(base, options.words, width)
    return _show(base, options.id, style, width)


def _print(lines: Iterator[str]) -> int:
    for line in lines:
        write(sys.stdout, line + "\n")
    return USABLE


def _check(options: argparse.Namespace) -> int:
    from kb.check import check

    base = load(options.kb)
    problems = check(base)
    held_back = missed = 0
    if not options.quick:
        from advisor.trial import tried

        cases: list[Incident | Defect] = [*base.incidents.values(), *base.defects.values()]
        engine = options.engine or "evaluator"  # gives the same findings in half the time
        for case, found in zip(cases, tried(options.kb, engine, cases, options.jobs), strict=True):
            if isinstance(case, Incident) and case.held_back:
                held_back += 1
                missed += bool(found)
            else:
                problems += found
    for problem in problems:
        write(sys.stdout, f"{safe(problem)}\n")
    counts = f"{len(base.causes)} causes, {len(base.events)} event kinds, {len(base.probes)} probes, "
    counts += f"{len(base.derivations)} derivations, {len(base.incidents)} incidents, {len(base.defects)} defects"
    if held_back:
        counts += f" ({held_back} held back, {missed} of them missed)"
    print(f"{counts}: {len(problems)} problems")
    return UNUSABLE if problems else USABLE


def _new(base: Knowledge, options: argparse.Namespace) -> int:
    """Write a file to fill in; into the folder of the last --kb, else into the user's own knowledge."""
    from kb.new import Refused, create
    from kb.where import BUILT_IN, user_folder

    folder = options.kb[-1] if options.kb[-1] != BUILT_IN else user_folder()
    known: dict[str, Collection[str]] = {
        "cause": base.causes, "event": base.events, "probe": base.probes, "derivation": base.derivations,
        "incident": base.incidents, "defect": base.defects,
    }  # fmt: skip
    try:
        created = create(options.kind, options.id, folder, options.family, known)
    except Refused as problem:
        return complain(str(problem), USAGE)
    except OSError as error:
        return complain(f"{error.filename}: cannot be written: {error.strerror}")
    for path in created.paths:
        write(sys.stdout, f"{safe(path)}\n")
    if created.add:
        write(sys.stdout, f"add to {created.add}")
    where = "" if folder == user_folder() else f" --kb {folder}"
    write(sys.stdout, f"Fill in what says TODO (docs/writing-knowledge.md), then: kadvisor kb check{safe(where)}\n")
    return USABLE


def _calibrate(options: argparse.Namespace) -> int:
    """Measure the knowledge on incidents; status 1 where there are none."""
    from advisor.calibrate import calibrate
    from advisor.work import Work

    incidents = [i for i in load(options.kb).incidents.values() if options.all or i.held_back]
    incidents = [i for i in incidents if options.origin in (None, i.origin)]
    if not incidents:
        return complain("no incident is marked held-back: true; --all takes all of them")
    data = calibrate(Work(options.kb, options.engine), incidents)
    if options.format == "json":
        import json

        write(sys.stdout, json.dumps(data, indent=2) + "\n")
        return USABLE
    from advisor.render.calibration import text

    return _print(text(data))


def _rates(options: argparse.Namespace) -> int:
    from advisor.rates import rates
    from advisor.work import Work

    incidents = load(options.kb).incidents.values()
    return _print(rates(Work(options.kb, options.engine or "evaluator"), incidents))


def _list(base: Knowledge, what: str, width: int) -> Iterator[str]:
    rows: list[tuple[str, str]] = []
    if what == "causes":
        rows = [
            (c.id, f"{c.family}, {c.facet}: {c.title}")
            for c in sorted(base.causes.values(), key=lambda c: (c.family, c.id))
        ]
    elif what == "events":
        rows = [(e.kind, f"{e.severity}: {base.vocabulary.events.get(e.kind, e.title)}") for e in base.events.values()]
    elif what == "probes":
        rows = [(p.id, p.ask) for p in base.probes.values()]
    elif what == "derivations":
        rows = [(d.id, d.why) for d in base.derivations.values()]
    elif what == "defects":
        rows = [(d.id, f"{d.title} (fixed in {', '.join(fixed_in(d.affects))})") for d in base.defects.values()]
    else:
        rows = [(i.id, f"{i.title} -> {', '.join(i.causes) or 'no failure'}") for i in base.incidents.values()]
    column = max((len(name) for name, _ in rows), default=0) + 2
    for name, title in rows:
        text = safe(title)
        room = max(width - column, 30)
        yield name.ljust(column) + (text if len(text) <= room else text[: room - 3] + "...")


def _search(base: Knowledge, words: list[str], width: int) -> int:
    from kb.search import search

    hits = search(base, words)
    if not hits:
        return complain(f"nothing fits {' '.join(words)!r}; try other words or kadvisor kb list")
    column = max(len(hit.id) for hit in hits) + 2
    return _print(
        f"{hit.kind:<6} {hit.id.ljust(column)}{safe(hit.title)[: max(width - column - 7, 30)]}" for hit in hits
    )


def _show(base: Knowledge, name: str, style: Style, width: int) -> int:
    if name in base.causes:
        return _print(_cause(base.causes[name], style, width))
    if name in base.events:
        return _print(_event(base.events[name], base, style, width))
    if name in base.probes:
        return _print(_probe(base.probes[name], style, width))
    if name in base.incidents:
        return _print(_incident(base.incidents[name], style))
    if name in base.defects:
        return _print(_defect(base.defects[name], style, width))
    known = [*base.causes, *base.events, *base.probes, *base.incidents, *base.defects]
    return complain(f"{name!r} is no cause, event kind, probe, incident or known defect{suggestion(name, known)}")


def _cause(cause: Cause, style: Style, width: int) -> Iterator[str]:
    yield style.bold(safe(cause.title))
    yield f"{cause.id}  ({cause.family}, {cause.facet}" + (
        f", special case of {cause.parent})" if cause.parent else ")"
    )
    if cause.explains:
        yield from wrap("explains: " + ", ".join(cause.explains), width)
    for heading, text in cause.sections.items():
        yield ""
        yield style.bold(heading)
        yield from _markdown(text, width)
    yield ""
    yield style.bold("Evidence")
    for item in cause.evidence:
        weight = ("-" if item.weight < 0 else "") + _WORDS.get(abs(item.weight), str(item.weight))
        yield from _hang(f"  {weight:>9}  ", f"{safe(item.says)}. {safe(item.why)}", width)
    for entry in cause.commands:
        yield ""
        yield from wrap(f"Commands{_where(entry.when)}", width)
        yield from (f"  $ {safe(line)}" for line in entry.run)
    if cause.verify:
        yield ""
        yield from wrap("verify with: " + ", ".join(cause.verify), width)
    for reference in cause.references:
        yield from _hang("  - ", f"{safe(reference.title)} {safe(reference.url)}".strip(), width)


def _where(condition: Condition | None) -> str:
    """The facts that commands are meant for."""
    facts = [part for part in parts(condition) if isinstance(part, FactIs)] if condition is not None else []
    return " where " + ", ".join(f"{fact.name} {fact.op} {_values(fact.value)}" for fact in facts) if facts else ""


def _values(value: Constant) -> str:
    return " or ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _markdown(text: str, width: int) -> Iterator[str]:
    """Markdown for a terminal: paragraphs and list items re-wrapped, code blocks as they are."""
    paragraph: list[str] = []
    fenced = False

    def flush() -> Iterator[str]:
        if paragraph:
            joined = " ".join(part.strip() for part in paragraph)
            head = ""
            for mark in ("- ", "* "):
                if joined.startswith(mark):
                    head, joined = "  - ", joined[2:]
            number, dot, rest = joined.partition(". ")
            if dot and number.isdigit():
                head, joined = f"  {number}. ", rest
            yield from _hang(head, safe(joined), width)
            paragraph.clear()

    for line in text.split("\n"):
        stripped = line.strip()
        if stripped.startswith("```"):
            yield from flush()
            fenced = not fenced
        elif fenced or (line.startswith("    ") and not paragraph):
            yield "    " + safe(line.strip("\n"))
        elif not stripped:
            yield from flush()
        elif stripped.startswith(("- ", "* ", "|")) or stripped.split(". ")[0].isdigit():
            yield from flush()
            paragraph.append(line)
        else:
            paragraph.append(line)
    yield from flush()


def _hang(head: str, body: str, width: int) -> Iterator[str]:
    for number, line in enumerate(wrap(body, max(width - len(head), 24))):
        yield (head if number == 0 else " " * len(head)) + line


def _event(event: EventKind, base: Knowledge, style: Style, width: int) -> Iterator[str]:
    yield style.bold(safe(base.vocabulary.events.get(event.kind, event.title)))
    yield f"{event.kind}  (severity {event.severity}, report {event.report})"
    for example in event.examples:
        yield f"  {safe(example.text)}"
    if event.counterexamples:
        yield "not this:"
        for text in event.counterexamples:
            yield f"  {safe(text)}"
    causes = sorted(c.id for c in base.causes.values() if event.kind in c.explains)
    yield from _hang("possible causes: ", ", ".join(causes) or "none is known", width)
    if event.sources:
        yield from _hang("source: ", safe(event.sources), width)


def _probe(probe: Probe, style: Style, width: int) -> Iterator[str]:
    import shlex

    yield style.bold(safe(probe.ask))
    yield f"{probe.id}  ({probe.kind}, place {probe.where}, about {probe.cost} min, risk {probe.risk})"
    if probe.learns:
        yield f"learns {probe.learns}"
    if probe.command:
        yield f"$ {safe(shlex.join(probe.command))}"
    if probe.confirms:
        yield from _hang("confirms: ", safe(probe.confirms), width)
    if probe.refutes:
        yield from _hang("refutes:  ", safe(probe.refutes), width)


def _defect(defect: Defect, style: Style, width: int) -> Iterator[str]:
    affects = defect.affects
    yield style.bold(safe(defect.title))
    yield f"{defect.id}  (checked {safe(defect.dated)}" + (
        f", a case of {defect.mechanism})" if defect.mechanism else ")"
    )
    yield from _hang("seen:        ", safe(defect.says), width)
    if affects.first:
        yield f"since:       {'.'.join(map(str, affects.first))}"
    yield from _hang("fixed in:    ", ", ".join(fixed_in(affects)), width)
    for subject, short in defect.commits:
        yield from _hang("commit:      ", safe(f"{subject} ({short})" if short else subject), width)
    if defect.workaround:
        yield from _hang("workaround:  ", safe(defect.workaround), width)
    for source in defect.sources:
        yield from _hang("source:      ", f"{safe(source.title)} {safe(source.url)}".strip(), width)
    for sample in defect.samples[:1]:
        yield ""
        yield from (f"  {safe(line)}" for line in sample.log.rstrip().split("\n"))


def _incident(incident: Incident, style: Style) -> Iterator[str]:
    yield style.bold(safe(incident.title))
    yield f"{incident.id}  ({incident.origin}) -> {', '.join(incident.causes) or 'no failure'}"
    for name, value in incident.facts.items():
        yield f"  {safe(name)} = {safe(value)}"
    for line in incident.log.split("\n"):
        yield safe(line)
