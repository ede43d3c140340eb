"""A terminal may go away under the screen: its window is closed, the connection to its host is lost.

Textual writes from a thread, through a short queue; when a write fails the thread is gone, the queue fills, and the
event loop waits for room for ever. So what it writes to must not fail, and the app must hear that nobody looks.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO

from dashboard.ui.thrift import thrifty

if TYPE_CHECKING:
    from textual.driver import Driver


class PatientStream:
    """A text stream that outlives its terminal: from the first error on it takes everything and says so once."""

    def __init__(self, stream: TextIO, gone: Callable[[], None]) -> None:
        self._stream = stream
        self._tell = gone
        self._gone = False

    def write(self, text: str) -> None:
        self._try(lambda: self._stream.write(thrifty(text)))

    def flush(self) -> None:
        self._try(self._stream.flush)

    def fileno(self) -> int:
        return self._stream.fileno()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def _try(self, do: Callable[[], object]) -> None:
        if self._gone:
            return
        try:
            do()
        except (OSError, ValueError):
            self._gone = True
            # What is left in the stream's buffer must have somewhere to go when the interpreter ends.
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
            self._tell()


def patient(base: type[Driver]) -> type[Driver]:
    """Return `base` made to outlive its terminal; other drivers than the POSIX one are returned as they are.

    The app it drives has a method `hang_up`, which is called in its event loop, perhaps more than once.
    """
    try:
        from textual.drivers.linux_driver import LinuxDriver
    except ImportError:  # Windows has no termios
        return base
    if not issubclass(base, LinuxDriver):
        return base

    class PatientDriver(LinuxDriver):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._file: Any = PatientStream(self._file, self._hang_up)

        def run_input_thread(self) -> None:
            try:
                super().run_input_thread()
            except OSError:
                self._hang_up()

        def _sigcont_application(self, *signal: Any) -> None:
            if self._must_signal_resume:
                super()._sigcont_application(*signal)
            # Else it was stopped from outside (SIGSTOP) and never left application mode: entered again, the threads
            # of the first time would be forgotten, and keep the process alive at its end.

        def _hang_up(self) -> None:
            app: Any = self._app
            app.call_later(app.hang_up)

    return PatientDriver
