"""The doctor's screen: lines as they come, and nobody examines for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.widgets import Static

from dashboard.ui.app import CallScopeApp
from dashboard.ui.screens.doctor import DoctorScreen
from tests.builders import steady

CALL = steady()


async def _feed() -> None:
    await asyncio.Event().wait()


async def test_steps_are_shown_as_they_come_and_leaving_ends_the_examination() -> None:
    ended = asyncio.Event()

    async def examine(tell: Callable[[str], None]) -> None:
        tell("✓ ok   1.0 ms  dns  [red]host\x1b[31m")
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    app = CallScopeApp(lambda: {"c": CALL}, lambda command: None, _feed, examine=examine)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("d")
        await pilot.pause()
        assert isinstance(app.screen, DoctorScreen)
        assert str(app.screen.query_one(Static).content).rstrip() == "✓ ok   1.0 ms  dns  [red]host␛[31m"
        await pilot.press("escape")
        await ended.wait()
        assert not isinstance(app.screen, DoctorScreen)


async def test_a_call_that_has_not_begun_has_nothing_to_examine() -> None:
    async def examine(tell: Callable[[str], None]) -> None:
        return

    app = CallScopeApp(lambda: {"c": CALL}, lambda command: None, _feed, examine=examine)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("d")
        await pilot.pause()
        assert "nothing to examine yet" in str(app.screen.query_one(Static).content)
