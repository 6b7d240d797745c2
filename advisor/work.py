"""What every way of using kadvisor shares: the base, the reader and the diagnostician, built once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from advisor.diagnose import Diagnosis, Diagnostician
from advisor.engine import engine
from advisor.verdict import verdict
from facts.evidence import Evidence, Known
from facts.foreign import mark_foreign
from facts.gather import Gatherer, Progress
from facts.told import tell
from kb.cache import base


class Work:
    def __init__(self, folders: Sequence[str], engine_name: str = "") -> None:
        self.folders = tuple(folders)
        self.base = base(folders)
        self.problems = self.base.problems
        self.gatherer = Gatherer(self.base)
        self.diagnostician = Diagnostician(self.base, engine(engine_name))

    def evidence(self, host: str | None, logs: Sequence[str], progress: Progress | None = None) -> Evidence:
        """Read a host.yaml and logs.  Raises InputError when there is nothing usable."""
        return self.gatherer.host(host, logs, progress) if host else self.gatherer.logs(logs, progress)

    def diagnose(self, evidence: Evidence) -> Diagnosis:
        """Diagnose; answers given in the evidence count as facts."""
        answers: dict[str, Known] = {}
        notes = list(evidence.notes)
        for probe, answer in evidence.answers.items():
            known = self.base.probes.get(probe)
            if known is None or not known["learns"]:
                notes.append(f"answers: {probe} is no probe that teaches a fact; it is left out")
                continue
            try:
                value = self.gatherer.names.convert(known["learns"], answer)
            except ValueError as error:
                notes.append(f"answers: {probe}: {error}")
                continue
            if value is not None:
                answers[known["learns"]] = Known(value, f"answer to {probe}")
        facts = {**evidence.facts, **answers}
        self.gatherer.add_cmdline(facts)
        evidence = mark_foreign(evidence._replace(notes=notes, facts=facts))
        return self.diagnostician.diagnose(
            tell(evidence, self.base.events, self.base.tells, self.gatherer.recogniser.frames)
        )

    def verdict(self, host: str | None, logs: Sequence[str], progress: Progress | None = None) -> dict[str, Any]:
        """The verdict on a host.yaml and logs."""
        return verdict(self.base, self.diagnose(self.evidence(host, logs, progress)))
