"""Plots by plotext, turned into spans: lateness over time, its histogram, round trips over time.

plotext costs 4 ms with a hundred points and grows with them, so series are reduced to the columns there are before
they are plotted. It writes ANSI; the palette numbers that it is given here stand for roles, and come back as roles.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, Literal

from dashboard.call.cognigy_figures import WHOLE, first_s
from dashboard.call.cognigy_view import COGNIGY
from dashboard.call.state import CallState
from dashboard.call.turns import all_turns
from dashboard.media import readings
from dashboard.media.pacing import WINDOW_S
from dashboard.ui.draw.findings import finding_marks
from dashboard.ui.draw.layout import Spans, crop
from dashboard.ui.draw.spans import Role, Span
from dashboard.ui.draw.sparkline import down_columns, outage_spans

PlotKind = Literal["lateness", "histogram", "round trips", "answers"]

_INKS: tuple[Role, ...] = ("dim", "accent", "warn", "bad", "faint")
_DIM, _ACCENT, _WARN, _BAD, _FAINT = range(5)
_SGR = re.compile(r"\x1b\[([\d;]*)m")

_TOPS_S = tuple(base * 10**power for power in range(-3, 3) for base in (1, 2, 5))
_BINS_S = (0.0, 0.001, 0.002, 0.005, 0.010, 0.020, 0.040, 0.060, 0.100, 0.200, 0.500)
_AXIS_CELLS = 8
_LEAST_PLOT_S = 10.0


def draw_plot(kind: PlotKind, call: CallState, window_s: float | None, width: int, height: int) -> list[Spans]:
    """Return `height` rows of at most `width` cells; `window_s` None is the whole call."""
    if width < 24 or height < 5:
        return [(("needs more room: M", "faint"),)]
    nothing = _NOTHING[kind](call)
    if nothing:
        return [(), ((f"  {nothing}", "faint"),)]
    return _PLOTS[kind](call, window_s, width, height)


@cache
def load_plotter() -> Any:
    """Return plotext's figure. It is loaded at its first use, so that it does not delay the first frame."""
    import plotext

    plotext.terminal.limit(False, False)  # the widget says how large, not the terminal
    return plotext.figure


def _fresh(width: int, height: int) -> Any:
    figure = load_plotter()
    figure.clear.data()
    figure.clear.settings()
    figure.theme("colorless")
    figure.plot_size(width, height)
    figure.axes(False, axis="x", side="upper")
    figure.axes(False, axis="y", side="right")
    return figure


def _marker(symbol: str, ink: int) -> Any:
    import plotext

    return plotext.marker(symbol, plotext.pixel(foreground=ink))


def _spans(figure: Any, width: int) -> list[Spans]:
    """Read the plot's ANSI text: an ink number becomes its role, text without one belongs to the frame."""
    rows: list[Spans] = []
    ink = 0
    for line in figure.build().string().splitlines():
        spans: list[Span] = []
        parts = _SGR.split(line)
        for at, part in enumerate(parts):
            if at % 2:
                ink = _ink_of(part, ink)
            elif part:
                spans.append((part, _INKS[ink]))
        rows.append(crop(tuple(spans), width))
    return rows


def _ink_of(code: str, ink: int) -> int:
    if code in ("", "0"):
        return 0
    number = code.removeprefix("38;5;")
    return int(number) if number.isdigit() and int(number) < len(_INKS) else ink


# -- lateness over time ---------------------------------------------------------------------------------


def _lateness(call: CallState, window_s: float | None, width: int, height: int) -> list[Spans]:
    shown_s, count = window_s or WINDOW_S, width - _AXIS_CELLS
    values = readings.columns(call.inbound.pacing, call.now, shown_s, count)
    targets = call.targets
    top_s = _round_top(max((value for value in values if value is not None), default=0.0), 0.010)
    figure = _fresh(width, height)
    _threshold(figure, targets.buffer_s, count, top_s, _FAINT)
    _curve(figure, values)
    for ink, lowest_s in ((_WARN, targets.buffer_s), (_BAD, targets.spike_s)):
        high = [(x, value * 1000) for x, value in enumerate(values) if value is not None and value > lowest_s]
        if high:
            figure.draw(figure.signal(*zip(*high, strict=True), marker=_marker("●", ink)))
    down = [x for x, lost in enumerate(down_columns(outage_spans(call), call.now, shown_s, count)) if lost]
    if down:
        figure.draw(figure.signal(down, [0.0] * len(down), marker=_marker("░", _BAD)))
    for x, (symbol, role) in finding_marks(call, shown_s, count).items():
        figure.draw(figure.signal([x], [0.0], marker=_marker(symbol, _INKS.index(role))))
    _axes(figure, count, top_s, (f"−{shown_s:.0f} s", f"−{shown_s / 2:.0f} s", "now"))
    return _spans(figure, width)


def _curve(figure: Any, values: Sequence[float | None]) -> None:
    """Draw the line; where a value is missing it is interrupted."""
    known = [(x, value * 1000) for x, value in enumerate(values) if value is not None]
    if not known:
        return
    xs, ys = zip(*known, strict=True)
    signal = figure.signal(xs, ys, marker=_marker("braille", _ACCENT)).lines(True)
    for index in range(1, len(xs)):
        if xs[index] - xs[index - 1] > 1:
            signal.line(index, False)
    figure.draw(signal)


def _threshold(figure: Any, at_s: float, count: int, top_s: float, ink: int) -> None:
    if at_s < top_s:
        figure.draw(figure.signal(range(count), [at_s * 1000] * count, marker=_marker("╌", ink)))


def _axes(figure: Any, count: int, top_s: float, times: tuple[str, str, str]) -> None:
    _rule(figure, "x", count - 1, [0, (count - 1) // 2, count - 1], times)
    top = top_s * 1000
    _rule(figure, "y", top, [0, top / 2, top], ["0", _plain(top / 2), f"{_plain(top)} ms"])


def _rule(figure: Any, axis: str, end: float, places: Sequence[float], labels: Sequence[str]) -> None:
    """Scale an axis from 0 to `end`. Labels of y are as wide as `_AXIS_CELLS` says: then a column is a cell."""
    wide = _AXIS_CELLS - 1 if axis == "y" else 0
    ruler = figure.ruler(axis)
    ruler.lim(0, end)
    ruler.ticks(list(places), [label.rjust(wide) for label in labels])


def _round_top(highest_s: float, least_s: float) -> float:
    return next((top for top in _TOPS_S if top >= max(highest_s, least_s)), highest_s)


def _plain(value: float) -> str:
    return f"{value:g}"


# -- histogram ------------------------------------------------------------------------------------------


def _histogram(call: CallState, window_s: float | None, width: int, height: int) -> list[Spans]:
    """Bars with logarithmic heights, so that one late frame among thousands is seen."""
    counts = readings.histogram_bins(call.inbound.pacing, _BINS_S, window_s, call.now)
    targets, count = call.targets, width - _AXIS_CELLS
    step = count // len(_BINS_S)
    figure = _fresh(width, height)
    for place, (low_s, frames) in enumerate(zip(_BINS_S, counts, strict=True)):
        ink = _BAD if low_s >= targets.spike_s else _WARN if low_s >= targets.buffer_s else _ACCENT
        if frames:
            cells = range(place * step, (place + 1) * step - 1)
            bar = figure.signal(cells, [_log_height(frames)] * len(cells), marker=_marker("full", ink))
            figure.draw(bar.fillx(True))
    digits = len(str(max(counts)))
    powers = [10**power for power in range(digits + 1)]
    edges = [*(_plain(edge * 1000) for edge in _BINS_S[:-1]), "500 ms"]
    _rule(figure, "x", count - 1, [place * step for place in range(len(_BINS_S))], edges)
    _rule(figure, "y", _log_height(10**digits), [_log_height(power) for power in powers], [f"{p:,}" for p in powers])
    return _spans(figure, width)


def _log_height(frames: int) -> float:
    """Half a frame is the ground that bars stand on. plotext's own log scale must not see them: it aborts at 0."""
    return math.log10(2 * frames)


# -- round trips ----------------------------------------------------------------------------------------


def _round_trips(call: CallState, window_s: float | None, width: int, height: int) -> list[Spans]:
    rtts = call.link.rtts
    count = width - _AXIS_CELLS
    began, ended = rtts[0][0], max(call.now, rtts[0][0] + 60.0)
    highest: dict[int, float] = {}
    for at, rtt_s in rtts:
        x = min(count - 1, int((at - began) / (ended - began) * (count - 1)))
        highest[x] = max(highest.get(x, 0.0), rtt_s * 1000)
    top_s = _round_top(max(highest.values()) / 1000, 0.001)
    figure = _fresh(width, height)
    xs, ys = zip(*sorted(highest.items()), strict=True)
    figure.draw(figure.signal(xs, ys, marker=_marker("braille", _ACCENT)).lines(True))
    figure.draw(figure.signal(xs, ys, marker=_marker("•", _ACCENT)))
    shown_s = ended - began
    _axes(figure, count, top_s, (_ago(shown_s), _ago(shown_s / 2), "now"))
    return _spans(figure, width)


# -- answers ----------------------------------------------------------------------------------------------


def _answers(call: CallState, window_s: float | None, width: int, height: int) -> list[Spans]:
    """A point for each turn: to its first output, and to its end above that."""
    turns = [turn for turn in all_turns(call.turns) if turn.latency_s is not None or turn.finished_at is not None]
    shown_s = window_s or max(_LEAST_PLOT_S, call.now - call.started_at)
    began, count = call.now - shown_s, width - _AXIS_CELLS
    figure = _fresh(width, height)
    highest_s = 0.0
    for measure, symbol, ink in ((WHOLE, "◦", _DIM), (partial(first_s, call=call), "•", _ACCENT)):
        known = [(turn.ended_at, seconds) for turn in turns if (seconds := measure(turn)) is not None]
        points = [(int((at - began) / shown_s * (count - 1)), seconds) for at, seconds in known if at >= began]
        if points:
            highest_s = max(highest_s, *(seconds for _, seconds in points))
            figure.draw(figure.signal(*zip(*points, strict=True), marker=_marker(symbol, ink)))
    top_s = _round_top(highest_s, 0.5)
    _rule(figure, "x", count - 1, [0, (count - 1) // 2, count - 1], (_ago(shown_s), _ago(shown_s / 2), "now"))
    _rule(figure, "y", top_s, [0, top_s / 2, top_s], ["0", _plain(top_s / 2), f"{_plain(top_s)} s"])
    return _spans(figure, width)


def _ago(seconds: float) -> str:
    return f"−{seconds:.0f} s" if seconds < 120 else f"−{seconds / 60:.0f} min"


_PLOTS: dict[PlotKind, Callable[[CallState, float | None, int, int], list[Spans]]] = {
    "lateness": _lateness,
    "histogram": _histogram,
    "round trips": _round_trips,
    "answers": _answers,
}
_NOTHING: dict[PlotKind, Callable[[CallState], str]] = {
    "lateness": lambda call: "" if call.inbound.pacing.frames else "no audio yet",
    "histogram": lambda call: "" if call.inbound.pacing.frames else "no audio yet",
    "round trips": lambda call: "" if call.link.rtts else "no ping answered yet",
    "answers": lambda call: "" if any(turn.latency_s for turn in all_turns(call.turns)) else "no answer yet",
}


def kinds_of(call: CallState) -> tuple[PlotKind, ...]:
    """Return what can be plotted of a call."""
    if not call.soundless:
        return ("lateness", "histogram", "round trips")
    return ("answers", "round trips") if call.dialect in COGNIGY else ("round trips",)
