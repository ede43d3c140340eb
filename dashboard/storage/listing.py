"""What a folder of recordings holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dashboard.errors import RecordingError
from dashboard.storage.recording import Recording, RecordingInfo, Summary
from dashboard.storage.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Listed:
    """One file of the folder: what it holds, or why that cannot be read."""

    path: Path
    info: RecordingInfo | None
    summary: Summary | None
    problem: str = ""


def recordings(shelf: Shelf) -> Iterator[Listed]:
    """Yield what is there, newest first."""
    for path in sorted(shelf.files(), key=lambda path: (-path.stat().st_mtime, path.name)):
        try:
            with Recording(path) as recording:
                yield Listed(path, recording.info, recording.summary())
        except RecordingError as error:
            yield Listed(path, None, None, str(error).removeprefix(f"{path}: "))
