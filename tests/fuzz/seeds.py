"""Seeds of the fuzz targets, made from the project's own logs, incidents, outputs and knowledge files."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

from advisor.work import Work
from kb.where import BUILT_IN

ROOT = Path(BUILT_IN).parent
TESTS = ROOT / "tests"
LARGEST = 40_000  # bytes of a seed
HOST = """\
host: web-07
collected: 2026-03-01 10:00
notes: |
  two lines
facts:
  kernel: {version: 6.1.0, cmdline: "ro crashkernel=256M panic=10 console=ttyS0"}
  hardware.ecc: yes
  kdump:
    service: active
    reserved: 256M
  time.clocksources: [tsc, hpet]
logs:
  - {name: console, text: "[    1.000000] BUG: unable to handle page fault for address: 0\\n"}
  - |
    [    2.000000] Kernel panic - not syncing: x
    [    3.000000] y
  - beside.log
answers: {incident-machines: one, incident-phase: running, kdump-vmcores: [a, b]}
"""


def _folder() -> dict[str, str]:
    """The small knowledge folder of the tests, and a table for it."""
    from tests.kb.kbfolder import FILES

    table = "- table: event\n  keys: name\n  sources: house.c\n  entries:\n    fire: It burns.\n    smoke: It smokes.\n"
    return {**FILES, "annotations/all.yaml": table}


FILES = _folder()


def incidents() -> list[Path]:
    return sorted((ROOT / "kb" / "incidents").rglob("*.yaml"))


def texts(work: Work) -> list[bytes]:
    """Logs: those of the tests, and those of the incidents."""
    from kb.load import load

    found = [path.read_bytes() for path in sorted((TESTS / "logs").glob("*.log"))]
    found += [one.log.encode() for _, one in sorted(load([BUILT_IN]).incidents.items()) if one.log]
    return [data[:LARGEST] for data in found]


def logs(work: Work) -> list[bytes]:
    return texts(work)


def journals(work: Work) -> list[bytes]:
    """Lines as `journalctl -o json`, container runtimes and cloud exports print them."""
    out = []
    for number, data in enumerate(texts(work)[:40]):
        lines = data.decode("utf-8", "replace").split("\n")[:60]
        made: list[dict[str, object]] = []
        for at, line in enumerate(lines):
            forms: list[dict[str, object]] = [
                {"MESSAGE": line, "SYSLOG_IDENTIFIER": "kernel", "_TRANSPORT": "kernel", "PRIORITY": "4",
                 "_SOURCE_MONOTONIC_TIMESTAMP": str(1_000_000 + at)},
                {"MESSAGE": list(line.encode()), "_TRANSPORT": "kernel", "__MONOTONIC_TIMESTAMP": at},
                {"log": line + "\n", "stream": "stderr"},
                {"jsonPayload": {"message": line}},
                {"MESSAGE": [line, "again"], "_COMM": "kernel", "_TRANSPORT": "syslog"},
            ]  # fmt: skip
            made.append(forms[number % len(forms)])
        out.append("\n".join(json.dumps(entry) for entry in made).encode())
    return out


def reports(work: Work) -> list[bytes]:
    """A kind on the first line and its report below it, some of each kind."""
    out: list[bytes] = []
    taken: dict[str, int] = {}
    for data in texts(work):
        text = data.decode("utf-8", "replace")
        lines = text.split("\n")
        for event in work.gatherer.gather("x", {}, [("log", text)]).events:
            kind = event.kind
            known = work.base.events.get(kind)
            if known is None or known["report"] == "none" or event.line < 1 or taken.get(kind, 0) >= 6:
                continue
            taken[kind] = taken.get(kind, 0) + 1
            out.append("\n".join([kind, *lines[event.line - 1 : event.end_line]]).encode()[:LARGEST])
    return out


def hosts(work: Work) -> list[bytes]:
    example = (ROOT / "docs" / "examples" / "web-07" / "host.yaml").read_bytes()
    whole = ["facts:"]
    for group, names in work.base.facts.items():
        for name, kind in names.items():
            value = kind[0] if isinstance(kind, list) else {"list": "[a, b]", "text": "x"}.get(str(kind), "1")
            whole.append(f"  {group}.{name}: {value}")
    return [
        example,
        HOST.encode(),
        "\n".join(whole).encode(),
        b"\xef\xbb\xbfhost: a\r\nfacts:\r\n  kernel.panic: 1\r\n",
    ]


def yamls(work: Work) -> list[bytes]:
    folders = ("probes", "events", "derivations", "vocabulary", "annotations")
    files = [path for folder in folders for path in sorted((ROOT / "kb" / folder).glob("*.yaml"))]
    files += [ROOT / "kb" / "frames.yaml", *incidents()[::20]]
    return [
        HOST.encode(),
        *(path.read_bytes()[:8000].rpartition(b"\n- ")[0] or path.read_bytes()[:8000] for path in files),
    ]


def markdowns(work: Work) -> list[bytes]:
    return [path.read_bytes() for path in sorted((ROOT / "kb" / "causes").rglob("*.md"))[::4]]


def knowledge(work: Work) -> list[bytes]:
    """Name of a file of the small knowledge folder of the tests, and its contents."""
    return [f"{name}\n{text}".encode() for name, text in FILES.items()]


def packed(work: Work) -> list[bytes]:
    """Compressed logs."""
    data = (TESTS / "logs" / "oops-x86-6.8.log").read_bytes()
    small = data[:1500]
    out = [data, data.decode().encode("utf-16"), data.decode().encode("utf-32"), b"\xef\xbb\xbf" + small]
    makers: list[Callable[[bytes], bytes]] = [lambda raw: gzip.compress(raw, mtime=0), bz2.compress, lzma.compress]
    try:
        import zstandard

        makers.append(zstandard.ZstdCompressor().compress)
    except ImportError:
        pass
    for make in makers:
        out += [make(data), make(small) + make(small), make(b"\0" * 200_000 + small), make(data)[:-9], make(b"")]
    return out


def outputs(work: Work) -> list[bytes]:
    """A probe on the first line and what its command prints below it."""
    from tests.advisor.outputs import OUTPUTS

    return [f"{probe}\n{text}".encode() for probe, text, _ in OUTPUTS]


def sessions(work: Work) -> list[bytes]:
    """Saved conversations."""
    from advisor.bundle import pack, read
    from advisor.session import Session, packed

    out = []
    for number, path in enumerate(sorted((TESTS / "logs").glob("*.log"))[:6]):
        bundle = read(work, None, [str(path)])
        session = Session(work)
        lines: list[dict[str, object]] = [{"schema": "kadvisor/session/1", "id": "1", "program": "0", "knowledge": "0"}]
        if number % 2:  # as it is kept where the log is too large
            bundle = bundle._replace(logs=[(name, None) for name, _ in bundle.logs])
        session.load(bundle.evidence, bundle)
        lines.append({"do": "evidence", "evidence": pack(bundle), "then": session.belief()})
        session.fact("hardware.ecc", "yes")
        session.answer("incident-machines", "one")
        session.skip("incident-phase")
        session.event("oops", {"cpu": 3, "function": "kfree"}) if "oops" in work.base.events else None
        lines += [dict(packed(step)) for step in session.steps]
        lines += [{"do": "undo"}, {"do": "redo", "then": session.belief()}]
        out.append("".join(json.dumps(line) + "\n" for line in lines).encode())
    return out
