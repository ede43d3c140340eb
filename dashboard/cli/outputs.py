"""Where a command writes: stdout, or a file that appears under its name only when it is whole."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from dashboard.errors import ConfigError

STDOUT = "-"


@contextmanager
def writing(target: str, *, sources: tuple[Path, ...] = ()) -> Iterator[BinaryIO]:
    """Open `target` for writing; `-` is stdout. What was there before is replaced once all has been written.

    Raises:
        ConfigError: it is one of `sources`, is there and no regular file, or cannot be written.
    """
    if target == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(target)
    try:
        _check(path, sources)
        path = path.resolve()  # through a symbolic link: what it names is replaced, not the link
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        with part.open("xb") as file:
            try:
                yield file
                file.flush()
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{target}: cannot be written: {error.strerror}", remedy="Name another file.") from None


def _check(path: Path, sources: tuple[Path, ...]) -> None:
    if not path.exists():
        return
    if not path.is_file():
        raise ConfigError(f"{path} is no regular file, and is not written over", remedy="Name a file, or - for stdout.")
    if any(path.samefile(source) for source in sources):
        raise ConfigError(f"{path} is what the report is made from", remedy="Name another file.")
