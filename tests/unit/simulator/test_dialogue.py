"""Turns on a timeline, and what is told of them."""

from __future__ import annotations

import pytest

from dashboard.simulator.dialogue import Intent, OverlapError, Transcript, Turn, cues, place
from dashboard.simulator.voices import clip, murmur


def test_a_turn_follows_the_one_before_unless_it_names_a_time() -> None:
    turns = [
        Turn(who="caller", at_s=1.0, clip="caller-where"),
        Turn(who="bot", after_s=0.5, clip="bot-number"),
        Turn(who="caller", at_s=20.0, clip="caller-thanks"),
    ]
    first, second, third = place(turns, 60)
    assert first.start_s == 1.0
    assert second.start_s == pytest.approx(first.end_s + 0.5)
    assert third.start_s == 20.0


def test_two_sides_may_speak_at_once() -> None:
    turns = [Turn(who="bot", at_s=1, clip="bot-depot"), Turn(who="caller", at_s=2, clip="caller-there")]
    assert [one.start_s for one in place(turns, 60)] == [1, 2]


def test_one_side_may_not_speak_over_itself() -> None:
    turns = [Turn(who="bot", at_s=1, clip="bot-depot"), Turn(who="bot", at_s=2, clip="bot-here")]
    with pytest.raises(OverlapError, match=r"still speaking until 4\.82 s") as caught:
        place(turns, 60)
    assert caught.value.turn == 1


def test_a_turn_must_end_with_the_scenario() -> None:
    with pytest.raises(OverlapError, match="after the scenario's duration_s, 2"):
        place([Turn(who="bot", clip="bot-depot")], 2)


def test_partials_grow_towards_the_final_transcript_and_the_intent_follows_it() -> None:
    turn = Turn(who="caller", at_s=1.0, clip="caller-where", partials=2, intent="Track", confidence=0.9)
    told = cues([turn], place([turn], 60))
    end_s = 1.0 + clip("caller-where").duration_s
    assert [cue.message for cue in told] == [
        Transcript("caller", "Hi,", final=False),
        Transcript("caller", "Hi, where is", final=False),
        Transcript("caller", "Hi, where is my parcel?", final=True),
        Intent("Track", 0.9),
    ]
    assert told[1].at_s < end_s
    assert [cue.at_s for cue in told[2:]] == pytest.approx([end_s + 0.15, end_s + 0.45])


def test_a_bot_tells_its_words_when_it_begins_to_speak() -> None:
    turn = Turn(who="bot", at_s=3.0, clip="bot-here")
    (cue,) = cues([turn], place([turn], 60))
    assert (cue.at_s, cue.message) == (3.0, Transcript("bot", "Yes, I am still here. Go ahead, please.", final=True))


def test_a_text_may_replace_what_a_clip_says_and_keeps_its_sound() -> None:
    turn = Turn(who="bot", clip="bot-here", text="[red]here[/]")
    assert turn.words() == "[red]here[/]"
    assert turn.sound("bot") == clip("bot-here")


def test_a_text_without_a_clip_is_murmured() -> None:
    turn = Turn(who="caller", text="no clip says this")
    assert turn.sound("caller") == murmur("no clip says this", "caller")
