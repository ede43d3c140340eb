"""Rows of columns: a place for a cursor's sign, then cells of fixed widths with gaps between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, Protocol, TypeVar

from dashboard.ui.draw.spans import Row, Span, padded


class Fitted(Protocol):
    """What is asked of a column here."""

    @property
    def width(self) -> int: ...

    @property
    def align(self) -> Literal["left", "right"]: ...


C = TypeVar("C", bound=Fitted)


def taken(columns: Sequence[Fitted], gap: int) -> int:
    """Return how many cells a row of these columns takes."""
    return 1 + sum(column.width for column in columns) + gap * (len(columns) - 1)


def across(columns: Iterable[tuple[C, int]], gap: int, cell: Callable[[C, int], Span]) -> Row:
    """Return the row that `cell` fills, asked for each column with the cells that it has."""
    between: Span = (" " * gap, "text")
    spans: list[Span] = [(" ", "text")]
    for column, size in columns:
        text, role = cell(column, size)
        spans += [(padded(text, size, right=column.align == "right"), role), between]
    return Row(tuple(spans[:-1]))
