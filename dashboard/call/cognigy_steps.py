"""How the facts of a Cognigy endpoint are folded into a call. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from dashboard.call import cognigy_events as ce
from dashboard.call import outages, steps, turns, utterances
from dashboard.call.cognigy_view import CognigyView, mode_words
from dashboard.call.state import CallState, Line, UtteranceStatus
from dashboard.call.terms import Event
from dashboard.call.words import span_words
from dashboard.frozen import replace


def folded(event: Event, call: CallState) -> CallState:
    """Fold one of these facts."""
    call = call if isinstance(event, ce.Acknowledged | ce.TurnTimedOut) else steps.received(call, event.at)
    return FACTS[type(event)](event, call, call.cognigy or CognigyView())


def _ready(event: ce.EndpointReady, call: CallState, view: CognigyView) -> CallState:
    view = replace(
        view,
        user_id=event.user_id,
        test_mode=event.test_mode,
        ready_s=event.took_s if event.announced else None,
        engine=event.engine,
    )
    took = f" after {span_words(event.took_s)}" if event.announced else ""
    unsaid = "" if event.announced or event.engine is None else ", which the endpoint does not say itself"
    words = f"ready{took}{unsaid}: as {event.user_id}, {mode_words(view)}"
    return steps.say(replace(call, cognigy=view), Line(event.at, "status", words))


def _pinged(event: ce.EnginePinged, call: CallState, view: CognigyView) -> CallState:
    link = outages.sent(call.link, event.at - event.rtt_s)
    return replace(call, link=link, cognigy=replace(view, rtts=view.rtts.append((event.at, event.rtt_s))))


def _acknowledged(event: ce.Acknowledged, call: CallState, view: CognigyView) -> CallState:
    return replace(call, link=outages.sent(call.link, event.at))


def _typing(event: ce.TypingChanged, call: CallState, view: CognigyView) -> CallState:
    return replace(call, cognigy=replace(view, typing=event.typing))


def _finished(event: ce.TurnFinished, call: CallState, view: CognigyView) -> CallState:
    moved = turns.finished(call.turns, event.at)
    view = replace(view, typing=False)
    if moved.current is None or moved is call.turns:  # the end of something that nobody asked for
        return replace(call, cognigy=view)
    call = _ended(replace(call, turns=moved, cognigy=replace(view, finished=view.finished + 1)), "finished")
    said = "the bot has finished" if moved.current.answered_at is not None else "the bot has finished and said nothing"
    how = "" if event.how in ("", "regular", "reply") else f" ({event.how})"
    return steps.say(call, Line(event.at, "status", f"{said}{how}", latency_s=event.at - moved.current.ended_at))


def _timed_out(event: ce.TurnTimedOut, call: CallState, view: CognigyView) -> CallState:
    moved = turns.gave_up(call.turns)
    if moved.current is None or moved is call.turns:
        return call
    answered = moved.current.answered_at is not None
    call = replace(call, turns=moved, cognigy=replace(view, typing=False, unfinished=view.unfinished + 1))
    why = f"the bot has not finished within {event.waited_s:g} s"
    call = _ended(call, "unfinished" if answered else "unanswered", why)
    return steps.say(call, Line(event.at, "status", why)) if answered else call


def _refused(event: ce.InputRefused, call: CallState, view: CognigyView) -> CallState:
    call = _ended(call, "refused" if event.arrived is False else "unknown", event.why)
    return replace(call, turns=turns.refused(call.turns))


def _ended(call: CallState, status: UtteranceStatus, why: str = "") -> CallState:
    """Say what became of the utterance of the current turn."""
    current = call.turns.current
    number = None if current is None else current.utterance
    return replace(call, utterances=utterances.ended(call.utterances, number, status, why))


FACTS: Mapping[type[Event], Callable[[Any, CallState, CognigyView], CallState]] = MappingProxyType(
    {
        ce.EndpointReady: _ready,
        ce.EnginePinged: _pinged,
        ce.Acknowledged: _acknowledged,
        ce.TypingChanged: _typing,
        ce.TurnFinished: _finished,
        ce.TurnTimedOut: _timed_out,
        ce.InputRefused: _refused,
    }
)
