"""Dialect name → codec; the one list that a new dialect joins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.dialects.base import AudioFormat, Caller
from dashboard.errors import ConfigError

if TYPE_CHECKING:
    from dashboard.dialects.cognigy import Endpoint

DIALECTS = ("appfoundry", "cognigy", "cognigy-rest")


def codec(dialect: str, default: AudioFormat, call_id: str, endpoint: Endpoint | None = None) -> Caller:
    """Return a fresh codec for one call; `endpoint` is for dialects of Cognigy's.

    Raises ConfigError for a name that is not in `DIALECTS`. A dialect is loaded when it is spoken: a call should be up
    soon.
    """
    if dialect == "appfoundry":
        from dashboard.dialects.appfoundry import AppFoundry

        return AppFoundry(default, call_id)
    if dialect == "cognigy" and endpoint is not None:
        from dashboard.dialects.cognigy import Cognigy

        return Cognigy(endpoint, call_id)
    if dialect == "cognigy-rest" and endpoint is not None:
        from dashboard.dialects.cognigy_rest import CognigyRest

        return CognigyRest(endpoint, call_id)
    raise ConfigError(f"unknown dialect: {dialect}", remedy=f"Known dialects: {', '.join(DIALECTS)}.")
