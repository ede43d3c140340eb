"""A link's settings, and how much has gone wrong by them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dashboard.errors import ConfigError
from dashboard.resilience.retry import backoff


@dataclass(frozen=True, slots=True)
class LinkPolicy:
    """Settings of a link; seconds.

    url: dialled when the app lookup names none or there is no lookup. max_attempts: 0 is endless.
    stable_after_s: an open connection with at least one message resets the attempts after this long.
    """

    url: str | None = field(default=None, repr=False)
    lookup: bool = False
    authorize: bool = True
    max_attempts: int = 10
    backoff_base_s: float = 1.0
    backoff_cap_s: float = 30.0
    stable_after_s: float = 30.0
    stale_after_s: float = 30.0
    close_timeout_s: float = 5.0
    reconnect_on_1000: bool = True

    def __post_init__(self) -> None:
        if self.url is None and not self.lookup:
            raise ConfigError("nothing to dial: no URL and no app lookup", remedy="Give --url or --app-id.")


class Patience:
    """What has gone wrong since the last stable connection, or since the operator asked; and what is left."""

    def __init__(self, policy: LinkPolicy, dice: Callable[[], float]) -> None:
        self.attempt = 0
        self.token_refusals = 0  # in a row
        self.silent_drops = 0  # in a row: no close frame, no message
        self._max_attempts = policy.max_attempts
        self._waits = backoff(policy.backoff_base_s, policy.backoff_cap_s, dice)

    def next_wait(self, *, at_least_s: float | None = None) -> float | None:
        """Draw the wait before the next attempt, seconds; None: there is none left."""
        if self._max_attempts and self.attempt >= self._max_attempts:
            return None
        return max(next(self._waits), at_least_s or 0.0)
