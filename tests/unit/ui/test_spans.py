from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from dashboard.ui.draw.spans import MAX_LINES, Row, Span, cells, fitted, padded, paint, tame, wrap

ZALGO = "Z" + "\u0335\u0321\u0327\u0322\u0331" * 30 + "algo"
HOSTILE = [
    "\x1b[2J\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "[bold red]markup[/] [@click=app.quit]x[/]",
    "\u202egnp.exe\u202c",
    ZALGO,
    "\u0301leading mark",
    "寄件📦" * 40,
    "❤️" * 30,
    "👩‍👩‍👧‍👦🇩🇪👍🏽" * 10,
    "\ud800 lone surrogate",
    "a\tb\r\nc\x00\x7f\x9b31m",
    "x" * 2000,
    " " * 300,
    "",
]


def text_of(line: list[Span]) -> str:
    return "".join(text for text, _ in line)


@settings(max_examples=300, deadline=None)
@given(
    body=st.lists(st.text(max_size=300), max_size=3),
    lead=st.text(max_size=12),
    tail=st.text(max_size=12),
    width=st.integers(1, 220),
    needle=st.text(min_size=1, max_size=2),
)
@example(body=["宽" * 9], lead="", tail="", width=1, needle="宽")
@example(body=["宽" * 99], lead="", tail="", width=3, needle="x")
@example(body=["a" + "\u0300" * 9], lead="\u0300", tail="\ufe0f", width=2, needle="\u0300")
def test_any_text_at_any_width_is_painted_within_its_cells(
    body: list[str], lead: str, tail: str, width: int, needle: str
) -> None:
    row = Row(((lead, "dim"),), tuple((text, "text") for text in body), ((tail, "good"),), rule=("─", "faint"))
    lines = paint(row, width, re.compile(re.escape(needle), re.IGNORECASE))
    assert 1 <= len(lines) <= MAX_LINES
    for line in lines:
        assert cells(line) == width
        assert text_of(line).replace("\u2009", "").isprintable()  # but for the thin space of numbers


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_keeps_to_its_row(text: str) -> None:
    for width in (1, 7, 20, 80, 200):
        lines = paint(Row((("12:00:00 ", "dim"),), ((text, "text"),)), width)
        assert len(lines) <= MAX_LINES
        assert {cell_len(text_of(line)) for line in lines} == {width}
        assert not set("\x1b\x00\x07\x9b\r\n\u202e") & set("".join(map(text_of, lines)))


@given(st.text(max_size=400))
def test_a_tamed_text_is_as_wide_as_the_sum_of_its_characters(text: str) -> None:
    tamed = tame(text)
    assert cell_len(tamed) == sum(map(cell_len, tamed))


def test_marks_that_pile_up_are_cut_and_a_mark_without_a_letter_gets_one() -> None:
    assert tame(ZALGO) == "Z\u0335\u0321algo"
    assert tame("\u0301x") == "◌\u0301x"
    assert tame("Việt") == "Việt"


def test_markup_is_text() -> None:
    (line,) = paint(Row(body=(("[bold]x[/bold]", "text"),)), 20)
    assert text_of(line) == "[bold]x[/bold]      "


def test_lines_break_at_words_and_a_long_word_anywhere() -> None:
    text = "the parcel left LeipzigHalleInternational"
    assert [text[start:end].rstrip() for start, end in wrap(text, 12)] == [
        "the parcel",
        "left Leipzig",
        "HalleInterna",
        "tional",
    ]
    text = "ab internationals"
    assert [text[start:end].rstrip() for start, end in wrap(text, 14)] == ["ab", "internationals"]


@given(st.text("ab 寄", max_size=200), st.integers(2, 40))
def test_wrapping_loses_nothing_but_the_spaces_it_broke_at(text: str, width: int) -> None:
    pieces = wrap(text, width, max_lines=1000)
    assert "".join(text[start:end] for start, end in pieces).replace(" ", "") == text.replace(" ", "")
    assert all(cell_len(text[start:end].rstrip()) <= width for start, end in pieces)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("nothing came for 6.0 s", ["nothing came for", "6.0 s"]),
        ("late for up to 470 ms, twice", ["late for up to", "470 ms, twice"]),
        ("1234567890123456789 s", ["1234567890123456789", "s"]),
    ],
)
def test_a_figure_is_not_parted_from_its_unit(text: str, lines: list[str]) -> None:
    assert [text[start:end].rstrip() for start, end in wrap(text, 20)] == lines


def test_what_does_not_fit_is_counted_to_the_character() -> None:
    text = "x" * 2000
    lines = paint(Row(body=((text, "text"),)), 40)
    shown = "".join(map(text_of, lines))
    assert len(lines) == MAX_LINES
    note = re.search(r"… \+1\u2009(\d+) characters", shown)
    assert note is not None
    assert shown.count("x") + 1000 + int(note[1]) == 2000


def test_a_body_wraps_between_lead_and_tail_and_is_indented() -> None:
    row = Row((("12:00 ", "dim"),), (("one two three four five six", "text"),), (("640 ms", "text"),))
    first, second = map(text_of, paint(row, 32))
    assert first == "12:00 one two three four  640 ms"
    assert second == "      five six" + " " * 18


def test_a_panel_too_narrow_for_the_columns_keeps_the_text() -> None:
    row = Row((("12:00:00 ▸ caller ", "dim"),), (("hello", "text"),), (("640 ms", "text"),))
    assert text_of(paint(row, 14)[0]) == "hello         "


def test_a_separator_is_filled_to_the_end_of_its_last_line() -> None:
    row = Row(body=(("── lost: no close frame", "warn"),), rule=("─", "warn"))
    assert text_of(paint(row, 30)[0]) == "── lost: no close frame ──────"
    assert [text_of(line) for line in paint(row, 16)] == ["── lost: no     ", "close frame ────"]


def test_a_match_is_marked_across_the_spans_it_touches() -> None:
    row = Row(body=(("Track", "strong"), ("Parcel 0.93", "dim")))
    (line,) = paint(row, 16, re.compile("ckpar", re.IGNORECASE))
    assert line == [("Tra", "strong"), ("ckPar", "match"), ("cel 0.93", "dim")]
    (line,) = paint(row, 16, re.compile("0"), current=True)
    assert ("0", "current") in line


def test_fitting_cuts_a_wide_character_that_would_cross_the_edge() -> None:
    assert fitted([("a寄", "text"), ("b", "dim")], 2) == [("a ", "text")]


def test_padding_aligns_and_marks_what_was_cut() -> None:
    assert padded("7", 3) == "7  "
    assert padded("7", 3, right=True) == "  7"
    assert padded("abcdef", 4) == "abc…"
    assert cell_len(padded("寄寄寄", 4)) == 4
