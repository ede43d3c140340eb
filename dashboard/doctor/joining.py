"""Joins a session over an open socket, in a dialect that has to be spoken for that."""

from __future__ import annotations

from dashboard.call.events import Event, SessionStarted
from dashboard.clock import Clock
from dashboard.dialects.base import Talker
from dashboard.doctor.hearing import Hearing
from dashboard.resilience.retry import Failure, LinkError, close_cause
from dashboard.transport.tapped import Arrival
from dashboard.transport.websocket import Socket

_STEP_S = 0.05


class Joining:
    """One connection, from its opening until its session has started."""

    def __init__(self, talker: Talker, clock: Clock) -> None:
        self.facts: list[Event] = []
        self._talker = talker
        self._clock = clock
        talker.opened(clock.monotonic())

    def arrived(self, arrival: Arrival) -> None:
        """Take what comes."""
        found = self._talker.receive(arrival.data, text=arrival.text, at=arrival.at)
        self.facts += [item for item in found if isinstance(item, Event)]

    async def joined(self, socket: Socket, hearing: Hearing) -> None:
        """Say what is to be said until the session has started; the dialect knows how long that may take.

        Raises LinkError where the dialect hangs up, or the peer.
        """
        while not any(isinstance(fact, SessionStarted) for fact in self.facts):
            now = self._clock.monotonic()
            self.facts += self._talker.tick(now)
            if (why := self._talker.hang_up) is not None:
                raise LinkError(Failure(why.cause, why.detail))
            if (end := await hearing.end(_STEP_S)) is not None:
                raise LinkError(Failure(close_cause(end.code, end.closed_by), end.detail))
            for text in self._talker.to_send(now):
                await socket.send(text)
