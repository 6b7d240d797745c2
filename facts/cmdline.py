"""The kernel command line as facts.  Syntax: next_arg() and parse_args() in lib/cmdline.c and kernel/params.c."""

from __future__ import annotations

import re

from facts.names import CMDLINE, FactError, FactNames
from facts.records import Value

MAX_LENGTH = 64 << 10
MAX_PARAMETERS = 1000
_WORD = r'(?:[^\s"]|"[^"]*"?)+'  # white space in quotes does not end a word
# parameters that add up when repeated; of all others the last one counts
_CUMULATIVE = frozenset((
    "blacklist", "console", "crashkernel", "dyndbg", "earlycon", "earlyprintk", "efi", "hugepages", "hugepagesz",
    "initcall_blacklist", "initrd", "ip", "memmap", "modprobe.blacklist", "module_blacklist", "mtdparts",
    "pci", "reserve_mem", "trace_event", "video",
))  # fmt: skip
_CUMULATIVE_GROUPS = ("rd.", "systemd.", "ifname", "dyndbg")
# sysctl_aliases of fs/proc/proc_sysctl.c
_ALIASES = {"hung_task_panic": "kernel.hung_task_panic", "numa_zonelist_order": "vm.numa_zonelist_order"}


def parse(cmdline: str) -> dict[str, str]:
    """Parameter -> value ("" where it has none), in the order given.

    Quotes hold words together and are taken off; dashes in names become underscores; what follows ``--`` is for init.
    Values of repeated parameters that add up (``console=``) are joined by a space, of others the last one stays.
    """
    result: dict[str, str] = {}
    for word in re.findall(_WORD, cmdline[:MAX_LENGTH]):
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if name[:1] == '"':
            name, value = name[1:], value.removesuffix('"')
        if not equals:
            name = name.removesuffix('"')
        if value[:1] == '"':
            value = value[1:].removesuffix('"')
        name = name.replace("-", "_")
        before = result.get(name)
        if before and value != before and (name in _CUMULATIVE or name.startswith(_CUMULATIVE_GROUPS)):
            value = before if value in before.split() else f"{before} {value}".rstrip()
        if name:
            result[name] = value
        if len(result) >= MAX_PARAMETERS:
            break
    return result


def facts_of_cmdline(cmdline: str, names: FactNames) -> dict[str, Value]:
    """The facts ``kernel.cmdline.<param>``, and those of ``sysctl.<name>=`` parameters that the vocabulary has."""
    facts: dict[str, Value] = {}
    for name, value in parse(cmdline).items():
        full = CMDLINE + name
        if full in names:
            facts[full] = value
        sysctl = "sysctl." + _ALIASES.get(name, "")
        if name.startswith(("sysctl.", "sysctl/")):
            sysctl = "sysctl." + name[7:].replace("/", ".")
        if sysctl in names:
            try:
                converted = names.convert(sysctl, value)
            except FactError:
                continue
            if converted is not None:
                facts[sysctl] = converted
    return facts
