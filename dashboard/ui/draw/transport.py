"""The transport bar of a replay: where it stands, how fast it plays, and a track of what lies where."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import takewhile

from dashboard.call.moments import TROUBLE, Moment, MomentKind
from dashboard.call.playback import Playback
from dashboard.ui.draw.layout import Spans, join, shorten, spread
from dashboard.ui.draw.spans import Span, cells, tame
from dashboard.ui.draw.units import clock, time_of_day

_LOOKS: dict[MomentKind, Span] = {
    "outage": ("█", "bad"),
    "finding": ("▲", "warn"),
    "mark": ("⚑", "accent"),
    "spike": ("╷", "warn"),
    "turn": ("╵", "dim"),
}
_WORTH: tuple[MomentKind, ...] = ("turn", "spike", "mark", "finding", "outage")
"""In a cell that holds several, the last of these is seen."""

_THUMB: Span = ("●", "strong")
_CROWDED = 0.4
"""Turns in more than this share of the cells say nothing any more."""

_TRACK_CELLS = 20
_WORDS = {"▸": "playing", "‖": "paused", "▪": "at the end,"}
_STATE_CELLS = 15


def column_of(position_s: float, length_s: float, width: int) -> int:
    """Return the cell of the track in which a position lies."""
    share = position_s / length_s if length_s > 0 else 0.0
    return min(max(0, int(share * width)), width - 1)


def position_at(column: float, length_s: float, width: int) -> float:
    """Return the position at a cell of the track; the last cell is the end."""
    return length_s * min(1.0, max(0.0, column / max(1, width - 1)))


def signs(playback: Playback, width: int) -> dict[int, Span]:
    """Return what lies in which cell of a track of `width` cells; an outage takes all the cells of its time."""
    found: dict[int, tuple[int, Span]] = {}

    def put(columns: Iterable[int], kind: MomentKind) -> None:
        worth = _WORTH.index(kind)
        for column in columns:
            if column not in found or worth > found[column][0]:
                found[column] = worth, _LOOKS[kind]

    def cell(at: float) -> int:
        return column_of(playback.position_of(at), playback.length_s, width)

    turns = {cell(moment.at) for moment in playback.moments if moment.kind == "turn"}
    if len(turns) <= width * _CROWDED:
        put(turns, "turn")
    for moment in playback.moments:
        if moment.kind not in ("turn", "outage"):
            put((cell(moment.at),), moment.kind)
    link = playback.known.link
    for outage in (*link.outages, *(() if link.outage is None else (link.outage,))):
        ended_at = playback.known.now if outage.ended_at is None else outage.ended_at
        put(range(cell(outage.started_at), cell(ended_at) + 1), "outage")
    return {column: span for column, (_, span) in found.items()}


def draw_track(playback: Playback, known: dict[int, Span], width: int) -> Spans:
    """Return the track: what has been played, the thumb, what is to come, and what has not been read yet."""
    here = column_of(playback.position_s, playback.length_s, width)
    read = width if playback.read else column_of(playback.read_s, playback.length_s, width)
    spans: list[Span] = []
    for column in range(width):
        char, role = _THUMB if column == here else known.get(column) or _line(column, here, read)
        if spans and spans[-1][1] == role:
            spans[-1] = spans[-1][0] + char, role
        else:
            spans.append((char, role))
    return tuple(spans)


def _line(column: int, here: int, read: int) -> Span:
    if column < here:
        return "━", "accent"
    return ("─", "dim") if column < read else ("┄", "faint")


def draw_transport(playback: Playback, known: dict[int, Span], width: int, track_width: int) -> list[Spans]:
    """Return the bar: one row, or where the track has all of `width`, a row of words above it."""
    track = draw_track(playback, known, track_width)
    if track_width == width:
        return [_words(playback, width), track]
    left, right = _short(playback)
    return [(*left, (" ", "text"), *track, (" ", "text"), *right)]


def track_place(playback: Playback, width: int, height: int) -> tuple[int, int]:
    """Return the first cell of the track and its width."""
    if height > 1:
        return 0, width
    left, right = _short(playback)
    start = cells(left) + 1
    room = width - start - cells(right) - 1
    return start, max(_TRACK_CELLS, room)


def _short(playback: Playback) -> tuple[Spans, Spans]:
    state = f"{_symbol(playback)} " if playback.waits else f"{_symbol(playback)} {playback.speed}×"
    left: Spans = ((state.ljust(6), "accent"), (_progress(playback), "strong"))
    trouble = _caution(playback)
    right: Spans = ((trouble, "warn"),) if trouble else ((time_of_day(playback.wall), "dim"),)
    return left, right


def _words(playback: Playback, width: int) -> Spans:
    left: list[Spans] = [
        ((_state(playback).ljust(_STATE_CELLS), "accent"),),
        ((time_of_day(playback.wall), "strong"),),
        ((_progress(playback), "text"),),
    ]
    right: list[Spans] = [((_caution(playback), "warn"),)] if _caution(playback) and not playback.waits else []
    last, coming = _around(playback)
    if coming is not None:
        char, role = _LOOKS[coming.kind]
        ahead = playback.position_of(coming.at) - playback.position_s
        right.insert(0, ((f"next {char} ", role), (f"in {clock(ahead)}", "dim")))
    tail = join(right, "   ")
    if last is not None:
        char, role = _LOOKS[last.kind]
        ago = f"  {clock(playback.position_s - playback.position_of(last.at))} ago"
        room = width - cells(join(left, "   ")) - cells(tail) - len(f"   {char} {ago}  ")
        left.append(((f"{char} ", role), (shorten(tame(last.text), room), "text"), (ago, "dim")))
    return spread(join(left, "   "), tail, width)


def _state(playback: Playback) -> str:
    """Symbol, word and speed of what it does."""
    symbol = _symbol(playback)
    if playback.waits:
        return f"{symbol} {_caution(playback)}"
    return f"{symbol} {_WORDS[symbol]} {playback.speed}×"


def _symbol(playback: Playback) -> str:
    if playback.waits:
        return "◐"
    at_end = playback.read and playback.position_s >= playback.length_s
    return "▸" if playback.playing else "▪" if at_end else "‖"


def _progress(playback: Playback) -> str:
    length = clock(playback.length_s)
    return f"{clock(playback.position_s).rjust(len(length))} / {length}"


def _caution(playback: Playback) -> str:
    """What to know of a recording that is not whole, or not yet."""
    if not playback.read:
        share = playback.read_s / playback.length_s if playback.length_s > 0 else 0.0
        return f"reading {min(99, int(share * 100))} %"
    return "" if playback.complete else "▲ cut off"


def _around(playback: Playback) -> tuple[Moment | None, Moment | None]:
    """Return the newest moment that has been, the worst of several at one time, and the next trouble to come."""
    here = playback.began_at + playback.position_s
    index = bisect_right(playback.moments, here, key=lambda moment: moment.at)
    newest = takewhile(lambda moment: moment.at == playback.moments[index - 1].at, reversed(playback.moments[:index]))
    last = max(newest, key=lambda moment: _WORTH.index(moment.kind), default=None)
    ahead = (moment for moment in playback.moments[index:] if moment.kind in TROUBLE)
    return last, next(ahead, None)
