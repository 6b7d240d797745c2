"""Reading a log up to its timeline, for tests of what it is taken for."""

from __future__ import annotations

import pytest

from advisor.work import Work
from facts.recognise import lines_of
from facts.timeline import Timeline, build


@pytest.fixture(scope="module")
def timeline(whole: Work):  # type: ignore[no-untyped-def]
    def read(text: str) -> Timeline:
        return build(whole.gatherer.recogniser.read(lines_of(text)))

    return read
