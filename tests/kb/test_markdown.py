"""kb/markdown.py: front matter, sections, first sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.markdown import first_sentence, sections, split_front_matter


def test_front_matter() -> None:
    assert split_front_matter("---\na: 1\nb: 2\n---\n## X\ntext") == ("a: 1\nb: 2", "## X\ntext", 5)
    assert split_front_matter("--- \na: 1\n---  \nx") == ("a: 1", "x", 4)
    assert split_front_matter("---\n---\nx") == ("", "x", 3)
    # a line of dashes in the body belongs to the body
    assert split_front_matter("---\na: 1\n---\nx\n---\ny")[1] == "x\n---\ny"


@pytest.mark.parametrize(
    "text", ["", "text", "\n---\na: 1\n---\n", "---\na: 1\n", "----\na: 1\n----\n", " ---\na\n---"]
)
def test_no_front_matter(text: str) -> None:
    assert split_front_matter(text) == ("", text, 1)


def test_sections() -> None:
    body = "before\n\n## One\n\ntext\nmore\n\n### Below\n\ndeep\n\n## Two\n## Three  \nlast\n"
    assert sections(body) == {"One": "text\nmore\n\n### Below\n\ndeep", "Two": "", "Three": "last"}


@pytest.mark.parametrize(
    "hiding",
    ["```\n## No\n```", "~~~sh\n## No\n~~~", "    ## No", "> ## No", "- ## No", "<!--\n## No\n-->", "\\## No", "##No"],
)
def test_what_is_no_heading(hiding: str) -> None:
    assert list(sections(f"## Yes\n\n{hiding}\n\n## Also\nx\n")) == ["Yes", "Also"]


def test_underlined_headings() -> None:
    assert sections("One\n---\ntext\n") == {"One": "text"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Do this. Then that.", "Do this."),
        ("Do this", "Do this"),
        ("", ""),
        ("Do\n this.\n\nThen that.", "Do this."),
        ("No stop here\n\nbut there.", "No stop here"),
        ("Use e.g. a lamp. Or two.", "Use e.g. a lamp."),
        ("Use 5.10 or later. Reboot.", "Use 5.10 or later."),
        ("Set `a. b` first. Then go.", "Set `a. b` first."),
        ("Ask (see x. y) first. Then go.", "Ask (see x. y) first."),
        ("Do: this. Then that.", "Do: this."),
    ],
)
def test_first_sentence(text: str, sentence: str) -> None:
    assert first_sentence(text) == sentence


@given(st.text(alphabet="ab.:`() \n#-", max_size=80))
def test_first_sentence_is_the_beginning(text: str) -> None:
    flat = " ".join(text.split("\n\n")[0].split())
    assert flat.startswith(first_sentence(text))


@given(st.text(alphabet="ab#-`~> \n", max_size=120))
def test_nothing_raises(text: str) -> None:
    front, body, line = split_front_matter(text)
    assert text.split("\n")[line - 1 :] == body.split("\n") or not front
    for content in sections(body).values():
        assert content in body
