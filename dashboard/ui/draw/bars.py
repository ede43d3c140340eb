"""Horizontal bars in eighths of a cell: level meters and the countdown of a wait."""

from __future__ import annotations

from dashboard.ui.draw.layout import Spans
from dashboard.ui.draw.spans import Role, Span

_EIGHTHS = " ▏▎▍▌▋▊▉"

METER_FLOOR_DBFS = -60.0
"""Left end of a level meter: what is below is silence to an ear."""

_HOT_DBFS = -6.0
_WARM_DBFS = -18.0


def bar(ratio: float, width: int) -> str:
    """Return `width` cells of which the share `ratio` (0..1) is filled, to an eighth of a cell."""
    eighths = round(min(1.0, max(0.0, ratio)) * width * 8)
    full, rest = divmod(eighths, 8)
    drawn = "█" * full + (_EIGHTHS[rest] if rest else "")
    return drawn.ljust(width)


def meter_position(level_dbfs: float) -> float:
    """Return where a level stands on a meter, 0..1."""
    return min(1.0, max(0.0, (level_dbfs - METER_FLOOR_DBFS) / -METER_FLOOR_DBFS))


def meter(level_dbfs: float, held_dbfs: float, width: int) -> Spans:
    """Draw a level (bar) and its held peak (tick) in `width` cells; quiet is green, near full scale red."""
    drawn = bar(meter_position(level_dbfs), width)
    peak = min(width - 1, int(meter_position(held_dbfs) * width))
    show_peak = held_dbfs > METER_FLOOR_DBFS
    spans: list[Span] = []
    for cell, char in enumerate(drawn):
        ticked = show_peak and cell == peak and char == " "
        char = "│" if ticked else "·" if char == " " else char
        tone = "faint" if char == "·" else _zone(cell, width)
        if spans and spans[-1][1] is tone:
            spans[-1] = (spans[-1][0] + char, tone)
        else:
            spans.append((char, tone))
    return tuple(spans)


def _zone(cell: int, width: int) -> Role:
    level = METER_FLOOR_DBFS * (1 - (cell + 0.5) / width)
    return "bad" if level > _HOT_DBFS else "warn" if level > _WARM_DBFS else "good"
