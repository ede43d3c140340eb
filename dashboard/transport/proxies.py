"""Which proxy a connection goes through: one rule for HTTP and for the WebSocket."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from websockets.exceptions import InvalidProxy
from websockets.proxy import get_proxy, parse_proxy
from websockets.uri import parse_uri

from dashboard.call.events import Cause
from dashboard.resilience.bounds import is_loopback
from dashboard.resilience.retry import Failure, LinkError

_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy."""

    address: str = field(repr=False)  # may hold a password
    host: str
    port: int


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy that the environment, or the system's own settings, name for `url`.

    There is none to this machine itself. Raises LinkError for one that cannot be used, InvalidURI for what is no
    WebSocket URL.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    if is_loopback(host):
        return None
    if parts.scheme in ("ws", "wss"):
        address = get_proxy(parse_uri(url))
    elif proxy_bypass(f"{host}:{port}"):
        address = None
    else:
        proxies = getproxies()
        address = proxies.get(parts.scheme) or proxies.get("all")
    return _proxy(address) if address else None


def _proxy(address: str) -> Proxy:
    if "://" not in address:
        address = f"http://{address}"
    try:
        proxy = parse_proxy(address)
    except (InvalidProxy, ValueError):  # ValueError: its port is no number
        raise _unusable("the proxy set in the environment is not one that can be used") from None
    if proxy.scheme not in ("http", "https"):
        raise _unusable("the proxy set in the environment speaks SOCKS, which callscope does not")
    return Proxy(address, proxy.host, proxy.port)


def _unusable(detail: str) -> LinkError:
    return LinkError(Failure(Cause.PROXY_REFUSED, detail))
