"""The screen in ASCII: as wide as before, whatever was drawn."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color

from dashboard.ui.ascii import AsciiFilter, to_ascii
from dashboard.ui.draw.connection import draw_connection
from dashboard.ui.draw.jitter import draw_jitter, measure_jitter
from dashboard.ui.draw.plot import draw_plot, kinds_of
from tests import builders

waiting = cache(builders.waiting)


@given(st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs", "Cc", "Mn", "Me", "Mc", "Cf"]), max_size=20))
def test_ascii_takes_as_many_cells_as_what_it_stands_for(text: str) -> None:
    ascii_text = to_ascii(text)
    assert ascii_text.isascii()
    assert cell_len(ascii_text) == cell_len(text)


@pytest.mark.parametrize(
    ("text", "ascii_text"), [("▁▄█", "_:#"), ("● open ▸ ✖", "* open > x"), ("−60 s …", "-60 s ~"), ("漢", "??")]
)
def test_symbols_keep_their_sense(text: str, ascii_text: str) -> None:
    assert to_ascii(text) == ascii_text


def test_nothing_that_we_draw_becomes_a_question_mark() -> None:
    call = waiting()
    rows = [
        *draw_connection(call, 86, 14),
        *draw_jitter(call, measure_jitter(call, 60.0), 106, 14, window_s=60.0),
        *(row for kind in kinds_of(call) for row in draw_plot(kind, call, 60.0, 80, 14)),
    ]
    assert "?" not in to_ascii("".join(text for row in rows for text, _ in row))


def test_the_filter_changes_only_what_is_not_ascii() -> None:
    plain, drawn = Segment("plain"), Segment("╭─╮")
    assert AsciiFilter().apply([plain, drawn], Color(0, 0, 0)) == [plain, Segment("+-+")]
