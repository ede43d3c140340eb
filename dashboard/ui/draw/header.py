"""The two rows on top: who and how long, and one sentence on what is wrong now."""

from __future__ import annotations

from dashboard.call.state import CallState
from dashboard.call.verdict import Headline
from dashboard.ui.draw.findings import badges as finding_badges
from dashboard.ui.draw.layout import Spans, crop, join, shorten_middle, spread
from dashboard.ui.draw.link import state_span
from dashboard.ui.draw.spans import Role, Span, cells, tame
from dashboard.ui.draw.units import clock, count

_SYMBOLS = {"ok": "●", "warn": "▲", "bad": "✖", "idle": "○"}

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
) -> Spans:
    """Return the header bar. `waiting`: rows that came since the freeze, None when not frozen."""
    name: Spans = (("callscope", "accent"), (f"  {tame(where)}" if where else "", "dim"))
    if recorded:
        name = ((" REPLAY ", "badge"), ("  ", "text"), *name)
    if call is None:
        return spread(join([name, (("○ starting", "dim"),)]), _badges(None, waiting, closing), width)
    right = join([_badges(call, waiting, closing), ((clock(call.now - call.started_at), "strong"),)])
    left = join([name, (state_span(call),)])
    room = width - cells(left) - cells(right) - 4
    endpoint = tame(call.link.endpoint or call.endpoint)
    session = "" if call.session_id is None else tame(call.session_id)
    if session and room >= 40:
        endpoint_room = room - min(24, len(session)) - 3
        ids = f"{shorten_middle(endpoint, endpoint_room)} · {shorten_middle(session, 24)}"
    else:
        ids = shorten_middle(endpoint, room) if room >= 10 else ""
    return spread(join([left, ((ids, "dim"),) if ids else ()]), right, width)


def draw_headline(headline: Headline, width: int) -> Spans:
    """Return the sentence, after the symbol of its level, with what there is to do."""
    return crop(((f"{_SYMBOLS[headline.level]} {tame(headline.text)}{headline.offer}", "strong"),), width)


def _badges(call: CallState | None, waiting: int | None, closing: bool) -> Spans:
    badges: list[Span] = []
    if closing:
        badges.append((" closing… ", "badge-warn"))
    if waiting is not None:
        badges.append((f" FROZEN +{count(waiting)} ", "badge"))
    if call is not None:
        badges += finding_badges(call)
    if call is not None and call.link.outage_count:
        plural = "outage" if call.link.outage_count == 1 else "outages"
        tone: Role = "badge-bad" if call.link.outage is not None else "badge-warn"
        badges.append((f" {call.link.outage_count} {plural} ", tone))
    dropped = 0 if call is None else sum(queue.dropped for queue in call.queues.values())
    if dropped:
        badges.append((f" {count(dropped)} dropped ", "badge-bad"))
    return join([(badge,) for badge in badges], " ")
