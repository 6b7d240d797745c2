"""The figures of `kadvisor kb calibrate` as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def text(data: dict[str, Any], details: bool = True) -> Iterator[str]:
    """Lines of the report, without line ends."""
    s = data["summary"]
    yield f"{s['incidents']} incidents, {s['mechanism']} with a mechanism, {s['quiet']} without a failure"
    yield f"  first is right            {_share(s['top1'], s['mechanism'])}"
    yield f"  among the first three     {_share(s['top3'], s['mechanism'])}"
    yield f"  right where diagnosed     {_share(s['diagnosed_right'], s['diagnosed'])}"
    yield f"  not wrong                 {_share(s['not_wrong'], s['incidents'])}"
    yield f"  owner, policy ... found   {_share(s['facets_found'], s['facets'])}"
    yield f"  quiet cases kept quiet    {_share(s['quiet_right'], s['quiet'])}"
    yield f"  root event as expected    {_share(s['root_right'], s['incidents'])}"
    yield f"  Brier score {_number(s['brier'])}   mean log loss {_number(s['log_loss'])} (nats)"
    yield ""
    yield "stated probability   cases   mean stated   right"
    for row in data["reliability"]:
        span = f"{row['from']:.2f} to {row['to']:.2f}"
        yield f"  {span:<18} {row['count']:>5}   {_number(row['stated']):>11}   {_number(row['right']):>5}"
    if not details:
        return
    yield ""
    yield "cause                                cases   first   first three"
    for row in data["causes"]:
        yield f"  {row['cause']:<34} {row['cases']:>5}   {row['top1']:>5}   {row['top3']:>11}"
    yield ""
    yield "wanted -> got"
    for row in data["confusion"]:
        yield f"  {row['wanted']} -> {row['got']}: {', '.join(row['incidents'])}"
    yield ""
    yield "missed (mechanism, accompanying cause, root event, or a wrong claim)"
    for row in data["missed"]:
        notes = [] if row["root"] else ["other root event"]
        notes += ["wrong claim"] if row["wrong"] else []
        notes += [f"without {name}" for name in row["facets_missed"]]
        wanted = " or ".join(row["wanted"]) or "-"
        yield f"  {row['incident']}: {wanted} -> {row['got']} {row['stated']:.2f} {row['status']}" + "".join(
            f"; {note}" for note in notes
        )
    yield ""
    yield f"evidence: {data['evidence_measured']} items fired often enough to measure, {len(data['evidence'])} disagree"
    for row in data["evidence"]:
        yield (
            f"  {row['cause']}/{row['evidence']}: weight {row['weight']:+d}, measured {row['measured']:+.1f} "
            f"({row['low']:+.1f} to {row['high']:+.1f}), fired {row['fired_right']} of {row['right']} right, "
            f"{row['fired_wrong']} of {row['wrong']} wrong: {row['flag']}"
        )


def _share(part: int, whole: int) -> str:
    return f"{part:>4} of {whole:<4} {100 * part / whole:5.1f} %" if whole else "   - none"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
