"""Rows of text, wrapped and cut to the cells there are.

No colours here: a role says what a text is, `theme.tcss` how that looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from rich.cells import cell_len, get_character_cell_size, set_cell_size

from dashboard.ui.draw.units import count
from dashboard.wiretext import visible

Role = Literal[
    "text", "strong", "dim", "faint", "partial", "accent", "caller", "bot", "good", "warn", "bad", "match", "current",
    "cursor", "badge", "badge-warn", "badge-bad",
]  # fmt: skip
ROLES: tuple[Role, ...] = get_args(Role)

Span = tuple[str, Role]
"""A text and what it is."""

MAX_LINES = 6
"""Screen lines that one row takes at most; what does not fit is counted."""

_NARROWEST_BODY = 12
_UNITS = frozenset(("s", "ms", "min", "h", "%", "dBFS", "ppm"))
_MARKS_KEPT = 2  # combining marks on one character: enough for Vietnamese and Thai, too few to climb into other rows


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a log: `lead` and `tail` stand on its first line, `body` wraps between them.

    `rule` fills what the body leaves free of its last line: a row with one is a separator.
    """

    lead: tuple[Span, ...] = ()
    body: tuple[Span, ...] = ()
    tail: tuple[Span, ...] = ()
    rule: Span | None = None


def tame(text: str) -> str:
    """Make `text` fit for a terminal cell by cell: visible, at most two marks on a character, no variation selectors.

    Terminals disagree on the width of a character with a variation selector, so a row that held one could not be
    kept within its width.
    """
    text = visible(text)
    if text.isascii():
        return text
    kept: list[str] = []
    marks = _MARKS_KEPT
    for char in text:
        if get_character_cell_size(char):
            marks = 0
        elif _selects_variation(char):
            continue
        elif not kept:
            kept.append("◌")  # a mark with nothing before it would sit on its neighbour
            marks = 1
        else:
            marks += 1
            if marks > _MARKS_KEPT:
                continue
        kept.append(char)
    return "".join(kept)


def _selects_variation(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def cells(spans: Iterable[Span]) -> int:
    """Return how many cells the spans take."""
    return sum(cell_len(text) for text, _ in spans)


def fitted(spans: Sequence[Span], width: int) -> list[Span]:
    """Return the spans cut or filled with spaces to exactly `width` cells."""
    out: list[Span] = []
    free = width
    for text, role in spans:
        size = cell_len(text)
        if size > free:
            text, size = set_cell_size(text, free), free
        if text:
            out.append((text, role))
        free -= size
    if free > 0:
        out.append((" " * free, "text"))
    return out


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Return `text` in exactly `width` cells, an ellipsis where it was cut; numbers stand `right`."""
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1).rstrip() + "…" if width > 0 else ""
    size = cell_len(text)
    return " " * (width - size) + text if right else text + " " * (width - size)


def wrap(text: str, width: int, max_lines: int = MAX_LINES) -> list[tuple[int, int]]:
    """Return the pieces of `text` (tamed) that stand on each line, as index pairs; at most `max_lines` of them.

    Lines break at spaces, but not before a figure's unit; a word that is longer than a line, or a text without spaces,
    breaks anywhere.
    """
    sizes = None if text.isascii() else [get_character_cell_size(char) for char in text]
    lines: list[tuple[int, int]] = []
    start = 0
    while start < len(text) and len(lines) < max_lines:
        end = _reach(sizes, len(text), start, width)
        if end < len(text):
            end = _break(text, start, end, width)
        lines.append((start, end))
        start = end
        while start < len(text) and text[start] == " ":
            start += 1
    return lines or [(0, 0)]


def _break(text: str, start: int, end: int, width: int) -> int:
    """Return where a line that is full at `end` is broken."""
    space = end if text[end] == " " else text.rfind(" ", start, end)
    word = text[space + 1 : space + 2 + width].partition(" ")[0]
    if space <= start or (space < end and len(word) > width):
        return end
    if word.rstrip(".,;:)") in _UNITS and text[space - 1].isdigit():
        before = text.rfind(" ", start, space)
        space = before if before > start else space
    return min(space + 1, end)


def _reach(sizes: Sequence[int] | None, length: int, start: int, width: int) -> int:
    """Return where a line that begins at `start` is full; at least one character on."""
    if sizes is None:
        return min(length, start + width)
    end, used = start, 0
    while end < length and used + sizes[end] <= width:
        used += sizes[end]
        end += 1
    return max(end, start + 1)


def paint(row: Row, width: int, pattern: re.Pattern[str] | None = None, *, current: bool = False) -> list[list[Span]]:
    """Return the lines of a row, each exactly `width` cells; what `pattern` matches has the role of a match."""
    lead, tail = _tamed(row.lead), _tamed(row.tail)
    if row.body and width - cells(lead) < _NARROWEST_BODY:
        lead = ()
    if tail and width - cells(lead) - cells(tail) - 1 < _NARROWEST_BODY:
        tail = ()
    indent = cells(lead)
    room = max(1, width - indent - (cells(tail) + 1 if tail else 0))
    found: Role = "current" if current else "match"
    bodies = _body_lines(_marked(_tamed(row.body), pattern, found), room)
    bodies[-1] += _rule(row.rule, room - cells(bodies[-1]))
    first = fitted([*_marked(lead, pattern, found), *bodies[0]], indent + room)
    if tail:
        first += [(" ", "text"), *_marked(tail, pattern, found)]
    others = [[(" " * indent, "text"), *body] for body in bodies[1:]]
    return [fitted(line, width) for line in (first, *others)]


def _tamed(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    return tuple((tame(text), role) for text, role in spans)


def _rule(rule: Span | None, free: int) -> list[Span]:
    if rule is None or free < 2:
        return []
    return [(" " + rule[0] * (free - 1), rule[1])]


def _body_lines(body: Sequence[Span], room: int) -> list[list[Span]]:
    text = "".join(part for part, _ in body)
    pieces = wrap(text, room)
    left = len(text.rstrip()) - pieces[-1][1]
    lines = [_piece(body, start, end) for start, end in pieces]
    if left > 0:
        lines[-1] = _counted_out(body, pieces[-1], len(text), room)
    return lines


def _counted_out(body: Sequence[Span], last: tuple[int, int], length: int, room: int) -> list[Span]:
    """The last line of a text that goes on: shortened, with the number of characters that are not shown."""
    start, end = last
    while True:
        note = f"… +{count(length - end)} characters"
        if cell_len(note) > room:
            return [("…", "dim")]
        line = _piece(body, start, end)
        if cells(line) + cell_len(note) <= room or end <= start:
            return [*line, (note, "dim")]
        end -= 1


def _piece(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """Cut the characters from `start` to `end` out of the spans."""
    out: list[Span] = []
    at = 0
    for text, role in spans:
        if at < end and at + len(text) > start:
            out.append((text[max(0, start - at) : end - at], role))
        at += len(text)
    return out


def _marked(spans: Sequence[Span], pattern: re.Pattern[str] | None, found: Role) -> Sequence[Span]:
    if pattern is None or not spans:
        return spans
    text = "".join(part for part, _ in spans)
    out: list[Span] = []
    at = 0
    for match in pattern.finditer(text):
        start, end = match.span()
        if end > start:
            out += [*_piece(spans, at, start), (text[start:end], found)]
            at = end
    return [*out, *_piece(spans, at, len(text))]
