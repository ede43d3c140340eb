"""Hypothesis must not judge how fast this machine is."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("callscope", deadline=None)
settings.load_profile("callscope")
