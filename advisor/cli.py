"""The command line.  Exit status: 0 a verdict was given, 1 nothing usable in the input, 2 wrong use."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from advisor.terminal import INTERRUPTED, UNUSABLE, USABLE, USAGE, columns, complain, wants_colour, warn, write

VERSION = "0.1.0"

_EPILOG = """\
without options:   the interactive advisor
examples:
  kadvisor --log console.log
  kadvisor --facts host.yaml --format json
  journalctl -k -b -1 | kadvisor --log -
  kadvisor explain console.log
  kadvisor triage /var/crash --jobs 2 > verdicts.jsonl
  kadvisor kb show use-after-free

exit status: 0 a verdict was given, 1 nothing usable in the input, 2 wrong use
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(complain(f"{message}; see kadvisor --help", USAGE))


def parser() -> argparse.ArgumentParser:
    main = _Parser(
        prog="kadvisor",
        description="What most probably made this Linux machine crash, hang or reboot, "
        "with the evidence and the next step.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    main.add_argument("--version", action="version", version=f"kadvisor {VERSION}")
    _inputs(main)
    main.add_argument(
        "--format", choices=("text", "json", "markdown", "html"), default="text", help="form of the verdict"
    )
    main.add_argument("--output", metavar="FILE", help="write the verdict there instead of to standard output")
    _shared(main)
    commands = main.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=_Parser)
    triage = commands.add_parser(
        "triage", help="verdicts for many inputs, one JSON object per line", allow_abbrev=False
    )
    triage.add_argument(
        "paths", nargs="+", metavar="PATH", help="log, host.yaml, or folder (with a host.yaml: one input)"
    )
    triage.add_argument("--format", choices=("jsonl", "text"), default="jsonl")
    triage.add_argument("--jobs", type=_jobs, default=1, metavar="N", help="read N inputs at a time (1 to 64)")
    _shared(triage)
    explain = commands.add_parser(
        "explain", help="a log with each decisive line annotated in plain words", allow_abbrev=False
    )
    explain.add_argument("file", metavar="FILE", help="kernel log (.gz .xz .zst too, - is standard input)")
    explain.add_argument("--format", choices=("text", "markdown"), default="text", help="form of the output")
    explain.add_argument("--all", action="store_true", help="print every line, not only the decisive ones")
    explain.add_argument("--output", metavar="FILE", help="write there instead of to standard output")
    _shared(explain)
    kb = commands.add_parser("kb", help="the knowledge base", allow_abbrev=False)
    parts = kb.add_subparsers(dest="part", metavar="ACTION", required=True, parser_class=_Parser)
    check = parts.add_parser(
        "check", help="check all knowledge files; exit status 1 with any problem", allow_abbrev=False
    )
    check.add_argument("--quick", action="store_true", help="leave out the incidents")
    _shared(check)
    show = parts.add_parser("show", help="a cause, event kind, probe or incident", allow_abbrev=False)
    show.add_argument("id", metavar="ID")
    _shared(show)
    listing = parts.add_parser("list", help="ids and titles", allow_abbrev=False)
    listing.add_argument(
        "what", nargs="?", choices=("causes", "events", "probes", "derivations", "incidents"), default="causes"
    )
    _shared(listing)
    search = parts.add_parser("search", help="what fits some words best", allow_abbrev=False)
    search.add_argument("words", nargs="+", metavar="WORD")
    _shared(search)
    return main


def _inputs(to: argparse.ArgumentParser) -> None:
    to.add_argument("--facts", metavar="HOST.YAML", help="facts, logs and answers of one host; gives one verdict")
    to.add_argument(
        "--log", action="append", default=[], metavar="FILE", help="kernel log (.gz .xz .zst too, - is standard input)"
    )


def _shared(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "--kb",
        action="append",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="lay the knowledge of DIR over the built-in one",
    )
    to.add_argument(
        "--engine",
        choices=("durable-rules", "evaluator"),
        default=argparse.SUPPRESS,
        help="rule engine (default: durable-rules where it imports)",
    )


def _jobs(text: str) -> int:
    if text.isdigit() and 1 <= int(text) <= 64:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 64")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    if sys.stdout is None:  # closed by the caller
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    try:
        options = parser().parse_args(arguments)
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


def _run(options: argparse.Namespace) -> int:
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
    if options.facts or options.log:
        return _batch(options)
    if options.output or options.format != "text":
        return complain("--format and --output need --facts or --log; see kadvisor --help", USAGE)
    from advisor.repl import repl

    return repl(options)


def _batch(options: argparse.Namespace) -> int:
    from advisor.render import render
    from advisor.work import Work
    from facts.errors import InputError

    work = Work(options.kb, options.engine)
    try:
        verdict = work.verdict(options.facts, options.log)
    except InputError as error:
        return complain(str(error))
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
