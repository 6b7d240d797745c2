"""What the commands of probes print, and the answer in it: (probe, output, answer); None where it tells nothing.

Outputs are written in the form that the tools and the kernel print (util-linux, procps, systemd, dmidecode, ipmitool,
edac-util, ras-mc-ctl, smartctl, nvme, multipath, chrony, kexec-tools, kdump-tools, crash), typical ones, failures and
other wordings.
"""

from __future__ import annotations

from .hardware import HARDWARE
from .kdump import KDUMP
from .kernel import KERNEL
from .memory import MEMORY
from .storage import STORAGE

Output = tuple[str, str, object]
OUTPUTS: list[Output] = [*KERNEL, *KDUMP, *HARDWARE, *MEMORY, *STORAGE]
