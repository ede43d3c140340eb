"""Who spoke when: a user's turn, the first signs of an answer, its end, barge-in. Pure steps over `Turns`.

All moments are arrivals: of a message, or of a frame with sound in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dashboard.call.state import BargeIn, Turn, Turns
from dashboard.frozen import replace
from dashboard.media.levels import SILENCE_DBFS

if TYPE_CHECKING:
    from dashboard.call.events import AudioReceived

ONSET_S = 0.3
"""A bot frame is a sign of an answer only after this much silence: speech that goes on answers nothing."""

PAUSE_S = 2.0
"""What the bot says after a longer pause is no part of the answer."""

TALK_S = 0.3
"""A caller who speaks into the bot's speech for less than this does not want it to stop."""

SLOW_S = 2.0
"""A pause in which a caller begins to ask whether anybody is there."""

_BOT_QUIET_S = 0.5
_CALLER_QUIET_S = 1.0


def user_finished(turns: Turns, at: float, text: str, utterance: int | None = None) -> Turns:
    """End a user's turn at `at`: a final user transcript, or a test utterance sent.

    A turn that still waits for its answer is continued: what counts is the end of the last thing said.
    """
    current = turns.current
    if current is not None and _waits(current):
        joined = f"{current.text} {text}" if len(current.text) < 500 else current.text
        spoken = None if utterance else _speech_end(turns, at) or current.speech_ended_at
        merged = replace(
            current, ended_at=at, text=joined, utterance=utterance or current.utterance, speech_ended_at=spoken
        )
        return replace(turns, current=merged)
    spoken = None if utterance else _speech_end(turns, at)
    done = turns.done if current is None else turns.done.append(current)
    return replace(turns, done=done, current=Turn(done.total + 1, at, text, utterance, spoken))


def _speech_end(turns: Turns, at: float) -> float | None:
    """When the caller was heard last, if that was in the turn that ends at `at`."""
    heard_at, current = turns.caller_loud_at, turns.current
    if heard_at is None or heard_at > at or (current is not None and heard_at <= current.ended_at):
        return None
    return heard_at


def finished(turns: Turns, at: float) -> Turns:
    """Note that the bot says it has finished the current turn."""
    current = turns.current
    if current is None or _is_over(current):
        return turns
    return replace(turns, current=replace(current, finished_at=at))


def gave_up(turns: Turns) -> Turns:
    """Note that nobody waits any more for the bot to say that it has finished."""
    current = turns.current
    if current is None or _is_over(current):
        return turns
    return replace(turns, current=replace(current, unfinished=True))


def refused(turns: Turns) -> Turns:
    """What the user said did not reach the bot: the turn says nothing about it."""
    current = turns.current
    return turns if current is None else replace(turns, current=replace(current, interrupted=True))


def _waits(turn: Turn) -> bool:
    """Tell whether a turn still waits for its answer."""
    return turn.answered_at is None and not (turn.silent or turn.interrupted or _is_over(turn))


def _is_over(turn: Turn) -> bool:
    return turn.finished_at is not None or turn.unfinished


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


def voices_heard(turns: Turns, fact: AudioReceived) -> Turns:
    """Take the voices in a batch of audio."""
    levels = dict(zip(fact.channels, fact.levels, strict=True))
    bot = levels.get("bot") or levels.get("mixed")  # of a mono stream nobody says whose voice it is
    return turns if bot is None else heard(turns, fact.arrivals, bot, levels.get("caller"))


def heard(turns: Turns, arrivals: Sequence[float], bot: Sequence[float], caller: Sequence[float] | None) -> Turns:
    """Take the levels of both channels, dBFS per frame; `caller` None: one channel carries them both.

    The bot's first onset after the turn's end is an answer. Where the voices are mixed, nobody can say when either of
    them ended.
    """
    onset, bot_at = _loud(turns.bot_loud_at, arrivals, bot)
    spoke, caller_at = (None, None) if caller is None else _loud(turns.caller_loud_at, arrivals, caller)
    if bot_at != turns.bot_loud_at or caller_at != turns.caller_loud_at:
        into = turns.talks_over
        if into is None and spoke is not None and turns.bot_loud_at is not None and spoke - turns.bot_loud_at < ONSET_S:
            into = spoke
        current = _answered(turns.current, onset, bot_at, mixed=caller is None)
        turns = replace(turns, current=current, bot_loud_at=bot_at, caller_loud_at=caller_at, talks_over=into)
    return turns if turns.talks_over is None else _barged_in(turns, turns.talks_over, arrivals[-1])


def _loud(last: float | None, arrivals: Sequence[float], levels: Sequence[float]) -> tuple[float | None, float | None]:
    """Return the first frame above the threshold after silence, if there is one, and the last one above it."""
    onset = None
    if max(levels) > SILENCE_DBFS:
        for at, level in zip(arrivals, levels, strict=True):
            if level > SILENCE_DBFS:
                if onset is None and (last is None or at - last >= ONSET_S):
                    onset = at
                last = at
    return onset, last


def _answered(current: Turn | None, onset: float | None, bot_at: float | None, *, mixed: bool) -> Turn | None:
    if current is None or bot_at is None:
        return current
    if current.audio_at is None:
        if onset is None or onset <= current.ended_at:
            return current
        return replace(current, audio_at=onset, audio_until=None if mixed else bot_at)
    if current.audio_until is None or not 0.0 < bot_at - current.audio_until < PAUSE_S:
        return current
    return replace(current, audio_until=bot_at)


def _barged_in(turns: Turns, began: float, now: float) -> Turns:
    """Decide what comes of a caller who began to speak while the bot spoke, as soon as one of them has stopped."""
    bot_at, caller_at = turns.bot_loud_at or began, turns.caller_loud_at or began
    stopped = now - bot_at >= _BOT_QUIET_S
    if not stopped and now - caller_at < _CALLER_QUIET_S:
        return turns
    if caller_at - began < TALK_S or bot_at <= began:
        return replace(turns, talks_over=None)
    barge_in = BargeIn(began, bot_at if stopped else None)
    return replace(turns, talks_over=None, barge_ins=turns.barge_ins.append(barge_in))


def link_went_down(turns: Turns) -> Turns:
    """A turn without an answer says nothing about the bot once the link is down, nor does what was heard before."""
    turns = replace(turns, caller_loud_at=None, talks_over=None)
    current = turns.current
    if current is None or not _waits(current):
        return turns
    return replace(turns, current=replace(current, interrupted=True))


def time_passed(turns: Turns, now: float, limit_s: float) -> Turns:
    """Declare a silent failure when `limit_s` went by without a sign of an answer."""
    current = turns.current
    if current is None or current.answered_at is not None or current.silent or current.interrupted:
        return turns
    if current.finished_at is not None:
        return turns  # the bot is not hung: it had nothing to say
    if now - current.ended_at < limit_s:
        return turns
    return replace(turns, current=replace(current, silent=True), silent_failures=turns.silent_failures + 1)


def all_turns(turns: Turns) -> list[Turn]:
    """Return the turns that are kept, oldest first, the current one last."""
    return [*turns.done, *([] if turns.current is None else [turns.current])]
