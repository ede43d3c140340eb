"""The ticket: short, and only text where the peer wrote."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from markdown_it import MarkdownIt

from dashboard.exporters.markdown import TEXT_LIMIT, inert, ticket
from dashboard.exporters.report import Report, report_of
from tests.unit.exporters.test_html import hostile_call, origin_of

ReportOn = Callable[..., Report]

RENDERER = MarkdownIt("gfm-like", {"html": True})
OURS = frozenset({"h2", "h3", "p", "ul", "li", "strong", "code", "table", "thead", "tbody", "tr", "th", "td"})


def rendered(text: str) -> tuple[set[str], str]:
    """Return the elements that a renderer which trusts everything makes of `text`, and the text that is then seen."""
    tags, seen = set(), []
    for token in RENDERER.parse(text):
        tags |= {token.tag} if token.nesting >= 0 and token.tag else set()
        for child in token.children or ():
            assert child.type not in ("html_inline", "link_open", "image"), child
            tags |= {child.tag} if child.tag else set()
            seen.append(child.content)
        assert token.type not in ("html_block", "code_block", "fence", "hr", "blockquote_open"), token
    return tags, "".join(seen)


def test_a_bad_day_fits_into_a_ticket(report_on: ReportOn) -> None:
    text = ticket(report_on("bad-day", 120.0))
    assert text.startswith("## ▲ degraded: The connection was open and dead")
    assert len(text.splitlines()) < 80
    assert len(text) < 8000
    tags, seen = rendered(text)
    assert tags == OURS
    for sentence in report_on("bad-day", 120.0).story:
        assert sentence in seen


def test_our_own_sentences_stay_readable_as_they_are(report_on: ReportOn) -> None:
    report = report_on("bad-day", 120.0)
    for text in (*report.story, *(found.finding.summary for found in report.findings)):
        assert inert(text) == text


PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "https://evil.example/?a=b",
    "www.evil.example",
    "mail me@evil.example",
    "@everyone #1 :boom:",
    "**bold** _it_ ~~gone~~ `code` ``two`` ```three",
    "a | b | c",
    "--- \n# title\n> quote\n1. one",
    "|---|---|",
    "`",
    "\\` \\",
    "&lt;b&gt; &copy;",
)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_of_a_peer_means_nothing_to_a_renderer(payload: str) -> None:
    text = ticket(report_of(hostile_call(payload).facts, origin_of(payload)))
    tags, seen = rendered(text)
    assert tags <= OURS
    shown = payload.replace("\n", "␊").replace("↵", "␊")
    assert shown in seen.replace("↵", "␊")
    assert all(
        line.count("|") - line.count("\\|") in (0, 3, 4, 9) for line in text.splitlines() if line.startswith("|")
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain words, 4.2 s (90 %)", "plain words, 4.2 s (90 %)"),
        ("straße ✓", "straße ✓"),
        ("a_b", "a_b"),
        ("_a_", "`_a_`"),
        ("- list", "`- list`"),
        ("1. list", "`1. list`"),
        ("a `b` ``c``", "``` a `b` ``c`` ```"),
        ("x" * (TEXT_LIMIT + 5), "x" * TEXT_LIMIT + "… (+5 more)"),
    ],
)
def test_only_what_could_be_markup_stands_in_a_code_span(text: str, written: str) -> None:
    assert inert(text) == written


def test_a_bar_in_a_table_is_no_border() -> None:
    assert inert("a|b", cell=True) == "`a\\|b`"
