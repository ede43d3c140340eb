"""Half a minute of a bad day, as facts, and recordings of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.call.events import Event
from dashboard.simulator.scenario import load_scenario
from dashboard.storage.about import About
from dashboard.storage.recorder import Recorder
from tests.unit.storage.outcomes import Outcomes
from tests.virtual import facts_of

ABOUT = About(
    "made-up",
    created=1_900_000_000.0,
    trigger="command",
    masked=False,
    settings={"spike_ms": 200.0},
    versions={"callscope": "1.2.3"},
)


@pytest.fixture(scope="session")
def facts() -> list[Event]:
    return facts_of(load_scenario("bad-day"), seconds=30.0)


@pytest.fixture
def about() -> About:
    return ABOUT


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[[list[Event]], Path]:
    """Record facts to a file that is closed properly."""

    def record(facts: list[Event]) -> Path:
        outcomes = Outcomes()
        recorder = Recorder(tmp_path / "call.callscope", lambda: ABOUT, ended=outcomes.put)
        for fact in facts:
            recorder.put(fact)
        recorder.close()
        assert outcomes.written().facts == len(facts)
        return recorder.path

    return record
