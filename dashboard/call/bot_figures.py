"""What is told of the bot beside a call: its own figures, apart from those of the call, and why there is none."""

from __future__ import annotations

from typing import Any

from dashboard.call.cognigy_figures import cognigy_object, spans
from dashboard.call.cognigy_view import CognigyView
from dashboard.call.notice_view import NOTIFICATIONS
from dashboard.call.state import BotView, CallState
from dashboard.call.terms import LinkState
from dashboard.wiretext import visible

_SPOKEN_TO_BY_OTHERS = frozenset({"audiohook", NOTIFICATIONS})
"""Dialects of calls to which nothing can be said: whoever wants to speak needs a bot beside them."""

_NO_BOT = "--bot PROFILE, or bot in your profile, names a Cognigy endpoint of the settings file to speak to"


def why_unspoken(call: CallState) -> str:
    """Return why no test utterance can be said on this call, or what to set for that; empty where one can."""
    if call.bot is not None:
        return "the call is over" if call.link.state is LinkState.CLOSED else call.bot.why_not
    return _NO_BOT if call.dialect in _SPOKEN_TO_BY_OTHERS else ""


def first_s(view: BotView) -> float | None:
    """Return how long the bot took to its newest answer: to the first output, over REST to the end of its turn."""
    turn = None if view.call is None else view.call.turns.current
    return None if turn is None else turn.latency_s


def bot_object(view: BotView) -> dict[str, Any]:
    """Return the figures of the bot beside a call; those of its wire are `null` until the first utterance."""
    call = view.call
    return {
        "profile": view.profile,
        "endpoint": view.endpoint or None,
        "session_id": view.session_id or None,
        "user_id": view.user_id or None,
        "test_mode": view.test_mode if view.session_id else None,
        "why_not": view.why_not or None,
        "link": None if call is None else str(call.link.state),
        "attempts": None if call is None else call.link.attempts,
        "outages": None if call is None else call.link.outage_count,
        "silent_failures": None if call is None else call.turns.silent_failures,
        "cognigy": None if call is None else cognigy_object(call.cognigy or CognigyView(), call),
    }


def bot_lines(view: BotView) -> list[str]:
    """Return what the summary says of it, a line each."""
    if view.why_not:
        return [f"  test   {visible(view.profile)} was not spoken to: {visible(view.why_not)}"]
    mode = "test mode" if view.test_mode else "billed"
    where = f"{visible(view.profile)} · session {visible(view.session_id)} · {mode} · no caller heard it"
    return [f"  test   {where}", f"         {asked_words(view)}"]


def asked_words(view: BotView) -> str:
    """Return how often it was asked, and what came of that."""
    call = view.call
    if call is None:
        return "nothing was said"
    told, whole = call.cognigy or CognigyView(), spans(call)["whole_turn"]
    return (
        f"{len(call.utterances)} said · {told.finished} answered to the end · {told.unfinished} not"
        f" · {call.turns.silent_failures} without any answer"
        f" · whole turn p50 {_ms(whole[0])} p95 {_ms(whole[1])}"
    )


def _ms(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1000:.1f} ms"
