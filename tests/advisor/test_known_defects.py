"""Known defects in verdicts: claimed where the release has them, hinted at where it may, else not mentioned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.cli import main
from advisor.work import Work
from kb.where import BUILT_IN

LOG = """\
[  11.402311] NFSD: starting
[ 4821.305127] BUG: kernel NULL pointer dereference, address: 0000000000000020
[ 4821.305130] #PF: supervisor read access in kernel mode
[ 4821.305133] #PF: error_code(0x0000) - not-present page
[ 4821.305136] PGD 0 P4D 0
[ 4821.305140] Oops: 0000 [#1] SMP NOPTI
[ 4821.305144] CPU: 3 PID: 2417 Comm: nginx Not tainted {release} #1
[ 4821.305148] RIP: 0010:{function}+0xe4/0x160
[ 4821.305152] RSP: 0018:ffffb8f3c6b0fb48 EFLAGS: 00010246
[ 4821.305156] RAX: 0000000000000000 RBX: ffff9c8e4a1d3000 RCX: 0000000000000000
[ 4821.305160] CR2: 0000000000000020 CR3: 000000010d2a4000 CR4: 00000000003506e0
[ 4821.305164] Call Trace:
[ 4821.305168]  <IRQ>
[ 4821.305172]  tcp_ack+0x1042/0x1490
[ 4821.305176]  tcp_rcv_established+0x1c5/0x6a0
[ 4821.305180]  tcp_v4_do_rcv+0x140/0x200
[ 4821.305184]  tcp_v4_rcv+0xd1f/0xe00
[ 4821.305188]  </IRQ>
[ 4821.305192] Modules linked in: xfs nvme
[ 4821.305196] ---[ end trace 0000000000000000 ]---
"""
ID = "tcp-rearm-rto-null"  # fixed in 4.19.323, 5.4.285 ... 5.15.168, 6.1.113 ... 6.12; came with 4.13
OWNER = "known-fixed-kernel-bug"


@pytest.fixture(scope="module", params=["durable-rules", "evaluator"])
def work(request: pytest.FixtureRequest) -> Work:
    if request.param == "durable-rules":
        pytest.importorskip("durable_rules_engine", exc_type=ImportError)
    return Work([BUILT_IN], request.param)


def log(path: Path, release: str, function: str = "tcp_rearm_rto", before: str = "") -> str:
    file = path / "console.log"
    file.write_text(before + LOG.replace("{release}", release).replace("{function}", function))
    return str(file)


@pytest.mark.parametrize(
    ("release", "status", "fixed"),
    [
        ("5.15.167", "affected", "5.15.168"),
        ("6.1.0-26-amd64 #1  Debian 6.1.112-1", "affected", "6.1.113"),
        ("5.16.3", "affected", "6.12"),  # a series that never got it
        ("6.10.3-200.fc40.x86_64", "affected", "6.10.13"),
        ("5.4.0-174-generic", "possible", "5.4.285"),
        ("4.18.0-513.5.1.el8_9.x86_64", "possible", "6.12"),
        ("6.1.0-26-amd64", "possible", "6.1.113"),
        ("5.15.168", "", ""),
        ("6.1.0-27-amd64 #1  Debian 6.1.115-1", "", ""),
        ("6.12.1", "", ""),
        ("4.9.337", "", ""),  # before it came
        ("5.10.227-219.884.amzn2.x86_64", "", ""),  # the upstream number already holds it
    ],
)
def test_claimed_by_release(work: Work, tmp_path: Path, release: str, status: str, fixed: str) -> None:
    verdict = work.verdict(None, [log(tmp_path, release)])
    assert [(d["id"], d["status"], d["fixed_in"]) for d in verdict["defects"]] == (
        [(ID, status, fixed)] if status else []
    )
    owner = {c["id"]: c["probability"] for c in verdict["causes"]}.get(OWNER, 0)
    assert owner >= 0.9 if status == "affected" else owner < 0.2
    assert ("it fits a known defect, fixed in" in verdict["summary"]) is (status == "affected")
    findings = [f for c in verdict["causes"] for f in c["findings"] if f["id"].startswith("defect-")]
    assert len(findings) == {"affected": 2, "possible": 1, "": 0}[status]


def test_another_function_is_another_defect(work: Work, tmp_path: Path) -> None:
    assert work.verdict(None, [log(tmp_path, "5.15.167", "tcp_rearm_rtx")])["defects"] == []


def test_the_banner_tells_more_than_the_report(work: Work, tmp_path: Path) -> None:
    banner = "[    0.000000] Linux version 5.15.0-91-generic (buildd@a) (gcc) #101-Ubuntu SMP "
    banner += "(Ubuntu 5.15.0-91.101-generic {})\n"
    for upstream, expected in (("5.15.131", ["possible"]), ("5.15.168", []), ("5.15.170", [])):
        verdict = work.verdict(None, [log(tmp_path, "5.15.0-91-generic", before=banner.format(upstream))])
        assert [d["status"] for d in verdict["defects"]] == expected
        assert verdict["facts"]["kernel.upstream"]["value"] == upstream


def test_a_release_that_only_the_host_file_tells(work: Work, tmp_path: Path) -> None:
    text = LOG.replace(" Not tainted {release} #1", "").replace("{function}", "tcp_rearm_rto")
    (tmp_path / "console.log").write_text(text)
    for release, expected in (("5.15.167", ["affected"]), ("5.15.168", []), ("5.4.0-174-generic", ["possible"])):
        (tmp_path / "host.yaml").write_text(f"facts: {{kernel: {{version: {release}}}}}\nlogs: [console.log]\n")
        verdict = work.verdict(str(tmp_path / "host.yaml"), [])
        assert [d["status"] for d in verdict["defects"]] == expected
    (tmp_path / "host.yaml").write_text("logs: [console.log]\n")
    assert work.verdict(str(tmp_path / "host.yaml"), [])["defects"] == []  # an unknown release claims nothing


def test_every_form_names_fix_and_commit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = log(tmp_path, "5.15.167")
    for form in ("text", "markdown", "html", "json"):
        assert main(["--log", file, "--format", form, "--kb", str(_site(tmp_path))]) == 0
        out = " ".join(capsys.readouterr().out.split()).replace("\\", "")
        for part in ("no longer in the retransmission queue", "5.15.168", "tcp_rto_delta_us()", "Ask the network team"):
            assert part in out, (form, part)
    assert main(["--log", log(tmp_path, "5.4.0-174-generic")]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Known defect that may be it" in out
    assert "look for the commit in its changelog" in out


def _site(tmp_path: Path) -> Path:
    """A folder laid over the built-in knowledge, with a workaround of the site for the same defect."""
    folder = tmp_path / "site"
    (folder / "defects").mkdir(parents=True, exist_ok=True)
    text = (Path(BUILT_IN) / "defects" / f"{ID}.yaml").read_text()
    (folder / "defects" / f"{ID}.yaml").write_text(text + "workaround: Ask the network team.\n")
    return folder


def test_the_contract_names_the_fields(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--log", log(tmp_path, "5.15.167"), "--format", "json"])
    (defect,) = json.loads(capsys.readouterr().out)["defects"]
    text = (Path(BUILT_IN).parent / "docs" / "verdict.md").read_text()
    for field in defect:
        assert f"`{field}`" in text.split("## `defects[]`")[1].split("\n## ")[0], field
    assert defect["lines"] == [2]
    assert defect["commits"][0]["hash"].startswith("c8770db2d544")


def test_list_show_and_search(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kb", "list", "defects"]) == 0
    assert ID in capsys.readouterr().out
    assert main(["kb", "show", ID]) == 0
    out = " ".join(capsys.readouterr().out.split())
    for part in ("5.15.168", "tcp_rto_delta_us()", "since: 4.13", "CVE-2024-47684", "core-null-dereference"):
        assert part in out
    assert main(["kb", "search", "tcp", "retransmission", "rearm"]) == 0
    assert f"defect {ID}" in " ".join(capsys.readouterr().out.split())
    assert main(["kb", "show", "tcp-rearm-rto-nul"]) == 1
    assert f"did you mean {ID}" in capsys.readouterr().err


def test_check_runs_the_samples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "site" / "defects"
    folder.mkdir(parents=True)
    text = (Path(BUILT_IN) / "defects" / f"{ID}.yaml").read_text()
    (folder / f"{ID}.yaml").write_text(text.replace('"5.15": 5.15.168', '"5.15": 5.15.160'))
    assert main(["kb", "check", "--quick", "--kb", str(tmp_path / "site")]) == 0  # no sample is run
    from advisor.trial import samples
    from kb.load import load

    folders = [BUILT_IN, str(tmp_path / "site")]
    changed = load(folders, with_incidents=False).defects[ID]
    assert list(samples(Work([BUILT_IN], "evaluator"), [changed])) == []
    wrong = changed._replace(samples=(changed.samples[0]._replace(affected=("5.15.162",)),))
    (problem,) = samples(Work(folders, "evaluator"), [wrong])
    assert (problem.field, problem.message) == ("samples.affected", "5.15.162 is excluded, not affected")
