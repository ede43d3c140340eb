"""The settings of the link: when a connection is given up, and how it comes back."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from dashboard.cli.groups import LINK, STALE
from dashboard.cli.values import Seconds


class LinkSettings(BaseModel):
    """They stand with all others in `Settings`."""

    max_attempts: Annotated[int, Field(ge=0, le=100_000), LINK] = 10
    """Attempts in a row before giving up; 0 = endless."""

    backoff_base: Annotated[Seconds, LINK] = 1.0
    """Seconds: upper end of the first wait before a reconnect; it doubles with every attempt."""

    backoff_cap: Annotated[Seconds, Field(validate_default=True), LINK] = 30.0
    """Seconds: the longest wait before a reconnect; at least the first one."""

    stale_after: Annotated[Seconds, STALE] = 30.0
    """Seconds without an inbound message after which the socket is replaced."""

    ping_interval: Annotated[Seconds, LINK] = 20.0
    """Seconds between pings; below the idle limit of whatever stands between (often 60)."""

    ping_timeout: Annotated[Seconds, LINK] = 10.0
    """Seconds to wait for a pong."""

    open_timeout: Annotated[Seconds, LINK] = 10.0
    """Seconds that opening the socket may take."""

    close_timeout: Annotated[Seconds, LINK] = 5.0
    """Seconds to wait for the peer when closing."""

    max_message_mib: Annotated[int, Field(ge=1, le=1024), LINK] = 10
    """Largest message taken, in MiB."""

    reconnect_on_1000: Annotated[bool, LINK] = True
    """Reconnect when the peer closes with 1000 while the session has not ended."""

    @field_validator("backoff_cap")
    @classmethod
    def _cap_above_base(cls, value: float, info: ValidationInfo) -> float:
        base = info.data.get("backoff_base", 0.0)
        if value < base:
            raise ValueError(f"must not be below backoff_base, {base:g}")
        return value
