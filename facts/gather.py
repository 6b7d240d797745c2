"""Inputs -> Evidence: host.yaml, logs, or both, read with one recogniser."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from facts.cmdline import facts_of_cmdline
from facts.errors import InputError
from facts.evidence import Evidence, Known
from facts.frames import FrameTable
from facts.headers import Header, Headers
from facts.mend import mended
from facts.names import FactNames
from facts.patterns import Patterns
from facts.recognise import Reading, Recogniser
from facts.records import Event
from facts.release import Releases
from facts.scan import Scanner
from facts.sources.text import raw_blocks
from facts.timeline import Timeline, build
from kb.cache import Base

Progress = Callable[[int], None]
_RANK = {"failure": 0, "problem": 1, "end": 2}


class Gatherer:
    """Reads inputs; build one per base and reuse it for many inputs."""

    def __init__(self, base: Base) -> None:
        self.names = FactNames(base.facts)
        self.releases = Releases(base.releases)
        search = base.search
        scanner = Scanner(
            search["expression"], search["keys"], search["needles"], search["form-expression"], search["form-keys"]
        )
        patterns = Patterns(base.events, scanner, base.integers, base.numbers)
        self.recogniser = Recogniser(base.events, FrameTable(base.frames), patterns, Headers(base.headers))

    def logs(self, paths: Sequence[str], progress: Progress | None = None) -> Evidence:
        """Evidence of log files.  Raises InputError when none of them can be read."""
        return self.gather(paths[0] if paths else "", {}, [(path, None) for path in paths], progress)

    def host(self, path: str, more: Sequence[str] = (), progress: Progress | None = None) -> Evidence:
        """Evidence of a host.yaml, the logs it names, and further logs.  Raises InputError when it is no host.yaml."""
        from facts.hostfile import read_hostfile

        host = read_hostfile(path, self.names)
        facts = {name: Known(value, os.path.basename(path)) for name, value in host.facts.items()}
        logs: list[tuple[str, str | None]] = [(log.path or log.name, log.text) for log in host.logs]
        notes = [f"{p.path}:{p.line}: {p.message}" for p in host.problems]
        evidence = self.gather(path, facts, [*logs, *[(log, None) for log in more]], progress, needed=False)
        return evidence._replace(notes=notes + evidence.notes, answers=host.answers)

    def gather(
        self,
        name: str,
        facts: dict[str, Known],
        logs: Sequence[tuple[str, str | None]],
        progress: Progress | None = None,
        needed: bool = True,
    ) -> Evidence:
        """Evidence of facts and logs (path, or name and text)."""
        notes: list[str] = []
        readings: list[tuple[str, Reading]] = []
        errors: list[InputError] = []
        for path, text in logs:
            try:
                source = raw_blocks(path, notes=notes) if text is None else iter([(1, text)])
                readings.append((path, self.recogniser.read(mended(source), progress)))
            except InputError as error:
                errors.append(error)
                notes.append(str(error))
        if needed and errors and not readings:
            raise errors[0]
        given = bool(facts)
        timelines = [build(reading) for _, reading in readings]
        order = sorted(range(len(timelines)), key=lambda i: _gravity(timelines[i]))
        events: list[Event] = []
        root, chain = None, []
        for place, index in enumerate(order):
            timeline = timelines[index]
            for event in timeline.events:
                event.file = index
                if place:
                    event.role = event.attributes["position"] = "context"
            if place == 0:
                root, chain = timeline.root, timeline.chain
                for fact, value in timeline.facts.items():
                    facts.setdefault(fact, Known(value, "evidence"))
                run = timeline.events[timeline.root].boot if timeline.root is not None else None
                self._headers(facts, readings[index][1].headers, run, notes)
                self._reports(facts, timeline)
            events += timeline.events
        for path, reading in readings:
            if not reading.kernel:
                notes.append(f"{path}: no line of it looks like a kernel message; is it the right file?")
        usable = given or any(reading.kernel for _, reading in readings)
        facts.setdefault("log.given", Known(bool(readings), "evidence"))
        self.add_cmdline(facts)
        lines = sum(reading.lines for _, reading in readings)
        return Evidence(name, events, root, chain, facts, [path for path, _ in readings], notes, lines, usable, {})

    def _headers(self, facts: dict[str, Known], headers: Sequence[Header], boot: int | None, notes: list[str]) -> None:
        """Facts from the lines by which the failing boot's kernel introduces itself."""
        boots = {h.boot for h in headers}
        wanted = boot if boot in boots else (min(boots) if boots else 0)
        for header in headers:
            if header.boot != wanted:
                continue
            origin = f"log line {header.line}"
            found: dict[str, object] = {}
            if header.name == "version":
                found["kernel.version"] = header.value.split()[0]
                found.update(self._upstream(header.value))
            elif header.name == "cmdline":
                found["kernel.cmdline"] = header.value
            elif header.name == "hardware":
                found.update(_hardware(header.value))
            elif header.name in ("hypervisor",):
                found["virtualization.kind"] = _HYPERVISORS.get(header.value.split()[0].lower())
            elif header.name == "cpu":
                found["hardware.cpu_model"] = header.value
            elif header.name == "memory":
                found["hardware.memory"] = f"{header.value}K"
            self._note(facts, found, origin)

    def _reports(self, facts: dict[str, Known], timeline: Timeline) -> None:
        """Facts that report headers tell."""
        root = timeline.events[timeline.root] if timeline.root is not None else None
        for event in timeline.events:
            origin = f"log line {event.line}"
            release, hardware = event.attributes.get("release"), event.attributes.get("hardware")
            found: dict[str, object] = {"kernel.version": release}
            if isinstance(hardware, str):
                found.update(_hardware(hardware))
            if event.attributes.get("kdump-loaded"):
                found["kdump.loaded"] = True
            if event is root:
                found["kernel.taint"] = event.attributes.get("tainted")
            if root is not None and event.boot == root.boot and isinstance(release, str):
                found.update(self._upstream(f"{release} {event.attributes.get('package', '')}"))
            self._note(facts, found, origin)

    def _upstream(self, text: str) -> dict[str, object]:
        """What a release or banner tells about the upstream release in the kernel."""
        told = self.releases.read(text)
        return {} if told is None else {"kernel.upstream": told[0], "kernel.numbering": told[1]}

    def _note(self, facts: dict[str, Known], found: dict[str, object], origin: str) -> None:
        for name, raw in found.items():
            if raw is None or name in facts:
                continue
            try:
                value = self.names.convert(name, raw)
            except ValueError:
                continue
            if value is not None:
                facts[name] = Known(value, origin)

    def add_cmdline(self, facts: dict[str, Known]) -> None:
        """Add the facts that a known kernel command line holds."""
        known = facts.get("kernel.cmdline")
        if known is None:
            return
        for name, value in facts_of_cmdline(str(known.value), self.names).items():
            facts.setdefault(name, Known(value, f"{known.origin} (kernel command line)"))


_HYPERVISORS = {
    "kvm": "kvm", "vmware": "vmware", "microsoft": "hyper-v", "hyper-v": "hyper-v", "hyperv": "hyper-v",
    "xen": "xen", "acrn": "other", "jailhouse": "other",
}  # fmt: skip


def _hardware(text: str) -> dict[str, object]:
    """Vendor, product and BIOS of a `Hardware name:` or `DMI:` text: "Vendor Product/Board, BIOS version date"."""
    name, _, bios = text.partition(", BIOS ")
    words = bios.split()
    found: dict[str, object] = {"hardware.product": name.strip()}
    vendor = name.strip().split()[0] if name.strip() else ""
    if vendor:
        found["hardware.vendor"] = vendor
    if words:
        found["hardware.bios_version"] = words[0]
        if len(words) > 1:
            found["hardware.bios_date"] = words[-1]
    return found


def _gravity(timeline: Timeline) -> int:
    if timeline.root is None:
        return 3
    event = timeline.events[timeline.root]
    return 3 if event.kind == "truncated-log" else _RANK.get(event.severity, 2)
