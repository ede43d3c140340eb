"""How far settings may go. They are checked before the screen's first frame, so nothing else is loaded with this."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

MINUTE_S = 60.0
"""The shortest pause between two questions about a conversation that is fair to Genesys Cloud."""


def is_secure(url: str) -> bool:
    """Tell whether secrets may travel to `url`: https or wss anywhere, plain http or ws to this machine only."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme in ("https", "wss"):
        return bool(host)
    return parts.scheme in ("http", "ws") and is_loopback(host)


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine itself."""
    try:
        return host.lower() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
