"""Panel 3: what was said and understood, what the bot did with it, and where the connection broke."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, TypeGuard

from textual.content import Content

from dashboard.call.state import CallState, Line, Turn
from dashboard.ui.draw.rows import silent_at, transcript_row
from dashboard.ui.draw.spans import Row
from dashboard.ui.draw.wires import unsaid
from dashboard.ui.widgets.log_panel import Filter, LogPanel

_PROBLEMS = ("error", "malformed", "unknown")


def _is_of_the_call(item: Line | Turn) -> TypeGuard[Line]:
    """Tell whether this was said on the call itself, not to a bot beside it."""
    return isinstance(item, Line) and not item.beside


class TranscriptPanel(LogPanel[Line | Turn]):
    """The lines of a call, the partial ones below them, and a row for every turn that was left unanswered."""

    TITLE = "3 transcript"
    WIDEST = 132
    FILTERS: ClassVar[Sequence[Filter[Line | Turn]]] = (
        Filter("all"),
        Filter("speech", lambda item: _is_of_the_call(item) and item.kind in ("transcript", "text")),
        Filter("intents", lambda item: _is_of_the_call(item) and item.kind == "intent"),
        Filter("problems", lambda item: isinstance(item, Turn) or item.kind in _PROBLEMS),
        Filter("utterances", lambda item: isinstance(item, Line) and (item.kind == "utterance" or item.beside)),
        Filter("link", lambda item: isinstance(item, Line) and item.kind == "link"),
    )

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        self._call = CallState("")  # before the edges are written for the first time
        super().__init__(id=id, classes=classes)
        self._silent: int = 0  # number of the newest turn that has a row as a silent failure
        self._said: dict[int, int] = {}  # test utterance → its row

    def row(self, item: Line | Turn, width: int) -> Row:
        return transcript_row(item, self._call, width)

    def plain(self, item: Line | Turn) -> str:
        return item.text

    def filters(self) -> Sequence[Filter[Line | Turn]]:
        return self.FILTERS

    def nothing(self) -> str:
        return "nothing said yet" if not len(self.rows) else "no such row"

    def _subtitle(self) -> Content:
        told, why = super()._subtitle(), unsaid(self._call)
        return told if told.plain or not why else Content.styled(why, "$foreground 60%")

    def sample(self, call: CallState) -> None:
        """Take what is new in `call`; another call's id starts over."""
        before, self._call = self._call, call
        if call is before:
            return
        if call.call_id != before.call_id:
            self.clear()
            self._silent, self._said = 0, {}
            before = CallState(call.call_id)
        new: list[Line | Turn] = list(call.lines.since(before.lines.total))
        silent = self._new_silent_failures(before)
        if silent:
            new = sorted([*new, *silent], key=self._moment)
        same_utterances = call.all_utterances == before.all_utterances
        if not new and same_utterances and call.partials is before.partials:
            return
        self._remember_utterances(new)
        self.append(new)
        self.set_live(sorted(call.partials.values(), key=self._moment))
        if not same_utterances:
            self._repaint_utterances(before)
        self.show_changes()

    def _moment(self, item: Line | Turn) -> float:
        return silent_at(item, self._call) if isinstance(item, Turn) else item.at

    def _new_silent_failures(self, before: CallState) -> list[Turn]:
        turns = self._call.turns
        if turns.silent_failures == before.turns.silent_failures:
            return []
        current = () if turns.current is None else (turns.current,)
        found = [turn for turn in (*turns.done.since(self._silent), *current) if turn.silent]
        found = [turn for turn in found if turn.number > self._silent]
        self._silent = found[-1].number if found else self._silent
        return found

    def _remember_utterances(self, new: Iterable[Line | Turn]) -> None:
        for number, item in enumerate(new, self.rows.total):
            if isinstance(item, Line) and item.utterance is not None:
                self._said[item.utterance] = number

    def _repaint_utterances(self, before: CallState) -> None:
        """The status of an utterance is drawn, so a new status needs a new picture of its row."""
        known = {said.number: said.status for said in before.all_utterances}
        changed = {said.number for said in self._call.all_utterances if known.get(said.number) != said.status}
        self._said = {said: row for said, row in self._said.items() if row >= self.rows.total - len(self.rows)}
        self.repaint(row for said, row in self._said.items() if said in changed)
