"""Folders of knowledge files -> Knowledge.  One bad file never hides the others: problems are collected."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from kb import message
from kb.conditions import ConditionReader
from kb.defects import read_defect, read_releases
from kb.fields import Fields
from kb.markdown import sections, split_front_matter
from kb.model import (
    BEGINS,
    PRIORS,
    SEVERITIES,
    WEIGHTS,
    Cause,
    Commands,
    Condition,
    Defect,
    Derivation,
    EventKind,
    Evidence,
    Example,
    Incident,
    Knowledge,
    Pattern,
    Place,
    Probe,
    Problem,
    Rate,
    Reference,
    Scalar,
    Table,
    Vocabulary,
)
from kb.rates import read_rate
from kb.tables import read_table
from kb.units import FACT_TYPES
from kb.where import folders
from kb.yamldoc import Node, YamlError, parse, plain

MAX_FILE = 1 << 20
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_WEIGHTS = {**WEIGHTS, **{f"-{name}": -value for name, value in WEIGHTS.items()}}
SECTIONS = ("What happens", "How to verify", "Mitigate", "Fix", "Prevent")
T = TypeVar("T", EventKind, Cause, Probe, Derivation, Incident, Defect)


def files(folder: str, part: str, suffix: str) -> list[str]:
    """Paths of the files with `suffix` under folder/part, sorted."""
    out = []
    for where, dirs, names in os.walk(os.path.join(folder, part)):
        dirs.sort()
        out += [os.path.join(where, name) for name in names if name.endswith(suffix) and not name.startswith(".")]
    return sorted(out)


class Loader:
    def __init__(self, where: Sequence[str], with_incidents: bool = True) -> None:
        self.where = list(where)
        self.with_incidents = with_incidents
        self.problems: list[Problem] = []
        self.vocabulary = Vocabulary({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, [], {}, [])

    def load(self) -> Knowledge:
        for folder in self.where:
            if not os.path.isdir(folder):
                self.problems.append(Problem(Place(folder), "", "no such knowledge folder"))
            self._vocabulary(folder)
        for group, types in message.facts(self.vocabulary).items():
            self.vocabulary.facts.setdefault(group, {}).update(types)
        self._types()
        self.conditions = ConditionReader(self.vocabulary)
        for folder in self.where:
            self._symptoms(os.path.join(folder, "vocabulary", "symptoms.yaml"))
            self._headers(os.path.join(folder, "vocabulary", "headers.yaml"))
            releases = self._items(os.path.join(folder, "vocabulary", "releases.yaml"))
            self.vocabulary.releases[:0] = read_releases(releases)  # a later folder's forms are tried first
        events: dict[str, EventKind] = {}
        causes: dict[str, Cause] = {}
        probes: dict[str, Probe] = {}
        derivations: dict[str, Derivation] = {}
        incidents: dict[str, Incident] = {}
        defects: dict[str, Defect] = {}
        rates: dict[tuple[str, str], Rate] = {}
        for folder in self.where:
            self._lists(folder, "events", self._event, events)
            self._lists(folder, "probes", self._probe, probes)
            self._lists(folder, "derivations", self._derivation, derivations)
            self._singles(files(folder, "causes", ".md"), self._cause, causes)
            self._singles(files(folder, "defects", ".yaml"), self._defect, defects)
            self._rates(folder, rates)
            if self.with_incidents:
                self._singles(files(folder, "incidents", ".yaml"), self._incident, incidents)
        for probe in message.probes(self.vocabulary):
            probes.setdefault(probe.id, probe)
        tables = self.tables() if self.with_incidents else {}
        words = self.vocabulary
        return Knowledge(words, events, causes, probes, derivations, incidents, self.problems, tables, defects, rates)

    def _rates(self, folder: str, rates: dict[tuple[str, str], Rate]) -> None:
        """Rates of a folder; a later folder's rates of a kind replace all of that kind."""
        found: dict[tuple[str, str], Rate] = {}
        for fields in self._items(os.path.join(folder, "rates.yaml")):
            rate = read_rate(fields, self.vocabulary)
            fields.done()
            if (rate.kind, rate.problem) in found:
                self.problems.append(Problem(rate.place, "kind", f"{rate.kind} {rate.problem} stands twice".strip()))
            found[rate.kind, rate.problem] = rate
        kinds = {kind for kind, _ in found}
        for key in [key for key in rates if key[0] in kinds]:
            del rates[key]
        rates.update({key: rate for key, rate in found.items() if rate.kind})

    def tables(self) -> dict[str, Table]:
        """The tables of kb/annotations; a later folder adds entries to a table or replaces them."""
        tables: dict[str, Table] = {}
        for folder in self.where:
            seen: set[str] = set()
            for path in files(folder, "annotations", ".yaml"):
                for fields in self._items(path):
                    table = read_table(fields)
                    fields.done()
                    if table.name in seen:
                        self.problems.append(Problem(table.place, "table", f"{table.name} stands twice in this folder"))
                    seen.add(table.name)
                    old = tables.get(table.name)
                    tables[table.name] = table._replace(entries={**(old.entries if old else {}), **table.entries})
        return tables

    # files
    def _read(self, path: str) -> str:
        try:
            with open(path, "rb") as stream:
                data = stream.read(MAX_FILE + 1)
            if len(data) > MAX_FILE:
                raise OSError(f"larger than {MAX_FILE >> 10} KiB")
            return data.decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self.problems.append(Problem(Place(path), "", f"cannot be read: {reason}"))
            return ""

    def _yaml(self, path: str, text: str | None = None, first_line: int = 1) -> Node | None:
        text = self._read(path) if text is None else text
        if not text.strip():
            return None
        try:
            return parse(text, path, first_line=first_line)
        except YamlError as error:
            self.problems.append(Problem(Place(path, error.line, error.column), "", error.message))
            return None

    def _lists(self, folder: str, part: str, read: Callable[[Fields], T], into: dict[str, T]) -> None:
        seen: set[str] = set()
        for path in files(folder, part, ".yaml"):
            for fields in self._items(path):
                self._add(read(fields), into, seen, fields)

    def _singles(self, paths: Iterable[str], read: Callable[[str], T | None], into: dict[str, T]) -> None:
        seen: set[str] = set()
        for path in paths:
            if re.search(r"\.[a-z]{2}\.md\Z", path):
                continue  # a translation
            item = read(path)
            if item is not None:
                self._add(item, into, seen, None)

    def _add(self, item: T, into: dict[str, T], seen: set[str], fields: Fields | None) -> None:
        name = item.kind if isinstance(item, EventKind) else item.id
        if fields is not None:
            fields.done()
        if not name:
            return
        if name in seen:
            self.problems.append(Problem(item.place, "id", f"{name} is defined twice in this knowledge folder"))
        if not isinstance(item, EventKind) and not _ID.match(name):
            self.problems.append(Problem(item.place, "id", f"{name!r}: lower-case words joined by - belong here"))
        seen.add(name)
        into[name] = item

    # vocabulary
    def _vocabulary(self, folder: str) -> None:
        def mapping(name: str) -> dict[str, object]:
            path = os.path.join(folder, *name.split("/"))
            node = self._yaml(path) if os.path.exists(path) else None
            value = plain(node) if node is not None and node.value is not None else {}
            if not isinstance(value, dict):
                self.problems.append(Problem(Place(path), "", "a mapping belongs here"))
            return _mapping(value)

        words = self.vocabulary
        words.events.update({k: str(v) for k, v in mapping("vocabulary/events.yaml").items()})
        causes = mapping("vocabulary/causes.yaml")
        for family, members in _mapping(causes.get("families")).items():
            for cause, definition in _mapping(members).items():
                words.families[cause] = family
                words.definitions[cause] = str(definition)
        for facet, named in _mapping(causes.get("facets")).items():
            for cause in named if isinstance(named, list) else []:
                words.facets[str(cause)] = facet
        words.parents.update({k: str(v) for k, v in _mapping(causes.get("parents")).items()})
        for party, named in _mapping(causes.get("parties")).items():
            words.parties.setdefault(party, []).extend(map(str, _list(named)))
        for name, entry in mapping("vocabulary/attributes.yaml").items():
            words.attributes[name] = _mapping(entry)
        for group, types in mapping("vocabulary/facts.yaml").items():
            words.facts.setdefault(group, {}).update(_mapping(types))
        frames = mapping("frames.yaml")
        for tag, functions in _mapping(frames.get("tags")).items():
            words.tags.setdefault(tag, []).extend(map(str, _list(functions)))
        for group, functions in _mapping(frames.get("generic")).items():
            words.generic.setdefault(group, []).extend(map(str, _list(functions)))

    def _types(self) -> None:
        """Leave out facts whose type is none; those told of messages have the types of attributes."""
        place = Place(os.path.join(self.where[-1] if self.where else "", "vocabulary"))
        for group, types in self.vocabulary.facts.items():
            for name, kind in list(types.items()):
                words = isinstance(kind, list) and kind and all(isinstance(word, str) for word in kind)
                if not words and kind not in FACT_TYPES:
                    wanted = f"types are {', '.join(FACT_TYPES)} or a list of words"
                    self.problems.append(Problem(place, f"{group}.{name}", f"{str(kind)[:60]!r} is no type; {wanted}"))
                    del types[name]

    def _items(self, path: str) -> Iterator[Fields]:
        """The mappings of a list file; a file that does not exist has none."""
        root = self._yaml(path) if os.path.lexists(path) else None
        if root is None or root.value is None:
            return
        if not isinstance(root.value, list):
            self.problems.append(Problem(Place(path, root.line), "", "a list belongs here"))
            return
        for node in root.value:
            yield Fields(node, path, self.problems)

    def _headers(self, path: str) -> None:
        """Lines by which a kernel introduces itself: a list of {name, literal, regex}."""
        for fields in self._items(path):
            name = fields.text("name", required=True)
            literal, regex = (_raw(fields, key, required=True) for key in ("literal", "regex"))
            fields.done()
            if _searchable(fields, literal, regex) and _compiles(fields, "regex", regex, groups=1):
                self.vocabulary.headers.append((name, literal, regex))

    def _symptoms(self, path: str) -> None:
        """What people can say without a log: a list of {id, says, words, event, facts}."""
        for fields in self._items(path):
            name = fields.text("id", required=True)
            symptom: dict[str, object] = {"says": fields.text("says", required=True)}
            symptom["event"] = fields.text("event", one_of=self.vocabulary.events)
            symptom["facts"] = self._facts(fields, "facts")
            aliases = fields.texts("words")
            if aliases:
                symptom["words"] = list(aliases)
            fields.done()
            self.vocabulary.symptoms[name] = symptom

    def _facts(self, fields: Fields, key: str) -> dict[str, Scalar]:
        """Facts by full names, converted to their types."""
        out: dict[str, Scalar] = {}
        for fact, item in _entries(fields, key):
            value = self.conditions.fact_value(fields, f"{key}.{fact}", fact, item)
            if value is not None:
                out[fact] = value
        return out

    # one of each
    def _event(self, fields: Fields) -> EventKind:
        kind = fields.text("kind", required=True, one_of=self.vocabulary.events)
        patterns = []
        for node in fields.items("patterns", required=True):
            inner = Fields(node, fields.path, self.problems, f"{kind}.patterns")
            pattern = Pattern(
                _raw(inner, "literal", required=True),
                _raw(inner, "regex", required=True),
                self._attributes(inner, "set"),
                inner.text("from", "kernel", one_of=("kernel", "user", "any")),
                inner.flag("part"),
                inner.text("severity", "", one_of=("", *SEVERITIES)),
                inner.flag("excerpt"),
                inner.place,
            )
            inner.done()
            if _searchable(inner, pattern.literal, pattern.regex) and _compiles(inner, "regex", pattern.regex):
                patterns.append(pattern)
        examples = []
        for node in fields.items("examples"):
            if not isinstance(node.value, dict):
                examples.append(Example(node.text, {}, Place(fields.path, node.line, node.column)))
                continue
            inner = Fields(node, fields.path, self.problems, f"{kind}.examples")
            examples.append(Example(_raw(inner, "text", True), self._attributes(inner, "attributes"), inner.place))
            inner.done()
        return EventKind(
            kind,
            fields.text("title", required=True),
            fields.text("severity", "problem", required=True, one_of=SEVERITIES),
            fields.text("report", "none"),
            fields.text("begins", "anything", one_of=BEGINS),
            tuple(patterns),
            self._kinds(fields, "becomes"),
            self._kinds(fields, "also"),
            tuple(regex for regex in fields.texts("not") if _compiles(fields, "not", regex)),
            tuple(examples),
            fields.texts("counterexamples"),
            fields.text("sources"),
            fields.place,
        )

    def _kinds(self, fields: Fields, key: str) -> dict[str, dict[str, str]]:
        """`becomes` and `also`: {attribute: {value: kind}}."""
        out: dict[str, dict[str, str]] = {}
        node = fields.node(key)
        for attribute, kinds in _mapping(plain(node) if node is not None else None).items():
            if attribute not in self.vocabulary.attributes:
                fields.problem(node, f"{key}.{attribute}", "no such attribute (kb/vocabulary/attributes.yaml)")
            out[attribute] = {value: str(kind) for value, kind in _mapping(kinds).items()}
            for kind in out[attribute].values():
                if kind not in self.vocabulary.events:
                    fields.problem(node, f"{key}.{attribute}", f"{kind} is no event kind")
        return out

    def _attributes(self, fields: Fields, key: str) -> dict[str, Scalar]:
        values = fields.scalars(key)
        for name in values:
            if name not in self.vocabulary.attributes:
                fields.problem(fields.node(key), f"{key}.{name}", "no such attribute (kb/vocabulary/attributes.yaml)")
        return values

    def _cause(self, path: str) -> Cause | None:
        text = self._read(path)
        front, body, body_line = split_front_matter(text)
        node = self._yaml(path, front, 2) if front else None
        if node is None:
            if text and not front:
                self.problems.append(Problem(Place(path), "", "must begin with YAML between two lines of ---"))
            return None
        fields = Fields(node, path, self.problems)
        name = fields.text("id", required=True, one_of=self.vocabulary.families)
        if name and os.path.basename(path) != f"{name}.md":
            fields.problem(fields.node("id"), "id", f"the file of {name} must be called {name}.md")
        evidence = []
        seen: set[str] = set()
        for item in fields.items("evidence", required=True):
            one = self._evidence(item, path)
            if one.id in seen:
                fields.problem(item, "evidence", f"{one.id} stands twice in this file")
            seen.add(one.id)
            evidence.append(one)
        references = []
        for item in fields.items("references"):
            inner = Fields(item, path, self.problems, "references")
            references.append(Reference(inner.text("title", required=True), inner.text("url")))
            inner.done()
        explains = fields.texts("explains") if isinstance(_value(fields.node("explains")), list) else ()
        word = _value(fields.node("explains"))
        if word in ("any", "none"):
            explains = ("any",) if word == "any" else ()
        found = sections(body)
        for heading in SECTIONS:
            if not found.get(heading):
                self.problems.append(
                    Problem(Place(path, body_line), heading, f"section ## {heading} is missing or empty")
                )
        cause = Cause(
            name,
            self.vocabulary.families.get(name, ""),
            self.vocabulary.facets.get(name, "mechanism"),
            self.vocabulary.parents.get(name, ""),
            fields.text("title", required=True),
            fields.texts("aliases"),
            PRIORS[fields.text("prior", "uncommon", required=True, one_of=PRIORS)],
            explains,
            tuple(evidence),
            fields.texts("verify"),
            tuple(references),
            found,
            fields.place,
            tuple(self._commands(item, path) for item in fields.items("commands")),
        )
        fields.done()
        return cause

    def _commands(self, node: Node, path: str) -> Commands:
        fields = Fields(node, path, self.problems, "commands")
        when = fields.node("when")
        condition = None if when is None else self.conditions.read(when, path, self.problems, "commands.when")
        one = Commands(condition, fields.texts("run", required=True), fields.place)
        fields.done()
        return one

    def _evidence(self, node: Node, path: str) -> Evidence:
        fields = Fields(node, path, self.problems, "evidence")
        name = fields.text("id", required=True)
        fields.name = f"evidence.{name}"
        one = Evidence(
            name,
            self.conditions.read(fields.node("when", required=True), path, self.problems, f"evidence.{name}.when"),
            _WEIGHTS[fields.text("weight", "weak", required=True, one_of=_WEIGHTS)],
            fields.text("says", required=True),
            fields.text("why", required=True),
            fields.text("aspect"),
            fields.place,
        )
        fields.done()
        return one

    def _probe(self, fields: Fields) -> Probe:
        parse_node = fields.node("parse")
        spec = _mapping(plain(parse_node) if parse_node is not None else {})
        if "regex" in spec and not _compiles(fields, "parse.regex", str(spec["regex"])):
            spec = {}
        return Probe(
            fields.text("id", required=True),
            fields.text("ask", required=True),
            fields.text("learns"),
            fields.text("kind", "question", one_of=("question", "command", "crash", "firmware", "test")),
            fields.texts("command"),
            spec,
            self._only(fields),
            fields.text("confirms"),
            fields.text("refutes"),
            fields.text("place", "host", one_of=("host", "vmcore", "firmware", "console", "people")),
            fields.integer("cost", 5),
            fields.text("risk", "none", one_of=("none", "low", "disruptive")),
            fields.place,
        )

    def _only(self, fields: Fields) -> Condition | None:
        node = fields.node("only")
        if node is None:
            return None
        return self.conditions.read(node, fields.path, self.problems, "only")

    def _derivation(self, fields: Fields) -> Derivation:
        name = fields.text("id", required=True)
        when = self.conditions.read(fields.node("when", True), fields.path, self.problems, f"{name}.when")
        then: dict[str, Scalar] = {}
        copies: dict[str, str] = {}
        for fact, item in _entries(fields, "then", required=True):
            if isinstance(item.value, dict):
                inner = Fields(item, fields.path, self.problems, f"then.{fact}")
                source = inner.text("copy", required=True)
                inner.done()
                for named in filter(None, (fact, source)):
                    self.conditions.known_fact(fields, item, f"then.{fact}", named)
                copies[fact] = source
                continue
            value = self.conditions.fact_value(fields, f"then.{fact}", fact, item)
            if value is not None:
                then[fact] = value
        return Derivation(name, when, then, copies, fields.text("why"), fields.place)

    def _defect(self, path: str) -> Defect | None:
        node = self._yaml(path)
        return None if node is None else read_defect(Fields(node, path, self.problems), self.conditions)

    def _incident(self, path: str) -> Incident | None:
        node = self._yaml(path)
        if node is None:
            return None
        fields = Fields(node, path, self.problems)
        facts = {fact: plain(item) for fact, item in _entries(fields, "facts")}
        incident = Incident(
            fields.text("id", required=True),
            fields.text("title", required=True),
            dict(facts),
            _raw(fields, "log"),
            fields.texts("causes", required=True),
            fields.texts("not"),
            fields.text("root"),
            fields.text("origin", "written", one_of=("written", "lab")),
            fields.place,
            fields.flag("held-back"),
        )
        fields.text("notes")
        fields.done()
        return incident


def _value(node: Node | None) -> object:
    return node.value if node is not None else None


def _raw(fields: Fields, key: str, required: bool = False) -> str:
    """Text exactly as it stands there, spaces included."""
    node = fields.node(key, required)
    if node is not None and isinstance(node.value, (list, dict)):
        fields.problem(node, key, f"text belongs here, not a {node.kind}")
    return node.text if node is not None else ""


def _searchable(fields: Fields, literal: str, regex: str) -> bool:
    """Whether there is something to search for; what is missing was told when it was read."""
    node = fields.node("literal")
    if node is not None and node.text == "" and not isinstance(node.value, (list, dict)):
        fields.problem(node, "literal", "is empty; a text that every match contains belongs here")
    return literal != "" and regex != ""


def _compiles(fields: Fields, key: str, regex: str, groups: int = 0) -> bool:
    """Whether the regular expression can be used; else that is a problem, and it is left out."""
    try:
        found = re.compile(regex).groups
    except (re.error, RecursionError, OverflowError) as error:
        fields.problem(None, key, f"does not compile: {error}")
        return False
    if found < groups:
        fields.problem(None, key, "needs a group (...) for the value")
    return found >= groups


def _entries(fields: Fields, key: str, required: bool = False) -> list[tuple[str, Node]]:
    """Names and nodes of a mapping."""
    node = fields.node(key, required)
    if node is None:
        return []
    if not isinstance(node.value, dict):
        fields.problem(node, key, "a mapping (name: value) belongs here")
        return []
    return list(node.value.items())


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def load(where: Sequence[str] | None = None, with_incidents: bool = True) -> Knowledge:
    """Read the knowledge folders (default: built-in and the user's)."""
    return Loader(folders() if where is None else where, with_incidents).load()
