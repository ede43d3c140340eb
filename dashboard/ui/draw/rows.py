"""How a row of the transcript and a row of the reconnect log look: functions from state to `Row`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rich.cells import cell_len

from dashboard.call.state import CallState, Line, Outage, Turn, Utterance
from dashboard.call.terms import LinkState, Speaker
from dashboard.call.turns import SLOW_S
from dashboard.call.words import cause_word, cause_words
from dashboard.ui.draw.columns import across, taken
from dashboard.ui.draw.spans import Role, Row, Span, padded, tame
from dashboard.ui.draw.units import NOTHING, span, time_of_day

# cells from which a row has room for
_TIME_FROM = 44
_COLUMNS_FROM = 72  # wide gaps and a column of its own for what stands at the right
_MILLIS_FROM = 100

_SPEAKERS: dict[Speaker, tuple[str, Role]] = {
    Speaker.CALLER: ("▸ caller", "caller"),
    Speaker.BOT: ("◂ bot", "bot"),
    Speaker.AGENT: ("▪ agent", "accent"),
    Speaker.UNKNOWN: ("· voice", "dim"),
}
_KINDS: dict[str, tuple[str, Role]] = {
    "intent": ("◆ intent", "bot"),
    "text": ("◂ text", "bot"),
    "status": ("· status", "dim"),
    "error": ("✖ error", "bad"),
    "utterance": ("» you", "accent"),
    "unknown": ("? other", "dim"),
    "malformed": ("? broken", "dim"),
    "mark": ("⚑ mark", "accent"),
}
_BODIES: dict[str, Role] = {"intent": "strong", "status": "dim", "error": "bad", "unknown": "dim", "malformed": "dim"}
_STATUSES: dict[str, tuple[str, Role]] = {
    "held": ("◐ held", "warn"),
    "sent": ("▸ sent", "accent"),
    "answered": ("● answered", "good"),
    "expired": ("✖ expired", "bad"),
    "finished": ("● finished", "good"),
    "unfinished": ("▲ no end", "warn"),
    "unanswered": ("✖ silent", "bad"),
    "refused": ("✖ refused", "bad"),
    "unknown": ("▲ unknown", "warn"),
}
_LINK_ROLES: dict[str, Role] = {"connection restored": "good", "connection lost": "warn", "gap of": "warn"}
_LINK_BROKEN: Role = "bad"  # gave up, the worker died
_PRESENT = {LinkState.GAVE_UP: "✖ gave up", LinkState.CLOSED: "✖ closed"}
# cells of the widest of them
_LABEL = 8
_TAIL = 10
_LATENCY = 7

_BESIDE_SIGNS = {"utterance": "»", "text": "◂", "intent": "◆", "error": "✖"}
"""Kind → the sign of a row that is of the bot beside the call; all others have that of a status."""

# -- the transcript -------------------------------------------------------------------------------------


def transcript_row(item: Line | Turn, call: CallState, width: int) -> Row:
    """Return the row of a line, or of a turn that was a silent failure; `call` dates it and knows the utterances."""
    if isinstance(item, Turn):
        return _silent_row(item, call, width)
    if item.kind == "link":
        return _link_row(item, call, width)
    label, role = _SPEAKERS[item.speaker] if item.kind == "transcript" else _KINDS[item.kind]
    body: list[Span] = [(item.text, _BODIES.get(item.kind, "text"))]
    if item.beside:  # nobody on the call said or heard it
        label = f"{_BESIDE_SIGNS.get(item.kind, '·')} test"
        role = "bad" if item.kind == "error" else "accent"
        body = [(item.text, "bad" if item.kind == "error" else "dim" if item.kind == "status" else "accent")]
    tail: tuple[Span, ...] = ()
    if not item.final:
        body = [(f"{item.text} …", "partial")]
    if item.kind == "intent" and item.confidence is not None:
        body.append((f" {item.confidence:.2f}", "dim"))
    if item.latency_s is not None:
        tail = _latency(item, item.latency_s, call, width)
    if item.age_s is not None:
        tail = _tail(padded(f"{span(max(0.0, item.age_s))} old", _TAIL, right=True), "dim", width)
    if item.utterance is not None:
        said = utterance_of(item, call)
        body += _why(said)
        tail = () if said is None else _tail(*_STATUSES[said.status], width)
    return Row(_lead(item.at, call, width, label, role if item.final else "partial"), tuple(body), tail)


def silent_at(turn: Turn, call: CallState) -> float:
    """Return when a silent failure was one: the end of the wait for an answer."""
    return turn.ended_at + call.targets.silent_failure_after_s


def utterance_of(line: Line, call: CallState) -> Utterance | None:
    """Return the test utterance of a row; None when it is too old to be remembered."""
    at = call.bot.call if line.beside and call.bot is not None else call
    return (
        None if at is None else next((said for said in reversed(at.utterances) if said.number == line.utterance), None)
    )


def _lead(at: float, call: CallState, width: int, label: str, role: Role) -> tuple[Span, ...]:
    named = padded(label, _LABEL) if width >= _TIME_FROM else label[:1]
    return (_time(at, call, width), (named + _gap(width), role))


def _gap(width: int) -> str:
    return "  " if width >= _COLUMNS_FROM else " "


def _time(at: float, call: CallState, width: int) -> Span:
    if width < _TIME_FROM:
        return "", "dim"
    wall = call.wall_at(at)
    thousandths = f".{int(wall * 1000) % 1000:03}" if width >= _MILLIS_FROM else ""
    return f"{time_of_day(wall)}{thousandths}{_gap(width)}", "dim"


def _tail(text: str, role: Role, width: int) -> tuple[Span, ...]:
    """What stands at the right, in a column of its own where there is room for one."""
    return ((padded(text, _TAIL) if width >= _COLUMNS_FROM else text, role),)


def _latency(item: Line, latency_s: float, call: CallState, width: int) -> tuple[Span, ...]:
    role: Role = "text"
    if item.kind == "status":
        role = "dim"  # a whole turn may take its time
    elif latency_s >= call.targets.silent_failure_after_s:
        role = "bad"
    elif latency_s > SLOW_S:
        role = "warn"
    return _tail(padded(span(latency_s), _LATENCY, right=True), role, width)


def _why(said: Utterance | None) -> list[Span]:
    return [] if said is None or not said.why else [(f"  {said.why}", "dim")]


def _silent_row(turn: Turn, call: CallState, width: int) -> Row:
    body: list[Span] = [(f"no answer within {call.targets.silent_failure_after_s:g} s", "bad")]
    if turn.text:
        body += [("  to “", "dim"), (turn.text, "dim"), ("”", "dim")]
    return Row(_lead(silent_at(turn, call), call, width, "✖ silent", "bad"), tuple(body))


def _link_row(line: Line, call: CallState, width: int) -> Row:
    role = next((role for start, role in _LINK_ROLES.items() if line.text.startswith(start)), _LINK_BROKEN)
    text = f"test bot: {line.text}" if line.beside else line.text
    return Row((_time(line.at, call, width),), (("── ", role), (text, role)), rule=("─", role))


# -- the reconnect log ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the reconnect log; those with the highest `spare` go first when there is no room, 0 never."""

    title: str
    width: int
    cell: Callable[[Outage, CallState], Span]
    spare: int = 0
    align: Literal["left", "right"] = "right"
    grows: int = 0  # cells that it may take beyond its width
    short: Callable[[Outage], str] | None = None  # what it says where the cell's text would be cut


def _number(outage: Outage, call: CallState) -> Span:
    return f"{outage.number}", "dim"


def _began(outage: Outage, call: CallState) -> Span:
    return time_of_day(call.wall_at(outage.started_at)), "text"


def _cause(outage: Outage, call: CallState) -> Span:
    return cause_words(outage.cause), "bad" if outage.ended_at is None else "text"


def _cause_word(outage: Outage) -> str:
    return cause_word(outage.cause)


def _code(outage: Outage, call: CallState) -> Span:
    return _or_nothing(None if outage.code is None else f"{outage.code}")


def _reason(outage: Outage, call: CallState) -> Span:
    if outage.failures:
        last = outage.failures[-1]
        status = "" if last.status is None else f" ({last.status})"
        then = cause_words(last.cause)
        return f"then: {then if status in then else then + status}", "dim"
    return tame(outage.reason or outage.detail), "dim"


def _closed_by(outage: Outage, call: CallState) -> Span:
    return _or_nothing(None if outage.closed_by is None else str(outage.closed_by))


def _attempts(outage: Outage, call: CallState) -> Span:
    return f"{outage.attempts}", "text" if outage.attempts <= 1 else "warn"


def _waited(outage: Outage, call: CallState) -> Span:
    return _or_nothing(span(outage.waited_s) if outage.waited_s > 0 else None)


def _down(outage: Outage, call: CallState) -> Span:
    return span(outage.down_s(call.now)), "bad" if outage.ended_at is None else "strong"


def _missing(outage: Outage, call: CallState) -> Span:
    if call.notices is not None and call.soundless:  # nothing is told again: all of it may have been missed
        return f"≤{span(outage.down_s(call.now))}", "warn"
    return _or_nothing(None if outage.media_missing_s is None else span(outage.media_missing_s))


def _said(outage: Outage, call: CallState) -> Span:
    return _or_nothing(f"{outage.held}/{outage.sent}" if outage.held else None)


def _session(outage: Outage, call: CallState) -> Span:
    if outage.ended_at is None:
        return _PRESENT.get(call.link.state, "▲ down"), "bad"
    if outage.resumed is None:
        return NOTHING, "dim"
    return ("● resumed", "good") if outage.resumed else ("○ new", "warn")


def _or_nothing(text: str | None) -> Span:
    return (NOTHING, "faint") if text is None else (text, "text")


COLUMNS = (
    Column("#", 3, _number, spare=3),
    Column("time", 8, _began, align="left"),
    Column("cause", 26, _cause, align="left", grows=9, short=_cause_word),
    Column("code", 4, _code),
    Column("reason", 18, _reason, spare=7, align="left", grows=30),
    Column("by", 7, _closed_by, spare=5, align="left"),
    Column("attempts", 8, _attempts, spare=1),
    Column("waited", 7, _waited, spare=4),
    Column("down", 7, _down),
    Column("lost", 7, _missing, spare=2),
    Column("held/sent", 9, _said, spare=6),
    Column("session", 9, _session, align="left"),
)
_BY_TITLE = {column.title: column for column in COLUMNS}


def _named_code(outage: Outage, call: CallState) -> Span:
    return ("no code", "faint") if outage.code is None else (f"code {outage.code}", "text")


def _named_attempts(outage: Outage, call: CallState) -> Span:
    number, role = _attempts(outage, call)
    return f"{number} attempt{'' if outage.attempts == 1 else 's'}", role


def _named_down(outage: Outage, call: CallState) -> Span:
    lasted, role = _down(outage, call)
    return f"down {lasted}", role


UNTITLED = (
    _BY_TITLE["time"],
    Column("cause", 16, _cause, align="left", grows=19, short=_cause_word),
    Column("code", 9, _named_code, align="left"),
    Column("attempts", 11, _named_attempts, spare=1),
    Column("down", 12, _named_down),
    _BY_TITLE["session"],
)
"""Columns that say what they hold, for rows that have no room for titles above them."""

_GAPS_FROM = 60  # cells from which there is room for wide gaps


@lru_cache(maxsize=8)
def columns_for(width: int, *, titled: bool = True) -> tuple[tuple[Column, int], ...]:
    """Return the columns for which there is room, each with its cells."""
    chosen = list(COLUMNS if titled else UNTITLED)
    while taken(chosen, _gap_of(width)) > width and any(column.spare for column in chosen):
        chosen.remove(max(chosen, key=lambda column: column.spare))
    free = width - taken(chosen, _gap_of(width))
    sized = []
    for column in chosen:
        more = max(4 - column.width if column.grows else 0, min(free, column.grows))
        free -= more
        sized.append((column, column.width + more))
    return tuple(sized)


def outage_row(outage: Outage, call: CallState, width: int, *, titled: bool = True) -> Row:
    """Return the row of an outage; `call` dates it and says how a present one stands.

    titled: there are titles above it.
    """

    def cell(column: Column, size: int) -> Span:
        text, role = column.cell(outage, call)
        return (column.short(outage) if column.short and cell_len(text) > size else text), role

    return across(columns_for(width, titled=titled), _gap_of(width), cell)


def outage_header(width: int) -> Row:
    """Return the titles of the columns."""
    return across(columns_for(width), _gap_of(width), lambda column, size: (column.title, "dim"))


def _gap_of(width: int) -> int:
    return 2 if width >= _GAPS_FROM else 1
