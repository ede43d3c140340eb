"""A sink that writes facts as lines to a stream whose reader may be slow, stopped or gone."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import BinaryIO

from dashboard.call.codec import to_line
from dashboard.call.events import AudioReceived, Event, QueueMeasured, Ticked

MEDIA_LIMIT = 6_000
"""Audio batches and ticks that wait: about five minutes of one call behind a stopped screen."""

CONTROL_LIMIT = 100_000
"""Everything else; a reader that leaves this much unread is not coming back."""


class LineOutlet:
    """Writes on a thread of its own. Audio and ticks past the limit are dropped oldest first and counted."""

    def __init__(
        self,
        stream: BinaryIO,
        encode: Callable[[Event], str | None] = to_line,
        *,
        media_limit: int = MEDIA_LIMIT,
        control_limit: int = CONTROL_LIMIT,
    ) -> None:
        """Write what `encode` makes of a fact, a line without its newline; None leaves the fact out."""
        self._stream = stream
        self._encode = encode
        self._media_limit = media_limit
        self._control_limit = control_limit
        self._waiting: deque[Event] = deque()
        self._media = 0
        self._dropped = 0
        self._reported = 0
        self._closing = False
        self.broken = False
        self._ready = threading.Condition()
        self._thread = threading.Thread(target=self._write_all, name="outlet", daemon=True)
        self._thread.start()

    def put(self, event: Event) -> None:
        with self._ready:
            if self.broken or self._closing:
                return
            if _is_media(event):
                self._make_room_for_media()
            elif len(self._waiting) - self._media >= self._control_limit:
                self.broken = True
                self._waiting.clear()
                return
            self._waiting.append(event)
            self._ready.notify()

    def close(self, timeout_s: float = 2.0) -> None:
        """Write what still waits, for at most `timeout_s` seconds."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        self._thread.join(timeout_s)

    def _make_room_for_media(self) -> None:
        self._media += 1
        if self._media <= self._media_limit:
            return
        index = next(i for i, event in enumerate(self._waiting) if _is_media(event))
        del self._waiting[index]
        self._media -= 1
        self._dropped += 1

    def _write_all(self) -> None:
        while (batch := self._take()) is not None:
            lines = (self._encode(event) for event in batch)
            text = "".join(f"{line}\n" for line in lines if line is not None)
            try:
                self._stream.write(text.encode())
                self._stream.flush()
            except (OSError, ValueError):  # the reader is gone, or the stream was closed under us
                with self._ready:
                    self.broken = True
                    self._waiting.clear()
                return

    def _take(self) -> list[Event] | None:
        with self._ready:
            while not self._waiting:
                if self._closing or self.broken:
                    return None
                self._ready.wait()
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), 200))]
            self._media -= sum(map(_is_media, batch))
            if self._dropped != self._reported:
                self._reported = self._dropped
                batch.append(self._measured(batch[-1]))
            return batch

    def _measured(self, last: Event) -> QueueMeasured:
        depth = len(self._waiting)
        return QueueMeasured(last.call_id, last.at, "screen", depth, self._media_limit, self._dropped, "oldest")


def _is_media(event: Event) -> bool:
    return isinstance(event, (AudioReceived, Ticked))
