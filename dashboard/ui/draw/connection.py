"""The connection panel: where the link stands, to whom, since when, how healthy, and how callscope itself does."""

from __future__ import annotations

from dashboard.call.cognigy_view import COGNIGY, mode_words
from dashboard.call.hook_view import CONNECTOR
from dashboard.call.state import CallState, QueueView
from dashboard.call.tap_view import TapView
from dashboard.call.terms import LinkState
from dashboard.ui.draw.bot import draw_bot
from dashboard.ui.draw.layout import Spans, crop, join, join_fitting, pad, shorten_middle, stack
from dashboard.ui.draw.link import state_span, status, track
from dashboard.ui.draw.notices import beside
from dashboard.ui.draw.spans import Role, Span, cells, tame
from dashboard.ui.draw.tap import tap_delay, tap_line, tap_sides
from dashboard.ui.draw.units import NOTHING, clock, count, millis, percent, span
from dashboard.ui.draw.wires import has_token

_LABEL = 13
_SECOND = 8
_SESSION = 18  # cells for a session's name at least, with its label

_QUEUES = ("audio", "control")

_NO_LIMIT_S = 1e6
_TOKEN_SOON_S = 60.0
OPENED_S = 5.0
"""A caller waits no longer for a session to be opened."""
_QUEUE_SLOW_S = 0.5
"""metrics.md: above 500 ms is high audio latency."""


def draw_connection(call: CallState, width: int, height: int, *, offers: bool = True) -> list[Spans]:
    """Return at most `height` rows of `width` cells: the whole panel, or its few most telling rows.

    offers: say what the operator of a live call can do.
    """
    if height < 7:
        return [crop(row, width) for row in _compact(call, width, offers=offers)[:height]]
    groups = [
        [_way(call, width), status(call, width, offers=offers)],
        _identity(call, width),
        [*_health(call, width), *([_attempts(call)] if height >= 13 else [])],
        [_field("callscope", *_own(call, width - _LABEL)), _field("queues", *_queues(call))],
    ]
    return [crop(row, width) for row in stack(groups, height)]


def _way(call: CallState, width: int) -> Spans:
    """The way to `open`; where others have gone it, what Genesys' session says, and what a relay between them adds."""
    delay: Spans = () if call.tap is None else tap_delay(call.tap)
    if call.hook is None or call.dialect == CONNECTOR:
        return delay or track(call)
    from dashboard.ui.draw.hook import draw_session  # for those who listen only

    return draw_session(call.hook, width, delay)


def _field(label: str, *value: Span, width: int = _LABEL) -> Spans:
    return ((label.ljust(width), "dim"), *value)


def _pair(left: Spans, right: Spans, width: int) -> Spans:
    """Two fields side by side, the second from the same column in every row."""
    column = min(48, width * 16 // 25)
    return (*pad(left, column - 1), (" ", "text"), *right)


def _identity(call: CallState, width: int) -> list[Spans]:
    room = width - _LABEL
    endpoint = tame(call.link.endpoint or call.endpoint) or NOTHING
    session = NOTHING if call.session_id is None else tame(call.session_id)
    resumed = f"resumed {call.link.resumed}×" if call.link.resumed else ""
    extra: Spans = ((f"  {resumed}", "good"),) if resumed else ()
    session_room = max(8, room - len(resumed) - 2)
    return [
        _field("endpoint", (shorten_middle(endpoint, room), "text")),
        (*_field("session", (shorten_middle(session, session_room), "text")), *extra),
        _speaks_as(call, room) if call.dialect in COGNIGY else _conversation(call, room),
    ]


def _conversation(call: CallState, room: int) -> Spans:
    conversation = tame(call.conversation_id or "") or NOTHING
    return _field("conversation", (shorten_middle(conversation, room), "text"))


def _speaks_as(call: CallState, room: int) -> Spans:
    """Whose profile and which kind of session it is: not the caller's, who hears nothing of it."""
    view = call.cognigy
    if view is None:
        return _field("speaks as", (NOTHING, "text"))
    told = join_fitting(
        [
            ((shorten_middle(tame(view.user_id or "") or NOTHING, room), "text"),),
            ((mode_words(view), "text" if view.test_mode else "warn"),),
            (("a session of its own, which no caller hears", "dim"),),
        ],
        room,
        " · ",
    )
    return _field("speaks as", *told)


def _health(call: CallState, width: int) -> list[Spans]:
    link, (stale, resets) = call.link, _staleness(call)
    way_in = _way_in(call)
    entered = () if way_in is None else _field(way_in[0], *way_in[1], width=_SECOND)
    rows = [
        *([_field("notices", *beside(call.notices))] if call.notices is not None and not call.soundless else []),
        *([] if call.bot is None else [_field("bot beside", *draw_bot(call.bot, width - _LABEL))]),
        _pair(_field("uptime", *_uptime(call)), _field("outages", *_outages(call), width=_SECOND), width),
        *([_pair(_field("round trip", *_round_trip(call)), entered, width)] if _is_pinged(call) else []),
        _pair(_field("idle", *_idle(call)), _field(stale, *resets, width=_SECOND), width),
    ]
    if call.tap is not None:
        rows[1:] = [_field("round trip", *_round_trip(call)), *_sides(call.tap, width)]
    if link.token_error:
        rows.append(_field("token error", (tame(link.token_error), "bad")))
    return rows


def _is_pinged(call: CallState) -> bool:
    """Whether there is a round trip to measure: requests of their own have none."""
    return call.dialect != "cognigy-rest"


def _sides(view: TapView, width: int) -> list[Spans]:
    return [_field(name, *told) for name, told in tap_sides(view, width - _LABEL)]


def _attempts(call: CallState) -> Spans:
    link = call.link
    return _field("attempts", (count(link.attempts), "text"), (f" · {count(link.failures)} failed", "dim"))


def _uptime(call: CallState) -> Spans:
    opened = call.link.opened_at
    since = clock(call.now - opened) if opened is not None else "down" if call.link.outage_count else NOTHING
    tone: Role = "bad" if since == "down" else "text"
    share = uptime(call)
    return ((since, tone),) if share is None else ((since, tone), (f" · {percent(share)}", "text"))


def uptime(call: CallState) -> float | None:
    """Return the share of the call, 0..1, in which messages could come; None before the first connection."""
    elapsed = call.now - call.started_at
    if elapsed <= 0 or call.link.connections == 0:
        return None
    down = call.link.downtime_s + (call.link.outage.down_s(call.now) if call.link.outage is not None else 0.0)
    return max(0.0, 1.0 - down / elapsed)


def _outages(call: CallState) -> Spans:
    link = call.link
    if not link.outage_count:
        return (("0", "text"),)
    down = link.downtime_s + (link.outage.down_s(call.now) if link.outage is not None else 0.0)
    tone: Role = "bad" if link.outage is not None else "warn"
    return ((f"{link.outage_count}", tone), (f" · {span(down)}", "text"))


def _round_trip(call: CallState) -> Spans:
    rtts = call.link.rtts
    if not rtts:
        return ((NOTHING, "text"),)
    ordered = sorted(rtt for _, rtt in rtts)
    p95 = ordered[max(0, -(-95 * len(ordered) // 100) - 1)]  # nearest rank, RFC 2330 section 11.3
    return ((millis(rtts[-1][1]), "text"), (" · p95 ", "dim"), (f"{millis(p95)} ms", "text"))


def _idle(call: CallState) -> Spans:
    last = call.link.last_inbound_at
    if last is None:
        return ((NOTHING, "text"),)
    idle, limit = max(0.0, call.now - last), call.targets.stale_after_s
    if limit > _NO_LIMIT_S:
        return ((f"{idle:.1f} s", "text"),)
    tone: Role = "bad" if idle >= limit else "warn" if idle >= limit / 3 and not call.soundless else "text"
    return ((f"{idle:.1f} s", tone), (f" of {limit:.0f} s", "dim"))


def _token(call: CallState) -> Spans:
    link = call.link
    if link.token_expires_at is None:
        return ((NOTHING, "text"),)
    left = link.token_expires_at - call.now
    if left <= 0:
        return (("expired", "bad"),)
    refreshed: Spans = ((f" · {link.token_refreshes}×", "dim"),) if link.token_refreshes else ()
    return ((clock(left), "warn" if left < _TOKEN_SOON_S else "text"), *refreshed)


def _way_in(call: CallState) -> tuple[str, Spans] | None:
    """Return what let us in, under its label: a token; where we call a bot, how soon that opened the session; of a
    Cognigy endpoint, where it is the address that does, Engine.IO's own ping. None where we were not let in.
    """
    if call.dialect in COGNIGY:
        rtts = () if call.cognigy is None else call.cognigy.rtts
        return "ping", ((f"{millis(rtts[-1][1])} ms" if rtts else NOTHING, "text"),)
    if call.hook is None or call.dialect != CONNECTOR:
        return ("token", _token(call)) if has_token(call) else None
    took_s = call.hook.opened_s
    if took_s is None:
        return "opened", ((NOTHING, "text"),)
    tone: Role = "bad" if took_s > OPENED_S else "text"
    return "opened", ((f"{millis(took_s)} ms", tone),)


def _entered(call: CallState) -> Spans:
    """What let us in, or how soon the session was opened that Genesys asked for, where a row is all there is."""
    if call.hook is not None and call.dialect != CONNECTOR:
        return _short("opened", ((span(call.hook.opened_s), "text"),))
    way_in = _way_in(call)
    return () if way_in is None or not _is_pinged(call) else _short(way_in[0], way_in[1][:1])


def _staleness(call: CallState) -> tuple[str, Spans]:
    """Return how often the link was stale, under its label; where we call a bot, what became of its audio."""
    hook = call.hook
    if hook is None or call.dialect != CONNECTOR:
        return "stale", ((f"{call.link.stale_resets}×", "text"),)
    so_far: Span = ("now" if hook.playing else f"{hook.playbacks}×", "text")
    if hook.underruns:
        return "played", (so_far, (f" dry {hook.underruns}×", "warn"))
    return "played", (so_far, (" · ", "dim"), (f"{hook.played_s:.0f} s", "text"))


def _own(call: CallState, width: int) -> Spans:
    """Our own health: whose time stamps the frames, what we made unusable, and how long the loop and queues take."""
    aside, dropped = call.inbound.pacing.set_aside, sum(queue.dropped for queue in call.queues.values())
    told: list[Spans] = [((call.link.clock or NOTHING, "text"),)]
    if aside:
        told.append(((f"{count(aside)} aside", "warn"),))
    if dropped:
        told.append(((f"{count(dropped)} dropped", "bad"),))
    waits = [wait for queue in call.queues.values() if (wait := queue.waits.percentile(99)) is not None]
    wait = max(waits, default=None)
    slow = wait is not None and wait > _QUEUE_SLOW_S
    lag = _short("lag", ((millis(call.loop_lags.percentile(99)), "text"),))
    waited = () if wait is None else _short("wait", ((millis(wait), "bad" if slow else "text"),))
    for figures in ((lag, waited), (lag,)):
        row = (*join([*told, *figures], " · "), (" ms p99", "dim"))
        if cells(row) <= width:
            return row
    return join(told, " · ")


def _queues(call: CallState) -> Spans:
    return join([_short(name, _queue(call.queues.get(name, QueueView()))) for name in _QUEUES], " · ")


def _queue(queue: QueueView) -> Spans:
    if not queue.limit:
        return ((NOTHING, "text"),)
    tone: Role = "warn" if queue.depth * 2 > queue.limit else "text"
    return ((f"{queue.depth}", tone), (f" of {queue.limit}", "dim"))


def _compact(call: CallState, width: int, *, offers: bool) -> list[Spans]:
    """Two to four rows, the most telling first; each holds as many figures as fit."""
    link = call.link
    moving = link.state is not LinkState.OPEN or call.worker_lost is not None
    first = status(call, width, offers=offers) if moving else (state_span(call),)
    live = join_fitting(
        [
            first,
            *([] if moving else [_short("up", _uptime(call))]),
            *([_short("rtt", _round_trip(call))] if _is_pinged(call) else []),
            _short("idle", _idle(call)[:1]),
            _entered(call),
        ],
        width,
    )
    session = NOTHING if call.session_id is None else tame(call.session_id)
    outages = _short("outages", _outages(call))
    own = _own(call, width - cells(outages) - _SESSION - 4)
    session = shorten_middle(session, max(_SESSION, width - cells(outages) - cells(own) - 4) - len("session "))
    second = join_fitting([_short("session", ((session, "text"),)), outages, own], width)
    if call.tap is not None:
        return [live, tap_line(call.tap, width), second]
    room = width - 9
    conversation = tame(call.conversation_id or "") or NOTHING
    whose = _field("call", (shorten_middle(conversation, room), "text"), width=9)
    if call.dialect in COGNIGY:
        whose = _field("as", *_speaks_as(call, room)[1:], width=9)
    to = _field("to", (shorten_middle(tame(link.endpoint or call.endpoint), room), "text"), width=9)
    if call.bot is not None:
        return [live, _short("bot", draw_bot(call.bot, width - 4)), second, whose]
    return [live, second, to, whose]


def _short(label: str, value: Spans) -> Spans:
    return ((f"{label} ", "dim"), *value)
