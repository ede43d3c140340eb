"""The turns of a call, a bar for each; the one that goes on at the end."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.call.stages import axis_top, barge_in_of, wait_s
from dashboard.call.state import CallState, Turn
from dashboard.call.turns import SLOW_S
from dashboard.ui.draw.layout import EMPTY
from dashboard.ui.draw.spans import Row, paint
from dashboard.ui.draw.turns import legend, percentile_rows, turn_row, turns_header
from dashboard.ui.widgets.log_panel import Filter, LogPanel
from dashboard.ui.widgets.painted import Painted


class TurnsPanel(LogPanel[Turn]):
    """Newest last, all bars on one axis; the axis grows when turns get slower."""

    TITLE = "the bot's turns"

    def __init__(self) -> None:
        super().__init__()
        self.call = CallState("")
        self.top_s = axis_top(self.call.turns)

    def header(self, width: int) -> Row | None:
        return turns_header(self.call, self.top_s, width) if self._count else None

    def row(self, item: Turn, width: int) -> Row:
        return turn_row(item, self.call, self.top_s, width)

    def plain(self, item: Turn) -> str:
        return item.text

    def filters(self) -> Sequence[Filter[Turn]]:
        return (
            Filter("all"),
            Filter("slow", lambda turn: (wait_s(turn) or 0.0) > SLOW_S),
            Filter("silent failures", lambda turn: turn.silent),
            Filter("barge-in", lambda turn: barge_in_of(turn, self.call.turns) is not None),
        )

    def nothing(self) -> str:
        return "no turn so far" if not len(self.rows) else "no such turn"

    def sample(self, call: CallState) -> None:
        """Take what is new in `call`; another call's id starts over."""
        before, self.call = self.call, call
        if call.call_id != before.call_id:
            self.clear()
            before = CallState(call.call_id)
        turns = call.turns
        self.append(turns.done.since(before.turns.done.total))
        self.set_live(() if turns.current is None else (turns.current,))
        if turns.barge_ins is not before.turns.barge_ins:
            self.repaint([self.rows.total - 1])  # the answer may have been interrupted by the turn that goes on
        top_s = axis_top(turns)
        if top_s != self.top_s:
            self.top_s = top_s
            self.paint_anew()
        self.show_changes()


class TurnsFoot(Painted):
    """p50 and p95 in the columns of the rows above, and what the signs mean."""

    _call = CallState("")

    def sample(self, call: CallState) -> None:
        """Draw again when the turns of `call` have changed."""
        before, self._call = self._call, call
        if call.turns is not before.turns:
            self.draw()

    def draw(self) -> None:
        width = self.size.width
        if width:
            rows = percentile_rows(self._call, axis_top(self._call.turns), width)
            self.show([*(tuple(paint(row, width)[0]) for row in rows), EMPTY, *legend(self._call, width)])
