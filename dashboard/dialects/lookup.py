"""Dialect name → codec; the one list that a new dialect joins."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.dialects.appfoundry import AppFoundry
from dashboard.dialects.base import AudioFormat, Caller
from dashboard.errors import ConfigError

DIALECTS: dict[str, Callable[[AudioFormat, str], Caller]] = {"appfoundry": AppFoundry}


def codec(dialect: str, default: AudioFormat, call_id: str) -> Caller:
    """Return a fresh codec for one call; raises ConfigError for a name that is not in `DIALECTS`."""
    try:
        make = DIALECTS[dialect]
    except KeyError:
        known = ", ".join(sorted(DIALECTS))
        raise ConfigError(f"unknown dialect: {dialect}", remedy=f"Known dialects: {known}.") from None
    return make(default, call_id)
