"""A caller speaks when it is the caller's turn, presses keys when all is said, and leaves when nothing more comes."""

from __future__ import annotations

import pytest

from dashboard.worker.conduct import Conduct, Dial, Leave, Script, Speak, Speech, Voice

HELLO, BYE = Speech("hello", b"\x10\x20" * 2000, 0.22), Speech("bye", b"\x10\x20" * 800, 0.1)


def conduct(**script: object) -> Conduct:
    return Conduct(Script(**{"speeches": (HELLO, BYE), **script}), quiet_since=100.0)  # type: ignore[arg-type]


def test_a_caller_waits_for_the_bot_to_greet_but_not_for_ever() -> None:
    caller = conduct()
    assert caller.next(102.9, bot_since=None) is None
    assert caller.next(103.0, bot_since=None) == Speak(HELLO)


def test_a_caller_answers_soon_after_the_bot_has_ended() -> None:
    caller = conduct()
    assert caller.next(101.0, bot_since=100.5) is None
    caller.heard(102.0)
    assert caller.next(102.7, bot_since=None) is None
    assert caller.next(102.8, bot_since=None) == Speak(HELLO)
    caller.said(104.0)
    assert caller.next(109.0, bot_since=None) is None  # now it is the bot's turn
    assert caller.next(110.0, bot_since=None) == Speak(BYE)


def test_an_impatient_caller_speaks_into_the_bots_speech() -> None:
    caller = conduct(interrupts=True)
    assert caller.next(100.9, bot_since=100.0) is None
    assert caller.next(101.0, bot_since=100.0) == Speak(HELLO)
    assert caller.next(101.1, bot_since=100.0) == Speak(BYE)
    assert caller.next(101.2, bot_since=100.0) is None


def test_keys_are_pressed_when_all_is_said_one_after_another() -> None:
    caller = conduct(speeches=(), digits="12")
    caller.heard(100.0)
    assert caller.next(100.8, bot_since=None) == Dial("1")
    assert caller.next(100.9, bot_since=None) is None
    assert caller.next(101.1, bot_since=None) == Dial("2")
    assert caller.next(103.0, bot_since=None) is None


def test_a_caller_leaves_when_the_bot_says_nothing_more() -> None:
    caller = conduct(speeches=(), leaves=True)
    caller.heard(100.0)
    assert caller.next(102.9, bot_since=None) is None
    assert caller.next(103.0, bot_since=None) == Leave()
    caller.said(103.0)  # whoever has asked something waits longer
    assert caller.next(108.9, bot_since=None) is None
    assert caller.next(109.0, bot_since=None) == Leave()
    assert conduct(speeches=()).next(500.0, bot_since=None) is None


def test_a_caller_who_repeats_begins_again() -> None:
    caller = conduct(speeches=(HELLO,), repeats=True)
    for _ in range(3):
        caller.heard(200.0)
        assert caller.next(201.0, bot_since=None) == Speak(HELLO)


def test_a_voice_tells_where_the_last_sound_of_a_speech_ends() -> None:
    voice = Voice()
    voice.say(HELLO)
    voice.say(BYE)
    first, second, third, fourth, fifth = (voice.frame() for _ in range(5))
    assert (first.begun, first.ended) == (HELLO, None)
    assert first.samples == b"\x10\x20" * 800
    assert (second.begun, second.ended) == (None, None)
    assert third.ended == HELLO
    assert third.ended_s == pytest.approx(0.02)
    assert third.samples.startswith(b"\x10\x20" * 400)
    assert (fourth.begun, fourth.ended) == (BYE, BYE)
    assert (fifth.begun, fifth.ended) == (None, None)
    assert not voice.speaking


def test_a_line_on_which_nobody_speaks_is_no_mute() -> None:
    voice = Voice()
    for _ in range(50):
        samples = memoryview(voice.frame().samples).cast("h")
        assert len(samples) == 800
        assert 0 < max(map(abs, samples)) <= 16
