"""What a recorder says at its end."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable

from dashboard.errors import RecordingError
from dashboard.storage.about import Written
from dashboard.storage.recorder import Recorder

PATIENCE_S = 10.0


class Outcomes:
    """Takes the outcome on the recorder's thread, gives it to the test."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Written | RecordingError] = queue.Queue()

    def put(self, recorder: Recorder, outcome: Written | RecordingError) -> None:
        self._queue.put(outcome)

    def any(self) -> Written | RecordingError:
        return self._queue.get(timeout=PATIENCE_S)

    def written(self) -> Written:
        outcome = self.any()
        assert isinstance(outcome, Written), outcome
        return outcome

    def error(self) -> RecordingError:
        outcome = self.any()
        assert isinstance(outcome, RecordingError), outcome
        return outcome

    def is_empty(self) -> bool:
        return self._queue.empty()


def wait_for(happened: Callable[[], bool]) -> None:
    """Wait until something that a thread does has happened."""
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)
