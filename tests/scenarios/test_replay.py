"""Every scenario as a live call, and as its recording replayed: the same figures to the last digit."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from dashboard.call.figures import probe_object
from dashboard.call.reducer import step
from dashboard.call.state import CallState
from dashboard.clock import ManualClock
from dashboard.simulator.scenario import list_scenarios, load_scenario
from dashboard.storage.about import About
from dashboard.storage.recording import Recording
from dashboard.storage.replay import open_replay
from dashboard.storage.writer import Writer
from tests.virtual import facts_of

NAMES = [name for name, _ in list_scenarios()]
LONGEST_S = 15.0


@pytest.mark.parametrize("name", NAMES)
def test_a_replayed_call_is_the_live_call(name: str, tmp_path: Path) -> None:
    scenario = load_scenario(name)
    facts = facts_of(scenario, seconds=min(LONGEST_S, scenario.probe_s or scenario.duration_s))
    live = CallState(facts[0].call_id)
    writer = Writer(tmp_path / "call.callscope", About(live.call_id, 0.0, "command", masked=False))
    for fact in facts:
        live = step(live, fact)
        writer.add(fact)
    writer.close()
    with Recording(tmp_path / "call.callscope") as recording:
        clock, dice = ManualClock(), random.Random(name)
        replay = open_replay(recording, clock)
        replay.whole()
        for _ in range(3):
            replay.seek(dice.uniform(0, replay.length_s))
            replay.snapshot()
        replay.change_speed(dice.randrange(6))
        while replay.playback.playing:
            clock.advance(dice.uniform(0, 1))
            replay.snapshot()
        (replayed,) = replay.snapshot().values()
        assert replayed == live
        assert probe_object(replayed) == probe_object(live) == probe_object(recording.call())
