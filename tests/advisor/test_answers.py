"""Answers out of what commands print: realistic outputs of the probes that the knowledge holds."""

from __future__ import annotations

import os
import sys
import time

import pytest
from outputs import OUTPUTS

from advisor.answers import parse, without_prompt
from advisor.live import refusal, run
from advisor.work import Work


@pytest.mark.parametrize(("probe", "output", "answer"), OUTPUTS)
def test_outputs(built_in: Work, probe: str, output: str, answer: object) -> None:
    entry = built_in.base.probes[probe]
    value = parse(entry["parse"], output)
    assert (None if value is None else built_in.gatherer.names.convert(entry["learns"], value)) == answer


def test_every_parse_rule_gives_answers_that_fit(built_in: Work) -> None:
    """What a `map` yields is of the fact's type; nonsense yields a value of the type, or nothing."""
    names = built_in.gatherer.names
    for name, probe in built_in.base.probes.items():
        if not probe["parse"] or not probe["learns"]:
            continue
        for value in (probe["parse"].get("map") or {}).values():
            assert names.convert(probe["learns"], value) is not None, name
        for text in ("", "bash: line 1: foo: command not found\n"):
            value = parse(probe["parse"], text, failed=True)
            assert value is None, (name, text)


JUDGED = {  # a person must compare, or readings must be repeated
    "free-block-sizes", "node-memory", "local-timer-counts", "idle-states", "time-service-steps",
}  # fmt: skip


def test_commands_that_teach_have_a_rule(built_in: Work) -> None:
    """Where the answer can be read off the output, the advisor reads it."""
    probes = built_in.base.probes
    assert {name for name, p in probes.items() if p["command"] and p["learns"] and not p["parse"]} == JUDGED


def test_every_rule_has_outputs(built_in: Work) -> None:
    """Each is tried on an output that answers and one that does not."""
    rules = {name for name, probe in built_in.base.probes.items() if probe["parse"]}
    assert {probe for probe, _, answer in OUTPUTS if answer is not None} >= rules
    assert {probe for probe, _, answer in OUTPUTS if answer is None} >= rules


def test_every_fact_has_a_probe(built_in: Work) -> None:
    """Whatever evidence can test, a person can be asked for, unless it follows from other facts."""
    told_by_the_log = ("log.", "seen.", "message.", "kernel.upstream", "kernel.numbering")
    learned = {probe["learns"] for probe in built_in.base.probes.values()}
    learned.update(name for rule in built_in.base.derivations for name in (*rule["then"], *rule["copies"]))
    assert [n for n in built_in.gatherer.names if n not in learned and not n.startswith(told_by_the_log)] == []


@pytest.mark.parametrize("path", ["/proc/sys/kernel/panic", "kernel/panic"])
def test_names_of_settings_do_not_answer_for_others(built_in: Work, path: str) -> None:
    for name, probe in built_in.base.probes.items():
        if probe["parse"] and (probe["learns"] or "").startswith("sysctl."):
            assert parse(probe["parse"], f"{path} 1\nsome.other_setting = 1\n") is None, name


RULES = [
    ({"regex": r"^a(\d*)", "take": "max"}, "a3\na12\na\n", 12),
    ({"regex": r"^a(\d*)", "take": "sum"}, "a\n", 0),
    ({"regex": r"^a(\d*)", "take": "max"}, "b\n", None),
    ({"regex": r"^\w+", "take": "each", "map": {"ab": "one", "a": "two"}}, "ab\nxa\nab\nz\n", ("one", "two")),
    ({"regex": r"^\w+", "take": "each", "map": {"ab": "one"}}, "z\n", ()),
    ({"regex": r"^\w+", "take": "each", "map": {"ab": "one"}}, "", None),
    ({"regex": r"^\w+", "take": "each"}, "z\n", ()),
    ({"regex": r"^\w+", "take": "lines", "map": {"ab": True, "": False}}, "", None),
    ({"regex": r"^\w+", "take": "lines", "map": {"ab": True, "": False}}, "z\nab\n", True),
    ({"regex": r"(\d+)", "take": "first"}, "a 1\nb 2\n", "1"),
    ({"regex": r"(\d+)", "take": "last"}, "a 1\nb 2\n", "2"),
    ({"regex": r"(\d+)", "take": "sum"}, "a 1\nb 2\n", 3),
    ({"regex": r"(\d+)", "take": "sum"}, "none\n", None),
    ({"regex": r"\d+", "take": "count"}, "a 1\nb 2\n", 2),
    ({"regex": r"\d+", "take": "count"}, "", 0),
    ({"regex": r"^(\w+) ", "take": "lines"}, "a 1\nb 2\na 3\n", ("a", "b")),
    ({"regex": r"^x", "take": "first"}, "y\n", None),
    ({"regex": r"^x", "take": "first", "default": "none"}, "y\n", "none"),
    ({"regex": r"= (\d+)", "map": {"1": True, "0": False}}, "kernel.panic_on_oops = 0\n", False),
    ({"map": {"1": True, "0": False}}, "10\n", None),
    ({"map": {"1": True, "0": False}}, "kernel.panic_on_oops = 1\n", True),
    ({"map": {"failed": "failed"}, "default": "active"}, "ok\n", "active"),
    ({"map": {"failed": "failed"}, "default": "active"}, "systemctl: command not found\n", None),
    ({"map": {"yes": True}, "default": False}, "sh: 1: dmidecode: Permission denied\n", None),
    ({"map": "nonsense"}, "x", None),
    ({}, "x", None),
]


@pytest.mark.parametrize(("spec", "text", "answer"), RULES)
def test_rules(spec: dict[str, object], text: str, answer: object) -> None:
    found = parse(spec, text)
    assert (type(found), found) == (type(answer), answer)


def test_silence_after_a_failure_means_nothing() -> None:
    assert parse({"regex": "x", "take": "count"}, "", failed=True) is None
    assert parse({"map": {"x": True}, "default": False}, "", failed=True) is None
    assert parse({"map": {"x": True}, "default": False}, "x", failed=True) is True


@pytest.mark.parametrize("shell", ["$ uname -m", "[root@web-07 ~]# uname -m", "root@web:/var/crash# uname -m"])
def test_pasted_with_its_prompt(shell: str) -> None:
    assert without_prompt(f"{shell}\nx86_64\n", ["uname", "-m"]) == "x86_64\n"


def test_other_first_lines_stay() -> None:
    assert without_prompt("# a comment\nx\n", ["uname", "-m"]) == "# a comment\nx\n"
    assert without_prompt("x86_64", ["uname"]) == "x86_64"


# running commands


def test_run_a_command() -> None:
    out = run([sys.executable, "-c", "import sys; print('a b; $HOME'); print('e', file=sys.stderr); sys.exit(3)"])
    assert (out.text, out.errors, out.status, out.cut) == ("a b; $HOME\n", "e\n", 3, False)
    assert out.failed


def test_no_shell() -> None:
    assert run(["echo", "$(id)", ";", "`id`", "|", "cat"]).text == "$(id) ; `id` | cat\n"


def test_a_command_that_does_not_end() -> None:
    begin = time.monotonic()
    out = run(["sh", "-c", "echo first; sleep 60 & sleep 60"], seconds=0.5)
    assert time.monotonic() - begin < 5
    assert out.text == "first\n"
    assert out.status is None
    assert out.failed


def test_too_much_output() -> None:
    out = run([sys.executable, "-c", "print('x' * 10_000_000)"], limit=1000)
    assert len(out.text) == 1000
    assert out.cut


def test_what_cannot_be_started() -> None:
    with pytest.raises(OSError, match="No such file"):
        run(["no-such-command-at-all"])


def test_nothing_is_read_from_the_terminal() -> None:
    assert run(["cat"]).text == ""


PROBE = {"command": ["uname"], "place": "host", "risk": "none"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, ""),
        ({"command": []}, "no command"),
        ({"place": "firmware"}, "elsewhere"),
        ({"risk": "low"}, "not free of risk"),
        ({"command": ["smartctl", "-A", "<device>"]}, "fill in"),
    ],
)
def test_what_is_not_run(change: dict[str, object], reason: str) -> None:
    why = refusal({**PROBE, **change})
    assert (reason in why) if reason else why == ""


def test_no_probe_writes(built_in: Work) -> None:
    """Commands that would be run here are of kinds that only read."""
    writers = {"rm", "mv", "cp", "dd", "tee", "sh", "bash", "reboot", "kexec", "modprobe", "rmmod", "mkfs", "mount"}
    for name, probe in built_in.base.probes.items():
        if not refusal(probe):
            assert os.path.basename(probe["command"][0]) not in writers, name
            assert "-w" not in probe["command"] or probe["command"][0] != "sysctl", name
