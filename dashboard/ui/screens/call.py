"""The call screen: six panels on one call, the rows around them, and what its keys do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from dashboard.call.bot_figures import why_unspoken
from dashboard.call.findings.finding import Finding
from dashboard.call.hook_view import CONNECTOR
from dashboard.call.ports import Command, Interrupt, Mark, Press, Reconnect, Save, Say
from dashboard.call.state import CallState, Outage
from dashboard.ui.draw.bot import speaks_in
from dashboard.ui.draw.wires import fits
from dashboard.ui.keys import FINDINGS, TYPING, bindings
from dashboard.ui.screens.ground import Ground
from dashboard.ui.widgets.connection import ConnectionPanel
from dashboard.ui.widgets.findings import FindingsPanel
from dashboard.ui.widgets.header import HeaderBar
from dashboard.ui.widgets.headline import HeadlineBar
from dashboard.ui.widgets.jitter import WINDOWS_S, JitterPanel
from dashboard.ui.widgets.key_bar import KeyBar
from dashboard.ui.widgets.log_panel import LogPanel
from dashboard.ui.widgets.pick_panel import PickPanel
from dashboard.ui.widgets.plot import PlotPanel
from dashboard.ui.widgets.reconnect_log import ReconnectPanel
from dashboard.ui.widgets.transcript import TranscriptPanel
from dashboard.ui.widgets.utterance import PRESSES, SPEAKS, UtteranceInput

FULL = (120, 36)
STACKED = (80, 24)
_ROOMY, _TALL = 30, 44
"""Rows from which what is found is on view where panels are stacked, and from which panels show all that they have."""
_PROMPT = 12  # cells of an utterance's row beside its text

_LIVE = ("reconnect", "utterance", "mark", "save")
"""Actions that need a call and a source that still listens; a lost worker hears but a reconnect, whatever it held."""

_CALLER = ("keypad", "interrupt")
"""Actions of whoever is the caller: they need a call that we make."""

_DOCTOR = "app.doctor"
"""Asked for where it cannot examine anything, it says what can."""

_SHOWN = ("app.freeze", "app.evidence", "turns", "genesys")
"""Actions that need a call."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the screen is to show. `shown` is what the panels show: an older state while the screen is frozen.

    anew: it does not go on from the sample before, a replay was wound back, or texts are masked now: logs begin again.
    """

    live: CallState | None
    shown: CallState | None
    frozen: bool = False
    closing: bool = False
    masked: bool = False
    anew: bool = False


class CallScreen(Ground):
    """One call. `where` says in words what is shown; keys that concern the whole program are the app's."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
    AUTO_FOCUS = "TranscriptPanel"
    LIVE: ClassVar[bool] = True

    def __init__(
        self,
        command: Callable[[Command], None],
        where: str,
        without: Collection[str] = (),
        leave: Callable[[], None] | None = None,
    ) -> None:
        """`without`: actions that cannot be done here at all. leave: goes back to where the call was opened from."""
        super().__init__()
        self._command = command
        self._without = without
        self._leave = leave
        self._live: CallState | None = None
        self._shown: CallState | None = None
        self._frozen = False
        self._leaving = False
        self._stacked = self._roomy = False
        self._alone: Widget | None = None
        self._header = HeaderBar(where, live=self.LIVE)
        self._headline = HeadlineBar(offers=self.LIVE)
        self._connection = ConnectionPanel(offers=self.LIVE)
        self._jitter = JitterPanel()
        self._transcript = TranscriptPanel()
        self._plot = PlotPanel()
        self._reconnects = ReconnectPanel()
        self._findings = FindingsPanel()
        self._panels = (
            self._connection,
            self._jitter,
            self._transcript,
            self._plot,
            self._reconnects,
            self._findings,
        )
        self._prompt = Label("say ▸")
        self._utterance = UtteranceInput()
        self._pressing = False
        self._keys = KeyBar(self.works, self.KEYS)
        self._too_small = Static(id="too-small", markup=False)

    def compose(self) -> ComposeResult:
        yield self._header
        yield self._headline
        yield Container(*self._panels, id="panels")
        yield from self.foot()
        yield self._keys
        yield self._too_small

    def foot(self) -> ComposeResult:
        """What stands between the panels and the keys."""
        yield Horizontal(self._prompt, self._utterance, id="utterance")

    # -- sampling -------------------------------------------------------------------------------------------

    def sample(self, new: Sample) -> None:
        """Take what is to be shown, and draw what changed."""
        if new.anew:
            self._show(CallState(""))
        live, shown = new.live, new.shown
        waiting = live.lines.total - shown.lines.total if new.frozen and live and shown else None
        self._header.sample(live, waiting=waiting, closing=new.closing, masked=new.masked)
        self._headline.sample(live, closing=new.closing)
        self._connection.sample(shown)
        self._jitter.sample(shown)
        self._plot.sample(shown)
        if shown is not None:
            self._show(shown)
        self._live, self._shown = live, shown
        self._frozen, self._leaving = new.frozen, new.closing

    def _show(self, call: CallState) -> None:
        self._transcript.sample(call)
        self._reconnects.sample(call)
        self._findings.sample(call)

    def show_keys(self) -> None:
        """Draw the footer again: what works may have changed."""
        out_of_sight = self._alone is not self._findings if self._alone else self._stacked and not self._roomy
        hidden = () if out_of_sight else (FINDINGS,)
        self._keys.sample(renamed=self.renamed(), hidden=(*hidden, *self._only_explained()))

    def _only_explained(self) -> tuple[str, ...]:
        """Return the actions that only say why they cannot be done on this call: the footer need not offer them."""
        call = self._live
        if call is None:
            return ()
        offered = {_DOCTOR: fits(_DOCTOR, call), "utterance": not why_unspoken(call)}
        return tuple(action for action, can_be_done in offered.items() if not can_be_done)

    def renamed(self) -> Mapping[str, str]:
        """Return which actions are called something else than in `keys.py` now."""
        freeze = {"app.freeze": "go on"} if self._frozen else {}
        return freeze if self._leave is None or self._alone is not None else {**freeze, "back": "all calls"}

    @property
    def _call_id(self) -> str:
        return "" if self._live is None else self._live.call_id

    @property
    def shown(self) -> CallState | None:
        """The state that the panels show."""
        return self._shown

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.works(action) and not (action in TYPING and self._is_typed_to())

    def _is_typed_to(self) -> bool:
        """Tell whether what is typed goes into a line."""
        focused = self.focused
        return isinstance(focused, Input) or (isinstance(focused, LogPanel) and focused.is_typed_to)

    def works(self, action: str) -> bool:
        call = self._live
        if action == "reconnect" and call is not None and call.worker_lost is not None:
            return not self._leaving
        if action in self._without or (call is not None and not fits(action, call) and action != _DOCTOR):
            return False
        if action in _CALLER and (call is None or call.dialect != CONNECTOR):
            return False
        if action in _LIVE or action in _CALLER or (action == "app.evidence" and self.LIVE):
            listens = call is not None and call.ended is None and call.worker_lost is None
            left = action == "app.evidence" and call is not None and bool(call.records.whole)
            return (listens or left) and not self._leaving
        if action in _SHOWN:
            return call is not None
        return self._alone is not None or self._leave is not None if action == "back" else True

    # -- what keys do -----------------------------------------------------------------------------------------

    def action_reconnect(self) -> None:
        self._command(Reconnect(self._call_id))

    def action_mark(self) -> None:
        marks = 0 if self._live is None else self._live.marks.total
        self._command(Mark(f"mark {marks + 1}", self._call_id))

    def action_save(self) -> None:
        self._command(Save(call_id=self._call_id))

    def action_search(self) -> None:
        log = self._focused_log()
        self.set_focus(log)  # at once: what is typed next may already be waiting
        log.action_search()

    def action_filter(self) -> None:
        self._focused_log().action_filter()

    def action_follow(self) -> None:
        self._focused_log().action_follow()

    def action_next_match(self, step: int) -> None:
        self._focused_log().action_next_match(step)

    def action_window(self) -> None:
        window_s = WINDOWS_S[(WINDOWS_S.index(self._jitter.window_s) + 1) % len(WINDOWS_S)]
        self._jitter.show_window(window_s)
        self._plot.show_window(window_s)

    def action_plot(self) -> None:
        self._plot.next_kind()

    def action_turns(self) -> None:
        if self._shown is not None:
            from dashboard.ui.screens.turns import TurnsScreen  # as all that a key opens: the first frame is earlier

            self.over(TurnsScreen(self._shown))

    def action_genesys(self) -> None:
        if self._shown is not None:
            from dashboard.ui.screens.genesys import GenesysScreen

            self.over(GenesysScreen(self._shown))

    def action_open(self) -> None:
        if isinstance(self.focused, PickPanel):
            self.focused.action_open()

    @on(PickPanel.Opened)
    def _open(self, event: PickPanel.Opened) -> None:
        if self._shown is None:
            return
        if isinstance(event.item, Outage):
            from dashboard.ui.screens.close import CloseScreen

            self.over(CloseScreen(self._shown, event.item))
        elif isinstance(event.item, Finding):
            from dashboard.ui.screens.finding import FindingScreen

            self.over(FindingScreen(self._shown, event.item))

    def action_panel(self, number: int) -> None:
        """Focus a panel; where panels are stacked, show it alone."""
        panel = self._panels[number - 1]
        if self._stacked or self._alone is not None:
            self._show_alone(panel)
        self.set_focus(panel)  # at once: the next key may already be waiting

    def action_maximise(self) -> None:
        focused = next((panel for panel in self._panels if panel is self.focused), self._transcript)
        self._show_alone(None if self._alone is not None else focused)

    def action_back(self) -> None:
        if self._alone is None and self._leave is not None:
            self._leave()
        else:
            self._show_alone(None)

    def action_interrupt(self) -> None:
        self._command(Interrupt(self._call_id))

    # -- the line in which an utterance is typed, or keys of the telephone ------------------------------------

    def action_utterance(self) -> None:
        why = "" if self._live is None else why_unspoken(self._live)
        if why:
            self.notify(why, title="No test utterance on this call", severity="warning", markup=False)
        else:
            self._take_words(pressing=False)

    def action_keypad(self) -> None:
        self._take_words(pressing=True)

    def _take_words(self, *, pressing: bool) -> None:
        self._pressing = pressing
        bot = None if self._live is None else self._live.bot
        self._prompt.update("keys ▸" if pressing else "say ▸" if bot is None else "test ▸")
        speaks = SPEAKS if bot is None else speaks_in(bot, self.size.width - _PROMPT)
        self._utterance.placeholder = PRESSES if pressing else speaks
        self.add_class("-speaking")
        self._utterance.display = True
        self.set_focus(self._utterance)  # at once: what is typed next may already be waiting

    @on(Input.Submitted, "UtteranceInput")
    def _say(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if text and self._pressing:
            self._command(Press(text, self._call_id))
            self._utterance.value = ""  # a PIN is not kept
        elif text:
            self._command(Say(text, self._call_id))
            self._utterance.remember(text)
        self._stop_speaking()

    @on(UtteranceInput.Left)
    def _stop_speaking(self) -> None:
        self.remove_class("-speaking")
        self._utterance.display = False
        self.set_focus(self._alone or self._transcript)

    # -- room -------------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        too_small = width < STACKED[0] or height < STACKED[1]
        self._stacked = not too_small and (width < FULL[0] or height < FULL[1])
        self.set_class(too_small, "-too-small")
        self.set_class(self._stacked, "-stacked")
        self._roomy = height >= _ROOMY
        self.set_class(self._roomy, "-roomy")
        self.set_class(height >= _TALL, "-tall")
        needed = f"callscope needs {STACKED[0]} x {STACKED[1]}; this terminal has {width} x {height}"
        self._too_small.update(needed)
        self.show_keys()

    def _show_alone(self, panel: Widget | None) -> None:
        for other in self._panels:
            other.set_class(other is panel, "-alone")
        self.set_class(panel is not None, "-maximised")
        self._alone = panel
        self.show_keys()

    def _focused_log(self) -> TranscriptPanel | ReconnectPanel:
        """The log that has the focus, else the transcript."""
        return self._reconnects if self._reconnects is self.focused else self._transcript
