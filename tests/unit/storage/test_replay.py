"""A replay against the live call: the same facts, so the same state, wherever it stands and however it came there."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

import pytest

from dashboard.call.events import CallEnded, Event, Marked, Ticked
from dashboard.call.figures import probe_object
from dashboard.call.moments import TROUBLE
from dashboard.call.ports import Stop
from dashboard.call.state import CallState
from dashboard.clock import ManualClock
from dashboard.errors import ConfigError, RecordingError
from dashboard.simulator.scenario import load_scenario
from dashboard.storage.replay import KEEP_EVERY, Replay, Survey, position_named
from tests.builders import WALL
from tests.recorded import fold, length_of, reader, replay_of
from tests.virtual import facts_of


@pytest.fixture(autouse=True)
def one_time_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day must not depend on whose machine runs the tests."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@cache
def bad_day() -> Sequence[Event]:
    return facts_of(load_scenario("bad-day"), seconds=75.0)


def shown(replay: Replay) -> CallState:
    (call,) = replay.snapshot().values()
    return call


def told_by(facts: Sequence[Event], position_s: float) -> list[Event]:
    """The facts that had been told when the newest of them was as old as the position."""
    newest = facts[0].at
    told = []
    for fact in facts:
        newest = max(newest, fact.at)
        if newest > facts[0].at + position_s:
            break
        told.append(fact)
    return told


@pytest.mark.parametrize("speed", range(6))
def test_at_any_speed_the_end_is_the_live_calls_end_to_the_last_digit(speed: int) -> None:
    clock = ManualClock()
    replay = replay_of(bad_day(), clock)
    replay.change_speed(speed)
    while replay.playback.playing:
        clock.advance(0.1)
        replay.snapshot()
    live = fold(bad_day())
    assert shown(replay) == live
    assert probe_object(shown(replay)) == probe_object(live)


def test_wherever_it_goes_it_shows_what_the_live_screen_showed_there() -> None:
    facts = bad_day()
    replay = replay_of(facts, ManualClock())
    replay.play_or_pause()
    dice = random.Random(4)
    for _ in range(40):
        position_s = dice.uniform(0, length_of(facts))
        replay.seek(position_s)
        assert shown(replay) == fold(told_by(facts, position_s))


def test_going_back_leaves_what_was_shown_before_as_it_was() -> None:
    replay = replay_of(bad_day(), ManualClock())
    replay.seek(60)
    late, figures = shown(replay), probe_object(shown(replay))
    replay.seek(10)
    shown(replay)
    replay.seek(40)
    shown(replay)
    assert probe_object(late) == figures


def test_time_passes_as_fast_as_asked_and_not_at_all_in_a_pause() -> None:
    clock = ManualClock()
    replay = replay_of(bad_day(), clock)
    clock.advance(2)
    replay.snapshot()
    assert replay.playback.position_s == pytest.approx(2)
    replay.change_speed(1)
    clock.advance(2)
    replay.play_or_pause()
    clock.advance(5)
    replay.snapshot()
    assert replay.playback.position_s == pytest.approx(6)
    assert replay.playback.wall == pytest.approx(WALL + 6)
    replay.play_or_pause()
    replay.change_speed(-5)
    clock.advance(1)
    replay.snapshot()
    assert replay.playback.position_s == pytest.approx(7)


def test_it_stops_at_the_end_and_plays_again_from_the_start() -> None:
    clock = ManualClock()
    replay = replay_of(bad_day(), clock)
    replay.seek(1e9)
    replay.snapshot()
    clock.advance(1)
    replay.snapshot()
    assert not replay.playback.playing
    assert replay.playback.position_s == length_of(bad_day())
    replay.play_or_pause()
    clock.advance(3)
    replay.snapshot()
    assert replay.playback.position_s == pytest.approx(3)


def test_it_steps_through_the_moments_of_interest_in_both_directions() -> None:
    replay = replay_of(bad_day(), ManualClock())
    replay.play_or_pause()
    there = []
    while (moment := replay.step(1)) is not None:
        there.append(moment)
        assert moment.at <= replay.survey.start.at + replay.playback.position_s < moment.at + 1e-5
    kinds = {moment.kind for moment in there}
    assert kinds >= {"outage", "finding", "spike", "turn"}
    back = [there[-1]]
    while (moment := replay.step(-1)) is not None:
        back.append(moment)
    assert {moment.at for moment in back} == {moment.at for moment in there}


def test_a_step_to_trouble_passes_over_what_is_none() -> None:
    replay = replay_of(bad_day(), ManualClock())
    while (moment := replay.step(1, trouble=True)) is not None:
        assert moment.kind in TROUBLE
        if moment.kind == "outage":
            assert shown(replay).link.outage is not None


def test_while_it_plays_a_step_back_goes_before_the_moment_that_has_just_been() -> None:
    clock = ManualClock()
    replay = replay_of(bad_day(), clock)
    first, second = replay.step(1), replay.step(1)
    clock.advance(0.4)
    assert first is not None
    assert second is not None
    assert second.at > first.at
    stepped = replay.step(-1)
    assert stepped is not None
    assert stepped.at <= first.at


def test_a_mark_is_a_moment_with_its_note() -> None:
    facts = bad_day()
    marked = Marked(facts[0].call_id, facts[400].at, "here it was")
    replay = replay_of([*facts[:401], marked, *facts[401:]], ManualClock())
    assert [moment.text for moment in replay.playback.moments if moment.kind == "mark"] == ["here it was"]


def test_spikes_that_follow_one_another_are_one_moment() -> None:
    facts = facts_of(load_scenario("heavy-tail"), seconds=20.0)
    call, survey = fold(facts), Survey(reader(facts))
    survey.work(len(facts))
    spikes = [moment.at for moment in survey.moments if moment.kind == "spike"]
    assert len(spikes) <= call.inbound.pacing.spikes
    assert all(later - earlier >= 1 for earlier, later in pairwise(spikes))


# -- while it is being read --------------------------------------------------------------------------------------


def test_before_the_recording_has_been_read_the_first_part_of_it_plays() -> None:
    clock = ManualClock()
    replay = replay_of(bad_day(), clock, read=False)
    replay.survey.work(600)
    clock.advance(2)
    call = shown(replay)
    assert not replay.playback.read
    assert call == fold(told_by(bad_day(), 2))
    assert replay.playback.length_s == length_of(bad_day()), "the recording says how long it is"


def test_a_place_that_has_not_been_read_yet_is_shown_as_far_as_it_has() -> None:
    facts, clock = bad_day(), ManualClock()
    replay = replay_of(facts, clock, read=False)
    replay.play_or_pause()
    replay.seek(50)
    before = 0.0
    while not replay.playback.read:
        replay.survey.work(300)
        clock.advance(1)
        now = shown(replay).now
        assert before <= now <= facts[0].at + 50
        before = now
    assert shown(replay) == fold(told_by(facts, 50))


def test_no_time_passes_before_its_place_has_been_read() -> None:
    clock = ManualClock()
    replay = replay_of(bad_day(), clock, read=False)
    replay.survey.work(300)
    replay.seek(50)
    assert replay.playback.waits
    clock.advance(8)
    assert shown(replay).now < bad_day()[0].at + 50
    replay.whole()
    clock.advance(2)
    shown(replay)
    assert not replay.playback.waits
    assert replay.playback.position_s == pytest.approx(52)
    clock.advance(2)
    assert shown(replay) == fold(told_by(bad_day(), replay.playback.position_s))


async def test_it_is_read_beside_the_screen_and_stops_when_told_to() -> None:
    replay = replay_of(bad_day(), ManualClock(), read=False)
    running = asyncio.create_task(replay.run())
    turns = 0
    while not replay.playback.read:
        await asyncio.sleep(0)
        turns += 1
    assert turns > len(bad_day()) / 100, "others had their turn meanwhile"
    assert not running.done()
    replay.command(Stop())
    await running


async def test_a_recording_that_is_damaged_is_played_up_to_the_damage() -> None:
    facts = bad_day()

    def broken(after_s: float | None) -> Iterator[Event]:
        for number, fact in enumerate(reader(facts)(after_s)):
            if after_s is None and number == 500:
                raise RecordingError("is damaged", remedy="Copy it anew.")
            yield fact

    replay = Replay(broken, clock=ManualClock(), started=WALL, length_s=length_of(facts))
    with pytest.raises(RecordingError):
        await replay.run()
    replay.seek(1e9)
    assert shown(replay) == fold(facts[:500])
    assert replay.playback.read


# -- states that are kept ------------------------------------------------------------------------------------------


def test_a_seek_folds_no_more_facts_than_lie_between_two_kept_states() -> None:
    taken = 0

    def counting(after_s: float | None) -> Iterator[Event]:
        nonlocal taken
        for fact in reader(bad_day())(after_s):
            taken += 1
            yield fact

    replay = Replay(counting, clock=ManualClock(), started=WALL, length_s=length_of(bad_day()))
    replay.survey.work(len(bad_day()) + 1)
    replay.play_or_pause()
    dice = random.Random(9)
    for _ in range(50):
        taken = 0
        replay.seek(dice.uniform(0, replay.length_s))
        replay.snapshot()
        assert taken <= KEEP_EVERY + 100, "facts of the same time stay together"


def test_the_states_that_are_kept_are_bounded_and_stay_spread_over_the_whole() -> None:
    facts: list[Event] = [Ticked("c", 1000.0 + number / 4) for number in range(4000)]
    survey = Survey(reader(facts), keep_every=2, keep_most=50)
    survey.work(5000)
    gaps = []
    for quarter in range(1, 1000):
        at = 1000.0 + quarter
        gaps.append(at - survey.nearest(at).at)
    assert max(gaps) < 1000 / 20


# -- places that have a name ---------------------------------------------------------------------------------------

START = 1_900_000_000.0 + 0.5


@pytest.mark.parametrize(
    ("text", "position_s"),
    [("200", 200), ("3:20", 200), (" 62:03 ", 3723), ("+1:02:03", 3723), ("0", 0), ("90.5", 90.5), ("+0:07", 7)],
)
def test_a_position_is_named_in_seconds_or_minutes_from_the_start(text: str, position_s: float) -> None:
    assert position_named(text, started=START, length_s=4000) == position_s


def test_a_position_is_named_by_the_time_of_day_that_the_screen_writes() -> None:
    assert position_named("17:47:20", started=START, length_s=4000) == pytest.approx(59.5 - 20)


def test_a_recording_that_goes_past_midnight_knows_the_times_after_it() -> None:
    evening = START - 0.5 - 40 + (6 * 60 + 12) * 60 + 30  # 23:58:30
    assert position_named("00:00:10", started=evening, length_s=4000) == pytest.approx(100)


@pytest.mark.parametrize("text", ["", "noon", "1:2:3:4", "12:61:00", "3:-1", "nan", "inf", "1e9", "4001", "12:00:00"])
def test_what_names_no_place_is_refused_with_what_can_be_named(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        position_named(text, started=START, length_s=4000)
    assert "17:46:40 to 18:53:20" in refused.value.remedy


def test_a_call_that_ended_says_so_at_its_end() -> None:
    assert any(isinstance(fact, CallEnded) for fact in bad_day())
    replay = replay_of(bad_day(), ManualClock())
    replay.seek(1e9)
    assert shown(replay).ended == "stopped"
