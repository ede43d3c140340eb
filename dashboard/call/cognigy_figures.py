"""What is measured of a Cognigy endpoint: how long the bot takes to its first output and to the end of its turn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from dashboard.call.cognigy_view import CognigyView
from dashboard.call.stages import STAGES, middle_and_high, percentile
from dashboard.call.state import CallState, Line, Turn, Utterance
from dashboard.call.turns import all_turns

FIRST, WHOLE = STAGES["final_to_text"], STAGES["final_to_end"]
"""Seconds of a turn: from the utterance to the first output, and to where the bot says that it has finished."""

_SAID = ("text", "intent", "error")


def spans(call: CallState) -> dict[str, tuple[float | None, float | None]]:
    """Return p50 and p95 of both over the turns that are kept; seconds."""
    turns = all_turns(call.turns)
    return {
        "first_output": middle_and_high(first_s(turn, call) for turn in turns),
        "whole_turn": middle_and_high(map(WHOLE, turns)),
    }


def first_s(turn: Turn, call: CallState) -> float | None:
    """Return the seconds to the first output of a turn; over REST all of them come at its end."""
    return None if call.dialect == "cognigy-rest" else FIRST(turn)


def cognigy_object(view: CognigyView, call: CallState) -> dict[str, Any]:
    """Return what `probe --json` says of an endpoint, and of each of the newest utterances."""
    rtts = sorted(rtt for _, rtt in view.rtts)
    return {
        "wire": "rest" if call.dialect == "cognigy-rest" else "socket.io",
        "engine_io": view.engine,
        "session_id": call.session_id,
        "user_id": view.user_id,
        "test_mode": view.test_mode,
        "ready_ms": _ms(view.ready_s),
        "rtt_ms": {"last": _ms(view.rtts[-1][1] if view.rtts else None), "p95": _ms(percentile(rtts, 0.95))},
        "finished": view.finished,
        "unfinished": view.unfinished,
        **{f"{name}_ms": {"p50": _ms(low), "p95": _ms(high)} for name, (low, high) in spans(call).items()},
        "utterances": _utterances(call),
    }


def _utterances(call: CallState) -> list[dict[str, Any]]:
    turns = all_turns(call.turns)
    until = [*(turn.ended_at for turn in turns[1:]), math.inf]
    answers = {
        turn.utterance: (turn, _answer(call.lines, turn.ended_at, end)) for turn, end in zip(turns, until, strict=False)
    }
    return [_utterance(call, said, *answers.get(said.number, (None, []))) for said in call.utterances]


def _answer(lines: Sequence[Line], start: float, end: float) -> list[Line]:
    return [line for line in lines if line.kind in _SAID and start <= line.at < end]


def _utterance(call: CallState, said: Utterance, turn: Turn | None, answer: Sequence[Line]) -> dict[str, Any]:
    intent = next((line for line in answer if line.kind == "intent"), None)
    return {
        "text": said.text,
        "status": said.status,
        "why": said.why or None,
        "sent_s": None if said.sent_at is None else round(said.sent_at - call.started_at, 3),
        "first_output_ms": None if turn is None else _ms(first_s(turn, call)),
        "whole_turn_ms": None if turn is None else _ms(WHOLE(turn)),
        "intent": None if intent is None else intent.text,
        "intent_score": None if intent is None else intent.confidence,
        "outputs": [line.text for line in answer if line.kind == "text"],
        "errors": [line.text for line in answer if line.kind == "error"],
    }


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
