"""Cause files as Markdown: the front matter, and the sections below it."""

from __future__ import annotations


def split_front_matter(text: str) -> tuple[str, str, int]:
    """(YAML front matter, body, line number where the body begins); front matter is "" when there is none."""
    lines = text.split("\n")
    if not lines or lines[0].rstrip() != "---":
        return "", text, 1
    for number in range(1, len(lines)):
        if lines[number].rstrip() == "---":
            return "\n".join(lines[1:number]), "\n".join(lines[number + 1 :]), number + 2
    return "", text, 1


def sections(body: str) -> dict[str, str]:
    """Second-level headings and the Markdown source under each, by the CommonMark rules (code blocks hide headings)."""
    from markdown_it import MarkdownIt

    lines = body.split("\n")
    heads: list[tuple[int, int, str]] = []
    tokens = MarkdownIt("commonmark").parse(body)
    for index, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2" and token.map and token.level == 0:
            heads.append((token.map[0], token.map[1], tokens[index + 1].content.strip()))
    out = {}
    for number, (_, start, title) in enumerate(heads):
        end = heads[number + 1][0] if number + 1 < len(heads) else len(lines)
        out[title] = "\n".join(lines[start:end]).strip()
    return out


def first_sentence(text: str) -> str:
    """The first sentence of a section, for the short verdict: up to the first full stop that ends one."""
    flat = " ".join(text.split("\n\n")[0].split())
    word = open_ = ticks = 0  # where the last word begins; brackets open; backticks so far
    for index, char in enumerate(flat):
        if char == "." and flat[index + 1 : index + 2] in ("", " ") and ticks % 2 == 0 and open_ <= 0:
            if flat[word:index].lower() not in ("e.g", "i.e", "etc", "vs", "no"):
                return flat[: index + 1]
        elif char == " ":
            word = index + 1
        elif char in "()":
            open_ += 1 if char == "(" else -1
        elif char == "`":
            ticks += 1
    return flat
