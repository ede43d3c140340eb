"""Which headers of a reply may be told: those that say who answered and what it wants, without what may be a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dashboard.wiretext import clean, safe_url

NOTABLE = (
    "Date",
    "Server",
    "Via",
    "Content-Type",
    "Retry-After",
    "Location",
    "WWW-Authenticate",
    "Sec-WebSocket-Version",
    "ININ-Correlation-Id",
    "X-Request-Id",
    "X-Amzn-RequestId",
    "CF-Ray",
    "ININ-RateLimit-Count",
    "ININ-RateLimit-Allowed",
    "ININ-RateLimit-Reset",
)
"""`ININ-Correlation-Id` and the three after it are what a host's support asks for; the last three say how much of a
rate limit is used, and when it begins anew."""

_NAMES = {name.lower(): name for name in NOTABLE}
_CHALLENGE = re.compile(r"^\s*([A-Za-z]{1,20})\b(?:.*?\berror=\"?([a-z_]{1,40})\b)?", re.DOTALL)  # RFC 6750, 3
_VALUE_LIMIT = 120


def notable(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the notable ones of a reply's headers, as they may be kept; of a repeated one the first."""
    found: dict[str, str] = {}
    for raw_name, value in headers:
        name = _NAMES.get(raw_name.lower())
        if name is not None and name not in found:
            found[name] = _told(name, value)
    return found


def _told(name: str, value: str) -> str:
    if name == "Location":
        return clean(safe_url(value), _VALUE_LIMIT)
    if name == "WWW-Authenticate":
        challenge = _CHALLENGE.match(value)
        return " ".join(filter(None, challenge.groups())) if challenge else ""
    return clean(value, _VALUE_LIMIT)
