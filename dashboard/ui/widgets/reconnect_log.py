"""Panel 5: one row for every outage, the one that goes on at the end."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.call.state import CallState, Outage
from dashboard.call.terms import Cause
from dashboard.call.words import cause_words
from dashboard.ui.draw.rows import outage_header, outage_row
from dashboard.ui.draw.spans import Row
from dashboard.ui.widgets.log_panel import Filter
from dashboard.ui.widgets.pick_panel import PickPanel


class ReconnectPanel(PickPanel[Outage]):
    """The outages of a call, newest last."""

    TITLE = "5 reconnects"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._call = CallState("")

    def header(self, width: int) -> Row | None:
        return outage_header(width) if self._count else None

    def row(self, item: Outage, width: int) -> Row:
        return outage_row(item, self._call, width, titled=self.has_titles)

    def plain(self, item: Outage) -> str:
        return "".join(text for text, _ in outage_row(item, self._call, 400).lead)

    def filters(self) -> Sequence[Filter[Outage]]:
        """All, those that did not simply resume, and one filter for every cause that there was."""
        causes = dict.fromkeys(outage.cause for outage in self._call.link.outages)
        return (
            Filter("all"),
            Filter("not resumed", lambda outage: outage.resumed is not True),
            Filter("failed attempts", lambda outage: bool(outage.failures)),
            *(_by_cause(cause) for cause in causes),
        )

    def nothing(self) -> str:
        return "no outage so far" if not len(self.rows) else "no such row"

    def sample(self, call: CallState) -> None:
        """Take what is new in `call`; another call's id starts over."""
        before, self._call = self._call, call
        if call is before:
            return
        if call.call_id != before.call_id:
            self.clear()
            before = CallState(call.call_id)
        link, ended = call.link, call.link.outages
        if ended is before.link.outages and link.outage is None and before.link.outage is None:
            return
        self._take_changed(before, call)
        self.append(ended.since(before.link.outages.total))
        self.set_live(() if link.outage is None else (link.outage,))
        self.show_changes()

    def _take_changed(self, before: CallState, call: CallState) -> None:
        """The newest outage that has a row may have learned more: what is missing, that the session is new."""
        known, ended = before.link.outages, call.link.outages
        at = known.total - 1 - ended.dropped
        if known and at >= 0 and ended[at] is not known[-1]:
            self.rows.replace(self.rows.total - 1, ended[at])
            self.repaint([self.rows.total - 1])


def _by_cause(cause: Cause) -> Filter[Outage]:
    return Filter(cause_words(cause), lambda outage: outage.cause is cause)
