"""`python -m tests.benchmarks [--size MB] [--reports N] [--runs N]`: ratios to rg and an empty Python, and memory.

Inputs are made in a temporary folder.  All programs take turns, the medians count; run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence

from tests.benchmarks.logs import quiet, reports

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_MEASURE = (  # runs a command; prints seconds and peak memory in KB
    "import os, subprocess, sys, time, resource; t = time.perf_counter();"
    "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL);"
    "print(time.perf_counter() - t, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


def _run(command: Sequence[str], folder: str) -> tuple[float, int]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((folder, os.environ.get("PYTHONPATH", "")))}
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, *command], cwd=folder, env=environment, capture_output=True, check=True
    )
    seconds, memory = done.stdout.split()
    return float(seconds), int(memory)


def _compare(name: str, base: Sequence[str], ours: Sequence[str], folder: str, runs: int) -> None:
    _run(ours, folder)
    pairs = [(_run(base, folder), _run(ours, folder)) for _ in range(runs)]
    one = statistics.median(pair[0][0] for pair in pairs)
    two = statistics.median(pair[1][0] for pair in pairs)
    peak = max(pair[1][1] for pair in pairs) >> 10
    print(f"{name:34} {one:8.3f} s {two:8.3f} s   {two / one:6.2f} times   {peak} MB", flush=True)


def _write(path: str, pieces: Iterable[bytes]) -> None:
    with open(path, "wb") as stream:
        for piece in pieces:
            stream.write(piece)


def _literals(path: str, folder: str) -> None:
    sys.path.insert(0, folder)
    from kb.load import load

    events = load([os.path.join(folder, "kb")], with_incidents=False).events.values()
    with open(path, "w", encoding="utf-8") as stream:
        stream.writelines(f"{pattern.literal}\n" for kind in events for pattern in kind.patterns)


FALLBACK = (
    "import runpy, sys; sys.modules['hyperscan'] = None; "
    "sys.argv[0] = 'kadvisor'; runpy.run_module('advisor', run_name='__main__')"
)


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    options.add_argument("--size", type=int, default=1000, help="MB of the quiet log")
    options.add_argument("--reports", type=int, default=50_000, help="reports in the full log")
    options.add_argument("--runs", type=int, default=3)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for part in ("kb", "facts", "advisor"):  # a copy with bytecode, as an installation has it
            shutil.copytree(os.path.join(ROOT, part), os.path.join(folder, part))
        compileall.compile_dir(folder, quiet=2)
        path = {name: os.path.join(folder, name) for name in ("quiet", "full", "small", "host.yaml", "mb.log", "texts")}
        _write(path["quiet"], quiet(given.size * 1_000_000))
        _write(path["full"], reports(given.reports))
        _write(path["small"], [b"".join(reports(20))[:4096]])
        _write(path["mb.log"], [b"".join(quiet(500_000))[:500_000], *reports(3), b"".join(quiet(500_000, 5))[:490_000]])
        _write(path["host.yaml"], [b"host: db1\nfacts:\n  kdump: {loaded: false}\nlogs: [mb.log]\n"])
        _literals(path["texts"], folder)
        ours = [sys.executable, "-m", "advisor"]
        empty = [sys.executable, "-c", "pass"]
        print(f"{'':34} {'base':>10} {'kadvisor':>10}")
        many = 5 * given.runs
        _compare("4 KB log, to an empty Python", empty, [*ours, "--log", path["small"]], folder, many)
        _compare("facts and 1 MB log, to an empty one", empty, [*ours, "--facts", path["host.yaml"]], folder, many)
        search = shutil.which("rg")
        if search is not None:
            base = [search, "-c", "-F", "-f", path["texts"], path["quiet"]]
            quiet_log = ["--log", path["quiet"]]
            _compare(f"quiet log of {given.size} MB, to rg", base, [*ours, *quiet_log], folder, given.runs)
            _compare(
                "the same without hyperscan", base, [sys.executable, "-c", FALLBACK, *quiet_log], folder, given.runs
            )
        started = time.perf_counter()
        _, peak = _run([*ours, "--log", path["full"]], folder)
        print(f"{given.reports} reports: {time.perf_counter() - started:.1f} s, {peak >> 10} MB")


if __name__ == "__main__":
    main()
