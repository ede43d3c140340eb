"""What still holds at a moment of a call: the facts that a recording which begins there must begin with."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dashboard.call.bot_events import BotOffered, BotTold
from dashboard.call.cognigy_events import EndpointReady
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
    BotOffered,
    EndpointReady,
)
_RECONNECTED = (ConnectionOpened, ConnectionLost, AttemptFailed)


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest fact of each lasting kind, oldest first."""

    facts: tuple[Event, ...] = ()

    def after(self, event: object) -> Standing:
        """Return what holds once `event` has been told."""
        if not isinstance(event, Event):
            return self
        told = _told(event)
        if not isinstance(told, _LASTING):
            return self
        over: tuple[type[Event], ...] = _RECONNECTED if isinstance(told, ConnectionOpened) else (type(told),)
        beside = isinstance(event, BotTold)
        kept = (one for one in self.facts if isinstance(one, BotTold) is not beside or not isinstance(_told(one), over))
        return Standing((*kept, event))

    def opening(self, at: float) -> tuple[Event, ...]:
        """Return what a recording says first that begins at `at`.

        Its call starts there and then; what happened before keeps its time, so that ages are right.
        """
        return tuple(
            replace(fact, at=at, wall=fact.wall + (at - fact.at)) if isinstance(fact, CallStarted) else fact
            for fact in self.facts
        )


def _told(event: Event) -> Event:
    """Return the fact itself, also where it is told of the bot beside the call: what holds there holds besides."""
    return event.fact if isinstance(event, BotTold) else event
