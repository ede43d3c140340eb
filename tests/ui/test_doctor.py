"""The doctor's screen: lines as they come, and nobody examines for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dashboard.ui.app import CallScopeApp
from dashboard.ui.screens.doctor import DoctorScreen
from tests.builders import steady
from tests.ui.stage import screen_text

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
        shown = screen_text(app)
        assert "✓ ok         1.0 ms  dns       [red]host␛[31m" in shown
        assert "◐ examining" in shown
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
        shown = screen_text(app)
        assert "nothing to examine yet" in shown
        assert "◐ examining" not in shown


async def test_cause_and_remedy_are_on_view_when_the_steps_leave_them_no_room() -> None:
    async def examine(tell: Callable[[str], None]) -> None:
        for number in range(40):
            tell(f"✓ ok         1.0 ms  dns       host number {number}")
        tell("")
        tell("cause   the token lives 100 s only")

    app = CallScopeApp(lambda: {"c": CALL}, lambda command: None, _feed, examine=examine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("d")
        await pilot.pause()
        assert "cause   the token lives 100 s only" in screen_text(app)
        await pilot.press("home")
        assert "host number 0" in screen_text(app)
