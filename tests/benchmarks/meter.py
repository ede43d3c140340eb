"""A terminal that only counts: when a program's first picture stood, what it writes, how much processor it takes.

Nothing reads the picture here: a terminal emulator in Python would need more of a small machine than the screen does.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.benchmarks.resident import processor_s

ROOT = Path(__file__).parents[2]

_OURS = ("CALLSCOPE_", "GENESYS_", "TARGET_", "TEXTUAL", "PYTHONDONTWRITEBYTECODE", "NO_COLOR")
_PATIENCE_S = 30.0


def clean_environment() -> dict[str, str]:
    """Return the environment of somebody who has set nothing, in a terminal that knows colours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "XDG_CONFIG_HOME": "/nonexistent",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }


class MeteredTerminal:
    """One program in one terminal; it and what it started are killed on leaving the `with`."""

    def __init__(self, argv: Sequence[str], size: tuple[int, int], environ: Mapping[str, str]) -> None:
        columns, rows = size
        self._master, slave = pty.openpty()
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._began = time.monotonic()
        self._process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env=environ,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self._seen = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        end = time.monotonic() + 8.0  # the screen closes its call first
        while self._process.poll() is None and time.monotonic() < end:
            self.drain(0.1)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._master)

    def until(self, *texts: str) -> float:
        """Read until all of `texts` have been written; return the seconds since the start."""
        wanted = [text.encode() for text in texts]
        while not all(text in self._seen for text in wanted):
            if time.monotonic() - self._began > _PATIENCE_S:
                raise TimeoutError(f"{texts} was not written; last: {self._seen[-300:]!r}")
            self._seen += self._read(1.0)
        return time.monotonic() - self._began

    def drain(self, seconds: float) -> int:
        """Read for so long; return how many bytes were written."""
        end, count = time.monotonic() + seconds, 0
        while (left := end - time.monotonic()) > 0:
            count += len(self._read(left))
        return count

    def press(self, keys: str) -> None:
        """Type keys as they are."""
        os.write(self._master, keys.encode())

    def answered_s(self, keys: str, text: str) -> float:
        """Type keys; return the seconds until `text` has been written since."""
        self._seen, began = b"", time.monotonic()
        self.press(keys)
        while text.encode() not in self._seen:
            if time.monotonic() - began > _PATIENCE_S:
                raise TimeoutError(f"{text} was not written; last: {self._seen[-300:]!r}")
            self._seen += self._read(1.0)
        return time.monotonic() - began

    def resize(self, columns: int, rows: int) -> None:
        """Change the size as a window manager would; the program is told by the system."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def processor_s(self) -> float:
        """Return the processor time that the program, without its children, has taken so far."""
        return processor_s(self._process.pid)

    def _read(self, timeout_s: float) -> bytes:
        if not select.select([self._master], [], [], timeout_s)[0]:
            return b""
        try:
            return os.read(self._master, 65536)
        except OSError:  # the program is gone
            time.sleep(min(timeout_s, 0.05))
            return b""
