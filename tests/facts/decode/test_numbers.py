"""facts/decode/numbers.py: numbers of a message that differ by one telling bit."""

from __future__ import annotations

import pytest

from facts.decode.numbers import one_bit


@pytest.mark.parametrize(
    ("found", "wanted", "limit", "expected"),
    [
        ("66348", "812", "", True),  # 2^16 more
        ("812", "66348", "", True),
        ("810", "812", "", False),
        ("813", "812", "", False),  # the generation before, as a lost write leaves it
        ("844", "812", "", False),  # one bit, but a block may well be 32 generations old
        ("66349", "812", "", False),  # two bits
        ("1131416223744", "1131416354816", "", True),
        ("0", "", "", False),
        ("812", "", "", False),
        ("68186292224,169,1073741824", "68186292224,169,0", "", True),
        ("38581,96,2", "38580,96,2", "", False),  # the next object
        ("257,108,1048576", "257,108,0", "", False),  # another part of the file
        ("257, 109, 0", "257, 108, 0", "", True),  # the type of a key
        ("258,109,0", "257,108,0", "", False),
        ("4398046524162 96 8", "", "19714 96 10", True),
        ("19715 96 8", "", "19714 96 10", False),
        ("19714 96 4294967307", "", "19714 96 11", True),
        ("19714 96 10", "", "19714 96 11", False),
        ("8589939592", "", "8822", True),
        ("18446744073709551492", "", "8822", False),  # a small negative number
        ("8830", "", "8822", False),
        ("9" * 20, "1" * 20, "", False),
        ("1,2", "1,2,3", "", False),
        ("none", "812", "", False),
    ],
)
def test_one_bit(found: str, wanted: str, limit: str, expected: bool) -> None:
    assert one_bit(found, wanted, limit) is expected


ERROR = "BTRFS error (device dm-2: state EA): "
LEAF = "BTRFS critical (device sdc1): corrupt leaf: root=257 block=88145920 slot=12 ino=4711, "
MISMATCH = f"{ERROR}tree first key mismatch detected, bytenr=165532581888 parent_transid=245 "


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (f"{ERROR}parent transid verify failed on logical 30507008 mirror 1 wanted 812 found 66348", True),
        (f"{ERROR}parent transid verify failed on 30507008 wanted 812 found 811", None),
        (f"{ERROR}bad tree block start, mirror 2 want 1131416354816 have 1131416223744", True),
        (f"{ERROR}bad tree block start, mirror 2 want 1131416354816 have 0", None),
        (f"{MISMATCH}key expected=(681,169,0) has=(681,169,1073741824)", True),
        (f"{MISMATCH}key expected=(681,169,0) has=(682,169,0)", None),
        (f"{LEAF}invalid inode generation: has 8589939592 expect (0, 8822]", True),
        (f"{LEAF}invalid inode transid: has 8823 expect [0, 8822]", None),
    ],
)
def test_messages_of_a_file_system(timeline, said: str, expected: bool | None) -> None:  # type: ignore[no-untyped-def]
    assert timeline(f"[  871.100123] {said}\n").events[0].attributes.get("one-bit") is expected
