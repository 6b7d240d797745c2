"""The host's list of out-of-tree modules -> the events that lie in one, where the report has no flags to tell.

What a report's own module list and taint tell is read with it (facts/reports/common.py).
"""

from __future__ import annotations

from copy import copy

from facts.evidence import Evidence

OUT_OF_TREE = "kernel.modules.out_of_tree"


def mark_foreign(evidence: Evidence) -> Evidence:
    """The evidence with `module-foreign` and `foreign-in-trace` in its events, as far as the host's list tells.

    A kernel thread named after a listed module (drbd_r_data) counts as in it.
    """
    known = evidence.facts.get(OUT_OF_TREE)
    names = frozenset(known.value) if known is not None and isinstance(known.value, tuple) else frozenset()
    if not names:
        return evidence
    events = []
    for event in evidence.events:
        used = {frame.module for frame in event.frames if frame.reliable} | {event.attributes.get("module")}
        threads = event.comm if event.attributes.get("context") != "process" else ""
        if names & used or any(threads.startswith(f"{name}_") for name in names):
            event = copy(event)
            event.attributes = {**event.attributes, "foreign-in-trace": True}
            if event.attributes.get("module") in names:
                event.attributes["module-foreign"] = True
        events.append(event)
    return evidence._replace(events=events)
