"""kb/rates.yaml: how often each mechanism is behind an event of a kind, counted from incidents.

What they are for: docs/decisions/usual-causes.md.  Who counts them: `kadvisor kb rates`.
"""

from __future__ import annotations

from collections.abc import Iterable

from kb.fields import Fields, suggestion
from kb.model import Rate, Vocabulary


def read_rate(fields: Fields, words: Vocabulary) -> Rate:
    """An item of a rates file: {kind, problem, cases, causes: {cause: number}}."""
    kind = fields.text("kind", required=True, one_of=words.events)
    cases = fields.integer("cases")
    node = fields.node("cases", required=True)
    if node is not None and cases < 1:
        fields.problem(node, "cases", "a whole number from 1 belongs here")
    causes: dict[str, int] = {}
    for name, number in fields.scalars("causes").items():
        if name not in words.families:
            fields.problem(None, f"causes.{name}", f"no such cause{suggestion(name, words.families)}")
        elif name in words.facets:
            fields.problem(None, f"causes.{name}", f"is no mechanism ({words.facets[name]})")
        elif not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= cases:
            fields.problem(None, f"causes.{name}", f"a whole number from 1 to {cases} belongs here")
        else:
            causes[name] = number
    return Rate(kind, fields.text("problem"), cases, causes, fields.place)


def table(rates: Iterable[Rate]) -> dict[str, dict[str, list[object]]]:
    """kind -> problem ("": all of the kind) -> [cases, {cause: number}]."""
    out: dict[str, dict[str, list[object]]] = {}
    for rate in rates:
        out.setdefault(rate.kind, {})[rate.problem] = [rate.cases, rate.causes]
    return out
