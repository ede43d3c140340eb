"""From settings to the source of one live call, whichever wire it comes over."""

from __future__ import annotations

from dashboard.cli.settings import Settings
from dashboard.clock import SystemClock
from dashboard.worker.line import Line


def call_source(settings: Settings, call_id: str) -> Line:
    """Return the source of a live call; raises ConfigError as `line` does."""
    # each for those who need it only: a call should be up soon
    if settings.conversation is not None:
        from dashboard.cli.following import follower

        return follower(settings, call_id, SystemClock())
    from dashboard.cli.line import line

    return line(settings, call_id)
