"""`kadvisor kb rates`: count how often each mechanism is behind an event of a kind (kb/rates.yaml).

Incidents that are held back do not count, so that they still measure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from advisor.trial import diagnose, mechanisms_of
from advisor.work import Work
from kb.model import Incident

FEW = 2  # a problem of a kind that fewer cases had is not told apart

HEAD = """\
# Of so many known cases whose root event is of this kind (and has this problem), so many had each mechanism as an
# accepted cause.  Counted from the incidents that are not held back: kadvisor kb rates > kb/rates.yaml"""


def rates(work: Work, incidents: Iterable[Incident]) -> Iterator[str]:
    """The lines of a rates file."""
    cases: Counter[tuple[str, str]] = Counter()
    causes: dict[tuple[str, str], Counter[str]] = {}
    for incident in incidents:
        if incident.held_back or not incident.causes:
            continue
        evidence = diagnose(work, incident)[0].evidence
        if evidence.root is None:
            continue
        root = evidence.events[evidence.root]
        problem = root.attributes.get("problem")
        for key in {(root.kind, ""), (root.kind, str(problem or ""))}:
            cases[key] += 1
            causes.setdefault(key, Counter()).update(mechanisms_of(work, incident))
    yield HEAD
    for (kind, problem), number in sorted(cases.items()):
        if problem and number < FEW:
            continue
        counted = sorted(causes[kind, problem].items(), key=lambda item: (-item[1], item[0]))
        yield f"- kind: {kind}"
        if problem:
            yield f"  problem: {problem}"
        yield f"  cases: {number}"
        yield "  causes: {" + ", ".join(f"{name}: {count}" for name, count in counted) + "}"
