"""Test utterances on their way: held until a session can take them, sent once, or expired (appfoundry.md, 5.2)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import count

from dashboard.call.events import Event, UtteranceExpired, UtteranceHeld, UtteranceSent
from dashboard.wiretext import clean


@dataclass(frozen=True, slots=True)
class Utterance:
    """What the operator wants said; `shown` is the text as facts may hold it."""

    number: int
    text: str
    shown: str
    expires_at: float


class Outbox:
    """Holds at most `limit` utterances, each for at most `max_age_s` seconds.

    An utterance that `take` handed out is never handed out again: messages carry no ids, so one that is sent twice
    is spoken twice. Whoever took it reports `sent`, or `lost` if the socket ended while it was written.
    """

    def __init__(self, call_id: str, *, limit: int = 20, max_age_s: float = 60.0) -> None:
        self._call_id = call_id
        self._limit = limit
        self._max_age_s = max_age_s
        self._numbers = count(1)
        self._held: deque[Utterance] = deque()

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, text: str, now: float) -> list[Event]:
        """Take an utterance in; when the box is full it expires at once, so that the older ones stay in order."""
        utterance = Utterance(next(self._numbers), text, clean(text), now + self._max_age_s)
        facts = self.expire(now)
        facts.append(UtteranceHeld(self._call_id, now, utterance.number, utterance.shown))
        if len(self._held) < self._limit:
            self._held.append(utterance)
        else:
            facts.append(self.lost(utterance, now, f"{self._limit} utterances are already waiting"))
        return facts

    def take(self, now: float) -> Utterance | None:
        """Hand out the oldest utterance, for good; None if there is none that may still be said."""
        if self._held and now < self._held[0].expires_at:
            return self._held.popleft()
        return None

    def sent(self, utterance: Utterance, now: float) -> Event:
        """A taken utterance was written to the socket."""
        return UtteranceSent(self._call_id, now, utterance.number, utterance.shown)

    def lost(self, utterance: Utterance, now: float, why: str) -> Event:
        """A taken utterance may or may not have left: it is not said again."""
        return UtteranceExpired(self._call_id, now, utterance.number, why)

    def expire(self, now: float) -> list[Event]:
        """Let go of what has waited too long."""
        facts: list[Event] = []
        while self._held and now >= self._held[0].expires_at:
            facts.append(self.lost(self._held.popleft(), now, f"waited {self._max_age_s:g} s for a session"))
        return facts

    def close(self, now: float) -> list[Event]:
        """The call ends: what is still held will not be said."""
        facts = [self.lost(utterance, now, "the call ended") for utterance in self._held]
        self._held.clear()
        return facts

    def next_deadline(self) -> float | None:
        """Return when `expire` has something to do; None while nothing is held."""
        return self._held[0].expires_at if self._held else None
