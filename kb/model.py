"""What knowledge is: the types that the loader fills and the compiler turns into a base.

Conditions are trees of the seven node types below.  Rules of not knowing: docs/writing-knowledge.md.
"""

from __future__ import annotations

from typing import NamedTuple

Scalar = str | int | float | bool
Constant = Scalar | tuple[Scalar, ...]

WEIGHTS = {"weak": 2, "moderate": 5, "strong": 10, "decisive": 20}  # decibans
PRIORS = {"rare": -16, "uncommon": -10, "common": -5}  # decibans against "something else"
SEVERITIES = ("failure", "problem", "notice", "context", "end")
BEGINS = ("anything", "own", "stalls", "nothing")  # own: failures of the same task or module
FACETS = ("mechanism", "owner", "policy", "readiness", "risk")


class Place(NamedTuple):
    """Where something stands in a file; line and column from 1."""

    path: str
    line: int = 1
    column: int = 1


class Problem(NamedTuple):
    """One defect of a knowledge file: where, in which field, what is wrong and what would be right."""

    place: Place
    field: str
    message: str

    def __str__(self) -> str:
        """One line; characters that could act on a terminal are shown as "?"."""
        where = f"{self.place.path}:{self.place.line}:{self.place.column}"
        text = f"{where}: {self.field}: {self.message}" if self.field else f"{where}: {self.message}"
        return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)


class Test(NamedTuple):
    """A test of one attribute.  op: is, not, in, not-in, at-least, at-most, contains, has, has-any, has-none, known."""

    attribute: str
    op: str
    value: Constant


class EventIs(NamedTuple):
    kinds: tuple[str, ...]  # empty: any kind
    tests: tuple[Test, ...]
    root: bool  # only the root event counts


class CountIs(NamedTuple):
    kinds: tuple[str, ...]
    of: str  # attribute whose distinct values are counted; "" counts the events themselves
    op: str  # at-least or at-most
    number: int


class FactIs(NamedTuple):
    name: str
    op: str  # is, not, in, not-in, at-least, at-most, below, above, contains, contains-not, known,
    # since, before (of releases)
    value: Constant


class All(NamedTuple):
    parts: tuple[Condition, ...]
    same: str = ""  # two events with the same value of this attribute


class AnyOf(NamedTuple):
    parts: tuple[Condition, ...]


class Not(NamedTuple):
    part: Condition


Condition = EventIs | CountIs | FactIs | All | AnyOf | Not


class Evidence(NamedTuple):
    id: str
    when: Condition
    weight: int  # decibans; negative speaks against
    says: str
    why: str
    aspect: str
    place: Place


class Commands(NamedTuple):
    """What to type for the fix, where `when` holds (None: everywhere)."""

    when: Condition | None
    run: tuple[str, ...]  # one command a line, shown and never run
    place: Place


class Reference(NamedTuple):
    title: str
    url: str


class Cause(NamedTuple):
    id: str
    family: str
    facet: str
    parent: str  # "" or the general cause of which this is a special case
    title: str
    aliases: tuple[str, ...]
    prior: int  # decibans
    explains: tuple[str, ...]  # event kinds; ("any",) for all
    evidence: tuple[Evidence, ...]
    verify: tuple[str, ...]
    references: tuple[Reference, ...]
    sections: dict[str, str]  # heading -> Markdown text
    place: Place
    commands: tuple[Commands, ...] = ()  # the first that holds is shown


class Pattern(NamedTuple):
    literal: str
    regex: str
    set: dict[str, Scalar]
    source: str  # kernel, user or any
    part: bool  # also stands inside a report; begins an event only where no fitting report is open
    severity: str  # "" or the severity of this spelling, where it differs from that of its kind
    excerpt: bool  # taken for the trouble where a log is an excerpt that shows nothing worse
    place: Place


class Example(NamedTuple):
    text: str
    attributes: dict[str, Scalar]
    place: Place


class EventKind(NamedTuple):
    kind: str
    title: str
    severity: str
    report: str
    begins: str  # what a problem of this kind may be the beginning of; one of BEGINS
    patterns: tuple[Pattern, ...]
    becomes: dict[str, dict[str, str]]  # attribute -> value -> the kind that the event then is
    also: dict[str, dict[str, str]]  # attribute -> value -> a further kind that the same lines report
    looks_like: tuple[str, ...]  # regexes of lines that are not this event
    examples: tuple[Example, ...]
    counterexamples: tuple[str, ...]
    sources: str
    place: Place


class Probe(NamedTuple):
    id: str
    ask: str
    learns: str  # fact name or ""
    kind: str
    command: tuple[str, ...]
    parse: dict[str, object]
    only: Condition | None  # not asked where this is known not to hold
    confirms: str
    refutes: str
    where: str
    cost: int  # minutes
    risk: str
    place: Place


class Derivation(NamedTuple):
    id: str
    when: Condition
    then: dict[str, Scalar]  # fact -> value
    copies: dict[str, str]  # fact -> other fact whose value it takes
    why: str
    place: Place


class Incident(NamedTuple):
    id: str
    title: str
    facts: dict[str, object]
    log: str
    causes: tuple[str, ...]
    not_causes: tuple[str, ...]
    root: str
    origin: str
    place: Place
    held_back: bool = False  # measures the knowledge; not used when weights are written or changed


class Correction(NamedTuple):
    """The release of a stable series that corrected a defect; `fixed` -1: the series never got the correction."""

    series: tuple[int, ...]
    since: int  # first release of the series with the defect
    fixed: int


class Affects(NamedTuple):
    """The upstream releases with a defect."""

    first: tuple[int, ...]  # mainline release that brought it; () for "always"
    mainline: tuple[int, ...]  # mainline release that corrected it; () for none
    series: tuple[Correction, ...]
    complete: bool  # series that are not listed never got the correction
    builds: tuple[tuple[str, str], ...]  # part of a distribution's release, and its corrected build


class Sample(NamedTuple):
    """A log with {release} in it, and what the advisor must say about it for each release."""

    log: str
    affected: tuple[str, ...]
    possible: tuple[str, ...]
    excluded: tuple[str, ...]
    place: Place


class Defect(NamedTuple):
    """A defect of the kernel that was found and corrected, with the signature by which it is recognised."""

    id: str
    title: str
    dated: str  # when the entry was last checked
    when: Condition
    weight: int  # decibans for the owner cause, where the release surely has the defect
    mechanism: str  # cause that says what went wrong, or ""
    affects: Affects
    says: str
    workaround: str
    commits: tuple[tuple[str, str], ...]  # subject, abbreviated hash
    sources: tuple[Reference, ...]
    samples: tuple[Sample, ...]
    place: Place


class Table(NamedTuple):
    """Meanings of letters, bits, numbers or words of a report (kb/annotations); numbers are decimal keys."""

    name: str
    entries: dict[str, str]
    sources: str
    place: Place


class Rate(NamedTuple):
    """Of how many known cases with a root event of this kind (and problem) each cause was one of the accepted ones."""

    kind: str
    problem: str  # value of the attribute, or "" for all cases of the kind
    cases: int
    causes: dict[str, int]
    place: Place


class Vocabulary(NamedTuple):
    events: dict[str, str]  # kind -> definition
    families: dict[str, str]  # cause -> family
    definitions: dict[str, str]  # cause -> definition
    facets: dict[str, str]  # cause -> facet
    parents: dict[str, str]
    parties: dict[str, list[str]]  # whose matter a cause is: hardware, site, outside; and hardware-events
    attributes: dict[str, dict[str, object]]
    facts: dict[str, dict[str, object]]  # group -> name -> type
    tags: dict[str, list[str]]
    generic: dict[str, list[str]]
    headers: list[tuple[str, str, str]]  # name, literal, regex of the lines by which a kernel introduces itself
    symptoms: dict[str, dict[str, object]]  # id -> says, event, facts
    releases: list[tuple[str, tuple[str, ...], str, bool]]  # regex, parts, numbering, snapshot (releases.yaml)


class Knowledge(NamedTuple):
    """Everything that was read, and every problem met on the way."""

    vocabulary: Vocabulary
    events: dict[str, EventKind]
    causes: dict[str, Cause]
    probes: dict[str, Probe]
    derivations: dict[str, Derivation]
    incidents: dict[str, Incident]
    problems: list[Problem]
    tables: dict[str, Table]  # kb/annotations; read only where incidents are
    defects: dict[str, Defect]
    rates: dict[tuple[str, str], Rate]  # (kind, problem) -> rate
