"""A user's turn, the first sign of an answer, silent failures."""

from __future__ import annotations

import pytest

from dashboard.call import turns
from dashboard.call.state import Turns

LOUD, QUIET = -20.0, -90.0


def heard(state: Turns, start: float, levels: list[float]) -> Turns:
    """Frames of 20 ms from `start` on."""
    return turns.bot_heard(state, [start + 0.02 * i for i in range(len(levels))], levels)


def test_latency_runs_from_the_end_of_the_turn_to_the_first_sign_of_any_kind() -> None:
    state = turns.user_finished(Turns(), 10.0, "where is my parcel")
    state = turns.intent_matched(state, 10.4)
    state = turns.bot_wrote(state, 10.6)
    state = heard(state, 10.7, [QUIET, LOUD])
    assert state.current is not None
    assert state.current.latency_s == pytest.approx(0.4)
    assert (state.current.intent_at, state.current.text_at) == (10.4, 10.6)
    assert state.current.audio_at == pytest.approx(10.72)


def test_only_the_first_sign_of_each_kind_counts() -> None:
    state = turns.intent_matched(turns.user_finished(Turns(), 10.0, "hello"), 10.4)
    assert turns.intent_matched(state, 12.0) is state


def test_a_turn_that_waits_for_its_answer_goes_on_when_the_user_speaks_again() -> None:
    state = turns.user_finished(turns.user_finished(Turns(), 10.0, "my parcel"), 12.0, "number 4711")
    assert state.current is not None
    assert (state.current.number, state.current.ended_at) == (1, 12.0)
    assert state.current.text == "my parcel number 4711"


def test_an_answered_turn_is_done_when_the_user_speaks_again() -> None:
    state = turns.bot_wrote(turns.user_finished(Turns(), 10.0, "hello"), 10.5)
    state = turns.user_finished(state, 20.0, "bye")
    assert [turn.number for turn in turns.all_turns(state)] == [1, 2]
    assert state.done[0].latency_s == pytest.approx(0.5)


def test_a_sign_without_a_turn_means_nothing() -> None:
    assert turns.bot_wrote(Turns(), 1.0).current is None


def test_bot_speech_that_simply_goes_on_is_no_answer() -> None:
    state = heard(Turns(), 9.9, [LOUD] * 5)
    state = turns.user_finished(state, 10.0, "stop")
    state = heard(state, 10.02, [LOUD] * 5)
    assert state.current is not None
    assert state.current.audio_at is None
    state = heard(state, 10.5, [LOUD])
    assert state.current is not None
    assert state.current.audio_at == 10.5


def test_bot_audio_below_the_silence_threshold_is_no_answer() -> None:
    state = heard(turns.user_finished(Turns(), 10.0, "hello"), 10.5, [-50.0, -60.0])
    assert state.current is not None
    assert state.current.audio_at is None


def test_no_sign_within_the_limit_is_one_silent_failure() -> None:
    state = turns.user_finished(Turns(), 10.0, "hello")
    assert turns.time_passed(state, 14.9, 5.0).silent_failures == 0
    state = turns.time_passed(state, 15.0, 5.0)
    assert state.silent_failures == 1
    assert turns.time_passed(state, 25.0, 5.0).silent_failures == 1


def test_an_answer_after_a_silent_failure_still_has_its_latency() -> None:
    state = turns.time_passed(turns.user_finished(Turns(), 10.0, "hello"), 16.0, 5.0)
    state = turns.bot_wrote(state, 18.0)
    assert state.current is not None
    assert state.current.latency_s == 8.0
    assert state.silent_failures == 1


def test_after_a_silent_failure_the_next_words_begin_a_new_turn() -> None:
    state = turns.time_passed(turns.user_finished(Turns(), 10.0, "hello"), 16.0, 5.0)
    state = turns.user_finished(state, 17.0, "are you there")
    assert [turn.silent for turn in turns.all_turns(state)] == [True, False]


def test_a_turn_cut_by_the_link_is_no_silent_failure() -> None:
    state = turns.link_went_down(turns.user_finished(Turns(), 10.0, "hello"))
    assert turns.time_passed(state, 30.0, 5.0).silent_failures == 0


def test_an_utterance_ends_a_turn_as_speech_does() -> None:
    state = turns.user_finished(Turns(), 10.0, "parcel 4711", utterance=3)
    assert state.current is not None
    assert state.current.utterance == 3
