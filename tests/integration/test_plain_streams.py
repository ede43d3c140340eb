"""A terminal that knows ASCII only gets every word, and no crash."""

from __future__ import annotations

import os
import subprocess
import sys


def test_doctor_is_told_in_ascii_where_the_stream_knows_nothing_else() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dashboard", "doctor", "--url", "ws://127.0.0.1:9/ws", "--auth", "none"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    told = done.stdout.decode("ascii")
    assert done.returncode == 4, done.stderr
    assert "x failed" in told
    assert "+ ok" in told
    assert b"UnicodeEncodeError" not in done.stderr
