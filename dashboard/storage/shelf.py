"""The folder in which recordings are kept: their names, and an end to the old ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path

from dashboard.errors import RecordingError
from dashboard.storage.schema import SIDES, SUFFIX, found_version


class Shelf:
    """The recordings of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, call_id: str, wall: float, *, taken: Collection[Path] = ()) -> Path:
        """Return a name that is free, and none of `taken`, for a recording that begins at `wall` (Unix time)."""
        moment = datetime.fromtimestamp(wall, UTC).strftime("%Y%m%dT%H%M%SZ")
        names = (f"{moment}-{call_id}{again}{SUFFIX}" for again in chain([""], (f"-{n}" for n in count(2))))
        paths = (self.folder / name for name in names)
        return next(path for path in paths if path not in taken and not path.exists())

    def prune(self, before: float) -> Iterator[tuple[Path, int]]:
        """Delete every recording that was last written before `before` (Unix time); yield each with its size.

        Raises:
            RecordingError: one cannot be deleted.
        """
        for path in sorted(self.files()):
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

    def files(self) -> Iterator[Path]:
        """Yield what is there, recordings by their names."""
        return self.folder.glob(f"*{SUFFIX}")
