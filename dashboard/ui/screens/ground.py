"""What other screens are laid over: a call, or the board of many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

from textual.screen import Screen

from dashboard.ui.keys import KEYS, Key
from dashboard.ui.looks import ROLE_CLASSES

T = TypeVar("T")


class Ground(Screen[None]):
    """Knows its keys, and which of them work now."""

    COMPONENT_CLASSES: ClassVar[set[str]] = ROLE_CLASSES
    KEYS: ClassVar[Sequence[Key]] = KEYS

    def works(self, action: str) -> bool:
        """Tell whether an action of `KEYS` can be done now."""
        raise NotImplementedError

    def show_keys(self) -> None:
        """Draw the footer again: what works may have changed."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.works(action)

    def over(self, screen: Screen[T], answered: Callable[[T | None], None] | None = None) -> None:
        """Show a screen over this one, unless there is one already: keys may come faster than screens."""
        if self.is_active:
            self.app.push_screen(screen, answered)
