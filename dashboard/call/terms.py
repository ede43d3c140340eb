"""The words that facts and state share: where a link stands, why it moved, who speaks, what a call is judged by.

They stand apart from the facts so that the screen's first frame, which shows no call yet, waits for no fact to load:
what is loaded before it takes them from here. `events.py` has them too, beside the facts that hold them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LinkState(StrEnum):
    """Where the link stands; the words are the ones the screen shows."""

    IDLE = "idle"
    AUTHORIZING = "authorizing"
    RESOLVING = "resolving"
    CONNECTING = "connecting"
    OPEN = "open"
    STALE = "stale"
    WAITING = "waiting"
    GAVE_UP = "gave up"
    CLOSED = "closed"


class ClosedBy(StrEnum):
    """Who ended a connection."""

    PEER = "peer"
    US = "us"
    CLIENT = "client"  # of a tap: whoever dialled it; its peer is the upstream
    NETWORK = "network"


class Cause(StrEnum):
    """Why the link moved: one identifier per cause, shown in words by `call/words.py`."""

    STARTED = "started"
    PROGRESS = "progress"  # the step before it succeeded
    OPERATOR = "operator"  # `r`
    STOPPED = "stopped"  # `q`, a signal, the end of --duration
    # why a connection ended
    ABNORMAL_CLOSURE = "abnormal_closure"  # 1006: no close frame
    PING_TIMEOUT = "ping_timeout"  # our keepalive got no pong: we sent 1011
    STALE = "stale"  # no message for stale_after: we sent 1001
    TOKEN_EXPIRY = "token_expiry"  # planned reconnect before the token ends, or the drop when it did
    SERVER_CLOSED = "server_closed"  # 1000 from the peer
    GOING_AWAY = "going_away"  # 1001 from the peer
    AUTH_CLOSED = "auth_closed"  # 1008, 4401, 4403
    MESSAGE_TOO_BIG = "message_too_big"  # 1009
    SERVER_ERROR = "server_error"  # 1011 from the peer
    SERVICE_RESTART = "service_restart"  # 1012
    TRY_AGAIN_LATER = "try_again_later"  # 1013
    PROTOCOL_ERROR = "protocol_error"  # 1002, 1003, 1007: one side broke the protocol
    OTHER_CLOSE = "other_close"
    SESSION_ENDED = "session_ended"  # a caller of ours closed its session as it should
    CLOSE_ANNOUNCED = "close_announced"  # the peer said that it is going to close: left before that
    SUBSCRIPTION_LOST = "subscription_lost"  # the channel tells nothing any more: left for another one
    # why an attempt failed
    CREDENTIALS_REFUSED = "credentials_refused"  # by the login host
    TOKEN_REJECTED = "token_rejected"  # 401 from API or handshake, twice in a row
    PERMISSION_MISSING = "permission_missing"  # 403
    NOT_FOUND = "not_found"  # 404
    APP_INACTIVE = "app_inactive"
    RATE_LIMITED = "rate_limited"  # 429
    UNAVAILABLE = "unavailable"  # 503 and other 5xx
    HANDSHAKE_REFUSED = "handshake_refused"  # any other status
    ENDPOINT_REFUSED = "endpoint_refused"  # a Cognigy endpoint: its token is wrong, or it is disabled
    BAD_REPLY = "bad_reply"  # a login or lookup reply that is not what the protocol says
    DNS = "dns"
    TCP_REFUSED = "tcp_refused"
    NETWORK = "network"  # reset, unreachable
    TIMEOUT = "timeout"
    TLS_CERTIFICATE = "tls_certificate"  # fatal
    TLS = "tls"
    PROXY_REFUSED = "proxy_refused"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    UNEXPECTED = "unexpected"  # fatal, shown
    WORKER_LOST = "worker_lost"  # the worker process died or does not answer


class Flaw(StrEnum):
    """Why a certificate is not trusted."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    OTHER_NAME = "other_name"
    SELF_SIGNED = "self_signed"
    UNKNOWN_CA = "unknown_ca"
    OTHER = "other"


class Speaker(StrEnum):
    CALLER = "caller"
    BOT = "bot"
    AGENT = "agent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Targets:
    """The thresholds of metrics.md that a call is judged by; seconds."""

    spike_s: float = 0.200
    buffer_s: float = 0.060
    silent_failure_after_s: float = 5.0
    stale_after_s: float = 30.0
    dead_air_after_s: float = 5.0
    one_way_after_s: float = 10.0
    max_attempts: int = 10


@dataclass(frozen=True, slots=True)
class Event:
    """What every fact says; the facts are in `events.py`, `hook_events.py` and `record_events.py`."""

    call_id: str
    at: float
