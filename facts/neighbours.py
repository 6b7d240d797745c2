"""What an event and those just above it tell about each other, while a log is read."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from facts.culprit import SHORTAGES, STALLS, choose
from facts.frames import FrameTable
from facts.records import Event
from facts.reports.block import Block

ANNOUNCED = 8  # lines between an announcement and the report that it announces
AT_ONCE = 5.0  # seconds between lines of one report at most
TEXT_BELOW = 3  # lines from the head line of a WARNING to its text, where that stands below
# What WARN() says of itself.  Up to 5.2, and still where there is no trap for it (arm), it stands below the head line.
_WARN_TEXTS = frozenset(
    ("list-corruption", "refcount-error", "debug-objects", "fortify-overflow", "slab-corruption", "netdev-watchdog",
     "hard-lockup", "usercopy-abort")
)  # fmt: skip
_APART = frozenset(("pcie-aer",))  # says what happened on the bus, whatever crashes then
BALLOON = 40  # events above a shortage of memory among which a balloon is looked for


def relate(event: Event, events: Sequence[Event], table: FrameTable, complete: Collection[str]) -> None:
    """Complete a new event, or the one above it; `events` are those before, `complete` the kinds without a report."""
    if events:
        if events[-1].kind not in complete:
            _inherit(event, events[-1], table)
        _explain(event, events[-1])
        _blame_balloon(event, events[-BALLOON:], table)


def _inherit(event: Event, above: Event, table: FrameTable) -> None:
    """Give the report of this event to the announcement just above it that has none of its own.

    `refcount_t: underflow` is followed by a WARNING, `kernel tried to execute NX-protected page` by the page fault.
    """
    if above.frames or not event.frames or above.severity not in ("failure", "problem") or above.kind in _APART:
        return
    same = above.boot == event.boot and (not above.caller or not event.caller or above.caller == event.caller)
    if not same or not 0 < event.line - above.line <= ANNOUNCED or above.kind == event.kind:
        return
    if event.time is not None and above.time is not None and event.time - above.time > AT_ONCE:
        return
    above.frames = event.frames
    named = above.attributes.get("function")
    if isinstance(named, str) and "module" not in above.attributes and table.groups(named):
        for name in ("function", "culprit"):  # a helper that the head line names; the trace knows better
            above.attributes.pop(name, None)
    if above.kind in STALLS and event.kind not in STALLS:  # another rule says who is responsible
        block = Block()
        block.frames = list(event.frames)
        holder = choose(block, above.kind, table)
        if holder is not None:
            above.attributes.setdefault("function", holder.function)
            if holder.module is not None:
                above.attributes.setdefault("module", holder.module)
    above.cpu = event.cpu if above.cpu is None else above.cpu
    above.comm, above.pid = (above.comm, above.pid) if above.comm else (event.comm, event.pid)
    above.end_line = max(above.end_line, event.end_line)
    for name, value in event.attributes.items():
        above.attributes.setdefault(name, value)


def _explain(event: Event, above: Event) -> None:
    """Let the text of a WARNING stand for it where the head line comes first: the same, said more exactly."""
    if above.kind != "warning" or event.kind not in _WARN_TEXTS or above.boot != event.boot:
        return
    if 0 < event.line - above.line <= TEXT_BELOW and (not above.caller or above.caller == event.caller):
        above.severity = "context"
        for name, value in above.attributes.items():
            event.attributes.setdefault(name, value)
        if event.attributes.get("module") in event.foreign:
            event.attributes["module-foreign"] = event.attributes["foreign-in-trace"] = True


def _blame_balloon(event: Event, before: Sequence[Event], table: FrameTable) -> None:
    """Memory ran out and names no holder: the balloon that found no more to take just before holds it."""
    if event.kind not in SHORTAGES or "module" in event.attributes:
        return
    for above in reversed(before):
        module = above.attributes.get("module")
        if above.boot == event.boot and above.kind == "page-allocation-failure" and isinstance(module, str):
            if "balloon" in table.tags("", module):
                event.attributes["module"] = module
                return
