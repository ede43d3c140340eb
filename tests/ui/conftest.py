"""What every test of the screen needs: one time zone, no colour settings from outside."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def same_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day and colours must not depend on whose terminal runs the tests; samples need no human's pace."""
    monkeypatch.setattr("dashboard.ui.app.SAMPLE_S", 0.01)
    monkeypatch.setattr("textual._wait.SLEEP_GRANULARITY", 0.005)  # the pilot waits so long after every key
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "TEXTUAL_ANIMATIONS", "TEXTUAL_THEME"):
        monkeypatch.delenv(name, raising=False)
    if hasattr(time, "tzset"):
        time.tzset()
    yield
    monkeypatch.undo()
    if hasattr(time, "tzset"):
        time.tzset()
