"""Verdicts as text, JSON, Markdown and HTML: complete, within one screen, and safe with whatever a log says."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from cases import LOGS, event, evidence, stall
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from advisor.diagnose import Diagnostician
from advisor.render import FORMATS, render
from advisor.render.markdown import code, escape, prose
from advisor.render.parts import link, spans
from advisor.render.plain import percent, safe, seconds, wrap
from advisor.verdict import verdict
from advisor.work import Work
from facts.evidence import Evidence
from kb.cache import Base

Verdict = dict[str, Any]
HOSTILE = (
    "\x1b[31;1mred\x1b]0;title\x07 \x9b2J \x7f <script>alert(1)</script> <img src=x onerror=y> </pre></style> & &amp; "
    "\"quoted' `tick` ``` | pipe \\| *b* _i_ [a](javascript:x) ![i](http://evil.example/i.png) https://evil.example "
    "\u202egnp.exe \u2066x\u2069 \u200f \u2028# head\n# head\n- item\r\n1. one\x00 \ud800 $x$ ~~s~~ @me #1"
)
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def of(base: Base, doctor: Diagnostician, what: Evidence) -> Verdict:
    return verdict(base, doctor.diagnose(what))


@pytest.fixture
def usual(base: Base, doctor: Diagnostician) -> Verdict:
    return of(
        base,
        doctor,
        evidence(
            event("heat", 2, "precursor", "problem"),
            stall(5, count=3, module="evil"),
            event("panic", 9, "consequence", "end"),
            hardware__cable_age=7,
            kdump__loaded=False,
        ),
    )


@pytest.fixture
def hostile(base: Base, doctor: Diagnostician) -> Verdict:
    root = stall(5, device=HOSTILE, module=HOSTILE, function=HOSTILE, comm=HOSTILE, count=3)
    root.text = root.comm = HOSTILE
    root.attributes["last-messages"] = (HOSTILE, HOSTILE)
    root.title = "{device} " + HOSTILE.replace("{", "")
    second = event("heat", 2, "precursor", "problem")
    second.title = HOSTILE
    given = evidence(second, root, hardware__vendor="cheap " + HOSTILE, hardware__label=HOSTILE, hardware__cable_age=7)
    given = given._replace(name=HOSTILE, notes=[HOSTILE] * 7, files=[HOSTILE, HOSTILE])
    return of(base, doctor, given)


def rendered(what: Verdict, form: str, width: int = 100) -> str:
    return render(what, form, width=width)


# what stands in it


@pytest.mark.parametrize("form", FORMATS)
def test_all_forms_say_what_matters(usual: Verdict, form: str) -> None:
    out = rendered(usual, form)
    out = " ".join((re.sub(r"<[^>]*>", "", out) if form == "html" else out).split())
    for word in ("cable-loose", "he cable is loose", "sda stalled for 30 s", "Push ", "Tie it down.", "disk-worn",
                 "The module evil takes part", "No dump would be saved", "Does the disk", "smartctl",
                 usual["signature"]):  # fmt: skip
        assert word in out, word
    assert "line 5" in out or '"line": 5' in out
    assert rendered(usual, form).endswith("}\n" if form == "json" else "\n")


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_what_the_clock_tells(base: Base, doctor: Diagnostician, form: str) -> None:
    root = stall(5, count=4, **{"per-hour": 2.5})
    cut = event("truncated-log", 9, "consequence", "failure", **{"last-messages": ("job *1* done", "job 2 done")})
    out = rendered(of(base, doctor, evidence(root, cut, log__silence=5400, log__downtime=7200.0)), form)
    for words in ("(4 times, 2.5 errors per hour)", "Nothing was logged for 90 min before it.", "job *1* done",
                  "the next boot was logged 2.0 h after the last message"):  # fmt: skip
        assert words in out, words
    plain = rendered(of(base, doctor, evidence(stall(5), log__silence=599.0, log__downtime=7200.0)), form)
    assert "Nothing was logged" not in plain
    assert "next boot" not in plain


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_order(usual: Verdict, form: str) -> None:
    out = rendered(usual, form)
    heads = ["What happened", "Why ", "Beside it", "Also possible", "Do next", "Fix", "Prevent"]
    marks = {"text": "\n{}", "markdown": "\n### {}", "html": "<h2>{}"}
    places = [out.index(marks[form].format(head)) for head in heads]
    assert places == sorted(places)


def test_markdown_and_html_hold_references_and_facts(usual: Verdict) -> None:
    assert "[The manual](<https://example.org/manual>)" in rendered(usual, "markdown")
    assert "| hardware.cable_age | 7 | test |" in rendered(usual, "markdown")
    page = rendered(usual, "html")
    assert '<a href="https://example.org/manual" rel="noreferrer">The manual</a>' in page
    assert "<td>hardware.cable_age</td><td>7</td>" in page


def test_commands_are_quoted(usual: Verdict) -> None:
    assert "$ smartctl -A '/dev/disk one'" in rendered(usual, "text")
    assert "`smartctl -A '/dev/disk one'`" in rendered(usual, "markdown")
    assert "<pre>smartctl -A &#x27;/dev/disk one&#x27;</pre>" in rendered(usual, "html")


def test_code_of_the_knowledge_stays_code(usual: Verdict) -> None:
    assert "Push `the cable` in." in rendered(usual, "markdown")
    assert "Push <code>the cable</code> in." in rendered(usual, "html")


@pytest.mark.parametrize("form", FORMATS)
def test_empty_evidence(base: Base, doctor: Diagnostician, form: str) -> None:
    out = rendered(of(base, doctor, evidence()), form)
    assert ("no-failure" if form == "json" else "NO FAILURE FOUND") in out
    assert "What happened" not in out


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_undetermined_names_the_unknown(base: Base, doctor: Diagnostician, form: str) -> None:
    out = rendered(of(base, doctor, evidence(stall(), hardware__cable_age=0)), form)
    assert "UNDETERMINED" in out
    assert "something this knowledge does not name" in out.lower()
    assert "83 %" in out


@pytest.mark.parametrize(("loaded", "said"), [(True, "a dump can be expected"), (False, "No dump would be saved")])
@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_readiness(base: Base, doctor: Diagnostician, form: str, loaded: bool, said: str) -> None:
    assert said in rendered(of(base, doctor, evidence(stall(), kdump__loaded=loaded)), form)
    assert "othing is known about kdump" in rendered(of(base, doctor, evidence(stall())), form)


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_something_else_stands_under_its_heading(usual: Verdict, form: str) -> None:
    only = {**usual, "causes": usual["causes"][:1], "status": "undetermined", "something_else": 0.4}
    assert render(only, form).index("Also possible") < render(only, form).lower().index("does not name")


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_advice_stands_under_its_condition_while_undetermined(usual: Verdict, form: str) -> None:
    first = next(cause for cause in usual["causes"] if cause["facet"] == "mechanism")
    first.update(mitigate="Stop the burner.", fix="Blow it out.", prevent="Use lamps.", probability=0.45)
    settled = render({**usual, "status": "likely"}, form)
    open_ = render({**usual, "status": "undetermined"}, form)
    for said in (settled, open_):
        assert [said.index(text) for text in ("Stop the burner", "Blow it out", "Use lamps")] == sorted(
            said.index(text) for text in ("Stop the burner", "Blow it out", "Use lamps")
        )
    assert f"If it is {first['id']}" in open_
    assert "If it is" not in settled
    first["probability"] = 0.25
    assert "Blow it out" not in render({**usual, "status": "undetermined"}, form)


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_what_a_person_told_has_no_line(base: Base, doctor: Diagnostician, form: str) -> None:
    out = rendered(of(base, doctor, evidence(stall(0))), form)
    assert "told" in out
    assert "line 0" not in out


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_with_several_logs_the_one_is_named(base: Base, doctor: Diagnostician, form: str) -> None:
    second = stall(5)
    second.file = 1
    out = rendered(of(base, doctor, evidence(second)._replace(files=["a.log", "b.log"])), form)
    assert "b.log" in out
    assert "a.log" not in out


# one screen


def test_text_fits_one_screen(built_in: Work) -> None:
    text = render(built_in.verdict(None, [str(LOGS / "null-in-driver.log")]), "text", width=100)
    assert text.startswith("DIAGNOSED")
    assert len(text.splitlines()) <= 45
    assert "quux_ioctl" in text


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
def test_text_keeps_within_the_width(usual: Verdict, hostile: Verdict, built_in: Work, width: int) -> None:
    for one in (usual, hostile, built_in.verdict(None, [str(LOGS / "null-in-driver.log")])):
        lines = rendered(one, "text", width).splitlines()
        long = [line for line in lines[1:] if len(line) > width and not line.lstrip().startswith(("$", "Signature"))]
        assert long == []


def test_colour_only_when_asked(usual: Verdict) -> None:
    plain, coloured = render(usual, "text"), render(usual, "text", colour=True)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert coloured != plain


# hostile text


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_steers_the_reader(hostile: Verdict, form: str) -> None:
    out = rendered(hostile, form)
    assert STEERING.search(out) is None
    assert "red" in out  # it is shown, not dropped
    out.encode("utf-8")


def test_json_is_complete(hostile: Verdict) -> None:
    again = json.loads(rendered(hostile, "json"))
    assert again == json.loads(json.dumps(hostile))
    assert again["input"] == HOSTILE


TAGS = (
    "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "h1", "h2", "div", "p", "ul", "ol",
    "li", "table", "tr", "td", "th", "a", "i", "strong", "span", "code", "pre", "br",
)  # fmt: skip


class Page(HTMLParser):
    VOID = ("meta", "br")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def test_html_is_one_page_of_its_own(usual: Verdict, hostile: Verdict) -> None:
    for one in (usual, hostile):
        page = Page()
        page.feed(rendered(one, "html"))
        page.close()
        assert page.open == []
        assert set(TAGS).issuperset(tag for tag, _ in page.tags)
        for _, attributes in page.tags:
            assert {"href", "rel", "class", "style", "lang", "charset", "name", "content", "http-equiv"} >= set(
                attributes
            )
        assert {a["href"] for tag, a in page.tags if tag == "a"} <= {"https://example.org/manual"}
        policy = next(a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
        assert policy is not None
        assert "default-src 'none'" in policy
    assert "<script>alert(1)</script>" in page.text


def test_html_has_no_outside_resource(usual: Verdict) -> None:
    style = rendered(usual, "html").partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    assert "prefers-color-scheme:dark" in style
    assert "@media print" in style


def parsed(markdown: str) -> list[Token]:
    return MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(markdown)


def flat(tokens: list[Token]) -> list[Token]:
    return [t for token in tokens for t in [token, *(token.children or [])]]


def test_markdown_holds_no_markup_of_a_log(hostile: Verdict) -> None:
    tokens = flat(parsed(rendered(hostile, "markdown")))
    kinds = {token.type for token in tokens}
    assert not kinds & {"html_inline", "html_block", "image", "s_open", "fence", "code_block"}
    assert {str(t.attrs["href"]) for t in tokens if t.type == "link_open"} <= {"https://example.org/manual"}
    headings = [tokens[i + 1].content for i, t in enumerate(tokens) if t.type == "heading_open"]
    assert len([h for h in headings if "head" in h]) == 1  # the name of the input, nothing below it
    assert "em_open" not in kinds
    shown = [t.content for t in tokens if t.type == "code_inline" and "<script>" in t.content]
    assert " ".join(safe(HOSTILE).split()) in " ".join(" ".join(shown).split())


def test_markdown_tables_keep_their_columns(hostile: Verdict) -> None:
    tokens = parsed(rendered(hostile, "markdown"))
    rows = [i for i, t in enumerate(tokens) if t.type == "tr_open"]
    assert len(rows) == 1 + len(hostile["facts"])
    for start in rows:
        end = next(i for i in range(start, len(tokens)) if tokens[i].type == "tr_close")
        cells = [t for t in tokens[start:end] if t.type in ("td_open", "th_open")]
        assert len(cells) == 3
    shown = ["".join(c.content for c in t.children or []) for t in tokens if t.type == "inline"]
    assert any(cell.startswith("cheap ?[31;1mred") and "| pipe \\| *b*" in cell for cell in shown)


def plain_text(tokens: list[Token]) -> str:
    return "".join(t.content for t in flat(tokens) if t.type in ("text", "code_inline", "text_special"))


awkward = st.text(st.sampled_from(list("`|\\*_[]()<>&#!~$@-+=.:/ 1ab\n\t\u202e\x1b")), max_size=30)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(awkward)
def test_escaped_text_reads_as_it_is(text: str) -> None:
    wanted = " ".join(safe(text).split())
    for before, after in (("", ""), ("- ", ""), ("| ", " | x |\n| --- | --- |\n"), ("word ", " word")):
        tokens = parsed(f"{before}{escape(text)}{after}")
        leaves = [t for t in flat(tokens) if t.type not in ("inline", "text", "text_special")]
        assert all(t.type.startswith(("paragraph", "list_item", "bullet_list", "t")) for t in leaves)
        assert wanted in plain_text(tokens)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(awkward.filter(str.strip))
def test_code_spans_read_as_they_are(text: str) -> None:
    (inline,) = [t for t in parsed(f"x {code(text)} y") if t.type == "inline"]
    (span,) = [t for t in inline.children or [] if t.type == "code_inline"]
    assert span.content == safe(text)


# small helpers


def test_links_are_web_addresses() -> None:
    assert link("https://docs.kernel.org/a_b.html?x=1#y") == "https://docs.kernel.org/a_b.html?x=1#y"
    for bad in (
        "javascript:alert(1)",
        "https://x/ y",
        'https://x/"onclick="',
        "https://x/<b>",
        "https://x/\n",
        "",
        "//x",
    ):
        assert link(bad) == ""


def test_spans() -> None:
    assert list(spans("set `a=1` or `b`")) == [(False, "set "), (True, "a=1"), (False, " or "), (True, "b")]
    assert list(spans("one ` alone")) == [(False, "one ` alone")]
    assert prose("a `b|c` *d*") == r"a `b|c` \*d\*"


def test_percent_never_promises_all_or_nothing() -> None:
    assert [percent(p) for p in (0.0, 0.004, 0.5, 0.99, 0.9949, 1.0)] == [
        "1 %",
        "1 %",
        "50 %",
        "99 %",
        "over 99 %",
        "over 99 %",
    ]


def test_seconds() -> None:
    assert [seconds(v) for v in (0.0, 119.9, 120, 7200, 172800)] == ["0.0 s", "119.9 s", "2 min", "2.0 h", "2.0 days"]


def test_wrap_never_loses_or_overflows() -> None:
    text = "short " + "x" * 95 + " and more words " + "y" * 41
    lines = list(wrap(text, 40))
    assert max(map(len, lines)) <= 40
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_safe() -> None:
    assert safe("caf\u00e9 \u4e2d") == "caf\u00e9 \u4e2d"
    assert safe("a\tb\nc\x1b[0m\u202e\x9b\ud800\u061c") == "a b c?[0m????"
