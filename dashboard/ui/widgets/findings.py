"""Panel 6: what the rules have found, worst first, and what was cleared."""

from __future__ import annotations

from textual.content import Content

from dashboard.call.findings.finding import Finding
from dashboard.call.state import CallState
from dashboard.ui.draw.findings import LOOKS, finding_row, tally
from dashboard.ui.draw.spans import Row
from dashboard.ui.widgets.pick_panel import PickPanel

_INKS = {"bad": "$text-error", "warn": "$text-warning", "accent": "$text-accent"}


class FindingsPanel(PickPanel[Finding]):
    """The findings of a call. The cursor stays with the finding that it was put on, wherever that moves."""

    TITLE = "6 findings"
    FROM_THE_TOP = True

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        self._call = CallState("")
        super().__init__(id=id, classes=classes)
        self._rule: str | None = None
        self._due: object = None

    def row(self, item: Finding, width: int) -> Row:
        return finding_row(item, self._call.now, width)

    def plain(self, item: Finding) -> str:
        return item.summary

    def nothing(self) -> str:
        return "nothing found so far"

    def sample(self, call: CallState) -> None:
        """Show the findings of `call`; ages are written in whole seconds."""
        due = call.call_id, call.findings.standing, call.findings.past, int(call.now)
        if due == self._due:
            return
        if call.call_id != self._call.call_id:
            self._rule = None
        self._due, self._call = due, call
        findings = call.findings.all
        self.set_live(findings)
        places = [index for index, finding in enumerate(findings) if finding.rule == self._rule]
        self._picked = places[0] if places else 0
        self.show_changes()

    def pick(self, index: int) -> None:
        super().pick(index)
        self._rule = None if self.picked is None else self.picked.rule

    def _title(self) -> Content:
        parts: list[str | tuple[str, str]] = [self.TITLE]
        for severity, text in tally(self._call.findings.standing):
            symbol, role = LOOKS[severity]
            parts += [" · " if len(parts) == 1 else "  ", (f"{symbol} {text}", _INKS[role])]
        return Content.assemble(*parts)
