"""Machine checks and PCI Express errors: status words and bits."""

from __future__ import annotations

import re

from advisor.notes.common import Scene, listed, sentence
from facts.decode.mce import amd_unit, decode
from facts.records import Record

_BANK = re.compile(r"CPU (\d{1,5}): Machine Check.{0,40}Bank (\d{1,10}): (?:0x)?([0-9a-f]{16})")
_AMD = re.compile(r"CPU:(\d{1,5}) \([0-9a-f:]{1,20}\) MC(\d{1,3})_STATUS\[([^\]]{0,120})\]: 0x([0-9a-f]{16})")
_ADDR = re.compile(r"\bADDR (?:0x)?([0-9a-f]{3,16})|Error Addr: 0x([0-9a-f]{3,16})")
_TIME = re.compile(r"PROCESSOR (\d):([0-9a-f]{1,8}) TIME (\d{9,11}) SOCKET (\d{1,5})")
_SEVERITY = re.compile(r"severity=(Correct|Uncorrect)(?:ed|able)(?: \((Non-Fatal|Fatal)\))?, type=([\w ]{1,30}Layer)")
_STATUS = re.compile(r"error status/mask=([0-9a-f]{8})/([0-9a-f]{8})")
_BIT = re.compile(r"^\s*\[ ?(\d{1,2})\] (\w{2,24})(.*)")
_TLP = re.compile(r"TLP Header: ")


def mce(scene: Scene, record: Record) -> None:
    """Status words of machine checks."""
    if scene.event.kind != "machine-check":
        return
    text, words = record.text[:1000], scene.words
    bank, amd = _BANK.search(text), _AMD.search(text)
    if bank or amd:
        status = int(bank[3] if bank else amd[4] if amd else "0", 16)
        cpu, number = (bank[1], bank[2]) if bank else (amd[1], amd[2]) if amd else ("", "")
        vendor = any("PROCESSOR 2:" in r.text for r in scene.records)
        found = decode(status, bool(amd) or vendor, int(number))
        named = found.unit
        if named == "unknown":
            named = next((unit for r in scene.records if (unit := amd_unit(r.text[:400]))), named)
        if int(number) == 128:  # MCE_THERMAL_BANK: no bank, a software record
            scene.note(record, f"CPU {cpu}, a thermal event (bank 128 is not one of the CPU's).")
            return
        scene.note(
            record,
            f"CPU {cpu}, bank {number}: {words.get('mce-unit', named)}. {words.get('error-class', found.severity)}",
        )
        bits = words.bits("mce-bit", status)
        scene.note(record, sentence(f"status {status:016x}: {'; '.join(bits)}; error code {found.code:#06x}"))
        return
    address = _ADDR.search(text)
    if address:
        where = int(address[1] or address[2], 16)
        said = f"Physical address {where:#x}; the same one again means the same memory cell or device."
        scene.note(record, said, once="mce address")
    when = _TIME.search(text)
    if when:
        maker = {"0": "Intel", "2": "AMD", "9": "Hygon"}.get(when[1], "other")
        scene.note(record, f"An {maker} processor in socket {when[4]}, CPUID {when[2]}.", once=f"processor {when[0]}")


def aer(scene: Scene, record: Record) -> None:
    """Severity, layer and bits of PCI Express errors."""
    if scene.event.kind != "pcie-aer":
        return
    text, words = record.text[:1000], scene.words
    severity = _SEVERITY.search(text)
    if severity:
        fatal = severity[2] == "Fatal"
        kind = "corrected" if severity[1] == "Correct" else "fatal" if fatal else "uncorrected"
        scene.memo["severity"] = kind
        layer = words.get("pcie-layer", severity[3].strip())
        scene.note(
            record,
            sentence(
                f"{words.get('error-class', kind)} It concerns {layer}" if layer else words.get("error-class", kind)
            ),
        )
    table = (
        "aer-corrected"
        if scene.memo.get("severity", scene.event.attributes.get("class")) == "corrected"
        else "aer-uncorrected"
    )
    status = _STATUS.search(text)
    if status:
        value, mask = int(status[1], 16), int(status[2], 16)
        bits = words.bits(table, value)
        hidden = words.bits(table, value & mask)
        told = f"status {status[1]}: {listed(bits)}" if bits else ""
        scene.note(record, sentence(told + (" (masked, so not reported further)" if hidden and told else "")))
    bit = _BIT.match(text)
    if bit and not any(_STATUS.search(r.text) for r in scene.records):
        scene.note(
            record, sentence(f"{bit[2]}: {words.get(table, int(bit[1]))}" if words.get(table, int(bit[1])) else "")
        )
    elif bit and "(First)" in bit[3]:
        scene.note(record, f"{bit[2]} came first.")
    if _TLP.search(text):
        scene.note(record, "The request that failed, as four words; the maker of the device can read it.", once="tlp")
