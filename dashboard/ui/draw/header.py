"""The two rows on top: who and how long, and one sentence on what is wrong now."""

from __future__ import annotations

from itertools import chain, repeat

from rich.cells import cell_len

from dashboard.call.headline import Headline
from dashboard.call.state import CallState
from dashboard.ui.draw.badges import Badge, in_a_row
from dashboard.ui.draw.findings import badges as finding_badges
from dashboard.ui.draw.layout import Spans, crop, join, shorten_middle, spread
from dashboard.ui.draw.link import state_span
from dashboard.ui.draw.spans import cells, tame
from dashboard.ui.draw.units import clock, count

_SYMBOLS = {"ok": "●", "warn": "▲", "bad": "✖", "idle": "○"}

_SAVE = "s"
"""The trigger of a recording of what has been seen before: it is written in a moment."""

STARTING = Headline("idle", "Starting the worker…")
CLOSING = Headline("idle", "Closing the call…")


def draw_header(
    call: CallState | None,
    width: int,
    *,
    where: str,
    recorded: bool = False,
    waiting: int | None = None,
    closing: bool = False,
    masked: bool = False,
) -> Spans:
    """Return the header bar. `waiting`: rows that came since the freeze, None when not frozen."""
    kind: Spans = ((" REPLAY ", "badge"),) if recorded else ()
    name: Spans = join([kind, (("callscope", "accent"),)])
    shown: Spans = ((tame(where), "dim"),) if where else ()
    state: Spans = (("○ starting", "dim") if call is None else state_span(call),)
    badges = _badges(call, waiting, closing=closing, masked=masked)
    since: Spans = () if call is None else ((clock(call.now - call.started_at), "strong"),)
    long, short = (join([in_a_row(badges, short=short), since]) for short in (False, True))
    choices = (((name, shown, state), long), ((name, state), long), ((name, state), short), ((kind, state), short))
    for left, right in choices:
        room = width - cells(join(left)) - cells(right) - 4
        if room >= -2:
            break
    return spread(join([*left, _ids(call, room)]), right, width)


def _ids(call: CallState | None, room: int) -> Spans:
    """To whom, in what is left of the row."""
    if call is None or room < 10:
        return ()
    endpoint = tame(call.link.endpoint or call.endpoint)
    session = "" if call.session_id is None else tame(call.session_id)
    if not session or room < 40:
        return ((shorten_middle(endpoint, room), "dim"),)
    endpoint_room = room - min(24, len(session)) - 3
    return ((f"{shorten_middle(endpoint, endpoint_room)} · {shorten_middle(session, 24)}", "dim"),)


def draw_headline(headline: Headline, width: int) -> Spans:
    """Return the sentence, after the symbol of its level, with as much of what may follow as there is room for."""
    text = f"{_SYMBOLS[headline.level]} {tame(headline.text)}"
    for gap, part in zip(chain((" — ",), repeat(" · ")), filter(None, (*headline.more, headline.offer)), strict=False):
        longer = f"{text}{gap}{tame(part)}"
        if cell_len(longer) > width:
            break
        text = longer
    return crop(((text, "strong"),), width)


def _badges(call: CallState | None, waiting: int | None, *, closing: bool, masked: bool) -> list[Badge]:
    badges: list[Badge] = []
    if closing:
        badges.append(Badge("closing…", "closing…", "warn"))
    if waiting is not None:
        badges.append(Badge(f"FROZEN +{count(waiting)}", "FROZEN", "accent"))
    if masked:
        badges.append(Badge("MASKED", "MASKED", "accent"))
    if call is None:
        return badges
    if any(started.trigger != _SAVE for started in call.records.writing):
        badges.append(Badge("● REC", "● REC", "bad"))
    badges += finding_badges(call)
    if call.link.outage_count:
        plural = "outage" if call.link.outage_count == 1 else "outages"
        down = call.link.outage is not None
        number = count(call.link.outage_count)
        badges.append(Badge(f"{number} {plural}", f"{number} out", "bad" if down else "warn", now=down))
    dropped = sum(queue.dropped for queue in call.queues.values())
    if dropped:
        badges.append(Badge(f"{count(dropped)} dropped", f"{count(dropped)} dropped", "bad"))
    return badges
