"""Many inputs, one verdict per line, in the order given."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from advisor.render.plain import safe
from advisor.terminal import UNUSABLE, USABLE, complain, warn, write
from advisor.verdict import SCHEMA
from advisor.work import Work
from facts.errors import InputError

HOST_FILE = "host.yaml"
_worker: Work | None = None


def inputs(paths: Sequence[str]) -> Iterator[str]:
    """The inputs that the paths stand for: a folder with a host.yaml is one, in any other folder each file is one."""
    for path in paths:
        if not os.path.isdir(path) or os.path.exists(os.path.join(path, HOST_FILE)):
            yield path
            continue
        try:
            names = sorted(name for name in os.listdir(path) if not name.startswith("."))
        except OSError:
            yield path  # reading it tells why it cannot be used
            continue
        for name in names:
            below = os.path.join(path, name)
            if os.path.isdir(below):
                if not os.path.islink(below):  # links may lead around in a circle
                    yield from inputs([below])
            elif os.path.isfile(below) or not os.path.exists(below):  # a pipe would never end
                yield below


def one(work: Work, path: str) -> dict[str, Any]:
    """The verdict on one input; an input that cannot be used gives one with `error`."""
    host = None
    if os.path.isdir(path):
        host = os.path.join(path, HOST_FILE)
    elif path.endswith((".yaml", ".yml")):
        host = path
    try:
        return {**work.verdict(host, [] if host else [path]), "input": path}
    except InputError as error:
        return {
            "schema": SCHEMA, "input": path, "usable": False, "files": [], "status": "undetermined",
            "summary": "The input could not be used.", "events": [], "root_event": None, "chain": [], "causes": [],
            "something_else": 1.0, "defects": [], "next": [],
            "readiness": {"ok": None, "known": False, "loaded": None, "proven": False, "problems": [], "doubts": []},
            "signature": None, "facts": {}, "notes": [], "lines_read": 0, "error": str(error),
        }  # fmt: skip


def _start(folders: Sequence[str], engine: str) -> None:
    global _worker
    _worker = Work(folders, engine)


def _job(path: str) -> dict[str, Any]:
    assert _worker is not None
    return one(_worker, path)


def _verdicts(options: argparse.Namespace, paths: list[str]) -> Iterator[dict[str, Any]]:
    if options.jobs == 1 or len(paths) < 2:
        work = Work(options.kb, options.engine)
        warn(work)
        for path in paths:
            yield one(work, path)
        return
    from multiprocessing import get_context

    with get_context("spawn").Pool(min(options.jobs, len(paths)), _start, (options.kb, options.engine)) as pool:
        yield from pool.imap(_job, paths)


def triage(options: argparse.Namespace) -> int:
    usable = False
    for verdict in _verdicts(options, list(inputs(options.paths))):
        if "error" in verdict:
            complain(verdict["error"])
        else:
            usable = True
        if options.format == "text":
            write(sys.stdout, f"{safe(verdict['input'])}: {safe(verdict['summary'])}\n")
        else:
            write(sys.stdout, json.dumps(verdict, ensure_ascii=True, separators=(",", ":")) + "\n")
    return USABLE if usable else UNUSABLE
