"""A sink that records: facts go to one file, in batches, on a thread of their own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.errors import RecordingError
from dashboard.storage.about import About, Written
from dashboard.storage.packing import Item

if TYPE_CHECKING:
    from dashboard.storage.writer import Writer

BATCH_S = 0.5
"""Between two commits: a worker that is killed loses no more than this and the time of a commit."""

LIMIT = 50_000
"""Facts that wait for a disk that does not answer: half an hour of a call; then the recording is given up."""

_SLICE = 20
_PAUSE_S = 0.001
"""Between slices of what was told before: the call in this process has its turn first."""


class Recorder:
    """Writes until it is closed or cannot write any more; whatever becomes of the file, the call goes on."""

    def __init__(
        self,
        path: Path,
        about: Callable[[], About],
        *,
        ended: Callable[[Recorder, Written | RecordingError], None],
        before: Iterable[Item] = (),
    ) -> None:
        """Begin at once. `before` are facts that were told already; they are read and written first.

        `about` is asked on the recorder's thread. `ended` is called once, there or in `put`: with what was written, or
        why there will be no more.
        """
        self.path = path
        self._about = about
        self._before = before
        self._ended = ended
        self._queue: deque[Item] = deque()
        self._over = False
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def put(self, event: Item) -> None:
        """Take one fact, or the sound that it tells of; never waits."""
        if self._over:
            return
        self._queue.append(event)
        if len(self._queue) > LIMIT:
            what = f"{self.path}: cannot be written: the disk has not answered for too long"
            self._end(RecordingError(what, remedy="Name a file on a disk of this machine."))

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what still waits and close the file; give it up after `timeout_s` seconds."""
        self._closing.set()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            what = f"{self.path}: cannot be written: there was no time left to write all of it"
            self._end(
                RecordingError(what, remedy="What is there can be read; leave more slowly, or use a faster disk.")
            )

    def finish(self) -> None:
        """Close the file once all is written, without waiting for that."""
        self._closing.set()

    def _end(self, outcome: Written | RecordingError) -> None:
        with self._lock:
            if self._over:
                return
            self._over = True
        self._queue.clear()
        self._ended(self, outcome)

    def _run(self) -> None:
        from dashboard.storage.writer import Writer  # it folds: too much to load where a call should be up soon

        try:
            writer = Writer(self.path, self._about())
            try:
                self._end(self._write_all(writer))
            finally:
                writer.release()
        except RecordingError as error:
            self._end(error)
        except Exception as error:  # a bug of ours: the call goes on, and the operator is told that this does not
            what = f"{self.path}: cannot be written: unexpected {type(error).__name__}: {error}"
            self._end(RecordingError(what, remedy="This is a bug; please report it."))

    def _write_all(self, writer: Writer) -> Written:
        facts = iter(self._before)
        while piece := list(islice(facts, _SLICE)):
            for event in piece:
                writer.add(event)
            writer.commit()
            self._closing.wait(_PAUSE_S)
        while True:
            closing = self._closing.is_set()
            while self._queue:
                writer.add(self._queue.popleft())
            if closing:
                return writer.close()
            writer.commit()
            self._closing.wait(BATCH_S)
