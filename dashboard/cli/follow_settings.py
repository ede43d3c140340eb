"""The settings of a call that Genesys' notifications tell about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, model_validator

from dashboard.cli.groups import FOLLOW, LISTEN
from dashboard.cli.values import ConversationId, Seconds
from dashboard.errors import ConfigError

STALE_AFTER_S = 45.0
"""Two pings of ours without a pong, and a heartbeat that did not come."""


class FollowSettings(BaseModel):
    """They stand with all others in `Settings`."""

    conversation: Annotated[ConversationId | None, FOLLOW] = None
    """Id of a conversation to follow by Genesys' notifications: transcript and events, no sound. No app and no address
    are needed. Silence makes such a link stale after 45 s unless --stale-after says otherwise."""

    linger: Annotated[Seconds, FOLLOW] = 90.0
    """Seconds to follow it on when it is over, for its last transcripts come late."""

    follow: Annotated[bool, LISTEN] = False
    """Follow the conversation of each call by Genesys' notifications as well: transcript and events, in one call with
    its sound. Needs an OAuth client; at most 18 at once."""

    @model_validator(mode="before")
    @classmethod
    def _patience(cls, values: Any) -> Any:
        """A channel tells every 30 s that it lives: the usual patience would be no more than that."""
        if isinstance(values, dict) and values.get("conversation") and "stale_after" not in values:
            return {**values, "stale_after": STALE_AFTER_S}
        return values

    def require_followable(self, authorizes: bool, others: Sequence[str]) -> None:
        """Raise ConfigError where `others` are set, which do not go with it, or there is no token to follow with."""
        if "say" in others:
            raise ConfigError(
                "conversation and say are both set, and nobody hears what is said to a conversation that is followed",
                remedy="Leave one of them out, or name a bot to ask beside it: --bot PROFILE.",
            )
        if others:
            raise ConfigError(
                f"conversation and {others[0]} are both set, and they are different ways to a call",
                remedy="Leave one of them out; --conversation-id names the conversation of a call that is dialled.",
            )
        if not authorizes:
            raise ConfigError(
                "a conversation is followed with a token of Genesys', and this call fetches none",
                remedy="Leave auth none out, and dialect as it is.",
            )
