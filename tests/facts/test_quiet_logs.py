"""Logs of machines without a failure: words that look like one must not become an event."""

from __future__ import annotations

import re

import pytest
from loglines import LOGS

from advisor.work import Work
from facts.recognise import lines_of
from facts.timeline import build

_PARTS = re.split(r"^### (.*)\n", (LOGS / "quiet.txt").read_text(encoding="utf-8"), flags=re.M)
QUIET = dict(zip(_PARTS[1::2], _PARTS[2::2], strict=True))


def test_there_are_many() -> None:
    assert len(QUIET) > 25


@pytest.mark.parametrize("name", QUIET)
def test_no_failure(whole: Work, name: str) -> None:
    reading = whole.gatherer.recogniser.read(lines_of(QUIET[name]))
    assert [event.kind for event in reading.events if event.severity in ("failure", "problem")] == []
    assert build(reading).root is None
