"""Where the time of a turn goes, over a call."""

from __future__ import annotations

import pytest

from dashboard.call.events import Speaker
from dashboard.call.figures import probe_object
from dashboard.call.stages import STAGES, barge_in_of, barge_in_percentiles, middle_and_high, stage_percentiles
from dashboard.call.state import BargeIn, Turn, Turns
from dashboard.media.tail import Tail
from tests.builders import Story, dialogue

TURN = Turn(
    1,
    10.0,
    "where is my parcel",
    speech_ended_at=9.6,
    intent_at=10.3,
    text_at=10.5,
    audio_at=10.75,
    audio_until=13.0,
    finished_at=13.5,
)


def test_the_stages_of_a_turn() -> None:
    measured = {name: measure(TURN) for name, measure in STAGES.items()}
    assert measured == pytest.approx(
        {
            "speech_to_final": 0.4,
            "final_to_intent": 0.3,
            "final_to_text": 0.5,
            "final_to_audio": 0.75,
            "final_to_end": 3.5,
            "speech_to_audio": 1.15,
            "bot_audio": 2.25,
        }
    )


def test_a_stage_of_which_one_end_is_not_known_is_not_measured() -> None:
    assert {measure(Turn(1, 10.0, "hello")) for measure in STAGES.values()} == {None}


def test_percentiles_take_what_was_measured() -> None:
    turns = Turns(Turn(3, 30.0, "bye"), Tail[Turn](10).extend((TURN, Turn(2, 20.0, "hm", intent_at=21.0))))
    found = stage_percentiles(turns)
    assert found["final_to_intent"] == pytest.approx((0.3, 1.0))
    assert found["final_to_text"] == pytest.approx((0.5, 0.5))
    assert stage_percentiles(Turns())["final_to_text"] == (None, None)


def test_percentiles_are_values_that_there_were() -> None:
    assert middle_and_high(range(1, 21)) == (10, 19)
    assert middle_and_high([None, 7.0, None]) == (7.0, 7.0)


def test_a_barge_in_belongs_to_the_answer_that_it_was_spoken_into() -> None:
    before, into = BargeIn(8.0, 8.4), BargeIn(11.0, 11.6)
    turns = Turns(TURN, barge_ins=Tail[BargeIn](10).extend((before, into, BargeIn(12.0, None))))
    assert barge_in_of(TURN, turns) is into
    assert barge_in_percentiles(turns) == pytest.approx((0.4, 0.6))


def test_the_figures_of_a_call_hold_the_stages_of_its_turns() -> None:
    story = Story()
    story.connect()
    dialogue(story)
    story.listen(2.0, bot_dbfs=-20.0)
    story.listen(1.0, bot_dbfs=-20.0, caller_dbfs=-20.0)
    story.listen(1.0, bot_dbfs=-90.0, caller_dbfs=-20.0)
    story.says(Speaker.CALLER, "stop")
    turns = probe_object(story.call)["turns"]
    assert turns["stages_ms"]["speech_to_final"]["p50"] == pytest.approx(20, abs=20)
    assert turns["stages_ms"]["final_to_intent"] == {"p50": pytest.approx(400, abs=1), "p95": pytest.approx(700, abs=1)}
    assert turns["barge_ins"] == 1
    assert turns["barge_in_ms"]["p95"] == pytest.approx(980, abs=30)
