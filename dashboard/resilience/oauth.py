"""The client-credentials flow (RFC 6749, 4.4; appfoundry.md, 2) as a request to send and a reply to read."""

from __future__ import annotations

import base64
import math
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from dashboard.errors import ConfigError
from dashboard.resilience.bounds import is_secure
from dashboard.resilience.exchange import Reply, Request, bad_reply, json_object, refuse_status
from dashboard.resilience.retry import Step
from dashboard.resilience.secret import Secret

DEFAULT_LIFE_S = 3600.0
"""Life of a token whose reply does not say `expires_in`."""

LIFE_LIMIT_S = 366 * 86400.0
"""A longer life is not believed: Genesys Cloud grants two days at most."""

_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")  # what may stand in a header, RFC 9110, 5.5


@dataclass(frozen=True, slots=True)
class Credentials:
    """An OAuth client. `in_body` sends id, secret and organisation as form fields, which only mocks want."""

    client_id: str
    client_secret: Secret
    in_body: bool = False
    org_id: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; times are monotonic seconds. From `renew_at` on it is still valid, but due for renewal."""

    value: Secret
    expires_at: float
    renew_at: float


def token_url(base_url: str) -> str:
    """Return where the REST base's tokens come from: `login.<domain>` for `api.<domain>`, else the base itself."""
    parts = urlsplit(base_url)
    host = parts.netloc
    if host.startswith("api."):
        host = "login." + host.removeprefix("api.")
    path = "" if host != parts.netloc else parts.path.rstrip("/")
    return f"{parts.scheme}://{host}{path}/oauth/token"


def token_request(url: str, credentials: Credentials, *, insecure: bool = False) -> Request:
    """Write the request for a token.

    Raises ConfigError where it would send the secret in the clear to another machine.
    """
    if not (insecure or is_secure(url)):
        raise ConfigError(
            "the token address is not https", remedy="Plain http goes to this machine only, unless --insecure says so."
        )
    form = {"grant_type": "client_credentials"}
    headers = {"Accept": "application/json"}
    secret = credentials.client_secret.reveal()
    if credentials.in_body:
        form |= {"client_id": credentials.client_id, "client_secret": secret}
        if credentials.org_id:
            form["org_id"] = credentials.org_id
    else:
        pair = base64.b64encode(f"{credentials.client_id}:{secret}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    return Request(Step.LOGIN, "POST", url, headers, form)


def read_token(reply: Reply, received_at: float) -> Token:
    """Read the reply to a token request; raises LinkError, whose text holds the status and the `error` code only."""
    refuse_status(Step.LOGIN, reply)
    fields = json_object(Step.LOGIN, reply.body)
    value = fields.get("access_token")
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise bad_reply(Step.LOGIN, "has no usable access_token")
    life = _life(fields.get("expires_in"))
    margin = min(300.0, 0.2 * life)
    return Token(Secret(value), received_at + life, received_at + life - margin)


def _life(expires_in: Any) -> float:
    if expires_in is None:
        return DEFAULT_LIFE_S
    try:
        life = math.nan if isinstance(expires_in, bool) else float(expires_in)
    except (TypeError, ValueError, OverflowError):
        life = math.nan
    if not 0 < life <= LIFE_LIMIT_S:
        raise bad_reply(Step.LOGIN, "has an impossible expires_in")
    return life
