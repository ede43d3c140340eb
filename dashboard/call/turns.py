"""Who spoke when: a user's turn, the first signs of an answer, silent failures. Pure steps over `Turns`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dashboard.call.state import Turn, Turns
from dashboard.media.levels import SILENCE_DBFS

ONSET_S = 0.3
"""A bot frame is a sign of an answer only after this much silence: speech that goes on answers nothing."""


def user_finished(turns: Turns, at: float, text: str, utterance: int | None = None) -> Turns:
    """End a user's turn at `at`: a final user transcript, or a test utterance sent.

    A turn that still waits for its answer is continued: what counts is the end of the last thing said.
    """
    current = turns.current
    if current is not None and current.answered_at is None and not current.silent and not current.interrupted:
        joined = f"{current.text} {text}" if len(current.text) < 500 else current.text
        merged = replace(current, ended_at=at, text=joined, utterance=utterance or current.utterance)
        return replace(turns, current=merged)
    done = turns.done if current is None else turns.done.append(current)
    return replace(turns, done=done, current=Turn(done.total + 1, at, text, utterance))


def intent_matched(turns: Turns, at: float) -> Turns:
    """Note the first intent of the current turn."""
    current = turns.current
    if current is None or current.intent_at is not None:
        return turns
    return replace(turns, current=replace(current, intent_at=at))


def bot_wrote(turns: Turns, at: float) -> Turns:
    """Note the first bot transcript or text of the current turn."""
    current = turns.current
    if current is None or current.text_at is not None:
        return turns
    return replace(turns, current=replace(current, text_at=at))


def bot_heard(turns: Turns, arrivals: Sequence[float], levels: Sequence[float]) -> Turns:
    """Take the levels of the bot's channel, dBFS per frame: the first onset after the turn's end is an answer."""
    loud_at, current, onset = turns.bot_loud_at, turns.current, None
    waits = current is not None and current.audio_at is None
    for at, level in zip(arrivals, levels, strict=True):
        if level <= SILENCE_DBFS:
            continue
        starts = loud_at is None or at - loud_at >= ONSET_S
        if waits and starts and onset is None and current is not None and at > current.ended_at:
            onset = at
        loud_at = at
    if onset is not None and current is not None:
        return replace(turns, current=replace(current, audio_at=onset), bot_loud_at=loud_at)
    return turns if loud_at == turns.bot_loud_at else replace(turns, bot_loud_at=loud_at)


def link_went_down(turns: Turns) -> Turns:
    """A turn without an answer says nothing about the bot once the link is down."""
    current = turns.current
    if current is None or current.answered_at is not None or current.silent:
        return turns
    return replace(turns, current=replace(current, interrupted=True))


def time_passed(turns: Turns, now: float, limit_s: float) -> Turns:
    """Declare a silent failure when `limit_s` went by without a sign of an answer."""
    current = turns.current
    if current is None or current.silent or current.interrupted or current.answered_at is not None:
        return turns
    if now - current.ended_at < limit_s:
        return turns
    return replace(turns, current=replace(current, silent=True), silent_failures=turns.silent_failures + 1)


def all_turns(turns: Turns) -> list[Turn]:
    """Return the turns that are kept, oldest first, the current one last."""
    return [*turns.done, *([] if turns.current is None else [turns.current])]
