"""Where the link stands: symbol, word and tone of every state, and the track that leads to `open`."""

from __future__ import annotations

from dashboard.call.state import CallState
from dashboard.call.terms import LinkState
from dashboard.call.words import cause_words
from dashboard.ui.draw.bars import bar
from dashboard.ui.draw.layout import Spans, join, join_fitting
from dashboard.ui.draw.spans import Span, cells, tame
from dashboard.ui.draw.units import clock, span
from dashboard.ui.draw.wires import steps

_LOOKS: dict[LinkState, Span] = {
    LinkState.IDLE: ("○", "dim"),
    LinkState.AUTHORIZING: ("◐", "warn"),
    LinkState.RESOLVING: ("◐", "warn"),
    LinkState.CONNECTING: ("◐", "warn"),
    LinkState.OPEN: ("●", "good"),
    LinkState.STALE: ("▲", "warn"),
    LinkState.WAITING: ("◐", "warn"),
    LinkState.GAVE_UP: ("✖", "bad"),
    LinkState.CLOSED: ("○", "dim"),
}

_COUNTDOWN_CELLS = 10


def state_span(call: CallState) -> Span:
    """Return symbol and word of the state, in its tone; a lost worker outranks what the link last said."""
    if call.worker_lost is not None:
        return "✖ worker lost", "bad"
    symbol, tone = _LOOKS[call.link.state]
    return f"{symbol} {call.link.state.value}", tone


def track(call: CallState) -> Spans:
    """Draw the way to `open`: done steps dim, the present one with its symbol, those to come faint."""
    state, way = call.link.state, steps(call)
    if call.worker_lost is not None:
        state = LinkState.IDLE
    position = len(way) - 1 if state is LinkState.STALE else way.index(state) if state in way else -1
    spans: list[Span] = []
    for index, step in enumerate(way):
        if index:
            spans.append((" ▸ ", "faint"))
        if index < position:
            spans.append((step.value, "dim"))
        elif index == position:
            symbol, tone = _LOOKS[state]
            spans.append((f"{symbol} {state.value}", tone))
        else:
            spans.append((step.value, "faint"))
    return tuple(spans)


def attempt_words(call: CallState) -> str:
    """Return `attempt 3 of 10`, `attempt 3` where there is no limit, nothing before the first."""
    link = call.link
    if not link.attempt:
        return ""
    return f"attempt {link.attempt} of {link.max_attempts}" if link.max_attempts else f"attempt {link.attempt}"


def status(call: CallState, width: int, *, offers: bool = True) -> Spans:
    """Draw what the link is doing now, with the countdown of a wait; `width` decides whether its bar fits.

    offers: say what the operator of a live call can do.
    """
    link = call.link
    symbol = state_span(call)

    def offer(text: str) -> Spans:
        return ((text, "accent"),) if offers else ()

    if call.worker_lost is not None:
        return _fitting([(symbol,), ((tame(call.worker_lost), "text"),), offer("r starts it again")], width)
    since = max(0.0, call.now - link.since)
    if link.state is LinkState.WAITING:
        return _countdown(call, symbol, width)
    if link.state is LinkState.OPEN:
        opened = link.since if link.opened_at is None else link.opened_at
        number: Spans = ((f"connection {link.connections}", "dim"),) if link.connections > 1 else ()
        return join([(symbol, (f" for {clock(call.now - opened)}", "text")), number], " · ")
    if link.state is LinkState.GAVE_UP:
        why: Span = (cause_words(link.cause), "text")
        return _fitting([(symbol,), (why,), offer("r tries again")], width)
    if link.state in (LinkState.CLOSED, LinkState.STALE):
        return join([(symbol,), ((cause_words(link.cause), "text"),)], " · ")
    if link.state is LinkState.IDLE:
        return (("○ not started yet", "dim"),)
    words = attempt_words(call)
    return join([(symbol,), ((words, "text"),) if words else (), ((span(since), "text"),)], " · ")


def _fitting(parts: list[Spans], width: int) -> Spans:
    return join_fitting([part for part in parts if part], width, " · ")


def _countdown(call: CallState, symbol: Span, width: int) -> Spans:
    link = call.link
    until = link.since if link.until is None else link.until
    left = max(0.0, until - call.now)
    share = left / (until - link.since) if until > link.since else 0.0
    words = attempt_words(call)
    row = join([(symbol,), ((words, "text"),) if words else (), ((f"in {left:.1f} s", "strong"),)], " · ")
    if cells(row) + 1 + _COUNTDOWN_CELLS > width:
        return row
    filled = bar(share, _COUNTDOWN_CELLS).rstrip()
    rest = "·" * (_COUNTDOWN_CELLS - len(filled))
    return (*row, (" ", "text"), (filled, "warn"), (rest, "faint"))
