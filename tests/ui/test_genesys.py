"""The screen that shows Genesys' record beside our figures."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dashboard.call.state import CallState
from dashboard.ui.screens.call import CallScreen
from dashboard.ui.screens.genesys import GenesysScreen
from tests import builders
from tests.records import broken, healthy, reported
from tests.ui.stage import Stage
from tests.ui.test_snapshots import sampled


def told(body: object) -> CallState:
    story = builders.troubled()
    story.fact(reported(body, story.call.call_id, story.now))
    story.wait(12.0)
    return story.call


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=lambda size: "x".join(map(str, size)))
def test_theirs_stands_beside_ours(size: tuple[int, int], snap_compare: Callable[..., bool]) -> None:
    stage = Stage(told(broken()))
    assert snap_compare(stage.app, press=["g"], terminal_size=size, run_before=sampled(stage))


async def test_g_shows_it_and_g_closes_it_again() -> None:
    stage = Stage(builders.steady())
    async with stage.opened() as pilot:
        await pilot.press("g")
        assert isinstance(stage.app.screen, GenesysScreen)
        assert "Genesys was not asked" in stage.text
        await pilot.press("g")
        assert isinstance(stage.app.screen, CallScreen)


async def test_what_is_told_meanwhile_appears() -> None:
    stage = Stage(told(healthy()))
    async with stage.opened() as pilot:
        await pilot.press("g")
        assert "ok so far" in stage.text
        await stage.shows(pilot, told(broken()))
        assert "It broke on both sides" in stage.text


async def test_before_there_is_a_call_there_is_nothing_to_show() -> None:
    stage = Stage(None)
    async with stage.opened() as pilot:
        await pilot.press("g")
        assert isinstance(stage.app.screen, CallScreen)
