"""The shape of the house: who imports whom, sizes, data files, and the built-in knowledge as a whole."""

from __future__ import annotations

import ast
import os
from importlib import resources
from pathlib import Path

import pytest

from advisor.trial import trials
from advisor.work import Work
from kb.check import check
from kb.load import load
from kb.model import Knowledge
from kb.where import BUILT_IN

ROOT = Path(BUILT_IN).parent
HOUSES = ("kb", "facts", "advisor")
MAY_IMPORT = {"kb": {"kb"}, "facts": {"facts", "kb"}, "advisor": {"advisor", "facts", "kb"}}
LONGEST = 600
MODULES = sorted(path for house in HOUSES for path in (ROOT / house).rglob("*.py"))
KNOWLEDGE = load([BUILT_IN])
CAUSES = sorted(KNOWLEDGE.causes)
# incidents that are held back measure the knowledge; it is not made to fit them, so no single one may fail a build
INCIDENTS = sorted(
    name
    for name, one in KNOWLEDGE.incidents.items()
    if "\nheld-back: true" not in Path(one.place.path).read_text(encoding="utf-8")
)


def imported(path: Path) -> set[str]:
    """Top-level packages that a module imports, also inside functions, for types, and by name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            found.update(name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 or len(path.relative_to(ROOT).parts) > node.level, f"{path}: leaves its house"
            found.add((node.module or "").partition(".")[0] if node.level == 0 else path.relative_to(ROOT).parts[0])
        elif isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in ("import_module", "__import__"):
                first = node.args[0]
                if isinstance(first, ast.JoinedStr):
                    first = first.values[0]  # type: ignore[assignment]
                if isinstance(first, ast.Constant):
                    found.add(str(first.value).partition(".")[0])
    return found


@pytest.mark.parametrize("path", MODULES, ids=[str(p.relative_to(ROOT)) for p in MODULES])
def test_imports(path: Path) -> None:
    house = path.relative_to(ROOT).parts[0]
    assert imported(path) & set(HOUSES) <= MAY_IMPORT[house]
    assert not imported(path) & {"tests", "pytest", "hypothesis"}


@pytest.mark.parametrize("path", MODULES, ids=[str(p.relative_to(ROOT)) for p in MODULES])
def test_modules_are_short_and_say_what_they_are_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST
    tree = ast.parse(text)
    assert ast.get_docstring(tree) or not tree.body


def test_dangerous_imports() -> None:
    """No pickle, no marshal; evaluation and shells nowhere."""
    for path in MODULES:
        assert not imported(path) & {"pickle", "marshal", "shelve", "dill"}, path
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", "")
                assert name not in ("eval", "exec"), f"{path}:{node.lineno}"
                assert getattr(node.func, "attr", "") not in ("system", "popen"), f"{path}:{node.lineno}"
                shell = [k for k in node.keywords if k.arg == "shell"]
                assert not shell, f"{path}:{node.lineno}"


def test_the_house_has_the_rooms_of_the_design() -> None:
    assert all((ROOT / room).is_dir() for room in (*HOUSES, "docs", "tests"))
    packages = {p.parent.name for p in ROOT.glob("*/__init__.py")}
    assert packages == set(HOUSES)
    parts = ("vocabulary", "events", "causes", "probes", "derivations", "incidents")
    assert all((ROOT / "kb" / part).is_dir() for part in parts)
    assert all((ROOT / "facts" / room / "__init__.py").is_file() for room in ("reports", "decode", "sources"))
    assert all((ROOT / "advisor" / room / "__init__.py").is_file() for room in ("engine", "render", "repl"))


def test_packages_ship_their_data() -> None:
    for house in HOUSES:
        assert resources.files(house).joinpath("py.typed").is_file()
    base = resources.files("kb")
    assert base.joinpath("frames.yaml").is_file()
    families = [entry for entry in base.joinpath("causes").iterdir() if entry.is_dir()]
    assert families
    for family in families:
        assert any(entry.name.endswith(".md") for entry in family.iterdir()), family
    for part in ("vocabulary", "events", "probes", "derivations"):
        assert any(entry.name.endswith(".yaml") for entry in base.joinpath(part).iterdir()), part


def test_data_files_are_covered_by_the_build() -> None:
    """What lies in the packages is Python, or named under package-data."""
    import fnmatch
    import tomllib

    with open(ROOT / "pyproject.toml", "rb") as stream:
        named = tomllib.load(stream)["tool"]["setuptools"]["package-data"]
    for house in HOUSES:
        for where, dirs, names in os.walk(ROOT / house):
            dirs[:] = [d for d in dirs if d != "__pycache__"]
            for name in names:
                inside = str(Path(where, name).relative_to(ROOT / house))
                forms = [form.replace("**/", "*") for form in named.get(house, [])]
                assert name.endswith(".py") or any(fnmatch.fnmatch(inside, form) for form in forms), inside


# the built-in knowledge
def test_built_in_base_is_clean() -> None:
    problems = check(KNOWLEDGE)
    assert not problems, "\n" + "\n".join(map(str, problems))


def test_built_in_base_is_complete() -> None:
    words = KNOWLEDGE.vocabulary
    assert set(KNOWLEDGE.causes) == set(words.families)
    assert set(KNOWLEDGE.events) == set(words.events)
    assert len(KNOWLEDGE.causes) > 100
    assert len(KNOWLEDGE.events) > 80
    assert len(KNOWLEDGE.incidents) >= len(KNOWLEDGE.causes)


def test_reader_exists_for_every_report() -> None:
    from facts.reports import READERS

    assert {e.report for e in KNOWLEDGE.events.values()} - {"none"} <= set(READERS)


@pytest.mark.parametrize("name", sorted(KNOWLEDGE.events))
def test_examples_of_events_are_read_as_lines(whole: Work, name: str) -> None:
    """Each example is recognised when it stands in a log with a time stamp."""
    for example in KNOWLEDGE.events[name].examples:
        source = {p.source for p in KNOWLEDGE.events[name].patterns if p.literal in example.text}
        if source == {"user"} or example.attributes.get("problem") == "tail" or "at-end" in example.attributes:
            continue  # needs a speaker, the lines below it, or the end of a boot
        found = whole.gatherer.gather("x", {}, [("log", f"[  100.000000] {example.text}\n")])
        kinds = {event.kind for event in found.events}
        becoming = whole.base.events[name].get("becomes", {})
        allowed = {name} | {kind for kinds_ in becoming.values() for kind in kinds_.values()}
        assert kinds & allowed, f"{example.text!r} is read as {sorted(kinds) or 'nothing'}"


@pytest.mark.parametrize("name", INCIDENTS)
def test_incident(whole: Work, name: str) -> None:
    """Every incident ends in an accepted cause, or in none where nothing failed."""
    incident = KNOWLEDGE.incidents[name]
    (trial,) = trials(whole, [incident])
    ranking = trial.diagnosis.ranking
    said = [f"  {h.cause} {h.probability:.2f}" for h in ranking.hypotheses[:6]]
    assert not trial.problems, "\n".join([*map(str, trial.problems), f"status {ranking.status}", *said])


@pytest.mark.parametrize("name", CAUSES)
def test_cause_has_an_incident_and_a_near_miss(name: str) -> None:
    knowledge: Knowledge = KNOWLEDGE
    assert any(name in incident.causes for incident in knowledge.incidents.values())
    assert any(name in incident.not_causes for incident in knowledge.incidents.values())
