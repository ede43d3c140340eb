"""The terminal application: samples the store ten times a second, owns freeze, export and the way out."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.filter import LineFilter
from textual.reactive import Reactive
from textual.screen import Screen
from textual.theme import Theme

from dashboard.call.ports import Command, Stop
from dashboard.call.state import Calls, CallState
from dashboard.errors import DashboardError
from dashboard.ui.ascii import AsciiFilter
from dashboard.ui.hangup import patient
from dashboard.ui.keys import EVERYWHERE
from dashboard.ui.news import Severity, news, record_news
from dashboard.ui.palette import Palette
from dashboard.ui.screens.call import CallScreen, Sample
from dashboard.ui.screens.detail import DetailScreen
from dashboard.ui.screens.ground import Ground
from dashboard.ui.theme import DARK, LIGHT, THEMES

if TYPE_CHECKING:
    from dashboard.call.cover import Cover
    from dashboard.call.playback import Player
    from dashboard.ui.evidence import Bundle, Evidence
    from dashboard.ui.screens.doctor import Examine

SAMPLE_S = 0.1
CLOSE_S = 6.0
"""How long the way out waits for the call to close: the link gives its peer 5 s."""

_TOASTS = 3
_TOAST_S = 8.0


class CallScopeApp(App[None]):
    """The screen on a call.

    snapshot: returns the newest calls. command: asks the source for something. feed: reads the source's facts into
    what `snapshot` returns, until the source ends; it runs in this app's loop, from the first frame on.
    examine: tells what `doctor` says of the call's way; None where there is nothing to examine.
    player: plays the recording that is shown; None on a live call. recording: its file.
    bundle: writes an evidence bundle; None where nothing is recorded. masks: pictures in it are masked, as
    recordings are.
    title: what is shown, in words. ascii_only: draw with ASCII characters alone; None asks the terminal's encoding.

    What ends the feed early is kept in `failure` for whoever ran the app.
    """

    CSS_PATH = Path(__file__).with_name("theme.tcss")
    theme: Reactive[str] = Reactive(DARK.name)  # set later, it would have every style worked out twice
    NOTIFICATION_TIMEOUT = _TOAST_S
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "quit_now", show=False, priority=True)]

    def __init__(
        self,
        snapshot: Callable[[], Calls],
        command: Callable[[Command], None],
        feed: Callable[[], Awaitable[None]],
        *,
        examine: Examine | None = None,
        player: Player | None = None,
        recording: Path | None = None,
        bundle: Bundle | None = None,
        masks: bool = True,
        title: str = "",
        ascii_only: bool | None = None,
    ) -> None:
        super().__init__()
        self.failure: Exception | None = None
        self._snapshot = snapshot
        self._command = command
        self._feed = feed
        self._examine = examine
        self._player = player
        self._feeding: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._signals = {"SIGINT": self.close_call, "SIGTERM": self.close_call, "SIGHUP": self.hang_up}
        self._has_keyboard = False
        self._live: CallState | None = None
        self._held: CallState | None = None
        self._toasted: deque[float] = deque(maxlen=_TOASTS)
        self._sample_due = False
        self._masks = masks
        self._covers: tuple[Cover, Cover] | None = None  # of the newest state and of the one shown, while masked
        self._bundle = bundle
        self._recording = recording
        self._evidence: Evidence | None = None
        self._bundling: asyncio.Task[None] | None = None
        self._without = () if bundle is not None else ("app.evidence", "save")
        self._where = title
        self._call_screen: CallScreen | None = None
        self._ground = self._first_ground()
        self._ascii = AsciiFilter(not _speaks_unicode() if ascii_only is None else ascii_only)
        self.title = f"callscope {title}".rstrip()

    @property
    def available_themes(self) -> dict[str, Theme]:
        return {**super().available_themes, **THEMES}

    def get_default_screen(self) -> Screen[None]:
        return self._ground

    def _first_ground(self) -> Ground:
        """Return what the app opens with."""
        if self._player is None:
            self._call_screen = CallScreen(self._command, self._where, self._without)
        else:
            self._call_screen = _replay(self._player, self._where, self._follow, self._without)
        return self._call_screen

    def get_driver_class(self) -> type[Driver]:
        return patient(super().get_driver_class())

    def get_line_filters(self) -> list[LineFilter]:
        return [*super().get_line_filters(), *([self._ascii] if self._ascii.enabled else [])]

    # -- from the first frame to the last -----------------------------------------------------------------------

    def on_mount(self) -> None:
        for name, heard in self._signals.items():
            self._listen_for(name, heard)

    def on_ready(self) -> None:
        """Textual has painted the first frame: now the source may start."""
        self._feeding = asyncio.create_task(self._run_feed(), name="feed")
        self.set_interval(SAMPLE_S, self._sample)
        self._has_keyboard = os.isatty(0) and not self.is_headless
        self._draw()

    async def on_unmount(self) -> None:
        for name in self._signals:
            if hasattr(signal, name):
                with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
                    asyncio.get_running_loop().remove_signal_handler(getattr(signal, name))
        for task in (self._bundling, self._feeding):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])

    def _listen_for(self, name: str, heard: Callable[[], None]) -> None:
        if not hasattr(signal, name):
            return  # Windows knows no SIGHUP
        loop = asyncio.get_running_loop()
        try:
            loop.add_signal_handler(getattr(signal, name), heard)
        except NotImplementedError:  # Windows: asyncio cannot, the interpreter can
            signal.signal(getattr(signal, name), lambda *_: loop.call_soon_threadsafe(heard))

    async def _run_feed(self) -> None:
        try:
            await self._feed()
        except DashboardError as error:
            self.failure = error
            self._toast("error", str(error), error.remedy)
        except Exception as error:
            self.failure = error
            self.exit(return_code=1)

    def _fatal_error(self) -> None:
        """Leave without the library's traceback, which shows what variables hold: whoever ran the app tells of it."""
        self.failure = self.failure or self._exception
        self._close_messages_no_wait()

    # -- sampling -------------------------------------------------------------------------------------------

    def _sample(self) -> None:
        if self._has_keyboard and not os.isatty(0):
            self.hang_up()
        call = self._watched(self._snapshot())
        before, self._live = self._live, call
        if call is before and self._player is None:
            return
        if self._evidence is not None and call is not None:
            self._evidence.heard(call.records)
        if self._leaving is None and self._player is None:
            self._tell_news(before, call)
        self._draw(keys=_standing(call) != _standing(before), anew=_is_wound_back(before, call))

    def _watched(self, calls: Calls) -> CallState | None:
        """Return the call that is shown: the one that began last."""
        return max(calls.values(), key=lambda call: call.started_at, default=None)

    def _tell_news(self, before: CallState | None, call: CallState | None) -> None:
        covered = self.screen is not self._ground
        saving = None if self._evidence is None else self._evidence.saving
        for item in (*news(before, call), *record_news(before, call, but=saving)):
            if covered or not item.on_view:
                self._toast(
                    item.severity, item.title, item.text if self._covers is None else self._covers[0].text(item.text)
                )

    def _draw(self, *, keys: bool = True, anew: bool = False) -> None:
        if self._call_screen is None:
            return
        live, shown = self._live, self._live if self._held is None else self._held
        if self._covers is not None and live is not None and shown is not None:
            newest, held = self._covers
            live, shown = newest.masked(live), newest.masked(live) if shown is live else held.masked(shown)
        masked = self._covers is not None or (self._player is not None and self._player.playback.masked)
        frozen, closing = self._held is not None, self._leaving is not None
        self._call_screen.sample(Sample(live, shown, frozen, closing, masked, anew))
        for screen in self.screen_stack:
            if isinstance(screen, DetailScreen) and shown is not None:
                if anew:
                    screen.start_over()
                screen.sample(shown)
        if keys:
            self._ground.show_keys()

    def _follow(self) -> None:
        """Sample as soon as the keys that wait have been heard: a replay was asked for something."""
        if not self._sample_due:
            self._sample_due = True
            self.call_later(self._sample_now)

    def _sample_now(self) -> None:
        self._sample_due = False
        self._sample()

    def action_freeze(self) -> None:
        """Hold the panels still while the call goes on; a recording itself is held."""
        if self._player is not None:
            self._player.play_or_pause()
            self._sample()
            return
        self._held = self._live if self._held is None else None
        self._draw()

    # -- what keys do on every screen ------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._ground.works(f"app.{action}")

    def action_command_palette(self) -> None:
        self._ground.over(Palette(id="--command-palette"))

    def action_theme(self) -> None:
        self.theme = DARK.name if self.theme == LIGHT.name else LIGHT.name

    def action_help(self) -> None:
        from dashboard.ui.screens.help import HelpScreen

        self._ground.over(HelpScreen(self._ground.KEYS, self._live))

    def action_doctor(self) -> None:
        if self._examine is not None:
            from dashboard.ui.screens.doctor import DoctorScreen

            self._ground.over(DoctorScreen(self._examine))

    def action_mask(self) -> None:
        """Mask what is shown, for showing it to others; or show it again."""
        from dashboard.call.cover import Cover  # as all that seldom anybody asks for: the first frame is earlier

        self._covers = (Cover(), Cover()) if self._covers is None else None
        self._draw(anew=True)

    def action_evidence(self) -> None:
        """Write the evidence bundle into the current directory, beside the screen, and say where."""
        call = None if self._call_screen is None else self._call_screen.shown
        if self._bundling is not None and not self._bundling.done():
            self._toast("information", "The evidence is being written", "one bundle at a time")
        elif self._bundle is not None and call is not None:
            from dashboard.ui.evidence import Evidence, bundle_name

            left = call.ended is not None or call.worker_lost is not None
            recording = Path(call.records.whole) if left and call.records.whole else self._recording
            self._evidence = Evidence(self._bundle, self._command, recording, call.call_id)
            task = self._write(self._evidence, f"{bundle_name(call)}.zip")
            self._bundling = asyncio.create_task(task, name="evidence")

    async def _write(self, evidence: Evidence, name: str) -> None:
        try:
            out = Path.cwd() / name
            await evidence.write(await self._picture(), out)
        except DashboardError as error:
            self._toast("error", f"No evidence: {error}", error.remedy)
        except OSError as error:  # the directory is gone, or there is no room for the picture
            self._toast("error", "No evidence", error.strerror or str(error))
        else:
            self.copy_to_clipboard(str(out))
            self._toast("information", "Evidence written", f"{out} · the path is in the clipboard")

    async def _picture(self) -> str:
        """Return what the screen shows as SVG, without toasts; masked where recordings are."""
        self.clear_notifications()
        uncovered = self._masks and self._covers is None
        if uncovered:
            self.action_mask()
        try:
            painted = asyncio.Event()
            self.call_after_refresh(painted.set)
            await painted.wait()
            return self.export_screenshot(title=self.title)
        finally:
            if uncovered:
                self.action_mask()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer every key's action in the command palette."""
        for key in self._ground.KEYS:
            if key.action not in EVERYWHERE and self._ground.works(key.action):
                yield SystemCommand(key.word or key.help, f"{key.shown}: {key.help}", self._doing(key.action))

    def _doing(self, action: str) -> Callable[[], None]:
        def do() -> None:
            self.call_later(self.run_action, action, self._ground)

        return do

    def _toast(self, severity: Severity, title: str, text: str) -> None:
        """Show a toast; when there are already a few, the new one stands alone."""
        now = asyncio.get_running_loop().time()
        if len(self._toasted) == _TOASTS and now - self._toasted[0] < _TOAST_S:
            self.clear_notifications()
            for screen in self.screen_stack:
                screen.query("ToastHolder").remove()  # Textual takes only what is in them
            self._toasted.clear()
        self._toasted.append(now)
        self.notify(text, title=title, severity=severity, markup=False)

    # -- the way out ------------------------------------------------------------------------------------------

    async def action_quit(self) -> None:
        """Close the call and leave; ask first while it is open."""
        question = None if self._leaving is not None else self._question()
        if question is not None:
            from dashboard.ui.screens.quit import QuitScreen

            self._ground.over(QuitScreen(question), lambda sure: self.close_call() if sure else None)
        else:
            self.close_call()

    def _question(self) -> str | None:
        """Return what is to be asked before one leaves, if anything."""
        call = self._live if self._player is None else None
        if call is None or call.link.opened_at is None or call.ended is not None:
            return None
        from dashboard.ui.draw.wires import leaving_words

        return leaving_words(call)

    def action_quit_now(self) -> None:
        self.close_call()

    def close_call(self) -> None:
        """Stop the call, wait until it has closed, and leave; asked again: leave at once."""
        if self._leaving is not None or self._feeding is None or self._feeding.done():
            self.exit()
            return
        self._command(Stop())
        self._leaving = asyncio.create_task(self._wait_and_exit(self._feeding), name="closing")
        self._draw()

    def hang_up(self) -> None:
        """The terminal is gone: close the call as if asked to, however often this is said."""
        if self._leaving is None:
            self.close_call()

    async def _wait_and_exit(self, feeding: asyncio.Task[None]) -> None:
        await asyncio.wait([feeding], timeout=CLOSE_S)
        self.exit()


def _standing(call: CallState | None) -> object:
    """Return what decides which keys work."""
    return None if call is None else (call.call_id, call.ended, call.worker_lost, call.bot is None)


def _is_wound_back(before: CallState | None, after: CallState | None) -> bool:
    return before is not None and after is not None and after.now < before.now


def _replay(player: Player, where: str, moved: Callable[[], None], without: Collection[str]) -> CallScreen:
    from dashboard.ui.screens.replay import ReplayScreen

    return ReplayScreen(player, where, moved, without)


def _speaks_unicode() -> bool:
    encoding = getattr(sys.__stderr__, "encoding", None) or "utf-8"  # Textual paints on the true stderr
    return encoding.lower().replace("-", "").startswith("utf")
