"""Readers of what follows the head line of an event.  Each is one module with
``read(event, body, table) -> int``: `body` are the records from the head line on; it fills the event and
returns how many of them belong to the report (1 to len(body)).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from facts.frames import FrameTable
from facts.records import Event, Record

Reader = Callable[[Event, Sequence[Record], FrameTable], int]


def _lazy(module: str) -> Reader:
    def read(event: Event, body: Sequence[Record], table: FrameTable) -> int:
        from importlib import import_module

        reader: Reader = import_module(f"facts.reports.{module}").read
        READERS[name] = reader
        return reader(event, body, table)

    name = module.replace("_", "-")
    return read


# name in kb/events (`report:`) -> reader
READERS: dict[str, Reader] = {
    module.replace("_", "-"): _lazy(module)
    for module in (
        "trace",
        "oops",
        "kasan",
        "slab",
        "oom",
        "rcu_stall",
        "hung_task",
        "lockup",
        "page_dump",
        "mce",
        "workqueue",
        "lockdep",
        "atomic_sleep",
        "ghes",
        "aer",
        "ubsan",
    )
}
