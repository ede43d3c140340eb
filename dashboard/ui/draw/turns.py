"""The bot's turns: each a bar on one axis of time that begins where the user stopped speaking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dashboard.call.stages import (
    STAGES,
    Marks,
    barge_in_of,
    barge_in_percentiles,
    marks_of,
    middle_and_high,
    stage_percentiles,
    wait_s,
)
from dashboard.call.state import CallState, Turn
from dashboard.call.turns import SLOW_S, all_turns
from dashboard.ui.draw.layout import Spans, join_fitting, merged, spread
from dashboard.ui.draw.spans import Role, Row, Span, cells, padded, tame
from dashboard.ui.draw.units import NOTHING, span, time_of_day

_TICKS = 4
_GAP = 2

_LEGEND: tuple[Spans, ...] = (
    (("╌╌▸", "caller"), (" final transcript", "dim")),
    (("──", "dim"), ("◆", "strong"), (" intent", "dim")),
    (("──", "dim"), ("◂", "strong"), (" text", "dim")),
    (("━━━", "bot"), (" bot speaks", "dim")),
    (("▸", "caller"), ("━━", "warn"), (" barge-in", "dim")),
)
_MEANS: tuple[Spans, ...] = (
    (("wait", "text"), (" user's last sound to bot's first", "dim")),
    (("final", "text"), (" after the last sound", "dim")),
    (("barge-in", "text"), (" until the bot is silent", "dim")),
    (("intent, text, audio", "text"), (" after the final", "dim")),
)
_TYPED_LEGEND: tuple[Spans, ...] = (*_LEGEND[1:3], (("━━━", "bot"), (" until the bot has finished", "dim")))
_TYPED_MEANS: tuple[Spans, ...] = (
    (("wait", "text"), (" utterance to the first sign of an answer", "dim")),
    (("intent, text, end", "text"), (" after the utterance", "dim")),
)
_KEYS: Spans = (
    ("/", "accent"),
    (" search  ", "dim"),
    ("f", "accent"),
    (" filter  ", "dim"),
    ("esc", "accent"),
    (" back", "dim"),
)


# -- the bar ----------------------------------------------------------------------------------------------


def bar(marks: Marks, top_s: float, width: int, limit_s: float) -> Spans:
    """Draw a turn in exactly `width` cells that span `top_s` seconds. An answer later than `limit_s` is bad."""
    cells: list[Span] = _ground(width)

    def cell(at: float) -> int:
        return int(at / top_s * width)

    def fill(start: float | None, end: float | None, char: str, role: Role) -> None:
        if start is not None and end is not None:
            for at in range(min(width, cell(start)), min(width, cell(end) + 1)):
                cells[at] = (char, role)

    waited = marks.sign if marks.audio is None else marks.audio
    fill(0.0, marks.final, "╌", "caller")
    fill(marks.final, waited, "─", _tone(waited, limit_s))
    fill(marks.final, marks.failed, "─", "bad")
    fill(marks.final, marks.waits, "─", "dim")
    fill(marks.audio, marks.audio_until, "━", "bot")
    fill(marks.text or marks.final, marks.finished, "━", "bot")
    fill(marks.barge_in, marks.silent or marks.audio_until, "━", "warn" if marks.silent else "bad")
    for at, symbol, role in _symbols(marks):
        if at is not None and cell(at) < width:
            cells[cell(at)] = (symbol, role)
    return merged(cells)


def _symbols(marks: Marks) -> Iterable[tuple[float | None, str, Role]]:
    sounds = marks.audio if marks.audio_until is None else None  # mixed with the caller's voice: no end is known
    return (
        (marks.final, "▸", "caller"),
        (marks.failed, "✖", "bad"),
        (marks.waits, "◐", "warn"),
        (sounds, "━", "bot"),
        (marks.intent, "◆", "strong"),
        (marks.text, "◂", "strong"),
        (marks.barge_in, "▸", "caller"),
    )


def _tone(waited: float | None, limit_s: float) -> Role:
    if waited is None or waited <= SLOW_S:
        return "dim"
    return "warn" if waited < limit_s else "bad"


def _ground(width: int) -> list[Span]:
    ticks = {width * tick // _TICKS for tick in range(_TICKS)}
    return [("│" if at in ticks else " ", "faint") for at in range(width)]


def axis(top_s: float, width: int) -> str:
    """Return the seconds written above the ticks, `width` cells."""
    text = ""
    for tick in range(_TICKS):
        label = f"{top_s * tick / _TICKS:g}" if tick else "0 s"
        text = text.ljust(width * tick // _TICKS) + label
    return padded(text, width)


# -- the columns ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Column:
    """`tells` gives the seconds of a turn for it; those with the highest `spare` go first when there is no room."""

    title: str
    width: int
    spare: int = 0
    stage: str = ""


_BAR = _Column("", 24)
_SAID = _Column("the user said", 12)
_END = _Column("end", 7, stage="final_to_end")
"""Only of a wire on which the bot says when it has finished; there nobody speaks."""
_SPOKEN = ("final", "audio", "speaks", "barge-in")
_COLUMNS = (
    _Column("#", 3, spare=2),
    _Column("time", 8, spare=4),
    _SAID,
    _BAR,
    _Column("final", 7, spare=5, stage="speech_to_final"),
    _Column("intent", 7, spare=6, stage="final_to_intent"),
    _Column("text", 7, spare=7, stage="final_to_text"),
    _Column("audio", 7, spare=8, stage="final_to_audio"),
    _END,
    _Column("wait", 7),
    _Column("speaks", 7, spare=1, stage="bot_audio"),
    _Column("barge-in", 8, spare=3),
)
_SAID_SHARE = 0.32


@lru_cache(maxsize=8)
def _columns_for(width: int, spoken: bool) -> tuple[tuple[_Column, int], ...]:
    """Return the columns for which there is room, each with its cells; bar and text share what is left."""
    chosen = [one for one in _COLUMNS if (one is not _END if spoken else one.title not in _SPOKEN)]
    while _taken(chosen) > width and any(column.spare for column in chosen):
        chosen.remove(max(chosen, key=lambda column: column.spare))
    free = max(0, width - _taken(chosen))
    said = int(free * _SAID_SHARE)
    more = {_SAID: said, _BAR: free - said}
    return tuple((column, column.width + more.get(column, 0)) for column in chosen)


def _taken(columns: Sequence[_Column]) -> int:
    return sum(column.width for column in columns) + _GAP * (len(columns) - 1)


def turns_header(call: CallState, top_s: float, width: int) -> Row:
    """Return the titles, with the axis above the bars."""
    return _across(
        call,
        width,
        lambda column, size: (
            ((axis(top_s, size), "dim"),) if column is _BAR else ((_aligned(column.title, column, size), "dim"),)
        ),
    )


def turn_row(turn: Turn, call: CallState, top_s: float, width: int) -> Row:
    """Return the row of a turn."""
    return _across(call, width, lambda column, size: _cell(turn, call, column, size, top_s))


def legend(call: CallState, width: int) -> list[Spans]:
    """Return two rows: what the signs in a bar and the titles of the columns mean."""
    signs, means = (_LEGEND, _MEANS) if not call.soundless else (_TYPED_LEGEND, _TYPED_MEANS)
    keys = cells(_KEYS)
    return [join_fitting(signs, width, "   "), spread(join_fitting(means, width - keys - 2, "   "), _KEYS, width)]


def percentile_rows(call: CallState, top_s: float, width: int) -> tuple[Row, Row]:
    """Return a row for p50 and one for p95 of every column."""
    stages, barge_ins = stage_percentiles(call.turns), barge_in_percentiles(call.turns)
    waits = middle_and_high(wait_s(turn) for turn in all_turns(call.turns))

    def row(place: int, name: str) -> Row:
        values: dict[str, float | None] = {stage: pair[place] for stage, pair in stages.items()}
        values |= {"wait": waits[place], "barge-in": barge_ins[place]}
        return _across(call, width, lambda column, size: _summary_cell(name, values, column, size, top_s, call))

    return row(0, "p50"), row(1, "p95")


def _across(call: CallState, width: int, cell: Callable[[_Column, int], Spans]) -> Row:
    spans: list[Span] = []
    for column, size in _columns_for(width, not call.soundless):
        spans += [*cell(column, size), (" " * _GAP, "text")]
    return Row(tuple(spans[:-1]))


def _aligned(text: str, column: _Column, size: int) -> str:
    return padded(text, size, right=column.title not in ("time", _SAID.title))


def _cell(turn: Turn, call: CallState, column: _Column, size: int, top_s: float) -> Spans:
    limit_s = call.targets.silent_failure_after_s
    if column is _BAR:
        return bar(marks_of(turn, call), top_s, size, limit_s)
    text, role = _told(turn, call, column, limit_s)
    return ((_aligned(text, column, size), role),)


def _told(turn: Turn, call: CallState, column: _Column, limit_s: float) -> Span:
    if column is _SAID:
        return tame(turn.text), "text"
    if column.stage:
        return _seconds(STAGES[column.stage](turn))
    if column.title == "#":
        return f"{turn.number}", "dim"
    if column.title == "time":
        return time_of_day(call.wall_at(turn.ended_at)), "dim"
    if column.title == "wait":
        return _waited(turn, limit_s)
    barge_in = barge_in_of(turn, call.turns)
    if barge_in is not None and barge_in.took_s is None:
        return "ignored", "bad"
    return _seconds(None if barge_in is None else barge_in.took_s)


def _waited(turn: Turn, limit_s: float) -> Span:
    waited = wait_s(turn)
    if waited is None:
        return ("✖ none", "bad") if turn.silent else ("○ cut", "dim") if turn.interrupted else ("◐", "warn")
    tone = _tone(waited, limit_s)
    return span(waited), "strong" if tone == "dim" else tone


def _seconds(value: float | None) -> Span:
    return (NOTHING, "faint") if value is None else (span(value), "text")


def _summary_cell(
    name: str, values: dict[str, float | None], column: _Column, size: int, top_s: float, call: CallState
) -> Spans:
    if column is _SAID:
        return ((padded(name, size), "strong"),)
    if column is _BAR:
        return bar(_typical(values), top_s, size, call.targets.silent_failure_after_s)
    if column.title in ("#", "time"):
        return ((" " * size, "text"),)
    text, role = _seconds(values[column.stage or column.title])
    return ((_aligned(text, column, size), role),)


def _typical(values: dict[str, float | None]) -> Marks:
    """The bar of a turn that takes so long in every stage."""
    final = values["speech_to_final"] or 0.0

    def after(seconds: float | None) -> float | None:
        return None if seconds is None else final + seconds

    audio, speaks = after(values["final_to_audio"]), values["bot_audio"]
    return Marks(
        final=final,
        intent=after(values["final_to_intent"]),
        text=after(values["final_to_text"]),
        audio=audio,
        audio_until=None if audio is None or speaks is None else audio + speaks,
        finished=after(values["final_to_end"]),
    )
