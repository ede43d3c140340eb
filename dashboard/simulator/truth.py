"""The record of when frames really left, to compare measurements with."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

HEADER = "sent_s,media_s,connection\n"


class Truth:
    """A CSV file, or nothing where there is no path."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: TextIO | None = None

    def open(self) -> None:
        """Begin the file anew. Raises OSError."""
        if self._path is not None:
            self._file = self._path.open("w", encoding="ascii", newline="")
            self._file.write(HEADER)

    def add(self, connection: int, sent_s: float, media_s: float) -> None:
        """Note one frame."""
        if self._file is not None:
            self._file.write(f"{sent_s:.6f},{media_s:.6f},{connection}\n")

    def close(self) -> None:
        """Write out what is still held."""
        if self._file is not None:
            self._file.close()
            self._file = None
