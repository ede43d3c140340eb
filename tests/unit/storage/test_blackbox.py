"""What the black box begins for, and when it has been quiet again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dashboard.call.events import CallStarted, Event, Marked, Ticked
from dashboard.simulator.scenario import load_scenario
from dashboard.storage.blackbox import LONGEST_S, POST_ROLL_S, BlackBox
from tests.virtual import facts_of


def begun(triggers: Sequence[str], facts: Sequence[Event]) -> list[str]:
    box = BlackBox("made-up", triggers)
    return [news for fact in facts if (news := box.take(fact)) is not None]


@pytest.mark.parametrize(
    ("scenario", "trigger", "expected"),
    [
        ("stalls", "finding", ["finding network_stalls"]),
        ("stalls", "outage", []),
        ("reset", "outage", ["outage"]),
        ("steady", "finding", []),
        ("drift", "finding", []),  # a finding that is only information
    ],
)
def test_what_it_begins_for(scenario: str, trigger: str, expected: list[str]) -> None:
    assert begun([trigger], facts_of(load_scenario(scenario), seconds=40.0)) == expected


def test_a_call_that_never_comes_up_is_an_outage() -> None:
    assert begun(["outage"], facts_of(load_scenario("unavailable"), seconds=10.0)) == ["outage"]


def marks_every(seconds: float, until: float) -> list[Event]:
    start = CallStarted("made-up", 1000.0, wall=1.9e9, endpoint="", dialect="appfoundry")
    return [start, *(Marked("made-up", 1000.0 + n * seconds, "") for n in range(int(until / seconds)))]


def test_what_never_ends_is_cut_after_a_while() -> None:
    facts = marks_every(10.0, 2 * LONGEST_S)
    assert len(begun(["mark"], facts)) == 2


def test_it_ends_when_it_has_been_quiet() -> None:
    box = BlackBox("made-up", ["mark"])
    for fact in marks_every(10.0, 20.0):
        box.take(fact)
    box.take(Ticked("made-up", 1010.0 + POST_ROLL_S - 0.25))
    assert box.is_recording
    box.take(Ticked("made-up", 1010.0 + POST_ROLL_S))
    assert not box.is_recording
