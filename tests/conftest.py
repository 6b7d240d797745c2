"""Shared by all tests: folders of their own for cache and configuration, and one Work object on the built-in base."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from advisor.work import Work
from kb.where import BUILT_IN

# A run that decides whether a change lands always tries the same examples; at the desk they vary.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("desk", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


@pytest.fixture(autouse=True, scope="session")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    home = tmp_path_factory.mktemp("home")
    patch = pytest.MonkeyPatch()
    patch.setenv("HOME", str(home))
    for name in ("CACHE", "CONFIG", "STATE"):
        patch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    yield
    patch.undo()


@pytest.fixture(scope="session")
def whole(_home: None) -> Work:
    """Reader, engine and the built-in base."""
    return Work([BUILT_IN])
