"""The file of a recording: its tables, how it is made and finished, and the steps that lift an older one.

A recording is one SQLite file per call, marked by its `application_id`; `user_version` is the version of its tables.
`facts` holds one fact a row in the common encoding (`call/codec.py`), in the order in which they were told. `at_s` is
the time of a fact in seconds from the first, never less than that of the row before it, so that a span of time is a
span of rows. `info` holds what is known of the recording as a whole, each value as JSON. `sound` holds the payloads
of audio frames, if they were asked for: a row for each run of frames without a hole, `position_s` of its first sample
on the stream's timeline.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dashboard.errors import RecordingError

APPLICATION_ID = 0x43534352  # "CSCR"
VERSION = 1
SUFFIX = ".callscope"

SIDES = ("-wal", "-journal")
"""What SQLite keeps beside a file that was not closed; with it the file is whole."""

UPGRADES: Mapping[int, Callable[[sqlite3.Connection], None]] = MappingProxyType({})
"""Version found → the step to the next one, carried out on a private copy."""

_TABLES = """
CREATE TABLE info (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE facts (seq INTEGER PRIMARY KEY, at_s REAL NOT NULL, kind TEXT NOT NULL, fact TEXT NOT NULL);
CREATE TABLE sound (
    seq INTEGER PRIMARY KEY, at_s REAL NOT NULL, leg TEXT NOT NULL, encoding TEXT NOT NULL, rate INTEGER NOT NULL,
    channels INTEGER NOT NULL, position_s REAL NOT NULL, payload BLOB NOT NULL
);
CREATE INDEX sound_by_time ON sound (at_s);
CREATE INDEX facts_by_time ON facts (at_s);
CREATE INDEX facts_by_kind ON facts (kind);
"""


def create(path: Path, info: Mapping[str, Any]) -> sqlite3.Connection:
    """Make a recording without facts that only its owner may read, and open it for writing.

    The file appears under its name only when it is a recording: a process that is killed meanwhile leaves none.

    Raises:
        RecordingError: there is a file of that name, or it cannot be made.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists():
            raise already_there(path)
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        connection = sqlite3.connect(part, isolation_level=None)
        try:
            connection.executescript(
                f"{_TABLES} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}"
            )
            tell(connection, info)
        finally:
            connection.close()
        part.rename(path)
        return open_for_writing(path)
    except (OSError, sqlite3.Error) as error:
        raise not_written(path, error) from None


def found_version(path: Path) -> int:
    """Return the version of the recording at `path`, read from the head of the file.

    Raises:
        RecordingError: there is no such file, it cannot be read, is no recording, or a newer callscope wrote it.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise RecordingError(
            f"{path}: cannot be read: {error.strerror}", remedy="callscope recordings lists what has been recorded."
        ) from None
    if len(head) < _HEAD_BYTES or not head.startswith(b"SQLite format 3\0") or _number(head, 68) != APPLICATION_ID:
        raise RecordingError(f"{path}: is not a recording of callscope", remedy=f"A recording ends in {SUFFIX}.")
    version = _number(head, 60)
    if version > VERSION:
        raise RecordingError(
            f"{path}: was written by a newer callscope (version {version}, this one reads up to {VERSION})",
            remedy="Update callscope to read this.",
        )
    return version


_HEAD_BYTES = 100  # of every SQLite file: user_version at 60, application_id at 68


def _number(head: bytes, offset: int) -> int:
    return int.from_bytes(head[offset : offset + 4], "big")


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open a recording to write more: what is committed survives the death of the process (sqlite3.Error)."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=1.0)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")  # in WAL no commit waits for the disk; a power cut may take some
    return connection


def close_as_one_file(connection: sqlite3.Connection) -> None:
    """Fold what stands beside the file into it; while somebody reads it, that is left to the last of them."""
    try:
        connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
    finally:
        connection.close()


def tell(connection: sqlite3.Connection, info: Mapping[str, Any]) -> None:
    """Write down what is known of the recording as a whole (sqlite3.Error)."""
    rows = [(name, json.dumps(value)) for name, value in info.items()]
    connection.executemany("INSERT OR REPLACE INTO info VALUES (?, ?)", rows)


def lift(connection: sqlite3.Connection) -> None:
    """Lift the tables of an older recording to `VERSION`, one step after the other, each whole or not at all."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    for version in range(found, VERSION):
        connection.execute("BEGIN")
        UPGRADES[version](connection)
        connection.execute(f"PRAGMA user_version = {version + 1}")
        connection.execute("COMMIT")


def already_there(path: Path) -> RecordingError:
    """Return what to say of a file that is not written over."""
    return RecordingError(f"{path}: exists already, and is not written over", remedy="Name another file.")


_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EROFS, errno.EPERM}


def not_written(path: Path, error: Exception) -> RecordingError:
    """Return what to say of a recording that cannot be written, or not any more."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest tells on which occasion
    number = getattr(error, "errno", None)
    if code == sqlite3.SQLITE_FULL or number in _FULL:
        why, remedy = "the disk is full", "Make room, or name a file on another disk."
    elif code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM) or number in _FORBIDDEN:
        why, remedy = "its folder may not be written to", "Name a file in a folder of your own."
    elif isinstance(error, (FileExistsError, NotADirectoryError)):
        why, remedy = "there is a file where its folder should be", "Name a file in a folder."
    else:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        remedy = "Name a file in a folder of your own, on a disk of this machine."
    return RecordingError(f"{path}: cannot be written: {why}", remedy=remedy)
