"""A user's turn, the first sign of an answer and its end, silent failures, barge-in."""

from __future__ import annotations

import pytest

from dashboard.call import turns
from dashboard.call.state import Turns

LOUD, QUIET = -20.0, -90.0


def heard(state: Turns, start: float, bot: list[float], caller: list[float] | None = None) -> Turns:
    """Frames of 20 ms from `start` on."""
    return turns.heard(state, [start + 0.02 * i for i in range(len(bot))], bot, caller)


def speak(state: Turns, start: float, seconds: float, *, bot: bool = False, caller: bool = False) -> Turns:
    """Batches of 100 ms of both channels, each loud or quiet throughout."""
    for batch in range(round(seconds * 10)):
        loud = [[LOUD if speaks else QUIET] * 5 for speaks in (bot, caller)]
        state = heard(state, start + 0.1 * batch, *loud)
    return state


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


def test_the_end_of_the_users_speech_is_the_last_sound_on_their_channel() -> None:
    state = speak(Turns(), 9.0, 0.8, caller=True)
    state = speak(state, 9.8, 0.4)
    state = turns.user_finished(state, 10.2, "where is my parcel")
    assert state.current is not None
    assert state.current.speech_ended_at == pytest.approx(9.78)


def test_a_mixed_channel_tells_neither_when_the_user_nor_when_the_bot_ended() -> None:
    state = heard(Turns(), 9.0, [LOUD] * 40)
    state = heard(turns.user_finished(state, 10.0, "hello"), 10.5, [LOUD] * 5)
    assert state.current is not None
    assert state.current.audio_at == 10.5
    assert (state.current.speech_ended_at, state.current.audio_until) == (None, None)


def test_sound_of_an_earlier_turn_is_not_the_speech_of_this_one() -> None:
    state = turns.user_finished(speak(Turns(), 9.0, 0.8, caller=True), 10.0, "hello")
    state = turns.user_finished(turns.bot_wrote(state, 10.5), 14.0, "pressed a key")
    assert state.current is not None
    assert state.current.speech_ended_at is None


def test_a_typed_utterance_has_no_speech_before_it() -> None:
    state = turns.user_finished(speak(Turns(), 9.0, 0.8, caller=True), 10.0, "parcel 4711", utterance=1)
    assert state.current is not None
    assert state.current.speech_ended_at is None


def test_a_turn_that_goes_on_keeps_the_end_of_the_speech_that_was_heard() -> None:
    state = turns.user_finished(speak(Turns(), 9.0, 0.8, caller=True), 10.0, "my parcel")
    state = turns.user_finished(state, 10.3, "please")
    assert state.current is not None
    assert state.current.ended_at == 10.3
    assert state.current.speech_ended_at == pytest.approx(9.78)


def test_an_answer_ends_with_its_last_sound_pauses_within_it_and_all() -> None:
    state = turns.user_finished(Turns(), 10.0, "hello")
    state = speak(state, 10.5, 1.0, bot=True)
    state = speak(state, 11.5, 1.0)
    state = speak(state, 12.5, 0.5, bot=True)
    assert state.current is not None
    assert state.current.audio_at == 10.5
    assert state.current.audio_until == pytest.approx(12.98)


def test_what_the_bot_says_long_after_its_answer_is_no_part_of_it() -> None:
    state = speak(turns.user_finished(Turns(), 10.0, "hello"), 10.5, 1.0, bot=True)
    state = speak(speak(state, 11.5, 4.0), 15.5, 1.0, bot=True)
    assert state.current is not None
    assert state.current.audio_until == pytest.approx(11.48)


def test_barge_in_runs_from_the_callers_first_sound_to_the_bots_last_one() -> None:
    state = speak(Turns(), 10.0, 1.0, bot=True)
    state = speak(state, 11.0, 0.6, bot=True, caller=True)
    state = speak(state, 11.6, 0.6, caller=True)
    (barge_in,) = state.barge_ins
    assert barge_in.at == 11.0
    assert barge_in.took_s == pytest.approx(0.58)


def test_a_bot_that_speaks_on_until_the_caller_gives_up_was_not_silenced() -> None:
    state = speak(speak(Turns(), 10.0, 1.0, bot=True), 11.0, 0.8, bot=True, caller=True)
    state = speak(state, 11.8, 1.2, bot=True)
    (barge_in,) = state.barge_ins
    assert (barge_in.at, barge_in.took_s) == (11.0, None)


def test_a_short_sound_of_the_caller_is_no_barge_in() -> None:
    state = speak(speak(Turns(), 10.0, 1.0, bot=True), 11.0, 0.2, bot=True, caller=True)
    state = speak(state, 11.2, 2.0, bot=True)
    assert not state.barge_ins
    assert state.talks_over is None


def test_a_caller_who_begins_when_the_bot_has_ended_does_not_barge_in() -> None:
    state = speak(speak(Turns(), 10.0, 1.0, bot=True), 11.0, 0.1)
    state = speak(state, 11.1, 2.0, caller=True)
    assert not state.barge_ins


def test_a_caller_who_goes_on_when_the_bot_begins_does_not_barge_in() -> None:
    state = speak(speak(Turns(), 10.0, 1.0, caller=True), 11.0, 2.0, bot=True, caller=True)
    assert not state.barge_ins


def test_what_was_heard_before_the_link_went_down_says_nothing_afterwards() -> None:
    state = turns.link_went_down(speak(speak(Turns(), 10.0, 1.0, bot=True), 11.0, 0.5, bot=True, caller=True))
    state = turns.user_finished(speak(state, 20.0, 2.0), 22.0, "hello")
    assert state.current is not None
    assert (state.current.speech_ended_at, len(state.barge_ins)) == (None, 0)
