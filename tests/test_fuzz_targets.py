"""Every fuzz target over its seeds and some damaged ones; python -m tests.fuzz does the same for hours."""

from __future__ import annotations

import random

import pytest

from tests.fuzz.mutate import mutate
from tests.fuzz.targets import TARGETS, Refused, Tools

SEEDS = 25
DAMAGED = 40


@pytest.fixture(scope="module")
def tools(_home: None, tmp_path_factory: pytest.TempPathFactory) -> Tools:
    return Tools(tmp_path_factory.mktemp("fuzz"))


@pytest.mark.parametrize("name", list(TARGETS))
def test_target(tools: Tools, name: str) -> None:
    target = TARGETS[name]
    seeds = [seed[: target.longest] for seed in target.seeds(tools.work)]
    chance = random.Random(name)
    inputs = chance.sample(seeds, min(SEEDS, len(seeds)))
    inputs += [mutate(chance.choice(seeds), chance, seeds)[: target.longest] for _ in range(DAMAGED)]
    refused = 0
    for data in inputs:
        try:
            target.run(tools, data)
        except Refused:
            refused += 1
    assert refused < len(inputs), "nothing gets past the first check"
