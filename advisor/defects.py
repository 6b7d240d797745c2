"""Known defects that a diagnosis fits, for the verdict: which release corrected it, by which commit, and what helps.

They come from the findings (evidence compiled from kb/defects), so that the verdict claims no defect without one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from advisor.diagnose import Diagnosis
from kb.cache import Base
from kb.versions import version

AFFECTED, POSSIBLE = "affected", "possible"


def defects(base: Base, diagnosis: Diagnosis) -> list[dict[str, Any]]:
    """The defects whose signature and releases fit, surely affected kernels first, in the order of the findings."""
    found = {entry["id"]: entry for entry in _found(base, diagnosis)}
    return sorted(found.values(), key=lambda entry: str(entry["status"]) != AFFECTED)


def _found(base: Base, diagnosis: Diagnosis) -> Iterator[dict[str, Any]]:
    for hypothesis in diagnosis.ranking.hypotheses:
        if hypothesis.facet != "owner":
            continue
        origin = {item["id"]: item["defect"] for item in base.causes[hypothesis.cause]["evidence"] if "defect" in item}
        for finding in hypothesis.findings:
            name = origin.get(finding.id)
            if name is not None:
                status = AFFECTED if finding.id == f"defect-{name}" else POSSIBLE
                entry = _entry(name, base.defects[name], status, diagnosis)
                if finding.id == f"defect-{name}-build":
                    entry["says"] = _older(base.defects[name], str(diagnosis.memory.facts.get("kernel.version", "")))
                events = [diagnosis.evidence.events[index] for index in finding.events[:20]]
                yield {**entry, "lines": [e.line for e in events], "files": [e.file for e in events]}


def _entry(name: str, texts: dict[str, Any], status: str, diagnosis: Diagnosis) -> dict[str, Any]:
    facts = diagnosis.memory.facts
    upstream = str(facts.get("kernel.upstream", ""))
    release = version(upstream)
    own = texts["series"].get(".".join(map(str, release[0]))) if release is not None else None
    fixes = [*texts["series"].values(), *([texts["mainline"]] if texts["mainline"] else [])]
    fixed = str(own or fixes[-1])
    stable = facts.get("kernel.numbering") == "stable"
    return {
        "id": name,
        "status": status,
        "title": texts["title"],
        "says": _says(status, fixed, upstream, stable),
        "fixed_in": fixed,
        "fixed_elsewhere": [one for one in fixes if one != fixed],
        "commits": [{"subject": subject, "hash": short} for subject, short in texts["commits"]],
        "workaround": texts["workaround"],
        "sources": [{"title": title, "url": url} for title, url in texts["sources"]],
        "dated": texts["dated"],
    }


def _says(status: str, fixed: str, upstream: str, stable: bool) -> str:
    """One sentence on the correction, as sure as it is."""
    if status == AFFECTED:
        return f"Fixed in {fixed}; this kernel is upstream release {upstream}, which lacks the correction."
    if stable:
        return f"Fixed upstream in {fixed}; whether the series of {upstream} got the correction is not recorded."
    return (
        f"Fixed upstream in {fixed}; this kernel is numbered by its distribution: look for the commit in its changelog."
    )


def _older(texts: dict[str, Any], release: str) -> str:
    """The same for a distribution's build that is older than its corrected one."""
    named = " and ".join(f"{build}{part}" for part, build in texts["builds"])
    return f"Fixed by the distribution in {named}; this kernel is {release}, an older build."
