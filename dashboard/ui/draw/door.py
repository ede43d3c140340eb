"""What stands around the table of calls: how they are on the whole, the door at which they come in, and callscope."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashboard.call.door_view import DoorView
from dashboard.call.headline import Headline
from dashboard.ui.draw.badges import Badge, in_a_row
from dashboard.ui.draw.board import Entry
from dashboard.ui.draw.layout import Spans, crop, join, join_fitting, shorten_middle, spread
from dashboard.ui.draw.page import empty, heading, paragraph
from dashboard.ui.draw.spans import Role, Row, Span, cells, tame
from dashboard.ui.draw.units import count, span

if TYPE_CHECKING:
    from dashboard.call.hook_events import UpgradeRefused

NAME_CELLS = 8
"""Of a conversation's id in a sentence: as much as tells a call among a hundred."""

LATE_S = 0.1
"""callscope is slow when its own tick is later than that."""

_BAD_GATEWAY = 502
_RECENT_S = 60.0
_OWN_S = 10.0
_FIELD = 16


@dataclass(frozen=True, slots=True)
class Doorway:
    """Where calls come in, for those who have to enter it elsewhere.

    elsewhere: where that is. fields: what to enter there, by name. notes: what protects the place, in sentences.
    carries: the calls pass through here, and end with it.
    """

    elsewhere: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    carries: bool = False


@dataclass(frozen=True, slots=True)
class Own:
    """callscope's own part in what a board shows: frames dropped, calls being recorded, recordings that failed."""

    dropped: int = 0
    recording: int = 0
    failed: int = 0


# -- the sentence -------------------------------------------------------------------------------------------


def board_headline(entries: Collection[Entry], door: DoorView) -> Headline:
    """Return what an engineer should know in two seconds: the worst call, and how many are in trouble."""
    if door.worker_lost is not None:
        return Headline("bad", f"callscope's worker {door.worker_lost}", offer="press r to start it again")
    live = [one for one in entries if one.lives]
    bad = sorted((one for one in live if one.in_trouble), key=lambda one: (one.worst, -one.errors, one.started_at))
    if bad:
        worst = bad[0]
        many = f"{len(bad)} of {_calls(len(live))} in trouble" if len(live) > 1 else "In trouble"
        return Headline(worst.headline.level, f"{many} · {worst.name[:NAME_CELLS]}: {worst.headline.text}")
    if door.refusal is not None and _refused_lately(door):
        return _refused_headline(door, door.refusal, (f"{_calls(len(live))} up",))
    if live:
        late = max((one.late_s for one in live if one.late_s is not None), default=None)
        p99 = () if late is None else (f"p99 lateness {late * 1000:.0f} ms at most",)
        return Headline("ok", f"{_calls(len(live))} up, nothing wrong", p99)
    if not door.endpoint:
        return Headline("idle", "Opening the door…")
    return Headline("idle", f"Waiting for calls at {door.endpoint}")


def _refused_headline(door: DoorView, refusal: UpgradeRefused, more: tuple[str, ...]) -> Headline:
    """Say why somebody did not come in; that nobody can, where what stands behind this place does not answer."""
    why = refused_words(refusal)
    if refusal.status == _BAD_GATEWAY:
        return Headline("bad", why[:1].upper() + why[1:], (f"the last one was refused {_ago(door)}", *more))
    return Headline("warn", f"Refused {_ago(door)}: {why}", more)


def refused_words(refusal: UpgradeRefused) -> str:
    """Return why somebody was not let in: in a sentence, and by the reason's name where that does not say it."""
    name, said = _named(refusal.reason), tame(refusal.detail)
    if not said:
        return name
    told = refusal.status == _BAD_GATEWAY or name.split()[0] in said.lower()
    return said if told else f"{said} ({name})"


def _named(reason: str) -> str:
    return tame(reason.replace("_", " "))


def _calls(number: int) -> str:
    return "1 call" if number == 1 else f"{count(number)} calls"


def _refused_lately(door: DoorView) -> bool:
    return door.refusal is not None and door.now - door.refusal.at < _RECENT_S


def _ago(door: DoorView) -> str:
    assert door.refusal is not None
    seconds = max(0.0, door.now - door.refusal.at)
    return "just now" if seconds < 10 else f"{seconds // 10 * 10:.0f} s ago"


# -- the rows -----------------------------------------------------------------------------------------------


def draw_board_header(
    entries: Collection[Entry], door: DoorView, width: int, *, where: str, closing: bool, masked: bool
) -> Spans:
    """Return the header bar: where calls come in, and how many of them are up, in trouble, and over."""
    state: Span = ("● open", "good") if door.endpoint else ("○ starting", "dim")
    if door.worker_lost is not None:
        state = "✖ worker lost", "bad"
    badges = [Badge("closing…", "closing…", "warn")] * closing + [Badge("MASKED", "MASKED", "accent")] * masked
    right = join([in_a_row(badges), *_tallies(entries)])
    name: Spans = (("callscope", "accent"),)
    room = width - cells(join([name, (state,)])) - cells(right) - 4
    place: Spans = ((shorten_middle(tame(door.endpoint or where), room), "dim"),) if room >= 12 else ()
    return spread(join([name, (state,), place]), right, width)


def _tallies(entries: Collection[Entry]) -> list[Spans]:
    live = [one for one in entries if one.lives]
    bad, warn = (sum(one.worst == grade for one in live) for grade in (0, 1))
    over = len(entries) - len(live)
    tallies: list[tuple[int, Span]] = [
        (bad, (f"✖ {count(bad)}", "bad")),
        (warn, (f"▲ {count(warn)}", "warn")),
        (over, (f"○ {count(over)} ended", "dim")),
    ]
    return [((_calls(len(live)), "strong"),), *((told,) for number, told in tallies if number)]


def draw_door(entries: Collection[Entry], door: DoorView, own: Own, width: int) -> Spans:
    """Return the row below the table: herds, refusals and probes, and at its end how callscope itself does."""
    mine = _mine(door, own)
    parts = [part for part in (_herd(entries), _refusals(door), _probes(door)) if part]
    left = join_fitting(parts, max(0, width - cells(mine) - 2), " · ") if parts else (("nobody refused", "dim"),)
    return crop(spread(left, mine, width), width)


def _herd(entries: Collection[Entry]) -> Spans:
    told = next((one.herd for one in entries if one.lives and one.herd), "")
    return ((f"▲ {tame(told)}", "warn"),) if told else ()


def _refusals(door: DoorView) -> Spans:
    total = sum(door.refused.values())
    if not total:
        return ()
    by_reason = sorted(door.refused.items(), key=lambda item: -item[1])
    told = ", ".join(f"{_named(reason)} {count(times)}×" for reason, times in by_reason[:3])
    role: Role = "warn" if _refused_lately(door) else "dim"
    return ((f"{'▲ ' if role == 'warn' else ''}{count(total)} refused: {told}", role),)


def _probes(door: DoorView) -> Spans:
    if door.probe is None:
        return ()
    took = "not answered" if door.probe.took_s is None else f"the last in {span(door.probe.took_s)}"
    broken = f", {tame(', '.join(door.probe.broken))}" if door.probe.broken else ""
    plural = "probe" if door.probes == 1 else "probes"
    return ((f"{count(door.probes)} {plural}, {took}{broken}", "warn" if broken else "dim"),)


def _mine(door: DoorView, own: Own) -> Spans:
    late_s = max((lag_s for at, lag_s in door.lags if at > door.now - _OWN_S), default=None)
    parts: list[Spans] = []
    if own.failed:
        parts.append(((f"✖ {own.failed} not recorded", "bad"),))
    if own.recording:
        parts.append(((f"● REC {own.recording}", "bad"),))
    if own.dropped:
        parts.append(((f"{count(own.dropped)} dropped", "bad"),))
    if late_s is not None:
        parts.append(((f"callscope {span(late_s)} late", "warn" if late_s > LATE_S else "dim"),))
    return join(parts, " · ")


# -- the board before the first call -------------------------------------------------------------------------


def waiting_page(door: DoorView, doorway: Doorway) -> list[Row]:
    """Return what an empty board says: where calls come in, what to enter for that, and what protects it."""
    if door.worker_lost is not None:
        state: Row = paragraph(("  ✖ ", "bad"), (f"callscope's worker {tame(door.worker_lost)}", "bad"))
    elif door.endpoint:
        state = paragraph(("  ● ", "good"), ("Waiting for calls at ", "text"), (tame(door.endpoint), "strong"))
    else:
        state = paragraph(("  ○ ", "dim"), ("Opening the door…", "dim"))
    return [
        empty(),
        state,
        *(paragraph(("    ", "text"), (tame(note), "dim")) for note in doorway.notes),
        empty(),
        *([heading(f"  {doorway.elsewhere}")] if doorway.fields else []),
        *(paragraph((f"    {tame(name):<{_FIELD}}", "dim"), (tame(value), "text")) for name, value in doorway.fields),
        *_turned_away(door),
    ]


def _turned_away(door: DoorView) -> list[Row]:
    """Who came and was not let in: the last one, in full."""
    if door.refusal is None:
        return []
    times = sum(door.refused.values())
    told = f"Refused {count(times)}×, the last {_ago(door)}: " if times > 1 else f"Refused one, {_ago(door)}: "
    return [empty(), paragraph(("  ▲ ", "warn"), (told, "warn"), (refused_words(door.refusal), "text"))]
