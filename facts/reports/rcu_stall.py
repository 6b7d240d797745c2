"""Reader of RCU stall reports (kernel/rcu/tree_stall.h, kernel/rcu/tree_exp.h; older: kernel/rcutree.c)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facts.culprit import choose
from facts.frames import FrameTable
from facts.records import Event, Frame, Record
from facts.reports.block import BELONGS, END, FOREIGN, Block
from facts.reports.common import fill, finish, put
from facts.reports.stacks import NMI_FOR, SENDING, SKIPPED, TASK_DUMP, TASK_ROW

_ROW = re.compile(
    r"\s*(?:rcu:\s+)?(\d{1,5})-([.oONn!?\d,]{3,6})?:? ?(?:\((\d{1,9}|\w[\w ,]{0,20}?) (ticks this GP|GPs behind)\))"
)
_TICKS = re.compile(r"\((\d{1,9}) ticks this GP\)")
_IDLE = re.compile(r"\bidle=[0-9a-f]{1,8}/(?:0x)?0/(?:0x)?0\b")  # neither a task nor an interrupt since it went idle
_BUSY = re.compile(r"\bidle=[0-9a-f]{1,8}/")
_SCANS = re.compile(r"\bfqs=(\d{1,9})\b")
# A kthread that sleeps waits for its timer, not for a CPU; older kernels say so by its state only.
_ASLEEP = re.compile(r"kthread starved for .{0,90} RCU_GP_WAIT_FQS\(\d\) ->state=0x(?:1|2|402)\b")
_LIST = re.compile(
    r"(?:stalls? on CPUs/tasks: ?\{|self-detected stall on CPU ?\{|expedited stalls on CPUs/tasks: \{|"
    r"stall on CPU)([^}(]{0,500})\}?"
)
_CALL = re.compile(r"\b\d{1,5}-[.O][.o][.N]([.D])(?![\w.])")  # kernel/rcu/tree_exp.h; the fourth mark came in 2022
_TASKS = re.compile(r"(?:Tasks blocked on level-\d+ rcu_node \(CPUs [\d-]+\): ?|^)((?:P\d+[/:.\w]*(?: |$))+)")
_JIFFIES = re.compile(r"\bt=(\d{1,12}) jiffies|\} (\d{1,12}) jiffies s:")
_DETECTOR = re.compile(r"detected by (\d{1,5})")
_PARTS = re.compile(
    r"\s*(?:rcu: |rcu_|INFO: |\(detected by|\(t=|\d+-[.oONn!?\d,]+|All QSes seen|Tasks blocked|RCU grace|Unless rcu|"
    r"Stack dump|Task dump|blocking rcu_node|"
    r"\.\.\.|idle=|softirq|Sending|CPU \d+:|Possible timer|rcuc|hardirqs:|\s*number: |\s*cputime: |on CPU|Offline CPU|"
    r"All QSs|Stall ended|sched_|task:|Mem-Info)|[^\s:]{1,32} {2,}[RSDI] "
)


SCANNED = 1000  # jiffies after which a grace-period kthread that runs has scanned the CPUs many times


class _Task:
    """One stack of the report and whose it is."""

    __slots__ = ("block", "cpu", "kind", "row")

    def __init__(self, kind: str, cpu: int | None = None, row: str = "") -> None:
        self.kind = kind  # self, nmi, task, kthread
        self.cpu = cpu
        self.row = row
        self.block = Block()


def read(event: Event, body: Sequence[Record], table: FrameTable) -> int:
    """Read a stall: CPUs and tasks listed, state of the grace-period kthread, and what the stalled CPU ran."""
    if not body:
        return 0
    text = event.text
    event.attributes["expedited"] = "expedited" in text
    event.attributes.setdefault("self-detected", "self-detected" in text or "self detected" in text)
    state = _Stall()
    tasks = [_Task("self")]
    end, foreign = 1, 0
    state.line(text, True)
    for index in range(1, len(body)):
        record = body[index]
        text = record.text
        part = state.line(text, False)
        if state.again:
            break
        skipped, nmi = SKIPPED.search(text[:200]), NMI_FOR.search(text[:200])
        if skipped:
            part = True
        elif nmi:
            tasks.append(_Task("nmi", int(nmi[1])))
            part = True
        else:
            dump = TASK_DUMP.match(text[:200])
            row = TASK_ROW.match(text[:200])
            if dump:
                tasks.append(_Task("task", int(dump[1])))
                part = True
            elif row and "+0x" not in text and not text.startswith(("rcu:", "CPU", "Call")):
                if tasks[-1].block.frames or tasks[-1].kind != "task":
                    tasks.append(_Task("task", None, row[1].strip()))
                tasks[-1].row = tasks[-1].row or row[1].strip()
                if "rcu_" in tasks[-1].row[:5]:
                    tasks[-1].kind = "kthread"
                part = True
        if part or SENDING.match(text[:200]):
            end, foreign = index + 1, 0
            continue
        result = tasks[-1].block.feed(record)
        if result is END:
            break
        if result is BELONGS or _PARTS.match(text[:200]):
            end, foreign = index + 1, 0
        elif result is FOREIGN:
            foreign += 1
            if foreign > 5:
                break
    _conclude(event, state, tasks, table)
    return finish(event, body, end)


class _Stall:
    """What the rows of a stall say."""

    __slots__ = (
        "again", "blocked", "busy", "called", "cpus", "detector", "heads", "idle", "jiffies", "no_ticks", "scans",
        "starved", "tasks", "ticks", "timer",
    )  # fmt: skip

    def __init__(self) -> None:
        self.cpus: list[int] = []
        self.tasks: set[str] = set()
        self.called: list[str] = []  # per listed CPU, whether it took the call of an expedited grace period
        self.blocked = False  # "Tasks blocked on level-", even where the list of them is lost
        self.no_ticks = False
        self.ticks = 0
        self.idle = self.busy = 0  # listed CPUs that were idle, and others
        self.scans: int | None = None
        self.jiffies: int | None = None
        self.starved = False
        self.timer = False
        self.detector: int | None = None
        self.again = False  # the next stall report began
        self.heads = 0

    def line(self, text: str, head: bool) -> bool:
        """Take one line; True if it is a row of the stall."""
        text = text[:1000]
        if "+0x" in text:
            return False
        found = False
        if "stall" in text and ("detected" in text) and "INFO:" in text:
            self.heads += 1
            if not head and self.heads > 1:
                self.again = True
                return True
        listed = _LIST.search(text)
        if listed:
            found = True
            if "expedited" in text:
                self.called += _CALL.findall(listed[1])
            for word in re.findall(r"P?\d+(?:-[.oON!?\d]+)?", listed[1]):
                self._listed(word)
        row = _ROW.match(text)
        if row:
            found = True
            self._listed(row[1])
            ticks = _TICKS.search(text)
            if ticks and int(ticks[1]) == 0:
                self.no_ticks = True
            elif ticks:
                self.ticks = max(self.ticks, int(ticks[1]))
            if _IDLE.search(text):
                self.idle += 1
            elif _BUSY.search(text):
                self.busy += 1
            scans = _SCANS.search(text)
            if scans:
                self.scans = max(self.scans or 0, int(scans[1]))
        for match in _TASKS.finditer(text.strip()) if "P" in text else ():
            found = True
            self.tasks.update(re.findall(r"P\d+", match[1]))
        if "Tasks blocked on level-" in text:
            self.blocked = found = True
        jiffies = _JIFFIES.search(text)
        if jiffies:
            found = True
            self.jiffies = self.jiffies or int(jiffies[1] or jiffies[2])
        detector = _DETECTOR.search(text)
        if detector:
            self.detector = int(detector[1])
            found = True
        if "kthread starved for" in text:
            self.starved = found = True
        if "timer wakeup didn't happen" in text or (self.starved and _ASLEEP.search(text[:300])):
            self.timer = found = True
        return found

    def _listed(self, word: str) -> None:
        if word.startswith("P"):
            self.tasks.add(word)
        else:
            cpu = int(re.split(r"\D", word, maxsplit=1)[0])
            if cpu not in self.cpus:
                self.cpus.append(cpu)


def seconds_of(jiffies: int) -> int | None:
    """Seconds of a first report: its age is the timeout (21 s, or 60 s) at one of the usual tick rates."""
    for timeout in (21, 60):
        for rate in (1000, 300, 250, 100):
            if 0.99 <= jiffies / (timeout * rate) <= 1.02:
                return timeout
    return None


def _conclude(event: Event, state: _Stall, tasks: list[_Task], table: FrameTable) -> None:
    self_detected = event.attributes["self-detected"] is True
    event.attributes["stalled"] = len(state.cpus) + len(state.tasks)
    event.attributes["no-ticks"] = state.no_ticks
    if state.ticks:
        event.attributes["ticks"] = state.ticks
    event.attributes["listed-idle"] = bool(state.idle and not state.busy and not state.tasks)
    if state.scans is not None and state.jiffies is not None and state.jiffies > SCANNED:
        event.attributes["scans"] = state.scans
    if state.called:
        event.attributes["exp-call"] = "missed" if "D" in state.called else "taken"
    event.attributes["task-listed"] = bool(state.tasks) or state.blocked or bool(event.attributes.get("task-listed"))
    event.attributes["kthread-starved"] = state.starved
    event.attributes["timer-missing"] = state.timer
    if state.jiffies is not None:
        put(event, "amount", state.jiffies)
        put(event, "seconds", seconds_of(state.jiffies))
    if event.cpu is None and state.cpus:
        event.cpu = state.cpus[0]
    chosen = _chosen(event, state, tasks, table, self_detected)
    for task in tasks:
        if task is not chosen:
            event.frames.extend(frame._replace(section="other") for frame in task.block.frames[:60])
    others, event.frames = event.frames, []
    fill(event, chosen.block, table)
    event.frames.extend(others)
    if chosen.kind == "task" and chosen.row and not event.comm:
        event.comm = chosen.row


def _chosen(event: Event, state: _Stall, tasks: list[_Task], table: FrameTable, self_detected: bool) -> _Task:
    """The stack of the stalled CPU: its own, its NMI backtrace, or its task's; else the first that names a culprit."""
    usable = [task for task in tasks if task.block.frames or task.block.pc is not None or task.block.pc_user]
    if not usable:
        return tasks[0]

    def rank(task: _Task) -> int:
        header = task.block.header
        cpu = task.cpu if task.cpu is not None else header.cpu if header else None
        culprit: Frame | None = choose(task.block, event.kind, table)
        if culprit is None and not (task.block.pc_user and state.starved):
            return 9
        if task.kind == "kthread":
            return 8
        if task.kind == "nmi" and cpu in state.cpus:
            return 0
        if self_detected and task.kind in ("self", "nmi"):
            return 1
        if task.kind == "task" and (cpu in state.cpus or state.tasks):
            return 2
        if task.kind == "nmi" and (state.starved or not state.cpus):
            return 3
        return 4 if task.kind == "self" else 5

    return min(usable, key=rank)
