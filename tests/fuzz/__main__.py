"""`python -m tests.fuzz TARGET [FOLDER] [libFuzzer options]`; `--list` names the targets."""

from __future__ import annotations

import os
import random
import resource
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

HOME = Path(".fuzz")
EVERY = 55  # seconds between two lines of figures


class Figures:
    """What a run did so far; printed once a minute (libFuzzer ends the process without a word to Python)."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.start = self.shown = time.monotonic()
        self.runs = self.refused = 0
        self.slowest = (0.0, 0)  # seconds, bytes
        self.first = 0  # KiB of memory after the seeds, about

    def add(self, seconds: float, size: int) -> None:
        self.runs += 1
        self.slowest = max(self.slowest, (seconds, size))
        if self.runs == 500:
            self.first = _memory()
        if time.monotonic() - self.shown >= EVERY:
            self.shown = time.monotonic()
            self.show()

    def show(self) -> None:
        spent = time.monotonic() - self.start
        seconds, size = self.slowest
        print(
            f"{self.target}: {self.runs} runs in {spent:.0f} s, {self.refused} refused, slowest {seconds:.2f} s for "
            f"{size} bytes, memory {self.first >> 10} MiB after 500 runs, {_memory() >> 10} MiB now",
            file=sys.stderr,
            flush=True,
        )


def _memory() -> int:
    """The largest resident size so far, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _folder() -> Path:
    """For the files of the inputs; in memory where that is possible."""
    memory = "/dev/shm"
    return Path(tempfile.mkdtemp(prefix="kadvisor-fuzz-", dir=memory if os.path.isdir(memory) else None))


def main() -> int:
    options = sys.argv[1:]
    if not options or options[0] in ("--help", "-h", "--list"):
        from tests.fuzz.targets import TARGETS

        print(__doc__)
        for name, target in TARGETS.items():
            print(f"  {name:10} {(target.run.__doc__ or '').strip()}")
        return 0 if options else 2
    try:
        import atheris
    except ImportError:
        print("atheris is not installed: pip install -e '.[fuzz]'", file=sys.stderr)
        return 2
    for name in ("CACHE", "CONFIG", "STATE"):
        os.environ[f"XDG_{name}_HOME"] = tempfile.mkdtemp(prefix="kadvisor-fuzz-")
    hook = atheris.instrument_imports(include=["kb", "facts", "advisor"])
    hook.__enter__()  # for the whole run: many modules are imported where they are used
    from tests.fuzz.mutate import mutate
    from tests.fuzz.targets import TARGETS, Refused, Tools

    if options[0] not in TARGETS:
        print(f"{options[0]} is no target; there are {', '.join(TARGETS)}", file=sys.stderr)
        return 2
    name, options = options[0], options[1:]
    target, tools, figures = TARGETS[name], Tools(_folder()), Figures(name)
    seeds = [seed[: target.longest] for seed in target.seeds(tools.work)]
    if not any(not option.startswith("-") for option in options):
        folder = HOME / name
        folder.mkdir(parents=True, exist_ok=True)
        for seed in seeds:
            (folder / sha256(seed).hexdigest()[:16]).write_bytes(seed)
        options.append(str(folder))
        options.append(f"-artifact_prefix={HOME}/{name}-")

    def one(data: bytes) -> None:
        begin = time.process_time()
        try:
            target.run(tools, data)
        except Refused:
            figures.refused += 1
        figures.add(time.process_time() - begin, len(data))

    def damaged(data: bytes, longest: int, seed: int) -> bytes:
        chance = random.Random(seed)
        if chance.randrange(3) == 0:
            return bytes(atheris.Mutate(data, longest))
        return mutate(data, chance, seeds)[:longest]

    defaults = [f"-max_len={target.longest}", "-timeout=20", "-report_slow_units=3", "-rss_limit_mb=1024"]
    defaults.append("-print_final_stats=1")
    atheris.Setup([sys.argv[0], *defaults, *options], one, custom_mutator=damaged)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
