"""The bar of a replay: where it stands, how fast it plays, and the track, on which a click goes to a place."""

from __future__ import annotations

from collections.abc import Callable

from textual import events

from dashboard.call.playback import Playback
from dashboard.ui.draw.spans import Span
from dashboard.ui.draw.transport import draw_transport, position_at, signs, track_place
from dashboard.ui.widgets.painted import Painted


class TransportBar(Painted):
    """`seek` is asked to go to a position, seconds from the start."""

    def __init__(self, seek: Callable[[float], None]) -> None:
        super().__init__()
        self._seek = seek
        self._playback: Playback | None = None
        self._signs: dict[int, Span] = {}
        self._signs_for: object = None
        self._dragging = False

    def sample(self, playback: Playback) -> None:
        """Draw where the replay stands now."""
        self._playback = playback
        self.draw()

    def draw(self) -> None:
        width, height = self.size
        playback = self._playback
        if playback is None:
            self.show([])  # painted blank, not unpainted: what comes next has to be painted anew
            return
        if not width:
            return
        track_width = track_place(playback, width, height)[1]
        known_for = track_width, len(playback.moments), playback.length_s, playback.known.link.outage_count
        if known_for != self._signs_for:
            self._signs, self._signs_for = signs(playback, track_width), known_for
        self.show(draw_transport(playback, self._signs, width, track_width))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.y == self.size.height - 1:
            self._dragging = True
            self.capture_mouse()
            self._go_to(offset.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragging:
            self._go_to(event.get_content_offset_capture(self).x)

    def on_mouse_up(self) -> None:
        if self._dragging:
            self._dragging = False
            self.release_mouse()

    def _go_to(self, x: int) -> None:
        if self._playback is not None:
            start, width = track_place(self._playback, *self.size)
            self._seek(position_at(x - start, self._playback.length_s, width))
