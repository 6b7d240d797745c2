"""facts/told.py: what a person tells of a message becomes an event as a log would give it."""

from __future__ import annotations

import pytest
from loglines import own

from advisor.session import Session
from advisor.work import Work
from facts.evidence import Known
from facts.foreign import mark_foreign
from facts.told import misfit, read_frames


@pytest.mark.parametrize(
    ("typed", "frames"),
    [
        (("frob_poll [frob] net_rx_action",), [("frob_poll", "frob"), ("net_rx_action", None)]),
        (("frob_poll+0x12/0x30 [frob]", "net_rx_action"), [("frob_poll", "frob"), ("net_rx_action", None)]),
        (("frob_read.isra.0", "[frob]", "vfs_read+0x9"), [("frob_read", "frob"), ("vfs_read", None)]),
        (("[frob]", "12", "<0x>"), []),
    ],
)
def test_frames_as_people_type_them(typed: tuple[str, ...], frames: list[tuple[str, str | None]]) -> None:
    assert [(frame.function, frame.module) for frame in read_frames(typed)] == frames


def test_answers_that_cannot_be() -> None:
    assert "no function name" in misfit("message.trace", ("1", "2"))
    assert "hexadecimal" in misfit("message.address", "somewhere")
    assert misfit("message.trace", ("frob_poll",)) == misfit("message.address", "0x18") == ""
    assert misfit("message.comm", "1") == ""


def root(session: Session) -> dict[str, object]:
    diagnosis = session.diagnosis
    assert diagnosis.evidence.root is not None
    return dict(diagnosis.memory.events[diagnosis.evidence.root])


def test_a_trace_tells_culprit_module_and_tags(whole: Work) -> None:
    session = Session(whole)
    session.symptom("oops-null")
    assert "module" in root(session)["untold"]  # type: ignore[operator]
    session.answer("message-trace", "mutex_lock+0x10/0x30 frob_poll+0x1/0x2 [frob] vfs_read")
    told = root(session)
    assert (told["function"], told["module"]) == ("frob_poll", "frob")
    assert not {"module", "trace", "culprit"} & set(told["untold"])  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="no function name"):
        session.answer("message-trace", "17")


def test_an_address_is_classed(whole: Work) -> None:
    session = Session(whole)
    session.symptom("oops-paging")
    session.answer("message-address", "6b6b6b6b6b6b6bcb")
    assert root(session)["pointer-class"] == "freed-poison"
    assert session.diagnosis.ranking.mechanisms()[0].cause == "use-after-free"


def test_no_module_is_an_answer(whole: Work) -> None:
    session = Session(whole)
    session.symptom("oops-null")
    session.answer("message-module", "none")
    told = root(session)
    assert "module" not in told
    assert "module" not in told["untold"]  # type: ignore[operator]


def test_a_log_is_never_overwritten(whole: Work) -> None:
    log = (
        "[  12.000000] BUG: kernel NULL pointer dereference, address: 0000000000000018\n"
        "[  12.000001] Oops: 0000 [#1] SMP\n[  12.000002] RIP: 0010:frob_poll+0x12/0x30 [frob]\n"
    )
    session = Session(whole, whole.gatherer.gather("log", {}, [("log", log)]))
    session.fact("message.address", "6b6b6b6b6b6b6bcb")
    told = root(session)
    assert told["address"] == "0000000000000018"
    assert "untold" not in told


@pytest.mark.parametrize(
    ("modules", "comm", "foreign"),
    [
        (["repl", "other"], "repl_r_data", True),  # a kernel thread of the module
        (["repl"], "replace", False),
        ([], "repl_r_data", False),
    ],
)
def test_the_list_of_out_of_tree_modules_marks_events(
    whole: Work, modules: list[str], comm: str, foreign: bool
) -> None:
    log = f"[   90.245248] BUG: Bad page state in process {comm}  pfn:221aa8\n"
    facts: dict[str, Known] = {"kernel.modules.out_of_tree": Known(tuple(modules), "test")}
    evidence = mark_foreign(whole.gatherer.gather("x", facts, [("log", log)]))
    assert evidence.events[0].attributes.get("foreign-in-trace", False) is foreign


def test_frames_of_a_listed_module(whole: Work) -> None:
    log = own("oops-x86-6.8.log")
    plain = whole.gatherer.gather("x", {}, [("log", log.replace("(OE)", ""))])
    assert plain.root is not None
    module = plain.events[plain.root].attributes["module"]
    facts = {"kernel.modules.out_of_tree": Known((str(module),), "test")}
    marked = mark_foreign(plain._replace(facts={**plain.facts, **facts}))
    assert marked.events[plain.root].attributes["module-foreign"] is True
    assert not plain.events[plain.root].attributes.get("module-foreign")  # an answer can be taken back
