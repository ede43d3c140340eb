"""What `callscope doctor` says of this call's way, step by step, while the call goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from dashboard.ui.draw.doctor import doctor_rows
from dashboard.ui.draw.spans import Row
from dashboard.ui.looks import ROLE_CLASSES
from dashboard.ui.screens.modal import Modal
from dashboard.ui.widgets.page import Page

Examine = Callable[[Callable[[str], None]], Awaitable[None]]
"""Tells line by line; cancelled when nobody looks any more."""

_GOES_ON = Row((("◐ examining the way of the call…", "warn"),))


class DoctorScreen(Modal[None]):
    COMPONENT_CLASSES: ClassVar[set[str]] = ROLE_CLASSES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,d", "dismiss", show=False),
        Binding("t", "app.theme", show=False),
    ]

    def __init__(self, examine: Examine) -> None:
        super().__init__()
        self._examine = examine
        self._examining: asyncio.Task[None] | None = None
        self._told: list[str] = []
        self._page = Page(follows=True)  # what is wrong stands at the end
        self._page.border_title = "doctor"
        self._page.border_subtitle = "esc back"

    def compose(self) -> ComposeResult:
        yield self._page

    def on_mount(self) -> None:
        self._page.write([_GOES_ON])
        self._examining = asyncio.create_task(self._run(), name="doctor")

    async def on_unmount(self) -> None:
        if self._examining is not None:
            self._examining.cancel()
            await asyncio.wait([self._examining])

    async def _run(self) -> None:
        await self._examine(self._tell)
        told = self._told or ["nothing to examine yet: the call has not begun"]
        self._page.write(doctor_rows(told))

    def _tell(self, line: str) -> None:
        self._told.append(line)
        self._page.write([*doctor_rows(self._told), _GOES_ON])
