"""The app lookup (appfoundry.md, 3) as a request to send and a reply to read."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from dashboard.call.events import Cause
from dashboard.resilience.bounds import is_secure
from dashboard.resilience.exchange import Reply, Request, bad_reply, json_object, refuse_status
from dashboard.resilience.oauth import Token
from dashboard.resilience.retry import Failure, LinkError, Step
from dashboard.wiretext import clean

_URL_LIMIT = 8192


def lookup_request(base_url: str, app_id: str, token: Token | None) -> Request:
    """Write the request for an app's state; `token` None for a host that wants none."""
    headers = {"Accept": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token.value.reveal()}"
    path = f"/api/v2/appfoundry/applications/{quote(app_id, safe='')}"
    return Request(Step.LOOKUP, "GET", base_url.rstrip("/") + path, headers)


def read_lookup(reply: Reply, *, insecure: bool = False) -> str | None:
    """Return the `websocketUrl` of an ACTIVE app, None if it names none.

    Raises LinkError for a refusal, an app that is not ACTIVE, and an address that is not to be dialled.
    """
    refuse_status(Step.LOOKUP, reply)
    fields = json_object(Step.LOOKUP, reply.body)
    status = fields.get("status")
    if not isinstance(status, str):
        raise bad_reply(Step.LOOKUP, "has no status")
    if status != "ACTIVE":
        raise LinkError(Failure(Cause.APP_INACTIVE, f"the app is not ACTIVE (status {clean(status, 40)})"))
    url = fields.get("websocketUrl")
    if url is None or url == "":
        return None
    if not isinstance(url, str) or not is_dialable(url, insecure=insecure):
        raise bad_reply(Step.LOOKUP, "has a websocketUrl that cannot be dialled")
    return url


def is_dialable(url: str, *, insecure: bool) -> bool:
    """Tell whether a peer may send us to this WebSocket address."""
    if len(url) > _URL_LIMIT or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("ws", "wss") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
    return usable and not parts.fragment and "@" not in parts.netloc and (insecure or is_secure(url))
