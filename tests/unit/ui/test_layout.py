"""Spans side by side: what is drawn never takes more cells than there are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboard.ui.draw.layout import Spans, crop, join, join_fitting, pad, shorten, shorten_middle, spread
from dashboard.ui.draw.spans import cells


def plain(row: Spans) -> str:
    return "".join(text for text, _ in row)


TEXTS = st.text(alphabet=st.sampled_from("ab漢字é· "), max_size=12)
ROWS = st.lists(st.tuples(TEXTS, st.sampled_from(["text", "dim"])), max_size=4).map(tuple)


@given(ROWS, st.integers(0, 30))
def test_a_cropped_row_fits(row: Spans, width: int) -> None:
    assert cells(crop(row, width)) <= width


@given(ROWS, st.integers(1, 30))
def test_a_padded_row_is_exactly_as_wide_as_asked(row: Spans, width: int) -> None:
    assert cells(pad(row, width)) == width


@given(ROWS, ROWS, st.integers(1, 40))
def test_two_ends_share_the_width(left: Spans, right: Spans, width: int) -> None:
    assert cells(spread(left, right, width)) <= width


@given(TEXTS, st.integers(0, 20))
def test_shortened_text_fits(text: str, width: int) -> None:
    assert cells([(shorten(text, width), "text")]) <= width
    assert cells([(shorten_middle(text, width), "text")]) <= width


def test_a_crop_says_that_something_is_missing() -> None:
    assert plain(crop((("abc", "text"), ("defgh", "dim")), 6)) == "abcde…"


def test_an_address_keeps_both_ends() -> None:
    assert shorten_middle("wss://api.example.test/v1/stream/ws-77", 20) == "wss://api.…eam/ws-77"


def test_the_right_end_wins_when_there_is_no_room() -> None:
    assert plain(spread((("a long left side", "text"),), (("right", "text"),), 9)) == "a…  right"
    assert plain(spread((("left", "text"),), (("too long for it", "text"),), 8)) == "too lon…"


def test_only_the_first_parts_that_fit_are_kept() -> None:
    parts: list[Spans] = [(("one", "text"),), (("two", "text"),), (("three", "text"),)]
    assert plain(join_fitting(parts, 10)) == "one  two"
    assert plain(join_fitting(parts, 2)) == "o…"
    assert plain(join([parts[0], (), parts[1]], "-")) == "one-two"
