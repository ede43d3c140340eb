"""Causes and codes in plain words, as the screen, the summary and the report say them."""

from __future__ import annotations

from dashboard.call.terms import Cause, ClosedBy

_CAUSES = {
    Cause.STARTED: "started",
    Cause.PROGRESS: "next step",
    Cause.OPERATOR: "operator asked",
    Cause.STOPPED: "stopped here",
    Cause.ABNORMAL_CLOSURE: "dropped, no close frame",
    Cause.PING_TIMEOUT: "no pong, the path is dead",
    Cause.STALE: "stale, nothing came",
    Cause.TOKEN_EXPIRY: "token expired",
    Cause.SERVER_CLOSED: "closed by the server",
    Cause.GOING_AWAY: "server going away",
    Cause.AUTH_CLOSED: "server ended authorization",
    Cause.MESSAGE_TOO_BIG: "message over the size limit",
    Cause.SERVER_ERROR: "server error",
    Cause.SERVICE_RESTART: "server restarts",
    Cause.TRY_AGAIN_LATER: "server wants us back later",
    Cause.PROTOCOL_ERROR: "WebSocket protocol broken",
    Cause.OTHER_CLOSE: "closed with an unusual code",
    Cause.SESSION_ENDED: "the session was closed",
    Cause.CLOSE_ANNOUNCED: "its close was announced",
    Cause.SUBSCRIPTION_LOST: "subscription lost",
    Cause.CREDENTIALS_REFUSED: "client credentials refused",
    Cause.TOKEN_REJECTED: "token rejected (401)",
    Cause.PERMISSION_MISSING: "permission missing (403)",
    Cause.NOT_FOUND: "no such id, not found (404)",
    Cause.APP_INACTIVE: "app is not ACTIVE",
    Cause.RATE_LIMITED: "rate limited (429)",
    Cause.UNAVAILABLE: "server unavailable",
    Cause.HANDSHAKE_REFUSED: "handshake refused",
    Cause.ENDPOINT_REFUSED: "endpoint refuses the token",
    Cause.BAD_REPLY: "reply against the protocol",
    Cause.DNS: "host name not found",
    Cause.TCP_REFUSED: "nothing listens there",
    Cause.NETWORK: "network failed",
    Cause.TIMEOUT: "timed out",
    Cause.TLS_CERTIFICATE: "certificate not trusted",
    Cause.TLS: "TLS failed",
    Cause.PROXY_REFUSED: "proxy refused",
    Cause.ATTEMPTS_EXHAUSTED: "all attempts used up",
    Cause.UNEXPECTED: "unexpected error",
    Cause.WORKER_LOST: "callscope's worker is gone",
}

# in a column of 16 cells
_SHORT = {
    Cause.ABNORMAL_CLOSURE: "no close frame",
    Cause.PING_TIMEOUT: "no pong",
    Cause.STALE: "stale",
    Cause.SERVER_CLOSED: "server closed",
    Cause.GOING_AWAY: "going away",
    Cause.AUTH_CLOSED: "unauthorized",
    Cause.MESSAGE_TOO_BIG: "message too big",
    Cause.TRY_AGAIN_LATER: "come back later",
    Cause.PROTOCOL_ERROR: "protocol broken",
    Cause.OTHER_CLOSE: "unusual code",
    Cause.SESSION_ENDED: "session closed",
    Cause.CLOSE_ANNOUNCED: "close announced",
    Cause.SUBSCRIPTION_LOST: "unsubscribed",
    Cause.CREDENTIALS_REFUSED: "client refused",
    Cause.TOKEN_REJECTED: "token rejected",
    Cause.PERMISSION_MISSING: "not permitted",
    Cause.NOT_FOUND: "id not found",
    Cause.APP_INACTIVE: "app not ACTIVE",
    Cause.RATE_LIMITED: "rate limited",
    Cause.UNAVAILABLE: "unavailable",
    Cause.HANDSHAKE_REFUSED: "refused",
    Cause.ENDPOINT_REFUSED: "token refused",
    Cause.BAD_REPLY: "bad reply",
    Cause.DNS: "name not found",
    Cause.TCP_REFUSED: "nothing listens",
    Cause.TLS_CERTIFICATE: "bad certificate",
    Cause.ATTEMPTS_EXHAUSTED: "attempts used up",
    Cause.WORKER_LOST: "worker gone",
}

# RFC 6455 section 7.4.1, the IANA registry, and what voice platforms add
_CODES = {
    1000: "normal",
    1001: "going away",
    1002: "protocol error",
    1003: "unsupported data",
    1005: "no code given",
    1006: "no close frame",
    1007: "invalid data",
    1008: "policy violation",
    1009: "message too big",
    1010: "extension missing",
    1011: "internal error",
    1012: "service restart",
    1013: "try again later",
    1014: "bad gateway",
    1015: "TLS handshake",
    4401: "unauthorized",
    4403: "forbidden",
}

_ENDED_BY = {
    ClosedBy.PEER: "by the peer",
    ClosedBy.US: "by us",
    ClosedBy.CLIENT: "by the client",
    ClosedBy.NETWORK: "by the network",
}


def cause_words(cause: Cause) -> str:
    """Return a cause in words, fit for one cell of a table."""
    return _CAUSES[cause]


def cause_word(cause: Cause) -> str:
    """Return a cause in a word or two, for a narrow column."""
    return _SHORT.get(cause, _CAUSES[cause])


def close_code_words(code: int) -> str:
    """Return what a WebSocket close code means."""
    if code in _CODES:
        return _CODES[code]
    return "private code" if 4000 <= code < 5000 else "registered code" if 3000 <= code < 4000 else "unknown code"


def span_words(seconds: float) -> str:
    """Return how long something took, in the unit in which one would say it."""
    if seconds < 1.0:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 119.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.0f} h"


def closed_by_words(closed_by: ClosedBy) -> str:
    """Return who ended a connection."""
    return _ENDED_BY[closed_by]
