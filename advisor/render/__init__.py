"""Verdicts as text, JSON, Markdown and HTML.  Each renderer takes the outward form (advisor/verdict.py)."""

from __future__ import annotations

from typing import Any

FORMATS = ("text", "json", "markdown", "html")


def render(verdict: dict[str, Any], form: str, *, width: int = 100, colour: bool = False) -> str:
    """The verdict in one of FORMATS, ending in a line feed."""
    if form == "json":
        import json

        return json.dumps(verdict, ensure_ascii=False, indent=2) + "\n"
    if form == "markdown":
        from advisor.render.markdown import markdown

        return markdown(verdict)
    if form == "html":
        from advisor.render.html import html

        return html(verdict)
    from advisor.render.text import text

    return text(verdict, width=width, colour=colour)
