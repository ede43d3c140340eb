"""The settings of a door at which calls come in."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, FilePath, SecretStr, field_validator

from dashboard.cli.groups import KEYS, LISTEN, SERVE
from dashboard.cli.values import Address, UrlPath, comma_list, home


class DoorSettings(BaseModel):
    """They stand with all others in `Settings`."""

    host: Annotated[Address, LISTEN] = "127.0.0.1"
    """Address to listen on. Any but this machine's own needs a certificate and keys; 0.0.0.0 is every address."""

    port: Annotated[int, Field(ge=0, le=65_535), LISTEN] = 8480
    """Port to listen on; 0 = any free one."""

    path: Annotated[UrlPath, LISTEN] = "/audiohook"
    """Path at which calls come in; what asks for another one is not found."""

    cert: Annotated[FilePath | None, BeforeValidator(home), SERVE] = None
    """PEM file of the certificate to serve with, its chain behind it; Genesys wants one of a public authority."""

    key: Annotated[FilePath | None, BeforeValidator(home), SERVE] = None
    """PEM file of its private key, where that is not in the same file."""

    max_calls: Annotated[int, Field(ge=1, le=100_000), SERVE] = 200
    """Calls taken at once; more are answered with 503."""

    hook_keys: Annotated[tuple[SecretStr, ...], BeforeValidator(comma_list), KEYS] = ()
    """API keys as KEY:SECRET, with the client secret that Genesys shows, or KEY alone for one without a secret."""

    @field_validator("hook_keys")
    @classmethod
    def _readable_keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if value:
            from dashboard.dialects.audiohook_signature import (
                Keyring,  # the check before the first frame seldom needs it
            )

            Keyring.read(one.get_secret_value() for one in value)
        return value
