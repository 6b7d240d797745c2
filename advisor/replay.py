"""Saved sessions: continued, listed, and checked against what they said when they were saved."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Any

from advisor.journal import Journal, Saved, begin, folder, locate, proceed, read, sessions
from advisor.render.plain import percent, safe
from advisor.session import Session, Step, packed
from advisor.terminal import UNUSABLE, USABLE, complain, write
from advisor.work import Work
from facts.errors import InputError
from facts.records import Value
from kb.cache import fingerprint

SAME = 0.02  # a cause whose probability moved by less is the same


def header(work: Work) -> dict[str, Any]:
    """What a session file says about the program that wrote it."""
    from advisor.cli import VERSION

    return {"program": VERSION, "knowledge": fingerprint(work.folders)}


def keep(session: Session, complain: Callable[[str], None], path: str = "") -> Journal | None:
    """Write the session as it stands to a new file and let it go on there; None when it cannot be written."""
    journal = begin(header(session.work), complain, path)
    if journal is None:
        return None
    if session.bundle is not None:
        from advisor.bundle import pack

        bare = Session(session.work, session.bundle.evidence)
        journal.write({"do": "evidence", "evidence": pack(session.bundle), "then": bare.belief()})
    for number, step in enumerate(session.steps, 1):
        last = number == len(session.steps)
        journal.write({**packed(step), **({"then": session.belief()} if last else {})})
    return journal


def _belief(entry: dict[str, Any]) -> dict[str, Any]:
    """What an entry says was believed after it; {} where it says nothing that can be compared."""
    then = entry.get("then")
    causes = then.get("causes") if isinstance(then, dict) else None
    if not isinstance(then, dict) or not isinstance(causes, dict):
        return {}
    numbers = {cause: float(p) for cause, p in causes.items() if isinstance(p, (int, float)) and 0 <= p <= 1}
    return {"status": str(then.get("status")), "causes": numbers}


class Restored:
    """A session brought back from its file."""

    def __init__(self, work: Work, saved: Saved) -> None:
        self.saved = saved
        self.notes: list[str] = [saved.note] if saved.note else []
        self.believed: dict[str, Any] = {}  # what was believed at the end
        self.session = Session(work)
        steps: list[Step] = []
        undone: list[Step] = []
        evidence: dict[str, Any] | None = None
        for number, entry in enumerate(saved.entries, 2):
            done = entry.get("do")
            if done == "evidence" and isinstance(entry.get("evidence"), dict):
                evidence = entry["evidence"]
            elif done == "step":
                step = self._step(entry, number)
                if step is not None:
                    steps.append(step)
                    undone.clear()
            elif done == "undo" and steps:
                undone.append(steps.pop())
            elif done == "redo" and undone:
                steps.append(undone.pop())
            self.believed = _belief(entry) or self.believed
        if evidence is not None:
            from advisor.bundle import unpack

            try:
                bundle = unpack(work, evidence)
            except ValueError as error:
                raise InputError(saved.path, str(error)) from None
            self.session.load(bundle.evidence, bundle)
        self.session.steps = steps
        self.session.undone = undone

    def _step(self, entry: dict[str, Any], number: int) -> Step | None:
        """The step of an entry, or None (and a note) where it does not fit this knowledge."""
        action, name, raw = entry.get("action"), entry.get("name"), entry.get("value")
        base, names = self.session.work.base, self.session.work.gatherer.names
        known = {"answer": base.probes, "skip": base.probes, "symptom": base.symptoms, "event": base.events}
        value: Value | None = None
        try:
            if not isinstance(name, str) or (action != "fact" and name not in known.get(str(action), {})):
                raise ValueError(f"{action} {name} is not known here")
            if action in ("answer", "fact"):
                value = names.convert(name if action == "fact" else base.probes[name]["learns"], raw)
            elif isinstance(raw, list):
                value = tuple(map(str, raw))
        except ValueError as error:
            self.notes.append(f"line {number} is left out: {error}")
            return None
        return Step(str(action), name, value, str(entry.get("source", ""))[:200])

    def differences(self) -> list[str]:
        """What the belief at the end differs in from the one that was saved; empty when it is the same."""
        if not self.believed:
            return []
        now = self.session.belief()
        old, new = self.believed.get("causes", {}), now["causes"]
        out = []
        if self.believed.get("status") != now["status"]:
            out.append(f"the verdict was {self.believed.get('status')} and is {now['status']}")
        moved = [(abs(new.get(c, 0.0) - old.get(c, 0.0)), c) for c in {*old, *new}]
        for size, cause in sorted(moved, key=lambda move: (-move[0], move[1])):
            if size >= SAME:
                before, after = (percent(b[cause]) if cause in b else "not shown" for b in (old, new))
                out.append(f"{cause}: was {before}, is {after}")
        return out

    def changed(self) -> list[str]:
        """Whether program and knowledge are the ones that wrote the file."""
        was, now = self.saved.header, header(self.session.work)
        return [
            f"the {what} differs: {safe(was.get(key))} then, {now[key]} now"
            for key, what in (("program", "program version"), ("knowledge", "knowledge"))
            if was.get(key) != now[key]
        ]


def resume(options: argparse.Namespace) -> int:
    """`kadvisor resume`: go on with a session, or list them."""
    if options.list:
        return _list()
    from advisor.repl import repl

    try:
        saved = read(locate(options.session))
        work = Work(options.kb, options.engine)
        restored = Restored(work, saved)
    except InputError as error:
        return complain(str(error))
    own = os.path.dirname(os.path.abspath(saved.path)) == os.path.abspath(folder())
    journal = proceed(saved, _complain) if own and not saved.note else None  # a colleague's file stays as it is
    return repl(options, restored, journal)


def _complain(text: str) -> None:
    complain(text)


def _list() -> int:
    for path in sessions():
        try:
            saved = read(path)
        except InputError:
            continue
        last = next((belief for e in reversed(saved.entries) if (belief := _belief(e))), {})
        evidence = [e["evidence"] for e in saved.entries if isinstance(e.get("evidence"), dict)]
        name: object = evidence[0].get("name") if evidence else "no log"
        steps = sum(1 for entry in saved.entries if entry.get("do") == "step")
        causes = last.get("causes") or {"nothing yet": 0}
        best = max(causes, key=lambda cause: causes[cause])
        line = f"{saved.header.get('id')}  {saved.header.get('started')}  {name}, {steps} steps, {best}"
        write(sys.stdout, safe(line) + "\n")
    return USABLE


def replay(options: argparse.Namespace) -> int:
    """`kadvisor replay FILE`: status 0 when today's verdict is the saved one, 1 when it differs."""
    from advisor.render import render

    try:
        restored = Restored(Work(options.kb, options.engine), read(locate(options.file)))
    except InputError as error:
        return complain(str(error))
    verdict = restored.session.verdict()
    write(sys.stdout, render(verdict, "text"))
    different = restored.differences()
    lines = restored.notes + restored.changed()
    lines += ["the verdict differs from the saved one:", *(f"  {line}" for line in different)] if different else []
    for line in lines or ["same verdict, same program, same knowledge"]:
        write(sys.stdout, safe(line) + "\n")
    if lines and not different:
        write(sys.stdout, "the verdict is the same\n")
    return UNUSABLE if different else USABLE
