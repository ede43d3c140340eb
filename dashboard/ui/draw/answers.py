"""In the place of the jitter of a call to a Cognigy endpoint, which has no audio: how quickly the bot answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dashboard.call.cognigy_figures import WHOLE, first_s
from dashboard.call.stages import percentile
from dashboard.call.state import CallState, Turn
from dashboard.call.turns import SLOW_S, all_turns
from dashboard.ui.draw.layout import EMPTY, Spans, crop, join, shorten
from dashboard.ui.draw.spans import Role, Span, cells, padded, tame
from dashboard.ui.draw.units import NOTHING, millis, span

_LABEL = 14
_FEW_ROWS = 8
_BAR = 16
_FIGURE = 16
_HEADS = ("last", "p50", "p95", "max")


def draw_answers(call: CallState, width: int, height: int) -> list[Spans]:
    """Return at most `height` rows of at most `width` cells."""
    turns = all_turns(call.turns)
    first = _known(first_s(turn, call) for turn in turns)
    whole = _known(map(WHOLE, turns))
    pings = _known(rtt_s for _, rtt_s in call.cognigy.rtts) if call.cognigy is not None else []
    in_parts = call.dialect != "cognigy-rest"  # there the answer comes when the turn is over
    if height < _FEW_ROWS:
        figures = [_short("first output", first)] if in_parts else []
        rows = [join([*figures, _short("whole turn", whole)]), *_bars(turns, call, width, height - 1)]
        return [crop(row, width) for row in rows[:height]]
    column = max(8, min(12, (width - _LABEL) // len(_HEADS)))
    table: list[Spans] = [
        (("ms".ljust(_LABEL), "dim"), ("".join(head.rjust(column) for head in _HEADS), "dim")),
        *([_figures("first output", first, column)] if in_parts else []),
        _figures("whole turn", whole, column),
        *([_figures("Engine.IO ping", pings, column)] if pings else []),
    ]
    rows = [*table, EMPTY, *_bars(turns, call, width, height - len(table) - 1)]
    return [crop(row, width) for row in rows[:height]]


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _figures(label: str, values: Sequence[float], column: int) -> Spans:
    ordered = sorted(values)
    shown = (values[-1], percentile(ordered, 0.5), percentile(ordered, 0.95), ordered[-1]) if values else (None,) * 4
    spans: list[Span] = [(label.ljust(_LABEL), "dim")]
    spans += [(millis(value).rjust(column), "strong" if place == 2 else "text") for place, value in enumerate(shown)]
    return tuple(spans)


def _short(label: str, values: Sequence[float]) -> Spans:
    if not values:
        return ((f"{label} ", "dim"), (NOTHING, "text"))
    p95 = percentile(sorted(values), 0.95)
    return ((f"{label} ", "dim"), (f"{millis(values[-1])}", "text"), (" · p95 ", "dim"), (f"{millis(p95)} ms", "text"))


# -- the newest turns ---------------------------------------------------------------------------------------


def _bars(turns: Sequence[Turn], call: CallState, width: int, rows: int) -> list[Spans]:
    """The newest turns, a bar for each: the wait for the first output, then the rest of the answer."""
    shown = turns[max(0, len(turns) - max(0, rows)) :] if rows > 0 else []
    if not shown:
        return [(("nothing has been said yet", "faint"),)] if rows > 0 else []
    top_s = max(0.5, max(_until_s(turn, call) for turn in shown))
    return [_bar(turn, call, top_s, width) for turn in shown]


def _until_s(turn: Turn, call: CallState) -> float:
    """How long a turn took, or has taken so far."""
    whole_s = WHOLE(turn)
    if whole_s is not None:
        return whole_s
    if turn.interrupted:
        return turn.latency_s or 0.0
    over = turn.unfinished or turn.silent
    return (turn.latency_s or call.targets.silent_failure_after_s) if over else max(0.0, call.now - turn.ended_at)


def _bar(turn: Turn, call: CallState, top_s: float, width: int) -> Spans:
    first = turn.latency_s
    size = min(_BAR, max(4, width // 4))
    end = min(size, round(_until_s(turn, call) / top_s * size))
    wait = end if first is None else min(end, round(first / top_s * size))
    text, role = _result(turn, call)
    room = width - cells((("x" * (5 + size + _FIGURE), "text"),)) - 2
    return (
        (f"{turn.number:>3} ", "dim"),
        ("─" * wait, _wait_role(turn)),
        ("━" * (end - wait), "bot"),
        (" " * (size - end), "text"),
        (f" {padded(text, _FIGURE, right=True)}", role),
        (f"  {shorten(tame(turn.text), max(0, room))}", "text"),
    )


def _wait_role(turn: Turn) -> Role:
    if turn.silent or turn.unfinished:
        return "bad"
    return "warn" if (turn.latency_s or 0.0) > SLOW_S else "dim"


def _result(turn: Turn, call: CallState) -> Span:
    first, whole_s = first_s(turn, call), WHOLE(turn)
    if turn.interrupted:
        return "○ cut", "dim"
    if turn.silent:
        return "✖ silent", "bad"
    if whole_s is None:
        if turn.unfinished:
            return "▲ no end", "warn"
        return f"◐ {span(max(0.0, call.now - turn.ended_at))}", "accent"
    if turn.latency_s is None:
        return f"said nothing {span(whole_s)}", "warn"
    return span(whole_s) if first is None else f"{span(first)} · {span(whole_s)}", "text"
