"""Order among events: boots, the root event, its consequences, how the run ended, and what the log covers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from facts.headers import Header
from facts.moments import NEVER, Moment, apart, by_wall
from facts.recognise import End, Reading
from facts.records import Event, Record, Value

RELATED_SECONDS = 120.0  # a problem this long before a failure is taken for its beginning
EARLY_SECONDS = 60.0
BOOT_SECONDS = 30.0
BEGUN_SECONDS = 0.5  # a boot whose log ends sooner was only begun
SAME_MOMENT = 16  # lines of the records of one hardware error
RATED_SECONDS = 600.0  # errors per hour are told of those that came over so long a time at least
DIRECTLY = 3  # lines above the root event that are told to stand directly before it, where no time is known
COVERED_LINES = 200  # so many lines before the root event show what came before it

PASSED_SECONDS = 3600.0  # a stall or shortage so long before a crash of another kind was over
_LASTING = frozenset(("rcu-stall", "soft-lockup", "hard-lockup", "hung-task", "workqueue-stall", "csd-lock-stall"))
_STILL_THERE = ("inaccessible", "resume-failed")  # a device that does not answer, but was not taken away
_PASSING = _LASTING | {"oom-kill", "fs-shutdown"}  # a machine gets over these, and they damage no memory
LAST_LINES = 8  # of a boot, in which unmounting means that it ends
NEAR_LINES = 200  # lines between two reports of one stall where no times tell


class Timeline(NamedTuple):
    events: list[Event]  # in order of lines; roles and relations filled in
    root: int | None  # index of the root event
    chain: list[int]  # root event, main consequences, end
    facts: dict[str, Value]  # facts about the log itself (log.*, incident.*)


def _of_capture_kernel(header: Header) -> bool:
    """Whether the kernel says that it was started by a crash: its command line does, or the device tree (arm64)."""
    return header.name == "capture" or (header.name == "cmdline" and "elfcorehdr=" in header.value)


def build(reading: Reading) -> Timeline:
    """Order the events of one log."""
    events = sorted(reading.events, key=lambda event: (event.line, event.severity == "end"))
    events = [event for event in events if "at-end" not in event.attributes or _at_end(event, reading)]
    captures = {h.boot for h in reading.headers if _of_capture_kernel(h)}
    last_boot = max([event.boot for event in events] + [h.boot for h in reading.headers] + [0])
    _derive_dump_failure(events, captures)
    beside = captures if len(captures) <= last_boot else set()  # a log of nothing but the capture kernel is its own run
    failing = _failing_boot(events, beside)
    if failing is None or _survived(events, failing):
        broken = _broken_off(reading, events, beside, last_boot)
        failing = broken if failing is None or failing < broken < last_boot else failing
    _derive_taint(events, failing)
    ending = _ending(reading, events, captures, failing, last_boot)
    if ending == "cut":
        _add_truncation(events, reading, failing, last_boot, captures)
    run = [event for event in events if event.boot == failing and event.boot not in beside]
    root = _root(run) or _shown(reading, run, failing)
    begun = {h.boot: h.moment for h in reversed(reading.headers) if h.name == "version"}
    _relate(events, root, captures, failing, begun)
    for event in events:
        event.attributes["position"] = event.role
    facts: dict[str, Value] = {
        "log.given": True,
        "log.ending": ending,
        "log.boots": last_boot + 1,
        "log.capture_kernel": bool(captures),
        "log.covers_boot": any(h.name == "version" and h.boot == failing for h in reading.headers),
    }
    lost = any(event.kind == "log-gap" and event.boot == failing for event in events)
    before = (root.line if root else reading.lines) - _first_line(reading.headers, failing)
    facts["log.complete"] = not lost and (facts["log.covers_boot"] is True or before >= COVERED_LINES)
    _describe(facts, events, root, failing)
    _times(facts, reading, root, failing, begun)
    index = events.index(root) if root is not None else None
    return Timeline(events, index, _chain(events, root), facts)


def _failing_boot(events: list[Event], captures: set[int]) -> int | None:
    """The last ordinary boot with a failure, else with a problem or a panic; None where all went well."""
    for severities in (("failure",), ("problem",), ("end",)):
        boots = [
            event.boot
            for event in events
            if event.severity in severities and event.boot not in captures and event.kind != "clean-shutdown"
        ]
        if boots:
            return boots[-1]
    return None


def _at_end(event: Event, reading: Reading) -> bool:
    """Whether a line that means a shutdown at the end of a boot stands there, where only the kernel is heard."""
    end = reading.lived.get(event.boot, End())
    return end.kernel_only and event.line > end.line - LAST_LINES


def _survived(events: list[Event], boot: int) -> bool:
    """Whether a boot ended orderly, and nothing but stalls, shortages and warnings happened in it."""
    run = [event for event in events if event.boot == boot]
    crashed = any((e.severity == "failure" and e.kind not in _PASSING) or e.kind == "panic" for e in run)
    return not crashed and any(event.kind == "clean-shutdown" for event in run)


def _broken_off(reading: Reading, events: list[Event], captures: set[int], last_boot: int) -> int:
    """The last boot that just stops before the next one begins; the last boot where there is none."""
    ended = {event.boot for event in events if event.severity == "end"}
    for boot in range(last_boot - 1, -1, -1):
        if boot not in ended and boot not in captures and boot + 1 not in captures and boot in reading.lived:
            return boot
    return last_boot if last_boot not in captures else max(last_boot - 1, 0)


def _derive_taint(events: list[Event], boot: int) -> None:
    """One event of kind taint where a report header or a module message first tells it."""
    for position, event in enumerate(events):
        letters = event.attributes.get("tainted")
        loaded = event.kind == "module-loaded" and event.attributes.get("problem") != "test-ran"
        if event.boot == boot and (letters or loaded):
            taint = Event("taint", Record(event.line, event.text), "context", "the kernel is tainted")
            taint.moment = taint.last = event.moment
            taint.boot = boot
            if isinstance(letters, str):
                taint.attributes["tainted"] = letters
            events.insert(position, taint)
            return


def _derive_dump_failure(events: list[Event], captures: set[int]) -> None:
    """One event of kind dump-failed where a capture kernel died before a dump was saved."""
    for boot in captures:
        own = [event for event in events if event.boot == boot]
        ends = [event for event in own if event.kind in ("panic", "oom-panic")]
        if not ends or any(event.kind in ("dump-saved", "dump-failed") for event in own):
            continue
        memory = any(event.kind in ("oom-panic", "oom-kill") for event in own)
        what = "ran out of memory" if memory else "died"
        last = ends[-1]
        failed = Event(
            "dump-failed",
            Record(last.line, last.text),
            "context",
            f"no dump was saved: the capture kernel {what}",
        )
        failed.moment = failed.last = last.moment
        failed.boot = boot
        failed.attributes.update({"problem": "out-of-memory" if memory else "capture-died", "capture": True})
        events.insert(events.index(last) + 1, failed)


def _ending(reading: Reading, events: list[Event], captures: set[int], failing: int, last_boot: int) -> str:
    """How the failing run ended: clean-shutdown, panic, reboot, cut or running."""
    run = [event for event in events if event.boot == failing]
    kinds = {event.kind for event in run}
    if "panic" in kinds:
        return "panic"
    if "clean-shutdown" in kinds:
        return "clean-shutdown"
    if last_boot > failing:
        if failing + 1 in captures:
            return "reboot"
        return "cut" if failing in reading.lived else "running"
    started = any(h.name == "version" and h.boot == failing for h in reading.headers)
    console = reading.timed > 0 and reading.untimed > 0
    ran = reading.end.moment.time is not None and reading.end.moment.time > BEGUN_SECONDS
    return "cut" if started and console and ran and not reading.idle else "running"


def _add_truncation(events: list[Event], reading: Reading, failing: int, last_boot: int, captures: set[int]) -> None:
    if failing in captures:
        return
    run = [event for event in events if event.boot == failing]
    line = max([event.end_line for event in run] + [1])
    end = reading.end if last_boot == failing else reading.lived.get(failing, End())
    if last_boot == failing:
        line = max(line, reading.lines)
    else:
        following = [h.line for h in reading.headers if h.boot == failing + 1]
        line = max(line, min(following) - 1) if following else line
    text = "the log stops here without a panic or a shutdown"
    event = Event("truncated-log", Record(line, text), "failure", "log ends without a panic or a shutdown")
    event.boot = failing
    event.moment = event.last = end.moment
    if end.messages:
        event.attributes["last-messages"] = end.messages
    if end.kernel_only:
        event.attributes["kernel-only"] = True
    position = next((i for i, other in enumerate(events) if other.boot > failing), len(events))
    events.insert(position, event)


def _root(run: list[Event]) -> Event | None:
    """The event that starts the failure of one run."""
    failures = [e for e in run if e.severity == "failure" and e.kind != "truncated-log" and not _mild(e)]
    problems = [e for e in run if e.severity == "problem" and not _mild(e)]
    warned = _warned(run)
    if warned is not None and not any(failure.line < warned.line for failure in failures):
        return warned
    if failures:
        first = _told(next((failure for failure in failures if not _over(failure, failures)), failures[0]), failures)
        for problem in problems:
            if problem.line < first.line and _begins(problem, first):
                return problem
        return first
    cut = [e for e in run if e.kind == "truncated-log"]
    serious = [e for e in run if e.severity in ("failure", "problem") and e.kind != "truncated-log"]
    lasting = [e for e in serious if not cut or _lasted(e, cut[0])]
    problems = [e for e in lasting if not _mild(e)]
    if problems:
        return problems[0]
    mild = [e for e in lasting if _mild(e)]
    ended = [e for e in run if e.severity == "end" and e.kind not in ("clean-shutdown", "truncated-log")]
    for group in (ended, mild, cut):
        if group:
            return _named(group)
    return None


def _shown(reading: Reading, run: list[Event], boot: int) -> Event | None:
    """The event for which somebody kept an excerpt that shows nothing worse; None for a log that is no excerpt."""
    shown = [event for event in run if event.excerpt]
    if not shown or any(h.name == "version" and h.boot == boot for h in reading.headers):
        return None
    counts = [event.attributes.get("count", 1) for event in shown]
    reports = sum(count for count in counts if isinstance(count, int))
    return shown[0] if reading.lines <= COVERED_LINES or reports * 2 >= reading.lines else None


def _over(event: Event, failures: list[Event]) -> bool:
    """Whether a stall or shortage was over long before the first crash, of another kind, and is not related to it."""
    crash = next((failure for failure in failures if failure.kind not in _PASSING), None)
    if event.kind not in _PASSING or crash is None or crash.line < event.line:
        return False
    since = [apart(e.last, crash.moment) for e in failures if e.kind in _PASSING and e.line < crash.line]
    if any(seconds is None or seconds <= PASSED_SECONDS for seconds in since):
        return False
    return not _related(event, crash)


def _told(stall: Event, failures: list[Event]) -> Event:
    """For a stall whose report does not tell the place: the next report of that CPU's stall that does, if one follows.

    An expedited grace period is reported by who waits for it, and a running task of another CPU has no trace.
    """
    if stall.kind not in _LASTING or stall.cpu is None or _placed(stall):
        return stall
    for other in failures:
        if other.line > stall.line and other.kind == stall.kind and other.cpu == stall.cpu and _placed(other):
            seconds = apart(stall.moment, other.moment)
            near = other.line - stall.line <= NEAR_LINES if seconds is None else seconds <= RELATED_SECONDS
            return other if near else stall
    return stall


def _placed(event: Event) -> bool:
    return bool(event.attributes.get("function") or event.attributes.get("pc-function") or event.attributes.get("at"))


def _lasted(event: Event, end: Event) -> bool:
    """Whether a problem, as far as is known, went on until an hour before the log stops."""
    return (apart(event.last, end.moment) or 0.0) <= PASSED_SECONDS


def _related(event: Event, failure: Event) -> bool:
    """Whether two events are of the same task (the idle task is everybody's) or module."""
    if event.pid and event.pid == failure.pid and event.comm == failure.comm:
        return True
    module = failure.attributes.get("module") or failure.attributes.get("pc-module")
    return bool(module) and module in {frame.module for frame in event.frames}


def _named(group: list[Event]) -> Event:
    """The first event; for a memory error the one of the same moment in which EDAC names the module."""
    first = group[0]
    if first.attributes.get("problem") == "logged" and len(group) > 1:  # the line that announces the records
        return _named(group[1:])
    if first.kind == "machine-check" and first.attributes.get("unit") == "memory":
        for event in group[1:4]:
            if event.kind == "edac-corrected" and event.line - first.line <= SAME_MOMENT:
                return event
    return first


def _warned(run: list[Event]) -> Event | None:
    """The report that panic_on_warn turned into a panic: the nearest one above the panic line, of the same task."""
    before: list[Event] = []
    for event in run:
        if event.kind == "panic":
            if event.attributes.get("reason") != "panic-on-warn" or not before:
                return None
            own = [e for e in before if event.caller and e.caller == event.caller] or [
                e for e in before if event.pid is not None and e.pid == event.pid and e.comm == event.comm
            ]
            return (own or before)[-1]
        if event.severity in ("failure", "problem"):
            before.append(event)
    return None


def _mild(event: Event) -> bool:
    return event.attributes.get("class") in ("corrected", "info") or event.begins == "nothing"


def _begins(problem: Event, failure: Event) -> bool:
    """Whether a problem is the beginning of a later failure rather than an accident of its own."""
    mine, other = problem.attributes, failure.attributes
    if _related(problem, failure):
        return True
    if problem.begins == "own" or (problem.begins == "stalls" and failure.kind not in _LASTING):
        return False
    if mine.get("device") and mine.get("device") == other.get("device"):
        return True
    seconds = apart(problem.moment, failure.moment)
    return failure.line - problem.line <= 2000 if seconds is None else seconds <= RELATED_SECONDS


def _relate(
    events: list[Event], root: Event | None, captures: set[int], failing: int, begun: Mapping[int, Moment]
) -> None:
    failures = [e for e in events if e.boot == failing and e.severity == "failure" and e.kind != "truncated-log"]
    for event in events:
        attributes = event.attributes
        if event.boot in captures:
            attributes["capture"] = True
        ran = _uptime(event, begun)
        if ran is not None and ran < EARLY_SECONDS:
            attributes["early"] = True
        rate = _rate(event)
        if rate is not None:
            attributes["per-hour"] = rate
        if event is root:
            event.role = "root"
        elif root is None or event.boot < failing or event.severity in ("notice", "context"):
            event.role = "context"
        elif event.boot > failing and event.boot not in captures:
            event.role = "context"
        elif event.line > root.line or event.boot in captures or (event.line == root.line and event.severity == "end"):
            event.role = "consequence"
        else:
            event.role = "context" if _over(event, failures) else "precursor"
        if root is None or event is root:
            continue
        before = apart(event.moment, root.moment) if event.boot == root.boot and event.line <= root.line else None
        if before is not None:
            attributes["before-root"] = max(0.0, before)
        elif event.boot == root.boot and 0 < root.line - event.end_line <= DIRECTLY:
            attributes["directly-before"] = True
        if event.comm and event.comm == root.comm and event.pid == root.pid:
            attributes["same-task"] = True
        if event.cpu is not None and event.cpu == root.cpu:
            attributes["same-cpu"] = True
        module = root.attributes.get("module")
        if module and (attributes.get("module") == module or module in {frame.module for frame in event.frames}):
            attributes["same-module"] = True


def _uptime(event: Event, begun: Mapping[int, Moment]) -> float | None:
    """Seconds from the boot to an event; by the wall clock, those since the kernel's first line was logged."""
    if event.time is not None:
        return event.time
    return by_wall(begun.get(event.boot, NEVER), event.moment)


def _rate(event: Event) -> float | None:
    """Hardware errors per hour, of an event that came again over a while."""
    count = event.attributes.get("errors", event.attributes.get("count"))
    span = apart(event.moment, event.last)
    if "class" not in event.attributes or not isinstance(count, int) or span is None or span < RATED_SECONDS:
        return None
    return round(count * 3600 / span, 1)


def _first_line(headers: list[Header], boot: int) -> int:
    return min((h.line for h in headers if h.boot == boot), default=1)


def _describe(facts: dict[str, Value], events: list[Event], root: Event | None, failing: int) -> None:
    serious = [e for e in events if e.boot == failing and e.severity in ("failure", "problem")]
    numbers = [e.attributes.get("oops-number") for e in serious]
    facts["log.oopses"] = len({n for n in numbers if isinstance(n, int)})
    facts["log.stalled_cpus"] = len({e.cpu for e in serious if e.kind in _LASTING and e.cpu is not None})
    facts["log.distinct_functions"] = len({e.attributes["function"] for e in serious if "function" in e.attributes})
    if root is None:
        return
    facts["log.root_kind"] = root.kind
    ending = facts["log.ending"]
    if ending in ("panic", "cut", "reboot"):
        facts["incident.impact"] = "restarted"
    if ending == "clean-shutdown":
        facts["incident.reboot_without_panic"] = False
    removed = (e for e in events if e.kind == "device-removed" and e.attributes.get("problem") not in _STILL_THERE)
    times = [e.attributes.get("before-root") for e in removed]
    if any(isinstance(time, float) and time <= RELATED_SECONDS for time in times):
        facts["incident.hotplug_before"] = True


def _times(
    facts: dict[str, Value], reading: Reading, root: Event | None, failing: int, begun: Mapping[int, Moment]
) -> None:
    """Uptime at the root event, the silence before it, how long messages came after it, the time to the next boot."""
    if root is not None:
        ran = _uptime(root, begun)
        if ran is not None and ran >= 0:
            facts["incident.uptime_at_crash"] = ran
            facts["incident.phase"] = "boot" if ran < BOOT_SECONDS else "running"
        silence = apart(root.above, root.moment)
        if silence is not None and silence >= 0:
            facts["log.silence"] = silence
        went_on = apart(root.moment, reading.lived.get(failing, reading.end).moment)
        if went_on is not None and went_on >= 0:
            facts["log.went_on"] = went_on
    down = by_wall(reading.lived.get(failing, End()).moment, begun.get(failing + 1, NEVER))
    if down is not None and down >= 0:
        facts["log.downtime"] = down


def _chain(events: list[Event], root: Event | None) -> list[int]:
    """Root, the first consequence of each kind, and the end, as indices."""
    if root is None:
        return []
    chain = [events.index(root)]
    kinds = {root.kind}
    for index, event in enumerate(events):
        if event.role == "consequence" and event.kind not in kinds:
            kinds.add(event.kind)
            chain.append(index)
    return chain[:12]
