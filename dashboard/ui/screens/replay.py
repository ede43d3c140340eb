"""The call screen on a recording: the same panels, a transport bar below them, and keys that play instead of call."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from dashboard.call.playback import Player
from dashboard.errors import DashboardError
from dashboard.ui.keys import REPLAY_KEYS, Key, bindings
from dashboard.ui.screens.call import CallScreen, Sample
from dashboard.ui.widgets.transport import TransportBar

_LONGEST = 20
_EXAMPLES = "12:03:20 time of day · 3:20 from the start · Enter goes · Esc leaves"


class PlaceInput(Input):
    """Where a place in the recording is named."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    class Left(Message):
        """The operator changed their mind."""

    def __init__(self) -> None:
        super().__init__(placeholder=_EXAMPLES, max_length=_LONGEST)

    def action_leave(self) -> None:
        self.post_message(self.Left())


class ReplayScreen(CallScreen, inherit_bindings=False):
    """One recording. `moved` is called when the player was asked for something: what is shown should follow."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(REPLAY_KEYS)]
    KEYS: ClassVar[Sequence[Key]] = REPLAY_KEYS
    LIVE: ClassVar[bool] = False

    def __init__(self, player: Player, where: str, moved: Callable[[], None], without: Collection[str] = ()) -> None:
        super().__init__(lambda command: None, where, without)
        self._player = player
        self._moved = moved
        self._playing: bool | None = None
        self._transport = TransportBar(self.go_to)
        self._place = PlaceInput()

    def foot(self) -> ComposeResult:
        yield self._transport
        yield Horizontal(Label("go to ▸"), self._place, id="place")

    def sample(self, new: Sample) -> None:
        super().sample(new)
        playback = self._player.playback
        self._transport.sample(playback)
        if playback.playing is not self._playing:
            self._playing = playback.playing
            self.show_keys()

    def works(self, action: str) -> bool:
        return action == "app.freeze" or super().works(action)  # it plays from the first frame on, whatever is read yet

    def renamed(self) -> Mapping[str, str]:
        return {} if self._playing else {"app.freeze": "play"}

    # -- what keys do -----------------------------------------------------------------------------------------

    def go_to(self, position_s: float) -> None:
        """Go to a position, seconds from the start."""
        self._player.seek(position_s)
        self._moved()

    def action_seek(self, seconds: int) -> None:
        self.go_to(self._player.playback.position_s + seconds)

    def action_start(self) -> None:
        self.go_to(0.0)

    def action_end(self) -> None:
        self.go_to(self._player.playback.length_s)

    def action_step(self, direction: int) -> None:
        self._step(direction, "moment of interest", trouble=False)

    def action_trouble(self, direction: int) -> None:
        self._step(direction, "outage or finding", trouble=True)

    def action_speed(self, steps: int) -> None:
        self._player.change_speed(steps)
        self._moved()

    def _step(self, direction: int, what: str, *, trouble: bool) -> None:
        if self._player.step(direction, trouble=trouble) is None:
            when = "later" if direction > 0 else "earlier"
            unread = direction > 0 and not self._player.playback.read
            text = f"no {when} {what} among what has been read" if unread else f"no {when} {what}"
            self.app.notify(text, timeout=3, markup=False)
        self._moved()

    # -- going to a place that is named -------------------------------------------------------------------------

    def action_goto(self) -> None:
        self.add_class("-placing")
        self._place.value = ""
        self._place.display = True
        self.set_focus(self._place)  # at once: what is typed next may already be waiting

    @on(Input.Submitted, "PlaceInput")
    def _go(self, event: Input.Submitted) -> None:
        if event.value.strip():
            try:
                self.go_to(self._player.position_named(event.value))
            except DashboardError as error:
                self.app.notify(error.remedy, title=str(error), severity="error", markup=False)
                return
        self._stop_placing()

    @on(PlaceInput.Left)
    def _stop_placing(self) -> None:
        self.remove_class("-placing")
        self._place.display = False
        self.set_focus(self._alone or self._transcript)
