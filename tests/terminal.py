"""A real pseudo-terminal with a screen to read: runs a program in it, types keys, resizes it."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import pyte


class Terminal:
    """One program in one terminal; killed on leaving the `with`."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int,
        rows: int,
        cwd: Path,
        env: dict[str, str] | None = None,
        stdout: BinaryIO | None = None,
    ) -> None:
        """`stdout`: where the program's own goes instead of the terminal."""
        self._lock = threading.Lock()
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.written = bytearray()
        self._master, slave = pty.openpty()
        self._set_size(columns, rows)
        self.process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave if stdout is None else stdout,
            stderr=slave,
            cwd=cwd,
            env={**_sizeless(env or os.environ), "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join(5)
        os.close(self._master)

    @property
    def text(self) -> str:
        """What the screen shows now."""
        with self._lock:
            return "\n".join(self._screen.display)

    def until(self, shows: str | Callable[[str], bool], timeout_s: float = 20.0) -> str:
        """Wait until the screen shows a text, or fits; returns the screen."""
        fits = (lambda text: shows in text) if isinstance(shows, str) else shows
        end = time.monotonic() + timeout_s
        while not fits(text := self.text):
            if time.monotonic() > end:
                raise AssertionError(f"after {timeout_s} s the screen does not show {shows!r}:\n{text}")
            if self.process.poll() is not None and not fits(self.text):
                raise AssertionError(f"ended with {self.process.returncode} before {shows!r}:\n{self.text}")
            time.sleep(0.02)
        return text

    def press(self, keys: str) -> None:
        """Type keys as they are."""
        os.write(self._master, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Change the size as a window manager would."""
        with self._lock:
            self._screen.resize(rows, columns)
        self._set_size(columns, rows)
        os.kill(self.process.pid, signal.SIGWINCH)

    def ended(self, timeout_s: float = 15.0) -> int:
        """Wait for the program's end and its last output; returns its exit code."""
        code = self.process.wait(timeout_s)
        self._reader.join(5)
        return code

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the other end is closed
                return
            if not data:
                return
            with self._lock:
                self.written += data
                self._stream.feed(data)


def children(pid: int) -> list[int]:
    """Process ids of the live children of a process."""
    return [child for child, (parent, alive) in _processes().items() if parent == pid and alive]


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    return _processes().get(pid, (0, False))[1]


def _processes() -> dict[int, tuple[int, bool]]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = (line.split() for line in listed.splitlines())
    return {int(pid): (int(parent), not stat.startswith("Z")) for pid, parent, stat in rows}


def _sizeless(env: Mapping[str, str]) -> dict[str, str]:
    """Whoever runs the tests may say how large a terminal is; this one has a size of its own."""
    return {name: value for name, value in env.items() if name not in ("COLUMNS", "LINES")}
