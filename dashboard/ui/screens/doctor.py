"""What `callscope doctor` says of this call's way, step by step, while the call goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from dashboard.wiretext import visible

Examine = Callable[[Callable[[str], None]], Awaitable[None]]
"""Tells line by line; cancelled when nobody looks any more."""

_STYLES = {"✓": "green", "✗": "bold red", "!": "yellow", "·": "dim"}
"""First character of a step's line, which holds the same in words, to its colour."""


class DoctorScreen(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", show=False)]

    def __init__(self, examine: Examine) -> None:
        super().__init__()
        self._examine = examine
        self._examining: asyncio.Task[None] | None = None
        self._text = Text(no_wrap=False)

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="doctor") as box:
            box.border_title = "doctor"
            box.border_subtitle = "esc closes"
            yield Static("examining the way of the call…")

    def on_mount(self) -> None:
        self._examining = asyncio.create_task(self._run(), name="doctor")

    async def on_unmount(self) -> None:
        if self._examining is not None:
            self._examining.cancel()
            await asyncio.wait([self._examining])

    async def _run(self) -> None:
        await self._examine(self._tell)
        if not self._text:
            self._tell("nothing to examine yet: the call has not begun")

    def _tell(self, line: str) -> None:
        self._text.append(f"{visible(line)}\n", _STYLES.get(line[:1], ""))
        self.query_one(Static).update(self._text)
