"""Which failure means wait, a new token or stop, and how long to wait (appfoundry.md, 4, 6 and 7)."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import Enum
from itertools import count

from dashboard.call.events import AttemptFailed, Cause, ClosedBy, Flaw
from dashboard.errors import DashboardError, RefusedError, TokenRefused, TokenRejected, UnreachableError
from dashboard.wiretext import clean

RETRY_AFTER_LIMIT_S = 300.0
"""The longest wait that a `Retry-After` can impose: a hostile or broken one must not park the call for a day."""

_ID_LIMIT = 100

TRY_AGAIN_LATER_S = 5.0
"""The shortest wait after close code 1013."""


class Step(Enum):
    """The requests of an attempt, in their order, those beside the call, and an utterance that is one."""

    LOGIN = "login"
    LOOKUP = "app lookup"
    CONVERSATION = "conversation"
    CHANNEL = "notification channel"
    SUBSCRIPTION = "subscription"
    HANDSHAKE = "handshake"
    ANALYTICS = "analytics"
    UTTERANCE = "utterance"


class Reaction(Enum):
    """What to do about a failed attempt."""

    WAIT = "wait"
    NEW_TOKEN = "new token"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one step of an attempt failed. `detail` is clean text: no query, header value or token.

    `headers` are those of the reply that may be told: who answered, and what it wants. `flaw` is what is wrong with a
    certificate that is not trusted.
    """

    cause: Cause
    detail: str
    status: int | None = None
    retry_after_s: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    flaw: Flaw | None = None

    def told(self, call_id: str, at: float, attempt: int, wait_s: float | None) -> AttemptFailed:
        """Return it as a fact; `wait_s` until the next attempt, None if there is none."""
        asked_for = clean(self.headers.get("ININ-Correlation-Id", ""), _ID_LIMIT)
        return AttemptFailed(call_id, at, attempt, self.cause, self.detail, self.status, wait_s, self.flaw, asked_for)


class LinkError(DashboardError):
    """One step of an attempt failed; exit code and remedy are those of the family of its cause."""

    def __init__(self, failure: Failure) -> None:
        family = _FAMILIES.get(failure.cause, DashboardError)
        super().__init__(failure.detail, remedy=family.remedy)
        self.exit_code = family.exit_code
        self.failure = failure


def exit_code(cause: Cause) -> int:
    """Return the exit code of a call that ended for `cause`: 3 refused, 4 unreachable, 1 anything else.

    For exhausted attempts ask with the cause of the last failure: refused ten times is refused.
    """
    return _FAMILIES.get(cause, DashboardError).exit_code


def status_cause(step: Step, status: int) -> Cause:
    """Classify an HTTP status other than the wanted one (200, or 101 of a handshake)."""
    if step is Step.LOGIN and status in (400, 401, 403):
        return Cause.CREDENTIALS_REFUSED
    if status >= 500:
        return Cause.UNAVAILABLE
    return _STATUS_CAUSES.get(status, Cause.HANDSHAKE_REFUSED)


def close_cause(code: int, closed_by: ClosedBy) -> Cause:
    """Classify the end of an open connection by its close code (RFC 6455, 7.4) and by who sent it."""
    if closed_by is ClosedBy.NETWORK:
        return Cause.ABNORMAL_CLOSURE
    if closed_by is ClosedBy.US and code == 1011:
        return Cause.PING_TIMEOUT
    return _CLOSE_CAUSES.get(code, Cause.OTHER_CLOSE)


def reaction_to(failure: Failure, *, signed: bool = False) -> Reaction:
    """Say what a failed attempt calls for. `signed`: it was a handshake with a signed URL of the app lookup."""
    if failure.cause is Cause.PROXY_REFUSED:
        # 5xx: the proxy did not reach the host; anything else: it does not want to.
        return Reaction.WAIT if failure.status is not None and failure.status >= 500 else Reaction.STOP
    if failure.cause is Cause.TOKEN_REJECTED or (failure.cause is Cause.PERMISSION_MISSING and signed):
        return Reaction.NEW_TOKEN
    return Reaction.WAIT if failure.cause in _TRANSIENT else Reaction.STOP


def backoff(base_s: float, cap_s: float, dice: Callable[[], float] = random.random) -> Iterator[float]:
    """Yield the waits before the attempts of one outage, without end: U(0.5, 1) of a doubling, capped ceiling."""
    for n in count():
        ceiling = min(cap_s, base_s * 2.0 ** min(n, 64))
        yield ceiling * (0.5 + dice() / 2)  # spread, or a restarted host meets all its callers at once


def renewal_waits() -> Iterator[float]:
    """Yield the waits between tries to renew a token while the old one is still valid: 10 s, doubling to 60."""
    for n in count():
        yield min(60.0, 10.0 * 2.0 ** min(n, 8))


def retry_after(value: str | None, wall: float) -> float | None:
    """Read a `Retry-After` header (RFC 9110, 10.2.3), seconds or date, as seconds from now (Unix time `wall`).

    Bounded by RETRY_AFTER_LIMIT_S; None for an absent or unreadable one.
    """
    if value is None or len(value) > 64:
        return None
    try:
        seconds = float(value) if value.strip().isdecimal() else parsedate_to_datetime(value).timestamp() - wall
    except (ValueError, OverflowError, OSError):
        return None
    return min(max(0.0, seconds), RETRY_AFTER_LIMIT_S) if math.isfinite(seconds) else RETRY_AFTER_LIMIT_S


_STATUS_CAUSES = {
    401: Cause.TOKEN_REJECTED,
    403: Cause.PERMISSION_MISSING,
    404: Cause.NOT_FOUND,
    410: Cause.NOT_FOUND,
    429: Cause.RATE_LIMITED,
}

_CLOSE_CAUSES = {
    1000: Cause.SERVER_CLOSED,
    1001: Cause.GOING_AWAY,
    1002: Cause.PROTOCOL_ERROR,
    1003: Cause.PROTOCOL_ERROR,
    1006: Cause.ABNORMAL_CLOSURE,
    1007: Cause.PROTOCOL_ERROR,
    1008: Cause.AUTH_CLOSED,
    1009: Cause.MESSAGE_TOO_BIG,
    1011: Cause.SERVER_ERROR,
    1012: Cause.SERVICE_RESTART,
    1013: Cause.TRY_AGAIN_LATER,
    4401: Cause.AUTH_CLOSED,
    4403: Cause.AUTH_CLOSED,
}

_TRANSIENT = frozenset(
    {
        Cause.RATE_LIMITED,
        Cause.UNAVAILABLE,
        Cause.DNS,
        Cause.TCP_REFUSED,
        Cause.NETWORK,
        Cause.TIMEOUT,
        Cause.TLS,
    }
)

_FAMILIES: dict[Cause, type[DashboardError]] = {
    Cause.CREDENTIALS_REFUSED: TokenRefused,
    Cause.TOKEN_REJECTED: TokenRejected,
    Cause.AUTH_CLOSED: TokenRejected,
    Cause.PERMISSION_MISSING: RefusedError,
    Cause.NOT_FOUND: RefusedError,
    Cause.APP_INACTIVE: RefusedError,
    Cause.RATE_LIMITED: RefusedError,
    Cause.HANDSHAKE_REFUSED: RefusedError,
    Cause.ENDPOINT_REFUSED: RefusedError,
    Cause.BAD_REPLY: RefusedError,
    Cause.UNAVAILABLE: UnreachableError,
    Cause.DNS: UnreachableError,
    Cause.TCP_REFUSED: UnreachableError,
    Cause.NETWORK: UnreachableError,
    Cause.TIMEOUT: UnreachableError,
    Cause.TLS_CERTIFICATE: UnreachableError,
    Cause.TLS: UnreachableError,
    Cause.PROXY_REFUSED: UnreachableError,
    Cause.ATTEMPTS_EXHAUSTED: UnreachableError,
}
