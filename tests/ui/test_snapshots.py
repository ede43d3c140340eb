"""The screen as pictures: five states at three sizes, and the faces it shows once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from textual.pilot import Pilot

from dashboard.call.state import CallState
from dashboard.ui.theme import LIGHT
from tests import builders
from tests.ui.stage import Stage

Compare = Callable[..., bool]

SIZES = [(80, 24), (120, 36), (200, 50)]
STATES: dict[str, Callable[[], CallState | None]] = {
    "steady": cache(builders.steady),
    "waiting": cache(builders.waiting),
    "gave_up": cache(builders.gave_up),
    "no_call": lambda: None,
}


def stage_of(state: str) -> Stage:
    return Stage(STATES[state]())


def sampled(stage: Stage) -> Callable[[Pilot[Any]], Any]:
    async def wait(pilot: Pilot[Any]) -> None:
        await stage.shows(pilot, stage.call)

    return wait


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("state", STATES)
def test_a_state_looks_as_it_did(state: str, size: tuple[int, int], snap_compare: Compare) -> None:
    stage = stage_of(state)
    assert snap_compare(stage.app, terminal_size=size, run_before=sampled(stage))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_the_turns_look_as_they_did(size: tuple[int, int], snap_compare: Compare) -> None:
    stage = Stage(builders.turns())
    assert snap_compare(stage.app, press=["b"], terminal_size=size, run_before=sampled(stage))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("panel", ["5", "6"])
def test_an_explanation_looks_as_it_did(panel: str, size: tuple[int, int], snap_compare: Compare) -> None:
    stage = stage_of("waiting")
    assert snap_compare(stage.app, press=[panel, "enter"], terminal_size=size, run_before=sampled(stage))


def test_the_cursor_looks_as_it_did(snap_compare: Compare) -> None:
    stage = stage_of("waiting")
    assert snap_compare(stage.app, press=["5", "k"], terminal_size=(120, 36), run_before=sampled(stage))


def test_a_terminal_that_is_too_small_is_told_so(snap_compare: Compare) -> None:
    stage = stage_of("steady")
    assert snap_compare(stage.app, terminal_size=(60, 20), run_before=sampled(stage))


def test_the_light_theme_looks_as_it_did(snap_compare: Compare) -> None:
    stage = stage_of("waiting")
    stage.app.theme = LIGHT.name
    assert snap_compare(stage.app, press=["p"], terminal_size=(120, 36), run_before=sampled(stage))


def test_no_color_still_tells_the_states_apart(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stage = stage_of("waiting")
    assert snap_compare(stage.app, terminal_size=(120, 36), run_before=sampled(stage))


def test_a_terminal_without_unicode_gets_ascii(snap_compare: Compare) -> None:
    stage = stage_of("steady")
    stage.app = stage.new_app(ascii_only=True)
    assert snap_compare(stage.app, terminal_size=(120, 36), run_before=sampled(stage))


def test_a_hostile_peer_is_shown_literally(snap_compare: Compare) -> None:
    stage = Stage(builders.hostile())
    assert snap_compare(stage.app, terminal_size=(120, 36), run_before=sampled(stage))


def test_the_keys_are_shown_on_request(snap_compare: Compare) -> None:
    stage = stage_of("steady")
    assert snap_compare(stage.app, press=["question_mark"], terminal_size=(120, 36), run_before=sampled(stage))


def test_a_panel_alone_takes_all_the_room(snap_compare: Compare) -> None:
    stage = stage_of("waiting")
    assert snap_compare(stage.app, press=["4"], terminal_size=(80, 24), run_before=sampled(stage))
