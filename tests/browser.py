"""A real browser without a window, for what only a browser can tell."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = next(filter(None, map(shutil.which, _NAMES)), None)

needs_browser = pytest.mark.skipif(
    BROWSER is None, reason="no Chromium or Chrome is installed here (apt-get install chromium)"
)

_HARMLESS = (
    "--headless",
    "--no-sandbox",  # it will not start as root with one; it opens nothing but files of the tests
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--no-first-run",
    "--hide-scrollbars",
)


def browse(page: Path, *options: str) -> str:
    """Open a file until its scripts, if it has any, have had two seconds; return what the browser printed."""
    assert BROWSER is not None
    profile = page.with_name(f"{page.name}.profile")
    done = subprocess.run(
        [BROWSER, *_HARMLESS, f"--user-data-dir={profile}", "--virtual-time-budget=2000", *options, page.as_uri()],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Bait:
    """A web server on loopback that nobody should ask; it counts who did."""

    def __init__(self) -> None:
        bait = self
        self.asked: list[str] = []

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                bait.asked.append(self.path)
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def bait() -> Iterator[Bait]:
    """Serve until the block ends."""
    found = Bait()
    thread = threading.Thread(target=found.server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        found.server.shutdown()
        thread.join()
        found.server.server_close()
