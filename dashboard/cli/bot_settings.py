"""The setting of a bot beside the call, and where the settings of that bot are found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import BaseModel, PrivateAttr, StringConstraints

from dashboard.cli.cognigy import endpoint_scheme
from dashboard.cli.groups import ALARMS, BOT, CALL, COGNIGY, LINK, PACING, QUEUES, STALE, TRUST, WHOM, Group
from dashboard.errors import ConfigError

BOT_GROUPS: Sequence[Group] = (WHOM, CALL, COGNIGY, TRUST, LINK, STALE, PACING, ALARMS, QUEUES)
"""What of a profile is of the bot's wire, where it is spoken to beside a call."""

NOT_FROM_THE_ENVIRONMENT = frozenset({"dialect", "session_id", "conversation_id"})
"""What the environment says of these is said of the call; the profile alone says that it is a Cognigy endpoint."""


class BotSettings(BaseModel):
    """They stand with all others in `Settings`."""

    bot: Annotated[str | None, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), BOT] = None
    """Profile of the same settings file that is of a Cognigy endpoint: u, or --say, speaks to it beside a call that
    comes in or is followed, in a session of its own that no caller hears. Dialled at a call's first utterance."""

    _bot_settings: Self | None = PrivateAttr(default=None)

    @property
    def bot_settings(self) -> Self | None:
        """The settings of that profile, once they have been read."""
        return self._bot_settings

    def with_bot(self, bot: Self | None) -> Self:
        """Take the settings of the bot; return these settings."""
        self._bot_settings = bot
        return self

    def require_beside(self, origin: object) -> None:
        """Raise ConfigError where there is nothing that a bot could stand beside."""
        if getattr(self, "conversation", None) is None:
            raise ConfigError(
                f"{origin}: a bot stands beside a conversation that is followed, and none is named",
                remedy=f"Give --conversation ID, or speak to the bot alone: callscope watch {self.bot}",
            )

    def require_cognigy(self, origin: object, profile: str) -> None:
        """Raise ConfigError unless these are settings of an endpoint that can be spoken to beside calls."""
        dialect, session_id = getattr(self, "dialect", ""), getattr(self, "session_id", None)
        if not endpoint_scheme(dialect):
            raise ConfigError(
                f"{origin}: the profile {profile} is of no Cognigy endpoint: its dialect is {dialect}",
                remedy=f'Say dialect = "cognigy" or "cognigy-rest" in [{profile}], with url and url_token.',
            )
        if session_id is not None:
            raise ConfigError(
                f"{origin}: the profile {profile} sets session_id, and beside a call the session is named for its "
                "conversation",
                remedy=f"Leave session_id out of [{profile}].",
            )
