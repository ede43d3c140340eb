"""The folder in which recordings are kept: their names, a list of them, and an end to the old ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path

from dashboard.errors import RecordingError
from dashboard.storage.recording import Recording, RecordingInfo, Summary
from dashboard.storage.schema import SIDES, SUFFIX, found_version


@dataclass(frozen=True, slots=True)
class Listed:
    """One file of the folder: what it holds, or why that cannot be read."""

    path: Path
    info: RecordingInfo | None
    summary: Summary | None
    problem: str = ""


class Shelf:
    """The recordings of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, call_id: str, wall: float) -> Path:
        """Return a name that is free, for a recording that begins at `wall` (Unix time)."""
        moment = datetime.fromtimestamp(wall, UTC).strftime("%Y%m%dT%H%M%SZ")
        names = (f"{moment}-{call_id}{again}{SUFFIX}" for again in chain([""], (f"-{n}" for n in count(2))))
        return next(path for name in names if not (path := self.folder / name).exists())

    def recordings(self) -> Iterator[Listed]:
        """Yield what is there, newest first."""
        for path in sorted(self._files(), key=lambda path: (-path.stat().st_mtime, path.name)):
            try:
                with Recording(path) as recording:
                    yield Listed(path, recording.info, recording.summary())
            except RecordingError as error:
                yield Listed(path, None, None, str(error).removeprefix(f"{path}: "))

    def prune(self, before: float) -> Iterator[tuple[Path, int]]:
        """Delete every recording that was last written before `before` (Unix time); yield each with its size.

        Raises:
            RecordingError: one cannot be deleted.
        """
        for path in sorted(self._files()):
            try:
                found_version(path)
            except RecordingError:  # not ours to delete
                continue
            files = [
                side for side in (path.with_name(path.name + end) for end in ("", *SIDES, "-shm")) if side.exists()
            ]
            if max(file.stat().st_mtime for file in files) >= before:
                continue
            size = sum(file.stat().st_size for file in files)
            try:
                for file in files:
                    file.unlink()
            except OSError as error:
                raise RecordingError(
                    f"{path}: cannot be deleted: {error.strerror}", remedy="Make its folder writable to you."
                ) from None
            yield path, size

    def _files(self) -> Iterator[Path]:
        return self.folder.glob(f"*{SUFFIX}")
