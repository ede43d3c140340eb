"""Enter on a finding: what it rests on, and what to do."""

from __future__ import annotations

from textual.app import ComposeResult

from dashboard.call.findings.finding import Finding
from dashboard.call.state import CallState
from dashboard.ui.draw.findings import finding_page
from dashboard.ui.screens.detail import DetailScreen
from dashboard.ui.widgets.page import Page


class FindingScreen(DetailScreen):
    """Goes on with its rule: while it is open, evidence and age are those of the newest sample."""

    def __init__(self, shown: CallState, finding: Finding) -> None:
        super().__init__(shown)
        self._finding = finding
        self._page = Page()
        self._page.border_title = "finding"
        self._page.border_subtitle = "esc back"

    def compose(self) -> ComposeResult:
        yield self._page

    def sample(self, call: CallState) -> None:
        self._finding = call.findings.of(self._finding.rule) or self._finding
        self._page.write(finding_page(self._finding, call))
