"""How a client gets in: its API key in the upgrade's headers, and its signature over them."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from dashboard.dialects.audiohook_client import Offer
from dashboard.dialects.audiohook_signature import COMPONENTS, SignedRequest, sign


@dataclass(frozen=True, slots=True)
class Access:
    """An API key, and the client secret that belongs to it, if there is one."""

    key: str = field(repr=False)
    secret: bytes | None = field(default=None, repr=False)

    @classmethod
    def of_entry(cls, entry: str) -> Access:
        """Read KEY or KEY:SECRET, the secret in base64."""
        key, _, secret = entry.partition(":")
        return cls(key, b64decode(secret) if secret else None)

    def headers(
        self, offer: Offer, url: str, *, nonce: str, wall: float, order: Sequence[str] = COMPONENTS
    ) -> dict[str, str]:
        """Return the headers of an upgrade at `url`, signed at `wall` (Unix time); a nonce is used once.

        order: that of the components that are signed.
        """
        plain = offer.headers(self.key)
        if self.secret is None:
            return plain
        parts = urlsplit(url)
        target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        request = SignedRequest(target, parts.netloc.rpartition("@")[2], plain)
        return plain | sign(request, self.secret, nonce=nonce, now=wall, order=order)
