"""Lateness over time as columns of eighths of a cell: what is missing is drawn as missing, never as zero."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dashboard.call.state import CallState
from dashboard.ui.draw.layout import Spans, merged
from dashboard.ui.draw.spans import Role, Span

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_NO_MEDIA = "·"
_DOWN = "░"

_TOPS_S = (0.010, 0.020, 0.050, 0.100, 0.200, 0.500, 1.0, 2.0, 5.0, 10.0)


def scale_top(values: Iterable[float | None], most_s: float) -> float:
    """Return a round top for the scale, s, at most `most_s`: beyond it a column is full and says so by its colour."""
    highest = max((value for value in values if value is not None), default=0.0)
    return min(most_s, next((top for top in _TOPS_S if highest <= top), most_s))


def outage_spans(call: CallState) -> list[tuple[float, float]]:
    """Return beginning and end of the newest outages, the one that goes on included, monotonic s."""
    link = call.link
    spans = [(outage.started_at, outage.ended_at or call.now) for outage in link.outages[-20:]]
    return [*spans, (link.outage.started_at, call.now)] if link.outage is not None else spans


def column_of(at: float, now: float, window_s: float, count: int) -> int | None:
    """Return in which of `count` columns, aligned as those of `media.readings.columns`, a moment lies; None: before."""
    width_s = window_s / count
    column = int(at // width_s) - int(now // width_s) + count - 1
    return column if 0 <= column < count else None


def down_columns(outages: Iterable[tuple[float, float]], now: float, window_s: float, count: int) -> list[bool]:
    """Tell which of `count` columns, aligned as those of `media.readings.columns`, lie wholly in an outage.

    outages: beginning and end of each, monotonic s.
    """
    width_s = window_s / count
    first = int(now // width_s) - count + 1
    down = [False] * count
    for began, ended in outages:
        for column in range(max(0, int(began // width_s) + 1 - first), min(count, int(ended // width_s) - first)):
            down[column] = True
        if ended >= now:
            down[-1] = True
    return down


def sparkline(
    values: Sequence[float | None], down: Sequence[bool], height: int, *, top_s: float, warn_s: float, bad_s: float
) -> list[Spans]:
    """Draw one column per value, `height` rows from the top down.

    Above `warn_s` a column is yellow, above `bad_s` red. `down`: there was no connection; None: no media came.
    """
    return [
        merged(_cell(value, lost, row, height, top_s, warn_s, bad_s) for value, lost in zip(values, down, strict=True))
        for row in range(height - 1, -1, -1)
    ]


def _cell(value: float | None, lost: bool, row: int, height: int, top_s: float, warn_s: float, bad_s: float) -> Span:
    if value is None:
        if lost:
            return _DOWN, "bad"
        return (_NO_MEDIA, "faint") if row == 0 else (" ", "faint")
    eighths = max(1, min(height * 8, round(value / top_s * height * 8)))
    role: Role = "bad" if value > bad_s else "warn" if value > warn_s else "accent"
    return _EIGHTHS[max(0, min(8, eighths - row * 8))], role
