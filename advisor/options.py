"""The options of the command line, for argparse; advisor/cli.py reads the usual ones without it."""

from __future__ import annotations

import argparse
import os

from advisor.cli import VERSION
from advisor.terminal import USAGE, complain

_EPILOG = """\
without options:   the interactive advisor
examples:
  kadvisor console.log              talk about a log
  kadvisor --log console.log        one verdict
  kadvisor --facts host.yaml --format json
  journalctl -k -b -1 | kadvisor --log -
  kadvisor explain console.log
  kadvisor triage /var/crash --jobs 2 > verdicts.jsonl
  sudo kadvisor collect --output host.yaml
  kadvisor train                    learn to read such logs
  kadvisor kb show use-after-free

exit status: 0 a verdict was given, 1 nothing usable in the input, 2 wrong use
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(complain(f"{message}; see kadvisor --help", USAGE))


def parser(with_logs: bool = False) -> argparse.ArgumentParser:
    """The parser of the commands, or of `kadvisor LOG...`."""
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
    main.add_argument("--live", action="store_true", help="talk: offer to run read-only commands on this machine")
    main.add_argument("--plain", action="store_true", help="talk: no colour, no bars, no redrawing (screen readers)")
    _shared(main)
    if with_logs:
        main.add_argument("logs", nargs="+", metavar="LOG", help="talk about these logs (or a host.yaml)")
        main.set_defaults(command=None)
        return main
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
    resume = commands.add_parser("resume", help="go on with a saved session", allow_abbrev=False)
    resume.add_argument("session", nargs="?", default="", metavar="ID|FILE", help="default: the latest")
    resume.add_argument("--list", action="store_true", help="list the saved sessions")
    resume.add_argument("--live", action="store_true", help=argparse.SUPPRESS)
    resume.add_argument("--plain", action="store_true", help=argparse.SUPPRESS)
    _shared(resume)
    replay = commands.add_parser(
        "replay", help="does a saved session still give its verdict? status 0: the same, 1: another", allow_abbrev=False
    )
    replay.add_argument("file", metavar="ID|FILE")
    _shared(replay)
    collect = commands.add_parser(
        "collect", help="facts of this machine, by read-only commands, as a host.yaml", allow_abbrev=False
    )
    collect.add_argument("--output", metavar="FILE", help="write there instead of to standard output")
    how = collect.add_mutually_exclusive_group()
    how.add_argument(
        "--script", action="store_true", help="print a sh script that does it on a machine without kadvisor"
    )
    how.add_argument("--from", dest="source", default="", metavar="FILE", help="make the host.yaml of what it printed")
    _shared(collect)
    train = commands.add_parser(
        "train", help="exercises for on-call engineers: find the cause of a known incident", allow_abbrev=False
    )
    train.add_argument("incident", nargs="?", default="", metavar="INCIDENT", help="default: one you have not solved")
    train.add_argument("--family", default="", metavar="NAME", help="only causes of this family (see --list)")
    train.add_argument("--seed", type=int, metavar="N", help="the same order for all who name the same number")
    train.add_argument("--list", action="store_true", help="families, number of exercises, and how you did")
    train.add_argument("--plain", action="store_true", help="no colour, no redrawing (screen readers)")
    _shared(train)
    mcp = commands.add_parser(
        "mcp", help="serve as tools of the Model Context Protocol over standard input and output", allow_abbrev=False
    )
    _shared(mcp)
    kb = commands.add_parser("kb", help="the knowledge base", allow_abbrev=False)
    parts = kb.add_subparsers(dest="part", metavar="ACTION", required=True, parser_class=_Parser)
    check = parts.add_parser(
        "check", help="check all knowledge files; exit status 1 with any problem", allow_abbrev=False
    )
    check.add_argument("--quick", action="store_true", help="leave out the incidents and the samples of known defects")
    processors = len(os.sched_getaffinity(0))
    check.add_argument(
        "--jobs",
        type=_jobs,
        default=processors,
        metavar="N",
        help="test N cases at a time (default: one per processor)",
    )
    _shared(check)
    calibrate = parts.add_parser(
        "calibrate", help="how often the advisor is right about incidents, and how far to trust it", allow_abbrev=False
    )
    which = calibrate.add_mutually_exclusive_group()
    which.add_argument("--held-back", action="store_true", help="only incidents not used for the weights (default)")
    which.add_argument("--all", action="store_true", help="all incidents")
    calibrate.add_argument("--origin", choices=("written", "lab"), help="only incidents of this origin")
    calibrate.add_argument("--format", choices=("text", "json"), default="text", help="form of the figures")
    _shared(calibrate)
    rates = parts.add_parser(
        "rates", help="count what is usually behind each kind of event (for kb/rates.yaml)", allow_abbrev=False
    )
    _shared(rates)
    show = parts.add_parser("show", help="a cause, event kind, known defect, probe or incident", allow_abbrev=False)
    show.add_argument("id", metavar="ID")
    _shared(show)
    listing = parts.add_parser("list", help="ids and titles", allow_abbrev=False)
    listing.add_argument(
        "what",
        nargs="?",
        choices=("causes", "events", "probes", "derivations", "incidents", "defects"),
        default="causes",
    )
    _shared(listing)
    search = parts.add_parser("search", help="what fits some words best", allow_abbrev=False)
    search.add_argument("words", nargs="+", metavar="WORD")
    _shared(search)
    new = parts.add_parser("new", help="a file to fill in, in your own knowledge or that of --kb", allow_abbrev=False)
    new.add_argument("kind", choices=("cause", "defect", "derivation", "event", "incident", "probe"))
    new.add_argument("id", metavar="ID", help="lower-case words joined by -")
    new.add_argument("--family", default="", metavar="NAME", help="of a cause or incident: the folder it belongs to")
    _shared(new)
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
