"""`kadvisor collect`: facts of this machine by the read-only commands of the probes, as a host.yaml.

A machine without Python runs the script of `--script`; `--from` makes the host.yaml of what it wrote.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from advisor.answers import parse
from advisor.live import SECONDS, Output, refusal, run
from advisor.render.plain import safe
from advisor.terminal import USABLE, USAGE, complain, write
from advisor.work import Work
from facts.errors import InputError

MAX_LOG = 4 << 20  # bytes of one kernel log
MAX_FILE = 64 << 20
LOGS = (  # the run before this one, which may have crashed, then this one
    ("previous", ("journalctl", "-k", "-b", "-1", "-o", "short-monotonic", "--no-pager")),
    ("present", ("dmesg",)),
)
_MARK = "#kadvisor "
_LINE = re.compile(r"#kadvisor (probe|log|host|end) ?([\w.-]{0,100})")


class Step(NamedTuple):
    """One command; `probes` are those whose answer its output may hold, `log` the name of the log that it prints."""

    command: tuple[str, ...]
    probes: tuple[str, ...]
    log: str


def collect(options: argparse.Namespace) -> int:
    """Collect, print the script, or read what the script wrote; returns the exit status."""
    work = Work(options.kb, options.engine)
    steps = list(_steps(work.base.probes))
    if options.script:
        text = "\n".join(_script(steps)) + "\n"
    else:
        try:
            found = _read(options.source, steps) if options.source else _run(steps)
        except InputError as error:
            return complain(str(error), USAGE)
        text = _host(work, *found)
    if not options.output:
        write(sys.stdout, text)
        return USABLE
    try:
        with open(options.output, "w", encoding="utf-8") as stream:
            os.fchmod(stream.fileno(), 0o600)  # logs and facts of a machine are nobody else's business
            stream.write(text)
    except OSError as error:
        return complain(f"{options.output}: cannot be written: {error.strerror}")
    return USABLE


def _steps(probes: Mapping[str, Mapping[str, Any]]) -> Iterator[Step]:
    by_command: dict[tuple[str, ...], list[str]] = {}
    for name, probe in sorted(probes.items(), key=lambda item: item[1]["cost"]):
        if probe["learns"] and probe["parse"] and not refusal(probe):
            by_command.setdefault(tuple(probe["command"]), []).append(name)
    for command, names in by_command.items():
        yield Step(command, tuple(names), "")
    for log, command in LOGS:
        yield Step(command, (), log)


Found = tuple[str, list[tuple[Step, Output]]]


def _run(steps: list[Step]) -> Found:
    outputs = []
    for number, step in enumerate(steps, 1):
        if sys.stderr.isatty():
            print(f"\rcollect: {number} of {len(steps)} commands ", end="", file=sys.stderr, flush=True)
        try:
            outputs.append((step, run(step.command, limit=MAX_LOG if step.log else 64 << 10)))
        except OSError:
            continue  # this machine has no such command
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return os.uname().nodename, outputs


def _script(steps: list[Step]) -> Iterator[str]:
    """A plain sh script that runs the same commands and prints their output with marks in between."""
    yield "#!/bin/sh"
    yield "# Only reads. Run it as root, keep what it prints, then elsewhere: kadvisor collect --from FILE"
    yield "LC_ALL=C; export LC_ALL; PATH=$PATH:/usr/sbin:/sbin"
    yield f'limit=""; command -v timeout >/dev/null && limit="timeout {SECONDS}"'
    yield f'echo "{_MARK}host $(uname -n)"'
    for step in steps:
        what = f"log {step.log}" if step.log else f"probe {step.probes[0]}"
        name = shlex.quote(step.command[0])
        yield f'echo "{_MARK}{what}"'
        yield f"command -v {name} >/dev/null && {{ $limit {shlex.join(step.command)} </dev/null 2>&1; echo; }}"
        yield f'echo "{_MARK}end"'


def _read(path: str, steps: list[Step]) -> Found:
    """The outputs in a file that the script wrote.  Raises InputError."""
    try:
        with open(path, "rb") as stream:
            lines = stream.read(MAX_FILE).decode("utf-8", "replace").split("\n")
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from None
    by_name = {step.log or step.probes[0]: step for step in steps}
    host, step, text = "", None, []
    outputs: list[tuple[Step, Output]] = []
    for line in lines:
        mark = _LINE.match(line)
        if mark is None:
            text.append(line)
        elif mark[1] == "host":
            host = mark[2]
        elif mark[1] == "end" and step is not None:
            whole = "\n".join(text)
            outputs.append((step, Output(whole, "", 0, False)))
            step = None
        else:
            step, text = by_name.get(mark[2]), []
    if not host and not outputs:
        raise InputError(path, "was not written by the script of kadvisor collect --script")
    return host, outputs


def _host(work: Work, host: str, outputs: list[tuple[Step, Output]]) -> str:
    """The host.yaml of the outputs."""
    from time import strftime

    import yaml

    facts: dict[str, Any] = {}
    logs = []
    for step, output in outputs:
        for name in step.probes:
            probe = work.base.probes[name]
            value = None if probe["learns"] in facts else parse(probe["parse"], output.text, output.failed)
            if value is None:
                continue
            try:
                value = work.gatherer.names.convert(probe["learns"], value)
            except ValueError:
                continue  # not what the rule expects; the question stays open
            if value is not None:
                facts[probe["learns"]] = list(value) if isinstance(value, tuple) else value
        if step.log and output.text.count("\n") > 1:
            lines = (safe(line).rstrip() for line in output.text.rstrip("\n").split("\n"))
            logs.append({"name": step.log, "text": _Block("\n".join(lines) + "\n")})
    data = {"host": safe(host), "collected": strftime("%Y-%m-%dT%H:%M:%S%z"), "facts": facts, "logs": logs[:1]}
    text: str = yaml.dump(
        {k: v for k, v in data.items() if v}, Dumper=_dumper(yaml), sort_keys=False, allow_unicode=True, width=120
    )
    return text


class _Block(str):
    """A text of many lines, written as it stands."""


def _dumper(yaml: Any) -> Any:
    class Dumper(yaml.SafeDumper):  # type: ignore[misc]
        pass

    Dumper.add_representer(_Block, lambda to, text: to.represent_scalar("tag:yaml.org,2002:str", str(text), style="|"))
    return Dumper
