"""What still holds at a moment of a call: the facts that a recording which begins there must begin with."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dashboard.call.events import (
    AttemptFailed,
    CallStarted,
    ConnectionLost,
    ConnectionOpened,
    Event,
    GenesysReported,
    LinkChanged,
    SessionStarted,
    TokenObtained,
)

_LASTING = (
    CallStarted,
    TokenObtained,
    ConnectionOpened,
    SessionStarted,
    ConnectionLost,
    AttemptFailed,
    LinkChanged,
    GenesysReported,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest fact of each lasting kind, oldest first."""

    facts: tuple[Event, ...] = ()

    def after(self, event: object) -> Standing:
        """Return what holds once `event` has been told."""
        if not isinstance(event, _LASTING):
            return self
        over: tuple[type[Event], ...] = (type(event),)
        if isinstance(event, ConnectionOpened):
            over = (ConnectionOpened, ConnectionLost, AttemptFailed)
        return Standing((*(fact for fact in self.facts if not isinstance(fact, over)), event))

    def opening(self, at: float) -> tuple[Event, ...]:
        """Return what a recording says first that begins at `at`.

        Its call starts there and then; what happened before keeps its time, so that ages are right.
        """
        return tuple(
            replace(fact, at=at, wall=fact.wall + (at - fact.at)) if isinstance(fact, CallStarted) else fact
            for fact in self.facts
        )
