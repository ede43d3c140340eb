"""What the link remembers: where to dial, the open connection, and what has gone wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dashboard.resilience.oauth import Token
from dashboard.resilience.policy import LinkPolicy
from dashboard.resilience.retry import backoff, renewal_waits


@dataclass(frozen=True, slots=True)
class Address:
    """Where to dial. A signed one serves one dial, an unsigned one from a lookup as long as its token."""

    url: str = field(repr=False)
    signed: bool
    token: Token | None


@dataclass(slots=True)
class Connection:
    """What the decisions need to know of the open socket."""

    opened_at: float
    last_inbound_at: float
    token: Token | None
    signed: bool
    resumed: bool
    renew_at: float | None
    spoke: bool = False  # at least one message came
    reconnect_at: float | None = None  # planned, because its token has been replaced
    renewals: Iterator[float] = field(default_factory=renewal_waits)


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
