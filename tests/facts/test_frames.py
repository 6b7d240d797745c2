from __future__ import annotations

import pytest

from facts.frames import FrameTable

TABLE = FrameTable(
    {
        "tags": {
            "spin-wait": ["_raw_spin_lock*", "arch_spin"],
            "removal": ["*_disconnect", "!sock_disconnect"],
            "rx": ["*_clean_rx*"],
            "scsi": ["[libata]", "[dm_*]"],
        },
        "generic": {"always": ["dump_stack*", "kfree"], "hang": ["schedule*"]},
    }
)


@pytest.mark.parametrize(
    ("function", "module", "tags"),
    [
        ("_raw_spin_lock_irqsave", None, {"spin-wait"}),
        ("arch_spin", None, {"spin-wait"}),
        ("arch_spinner", None, set()),
        ("usb_disconnect", None, {"removal"}),
        ("sock_disconnect", None, set()),
        ("ixgbe_clean_rx_irq", None, {"rx"}),
        ("ata_qc_issue", "libata", {"scsi"}),
        ("map", "dm_crypt", {"scsi"}),
        ("map", "sd_mod", set()),
        ("", None, set()),
    ],
)
def test_tags(function: str, module: str | None, tags: set[str]) -> None:
    assert TABLE.tags(function, module) == tags
    assert TABLE.tags(function, module) == tags  # from the cache


def test_generic_needs_the_group_that_names_the_function() -> None:
    assert TABLE.generic("dump_stack_lvl")
    assert TABLE.generic("schedule_timeout", ("hang",))
    assert not TABLE.generic("schedule_timeout")
    assert not TABLE.generic("schedule_timeout", ("stall",))


def test_empty_sections() -> None:
    table = FrameTable({"tags": None, "generic": {}})
    assert table.tags("f") == frozenset()
    assert not table.generic("f", ("hang",))
