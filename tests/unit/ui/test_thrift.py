"""What is said to the terminal in fewer bytes must draw the same picture."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.ui.thrift import thrifty

GREY_ON_NIGHT = "\x1b[38;2;204;211;219;48;2;14;18;23m"
BLUE_ON_NIGHT = "\x1b[38;2;79;179;208;48;2;14;18;23m"

attributes = st.lists(st.sampled_from(["1", "2", "3", "4", "7", "9"]), max_size=2, unique=True)
inks = st.sampled_from(["", "31", "97", "38;5;208", "38;2;204;211;219"])
grounds = st.sampled_from(["", "44", "107", "48;5;17", "48;2;14;18;23"])
texts = st.text("ab ▄⣿", max_size=4)
moves = st.sampled_from(["", "\n", "\x1b[2;3H", "\x1b[4;1H"])


@st.composite
def pieces(draw: st.DrawFn) -> str:
    """A piece as Textual writes it, or one that leaves its look to the next."""
    look = ";".join(code for code in (*draw(attributes), draw(inks), draw(grounds)) if code)
    start = f"\x1b[{look}m" if look else ""
    return draw(moves) + start + draw(texts) + draw(st.sampled_from(["\x1b[0m", "\x1b[m", ""]))


def picture(*writes: str) -> list[list[tuple[object, ...]]]:
    """Every cell as it is seen: of a blank one its ground and what is drawn through or under it."""
    screen = pyte.Screen(20, 6)
    stream = pyte.Stream(screen)
    for text in writes:
        stream.feed(text)
    cells = [[screen.buffer[y][x] for x in range(20)] for y in range(6)]
    return [[_seen(cell) for cell in row] for row in cells]


def _seen(cell: pyte.screens.Char) -> tuple[object, ...]:
    lines = (cell.underscore, cell.strikethrough, cell.reverse)
    if cell.data == " " and not any(lines):
        return (" ", cell.bg)
    return (cell.data, cell.fg, cell.bg, cell.bold, cell.italics, *lines)


@given(st.lists(pieces(), max_size=8), st.lists(pieces(), max_size=3))
def test_fewer_bytes_draw_the_same_picture(first: list[str], then: list[str]) -> None:
    writes = [f"{''.join(pieces)}\x1b[0m" for pieces in (first, then)]
    assert picture(*map(thrifty, writes)) == picture(*writes)


@given(st.lists(pieces(), max_size=4))
def test_the_look_at_the_end_is_kept(unended: list[str]) -> None:
    text = "".join(unended)
    assert picture(thrifty(text), "\x1b[3;3Hx y") == picture(text, "\x1b[3;3Hx y")


def test_only_what_differs_is_said() -> None:
    text = f"\x1b[5;3H{GREY_ON_NIGHT}lateness\x1b[0m{BLUE_ON_NIGHT}12.3\x1b[0m\n\x1b[6;3H{BLUE_ON_NIGHT}14.1\x1b[0m"
    said = f"\x1b[5;3H{GREY_ON_NIGHT}lateness\x1b[38;2;79;179;208m12.3\n\x1b[6;3H14.1\x1b[0m"
    assert thrifty(text) == said


def test_a_gap_takes_the_ink_of_what_stands_before_it() -> None:
    text = f"{BLUE_ON_NIGHT}a\x1b[0m{GREY_ON_NIGHT}    \x1b[0m{BLUE_ON_NIGHT}b\x1b[0m"
    assert thrifty(text) == f"{BLUE_ON_NIGHT}a    b\x1b[0m"


def test_bold_is_ended_without_saying_the_colours_again() -> None:
    text = "\x1b[1;38;5;9;48;5;0ma\x1b[0m\x1b[38;5;9;48;5;0mb\x1b[0m"
    assert thrifty(text) == "\x1b[1;38;5;9;48;5;0ma\x1b[22mb\x1b[0m"


@pytest.mark.parametrize("text", ["", "\x1b[?2026h", "\x1b]0;title\x07", "plain", "\x1b[5ma\x1b[99mb\x1b[0m"])
def test_what_is_not_understood_is_passed_on_as_it_is(text: str) -> None:
    assert thrifty(text) == text
