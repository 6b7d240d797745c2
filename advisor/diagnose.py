"""Evidence -> diagnosis: derived facts, findings, ranking.  Every diagnosis starts from a clean working memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from advisor.engine import Engine, Memory, Rule, engine, remember
from advisor.rank import Ranking, rank, rules
from facts.evidence import Evidence, Known
from facts.names import FactNames
from facts.records import Event, Value
from facts.release import Releases
from kb.cache import Base

MAX_ROUNDS = 8  # rounds of derivation


class Diagnosis(NamedTuple):
    evidence: Evidence  # with derived facts added
    memory: Memory
    ranking: Ranking


class Diagnostician:
    """Diagnoses evidence with one base and one engine."""

    def __init__(self, base: Base, with_engine: Engine | None = None) -> None:
        self.base = base
        self.engine = with_engine or engine()
        self.rules, self.origin = rules(base)
        self.derivations = [Rule(entry["id"], entry["clauses"]) for entry in base.derivations]
        self.names = FactNames(base.facts)
        self.releases = Releases(base.releases)

    def diagnose(self, evidence: Evidence, added: dict[str, Known] | None = None) -> Diagnosis:
        """Diagnose the evidence; `added` facts (answers, what-if) override those of the evidence."""
        facts = {**evidence.facts, **(added or {})}
        if "kernel.upstream" not in evidence.facts or "kernel.version" in (added or {}):
            self._upstream(facts)
        roots = focus(evidence.events, evidence.root)
        memory = remember(evidence.events, roots, {n: k.value for n, k in facts.items()}, self.base.flags)
        for name, known in self._derive(memory):
            facts[name] = known
        ranking = rank(self.base, memory, self.origin, self.engine.run(self.base.leaves, self.rules, memory))
        return Diagnosis(evidence._replace(facts=facts), memory, ranking)

    def _upstream(self, facts: dict[str, Known]) -> None:
        """The upstream release that kernel.version tells, where no log does."""
        release = facts.get("kernel.version")
        told = self.releases.read(str(release.value)) if release is not None else None
        if release is not None and told is not None and "kernel.upstream" in self.names:
            facts["kernel.upstream"] = Known(told[0], f"derived from kernel.version ({release.origin})")
            facts["kernel.numbering"] = Known(told[1], f"derived from kernel.version ({release.origin})")

    def _derive(self, memory: Memory) -> Iterable[tuple[str, Known]]:
        """Add derived facts to the memory until nothing new follows; a known fact is never changed."""
        derived: dict[str, Known] = {}
        for _ in range(MAX_ROUNDS):
            fresh: dict[str, Known] = {}
            for firing in self.engine.run(self.base.leaves, self.derivations, memory):
                entry = self.base.derivations[firing.rule]
                values: dict[str, Value | None] = dict(entry["then"])
                for name, other in entry["copies"].items():
                    values[name] = self._converted(name, memory.facts.get(other))
                for name, value in values.items():
                    if value is not None and name not in memory.facts and name not in fresh:
                        fresh[name] = Known(value, f"derived: {entry['id']}")
            if not fresh:
                break
            derived.update(fresh)
            memory.facts.update({name: known.value for name, known in fresh.items()})
        return derived.items()

    def _converted(self, name: str, value: Value | None) -> Value | None:
        if value is None:
            return None
        try:
            return self.names.convert(name, value)
        except ValueError:
            return None


def focus(events: list[Event], root: int | None) -> set[int]:
    """The root event, and the failure that it led to when it is itself a mere problem (a warning, a failed request)."""
    if root is None:
        return set()
    out = {root}
    if events[root].severity == "problem":
        for index, event in enumerate(events):
            if event.role == "consequence" and event.severity == "failure" and "capture" not in event.attributes:
                if event.kind != "truncated-log":
                    out.add(index)
                    break
    return out
