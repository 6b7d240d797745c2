"""Call traces: the culprit and why the frames above it were passed over, doubtful frames, stacks, modules."""

from __future__ import annotations

import re

from advisor.notes.common import Scene, listed, sentence
from facts.culprit import OTHER_SECTIONS, STALLS
from facts.records import Frame, Record
from facts.trace import is_link, parse_frames, parse_link, parse_location, parse_modules

_MARKER = re.compile(r"\s*(?:=*>?\s*)?<(IRQ|NMI|TASK|SOFTIRQ|EOI|ENTRY_TRAMPOLINE|#DF)>")
_SKIPPED = 4  # frames named as passed over
_FOREIGN = frozenset("OP")
_HEADS = {"hung-task": "WAITS HERE", "kasan": "CULPRIT", "oom-kill": "ASKED FOR MEMORY"}


def frames(scene: Scene, record: Record) -> None:
    """The culprit's frame, what entered it, frames marked `?`, and the switches between stacks."""
    text = record.text[:2000]
    if text.lstrip().startswith(("Call Trace", "Call trace", "Backtrace")):
        scene.once(record, "line", "call-trace")
        return
    marker = _MARKER.match(text)
    if marker:
        scene.once(record, "section", marker[1].strip("#"))
    location = parse_location(text, record.line) if "+0x" in text else None
    if location is not None and location.frame is not None and not location.user:
        _culprit(scene, record, location.frame, [])
        return
    if scene.block.pc is None and is_link(text):
        link = parse_link(text, record.line)
        if link is not None:
            _culprit(scene, record, link, [])
        return
    found = parse_frames(text, record.line)
    if not found:
        return
    if not found[0].reliable:
        scene.once(record, "line", "question-mark")
        return
    frame = found[-1]
    if "user" in scene.memo or (scene.block.frames and not any(f.line == record.line for f in scene.block.frames)):
        return
    if any(f.line == record.line and f.section in OTHER_SECTIONS for f in scene.block.frames):
        return
    if "culprit" in scene.memo:
        _entered(scene, record, frame)
    else:
        above = [
            f for f in scene.block.frames if f.line < record.line and f.reliable and f.section not in OTHER_SECTIONS
        ]
        if scene.block.pc is not None and (not above or above[0].function != scene.block.pc.function):
            above.insert(0, scene.block.pc)
        _culprit(scene, record, frame, above)


def _culprit(scene: Scene, record: Record, frame: Frame, above: list[Frame]) -> None:
    attributes = scene.event.attributes
    if frame.function != attributes.get("function") or not scene.first("culprit"):
        return
    if scene.event.kind == "panic" and scene.event.role != "root":
        return  # its trace only shows who called panic()
    scene.memo["culprit"] = frame.function
    kind = scene.event.kind
    if kind in STALLS:
        head = f"CULPRIT: {frame.function} most probably holds the CPU"
    elif kind in _HEADS and kind != "kasan":
        head = f"{_HEADS[kind]}: {frame.function} is the first function that is not general machinery"
    elif scene.block.pc is None and scene.block.pc_address is not None:
        head = f"CULPRIT: {frame.function} most probably made the call to the bad address"
    elif above:
        head = f"CULPRIT: {frame.function} is the first function that is not general machinery"
    else:
        head = f"CULPRIT: it failed in {frame.function} itself, which is not general machinery"
    flags = scene.block.modules.get(frame.module or "", "")
    if frame.module and _FOREIGN & set(flags):
        head += f"; its module {frame.module} was built outside the kernel tree"
    scene.note(record, head + ".", "culprit")
    reasons: dict[str, list[str]] = {}
    for one in above:
        names = reasons.setdefault(_why(scene, one), [])
        if one.function not in names and not one.function.startswith("0x"):
            names.append(one.function)
    told = []
    for reason, names in reasons.items():
        more = f" and {len(names) - _SKIPPED} more" if len(names) > _SKIPPED else ""
        told.append(f"{', '.join(names[:_SKIPPED])}{more} ({reason})")
    scene.note(record, sentence(f"passed over above it: {'; '.join(told)}") if told else "")


def _why(scene: Scene, frame: Frame) -> str:
    """Why a frame is not the culprit."""
    tags, groups = scene.table.tags(frame.function, frame.module), scene.table.groups(frame.function, frame.module)
    for name in scene.words.keys("skipped"):
        if name in tags or name in groups:
            return scene.words.get("skipped", name)
    return "works for its caller"


def _entered(scene: Scene, record: Record, frame: Frame) -> None:
    """How the kernel came to run the culprit."""
    tags = scene.table.tags(frame.function, frame.module)
    for name in scene.words.keys("entered-by"):
        if name in tags and scene.first("entered"):
            scene.note(record, scene.words.get("entered-by", name), once=f"entered-by {name}")
            return


def modules(scene: Scene, record: Record) -> None:
    """Modules from outside the kernel tree, and the one unloaded last."""
    text = record.text
    if not text.lstrip().startswith("Modules linked in:") or not scene.first("modules"):
        return
    flags, words = scene.block.modules, scene.words
    if not flags:
        parse_modules(text, flags)
    told = []
    for name, letters in flags.items():
        if _FOREIGN & set(letters) or "F" in letters or "C" in letters:
            meaning = listed([words.get("module-flag", c) or c for c in letters])
            told.append(f"{name} ({meaning})")
    if told:
        more = f" and {len(told) - 8} more" if len(told) > 8 else ""
        scene.note(record, f"Not from this kernel build: {listed(told[:8])}{more}.", once=f"modules {told}")
    elif flags:
        scene.note(record, f"All {len(flags)} modules belong to the kernel build.", once="modules own")
    if scene.block.unloaded:
        said = f"{scene.block.unloaded} was unloaded last; a timer or pointer that still leads into it would crash."
        scene.note(record, said, once=f"unloaded {scene.block.unloaded}")


_GENERAL = (
    (re.compile(r"-+\[ cut here \]"), "cut-here"),
    (re.compile(r"---\[ end Kernel panic"), "end-panic"),
    (re.compile(r"---\[ end trace"), "end-trace"),
    (re.compile(r"Kernel Offset: disabled"), "no-kaslr"),
    (re.compile(r"Kernel Offset: 0x"), "kernel-offset"),
    (re.compile(r"Rebooting in \d+ seconds"), "rebooting"),
)


def general(text: str) -> str:
    """The key (in the table `line`) of a line that means the same in every report, or ""."""
    text = text.lstrip()[:200]
    if text[:3] not in ("---", "Ker", "Reb"):
        return ""
    return next((name for pattern, name in _GENERAL if pattern.match(text)), "")
