"""The verdict as one HTML page of its own: no script, no other file, light and dark, fit for paper.

Every text passes `_text`: cleaned of what reorders or steers, then escaped.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from html import escape
from typing import Any

from advisor.render.parts import (
    HEADS,
    NOT_READY,
    ROLES,
    UNNAMED,
    Cause,
    advice,
    chain,
    commit,
    defects,
    doubts,
    last_messages,
    link,
    parts,
    place,
    ready,
    repeated,
    shown,
    source,
    spans,
    timing,
    unready,
)
from advisor.render.plain import percent, safe, seconds

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_CSS = """\
:root{color-scheme:light dark;--ink:#1c2430;--dim:#5b6675;--line:#d9dee5;--page:#fff;--soft:#f4f6f8;--bar:#3b6fb5;
--good:#1a7f4b;--doubt:#9a6700;--bad:#b42318}
@media (prefers-color-scheme:dark){:root{--ink:#e3e8ef;--dim:#9aa7b8;--line:#343d4a;--page:#14181f;--soft:#1d232c;
--bar:#6b9fe4;--good:#4cc38a;--doubt:#e3b341;--bad:#ff8078}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.6rem 1.4rem 3rem;max-width:58rem;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
header{border-left:.35rem solid var(--tone);padding:.1rem 0 .1rem 1rem;margin-bottom:1.8rem}
.status{color:var(--tone);font-weight:700;letter-spacing:.06em;font-size:.85rem}
h1{font-size:1.35rem;line-height:1.35;margin:.2rem 0 .4rem}
h2{font-size:1.05rem;margin:1.9rem 0 .6rem;padding-bottom:.25rem;border-bottom:1px solid var(--line)}
p{margin:.4rem 0}ul,ol{margin:.4rem 0;padding-left:1.4rem}li{margin:.35rem 0}
a{color:var(--bar)}.dim{color:var(--dim)}small,.small{font-size:.875rem}
code,pre{font:.875em/1.45 ui-monospace,"Cascadia Mono","DejaVu Sans Mono",Menlo,Consolas,monospace}
code{background:var(--soft);padding:.08em .3em;border-radius:.25em}
pre{background:var(--soft);border:1px solid var(--line);border-radius:.35rem;padding:.5rem .7rem;margin:.4rem 0;
white-space:pre-wrap}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.35rem .8rem .35rem 0;
border-bottom:1px solid var(--line)}th{color:var(--dim);font-weight:600;font-size:.875rem}
tr>:last-child{padding-right:0}
.slim{white-space:nowrap;width:1%}.number{text-align:right;font-variant-numeric:tabular-nums}
.plus{color:var(--good)}.minus{color:var(--bad)}
.share{display:grid;grid-template-columns:4.6rem 6rem 1fr;gap:.2rem .8rem;align-items:baseline;margin:.6rem 0}
.share>:first-child{text-align:left}.share>:nth-child(n+4){grid-column:3}
.track{height:.55rem;border-radius:.3rem;background:var(--soft);border:1px solid var(--line);overflow:hidden}
.track>i{display:block;height:100%;background:var(--bar)}
.facts td{font-size:.875rem}
footer{margin-top:2.2rem;color:var(--dim);font-size:.875rem}
@media (max-width:36rem){.share{grid-template-columns:4.6rem 1fr}.share>:nth-child(n+3){grid-column:1/-1}}
@media print{:root{color-scheme:light;--ink:#000;--dim:#444;--page:#fff;--soft:#f4f4f4;--line:#bbb;--bar:#555;
--good:#064;--doubt:#640;--bad:#900}
body{max-width:none;padding:0;font-size:11pt}h2{break-after:avoid}li,tr,.share{break-inside:avoid}
.track>i,header,pre,code{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
_TONES = {"diagnosed": "good", "likely": "doubt", "no-failure": "good"}


def html(verdict: dict[str, Any]) -> str:
    """The verdict (advisor/verdict.py) as a page, ending in a line feed."""
    return "\n".join(_page(verdict)) + "\n"


def _text(text: object) -> str:
    return escape(safe(text))


def _prose(text: str) -> str:
    """A sentence of the knowledge base, with its `code`."""
    return "".join(f"<code>{escape(p)}</code>" if is_code else escape(p) for is_code, p in spans(safe(text)))


def _page(verdict: dict[str, Any]) -> Iterator[str]:
    status = HEADS[verdict["status"]]
    tone = _TONES.get(verdict["status"], "bad")
    yield "<!DOCTYPE html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{status}: {_text(verdict['input'])}</title>"
    yield f"<style>\n{_CSS}</style></head><body>"
    yield f'<header style="--tone:var(--{tone})"><div class="status">{status}</div>'
    yield f"<h1>{_text(verdict['summary'])}</h1>"
    lines = f", {verdict['lines_read']} lines read" if verdict.get("lines_read") else ""
    yield f'<div class="small dim"><code>{_text(verdict["input"])}</code>{lines}</div></header><main>'
    yield from _body(verdict)
    yield "</main>"
    if verdict["signature"]:
        yield f"<footer>Signature <code>{_text(verdict['signature'])}</code></footer>"
    yield "</body></html>"


def _body(verdict: dict[str, Any]) -> Iterator[str]:
    first, beside, rivals = parts(verdict)
    if verdict["chain"]:
        yield "<h2>What happened</h2>"
        yield from _chain(verdict)
    if first is not None:
        yield f"<h2>Why <code>{_text(first['id'])}</code></h2>"
        yield from _share(first["probability"], f"<strong>{_text(first['title'])}</strong>")
        yield from _findings(first)
    heading, known = defects(verdict)
    if known:
        yield f"<h2>{heading}</h2>"
        for defect in known:
            yield from _defect(defect)
    if beside:
        yield "<h2>Beside it</h2>"
        for cause in beside:
            yield from _cause(cause, fix=True)
    unnamed = verdict["status"] == "undetermined" and verdict["something_else"] >= 0.05
    if rivals or unnamed:
        yield "<h2>Also possible</h2>"
        for cause in rivals:
            yield from _cause(cause)
    if unnamed:
        yield from _share(verdict["something_else"], UNNAMED.capitalize())
    if verdict["next"]:
        yield "<h2>Do next</h2>"
        yield from _next(verdict["next"])
    condition, advised = advice(verdict, first)
    for heading, said in advised:
        yield f"<h2>{_text(f'{condition}: {heading.lower()}' if condition else heading)}</h2><p>{_prose(said)}</p>"
    if first is not None:
        yield from _references(first["references"])
    yield "<h2>Would the next crash leave a dump?</h2>"
    yield from _readiness(verdict["readiness"])
    yield from _facts(verdict["facts"])
    if verdict["notes"]:
        yield "<h2>Notes</h2><ul>"
        yield from (f"<li>{_text(note)}</li>" for note in verdict["notes"])
        yield "</ul>"


def _chain(verdict: dict[str, Any]) -> Iterator[str]:
    files = verdict.get("files", [])
    events, more = chain(verdict)
    if len(files) > 1 and events:
        yield f'<p class="small dim">in <code>{_text(files[events[-1]["file"]])}</code></p>'
    yield "<table>"
    for event in events:
        title = _text(event["title"]) + repeated(event)
        if event["role"] == "root":
            title = f"<strong>{title}</strong>" + (f"<pre>{_text(event['text'])}</pre>" if event["text"] else "")
        title += "".join(f"<br>{_text(said)}" for said in timing(verdict, event))
        last = "\n".join(_text(message) for message in last_messages(event))
        title += f"<pre>{last}</pre>" if last else ""
        when = seconds(event["time"]) if event["time"] is not None else ""
        yield (
            f'<tr><td class="slim dim">{place(event)}</td><td class="slim dim">{when}</td><td>{title}</td>'
            f'<td class="slim dim">{_text(ROLES.get(event["role"], event["role"]))}</td></tr>'
        )
    yield "</table>"
    if more:
        yield f'<p class="dim">and {more} more consequences</p>'


def _share(probability: float, *cells: str) -> Iterator[str]:
    """A probability as number and bar, with the cells beside it."""
    bar = f'<div class="track"><i style="width:{max(1, min(round(probability * 100), 100))}%"></i></div>'
    inner = "".join(f"<div>{cell}</div>" for cell in cells)
    yield f'<div class="share"><div class="number">{percent(probability)}</div>{bar}{inner}</div>'


def _weight(finding: dict[str, Any]) -> str:
    if not finding["weight"]:
        return ""
    sign = "plus" if finding["weight"] > 0 else "minus"
    return f'<strong class="{sign}">{finding["weight"]:+d}</strong> '


def _said(finding: dict[str, Any]) -> str:
    where = source(finding)
    return _prose(finding["says"]) + (f' <span class="dim">({escape(where)})</span>' if where else "")


def _findings(cause: Cause) -> Iterator[str]:
    yield '<table><tr><th class="slim number">weight</th><th>finding</th></tr>'
    for finding in cause["findings"]:
        if finding["counted"]:
            yield f'<tr><td class="slim number">{_weight(finding)}</td><td>{_said(finding)}'
            yield f'<div class="small dim">{_prose(finding["why"])}</div></td></tr>'
    yield "</table>"
    yield '<p class="small dim">Weights are decibans: +10 is ten times likelier.</p>'


def _cause(cause: Cause, fix: bool = False) -> Iterator[str]:
    said = "<br>".join(f"{_weight(f)}{_said(f)}" for f in cause["findings"] if f["counted"])
    cells = [f"{_text(cause['title'])} <code>{_text(cause['id'])}</code>"]
    if said:
        cells.append(f'<div class="small">{said}</div>')
    if fix and cause["fix"]:
        cells.append(f'<div class="small">Fix: {_prose(cause["fix"])}</div>')
    yield from _share(cause["probability"], *cells)


def _defect(defect: dict[str, Any]) -> Iterator[str]:
    yield f"<p><strong>{_text(defect['title'])}</strong> <code>{_text(defect['id'])}</code><br>"
    yield f"{_prose(defect['says'])}</p><ul>"
    yield from (f"<li>Commit: {_text(commit(one))}</li>" for one in defect["commits"])
    if defect["workaround"]:
        yield f"<li>Workaround: {_prose(defect['workaround'])}</li>"
    for document in defect["sources"]:
        title, url = _text(document["title"]), link(document["url"])
        title = f'<a href="{escape(url)}" rel="noreferrer">{title}</a>' if url else title
        yield f"<li>Source: {title}</li>"
    yield "</ul>"


def _next(steps: list[dict[str, Any]]) -> Iterator[str]:
    yield "<ol>"
    for step in steps:
        command = f"<pre>{_text(shlex.join(step['command']))}</pre>" if step.get("command") else ""
        yield f'<li>{_prose(step["ask"])} <span class="dim">({_text(step["cost"])})</span>{command}</li>'
    yield "</ol>"


def _references(references: list[dict[str, str]]) -> Iterator[str]:
    if references:
        yield "<h2>References</h2><ul>"
        for reference in references:
            title, url = _text(reference["title"]), link(reference["url"])
            yield f'<li><a href="{escape(url)}" rel="noreferrer">{title}</a></li>' if url else f"<li>{title}</li>"
        yield "</ul>"


def _readiness(readiness: dict[str, Any]) -> Iterator[str]:
    if readiness["ok"]:
        yield f'<p><strong class="plus">Yes</strong>: {ready(readiness)}.</p>'
    elif readiness["ok"] is None:
        yield f"<p>{_text(unready(readiness))}.</p>"
    else:
        why = "" if readiness["problems"] else f": {NOT_READY}"
        yield f'<p><strong class="minus">No usable dump</strong>{why}</p><ul>'
        for problem in readiness["problems"]:
            share = f'<span class="dim">({percent(problem["probability"])})</span>'
            lines = "".join(f"<br><code>{escape(line)}</code>" for line in problem["commands"])
            yield f"<li>{_text(problem['title'])} {share}. {_prose(problem['fix'])}{lines}</li>"
        yield "</ul>"
    if perhaps := doubts(readiness):
        yield "<ul>" + "".join(f"<li>Perhaps {escape(one)}</li>" for one in perhaps) + "</ul>"


def _facts(facts: dict[str, Any]) -> Iterator[str]:
    if facts:
        yield '<h2>Facts</h2><table class="facts"><tr><th>fact</th><th>value</th><th>from</th></tr>'
        for name, fact in facts.items():
            yield f"<tr><td>{_text(name)}</td><td>{escape(shown(fact['value']))}</td>"
            yield f'<td class="dim">{_text(fact["from"])}</td></tr>'
        yield "</table>"
