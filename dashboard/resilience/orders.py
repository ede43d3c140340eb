"""What the link's decision machine asks of whoever drives it.

`Authorize`, `Renew`, `Resolve`, `Dial` and `Replace` are steps: each is answered by one input of `Link`, and at most
one is under way at any time. The others are carried out and not answered.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dashboard.call.events import Cause
from dashboard.resilience.oauth import Token
from dashboard.resilience.secret import Secret


@dataclass(frozen=True, slots=True)
class Authorize:
    """Get a token, a kept one if it is still good, but never `rejected`. Answer: token_obtained or step_failed."""

    rejected: Secret | None = None


@dataclass(frozen=True, slots=True)
class Renew:
    """Fetch a new token while the socket stays open. Answer: token_obtained or step_failed."""


@dataclass(frozen=True, slots=True)
class Resolve:
    """Look the app up, with the token if there is one. Answer: resolved or step_failed."""

    token: Token | None


@dataclass(frozen=True, slots=True)
class Dial:
    """Open a socket; `token` goes into the handshake's Authorization header. Answer: opened or step_failed."""

    url: str = field(repr=False)
    token: Token | None


@dataclass(frozen=True, slots=True)
class Replace:
    """Open another socket beside the open one, which is left for `cause`. Answer: replaced or step_failed."""

    token: Token | None
    cause: Cause


@dataclass(frozen=True, slots=True)
class CancelStep:
    """Abandon the step under way: its answer is no longer wanted, and a socket that it opened is dropped."""


@dataclass(frozen=True, slots=True)
class CloseSocket:
    """Start the closing handshake and let go of the socket.

    With code 1000 the link waits for its end (closed); with any other code it has already moved on.
    """

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class SendResume:
    """Send the dialect's `reconnect` message, before anything else on this socket.

    If that fails, the socket has ended, which `closed` will tell.
    """

    session_id: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The link has ended and will order nothing more."""


Step = Authorize | Renew | Resolve | Dial | Replace
Order = Step | CancelStep | CloseSocket | SendResume | Finish
