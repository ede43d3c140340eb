"""How the facts of a tap are folded into a call. Pure."""

from __future__ import annotations

from types import MappingProxyType

from dashboard.call import steps
from dashboard.call import tap_events as te
from dashboard.call.events import Event
from dashboard.call.state import CallState, Line
from dashboard.call.tap_view import CLIENT, SIDES, TapSide, TapView, size_words
from dashboard.frozen import replace

FACTS = (te.ClientSent, te.TapMeasured, te.TapSkipped, te.TapUnread, te.TapResumed)

_KEPT_FLAWS = 20


def folded(event: Event, call: CallState) -> CallState:
    """Fold one of these facts."""
    if isinstance(event, te.ClientSent):
        return replace(call, messages=steps.counted(call.messages, "sent"))
    call = replace(call, tap=_viewed(event, call.tap or TapView()))
    if isinstance(event, te.TapSkipped):
        call = steps.reanchored(call)  # what nobody has looked at is neither lost nor late
    row = told(event)
    if row is None:
        return call
    if isinstance(event, te.TapUnread):
        return steps.noted(call, Line(event.at, "malformed", row))
    return steps.say(call, Line(event.at, "link", row))


def _viewed(event: Event, view: TapView) -> TapView:
    name = getattr(event, "side", "")
    if name not in SIDES:
        return view
    side = _stepped(event, view.client if name == CLIENT else view.upstream)
    return replace(view, client=side) if name == CLIENT else replace(view, upstream=side)


def _stepped(event: Event, side: TapSide) -> TapSide:
    match event:
        case te.TapMeasured():
            return replace(
                side,
                size_bytes=side.size_bytes + event.size_bytes,
                messages=side.messages + event.messages,
                frames=side.frames + event.frames,
                fragments=side.fragments + event.fragments,
                compressed=side.compressed + event.compressed,
                pings=side.pings + event.pings,
                held=side.held.with_values(event.held),
            )
        case te.TapSkipped():
            return replace(
                side, skips=side.skips + 1, skipped_bytes=side.skipped_bytes + event.size_bytes, blind=event.reason
            )
        case te.TapUnread():
            name = event.flaw if event.flaw in side.flaws or len(side.flaws) < _KEPT_FLAWS else "(others)"
            flaws = MappingProxyType({**side.flaws, name: side.flaws.get(name, 0) + event.size_bytes})
            blind = side.blind or ("" if event.messages else event.flaw)
            return replace(side, unread=side.unread + event.messages, flaws=flaws, blind=blind)
        case te.TapResumed():
            return replace(side, blind="", skipped_bytes=side.skipped_bytes + event.size_bytes)
    return side


def told(event: Event) -> str | None:
    """Return the row that a fact makes in the transcript, None for none."""
    match event:
        case te.TapSkipped(side=side, size_bytes=size_bytes, reason=reason):
            return f"{size_words(size_bytes) if size_bytes else 'something'} from the {side} passed unseen: {reason}"
        case te.TapUnread(side=side, flaw=flaw):
            return f"from the {side}, unreadable: {flaw}"
        case te.TapResumed(side=side):
            return f"what the {side} sends is read again"
    return None
