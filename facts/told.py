"""What people told about messages (facts message.* and seen.others, kb/message.py) -> events, as a log gives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import Any

from facts.culprit import caller_module, first, groups_for
from facts.decode.pointers import before_null, classify
from facts.evidence import Evidence
from facts.frames import FrameTable
from facts.records import Event, Frame, Record, Scalar, Value
from facts.trace import base_name

MESSAGE = "message."
OTHERS = "seen.others"
MAX_FRAMES = 40
_NAME = re.compile(r"[A-Za-z_][\w.$]{0,200}").match
_HEX = re.compile(r"(?:0x)?([0-9a-fA-F]{1,16})\Z").match


def tell(
    evidence: Evidence, kinds: Mapping[str, Mapping[str, Any]], tells: Mapping[str, Sequence[str]], frames: FrameTable
) -> Evidence:
    """The evidence with the told facts in its events.  What a log shows is never overwritten.

    `kinds`: the event kinds of the base, for title and severity; `tells`: fact -> attributes that its answer decides.
    What nobody told of a root event that no line shows stands in its `untold`.
    """
    about = {n[len(MESSAGE) :]: k.value for n, k in evidence.facts.items() if n.startswith(MESSAGE)}
    known = evidence.facts.get(OTHERS)
    others = known.value if known is not None and isinstance(known.value, tuple) else ()
    unseen = evidence.root is not None and not evidence.events[evidence.root].line
    if not about and not others and not unseen:
        return evidence
    events = list(evidence.events)
    if evidence.root is not None and (about or unseen):
        root = events[evidence.root] = copy(events[evidence.root])
        told = attributes(about, root.kind, frames)
        root.attributes = {**root.attributes, **told} if unseen else {**told, **root.attributes}
        if unseen:
            decided = {name for fact in about for name in tells.get(MESSAGE + fact, ())} | root.attributes.keys()
            open_ = {name for names in tells.values() for name in names} - decided
            root.untold = tuple(sorted(open_))
    present = {event.kind for event in events}
    for kind in others:
        if kind in kinds and kind not in present:
            event = told_event(kind, kinds[kind])
            if evidence.root is not None and evidence.events[evidence.root].severity == "problem":
                event.role = "consequence" if event.severity == "failure" else "context"
                event.attributes["position"] = event.role
            events.append(event)
    return evidence._replace(events=events)


def misfit(fact: str, value: Value) -> str:
    """What is wrong with an answer about a message, or ""."""
    if fact == MESSAGE + "trace" and not read_frames(value if isinstance(value, tuple) else (str(value),)):
        return "there is no function name in that; type names as they stand, such as nic_poll [nic] net_rx_action"
    if fact == MESSAGE + "address" and not _HEX(str(value).strip()):
        return "an address is a hexadecimal number, such as 0000000000000018"
    return ""


def told_event(kind: str, entry: Mapping[str, Any], says: str = "") -> Event:
    """An event that no line shows (its line is 0)."""
    return Event(kind, Record(0, says or entry["title"]), entry["severity"], entry["title"])


def attributes(about: Mapping[str, Value], kind: str, frames: FrameTable) -> dict[str, Value]:
    """The attributes of an event of this kind that follow from answers (attribute name -> answer)."""
    out: dict[str, Value] = {}
    for name, value in about.items():
        if name == "trace":
            names = value if isinstance(value, tuple) else (str(value),)
            out.update(of_trace(read_frames(names), kind, frames))
        elif name == "address":
            found = _HEX(str(value).strip())
            if found:
                number = int(found[1], 16)
                seen = classify(number)
                pointer = "small-offset" if seen == "error-pointer" and before_null(number) else seen
                out.update({"address": found[1].lower(), "address-class": seen, "pointer-class": pointer})
        elif name in ("module", "source", "pc-function") and str(value).lower() in ("", "none", "no"):
            continue  # there is none
        elif value is not False:
            out[name] = base_name(str(value).partition("+")[0]) if name == "pc-function" else value
    return out


def read_frames(words: Iterable[str]) -> list[Frame]:
    """Function names as people type them, with or without offset; `[module]` belongs to the name before it."""
    out: list[Frame] = []
    for word in " ".join(words).split():
        if word.startswith("[") and word.endswith("]") and out:
            out[-1] = out[-1]._replace(module=word[1:-1])
        elif (found := _NAME(word)) and len(out) < MAX_FRAMES:
            out.append(Frame(base_name(found[0]), "", None, True, "", 0, found[0]))
    return out


def of_trace(stack: Sequence[Frame], kind: str, table: FrameTable) -> dict[str, Value]:
    """Function, module and tags as the reader gives them for a call trace that begins with these frames."""

    def tags(some: Iterable[Frame]) -> tuple[str, ...]:
        return tuple(sorted({tag for frame in some for tag in table.tags(frame.function, frame.module)}))

    out: dict[str, Value] = {"trace": tags(stack), "at": tags(stack[:3]), "frames": tuple(f.function for f in stack)}
    if stack:
        out["pc-function"] = stack[0].function
    culprit = first(stack, groups_for(kind), table)
    if culprit is not None:
        named: dict[str, Scalar | None] = {
            "function": culprit.function, "module": culprit.module, "caller-module": caller_module(stack, culprit),
        }  # fmt: skip
        out.update({name: value for name, value in named.items() if value is not None})
        out["culprit"] = tags([culprit])
    return out
