"""The library's command palette, without a way to crash: its list knows its lines only once it has been laid out."""

from __future__ import annotations

from contextlib import suppress

from textual.command import CommandPalette


class Palette(CommandPalette):
    """A page key that comes between a change of size and the next layout is passed over."""

    def _action_command_list(self, action: str) -> None:
        with suppress(KeyError):
            super()._action_command_list(action)
