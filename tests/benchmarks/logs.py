"""Makes logs of any size: quiet ones without an event, and ones full of reports.  The same seed gives the same log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

_QUIET = (
    "usb {a}-{b}: new high-speed USB device number {c} using xhci_hcd",
    "usb {a}-{b}: New USB device found, idVendor={h4}, idProduct={h4}, bcdDevice= {a}.{b}",
    "usb {a}-{b}: New USB device strings: Mfr={a}, Product={b}, SerialNumber={c}",
    "hid-generic 0003:{h4}:{h4}.{h4}: input,hidraw{a}: USB HID v1.{b} Keyboard [board {c}] on usb-{a}/input{b}",
    "input: board {c} as /devices/pci0000:00/0000:00:14.0/usb{a}/{a}-{b}/input/input{c}",
    "pci 0000:{h2}:{h2}.{a}: [{h4}:{h4}] type 00 class 0x0{h5}",
    "pci 0000:{h2}:{h2}.{a}: reg 0x{h2}: [mem 0x{h8}-0x{h8} 64bit pref]",
    "pci 0000:{h2}:{h2}.{a}: PME# supported from D0 D3hot D3cold",
    "pcieport 0000:{h2}:{h2}.{a}: PME: Signaling with IRQ {c}",
    "ACPI: PCI: Interrupt link LNK{u} configured for IRQ {c}",
    "ACPI: \\_SB_.PCI0.GP{a}{b}: Found {c} idle states",
    "e1000e 0000:00:1f.6 eth{a}: NIC Link is Up 1000 Mbps Full Duplex, Flow Control: Rx/Tx",
    "IPv6: ADDRCONF(NETDEV_CHANGE): veth{h8}: link becomes ready",
    "br-{h8}: port {a}(veth{h8}) entered forwarding state",
    "br-{h8}: port {a}(veth{h8}) entered disabled state",
    "device veth{h8} entered promiscuous mode",
    "EXT4-fs (sd{l}{a}): mounted filesystem {h8}-{h4}-{h4}-{h4}-{h8}{h4} r/w with ordered data mode. Quota mode: none.",
    "XFS (dm-{a}): Mounting V5 Filesystem {h8}-{h4}-{h4}-{h4}-{h8}{h4}",
    "XFS (dm-{a}): Ending clean mount",
    "sd {a}:0:{b}:0: [sd{l}] {c} 512-byte logical blocks: ({a}.0{b} TB/{a}.82 TiB)",
    "sd {a}:0:{b}:0: [sd{l}] Write cache: enabled, read cache: enabled, doesn't support DPO or FUA",
    "scsi {a}:0:{b}:0: Direct-Access     ATA      DISK{c}    {h4} PQ: 0 ANSI: 5",
    "audit: type=1400 audit({c}.{c}:{c}): apparmor=\"STATUS\" name=\"snap.{l}{h4}\" pid={c}",
    "systemd[1]: Started Session {c} of User u{c}.",
    "systemd[1]: Starting Cleanup of Temporary Directories...",
    "systemd[1]: logrotate.service: Deactivated successfully.",
    "systemd[1]: Finished Rotate log files.",
    "systemd[{c}]: Reached target Basic System.",
    "sshd[{c}]: Accepted publickey for u{c} from 10.{a}.{b}.{a} port {c} ssh2: ED25519 SHA256:{h8}{h8}",
    "sshd[{c}]: pam_unix(sshd:session): session opened for user u{c}(uid={c}) by (uid=0)",
    "CRON[{c}]: (root) CMD (test -x /usr/sbin/job{c} || run-parts --report /etc/cron.hourly)",
    "dhclient[{c}]: DHCPACK of 10.{a}.{b}.{a} from 10.{a}.{b}.{b}",
    "dockerd[{c}]: level=info msg=\"ignoring event\" container={h8}{h8} module=libcontainerd",
    "wlp{a}s{b}: authenticate with 02:00:{h2}:{h2}:{h2}:{h2}",
    "wlp{a}s{b}: RX AssocResp from 02:00:{h2}:{h2}:{h2}:{h2} (capab=0x{h4} status=0 aid={a})",
    "Bluetooth: hci{a}: Firmware revision 0.{a} build {c} week {b} 2023",
    "cfg80211: Loaded X.509 cert 'key{c}: 00{h8}{h8}'",
    "nvme nvme{a}: {c}/0/0 default/read/poll queues",
    "thermal thermal_zone{a}: binding zone gov{l} with cdev cooling{b}",
    "loop{c}: detected capacity change from 0 to {c}",
    "intel_rapl_common: package domain{c} domain core{a} registered",
    "snd_hda_codec_realtek hdaudioC{a}D{b}: autoconfig for ALC{c}: line_outs=1 (0x{h2}/0x0/0x0) type:speaker",
    "rfkill: input handler disabled ({c})",
    "zram: Added device: zram{a} of {c} pages",
)  # fmt: skip


def _filled(template: str, random: Random) -> str:
    digits = f"{random.getrandbits(64):016x}"
    return template.format(
        a=random.randrange(8),
        b=random.randrange(8),
        c=random.randrange(10, 99999),
        l="abcdefgh"[random.randrange(8)],
        u="ABCDEFGH"[random.randrange(8)],
        h2=digits[:2],
        h4=digits[2:6],
        h5=digits[6:11],
        h8=digits[8:],
    )


def quiet(size: int, seed: int = 1) -> Iterator[bytes]:
    """Pieces of about a megabyte of a log with boot and service messages and nothing else; about `size` bytes."""
    random = Random(seed)
    time = 0.5
    made = 0
    pool = [_filled(random.choice(_QUIET), random) for _ in range(20_000)]
    while made < size:
        lines = []
        length = 0
        while length < 1 << 20:
            time += random.random() * 0.2
            line = f"[{time:12.6f}] {pool[random.randrange(len(pool))]}\n"
            lines.append(line)
            length += len(line)
        piece = "".join(lines).encode()
        made += len(piece)
        yield piece


_VERBS = "alloc", "free", "read", "write", "send", "poll", "flush", "commit", "insert", "remove", "update", "attach"
_NOUNS = "ring", "queue", "page", "inode", "block", "entry", "extent", "buffer", "table", "slot", "request", "stream"
_MODULES = "", "", "", "acme_net", "acme_blk", "zfsx", "tapio", "fooscsi"
_COMMANDS = "kworker/3:1", "postgres", "java", "nginx", "systemd", "rsync", "swapper/2", "dd", "qemu-kvm", "find"


class _Reports:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.time = 1.0
        self.frames = [self.frame() for _ in range(4000)]

    def frame(self) -> str:
        pick = self.random.choice
        module = pick(_MODULES)
        name = f"{pick(_NOUNS)}_{pick(_VERBS)}_{pick(_NOUNS)}"
        size = self.random.randrange(0x40, 0x900)
        return f"{name}+0x{self.random.randrange(size):x}/0x{size:x}" + (f" [{module}]" if module else "")

    def word(self) -> str:
        return f"{self.random.getrandbits(64):016x}"

    def who(self) -> str:
        number = self.random.randrange
        return f"CPU: {number(64)} PID: {number(2, 99999)} Comm: {self.random.choice(_COMMANDS)}"

    def trace(self, depth: int) -> list[str]:
        doubt = self.random.random
        out = [(" ? " if doubt() < 0.2 else " ") + self.random.choice(self.frames) for _ in range(depth)]
        return ["Call Trace:", " <TASK>", *out, " do_syscall_64+0x5c/0xf0", " </TASK>"]

    def registers(self) -> list[str]:
        word = self.word
        return [
            f"RSP: 0018:ffffc90000{word()[:6]} EFLAGS: 00010246",
            f"RAX: {word()} RBX: {word()} RCX: {word()}",
            f"RDX: {word()} RSI: {word()} RDI: {word()}",
            f"RBP: {word()} R08: {word()} R09: {word()}",
            f"R10: {word()} R11: {word()} R12: {word()}",
            f"R13: {word()} R14: {word()} R15: {word()}",
            f"FS:  00007f{word()[:10]}(0000) GS:ffff8881{word()[:8]}(0000) knlGS:0000000000000000",
            f"CR2: {word()} CR3: 00000001{word()[:8]} CR4: 0000000000350ee0",
        ]

    def header(self) -> list[str]:
        return [
            f"{self.who()} Tainted: G        W  OE      6.1.{self.random.randrange(99)}-acme #1",
            "Hardware name: Acme Box/Board, BIOS 1.2 01/02/2023",
        ]

    def oops(self) -> list[str]:
        return [
            f"BUG: kernel NULL pointer dereference, address: 0000000000000{self.random.randrange(4096):03x}",
            "#PF: supervisor read access in kernel mode",
            "#PF: error_code(0x0000) - not-present page",
            "PGD 0 P4D 0",
            f"Oops: 0000 [#{self.random.randrange(1, 9)}] PREEMPT SMP NOPTI",
            *self.header(),
            f"RIP: 0010:{self.random.choice(self.frames)}",
            *self.registers(),
            *self.trace(self.random.randrange(6, 24)),
            "Modules linked in: acme_net(OE) acme_blk zfsx(PO) tapio fooscsi ext4 jbd2",
            f"CR2: {self.word()}",
            f"---[ end trace {self.word()} ]---",
        ]

    def warn(self) -> list[str]:
        number = self.random.randrange
        where = f"{self.random.choice(('mm', 'fs', 'net/core', 'drivers/acme'))}/{self.random.choice(_NOUNS)}.c"
        return [
            "------------[ cut here ]------------",
            f"WARNING: CPU: {number(64)} PID: {number(2, 99999)} at {where}:{number(9, 3000)} "
            f"{self.random.choice(self.frames)}",
            "Modules linked in: acme_net(OE) acme_blk zfsx(PO) tapio fooscsi ext4 jbd2",
            *self.header(),
            f"RIP: 0010:{self.random.choice(self.frames)}",
            *self.registers(),
            *self.trace(self.random.randrange(6, 24)),
            f"---[ end trace {self.word()} ]---",
        ]

    def oom(self) -> list[str]:
        number = self.random.randrange
        comm, pid = self.random.choice(_COMMANDS), number(2, 99999)
        tasks = [
            f"[{number(2, 99999):7d}]     0 {number(99999):5d} {number(999999):8d} {number(99999):8d}"
            f"    {number(9999):5d}        0             0 {self.random.choice(_COMMANDS)}"
            for _ in range(number(10, 60))
        ]
        return [
            f"{comm} invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0",
            *self.header(),
            *self.trace(8),
            "Mem-Info:",
            f"active_anon:{number(99999)} inactive_anon:{number(9999999)} isolated_anon:0",
            f" active_file:{number(999)} inactive_file:{number(999)} isolated_file:0",
            f" unevictable:0 dirty:{number(99)} writeback:0",
            f" slab_reclaimable:{number(99999)} slab_unreclaimable:{number(99999)}",
            f" free:{number(99999)} free_pcp:0 free_cma:0",
            f"Node 0 Normal free:{number(99999)}kB boost:0kB min:67508kB low:84384kB high:101260kB present:16777216kB "
            "managed:16400000kB mlocked:0kB",
            "Node 0 Normal: 120*4kB (UME) 44*8kB (UME) 10*16kB (U) 2*32kB (U) 0*64kB 0*128kB = 1120kB",
            f"Free swap  = {number(999)}kB",
            "Total swap = 2097148kB",
            "4194304 pages RAM",
            "Tasks state (memory values in pages):",
            "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
            *tasks,
            f"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,"
            f"task={comm},pid={pid},uid=0",
            f"Out of memory: Killed process {pid} ({comm}) total-vm:{number(9999999)}kB, anon-rss:{number(9999999)}kB, "
            "file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:9000kB oom_score_adj:0",
        ]

    def lockup(self) -> list[str]:
        number = self.random.randrange
        return [
            f"watchdog: BUG: soft lockup - CPU#{number(64)} stuck for {number(20, 99)}s! "
            f"[{self.random.choice(_COMMANDS)}:{number(2, 99999)}]",
            "Modules linked in: acme_net(OE) acme_blk zfsx(PO) tapio fooscsi ext4 jbd2",
            *self.header(),
            f"RIP: 0010:{self.random.choice(self.frames)}",
            *self.registers(),
            *self.trace(self.random.randrange(6, 24)),
        ]

    def hung(self) -> list[str]:
        number = self.random.randrange
        comm, pid = self.random.choice(_COMMANDS), number(2, 99999)
        return [
            f"INFO: task {comm}:{pid} blocked for more than {number(1, 9) * 120} seconds.",
            f"      Tainted: G           OE      6.1.{number(99)}-acme #1",
            '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.',
            f"task:{comm:<16}state:D stack:0     pid:{pid:<5} ppid:1      flags:0x00004002",
            *self.trace(self.random.randrange(6, 24)),
        ]


def reports(number: int, seed: int = 2) -> Iterator[bytes]:
    """Pieces of a log with `number` reports of several kinds, ordinary messages between them; about 4 KB per report."""
    made = _Reports(seed)
    random = made.random
    kinds: list[Callable[[], list[str]]] = [made.oops, made.warn, made.oom, made.lockup, made.hung]
    pool = [_filled(random.choice(_QUIET), random) for _ in range(2000)]
    for _ in range(number):
        lines = random.choice(kinds)() + [pool[random.randrange(len(pool))] for _ in range(random.randrange(4, 30))]
        made.time += 20 * random.random()
        out = []
        for line in lines:
            made.time += 0.000011
            out.append(f"[{made.time:12.6f}] {line}\n")
        yield "".join(out).encode()
