"""The keys, in groups, as `keys.py` lists them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from dashboard.call.state import CallState
from dashboard.ui.draw.units import megabytes, span
from dashboard.ui.keys import KEYS, Key, help_rows
from dashboard.ui.screens.modal import Modal

_KEY_CELLS = 9


class HelpScreen(Modal[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1", "dismiss", show=False)]

    def __init__(self, keys: Sequence[Key] = KEYS, call: CallState | None = None) -> None:
        super().__init__()
        self._keys = keys
        self._history = None if call is None else kept_words(call)

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            box.border_title = "keys"
            box.border_subtitle = "esc back"
            yield Static(help_text(self._keys))
            if self._history is not None:
                yield Static(f"\n{self._history}", markup=False)


def kept_words(call: CallState) -> str | None:
    """Say what `s` would find; None while that is not known."""
    history = call.records.history
    if history is None:
        return None
    kept = f"{megabytes(history.size_bytes)} of at most {megabytes(history.limit_bytes)} kept"
    return f"s saves the last {span(call.now - history.oldest_at)} of the call: {kept}"


def help_text(keys: Sequence[Key] = KEYS) -> Content:
    """Return the table of keys."""
    parts: list[Content] = []
    for group, rows in groupby(keys, key=lambda key: key.group):
        if parts:
            parts.append(Content(""))
        parts.append(Content.styled(group, "bold"))
        parts.extend(
            Content.assemble((shown.rjust(_KEY_CELLS), "$text-accent"), "  ", told) for shown, told in help_rows(rows)
        )
    return Content("\n").join(parts)
