"""The settings of whom to trust."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, FilePath

from dashboard.cli.groups import TRUST
from dashboard.cli.values import home


class TrustSettings(BaseModel):
    """They stand with all others in `Settings`, and before them, because the check of an address asks for them."""

    insecure: Annotated[bool, TRUST] = False
    """Allow plain http and ws to other machines than this one. Certificates are checked regardless."""

    ca_file: Annotated[FilePath | None, BeforeValidator(home), TRUST] = None
    """PEM file of a private certificate authority, trusted besides the public ones."""
