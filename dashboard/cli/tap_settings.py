"""The settings of a tap."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, field_validator

from dashboard.cli.groups import TAP
from dashboard.cli.values import socket_address


class TapSettings(BaseModel):
    """They stand with all others in `Settings`."""

    listen: Annotated[str, AfterValidator(socket_address), TAP] = "127.0.0.1:8481"
    """Address and port at which clients connect; port 0 = any free one. Any address but this machine's own needs a
    certificate; 0.0.0.0 is every address."""

    upstream: Annotated[str | None, Field(repr=False), TAP] = None
    """Where each connection is passed on to: wss://host, or wss://host/path to ask for that path instead of the
    client's. The query is the client's."""

    upstream_host: Annotated[Literal["client", "own"], TAP] = "client"
    """The name by which the upstream is asked: the one that the client has used, so that signatures hold, or its own.
    A request that is signed is then signed anew, with the keys."""

    @field_validator("upstream")
    @classmethod
    def _without_query(cls, value: str | None) -> str | None:
        if value and "?" in value:
            raise ValueError("must end with its path: the query is the client's")
        return value
