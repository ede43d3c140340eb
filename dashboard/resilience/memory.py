"""What the link remembers: where to dial, the open connection, and what has gone wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dashboard.call.events import Cause
from dashboard.resilience.oauth import Token
from dashboard.resilience.policy import LinkPolicy
from dashboard.resilience.retry import backoff, renewal_waits

DROPS_BEFORE_LOOKUP = 3
"""Drops in a row without a close frame and without a message, after which a kept address is looked up again."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to dial. A signed one serves one dial, an unsigned one from a lookup as long as its token.

    `served`: a socket has been opened there.
    """

    url: str = field(repr=False)
    signed: bool
    token: Token | None
    served: bool = False


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
    leave_at: float | None = None  # planned, for this cause and with these words for the peer
    leave_cause: Cause = Cause.TOKEN_EXPIRY
    leave_why: str = ""
    renewals: Iterator[float] = field(default_factory=renewal_waits)

    def heard(self, at: float) -> None:
        """A message arrived."""
        self.spoke = True
        self.last_inbound_at = max(at, self.last_inbound_at)

    def plan_to_leave(self, now: float, policy: LinkPolicy, cause: Cause, why: str) -> None:
        """It is to give way to another one: its token has been replaced, which an open socket cannot be told, or its
        end has been announced.

        Never one right after the other: not before the connection counts as stable.
        """
        self.leave_at = max(now, self.opened_at + policy.stable_after_s)
        self.leave_cause, self.leave_why = cause, why

    def leave_later(self, now: float, at_least_s: float = 0.0) -> None:
        """There was no other one to be had: try again, each time later."""
        self.leave_at = now + max(next(self.renewals), at_least_s)

    def renew_later(self, now: float, at_least_s: float = 0.0) -> None:
        """Its token was not replaced: ask again, each time later."""
        self.renew_at = now + max(next(self.renewals), at_least_s)

    def stale_at(self, policy: LinkPolicy) -> float:
        """Return when it counts as dead, unless a message comes."""
        return self.last_inbound_at + policy.stale_after_s

    def deadlines(self, policy: LinkPolicy) -> Iterator[float]:
        """Yield the moments at which something is to be done about it."""
        yield self.stale_at(policy)
        yield from (at for at in (self.renew_at, self.leave_at) if at is not None)

    def is_stable(self, now: float, policy: LinkPolicy) -> bool:
        """Tell whether it has served: from then on the attempts are counted from one again."""
        return self.spoke and now - self.opened_at >= policy.stable_after_s

    def outlived_token(self, now: float, current: Token | None) -> bool:
        """Tell whether its token has expired, or another one is in force."""
        return self.token is not None and (now >= self.token.expires_at or self.token != current)


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

    def doubts_address(self, *, silent_drop: bool) -> bool:
        """Note the end of a connection; tell whether the address is to be looked up again."""
        self.silent_drops = self.silent_drops + 1 if silent_drop else 0
        if self.silent_drops < DROPS_BEFORE_LOOKUP:
            return False
        self.silent_drops = 0
        return True
