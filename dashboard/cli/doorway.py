"""What an empty board says of the place where calls come in: what to enter at Genesys, and what protects it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.cli.board import endpoint
from dashboard.cli.settings import Settings, variable

_ELSEWHERE = "Enter at Genesys Cloud: Admin · Integrations · AudioHook Monitor"


def doorway(settings: Settings, names: Sequence[str]) -> dict[str, Any]:
    """Return the fields of `ui`'s `Doorway`. `names`: what the certificate is for."""
    return {
        "elsewhere": _ELSEWHERE,
        "fields": [["connection URI", _uri(settings, names)], *_credentials(settings)],
        "notes": [_protection(settings), _keys(settings), f"at most {settings.max_calls} calls at once"],
    }


def _uri(settings: Settings, names: Sequence[str]) -> str:
    """Return the address as Genesys has to dial it: by a name of the certificate, for it checks that."""
    if settings.cert is None:
        return (
            f"wss://NAME{settings.path}, with the name of the proxy that ends TLS and goes on to {endpoint(settings)}"
        )
    port = "" if settings.port == 443 else f":{settings.port}" if settings.port else ":PORT"
    wild = next((name for name in names if name.startswith("*.")), None)
    name = next((name for name in names if not name.startswith("*.")), wild and f"NAME{wild[1:]}") or "NAME"
    told = ", with the name that the certificate is for" if name == "NAME" else ""
    return f"wss://{name}{port}{settings.path}{told}"


def _credentials(settings: Settings) -> list[list[str]]:
    if not settings.hook_keys:
        return [["credentials", "none are asked for"]]
    where = variable("hook_keys")
    several = f" (one of {len(settings.hook_keys)})" if len(settings.hook_keys) > 1 else ""
    return [
        ["API key", f"KEY of {where}, as KEY:SECRET{several}"],
        ["client secret", "SECRET beside it: what Genesys shows when the secret is made"],
    ]


def _protection(settings: Settings) -> str:
    if settings.cert is None:
        return "in clear, from this machine alone: a proxy has to end TLS, and pass Host and path on unchanged"
    return f"TLS with the certificate in {settings.cert}"


def _keys(settings: Settings) -> str:
    """Say who gets in, as the keyring has it."""
    if not settings.hook_keys:
        return f"whoever knocks may come in: no key is set ({variable('hook_keys')})"
    signed = all(":" in one.get_secret_value() for one in settings.hook_keys)
    return "every call must be signed" if signed else "a key without a secret gets in unsigned"
