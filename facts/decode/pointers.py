"""What an address looks like: NULL, poison, error pointer, text, which part of the address space.

Sources: include/linux/poison.h, include/linux/err.h, Documentation/arch/x86/x86_64/mm.rst,
Documentation/arch/arm64/memory.rst, Documentation/arch/riscv/vm-layout.rst, lib/Kconfig.kasan.  Ranges of the direct
map, vmalloc and vmemmap are hints where the kernel randomises them.
"""

from __future__ import annotations

from collections.abc import Mapping

_ALL = (1 << 64) - 1
_LAST_ERRNO, _FIRST_INTERNAL = 133, 512
_NEAR = 0x10000  # how far a member may be from the start of its object
_PAGE = 0x1000
_LIST_POISON_32 = frozenset((0x100, 0x104, 0x122, 0x126, 0x200, 0x204, 0x100100, 0x100104, 0x200200, 0x200204))
_LIST_POISON_FLAT = frozenset((0x100, 0x108, 0x122, 0x12A, 0x100100, 0x100108, 0x200200, 0x200208))
_LIST_POISON = (0xDEAD000000000000, 0x5DEADBEEF0000000)  # the second is that of 64-bit POWER (arch/powerpc/Kconfig)
_LIST_POISON_OLD = tuple(base + entry for base in _LIST_POISON for entry in (0x100100, 0x200200))  # kernels before 4.3
_BYTES = {  # byte a whole word consists of -> class
    0x6B: "freed-poison", 0xA5: "freed-poison", 0xAA: "freed-poison", 0xA7: "freed-poison",
    0x5A: "allocated-poison", 0xA9: "allocated-poison",
    0xBB: "redzone", 0xCC: "init-poison",
}  # fmt: skip
_SHADOW_X86 = 0xDFFFFC0000000000
_SHADOW_X86_TOP = range(0xFFFFFBFFFFFFFE00, 0xFFFFFC0000000000)  # of the last 4096 bytes, where error codes lie
_SHADOWS_ARM64 = (0xDFFF800000000000, 0xDFFFA00000000000, 0xDFFFD00000000000, 0xDFFF200000000000)
# classes that say how a pointer went wrong, most telling first
TELLING = (
    "list-poison",
    "freed-poison",
    "allocated-poison",
    "redzone",
    "init-poison",
    "error-pointer",
    "one-bit",
    "ascii",
)
BITS_32 = frozenset(("i386", "arm"))
FLAT = frozenset(("mips64", "loongarch64"))  # no CONFIG_ILLEGAL_POINTER_VALUE: list poison is a low address

_X86 = (  # first address, class; the next row ends the range
    (0xFFFF800000000000, "other"),
    (0xFFFF880000000000, "direct-map"),
    (0xFFFFC90000000000, "vmalloc"),
    (0xFFFFE90000000000, "other"),
    (0xFFFFEA0000000000, "vmemmap"),
    (0xFFFFEB0000000000, "other"),
    (0xFFFFFFFF80000000, "kernel-image"),
    (0xFFFFFFFFC0000000, "module-space"),
    (0xFFFFFFFFFF000000, "other"),
)
_X86_WIDE = (
    (0xFF00000000000000, "other"),
    (0xFF11000000000000, "direct-map"),
    (0xFF91000000000000, "other"),
    (0xFFA0000000000000, "vmalloc"),
    (0xFFD2000000000000, "other"),
    (0xFFD4000000000000, "vmemmap"),
    (0xFFD6000000000000, "other"),
    (0xFFFFFFFF80000000, "kernel-image"),
    (0xFFFFFFFFC0000000, "module-space"),
    (0xFFFFFFFFFF000000, "other"),
)
_ARM64 = (
    (0xFFFF000000000000, "direct-map"),
    (0xFFFF800000000000, "vmalloc"),
    (0xFFFFFC0000000000, "vmemmap"),
    (0xFFFFFE0000000000, "other"),
)
_ARM64_WIDE = ((0xFFF0000000000000, "direct-map"), *_ARM64[1:])  # 52-bit virtual addresses
_RISCV = (  # with five, four and three levels of page tables; Documentation/arch/riscv/vm-layout.rst
    (0xFF1C000000000000, "vmemmap"),
    (0xFF20000000000000, "vmalloc"),
    (0xFF60000000000000, "direct-map"),
    (0xFFDF000000000000, "other"),
    (0xFFFF8D8000000000, "vmemmap"),
    (0xFFFF8F8000000000, "vmalloc"),
    (0xFFFFAF8000000000, "direct-map"),
    (0xFFFFEF8000000000, "other"),
    (0xFFFFFFC500000000, "vmemmap"),
    (0xFFFFFFC600000000, "vmalloc"),  # from ...c8, direct map from ...d8 up to about 6.4
    (0xFFFFFFD600000000, "direct-map"),
    (0xFFFFFFF700000000, "other"),
    (0xFFFFFFFF00000000, "module-space"),
    (0xFFFFFFFF80000000, "kernel-image"),
)
_POWER = (  # arch/powerpc/include/asm/book3s/64/radix.h, hash-64k.h; 0xd and 0xf before about 5.2
    (0xC000000000000000, "direct-map"),
    (0xC008000000000000, "vmalloc"),
    (0xC00C000000000000, "vmemmap"),
    (0xC00E000000000000, "other"),
    (0xD000000000000000, "vmalloc"),
    (0xE000000000000000, "other"),
    (0xF000000000000000, "vmemmap"),
    (0xF100000000000000, "other"),
)
_OTHER_64 = ((0xC000000000000000, "direct-map"), (0xD000000000000000, "other"), (0xFF00000000000000, "other"))


def translate(value: int, arch: str = "", kasan: bool = False) -> int:
    """The address that a KASAN shadow address stands for; other values come back as they are.

    Shadows of NULL and of user addresses are known by themselves, those of other values only if the kernel is known
    to be built with KASAN.
    """
    if arch in ("", "x86_64"):
        end = 0xFFFF800000000000 if kasan else _SHADOW_X86 + (1 << 44)
        if _SHADOW_X86 <= value < end or (kasan and value in _SHADOW_X86_TOP):
            return ((value - _SHADOW_X86) << 3) & _ALL
    if arch in ("", "arm64"):
        for base in _SHADOWS_ARM64:
            if 0 <= value - base < 0x20000:
                return (value - base) << 3
    return value


def _poison(value: int, size: int) -> str | None:
    """Class of a word of one repeated byte, with a small offset added; `one-bit` for one flipped bit in it."""
    data = value.to_bytes(size, "big")
    byte = data[0]
    kind = _BYTES.get(byte)
    if kind is not None:
        whole = int.from_bytes(bytes([byte]) * size, "big")
        if abs(value - whole) < _NEAR:
            return kind
    top = data[: size - 2]
    counts = {b: top.count(b) for b in set(top)}
    if len(counts) == 2 and size == 8:
        usual, odd = sorted(counts, key=lambda b: -counts[b])
        if counts[odd] == 1 and usual in (0x6B, 0x5A) and (usual ^ odd).bit_count() == 1:
            return "one-bit"
    return None


def _untagged(value: int) -> str | None:
    """Class of poison whose top byte arm64 has replaced by copies of bit 55, as it does before it prints an address.

    Source: untagged_addr() in arch/arm64/include/asm/uaccess.h.
    """
    top, byte = value >> 56, value >> 48 & 0xFF
    if top != (0xFF if byte & 0x80 else 0):
        return None
    if byte == 0xAD and value & ((1 << 48) - 1) < _NEAR:
        return "list-poison"
    return _poison(value & ((1 << 56) - 1) | byte << 56, 8)


def _ascii(value: int, size: int) -> bool:
    """True if the bytes are printable text (the lowest two may have an offset added)."""
    data = value.to_bytes(size, "big")
    top = data[: size - 2] if size == 8 else data
    if not all(0x20 <= byte < 0x7F for byte in top):
        return False
    return len(set(data)) > 1 and any(chr(byte).isalnum() for byte in top)


def _region(value: int, rows: tuple[tuple[int, str], ...]) -> str:
    kind = "other"
    for first, name in rows:
        if value < first:
            break
        kind = name
    return kind


def _classify_32(value: int, arch: str) -> str:
    if value in _LIST_POISON_32:
        return "list-poison"
    if value < _PAGE:
        return "small-offset" if value else "null"
    if value == 0xFFFFFFFF:
        return "all-ones"
    if value >= 0xFFFFF001:
        return "error-pointer"
    poison = _poison(value, 4)
    if poison:
        return poison
    if value < 0xBF000000 or (arch == "i386" and value < 0xC0000000):
        return "ascii" if _ascii(value, 4) else "user"
    if value < 0xC0000000:
        return "module-space"
    return "direct-map" if value < 0xF0000000 else "vmalloc"


def before_null(value: int) -> bool:
    """Whether one of the last 4095 values of 64 bits is no error code but NULL less the offset of a member.

    Error codes end at 133 (include/uapi/asm-generic/errno.h; MIPS, PA-RISC and alpha have more).  Those inside the
    kernel begin at 512 (include/linux/errno.h), and a pointer mostly carries 517 (EPROBE_DEFER), which plus the offset
    of a pointer gives no multiple of 8.
    """
    return value % 8 == 0 and _LAST_ERRNO < -value & _ALL < _FIRST_INTERNAL


def is_wide(arch: str, registers: Mapping[str, int]) -> bool:
    """Whether the kernel uses more address bits than usual: CR4 tells on x86-64, pointers in registers on arm64."""
    if arch == "x86_64":
        return bool(registers.get("cr4", 0) & 1 << 12)
    return arch == "arm64" and sum(0xFFF0 <= value >> 48 < 0xFFFF for value in registers.values()) > 1


def classify(value: int, arch: str = "", wide: bool = False, kasan: bool = False) -> str:
    """Address class of a value, one of `address-class` in kb/vocabulary/attributes.yaml.

    `arch` is x86_64, i386, arm64, arm, parisc, or another name ("" if unknown); `wide` says that the kernel uses
    more address bits than usual, `kasan` that it is built with KASAN.  KASAN shadow addresses are translated first.
    """
    if arch in BITS_32:
        return _classify_32(value & 0xFFFFFFFF, arch)
    value &= _ALL
    shadow = translate(value, arch, kasan)
    if shadow != value:
        inner = classify(shadow, arch, wide)
        return inner if inner != "other" else "non-canonical"
    if arch in FLAT and value in _LIST_POISON_FLAT:
        return "list-poison"
    if value < _PAGE:
        return "small-offset" if value else "null"
    if value == _ALL:
        return "all-ones"
    if value > _ALL - 4095 or (arch == "s390x" and value == _ALL - 4095):  # s390 names the page only
        return "error-pointer"
    if any(0 <= value - base < _NEAR for base in _LIST_POISON):
        return "list-poison"
    if any(abs(value - old) < _PAGE for old in _LIST_POISON_OLD):
        return "list-poison"
    poison = _poison(value, 8) or (_untagged(value) if arch in ("", "arm64") else None)
    if poison:
        return poison
    if arch == "parisc":
        return "other"  # the kernel lies in low addresses of a space of its own
    region = _region(value, _RISCV) if arch == "riscv64" else "other"
    if region != "other" or (arch == "riscv64" and value >> 48 == 0xFFFF):
        return region
    if wide and arch == "arm64" and value >= _ARM64_WIDE[0][0]:
        return _region(value, _ARM64_WIDE)
    if arch in ("arm64", "riscv64"):
        return _classify_arm64(value)
    if arch in ("x86_64", ""):
        return _classify_x86(value, wide)
    if _ascii(value, 8):
        return "ascii"
    if value < 0x0001000000000000 or (arch == "ppc64le" and value < 0xC000000000000000):
        return "user"
    if arch == "s390x":
        return "other"
    return _region(value, _POWER if arch == "ppc64le" else _OTHER_64)


def _classify_x86(value: int, wide: bool) -> str:
    if value < 0x0000800000000000 or (wide and value < 0x0100000000000000):
        return "user"
    if value >= 0xFFFF800000000000:
        return _region(value, _X86_WIDE if wide else _X86)
    if wide and value >= 0xFF00000000000000:
        return _region(value, _X86_WIDE)
    if _ascii(value, 8):
        return "ascii"
    # bits 63..47 (63..56) must all be ones in a kernel address: exactly one zero is one flipped bit
    low = 56 if wide else 47
    top = value >> low
    full = (1 << (64 - low)) - 1
    if (top ^ full).bit_count() == 1:
        repaired = value | (full << low)
        if wide or _region(repaired, _X86) in ("direct-map", "vmalloc", "vmemmap", "kernel-image", "module-space"):
            return "one-bit"
    return "non-canonical"


def _classify_arm64(value: int) -> str:
    if value >> 56 == 0 and value >> 48:  # the kernel prints the address without its tag byte
        restored = value | (value >> 48) << 56
        if _ascii(restored, 8):
            return "ascii"
        return "non-canonical" if value >> 55 == 0 else "other"
    if value >> 48 == 0 or value >> 55 == 0:
        return "user"
    if value >> 48 == 0xFFFF:
        return _region(value, _ARM64)
    if _ascii(value, 8):
        return "ascii"
    if ((value >> 48) ^ 0xFFFF).bit_count() == 1:
        return "one-bit"
    if (value >> 48) & 0xFF == 0xFF:  # only the tag byte differs (KASAN tags, MTE)
        return _region(value | 0xFF << 56, _ARM64)
    return "non-canonical"
