"""The board's rows: what every call is doing now, in which columns, and in which order calls stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from dashboard.call.findings.finding import Severity
from dashboard.call.headline import Headline
from dashboard.call.hook_view import HookView
from dashboard.call.state import CallState
from dashboard.call.words import cause_word
from dashboard.media.playout import playout
from dashboard.media.readings import lateness
from dashboard.ui.draw.columns import across, taken
from dashboard.ui.draw.link import state_span
from dashboard.ui.draw.spans import Role, Row, Span, padded, tame
from dashboard.ui.draw.units import NOTHING, clock, millis, minus, percent, time_of_day

if TYPE_CHECKING:
    from dashboard.call.verdict import Level

RECENT_S = 10.0
"""Figures are of so many seconds, as those of the headline are."""

VERDICTS: dict[str, Span] = {
    "healthy": ("● healthy", "good"),
    "degraded": ("▲ degraded", "warn"),
    "failed": ("✖ failed", "bad"),
}
_GRADES: dict[str, int] = {"failed": 0, "degraded": 1, "healthy": 2}
_SYMBOLS = {"bad": "✖", "warn": "▲"}
_MOS_FAIR, _MOS_POOR = 3.6, 3.1  # ITU-T G.107, annex B: below them many, nearly all users are dissatisfied
_SENTENCE_FROM = 30
"""Cells from which there is room for what is wrong in a sentence; in less it has the rule's name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A call as the board shows it, worked out once a second. Times in seconds, `worst` 0 for what is worst now.

    late_s, mos, loss: of the last 10 s, None where not measured. levels: dBFS of each channel, None for silence.
    rule: of the finding that the headline tells, if it tells one. brief: the same in a word or two, or why it is down.
    herd: what is said of a herd that the call came back with.
    """

    call_id: str
    name: str
    began: str
    state: Span
    verdict: Level
    headline: Headline
    worst: int
    errors: int
    warnings: int
    rule: str
    brief: str
    late_s: float | None
    mos: float | None
    loss: float | None
    levels: tuple[float | None, ...]
    herd: str
    outages: int
    lasted_s: float
    started_at: float
    ended_at: float | None
    ended: str

    @property
    def lives(self) -> bool:
        return self.ended_at is None

    @property
    def in_trouble(self) -> bool:
        """Whether something is wrong now, or the call ended badly."""
        return self.worst <= 1 if self.lives else self.verdict != "healthy"


def entry(call: CallState) -> Entry:
    """Return what the board shows of a call."""
    from dashboard.call.verdict import headline, judge  # with all rules: not before the first call

    pacing, said, verdict = call.inbound.pacing, headline(call), judge(call).level
    late = lateness(pacing, RECENT_S, call.now)
    quality = playout(pacing, buffer_s=call.targets.buffer_s, window_s=RECENT_S, now=call.now, rtt_s=call.rtt_s)
    standing = [finding for finding in call.findings.standing if finding.severity is not Severity.INFO]
    rule = next((finding.rule for finding in standing if finding.summary == said.text), "")
    return Entry(
        call_id=call.call_id,
        name=tame(call.conversation_id or call.call_id),
        began=time_of_day(call.wall),
        state=_state(call),
        verdict=verdict,
        headline=said,
        worst={"bad": 0, "warn": 1}.get(said.level, 2 + _GRADES[verdict]),
        errors=sum(finding.severity is Severity.ERROR for finding in standing),
        warnings=sum(finding.severity is Severity.WARNING for finding in standing),
        rule=rule,
        brief=rule if call.link.outage is None else f"down: {cause_word(call.link.outage.cause)}",
        late_s=None if late is None else late.p99,
        mos=quality.mos,
        loss=quality.effective_loss,
        levels=tuple(None if meter.silent else meter.level for meter in call.inbound.meters),
        herd=next((one.summary for one in call.findings.standing if one.rule == "thundering_herd"), ""),
        outages=call.link.outage_count,
        lasted_s=call.now - call.started_at,
        started_at=call.started_at,
        ended_at=None if call.ended is None else call.now,
        ended=call.ended or "",
    )


def _state(call: CallState) -> Span:
    hook: HookView | None = call.hook
    if call.ended is not None:
        return "○ ended", "dim"
    if hook is not None and hook.stage == "paused" and call.link.opened_at is not None and call.link.outage is None:
        return "◐ paused", "dim"
    return state_span(call)


# -- columns ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Column:
    """One column; those with the highest `spare` go first when there is no room, 0 never.

    key: what calls are sorted by, the smallest first: what is worst, or came first; None: has no place in the order.
    grows: cells that it may take beyond its width.
    """

    name: str
    title: str
    width: int
    cell: Callable[[Entry, int], Span]
    key: Callable[[Entry], Any]
    spare: int = 0
    align: Literal["left", "right"] = "right"
    grows: int = 0


def _name(one: Entry, width: int) -> Span:
    return one.name, "text"


def _verdict(one: Entry, width: int) -> Span:
    return VERDICTS[one.verdict]


def _late(one: Entry, width: int) -> Span:
    return _or_nothing(None if one.late_s is None else f"{millis(one.late_s)} ms")


def _loss(one: Entry, width: int) -> Span:
    return _or_nothing(None if one.loss is None else percent(one.loss))


def _mos(one: Entry, width: int) -> Span:
    if one.mos is None:
        return NOTHING, "faint"
    role: Role = "bad" if one.mos < _MOS_POOR else "warn" if one.mos < _MOS_FAIR else "text"
    return f"{one.mos:.2f}", role


def _level(one: Entry, width: int) -> Span:
    if not one.levels:
        return NOTHING, "faint"
    return " ".join("○" if level is None else minus(f"{level:.0f}") for level in one.levels[:2]), "text"


def _outages(one: Entry, width: int) -> Span:
    return _or_nothing(f"{one.outages}" if one.outages else None)


def _lasted(one: Entry, width: int) -> Span:
    return clock(one.lasted_s), "text"


def _began(one: Entry, width: int) -> Span:
    return one.began, "dim"


def _found(one: Entry, width: int) -> Span:
    if not one.lives:
        return tame(one.ended), "dim"
    symbol = _SYMBOLS.get(one.headline.level)
    if symbol is None:
        found = one.errors + one.warnings
        return (f"{found} a moment ago", "dim") if found else (NOTHING, "faint")
    others = one.errors + one.warnings - bool(one.rule)
    more = f" +{others}" if others > 0 else ""
    text = one.headline.text if width >= _SENTENCE_FROM else one.brief or one.headline.text
    return padded(f"{symbol} {tame(text)}", width - len(more)).rstrip() + more, "bad" if symbol == "✖" else "warn"


def _or_nothing(text: str | None) -> Span:
    return (NOTHING, "faint") if text is None else (text, "text")


def _loudest(one: Entry) -> float | None:
    return max((level for level in one.levels if level is not None), default=None)


COLUMNS = (
    Column("call", "call", 9, _name, lambda one: one.name, align="left", grows=27),
    Column("state", "state", 10, lambda one, width: one.state, lambda one: one.state[0][2:], align="left"),
    Column("verdict", "verdict", 10, _verdict, lambda one: _GRADES[one.verdict], align="left"),
    Column("late", "late p99", 9, _late, lambda one: one.late_s and -one.late_s, spare=1),
    Column("loss", "late/lost", 9, _loss, lambda one: one.loss and -one.loss, spare=6),
    Column("MOS", "MOS", 4, _mos, lambda one: one.mos, spare=2),
    Column("level", "level", 7, _level, _loudest, spare=5),
    Column("outages", "outages", 7, _outages, lambda one: -one.outages, spare=7),
    Column("began", "began", 8, _began, lambda one: one.started_at, spare=8),
    Column("time", "time", 7, _lasted, lambda one: -one.lasted_s, spare=3),
    Column(
        "findings",
        "findings",
        19,
        _found,
        lambda one: (one.worst, -one.errors, -one.warnings),
        align="left",
        grows=200,
    ),
)
"""From left to right; the last one says what is wrong, and sorting by it puts the worst call first."""

WORST_FIRST = COLUMNS[-1]

_WIDE_FROM = 96  # cells from which there is room for wide gaps
_ROOM_TO_SAY = 46
"""Cells that the last column has at least before those that grow as well, and those that come last, get any."""


@lru_cache(maxsize=8)
def columns_for(width: int) -> tuple[tuple[Column, int], ...]:
    """Return the columns for which there is room, each with its cells."""
    chosen = list(COLUMNS)
    last = chosen[-1]
    while any(column.spare for column in chosen):
        spare = max(chosen, key=lambda column: column.spare)
        needed = _ROOM_TO_SAY if spare.spare > 5 else last.width
        if taken(chosen, _gap_of(width)) - last.width + needed <= width:
            break
        chosen.remove(spare)
    free = width - taken(chosen, _gap_of(width))
    for_names = max(0, min(COLUMNS[0].grows, free - (_ROOM_TO_SAY - last.width)))
    more = {COLUMNS[0].name: for_names, last.name: free - for_names}
    return tuple((column, column.width + more.get(column.name, 0)) for column in chosen)


def board_row(one: Entry, now: float, width: int) -> Row:
    """Return the row of a call; `now` says how long ago one ended."""

    def cell(column: Column, size: int) -> Span:
        text, role = column.cell(one, size)
        if one.lives:
            return text, role
        if column is WORST_FIRST:
            return f"{_ended(now - (one.ended_at or now))}: {text}", "dim"
        return text, "dim"

    return across(columns_for(width), _gap_of(width), cell)


def _ended(seconds: float) -> str:
    """Return `10 s ago`, in whole numbers: an age that is read at a glance must not flicker."""
    whole = int(max(0.0, seconds))
    return f"{whole // 10 * 10} s ago" if whole < 120 else f"{whole // 60} min ago"


def board_header(width: int, by: Column, *, reverse: bool) -> Row:
    """Return the titles of the columns; that by which calls are sorted has a mark."""

    def title(column: Column, size: int) -> Span:
        if column is not by:
            return column.title, "dim"
        mark = "▲" if reverse else "▼"
        return f"{column.title[: size - 1]}{mark}", "accent"

    return across(columns_for(width), _gap_of(width), title)


def column_at(x: int, width: int) -> Column | None:
    """Return the column that stands at cell `x` of a row."""
    begin = 1
    for column, size in columns_for(width):
        if begin <= x < begin + size:
            return column
        begin += size + _gap_of(width)
    return None


def in_order(entries: Iterable[Entry], by: Column, *, reverse: bool) -> list[Entry]:
    """Return calls sorted by a column, older ones first where it is the same; what has no figure comes behind the
    others, and what is over last.
    """
    found = sorted(entries, key=lambda one: (one.started_at, one.call_id))
    placed = [one for one in found if one.lives and by.key(one) is not None]
    others = [one for one in found if one.lives and by.key(one) is None]
    over = sorted((one for one in found if not one.lives), key=lambda one: -(one.ended_at or 0.0))
    return [*sorted(placed, key=by.key, reverse=reverse), *others, *over]


def _gap_of(width: int) -> int:
    return 2 if width >= _WIDE_FROM else 1


def plain(one: Entry) -> str:
    """Return the text that a search looks through."""
    return " ".join((one.name, one.call_id, one.state[0], one.verdict, one.headline.text, one.rule, one.ended))
