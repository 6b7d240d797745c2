"""Patterns of backtraces that one CPU fetches from others (lib/nmi_backtrace.c, kernel/rcu/tree_stall.h)."""

from __future__ import annotations

import re

NMI_FOR = re.compile(r"NMI backtrace for cpu (\d{1,5})")
SENDING = re.compile(
    r"\s*(?:sending|Sending) (?:IPI|NMI)(?: from CPU \d{1,5})?(?: \([^)]*\))? to (?:all|other|CPUs?|cpu)"
)
SKIPPED = re.compile(r"NMI backtrace for cpu (\d{1,5}) skipped: idling")
TASK_DUMP = re.compile(r"\s*Task dump for CPU (\d{1,5})")
TASK_ROW = re.compile(r"\s*(?:task:)?(\S.{0,62}?) +(?:state:)?([A-Z])\s+(?:stack:|running task|[0-9a-f]{8,16}|\d+)")
