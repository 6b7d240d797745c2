"""The Model Context Protocol server: its tools, and a client of the SDK that talks to the running program."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from cases import LOGS, SMALL

from advisor.server import Tools
from advisor.work import Work

STALLS = str(LOGS / "stalls.log")
ARGUMENTS = ["-m", "advisor", "mcp", "--kb", str(SMALL), "--engine", "evaluator"]


@pytest.fixture
def tools(work: Work) -> Tools:
    return Tools(work)


def test_a_log_by_path_and_as_text(tools: Tools) -> None:
    by_path = tools.diagnose(path=STALLS)
    as_text = tools.diagnose(log=Path(STALLS).read_text())
    assert by_path["causes"] == as_text["causes"]
    assert {"ruled_out", "handover"} <= set(by_path)
    json.dumps(by_path)


def test_questions_and_answers(tools: Tools) -> None:
    tools.diagnose(path=STALLS)
    question = tools.next_question()
    assert question["probe"] in ("cable-age", "smart")
    assert question["answer_type"] in ("integer", "boolean")
    found = tools.answer("cable-age", "9")
    assert found["taken"] == {"hardware.cable_age": 9}
    assert "cable-loose" in [move["cause"] for move in found["moved"]]
    assert "the cable is 9 years old" in tools.explain()
    assert "disk-worn" in tools.explain("disk-worn", "why_not")
    assert tools.answer("smart", "unknown")["taken"] is None
    assert tools.next_question() == {}


def test_facts_and_words(tools: Tools) -> None:
    out = tools.diagnose(facts={"hardware.worn": True}, seen="the disk stopped answering")
    assert out["seen_as"] == "The disk stopped answering"
    assert out["causes"][0]["id"] == "disk-worn"
    assert tools.search_knowledge("cable loose")[0]["id"] == "cable-loose"


def test_output_of_a_command_as_the_answer(built_in: Work) -> None:
    tools = Tools(built_in)
    tools.diagnose(seen="soft lockup on CPU 3")
    found = tools.answer("node-count", "$ lscpu\nCPU(s): 64\nNUMA node(s):        2\n")
    assert found["taken"] == {"hardware.numa_nodes": 2}
    with pytest.raises(ValueError, match="does not tell"):
        tools.answer("node-count", "bash: lscpu: command not found\n")
    found = tools.answer("kernel-version", "Linux db-3 6.1.0-18-amd64 #1 SMP PREEMPT_DYNAMIC x86_64 GNU/Linux")
    assert found["taken"] == {"kernel.version": "6.1.0-18-amd64"}
    assert tools.answer("kernel-version", "a 6.1 kernel")["taken"] == {"kernel.version": "a 6.1 kernel"}


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("diagnose", {}, "needs one of"),
        ("diagnose", {"path": "/no/such.log"}, "does not exist"),
        ("diagnose", {"facts": {"hardware.none": 1}}, "is no fact"),
        ("diagnose", {"seen": "qqq"}, "nothing known fits"),
        ("answer", {"probe": "smrt", "value": "yes"}, "did you mean smart"),
        ("answer", {"probe": "cable-age", "value": "old"}, "does not fit"),
        ("explain", {}, "nothing is concluded"),
        ("explain", {"cause": "cable"}, "is no cause"),
    ],
)
def test_errors_are_sentences(tools: Tools, tool: str, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        getattr(tools, tool)(**arguments)


@pytest.mark.skipif(find_spec("mcp") is not None, reason="the package mcp is there")
def test_without_the_package() -> None:
    done = subprocess.run([sys.executable, *ARGUMENTS], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "pip install 'kadvisor[mcp]'" in done.stderr


def test_a_client_of_the_sdk() -> None:
    pytest.importorskip("mcp.client.client")
    import os

    from mcp import Client, StdioServerParameters

    server = StdioServerParameters(command=sys.executable, args=ARGUMENTS, env=dict(os.environ))

    async def conversation() -> None:
        async with Client(server, read_timeout_seconds=30) as client:
            listed = await client.list_tools()
            names = {tool.name for tool in listed.tools}
            assert names == {"diagnose", "next_question", "answer", "explain", "search_knowledge"}

            async def call(name: str, **arguments: object) -> Any:
                result = await client.call_tool(name, arguments)
                text = "".join(getattr(part, "text", "") for part in result.content)
                assert not result.is_error, text
                return text

            verdict = json.loads(await call("diagnose", path=STALLS))
            assert verdict["status"] in ("likely", "undetermined", "diagnosed")
            question = json.loads(await call("next_question"))
            assert question["probe"] in ("cable-age", "smart")
            answered = json.loads(await call("answer", probe="cable-age", value="9"))
            assert answered["taken"] == {"hardware.cable_age": 9}
            assert "the cable is 9 years old" in await call("explain", cause="cable-loose")
            assert "cable-loose" in await call("search_knowledge", words="loose cable")
            wrong = await client.call_tool("answer", {"probe": "nonsense", "value": "1"})
            assert wrong.is_error
            assert "is no probe" in "".join(getattr(part, "text", "") for part in wrong.content)

    asyncio.run(asyncio.wait_for(conversation(), 60))
