"""Facts about what is written down of a call. They are for those who watch it: no recording holds them."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.call.terms import Event

WHOLE = "--record"
"""The trigger of a recording that is written from the beginning of the call on."""


@dataclass(frozen=True, slots=True)
class HistoryMeasured(Event):
    """What `Save` would find: every fact since `oldest_at` (monotonic). Every few seconds."""

    oldest_at: float
    size_bytes: int
    limit_bytes: int


@dataclass(frozen=True, slots=True)
class RecordingStarted(Event):
    """Facts are written to `path` from now on. `trigger`: who or what asked for it, in words."""

    path: str
    trigger: str


@dataclass(frozen=True, slots=True)
class RecordingSaved(Event):
    """The recording `path` is closed. `missing_s`: seconds of the call that went by before its first fact."""

    path: str
    facts: int
    size_bytes: int
    missing_s: float = 0.0


@dataclass(frozen=True, slots=True)
class RecordingFailed(Event):
    """Nothing more is written to `path`: why, and what to do. The call goes on; what was written can be read."""

    path: str
    reason: str
    remedy: str
