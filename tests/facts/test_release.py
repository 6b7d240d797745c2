"""facts/release.py with the forms of kb/vocabulary/releases.yaml: what a release tells about the upstream release."""

from __future__ import annotations

import pytest

from facts.release import Releases
from kb.load import load
from kb.where import BUILT_IN


@pytest.fixture(scope="module")
def releases() -> Releases:
    forms = load([BUILT_IN], with_incidents=False).vocabulary.releases
    return Releases([list(form) for form in forms])


@pytest.mark.parametrize(
    ("text", "number", "numbering"),
    [
        # numbers of upstream
        ("5.15.7", "5.15.7", "stable"),
        ("6.6.0", "6.6", "stable"),
        ("6.6.7-arch1-1", "6.6.7", "stable"),
        ("6.6.7-200.fc39.x86_64", "6.6.7", "stable"),
        ("6.6.7-1.el8.elrepo.x86_64", "6.6.7", "stable"),
        ("6.6.7-1-default", "6.6.7", "stable"),
        ("6.5.7-060507-generic", "6.5.7", "stable"),
        ("6.12.41+deb13-amd64", "6.12.41", "stable"),
        ("6.1.21-v8+", "6.1.21", "stable"),
        ("5.15.133.1-microsoft-standard-WSL2", "5.15.133", "stable"),
        ("2.6.32.49", "2.6.32.49", "stable"),
        # the banner and the header of a report carry more than the release
        ("6.1.0-13-amd64 Debian 6.1.55-1", "6.1.55", "stable"),
        ("6.1.0-13-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for "
         "Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1 (2023-09-29)", "6.1.55", "stable"),
        ("5.15.0-91-generic (buildd@lcy02-amd64-045) (gcc (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0) #101-Ubuntu SMP Tue "
         "Nov 14 13:30:08 UTC 2023 (Ubuntu 5.15.0-91.101-generic 5.15.131)", "5.15.131", "distribution"),
        ("5.15.7 (root@build.el8) (gcc (GCC) 8.5.0 (Red Hat 8.5.0-4.el8_5)) #1 SMP", "5.15.7", "stable"),
        # numbers of distributions
        ("6.1.0-13-amd64", "6.1", "distribution"),
        ("5.15.0-91-generic", "5.15", "distribution"),
        ("4.18.0-553.el8_10.x86_64", "4.18", "distribution"),
        ("3.10.0-1160.90.1.el7.x86_64", "3.10", "distribution"),
        ("2.6.32-754.el6.x86_64", "2.6.32", "distribution"),
        ("5.14.21-150500.55.19-default", "5.14.21", "distribution"),
        ("2.6.32.12-0.7-default", "2.6.32.12", "distribution"),
        ("5.10.205-195.807.amzn2.x86_64", "5.10.205", "distribution"),
        ("6.5.11-7-pve", "6.5.11", "distribution"),
        ("5.10.0-153.12.0.92.oe2203sp2.x86_64", "5.10", "distribution"),
        ("5.15.0-100.96.32.el8uek.x86_64", "5.15", "distribution"),
        # between two releases
        ("6.6.0-rc3-syzkaller-00044-ge42bebf6db29", "6.6-rc", "stable"),
        ("6.6.0-syzkaller-12345-ge42bebf6db29", "6.7-rc", "stable"),
        ("5.19.0-12345-gabcdef012345", "6.0-rc", "stable"),
        ("6.7.0-0.rc3.20231129git18d46e76d7c2.30.fc40.x86_64", "6.7", "distribution"),
    ],
)  # fmt: skip
def test_release(releases: Releases, text: str, number: str, numbering: str) -> None:
    assert releases.read(text) == (number, numbering)


@pytest.mark.parametrize("text", ["", "unknown", "vmlinuz-5", "\x1b[31m", "-5.4", "x" * 5000])
def test_no_release(releases: Releases, text: str) -> None:
    assert releases.read(text) is None


def test_a_long_banner_is_cut(releases: Releases) -> None:
    assert releases.read("5.15.7 " + "x" * 100_000 + " Debian 6.1.55-1") == ("5.15.7", "stable")
