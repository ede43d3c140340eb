"""The settings of whom to trust."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, FilePath, field_validator

from dashboard.cli.groups import TRUST
from dashboard.cli.values import home


class TrustSettings(BaseModel):
    """They stand with all others in `Settings`, and before them, because the check of an address asks for them."""

    insecure: Annotated[bool, TRUST] = False
    """Allow plain http and ws to other machines than this one. Certificates are checked regardless."""

    ca_file: Annotated[FilePath | None, BeforeValidator(home), TRUST] = None
    """PEM file of a private certificate authority, trusted besides the public ones."""

    @field_validator("ca_file")
    @classmethod
    def _holds_certificates(cls, value: Path | None) -> Path | None:
        if value is not None:
            import ssl  # only for those who name one

            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=value)
            except ssl.SSLError:
                raise ValueError("must hold the certificate of an authority, in PEM") from None
            except OSError as error:
                raise ValueError(f"cannot be read: {error.strerror}") from None
        return value
