"""Memory: who uses it when it runs out, what slab and KASAN reports show."""

from __future__ import annotations

import re

from advisor.notes.common import Scene, listed, sentence, size
from facts.records import Record
from facts.reports.meminfo import Memory

OOM = frozenset(("oom-kill", "memcg-oom-kill", "oom-panic", "page-allocation-failure"))
PAGE = 4096
TOP = 3  # tasks named
_GFP = re.compile(r"(?:gfp_mask=|mode:)0x[0-9a-f]+\(([A-Z_|]{1,300})\)")
_ORDER = re.compile(r"\border[=:](-?\d{1,2})\b")
_ZONE = re.compile(r"\s*Node (\d{1,4}) (DMA32|DMA|Normal|Movable|HighMem) free:(\d{1,12})kB(.*)")
_KB = re.compile(r"\b(min|low|high):(\d{1,12})kB")
_TASK = re.compile(r"\[ *(\d{1,10})\] +\d+ +\d+ +(\d{1,12}) +(\d{1,12}) +(.{1,120}) (\S{1,32})\s*$")
_CONSTRAINT = re.compile(r"constraint=CONSTRAINT_(\w{1,20})")
_KILLED = re.compile(r"Kill(?:ed)? process (\d{1,10}),? .{0,80}?anon-rss:(\d{1,12})kB, file-rss:(\d{1,12})kB")
_SWAP = re.compile(r"\s*(Free|Total) swap\s*[=:]\s*(\d{1,12})\s*kB")
_USAGE = re.compile(r"\s*memory: usage (\d{1,15})kB, limit (\d{1,20})kB")


def oom(scene: Scene, record: Record) -> None:
    """Lines of an OOM or allocation-failure report."""
    if scene.event.kind not in OOM:
        return
    text, words = record.text[:2000], scene.words
    if record.line == scene.event.line or "invoked oom-killer" in text or "page allocation failure" in text:
        _request(scene, record, text)
    if text.lstrip().startswith("Mem-Info") and scene.first("mem-info"):
        _users(scene, record)
    zone = _ZONE.match(text)
    if zone:
        marks = {name: int(kb) for name, kb in _KB.findall(zone[4][:400])}
        free, least = int(zone[3]), marks.get("min", 0)
        if least and free <= marks.get("low", least):
            mark = "min" if free <= least else "low"
            scene.note(record, f"Zone {zone[2]} of node {zone[1]} ({words.get('zone', zone[2])}) is exhausted: "
                       f"{size(free * 1024)} free, below its mark `{mark}` ({size(marks[mark] * 1024)}).")  # fmt: skip
    usage = _USAGE.match(text)
    if usage and int(usage[2]) < 1 << 50:
        scene.note(record, f"The group uses {size(int(usage[1]) * 1024)} of its {size(int(usage[2]) * 1024)}.")
    swap = _SWAP.match(text)
    if swap and swap[1] == "Total" and int(swap[2]) == 0:
        scene.note(record, "There is no swap.")
    elif (
        swap
        and swap[1] == "Free"
        and int(swap[2]) == 0
        and not any("Total swap = 0kB" in r.text for r in scene.records)
    ):
        scene.note(record, "All swap is used up.")
    task = _TASK.match(text)
    if task and _largest(scene).get(record.line) is not None:
        total = _memory(scene).total() * PAGE
        rss = int(task[3]) * PAGE
        share = f", {rss * 100 // total} % of the machine" if total > rss > 0 else ""
        if total > 100 * rss and _largest(scene)[record.line] > 1:
            return
        scene.note(record, f"Number {_largest(scene)[record.line]} by size: {task[5]} has {size(rss)} in memory "
                   f"(rss counts pages of 4 KiB){share}.")  # fmt: skip
    constraint = _CONSTRAINT.search(text)
    if constraint:
        scene.note(record, words.get("constraint", constraint[1]))
    killed = _KILLED.search(text)
    if killed:
        scene.note(record, f"Killing it frees about {size((int(killed[2]) + int(killed[3])) * 1024)}.")


def _request(scene: Scene, record: Record, text: str) -> None:
    gfp, order = _GFP.search(text), _ORDER.search(text)
    if gfp:
        names = gfp[1].split("|")
        meaning = next((scene.words.get("gfp", name) for name in names if scene.words.get("gfp", name)), "")
        scene.note(record, sentence(f"{names[0]}: {meaning}") if meaning else "")
    if order:
        number = max(0, int(order[1]))
        pages = 1 << number
        many = "one page" if pages == 1 else f"{pages} adjacent pages"
        scene.note(record, f"Order {number}: asks for {many} ({size(pages * PAGE)}).")


def _memory(scene: Scene) -> Memory:
    memory = Memory()
    for record in scene.records:
        memory.feed(record.text)
    return memory


def _users(scene: Scene, record: Record) -> None:
    memory = _memory(scene)
    consumer, total = memory.consumer(), memory.total()
    if consumer is None or not total:
        return
    get = memory.pages.get
    parts = {
        "programs": get("active_anon", 0) + get("inactive_anon", 0),
        "page cache": get("active_file", 0) + get("inactive_file", 0),
        "slab": get("slab_unreclaimable", 0) + get("slab_reclaimable", 0),
        "page tables": get("pagetables", 0),
        "free": get("free", 0),
    }
    shown = [f"{name} {size(pages * PAGE)}" for name, pages in parts.items() if pages * 50 > total]
    rest = total - sum(parts.values())
    if rest * 20 > total:
        shown.append(f"in none of these {size(rest * PAGE)}")
    scene.note(
        record, f"Of {size(total * PAGE)}: {listed(shown)}. Most is held by {scene.words.get('consumer', consumer)}."
    )


def _largest(scene: Scene) -> dict[int, int]:
    """Line -> rank of the tasks with the largest resident size."""
    known = scene.memo.get("largest")
    if known is None:
        rows = [(int(m[3]), r.line) for r in scene.records if (m := _TASK.match(r.text[:300])) and int(m[3])]
        rows.sort(key=lambda row: (-row[0], row[1]))
        known = scene.memo["largest"] = " ".join(str(line) for _, line in rows[:TOP])
    return {int(line): rank for rank, line in enumerate(known.split(), 1)}


_BYTES = re.compile(
    r"0x([0-9a-f]{4,16})-0x([0-9a-f]{4,16})(?: @offset=\d+)?\. "
    r"First byte 0x([0-9a-f]{1,2}) instead of 0x([0-9a-f]{1,2})"
)
_TRACK = re.compile(
    r"(?:INFO: )?(Allocated|Freed) in ([\w.$]{1,200})(?:\+0x\S+)?(?: \[([\w-]{1,64})\])? age=(\d+) cpu=(\d+) pid=(\d+)"
)
_DUMP = re.compile(
    r"(Object|Redzone|Right Redzone|Padding|Bytes b4) +(?:0x)?([0-9a-f]{4,16}): ((?:[0-9a-f]{2} ){1,16})"
)
_EXPECTED = {"Redzone": (0xBB, 0xCC), "Right Redzone": (0xBB, 0xCC), "Padding": (0x5A,), "Object": (0x6B, 0xA5)}


def slab(scene: Scene, record: Record) -> None:
    """Lines of a SLUB report."""
    if scene.event.kind != "slab-corruption":
        return
    text, problem = record.text[:600], scene.event.attributes.get("problem")
    if record.line == scene.event.line or text.lstrip().startswith("BUG "):
        if scene.first("problem"):
            scene.note(record, scene.words.get("slab-problem", problem))
    changed = _BYTES.search(text)
    if changed:
        first, last = int(changed[1], 16), int(changed[2], 16)
        now, before = int(changed[3], 16), int(changed[4], 16)
        count = last - first + 1
        meaning = scene.words.get("slab-byte", before)
        told = f"{count} byte{'s' if count != 1 else ''} changed; should be {before:#04x}" + (
            f" ({meaning})" if meaning else ""
        )
        if count == 1 and (now ^ before).bit_count() == 1:
            told += "; a single bit differs, so suspect the memory (DIMM) before any code"
        scene.note(record, f"{told}.")
    track = _TRACK.match(text.strip())
    if track:
        who = f"{track[2]}" + (f" of module {track[3]}" if track[3] else "")
        what = "allocated" if track[1] == "Allocated" else "freed last"
        scene.note(
            record, f"The object was {what} by {who}, in PID {track[6]} on CPU {track[5]}, {track[4]} jiffies before."
        )
    dump = _DUMP.search(text)
    expected = _EXPECTED.get(dump[1]) if dump else None
    if dump and expected and (dump[1] != "Object" or problem == "poison-overwritten"):
        data = bytes.fromhex(dump[3])
        wrong = [i for i, byte in enumerate(data) if byte not in expected]
        if wrong and scene.first(f"dump {dump[1]}"):
            text = "".join(chr(data[i]) if 0x20 <= data[i] < 0x7F else "." for i in wrong)
            readable = f', as text "{text}"' if sum(c != "." for c in text) >= 4 else ""
            scene.note(record, f"{len(wrong)} of these bytes were overwritten{readable}.")


_INSIDE = re.compile(
    r"located (\d{1,9}) bytes (inside of|to the right of|to the left of|before|after|after the end of)\s"
)
_ACCESS = re.compile(r"(Read|Write) of size (\d{1,9}) at addr ([0-9a-f]{8,16}) by task (.{1,64})")
_SHADOW = re.compile(r">([0-9a-f]{8,16}): (.{1,120})")


def kasan(scene: Scene, record: Record) -> None:
    """Lines of a KASAN report."""
    if scene.event.kind != "kasan":
        return
    text = record.text[:600].strip()
    access = _ACCESS.match(text)
    if access:
        plural = "s" if int(access[2]) != 1 else ""
        scene.note(record, f"{access[4]} tried to {access[1].lower()} {access[2]} byte{plural}.")
    elif text.startswith("Allocated by task"):
        scene.note(record, "Who allocated the object:", once="kasan allocated")
    elif text.startswith("Freed by task"):
        scene.note(record, "Who freed it: compare with the stack above, both used the object.", once="kasan freed")
    inside = _INSIDE.search(text)
    if inside:
        scene.note(
            record, "The access was within the object." if inside[2] == "inside of" else "The access missed the object."
        )
    row = _SHADOW.match(text)
    if row:
        around = re.search(r"\[([0-9a-f]{2})\]", row[2])
        value = int(around[1], 16) if around else -1
        if 0 < value < 8:
            scene.note(record, f"[{around[1] if around else ''}]: only the first {value} of these 8 bytes may be used.")
        elif value >= 0:
            meaning = scene.words.get("kasan-shadow", value) or ("usable" if not value else "not known here")
            scene.note(record, f"Each byte here stands for 8 (or 16) bytes of memory; [{value:02x}] = {meaning}.")
