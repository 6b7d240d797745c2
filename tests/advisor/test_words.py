"""Plain words in English and Chinese, and what they name."""

from __future__ import annotations

import pytest

from advisor.repl.commands import Conversation
from advisor.words import Match, attributes, clear, find
from advisor.work import Work
from kb.load import load
from kb.model import Knowledge
from kb.search import words
from kb.where import BUILT_IN


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load([BUILT_IN], with_incidents=False)


MEANT = [
    ("box froze, console says soft lockup on CPU 3", "soft-lockup"),
    ("机器卡死 soft lockup", "soft-lockup"),
    ("CPU 软死锁", "soft-lockup"),
    ("the server rebooted by itself last night", "restarted-alone"),
    ("服务器自动重启", "restarted-alone"),
    ("服务器黑屏 没有反应", "frozen"),
    ("unable to handle kernel NULL pointer dereference in foo_probe+0x1c/0x30 [quux]", "oops-null"),
    ("空指针", "oops-null"),
    ("oom killer killed mysqld", "oom"),
    ("内存不足 进程被杀", "oom"),
    ("硬盘故障 读写错误", "io-errors"),
    ("进程卡住 D状态", "hung-task"),
    ("task blocked for more than 120 seconds", "hung-task"),
    ("内存条坏了 ECC错误", "machine-check"),
    ("kdump did not save a vmcore", "no-dump"),
    ("filesystem went read-only", "fs-readonly"),
    ("gpu hang xid 79", "gpu-error"),
    ("nfs server not responding", "nfs-timeout"),
    ("transmit queue 0 timed out", "netdev-watchdog"),
    ("rcu_sched self-detected stall", "rcu-stall"),
]


@pytest.mark.parametrize(("text", "meant"), MEANT)
def test_what_is_meant_comes_first(knowledge: Knowledge, text: str, meant: str) -> None:
    assert find(knowledge, text)[0].id == meant


@pytest.mark.parametrize("text", ["", "   ", "zzz qqq", "？！", "1 2 3", "the it is", "x" * 100_000])
def test_words_that_mean_nothing(knowledge: Knowledge, text: str) -> None:
    assert find(knowledge, text) == []


NAMED = [
    ("soft lockup on CPU 3", {"cpu": 3}),
    ("CPU#12 stuck", {"cpu": 12}),
    ("cpu7卡死", {"cpu": 7}),
    ("oops in quux_ioctl+0x1c/0x30 [quux]", {"function": "quux_ioctl", "module": "quux"}),
    ("it hangs in schedule()", {"function": "schedule"}),
    ("crash in nf_conntrack_in", {"function": "nf_conntrack_in"}),
    ("a null pointer", {}),
]


@pytest.mark.parametrize(("text", "named"), NAMED)
def test_what_words_name(text: str, named: dict[str, object]) -> None:
    assert attributes(text) == named


def test_chinese_words_are_pairs() -> None:
    assert words("机器卡死 soft") == ["机器", "器卡", "卡死", "soft"]
    assert words("死") == ["死"]


def match(score: float, kind: str = "symptom", found: int = 3) -> Match:
    return Match(kind, "x", "x", score, ("a",) * found)


def test_a_clear_winner_is_far_ahead_and_not_for_one_word() -> None:
    assert clear([]) is None
    assert clear([match(9)]) is not None
    assert clear([match(9), match(5)]) is not None
    assert clear([match(9), match(8)]) is None
    assert clear([match(9, found=1)]) is None
    assert clear([match(9, "cause")]) is None


# in the conversation


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def talk(built_in: Work, said: list[str]) -> Conversation:
    return Conversation(built_in, said.append, lambda: 100, False)


def test_a_clear_winner_is_taken_and_said(talk: Conversation, said: list[str]) -> None:
    talk.take("box froze, console says soft lockup on CPU 3")
    assert said[0].startswith('I take that as: The log shows "soft lockup')
    assert "cpu 3" in said[0]
    event = talk.session.evidence.events[0]
    assert (event.kind, event.cpu) == ("soft-lockup", 3)
    talk.take("back")
    assert talk.session.steps == []


def test_several_are_offered_by_number(talk: Conversation, said: list[str]) -> None:
    talk.take("spinlock deadlock on CPU 5")
    assert "Did you see one of these?" in said[0]
    assert len(talk.offered) > 1
    number = next(n for n, choice in enumerate(talk.offered, 1) if choice.kind == "event")
    talk.take(str(number))
    assert talk.session.evidence.events[0].cpu == 5
    assert talk.session.steps[0].action == "event"


def test_a_cause_by_its_words_is_shown_not_believed(talk: Conversation, said: list[str]) -> None:
    talk.take("spinlock deadlock")
    number = next(n for n, choice in enumerate(talk.offered, 1) if choice.kind == "cause")
    said.clear()
    talk.take(str(number))
    assert talk.session.steps == []
    assert talk.offered == [] or said


def test_more_that_was_seen_during_a_question(talk: Conversation, said: list[str]) -> None:
    talk.take("soft lockup on CPU 3")
    assert talk.question is not None
    talk.take("saw nvme timeout, disk stopped answering")
    assert [event.kind for event in talk.session.evidence.events] == ["soft-lockup", "io-error"]
    talk.take("saw")
    assert "saw needs words" in said[-1]


def test_the_function_that_was_named_counts(talk: Conversation) -> None:
    talk.session.symptom("oops-null", {"function": "foo_probe", "module": "quux"})
    event = talk.session.evidence.events[0]
    assert (event.attributes["function"], event.attributes["module"]) == ("foo_probe", "quux")
    talk.session.undo()
    talk.session.symptom("soft-lockup", {"function": "_raw_spin_lock_irqsave"})
    assert "function" not in talk.session.evidence.events[0].attributes  # it acts on behalf of others
