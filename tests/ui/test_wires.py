"""The call screen on each wire: as a picture, and the keys it offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from dashboard.call.ports import Say
from tests.ui.stage import Stage
from tests.wires import WIRES

Compare = Callable[..., bool]


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("wire", WIRES)
def test_a_wire_looks_as_it_did(wire: str, size: tuple[int, int], snap_compare: Compare) -> None:
    stage = Stage(WIRES[wire]())

    async def drawn(pilot: Pilot[Any]) -> None:
        await stage.shows(pilot, stage.call)

    assert snap_compare(stage.app, terminal_size=size, run_before=drawn)


async def test_the_first_panel_names_the_wire() -> None:
    stage = Stage(WIRES["audiohook"]())
    async with stage.opened():
        assert "1 connection · AudioHook" in stage.text


async def test_where_nobody_is_spoken_to_the_footer_offers_no_utterance_and_u_opens_no_line() -> None:
    stage = Stage(WIRES["notifications"]())
    async with stage.opened() as pilot:
        footer = stage.text.splitlines()[-1]
        assert "reconnect" in footer
        assert not any(word in footer for word in ("utterance", "turns"))
        await pilot.press("u", "h", "i", "enter")
        await stage.shows(pilot, stage.call)
        assert not any(isinstance(command, Say) for command in stage.commands)


async def test_doctor_is_not_offered_where_it_cannot_examine() -> None:
    for wire, offered in (("connector", False), ("cognigy", True), ("notifications", True)):
        stage = Stage(WIRES[wire]())
        async with stage.opened((200, 50)):
            assert ("doctor" in stage.text.splitlines()[-1]) is offered
