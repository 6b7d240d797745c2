"""A small knowledge base (tests/advisor/small), so that these tests do not depend on the built-in weights."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from cases import ROOT, SMALL

from advisor.diagnose import Diagnostician
from advisor.engine.evaluator import Evaluator
from advisor.work import Work
from kb.cache import Base
from kb.compile import compile_base
from kb.load import load


@pytest.fixture(autouse=True, scope="session")
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Cache, history and user knowledge go to a folder of the tests, here and in the programs that they start."""
    home = tmp_path_factory.mktemp("home")
    patch = pytest.MonkeyPatch()
    patch.setenv("HOME", str(home))
    for name, folder in (("CACHE", ".cache"), ("CONFIG", ".config"), ("STATE", ".state")):
        patch.setenv(f"XDG_{name}_HOME", str(home / folder))
    patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    yield
    patch.undo()


@pytest.fixture(scope="session")
def base() -> Base:
    knowledge = load([str(SMALL)], with_incidents=False)
    assert [str(p) for p in knowledge.problems] == []
    compiled: dict[str, Any] = compile_base(knowledge)
    return Base({**compiled, "problems": []})


@pytest.fixture(scope="session")
def doctor(base: Base) -> Diagnostician:
    return Diagnostician(base, Evaluator())


@pytest.fixture(scope="session")
def work(_own_folders: None) -> Work:
    """The small base with reader and engine."""
    return Work([str(SMALL)], "evaluator")


@pytest.fixture(scope="session")
def built_in(_own_folders: None) -> Work:
    from kb.where import BUILT_IN

    return Work([BUILT_IN])
