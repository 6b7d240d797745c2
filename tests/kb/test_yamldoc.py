"""kb/yamldoc.py: safe YAML with positions."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kb.yamldoc import Node, NodeValue, YamlError, parse, plain, scalar


def test_positions_of_values_and_keys() -> None:
    node = parse("a: 1\nlist:\n  - x\n  - {k: v}\n", "f.yaml")
    assert isinstance(node.value, dict)
    items = node.value["list"]
    assert (items.line, items.column, items.key_line, items.key_column) == (3, 3, 2, 1)
    assert isinstance(items.value, list)
    inner = items.value[1].value
    assert isinstance(inner, dict)
    assert (inner["k"].line, inner["k"].column, inner["k"].key_column) == (4, 9, 6)
    assert plain(node) == {"a": 1, "list": ["x", {"k": "v"}]}


def test_first_line_shifts_positions() -> None:
    assert parse("a: 1", "f", first_line=10).line == 10
    with pytest.raises(YamlError) as caught:
        parse("a: 1\na: 2", "f.md", first_line=10)
    assert (caught.value.line, caught.value.path) == (11, "f.md")
    assert "line 10" in caught.value.message


def test_empty_documents() -> None:
    for text in ("", "# only a comment\n", "---\n"):
        assert parse(text, "f").value is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("6.10", 6.1), ("010", "010"), ("10", 10), ("-3", -3), ("0x1f", 31), ("yes", True), ("Off", False), ("~", None),
        ("null", None), ("2026-01-01", "2026-01-01"), ("1:30", "1:30"), ("1_000", "1_000"), (".inf", ".inf"),
        ("-.0", "-.0"), (".5", 0.5),
        ("1.5", 1.5), ("-", "-"), (".", "."), ("+", "+"), ("1" * 50, "1" * 50), ("y", "y"), ("٣", "٣"),
    ],
)  # fmt: skip
def test_plain_scalars(text: str, value: object) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


def test_text_keeps_what_was_written() -> None:
    node = parse("v: 6.10\nq: '6.10'\n", "f")
    assert isinstance(node.value, dict)
    assert (node.value["v"].value, node.value["v"].text, node.value["v"].quoted) == (6.1, "6.10", False)
    assert (node.value["q"].value, node.value["q"].quoted) == ("6.10", True)


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("a: 1\na: 2", 2, 1, "occurs twice"),
        ("a: &x 1", 1, 4, "anchors"),
        ("a: *x", 1, 4, "aliases"),
        ("a: !!python/object:os.system x", 1, 4, "tags"),
        ("a: !x 1", 1, 4, "tags"),
        ("<<: {a: 1}", 1, 1, "merge"),
        ("? [a]\n: 1", 1, 3, "key"),
        ("--- 1\n--- 2", 2, 1, "second document"),
        ("%TAG ! x\n--- 1", 1, 1, "tags"),
        ("a:\n\tb: 1", 2, 1, "tabs"),
        ("a: b: c", 1, 5, "colon"),
        ("a: [1,", 2, 1, ""),
        ("x: \x1b", 1, 4, "control character"),
        ("ok: 1\nx: \ud800", 2, 1, "Unicode"),
        ("[" * 100, 1, 21, "deeper than 20"),
    ],
)
def test_refused(text: str, line: int, column: int, said: str) -> None:
    with pytest.raises(YamlError) as caught:
        parse(text, "f.yaml")
    error = caught.value
    assert (error.line, error.column) == (line, column), str(error)
    assert said in error.message
    assert str(error).startswith(f"f.yaml:{line}:{column}: ")


def test_limits() -> None:
    with pytest.raises(YamlError, match="1 KiB"):
        parse("x" * 1025, "f", max_bytes=1024)
    with pytest.raises(YamlError, match="1 KiB"):
        parse("ä" * 600, "f", max_bytes=1024)
    with pytest.raises(YamlError, match="values"):
        parse("[" + "1," * 50 + "]", "f", max_nodes=20)
    parse("[[1]]", "f", max_depth=2)
    with pytest.raises(YamlError, match="deeper"):
        parse("[[[1]]]", "f", max_depth=2)


def test_kinds() -> None:
    values: list[NodeValue] = [{}, [], "x", True, None, 1, 1.5]
    kinds = [Node(value, 1, 1).kind for value in values]
    assert kinds == ["mapping", "list", "text", "boolean", "nothing", "number", "number"]


def test_without_the_c_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert plain(parse("a: [1, x]\nb: |\n  t\n", "f")) == {"a": [1, "x"], "b": "t\n"}
    for bad in ("a: *x", "x: \x1b", "\ta: 1"):
        with pytest.raises(YamlError):
            parse(bad, "f")


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.text(st.characters(min_codepoint=32, max_codepoint=126)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), inner),
    max_leaves=20,
)


@given(_VALUES)
def test_reads_what_pyyaml_writes(value: object) -> None:
    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: object) -> bool:
            return True

    assert plain(parse(yaml.dump(value, Dumper=Dumper), "f")) == value


@given(st.text(max_size=200))
def test_any_text_gives_a_node_or_a_yaml_error(text: str) -> None:
    try:
        parse(text, "f")
    except YamlError as error:
        place = (error.line, error.column)
    else:
        place = (1, 1)
    assert min(place) >= 1
