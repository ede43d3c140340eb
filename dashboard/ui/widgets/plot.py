"""Panel 4: a plot of lateness, of its distribution, or of round trips; `p` goes through them."""

from __future__ import annotations

from dashboard.call.state import CallState
from dashboard.ui.draw.plot import PlotKind, draw_plot, kinds_of
from dashboard.ui.widgets.painted import Panel

_EVERY_S = 0.5
"""plotext is dear: twice a second is what an eye needs of a plot."""

_TITLES: dict[PlotKind, str] = {
    "lateness": "lateness over time",
    "histogram": "lateness: frames by ms",
    "round trips": "round trips over time",
    "answers": "answers: • first output ◦ whole turn",
}


class PlotPanel(Panel):
    def __init__(self) -> None:
        super().__init__()
        self._kinds = kinds_of(CallState(""))
        self.kind: PlotKind = self._kinds[0]
        self.window_s: float | None = 60.0
        self._due: object = None

    def on_mount(self) -> None:
        self._rename()

    def show_window(self, window_s: float | None) -> None:
        """Plot the last `window_s` seconds from now on; None is the whole call."""
        self.window_s = window_s
        self.draw()

    def next_kind(self) -> None:
        """Go on to the next plot."""
        self.kind = self._kinds[(self._kinds.index(self.kind) + 1) % len(self._kinds)]
        self._rename()
        self.draw()

    def sample(self, call: CallState | None) -> None:
        before, self.call = self.call, call
        if call is None or call is before or not self.display:
            return
        self._offer(kinds_of(call))
        due = call.call_id, call.now // _EVERY_S
        if due != self._due:
            self._due = due
            self.draw()

    def _offer(self, kinds: tuple[PlotKind, ...]) -> None:
        """Plot what such a call has."""
        if kinds != self._kinds:
            self._kinds = kinds
            self.kind = self.kind if self.kind in kinds else kinds[0]
            self._rename()

    def draw(self) -> None:
        width, height = self.size
        if width and height:
            self.show(draw_plot(self.kind, self.call or CallState(""), self.window_s, width, height))

    def _rename(self) -> None:
        self.border_title = f"4 {_TITLES[self.kind]}"
        self.border_subtitle = " · ".join(
            f"[b $text-accent]{kind}[/]" if kind == self.kind else kind for kind in self._kinds
        )
