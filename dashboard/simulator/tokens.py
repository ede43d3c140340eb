"""Access tokens of the bot host, and the signatures that bind a WebSocket address to one."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qs

CLIENT_ID = "demo"
CLIENT_SECRET = "demo-secret"

_TOKENS_LIMIT = 10_000


class TokenDesk:
    """Grants tokens and recognises them. `now` is monotonic seconds."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)
        self._dies_at: dict[str, float] = {}

    def grant(self, now: float, life_s: float) -> str:
        """Return a new token that works for `life_s`."""
        self._dies_at = {token: dies_at for token, dies_at in self._dies_at.items() if dies_at > now}
        if len(self._dies_at) >= _TOKENS_LIMIT:
            del self._dies_at[next(iter(self._dies_at))]
        token = f"tk-{secrets.token_urlsafe(24)}"
        self._dies_at[token] = now + life_s
        return token

    def dies_at(self, token: str, now: float) -> float | None:
        """Return when a token dies; None if it is unknown or dead."""
        dies_at = self._dies_at.get(token)
        return dies_at if dies_at is not None and dies_at > now else None

    def sign(self, token: str) -> str:
        """Return the signature that stands for a token in an address."""
        return hmac.new(self._key, token.encode(), hashlib.sha256).hexdigest()

    def signed(self, signature: str, now: float) -> str | None:
        """Return the living token that a signature stands for."""
        for token in self._dies_at:
            if hmac.compare_digest(self.sign(token).encode(), signature.encode()):
                return token if self.dies_at(token, now) else None
        return None


def bearer(headers: Mapping[str, str]) -> str | None:
    """Return the token of an Authorization header (RFC 6750)."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def form_fields(body: bytes) -> dict[str, str]:
    """Return the fields of a posted form."""
    return {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def credentials(headers: Mapping[str, str], form: Mapping[str, str]) -> tuple[str, str] | None:
    """Return client id and secret from a Basic header (RFC 7617), else from the form."""
    scheme, _, encoded = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return (client_id, secret) if colon else None
    if "client_id" in form and "client_secret" in form:
        return form["client_id"], form["client_secret"]
    return None
