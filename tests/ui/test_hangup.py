"""A terminal that goes away under the screen."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dashboard.ui.hangup import PatientStream

PROGRAM = """
import asyncio, sys
from pathlib import Path
from dashboard.call.ports import Stop
from dashboard.ui.app import CallScopeApp
from tests import builders

call = builders.gave_up()
ended = None
stopped = []

async def feed():
    global ended
    ended = asyncio.Event()
    await ended.wait()

def command(command):
    stopped.append(command)
    ended.set()

CallScopeApp(lambda: {"x": call}, command, feed).run()
Path(sys.argv[1]).write_text(str(stopped))
"""


@pytest.mark.parametrize("told", [True, False], ids=["with SIGHUP", "without SIGHUP"])
def test_the_app_closes_its_call_and_ends_when_the_terminal_is_gone(told: bool, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    said = tmp_path / "said"
    program = PROGRAM if told else f"import signal; signal.signal = lambda *_: None\n{PROGRAM}"
    child = subprocess.Popen(
        [sys.executable, "-c", program, said],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color"},
        start_new_session=True,
    )
    os.close(theirs)
    try:
        _read_until(ours, b"gave up")
        os.close(ours)
        if told:
            child.send_signal(signal.SIGHUP)
        assert child.wait(20) == 0
    finally:
        child.kill()
        child.wait()
    assert said.read_text() == "[Stop()]"


def _read_until(terminal: int, text: bytes) -> None:
    shown, end = b"", time.monotonic() + 20
    while text not in shown:
        assert time.monotonic() < end, shown[-500:]
        if select.select([terminal], [], [], 0.1)[0]:
            shown += os.read(terminal, 65536)


def test_a_stream_whose_terminal_is_gone_takes_everything_and_says_so_once() -> None:
    ours, theirs = pty.openpty()
    told: list[str] = []
    with contextlib.suppress(OSError), os.fdopen(theirs, "w", buffering=1) as terminal:
        stream = PatientStream(terminal, lambda: told.append("gone"))
        stream.write("hello\n")
        assert os.read(ours, 100).startswith(b"hello")
        os.close(ours)
        for _ in range(3):
            stream.write("nobody reads this\n")
            stream.flush()
        assert stream.fileno() == theirs
    assert told == ["gone"]
