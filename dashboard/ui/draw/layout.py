"""Spans side by side: cut, filled and spread over the cells there are.

A drawing function returns one `Spans` per line. Text from the wire enters one through `wiretext.visible` and is never
read as markup; the role of a span says what it means, `theme.tcss` how that looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size

from dashboard.ui.draw.spans import Span, cells

Spans = tuple[Span, ...]
"""One line of a panel."""

EMPTY: Spans = ()


def shorten(text: str, width: int) -> str:
    """Return `text` cut to `width` cells, with an ellipsis at its end when something is missing."""
    if cell_len(text) <= width:
        return text
    return "" if width <= 0 else set_cell_size(text, width - 1).rstrip() + "…"


def shorten_middle(text: str, width: int) -> str:
    """Return `text` cut to `width` cells by leaving out its middle: addresses and ids differ at their ends."""
    if cell_len(text) <= width:
        return text
    if width < 8:
        return shorten(text, width)
    tail = (width - 1) // 2
    return set_cell_size(text, width - 1 - tail) + "…" + set_cell_size(text[::-1], tail)[::-1]


def crop(row: Spans, width: int) -> Spans:
    """Return a row of at most `width` cells."""
    if cells(row) <= width:
        return row
    if width <= 0:
        return EMPTY
    kept: list[Span] = []
    room = width - 1
    for text, role in row:
        size = cell_len(text)
        if size > room:
            kept.append((set_cell_size(text, room).rstrip() + "…", role))
            break
        kept.append((text, role))
        room -= size
    return tuple(kept)


def spread(left: Spans, right: Spans, width: int) -> Spans:
    """Return `left` and `right` at the two ends of `width` cells; `left` gives way."""
    room = width - cells(right)
    if room <= 0:
        return crop(right, width)
    left = crop(left, max(0, room - 1))
    return (*left, (" " * (room - cells(left)), "text"), *right)


def pad(row: Spans, width: int) -> Spans:
    """Return a row of exactly `width` cells."""
    row = crop(row, width)
    missing = width - cells(row)
    return (*row, (" " * missing, "text")) if missing > 0 else row


def join(rows: Iterable[Spans], gap: str = "  ") -> Spans:
    """Return rows side by side, `gap` between those that are not empty."""
    joined: list[Span] = []
    for row in rows:
        if not row:
            continue
        if joined:
            joined.append((gap, "faint"))
        joined.extend(row)
    return tuple(joined)


def join_fitting(rows: Sequence[Spans], width: int, gap: str = "  ") -> Spans:
    """Return as many of the first rows side by side as `width` cells hold; the first one always."""
    count = len(rows)
    while count > 1 and cells(join(rows[:count], gap)) > width:
        count -= 1
    return crop(join(rows[:count], gap), width)


def stack(groups: Iterable[Sequence[Spans]], height: int) -> list[Spans]:
    """Return groups of rows one below the other, at most `height` rows; blank rows between them where there is room."""
    filled = [group for group in groups if group]
    spare = height - sum(map(len, filled))
    rows: list[Spans] = []
    for group in filled:
        if rows and spare > 0:
            rows.append(EMPTY)
            spare -= 1
        rows.extend(group)
    return rows[:height]


def merged(cells: Iterable[Span]) -> Spans:
    """Return a line of single cells as spans: neighbours of one role are one, a blank belongs to what is before it."""
    spans: list[Span] = []
    for text, role in cells:
        if spans and (spans[-1][1] == role or text == " "):
            spans[-1] = (spans[-1][0] + text, spans[-1][1])
        else:
            spans.append((text, role))
    return tuple(spans)
