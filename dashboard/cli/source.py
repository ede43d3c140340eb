"""From settings to the source of one live call, whichever wire it comes over."""

from __future__ import annotations

from dashboard.call.ports import Overheard
from dashboard.cli.settings import Settings
from dashboard.clock import SystemClock


def call_source(settings: Settings, call_id: str) -> Overheard:
    """Return the source of a live call; raises ConfigError as `line` does."""
    # each for those who need it only: a call should be up soon
    if settings.conversation is not None:
        from dashboard.cli.following import follower

        source = follower(settings, call_id, SystemClock())
        if settings.bot_settings is None:
            return source
        from dashboard.cli.beside import beside

        return beside(settings, source, SystemClock(), conversation_id=settings.conversation)
    from dashboard.cli.line import line

    return line(settings, call_id)
