"""Logs whose carrier writes dates: order in time, uptime, rates, silence and what came between two boots."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from loglines import CMDLINE, VERSION, oops, stamped

from facts.records import Event
from facts.timeline import Timeline

START = datetime(2026, 11, 24, 23, 50)
IO_ERROR = "blk_update_request: I/O error, dev sdb, sector 2048 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 0"
EDAC = "EDAC MC0: {} CE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0 (channel:1 slot:0 page:0x1000 offset:0x0)"
STYLES = ("%b %d %H:%M:%S", "%Y-%m-%dT%H:%M:%S+01:00", "%a %Y-%m-%d %H:%M:%S CET")


def dated(*lines: str, after: float = 0.0, style: str = STYLES[0], program: str = "kernel") -> str:
    """Lines as a log daemon writes them, `after` seconds from the start."""
    stamp = (START + timedelta(seconds=after)).strftime(style)
    return "".join(f"{stamp} db-1 {program}: {line}\n" for line in lines)


def only(timeline: Timeline, kind: str) -> Event:
    return next(event for event in timeline.events if event.kind == kind)


@pytest.mark.parametrize("style", STYLES)
def test_seconds_before_the_root_event(timeline, style: str) -> None:  # type: ignore[no-untyped-def]
    text = dated(IO_ERROR, style=style) + dated(*oops(), after=3600, style=style)
    found = timeline(text)
    assert only(found, "io-error").attributes["before-root"] == 3600
    assert found.events[found.root].kind == "null-pointer-dereference"
    near = timeline(dated(IO_ERROR, style=style) + dated(*oops(), after=20, style=style))
    assert near.events[near.root].kind == "io-error"  # near enough to be its beginning


def test_uptime_and_early(timeline) -> None:  # type: ignore[no-untyped-def]
    found = timeline(dated(VERSION, CMDLINE) + dated(IO_ERROR, after=7) + dated(*oops(), after=7200))
    assert found.facts["incident.uptime_at_crash"] == 7200
    assert found.facts["incident.phase"] == "running"
    assert only(found, "io-error").attributes["early"] is True
    assert "early" not in only(found, "null-pointer-dereference").attributes
    assert "incident.uptime_at_crash" not in timeline(dated(*oops())).facts  # the boot is not in the log


def test_the_stamp_of_the_kernel_counts_first(timeline) -> None:  # type: ignore[no-untyped-def]
    text = "".join(f"Nov 24 23:50:00 db-1 kernel: {line}\n" for line in stamped(IO_ERROR, at=10).splitlines())
    text += "".join(f"Nov 24 23:50:00 db-1 kernel: {line}\n" for line in stamped(*oops(), at=900).splitlines())
    found = timeline(text)
    assert only(found, "io-error").attributes["before-root"] == 890
    assert found.facts["incident.uptime_at_crash"] == 900


def test_errors_per_hour(timeline) -> None:  # type: ignore[no-untyped-def]
    lines = [dated(EDAC.format(n), after=after) for n, after in ((3, 0), (5, 1800), (2, 3600))]
    event = only(timeline("".join(lines)), "edac-corrected")
    assert (event.attributes["count"], event.attributes["errors"], event.attributes["per-hour"]) == (3, 10, 10.0)
    by_kernel = stamped(EDAC.format(1), at=100) + stamped(EDAC.format(1), at=7300)
    assert only(timeline(by_kernel), "edac-corrected").attributes["per-hour"] == 1.0
    burst = dated(EDAC.format(1)) + dated(EDAC.format(1), after=60)
    assert "per-hour" not in only(timeline(burst), "edac-corrected").attributes  # a minute tells no rate
    assert "per-hour" not in only(timeline(dated(EDAC.format(9))), "edac-corrected").attributes


def test_silence_before_the_root_event(timeline) -> None:  # type: ignore[no-untyped-def]
    text = dated("(root) CMD (run-parts)", program="CRON[12]") + dated(*oops(), after=5400)
    assert timeline(text).facts["log.silence"] == 5400
    assert timeline(stamped("loop: module loaded", at=10) + stamped(*oops(), at=70)).facts["log.silence"] == 60
    assert "log.silence" not in timeline("\n".join(oops())).facts


def test_messages_after_the_root_event(timeline) -> None:  # type: ignore[no-untyped-def]
    text = stamped(*oops(), at=70) + stamped("loop: module loaded", at=100)
    assert timeline(text).facts["log.went_on"] == 30
    again = text + stamped(VERSION, at=0) + stamped("loop: module loaded", at=500)
    assert timeline(again).facts["log.went_on"] == 30
    assert "log.went_on" not in timeline("\n".join(oops())).facts


def test_a_log_that_stops_between_two_boots(timeline) -> None:  # type: ignore[no-untyped-def]
    run = dated(VERSION) + "".join(dated(f"job {n} done", after=60 * n, program="jobs[7]") for n in range(1, 9))
    found = timeline(run + dated(VERSION, after=3000) + dated("ready", after=3010, program="systemd[1]"))
    cut = only(found, "truncated-log")
    assert found.facts["log.downtime"] == 3000 - 480
    assert cut.attributes["last-messages"] == tuple(f"jobs: job {n} done" for n in range(4, 9))
    assert cut.moment.wall is not None


@pytest.mark.parametrize("line", [EDAC.format(1), IO_ERROR])
def test_a_problem_long_before_the_log_stops(timeline, line: str) -> None:  # type: ignore[no-untyped-def]
    def run(quiet: int) -> Timeline:
        run = dated(VERSION) + dated(line, after=60) + dated("done", after=60 + quiet, program="jobs[7]")
        return timeline(run + dated(VERSION, after=90_000))

    near, long_ago = run(1800), run(7200)
    assert near.events[near.root].kind in ("edac-corrected", "io-error")
    assert long_ago.events[long_ago.root].kind == "truncated-log"


def test_a_new_year_within_the_log(timeline) -> None:  # type: ignore[no-untyped-def]
    late = 37.2 * 86400
    assert (START + timedelta(seconds=late)).year == 2027
    found = timeline(dated(IO_ERROR, after=36.9 * 86400) + dated(*oops(), after=late))
    assert only(found, "io-error").attributes["before-root"] == pytest.approx(0.3 * 86400)
