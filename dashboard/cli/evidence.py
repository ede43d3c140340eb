"""A call that was written down, whatever wrote it: a recording, or the lines of `probe --jsonl`.

A recording holds what its owner wanted it to hold. Nobody was asked about lines, which are as they were told: what is
made of them is masked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from dashboard.call.codec import MAX_LINE, event_from_line
from dashboard.call.events import Event
from dashboard.call.masking import masked
from dashboard.cli.version import own_version
from dashboard.errors import CodecError, RecordingError
from dashboard.exporters.report import Origin, Report, report_of
from dashboard.wiretext import redact

if TYPE_CHECKING:
    from dashboard.storage.recording import Recording

_SQLITE = b"SQLite format 3\x00"
_NEITHER = "It takes a recording (--record), or the lines that probe --jsonl prints."


@dataclass(frozen=True, slots=True)
class Evidence:
    """An open file: where its facts come from, and the facts, as often as they are asked for."""

    path: Path
    origin: Origin
    facts: Callable[[], Iterator[Event]]
    copy_to: Callable[[Path], None] | None = None
    """Writes the recording as one plain file; None: it is no recording."""
    write_sound: Callable[[BinaryIO], None] | None = None
    """Writes the call's sound as a WAV file; None: there is none."""

    def report(self) -> Report:
        """Return the view of the call.

        Raises:
            RecordingError: the facts cannot be read, or are none of a call.
        """
        try:
            return report_of(self.facts(), self.origin)
        except RecordingError as error:
            if str(self.path) in str(error):
                raise
            raise RecordingError(f"{self.path}: {error}", remedy=error.remedy or _NEITHER) from None


@contextmanager
def opened(path: Path) -> Iterator[Evidence]:
    """Open a recording or a file of facts.

    Raises:
        RecordingError: it cannot be read, or is neither.
    """
    with _file(path) as file:
        if file.read(len(_SQLITE)) != _SQLITE:
            origin = Origin(path.name, read_by=own_version(), masked=True)
            yield Evidence(path, origin, lambda: map(masked, _facts(path, file)))
            return
    with _recording(path) as evidence:
        yield evidence


def _file(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}", remedy=_NEITHER) from None


@contextmanager
def _recording(path: Path) -> Iterator[Evidence]:
    from dashboard.storage.recording import Recording  # sqlite3: not for files of facts

    with Recording(path) as recording:
        info = recording.info
        origin = Origin(
            path.name,
            read_by=own_version(),
            recorded_by=", ".join(f"{name} {value}" for name, value in info.versions.items()),
            complete=info.complete,
            masked=info.masked,
            trigger=info.trigger,
            missing_s=info.missing_s,
            settings={name: redact(str(value)) for name, value in info.settings.items() if value is not None},
        )
        sound = partial(_write_sound, recording) if info.sound else None
        yield Evidence(path, origin, recording.facts, recording.copy_to, sound)


def _write_sound(recording: Recording, file: BinaryIO) -> None:
    from dashboard.exporters.wav import write_wav

    began = next((fact.at for fact in recording.facts()), 0.0)
    try:
        write_wav(file, recording.sounds, began=began, length_s=recording.info.length_s)
    except RecordingError as error:
        if str(recording.path) in str(error):
            raise
        raise RecordingError(f"{recording.path}: {error}", remedy=error.remedy) from None


def _facts(path: Path, file: BinaryIO) -> Iterator[Event]:
    """Yield the facts of a file of lines; one that ends in the middle of a line was cut off, and ends before it."""
    file.seek(0)
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if not line.strip():
            continue
        try:
            yield event_from_line(line)
        except CodecError as error:
            if not line.endswith(b"\n") and len(line) <= MAX_LINE and number > 1:
                return
            said = f"{path}: line {number} is no fact: {error}"
            raise RecordingError(said, remedy=error.remedy or _NEITHER) from None
