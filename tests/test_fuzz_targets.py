"""Every fuzz target over its seeds and some damaged ones; python -m tests.fuzz does the same for hours."""

from __future__ import annotations

import gc
import random

import pytest

from tests.fuzz.mutate import mutate
from tests.fuzz.targets import TARGETS, Refused, Tools

SEEDS = 25
DAMAGED = 40


@pytest.fixture(scope="module")
def tools(_home: None, tmp_path_factory: pytest.TempPathFactory) -> Tools:
    return Tools(tmp_path_factory.mktemp("fuzz"))


def inputs(tools: Tools, name: str, whole: int, damaged: int) -> list[bytes]:
    """Some seeds, and some that are damaged; always the same."""
    target = TARGETS[name]
    seeds = [seed[: target.longest] for seed in target.seeds(tools.work)]
    chance = random.Random(name)
    out = chance.sample(seeds, min(whole, len(seeds)))
    return out + [mutate(chance.choice(seeds), chance, seeds)[: target.longest] for _ in range(damaged)]


def refused(tools: Tools, name: str, data: bytes) -> bool:
    try:
        TARGETS[name].run(tools, data)
    except Refused:
        return True
    return False


@pytest.mark.parametrize("name", list(TARGETS))
def test_target(tools: Tools, name: str) -> None:
    tried = inputs(tools, name, SEEDS, DAMAGED)
    assert sum(refused(tools, name, data) for data in tried) < len(tried), "nothing gets past the first check"


@pytest.mark.parametrize("name", list(TARGETS))
def test_nothing_is_kept(tools: Tools, name: str) -> None:
    """The same inputs again and again leave no objects behind."""
    tried = inputs(tools, name, 6, 6)
    counts = []
    for _ in range(4):
        for data in tried:
            refused(tools, name, data)
        gc.collect()
        counts.append(len(gc.get_objects()))
    assert counts[3] - counts[1] < len(tried), counts  # the first round fills what is kept for good
