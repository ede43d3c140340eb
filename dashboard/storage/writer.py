"""One recording being written, by one thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

from dashboard.call.codec import kind_of, to_line
from dashboard.call.events import Event, WorkerLost
from dashboard.call.masking import masked
from dashboard.call.ports import Sound
from dashboard.call.reducer import step
from dashboard.call.state import CallState
from dashboard.errors import RecordingError
from dashboard.storage import schema
from dashboard.storage.about import About, Written
from dashboard.storage.packing import Item
from dashboard.storage.recording import Recording, summary_of

_SOUND = "at_s, leg, encoding, rate, channels, position_s, payload"


class Writer:
    """A recording from its first fact to its last; folds what it writes, so that its end can hold the verdict."""

    def __init__(self, path: Path, about: About) -> None:
        """Make the file, or go on with the recording of the same call that is there.

        Raises:
            RecordingError: as `schema.create`, or what is there is the recording of another call.
        """
        self._path = path
        self._about = about
        self._call = CallState(about.call_id)
        self._first_at: float | None = None
        self._at_s = 0.0
        self._facts = 0
        self._rows: list[tuple[float, str, str]] = []
        self._sounds: list[tuple[object, ...]] = []
        with self._writing():
            there = path.exists()
        if there:
            self._go_on()
        else:
            self._connection = schema.create(path, asdict(about))
        with self._writing():
            self._inode = path.stat().st_ino

    def add(self, event: Item) -> None:
        """Take one fact, or the sound that the last one tells of; it is on the disk after the next `commit`."""
        if isinstance(event, Sound):
            _, _, *columns = astuple(event)
            self._sounds.append((self._at_s, *columns))
            return
        if self._about.masked:
            event = masked(event)
        self._fold(event)
        self._rows.append((self._at_s, kind_of(event), to_line(event)))

    def commit(self) -> None:
        """Put what was added since the last time on the disk.

        Raises:
            RecordingError: the disk is full, the file is gone, or cannot be written any more.
        """
        self._require_file()
        if not self._rows and not self._sounds:
            return
        with self._writing():
            self._connection.execute("BEGIN")
            self._connection.executemany("INSERT INTO facts (at_s, kind, fact) VALUES (?, ?, ?)", self._rows)
            self._connection.executemany(f"INSERT INTO sound ({_SOUND}) VALUES (?, ?, ?, ?, ?, ?, ?)", self._sounds)
            self._connection.execute("COMMIT")
        self._facts += len(self._rows)
        self._rows.clear()
        self._sounds.clear()

    def close(self) -> Written:
        """Commit, write the verdict down, and leave one plain file (RecordingError as `commit`)."""
        self.commit()
        self._tell({"complete": True, "summary": summary_of(self._call)})
        with self._writing():
            schema.close_as_one_file(self._connection)
        return Written(self._path, self._facts, self._path.stat().st_size, self._about.missing_s)

    def release(self) -> None:
        """Let go of the file, closed or not; what was committed stays."""
        with suppress(sqlite3.Error):
            self._connection.close()

    def _go_on(self) -> None:
        """A worker died and another holds the call now: write where the first one stopped, and say so."""
        try:
            with Recording(self._path) as before:
                ours = before.info.call_id == self._about.call_id
                for fact in before.facts() if ours else ():
                    self._fold(fact)
        except RecordingError:
            ours = False
        if not ours:
            raise schema.already_there(self._path)
        self._facts = before.info.facts
        self._connection = schema.open_for_writing(self._path)
        self._tell({"complete": False})
        if self._first_at is not None and self._call.ended is None:
            self.add(WorkerLost(self._about.call_id, self._call.now, "ended without a word", dead=True))

    def _fold(self, event: Event) -> None:
        if self._first_at is None:
            self._first_at = event.at
        self._at_s = max(self._at_s, event.at - self._first_at)
        self._call = step(self._call, event)

    def _tell(self, info: Mapping[str, Any]) -> None:
        with self._writing():
            schema.tell(self._connection, info)

    def _require_file(self) -> None:
        """An open file can be written long after its name is gone: nobody would find it again."""
        try:
            there = self._path.stat().st_ino == self._inode
        except OSError:
            there = False
        if not there:
            raise RecordingError(
                f"{self._path}: cannot be written: the file was moved or deleted",
                remedy="Leave a recording where it is while it is written.",
            )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise schema.not_written(self._path, error) from None
