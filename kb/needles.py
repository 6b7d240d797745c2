"""Texts for the search of large logs: per event pattern a few texts of which every line it matches holds one.

A pattern's literal is chosen by people and may stand in ordinary lines, too (`EXT4-fs (`); its regular expression often
demands something rarer.  The texts are taken from the parsed expression; where it demands none, the literal stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

from kb.prefilter import _cost

MOST = 24  # texts per pattern
LONGEST, SHORTEST = 32, 4
# Beginnings and phrases of ordinary messages: a text in here is found in every quiet log.
_ORDINARY = """
ACPI: PCI: PM: Preparing to enter system sleep state S3 CPU0: CPU: Command line: Linux version DMI: BIOS
EXT4-fs (sda1): mounted filesystem with ordered data mode. Quota mode: none. EXT4-fs (sda1): re-mounted. unmounting
XFS (sda1): Mounting V5 Filesystem Ending clean mount BTRFS info (device sda1): BTRFS: device label fsid
SCSI device: Direct-Access Attached SCSI disk Write cache: enabled, read cache: enabled Write Protect is off
systemd[1]: Started systemd[1]: Starting systemd[1]: Stopped systemd[1]: Stopping systemd[1]: Reached target Deactivated
audit: type=1400 audit(: apparmor="STATUS" kernel: kauditd_printk_skb: callbacks suppressed
usb 1-1: new high-speed USB device number USB disconnect, device number hub 1-0:1.0: USB hub found
pci 0000:00:1f.0: nvme nvme0: pci function NIC Link is Up Link is Down link becomes ready entered disabled state
Memory: clocksource: tsc: hpet rcu: RCU NMI watchdog: random: crng init done microcode: Bluetooth: hci0: iwlwifi
loaded unloaded failed to load error timeout reset enabled disabled module verification failed: signature
Freeing unused kernel memory: Run /init as init process Key type registered pid= comm= name= CPU# Tainted: Not tainted
"""


def needles(patterns: Iterable[tuple[str, str]]) -> list[str]:
    """The texts to look for, for (literal, regex) pairs; a line without any of them is matched by no pattern."""
    found: set[str] = set()
    for literal, regex in patterns:
        found.update(_best(literal, regex))
    return sorted(text for text in found if not any(other != text and other in text for other in found))


def _best(literal: str, regex: str) -> Sequence[str]:
    try:
        parsed: Any = import_module("re._parser").parse(regex)
        if parsed.state.flags & 2:  # letters of any case
            return [literal]
        offered = [[literal], *_Demands(parsed).sets]
    except Exception:  # the parser is no public part of Python: without it the literal does
        return [literal]
    cut = [sorted({text[:LONGEST] for text in texts}) for texts in offered]
    return min(cut, key=lambda texts: (sum(map(_price, texts)), len(texts), texts))


def _price(text: str) -> float:
    """How often a text is met in quiet logs, roughly."""
    if len(text) < SHORTEST:
        return 100.0
    chance = 1.0
    for char in text:
        chance *= max(_cost(char), 20) / 1000
    return chance + (10.0 if text in _ORDINARY else 0.0)


class _Demands:
    """What an expression demands: each of `sets` holds texts of which one must be in every match."""

    def __init__(self, parsed: Any) -> None:
        self.sets: list[list[str]] = []
        self.runs = [""]  # the texts that can stand at this place
        self._walk(parsed)
        self._flush()

    def _flush(self) -> None:
        if all(len(text) >= SHORTEST for text in self.runs):
            self.sets.append(self.runs)
        self.runs = [""]

    def _extend(self, endings: Sequence[str]) -> None:
        if len(self.runs) * len(endings) > MOST:
            self._flush()
        if len(endings) <= MOST:
            self.runs = [text + ending for text in self.runs for ending in endings]

    def _walk(self, parsed: Any) -> None:
        for code, value in parsed:
            name = str(code)
            if name in ("AT", "ASSERT", "ASSERT_NOT"):
                continue
            exact = _exact([(code, value)])
            if exact is not None and len(exact) <= MOST:
                self._extend(exact)
            elif name == "SUBPATTERN":
                if value[1] or value[2]:
                    self._flush()
                else:
                    self._walk(value[3])
            elif name == "BRANCH":
                self._flush()
                self._branch(value[1])
            elif name in ("MAX_REPEAT", "MIN_REPEAT") and value[0] >= 1:
                self._flush()
                self._walk(value[2])
                self._flush()
            else:
                self._flush()

    def _branch(self, ways: Sequence[Any]) -> None:
        """Every way must demand something for their sum to be a demand."""
        texts: list[str] = []
        for way in ways:
            sets = _Demands(way).sets
            if not sets:
                return
            texts += min(sets, key=lambda some: sum(map(_price, some)))
        if len(texts) <= MOST:
            self.sets.append(texts)


def _exact(parsed: Any) -> list[str] | None:
    """All texts that a part of an expression can match; None when they are many."""
    out = [""]
    for code, value in parsed:
        name = str(code)
        if name == "LITERAL":
            endings = [chr(value)]
        elif name == "IN" and all(str(kind) == "LITERAL" for kind, _ in value):
            endings = [chr(char) for _, char in value]
        elif name == "SUBPATTERN" and not (value[1] or value[2]):
            inner = _exact(value[3])
            if inner is None:
                return None
            endings = inner
        elif name == "BRANCH":
            endings = []
            for way in value[1]:
                inner = _exact(way)
                if inner is None:
                    return None
                endings += inner
        elif name in ("MAX_REPEAT", "MIN_REPEAT") and value[0] in (0, 1) and value[1] == 1:
            inner = _exact(value[2])
            if inner is None:
                return None
            endings = inner if value[0] else ["", *inner]
        elif name in ("AT", "ASSERT", "ASSERT_NOT"):
            continue
        else:
            return None
        out = [text + ending for text in out for ending in endings]
        if len(out) > MOST:
            return None
    return out
