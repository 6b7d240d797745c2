"""Verdicts as text, JSON, Markdown and HTML.  Each renderer takes the outward form (advisor/verdict.py)."""

from __future__ import annotations

from typing import Any

FORMATS = ("text", "json", "markdown", "html")


def render(verdict: dict[str, Any], form: str, *, width: int = 100, colour: bool = False) -> str:
    """The verdict in one of FORMATS, ending in a line feed."""
    if form == "json":
        return _json(verdict)
    if form == "markdown":
        from advisor.render.markdown import markdown

        return markdown(verdict)
    if form == "html":
        from advisor.render.html import html

        return html(verdict)
    from advisor.render.text import text

    return text(verdict, width=width, colour=colour)


def _json(verdict: dict[str, Any]) -> str:
    """JSON that may be shown in a terminal: what is not printable (C1 controls, marks of direction) is escaped too."""
    import json

    out = json.dumps(verdict, ensure_ascii=False, indent=2)
    if not out.isascii() or "\x7f" in out:
        out = "".join(c if c.isprintable() or c == "\n" else json.dumps(c).strip('"') for c in out)
    return out.replace("\x7f", "\\u007f") + "\n"
