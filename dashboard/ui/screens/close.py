"""Enter on a row of the reconnect log: what is known of that end."""

from __future__ import annotations

from textual.app import ComposeResult

from dashboard.call.state import CallState, Outage
from dashboard.ui.draw.close import close_page, close_title
from dashboard.ui.screens.detail import DetailScreen
from dashboard.ui.widgets.page import Page


class CloseScreen(DetailScreen):
    """Goes on with its outage while that lasts."""

    def __init__(self, shown: CallState, outage: Outage) -> None:
        super().__init__(shown)
        self._outage = outage
        self._page = Page()
        self._page.border_subtitle = "esc back"

    def compose(self) -> ComposeResult:
        yield self._page

    def sample(self, call: CallState) -> None:
        self._outage = _newest(self._outage, call)
        self._page.border_title = close_title(self._outage, call)
        self._page.write(close_page(self._outage, call))


def _newest(outage: Outage, call: CallState) -> Outage:
    """Return the outage as it is now; one that is no longer kept, as it was."""
    kept = (outage, *call.link.outages[-2:], *([] if call.link.outage is None else [call.link.outage]))
    return [other for other in kept if other.number == outage.number][-1]
