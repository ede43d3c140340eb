"""A bordered log with search and filter: `/` looks for text, `f` goes through the filters, `F` follows again."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, Generic, Self, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region

from dashboard.ui.draw.spans import tame
from dashboard.ui.draw.units import count
from dashboard.ui.widgets.lines import Lines, Position

T = TypeVar("T")

_LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class Filter(Generic[T]):
    """Which rows are on view; `keeps` None means all of them."""

    name: str
    keeps: Callable[[T], bool] | None = None


@dataclass(slots=True)
class Search:
    """What is looked for. `origin` is the row that the search began from, `returns_to` where the panel stood then."""

    text: str = ""
    typing: bool = False
    only_hits: bool = False
    origin: int = 0
    returns_to: tuple[bool, Position] = (True, (0, 0))


class LogPanel(Lines[T]):
    """Lines within a border whose top edge counts them and whose bottom edge holds the search and what is new."""

    TITLE: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "next_match(1)", "Next match", show=False),
        Binding("N", "next_match(-1)", "Previous match", show=False),
        Binding("escape", "leave_search", "Leave the search", show=False),
    ]

    _edge: tuple[Region, ...] = ()

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.search: Search | None = None
        self._filter: Filter[T] = Filter("all")
        self._offered: tuple[T, ...] = ()  # live rows, those that the filter hides among them
        self._write_edges()

    @property
    def is_typed_to(self) -> bool:
        """Whether what is typed goes into the search line."""
        return self.search is not None and self.search.typing

    def filters(self) -> Sequence[Filter[T]]:
        """Return the filters that `f` goes through, the first of them letting everything through."""
        return (Filter("all"),)

    # -- edges ------------------------------------------------------------------------------------------

    def show_changes(self) -> None:
        super().show_changes()
        self._write_edges()

    def _write_edges(self) -> None:
        """Write the captions if they say something else than before. Textual would repaint the panel for each."""
        title, subtitle = self._title(), self._subtitle()
        if title.markup != self.border_title:
            with self._repainting_line(0):
                self.border_title = title
        if subtitle.markup != (self.border_subtitle or ""):
            with self._repainting_line(self.outer_size.height - 1):
                self.border_subtitle = subtitle or None

    @contextmanager
    def _repainting_line(self, y: int) -> Iterator[None]:
        """Let what is refreshed as a whole be line `y` alone, borders counted."""
        gutter, size = self.gutter, self.outer_size
        self._edge = (Region(-gutter.left, y - gutter.top, size.width, 1),) if size else ()
        yield
        self._edge = ()

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        return super().refresh(*(regions or self._edge), repaint=repaint, layout=layout, recompose=recompose)

    def _title(self) -> Content:
        total = len(self.rows) + len(self._offered)
        if self._filter.keeps is None:
            return Content(f"{self.TITLE} · {count(total)}" if total else self.TITLE)
        passing = len(self.rows.passing) + len(self._live)
        only = (f"only {self._filter.name}", "$text-accent")
        return Content.assemble(f"{self.TITLE} · ", only, f" · {count(passing)} of {count(total)}")

    def _subtitle(self) -> Content:
        if self.search is not None:
            return Content(self._search_line(self.search))
        if self.unread:
            return Content(f"▼ {count(self.unread)} new · F follow")
        return Content("" if self.follows else "▼ F follow")

    def _search_line(self, search: Search) -> str:
        hits = self.rows.hits
        found = ""
        if search.text:
            place = 0 if self._found is None else bisect_right(hits, self._found)
            found = f"  {count(place)} of {count(len(hits))}" if hits else "  not found"
        cursor = "▏" if search.typing else ""
        narrow = "Tab all rows" if search.only_hits else "Tab only these"
        keys = f"{narrow} · Enter done" if search.typing else "n next · N previous"
        return f"/{tame(search.text)}{cursor}{found} · {keys} · Esc leave"

    # -- filter -----------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Go on to the next filter."""
        filters = self.filters()
        names = [known.name for known in filters]
        at = names.index(self._filter.name) if self._filter.name in names else -1
        self._filter = filters[(at + 1) % len(filters)]
        self.keep_place(lambda: self.rows.filter(self._filter.keeps))
        self.set_live(self._offered)
        self.show_changes()

    def set_live(self, items: Iterable[T]) -> None:
        self._offered = tuple(items)
        keeps = self._filter.keeps
        super().set_live(self._offered if keeps is None else filter(keeps, self._offered))

    # -- search -----------------------------------------------------------------------------------------

    def action_search(self) -> None:
        """Open the search line, with the text looked for last."""
        search = self.search or Search()
        last = self._moved(self._top, self._page())[0] - 1
        shown = self.rows.shown
        search.origin = shown[min(last, len(shown) - 1)] if shown else 0
        search.returns_to = (self.follows, self._top)
        search.typing = True
        self.search = search
        self._write_edges()

    def action_next_match(self, step: int) -> None:
        """Go to the next newer match, or with -1 to the next older one; round at the ends."""
        hits = self.rows.hits
        if not hits:
            return
        at = len(hits) if self._found is None else bisect_left(hits, self._found)
        self._stand_on(hits[(at + step) % len(hits)])

    def action_leave_search(self) -> None:
        """End the search where it stands; while its text is typed, go back to where it began."""
        search, self.search = self.search, None
        found, self._found = self._found, None
        self.keep_place(lambda: self._look_for(None, only_hits=False))
        self.paint_anew()
        if search is not None and search.typing:
            self.follows, self._top = search.returns_to
        elif found is not None:
            self.reveal(found)
        self._write_edges()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.search is not None if action in ("next_match", "leave_search") else True

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return self.is_typed_to and character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        search = self.search
        if search is None or not search.typing or not self._typed(search, event):
            return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        if self.search is not None and self.search.typing:
            event.stop()
            self._type(self.search, self.search.text + (event.text.splitlines() or [""])[0])

    def on_blur(self) -> None:
        if self.search is not None and self.search.typing:
            self._stop_typing(self.search)

    def _typed(self, search: Search, event: events.Key) -> bool:
        """Take a key for the search line; False if it means nothing there."""
        if event.key == "enter":
            self._stop_typing(search)
        elif event.key == "tab":
            search.only_hits = not search.only_hits
            self._refine(search)
        elif event.key in ("up", "down"):
            self.action_next_match(-1 if event.key == "up" else 1)
        elif event.key == "backspace":
            self._type(search, search.text[:-1])
        elif event.key == "ctrl+u":
            self._type(search, "")
        elif event.is_printable and event.character is not None:
            self._type(search, search.text + event.character)
        else:
            return False
        return True

    def _stop_typing(self, search: Search) -> None:
        if not search.text:
            self.action_leave_search()
            return
        search.typing = False
        self._write_edges()

    def _type(self, search: Search, text: str) -> None:
        search.text = text[:_LONGEST_SEARCH]
        self._refine(search)

    def _refine(self, search: Search) -> None:
        """Look for the text as it is now: the last match up to where the search began, else the first one."""
        pattern = re.compile(re.escape(search.text), re.IGNORECASE) if search.text else None
        self.keep_place(lambda: self._look_for(pattern, only_hits=search.only_hits))
        hits = self.rows.hits
        self._found = None
        self.paint_anew()
        if hits:
            self._stand_on(hits[max(0, bisect_right(hits, search.origin) - 1)])
        self._write_edges()

    def _look_for(self, pattern: re.Pattern[str] | None, *, only_hits: bool) -> None:
        self._pattern = pattern
        self.rows.find(pattern, only_hits=only_hits)

    def _stand_on(self, number: int) -> None:
        self.repaint(known for known in (self._found, number) if known is not None)
        self._found = number
        self.reveal(number)
