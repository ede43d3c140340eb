"""A link's settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from dashboard.errors import ConfigError


@dataclass(frozen=True, slots=True)
class LinkPolicy:
    """Settings of a link; seconds.

    url: dialled when the app lookup names none or there is no lookup. max_attempts: 0 is endless.
    stable_after_s: an open connection with at least one message resets the attempts after this long.
    overlap: where one connection is to give way to another, that one is opened first. sessions: a close with 1000
    while there is no session ends the call.
    """

    url: str | None = field(default=None, repr=False)
    lookup: bool = False
    authorize: bool = True
    max_attempts: int = 10
    backoff_base_s: float = 1.0
    backoff_cap_s: float = 30.0
    stable_after_s: float = 30.0
    stale_after_s: float = 30.0
    close_timeout_s: float = 5.0
    reconnect_on_1000: bool = True
    overlap: bool = False
    sessions: bool = True

    def __post_init__(self) -> None:
        if self.url is None and not self.lookup:
            raise ConfigError("nothing to dial: no URL and no app lookup", remedy="Give --url or --app-id.")
