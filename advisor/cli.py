"""The command line.  Exit status: 0 a verdict was given, 1 nothing usable in the input, 2 wrong use."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from advisor.terminal import INTERRUPTED, UNUSABLE, USABLE, USAGE, columns, complain, wants_colour, warn, write

VERSION = "0.1.0"

_COMMANDS = ("triage", "explain", "kb", "collect", "train", "resume", "replay", "mcp")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    gc.set_threshold(100_000, 20, 20)  # what the start-up makes is kept anyway
    if sys.stdout is None:  # closed by the caller
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    try:
        given = sys.argv[1:] if arguments is None else list(arguments)
        options: Any = _usual(given)
        if options is None:
            from advisor.options import parser

            options = parser(_names_log(given)).parse_args(given)
        status = _run(options)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print("kadvisor: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return UNUSABLE
    except OSError as error:
        if error.filename is not None:
            raise
        _drop_output()
        return complain(f"standard output: cannot be written: {error.strerror}")


def _drop_output() -> None:
    """Send what is still unwritten nowhere, so that leaving does not fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _names_log(arguments: Sequence[str]) -> bool:
    """Whether the first argument that is no option is a file, not a command."""
    valued = ("--facts", "--log", "--format", "--output", "--kb", "--engine")
    words = iter(arguments)
    for word in words:
        if word in valued:
            next(words, None)
        elif not word.startswith("-"):
            return word not in _COMMANDS and (os.sep in word or os.path.exists(word))
    return False


def _usual(arguments: Sequence[str]) -> SimpleNamespace | None:
    """The options of one verdict, where they are given in the usual form; argparse takes a tenth of a small run."""
    options = SimpleNamespace(command=None, facts=None, log=[], format="text", output=None, kb=[], engine="")
    words = iter(arguments)
    for word in words:
        value = next(words, "")
        if not value or (value.startswith("-") and value != "-"):
            return None
        if word in ("--log", "--kb"):
            getattr(options, word[2:]).append(value)
        elif word in ("--facts", "--output"):
            setattr(options, word[2:], value)
        elif word == "--format" and value in ("text", "json", "markdown", "html"):
            options.format = value
        elif word == "--engine" and value in ("durable-rules", "evaluator"):
            options.engine = value
        else:
            return None
    return options if options.log or options.facts else None


def _run(options: Any) -> int:
    where = getattr(options, "kb", [])
    for folder in where:
        if not os.path.isdir(folder):
            return complain(f"--kb {folder}: no such folder", USAGE)
    from kb.where import folders

    options.kb = folders(where)
    options.engine = getattr(options, "engine", "")
    if options.command == "triage":
        from advisor.triage import triage

        return triage(options)
    if options.command == "explain":
        from advisor.reading_aid import explain

        return explain(options)
    if options.command == "kb":
        from advisor.knowledge import knowledge

        return knowledge(options)
    if options.command == "collect":
        from advisor.collect import collect

        return collect(options)
    if options.command == "train":
        from advisor.train import train

        return train(options)
    if options.command == "mcp":
        from advisor.server import serve

        return serve(options)
    if options.command == "resume":
        from advisor.replay import resume

        return resume(options)
    if options.command == "replay":
        from advisor.replay import replay

        return replay(options)
    if options.facts or options.log:
        if getattr(options, "logs", None):
            return complain("name logs either with --log (one verdict) or without (talk about them)", USAGE)
        return _batch(options)
    if options.output or options.format != "text":
        return complain("--format and --output need --facts or --log; see kadvisor --help", USAGE)
    from advisor.repl import repl

    return repl(options)


def _batch(options: Any) -> int:
    from advisor.progress import Progress
    from advisor.render import render
    from advisor.work import Work
    from facts.errors import InputError

    work = Work(options.kb, options.engine)
    progress = Progress(options.log)
    try:
        verdict = work.verdict(options.facts, options.log, progress)
    except InputError as error:
        return complain(str(error))
    finally:
        progress.done()
    warn(work)
    if options.format != "text" or options.output is not None or not verdict["usable"]:
        for note in verdict["notes"]:
            complain(note)
    if not verdict["usable"]:
        return complain("nothing usable in the input: no kernel message and no fact")
    terminal = options.output is None and sys.stdout.isatty()
    width = columns() if terminal else 100
    text = render(verdict, options.format, width=width, colour=terminal and wants_colour())
    if options.output is None:
        write(sys.stdout, text)
        return USABLE
    try:
        with open(options.output, "w", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        return complain(f"{options.output}: cannot be written: {error.strerror}")
    return USABLE
