"""From settings to the bot beside the calls: a Cognigy endpoint that test utterances are spoken to."""

from __future__ import annotations

from dashboard.call.bot_events import BotOffered
from dashboard.call.ports import Overheard
from dashboard.cli.line import line, network_options
from dashboard.cli.settings import Settings
from dashboard.clock import Clock
from dashboard.wiretext import safe_url
from dashboard.worker.beside import Beside
from dashboard.worker.line import Line
from dashboard.worker.network import Network


def beside(settings: Settings, calls: Overheard, clock: Clock, *, conversation_id: str = "") -> Beside:
    """Return a source of calls with the bot of the settings beside each.

    Raises:
        ConfigError: a CA file that cannot be used.
    """
    assert settings.bot is not None
    assert settings.bot_settings is not None
    Network(network_options(settings.bot_settings), clock)  # what is wrong with it is told before the first utterance
    return Beside(calls, CognigyBot(settings.bot, settings.bot_settings, clock), clock, conversation_id=conversation_id)


class CognigyBot:
    """A Cognigy endpoint, with a line of its own for each call that is spoken beside."""

    def __init__(self, profile: str, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self.profile = profile

    def offer(self, call_id: str, at: float, session_id: str) -> BotOffered:
        """Return where an utterance goes in this session."""
        settings = self._settings
        return BotOffered(
            call_id,
            at,
            self.profile,
            safe_url(settings.url or ""),
            settings.dialect,
            session_id,
            settings.user_id,
            settings.test_mode,
        )

    def source(self, call_id: str, session_id: str, conversation_id: str) -> Line:
        """Return what speaks to the endpoint in this session."""
        settings = self._settings.replace(session_id=session_id, conversation_id=conversation_id)
        return line(settings, call_id, clock=self._clock)
