"""What a bot sends is played in order, for as long as it lasts; and it may not send too much."""

from __future__ import annotations

import pytest

from dashboard.dialects.audiohook_handset import TOLD_AFTER_S, Handset
from dashboard.dialects.audiohook_playback import COMPLETED_S, MOST_AT_ONCE, Allowance, Playback
from dashboard.media.g711 import pcmu_to_linear

LOUD, SOFT = b"\x00", b"\x30"


def second(code: bytes = LOUD, seconds: float = 1.0) -> bytes:
    return code * round(8000 * seconds)


def test_playback_begins_with_the_first_audio_and_takes_as_long_as_it_lasts() -> None:
    playback = Playback()
    assert playback.put(second(), 100.0)
    assert not playback.put(second(), 100.1)
    assert playback.ahead_s(100.1) == pytest.approx(1.9)
    assert playback.tick(102.0) is None
    assert playback.playing
    played = playback.tick(102.0 + COMPLETED_S)
    assert played is not None
    assert (played.played_s, played.underruns, played.messages) == (2.0, 0, 2)
    assert played.ahead_s == pytest.approx(1.9)
    assert not playback.playing
    assert playback.tick(110.0) is None


def test_what_was_sent_is_heard_in_its_order() -> None:
    playback = Playback()
    playback.put(second(LOUD, 0.01), 100.0)
    playback.put(second(SOFT, 0.01), 100.002)
    heard = playback.heard(100.0, 160)
    assert heard == LOUD * 80 + SOFT * 80
    assert playback.heard(100.005, 80) == LOUD * 40 + SOFT * 40


def test_a_line_without_speech_is_quiet_and_no_mute() -> None:
    (quiet,) = {max(map(abs, memoryview(pcmu_to_linear(Playback().heard(5.0, 160) or b"")).cast("h")))}
    assert 0 < quiet <= 16


def test_audio_that_comes_a_moment_too_late_is_an_underrun_and_a_hole() -> None:
    playback = Playback()
    playback.put(second(seconds=0.2), 100.0)
    assert not playback.put(second(seconds=0.2), 100.26)  # 60 ms after the end of what there was
    played = playback.tick(101.0)
    assert played is not None
    assert played.underruns == 1
    assert played.dry_s == pytest.approx(0.06)
    assert playback.heard(100.21, 160) is None
    assert playback.heard(100.18, 160) == LOUD * 160


def test_a_pause_of_speech_is_no_underrun() -> None:
    playback = Playback()
    playback.put(second(seconds=0.2), 100.0)
    assert playback.tick(100.4) is not None
    assert playback.put(second(), 101.3)
    played = playback.tick(103.0)
    assert played is not None
    assert played.underruns == 0


def test_nor_is_the_silence_before_another_turn() -> None:
    playback = Playback()
    playback.put(second(seconds=0.2), 100.0)
    assert playback.tick(100.4) is not None
    playback.turn()
    playback.put(second(), 100.7)
    played = playback.tick(103.0)
    assert played is not None
    assert played.underruns == 0


def test_a_long_underrun_is_counted_and_leaves_no_hole() -> None:
    playback = Playback()
    playback.put(second(seconds=0.2), 100.0)
    playback.put(second(), 100.7)
    played = playback.tick(103.0)
    assert played is not None
    assert played.underruns == 1
    assert played.dry_s == pytest.approx(0.5)
    assert playback.heard(100.3, 160) is not None


def test_an_underrun_is_counted_also_when_playback_had_completed_meanwhile() -> None:
    playback = Playback()
    playback.put(second(seconds=0.2), 100.0)
    assert playback.tick(100.35) is not None
    assert playback.put(second(), 100.40)
    played = playback.tick(102.0)
    assert played is not None
    assert played.underruns == 1


def test_barge_in_throws_away_what_waits() -> None:
    playback = Playback()
    playback.put(second(), 100.0)
    playback.put(second(SOFT), 100.0)
    played = playback.drop(100.5)
    assert played is not None
    assert [played.played_s, played.dropped_s] == pytest.approx([0.5, 1.5])
    assert playback.heard(100.48, 160) == LOUD * 160
    assert SOFT not in (playback.heard(101.2, 160) or SOFT)
    assert playback.drop(100.6) is None
    assert playback.put(second(), 100.6)  # and what comes then is no underrun
    assert (playback.tick(102.0) or played).underruns == 0


def test_nobody_listens_to_a_bot_for_hours() -> None:
    playback = Playback()
    for _ in range(20):
        playback.put(second(seconds=60), 100.0)
    assert playback.ahead_s(100.0) <= 600.0
    assert (played := playback.drop(100.0)) is not None
    assert played.dropped_s == pytest.approx(1200.0)


def test_a_bot_may_send_25_messages_at_once_and_5_a_second_after_that() -> None:
    allowance = Allowance()
    assert all(allowance.take(100.0) for _ in range(MOST_AT_ONCE))
    assert not allowance.take(100.0)
    assert not allowance.take(100.1)
    assert allowance.take(100.2)
    assert all(allowance.take(101.0 + n / 5) for n in range(50))
    fresh = Allowance()
    assert sum(fresh.take(200.0) for _ in range(100)) == 25
    assert sum(fresh.take(200.0 + n / 20) for n in range(1, 201)) == 50


def test_both_sides_stand_in_one_stream_on_the_callers_clock() -> None:
    playback = Playback()
    handset = Handset(playback)
    playback.put(second(SOFT), 99.95)
    handset.spoke(LOUD * 800, 100.0, 0.003)
    assert list(handset.frames(100.1)) == []
    frames = list(handset.frames(100.1 + TOLD_AFTER_S))
    assert [frame.channels for frame in frames] == [("caller", "bot")] * 5
    assert all(frame.payload == (LOUD + SOFT) * 160 for frame in frames)
    assert [frame.position for frame in frames] == pytest.approx([0.0, 0.02, 0.04, 0.06, 0.08])
    assert [frame.at for frame in frames] == pytest.approx([100.023, 100.043, 100.063, 100.083, 100.103])


def test_where_the_bots_audio_ran_out_the_stream_has_a_hole() -> None:
    playback = Playback()
    handset = Handset(playback)
    playback.put(SOFT * 160, 100.0)
    playback.put(SOFT * 800, 100.06)
    handset.spoke(LOUD * 800, 100.0, 0.0)
    assert [frame.position for frame in handset.frames(101.0)] == pytest.approx([0.0, 0.06, 0.08])


def test_what_a_caller_left_out_moves_only_what_it_says_behind_that() -> None:
    handset = Handset(Playback())
    handset.spoke(LOUD * 160, 100.0, 0.0)
    handset.left_out(1.3)
    handset.spoke(LOUD * 160, 101.32, 0.0)
    assert [frame.position for frame in handset.frames(103.0)] == pytest.approx([0.0, 0.02])
