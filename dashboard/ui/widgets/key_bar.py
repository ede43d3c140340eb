"""The bottom row: the keys that work now, as many as fit; a click does what its key does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from textual import events

from dashboard.ui.draw.layout import Spans, join, spread
from dashboard.ui.draw.spans import cells
from dashboard.ui.keys import Key, footer_keys
from dashboard.ui.widgets.painted import Painted

_ALWAYS = ("app.quit", "app.help")
"""At the right end, in this order on every screen."""


class KeyBar(Painted):
    """`works` says whether an action can be done now, `renamed` what some are called now."""

    def __init__(self, works: Callable[[str], bool], keys: Sequence[Key]) -> None:
        super().__init__()
        self._works = works
        self._always = sorted((key for key in keys if key.action in _ALWAYS), key=lambda key: _ALWAYS.index(key.action))
        self._others = footer_keys(keys)
        self._renamed: Mapping[str, str] = {}
        self._hidden: Collection[str] = ()
        self._places: list[tuple[int, int, str]] = []

    def sample(self, *, renamed: Mapping[str, str], hidden: Collection[str]) -> None:
        """Draw again what works now.

        renamed: actions that are called something else than in `keys.py`. hidden: those that are of no use now.
        """
        self._renamed, self._hidden = renamed, hidden
        self.draw()

    async def on_click(self, event: events.Click) -> None:
        x = event.x - self.styles.padding.left
        for start, end, action in self._places:
            if start <= x < end:
                await self.run_action(action if action.startswith("app.") else f"screen.{action}")

    def draw(self) -> None:
        width = self.size.width
        right = [(key, self._item(key)) for key in self._always if self._works(key.action)]
        room = width - cells(join(item for _, item in right)) - 2
        left: list[tuple[Key, Spans]] = []
        for key in self._others:
            if key.action in self._hidden:
                continue
            item = self._item(key)
            if self._works(key.action) and cells(join([*(item for _, item in left), item])) <= room:
                left.append((key, item))
        self._places = [*_places(left, 0), *_places(right, room + 2)]
        self.show([spread(join(item for _, item in left), join(item for _, item in right), width)])

    def _item(self, key: Key) -> Spans:
        return ((key.shown.split()[0], "accent"), (f" {self._renamed.get(key.action, key.word)}", "dim"))


def _places(items: list[tuple[Key, Spans]], start: int) -> list[tuple[int, int, str]]:
    places = []
    for key, item in items:
        end = start + cells(item)
        places.append((start, end, key.action))
        start = end + 2
    return places
