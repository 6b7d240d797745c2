"""kb/versions.py: which upstream releases have a defect."""

from __future__ import annotations

from typing import Any

import pytest

from kb.versions import Version, build, compared, exact, numbers_of, state, version, written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5.15.7", ((5, 15), 7, False)),
        ("5.15", ((5, 15), 0, False)),
        ("5.15.0-91-generic", ((5, 15), 0, False)),
        ("2.6.32.50", ((2, 6, 32), 50, False)),
        ("2.6.32-754.el6.x86_64", ((2, 6, 32), 0, False)),
        ("6.6-rc", ((6, 6), 0, True)),
        ("6.6-rc3", ((6, 6), 0, True)),
        ("", None),
        ("vmlinuz", None),
    ],
)
def test_version(text: str, expected: Version | None) -> None:
    assert version(text) == expected


def test_exact_takes_nothing_else() -> None:
    assert exact("5.15.7") == ((5, 15), 7, False)
    for text in ("5.15.7-1", "5.15.7 ", "6.6-rc3", "5", "never"):
        assert exact(text) is None


@pytest.mark.parametrize(
    ("release", "limit", "expected"),
    [
        ("4.13.16", "4.14", "before"),
        ("4.14", "4.14", "since"),
        ("5.4", "4.14", "since"),
        ("3.0.101", "3.0.13", "since"),  # no text that begins alike is taken for it
        ("3.10", "3.2", "since"),
        ("2.6.32.49", "2.6.32.50", "before"),
        ("2.6.39.4", "3.0", "before"),
        ("4.14-rc", "4.15", "before"),
        ("4.14-rc", "4.13.2", "since"),
        ("4.14-rc", "4.14", ""),  # it may have what 4.14 brought, or not
        ("el7", "4.14", ""),
        ("", "4.14", ""),
    ],
)
def test_compared(release: str, limit: str, expected: str) -> None:
    assert [op for op in ("since", "before") if compared(release, op, limit)] == ([expected] if expected else [])


def test_a_version_is_written_as_it_is_read() -> None:
    for text in ("5.15.7", "5.15", "2.6.32", "2.6.32.50", "6.6-rc"):
        found = version(text)
        assert found is not None
        assert written(found) == text


MAINLINE = [[5, 4], [5, 16], [[[5, 10], 0, 84], [[5, 15], 5, 11], [[5, 12], 3, -1]]]


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("5.10.83", "affected"), ("5.10.84", ""), ("5.10.200", ""), ("5.10", "affected"),
        ("5.15.4", ""), ("5.15.5", "affected"), ("5.15.10", "affected"), ("5.15.11", ""),  # it came with 5.15.5
        ("5.12.2", ""), ("5.12.3", "affected"), ("5.12.99", "affected"),  # never corrected
        ("5.3.18", ""), ("4.18", ""), ("5.16", ""), ("5.16.3", ""), ("6.1", ""), ("nonsense", ""),
        ("5.4-rc", ""), ("5.16-rc", ""), ("5.5-rc", "affected"),  # what lies between is certain
    ],
)  # fmt: skip
def test_state_of_listed_series(release: str, expected: str, complete: bool) -> None:
    assert state(release, [*MAINLINE, complete]) == expected


def test_series_that_are_not_listed() -> None:
    assert state("5.14.21", [*MAINLINE, True]) == "affected"
    assert state("5.14.21", [*MAINLINE, False]) == "unknown"


def test_without_bounds() -> None:
    always: list[Any] = [[], [3, 2], [], True]
    assert state("2.6.18", always) == "affected"
    assert state("3.2", always) == ""
    only_stable: list[Any] = [[9, 0], [], [[[6, 1], 64, 66]], True]
    assert state("6.1.65", only_stable) == "affected"
    assert state("6.1.66", only_stable) == ""
    assert state("6.6.1", only_stable) == ""


def test_builds_of_a_distribution() -> None:
    builds = [[".el6", "2.6.32-220.4.2"], [".el7", "3.10.0-514"]]
    assert build("2.6.32-220.4.1.el6.x86_64", builds) == "outdated"
    assert build("2.6.32-220.4.2.el6.x86_64", builds) == "corrected"
    assert build("2.6.32-754.35.1.el6.x86_64", builds) == "corrected"
    assert build("3.10.0-327.el7.x86_64", builds) == "outdated"
    assert build("4.18.0-80.el8.x86_64", builds) == ""
    assert numbers_of("4.18.0-80.1.2") == [4, 18, 0, 80, 1, 2]
