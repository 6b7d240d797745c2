"""Runs the read-only command of a probe on this machine: no shell, bounded in time and output."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

SECONDS = 20
MAX_OUTPUT = 64 << 10
_BLANKS = ("<", ">", "...", "XXX")  # marks of a place that a person must fill in


class Output(NamedTuple):
    text: str  # standard output
    errors: str  # standard error
    status: int | None  # None: it did not end in time
    cut: bool  # more came than is kept

    @property
    def failed(self) -> bool:
        """Whether its silence means nothing: it could not run, or complained."""
        return self.status is None or (self.status != 0 and bool(self.errors.strip()))


def refusal(probe: Mapping[str, Any]) -> str:
    """Why the command of this probe is not run here, or ""."""
    if not probe["command"]:
        return "this question has no command"
    if probe["place"] != "host":
        return f"this is to be done elsewhere ({probe['place']})"
    if probe["risk"] != "none":
        return f"its command is not free of risk ({probe['risk']}); run it yourself when that fits"
    if any(blank in word for word in probe["command"] for blank in _BLANKS):
        return "its command has a place to fill in; run it yourself"
    return ""


def run(command: Sequence[str], seconds: float = SECONDS, limit: int = MAX_OUTPUT) -> Output:
    """Run a command given as a list of words.  Raises OSError when it cannot be started."""
    import selectors
    import subprocess
    from time import monotonic

    paths = os.environ.get("PATH", os.defpath).split(os.pathsep)
    paths += [path for path in ("/usr/sbin", "/sbin") if path not in paths]
    environment = {**os.environ, "LC_ALL": "C", "PATH": os.pathsep.join(paths)}
    process = subprocess.Popen(  # noqa: S603
        list(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
        start_new_session=True, close_fds=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    data = {process.stdout: bytearray(), process.stderr: bytearray()}
    cut = False
    end = monotonic() + seconds
    try:
        with selectors.DefaultSelector() as selector:
            for stream in data:
                selector.register(stream, selectors.EVENT_READ)
            while selector.get_map() and not cut and (left := end - monotonic()) > 0:
                for key, _ in selector.select(left):
                    kept = data[key.fileobj]  # type: ignore[index]
                    chunk = os.read(key.fd, 1 << 14)
                    if not chunk:
                        selector.unregister(key.fileobj)
                    kept += chunk[: limit - len(kept)]
                    cut = cut or len(kept) >= limit
        status: int | None = None
        if not cut:
            try:
                status = process.wait(max(end - monotonic(), 0.05))
            except subprocess.TimeoutExpired:
                status = None
    finally:
        _stop(process.pid)
        process.wait()
        process.stdout.close()
        process.stderr.close()
    out, errors = (bytes(part).decode("utf-8", "replace") for part in data.values())
    return Output(out, errors, 0 if cut else status, cut)


def _stop(group: int) -> None:
    """End the command and what it started."""
    import signal

    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
