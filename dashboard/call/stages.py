"""Where the time of a turn goes: its stages, and their percentiles over a call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dashboard.call.state import BargeIn, CallState, Turn, Turns
from dashboard.call.turns import all_turns


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None or end < start else end - start


STAGES: Mapping[str, Callable[[Turn], float | None]] = {
    "speech_to_final": lambda turn: _between(turn.speech_ended_at, turn.ended_at),
    "final_to_intent": lambda turn: _between(turn.ended_at, turn.intent_at),
    "final_to_text": lambda turn: _between(turn.ended_at, turn.text_at),
    "final_to_audio": lambda turn: _between(turn.ended_at, turn.audio_at),
    "final_to_end": lambda turn: _between(turn.ended_at, turn.finished_at),
    "speech_to_audio": lambda turn: _between(turn.speech_ended_at, turn.audio_at),
    "bot_audio": lambda turn: _between(turn.audio_at, turn.audio_until),
}
"""Seconds of a turn, None where one end of the stage is not known. What the caller waits for is `speech_to_audio`."""


def asked_at(turn: Turn) -> float:
    """Return when the user stopped speaking; where that was not heard, when the final transcript came."""
    return turn.ended_at if turn.speech_ended_at is None else turn.speech_ended_at


def wait_s(turn: Turn) -> float | None:
    """Return how long the user waited for the bot's first sound; of a bot without sound, for its first sign."""
    answered_at = turn.answered_at if turn.audio_at is None else turn.audio_at
    return None if answered_at is None else max(0.0, answered_at - asked_at(turn))


def stage_percentiles(turns: Turns) -> dict[str, tuple[float | None, float | None]]:
    """Return p50 and p95 of every stage over the turns that are kept, seconds."""
    kept = all_turns(turns)
    return {name: middle_and_high(measure(turn) for turn in kept) for name, measure in STAGES.items()}


def barge_in_percentiles(turns: Turns) -> tuple[float | None, float | None]:
    """Return p50 and p95 of how long the bot went on after a caller spoke into its speech, seconds."""
    return middle_and_high(barge_in.took_s for barge_in in turns.barge_ins)


def barge_in_of(turn: Turn, turns: Turns) -> BargeIn | None:
    """Return the first barge-in into the answer of a turn."""
    if turn.audio_at is None or turn.audio_until is None:
        return None
    for barge_in in turns.barge_ins:
        if turn.audio_at <= barge_in.at <= turn.audio_until:
            return barge_in
    return None


def middle_and_high(values: Iterable[float | None]) -> tuple[float | None, float | None]:
    """Return p50 and p95 of the values that are known."""
    ordered = sorted(value for value in values if value is not None)
    return percentile(ordered, 0.5), percentile(ordered, 0.95)


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Nearest rank, as RFC 2330 section 11.3 defines it."""
    if not ordered:
        return None
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]


# -- turns on one axis of time --------------------------------------------------------------------------

_TOPS_S = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 20.0)
_ROOM_BEHIND = 1.5
"""The axis is so much longer than the wait of most turns: the answer itself wants to be seen."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Where things stand on the axis: seconds from its beginning, None = not known."""

    final: float | None = None
    intent: float | None = None
    text: float | None = None
    audio: float | None = None
    audio_until: float | None = None
    barge_in: float | None = None
    finished: float | None = None  # the bot said so
    silent: float | None = None  # the bot, after the barge-in
    failed: float | None = None  # no sign of an answer until then
    waits: float | None = None  # no sign so far

    @property
    def sign(self) -> float | None:
        """The last of the first signs, where there is one: before it the user waits."""
        return max((at for at in (self.intent, self.text, self.audio) if at is not None), default=None)


def axis_top(turns: Turns) -> float:
    """Return how many seconds the axis spans: room for the wait of most turns, a round number."""
    _, high = middle_and_high(_shown_s(turn) for turn in all_turns(turns))
    wanted = (high or 0.0) * _ROOM_BEHIND
    return next((top for top in _TOPS_S if top >= wanted), _TOPS_S[-1])


def _shown_s(turn: Turn) -> float | None:
    """What of a turn should be on the axis: the wait, and where the bot says when it has finished all of it."""
    return wait_s(turn) if turn.finished_at is None else turn.finished_at - asked_at(turn)


def marks_of(turn: Turn, call: CallState) -> Marks:
    """Return what happened in a turn, in seconds from the end of the user's speech, or the final transcript."""
    zero = asked_at(turn)
    barge_in = barge_in_of(turn, call.turns)
    waiting = turn.answered_at is None and not turn.silent and not turn.interrupted

    def since(at: float | None) -> float | None:
        return None if at is None else max(0.0, at - zero)

    return Marks(
        final=since(turn.ended_at),
        intent=since(turn.intent_at),
        text=since(turn.text_at),
        audio=since(turn.audio_at),
        audio_until=since(turn.audio_until),
        finished=since(turn.finished_at),
        barge_in=None if barge_in is None else since(barge_in.at),
        silent=None if barge_in is None else since(barge_in.silent_at),
        failed=since(turn.ended_at + call.targets.silent_failure_after_s) if turn.silent else None,
        waits=since(call.now) if waiting else None,
    )
