"""When Genesys is asked about a conversation, and when again (genesys-cloud.md, 4 and 5).

With `every_s` of a minute: at once, after 1, 2, 4, 4 … minutes; once the conversation is seen to have ended, after 1,
2 … minutes again, for its media figures come late, until 5 minutes have passed. No conversation is asked about more
often than that, even when the call leaves it and returns.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from dashboard.call.conversation import GenesysVerdict
from dashboard.call.events import GenesysReported
from dashboard.resilience.analytics import Answer, is_askable
from dashboard.resilience.bounds import MINUTE_S
from dashboard.resilience.genesys_errors import RATE_LIMITED_S

TRIES = 3
"""Requests that one question takes at most, while Genesys is rate limiting or failing."""

_RETRY_S = 1.0  # after the first failure; doubled after the second
_GATEWAY_TIMEOUT_S = 10.0  # after a 504
_SPREAD = 0.25
_LONGEST = 4  # times every_s
_AFTER_END = 5  # times every_s
_KEPT = 20


@dataclass(frozen=True, slots=True)
class Ask:
    """Send the question about this conversation now, `new_token` with a token newer than the last one."""

    conversation_id: str
    new_token: bool = False


@dataclass(slots=True)
class _Poll:
    """Where the questions about one conversation stand; times are monotonic."""

    conversation_id: str
    due_at: float | None
    wait_s: float
    until: float | None = None  # the last question, once the conversation has ended
    tries: int = 0  # of the present question
    new_token: bool = False
    requests: int = 0
    told: GenesysReported | None = None


class Inquiry:
    """Decides about one call's questions; does no I/O and reads no clock.

    The caller sends what `due` asks for, one at a time, and hands in what came of it.
    """

    def __init__(self, call_id: str, every_s: float = MINUTE_S, dice: Callable[[], float] = random.random) -> None:
        self._call_id = call_id
        self._every_s = every_s
        self._dice = dice
        self._polls: dict[str, _Poll] = {}  # the newest last
        self._current: _Poll | None = None

    def about(self, conversation_id: str, now: float) -> GenesysReported | None:
        """The call belongs to this conversation; returns what is known of it, None where nothing changes."""
        if self._current is not None and self._current.conversation_id == conversation_id:
            return None
        poll = self._polls.pop(conversation_id, None) or self._new(conversation_id, now)
        self._polls[conversation_id] = self._current = poll
        if len(self._polls) > _KEPT:
            del self._polls[next(iter(self._polls))]
        return poll.told

    def due(self, now: float) -> Ask | None:
        """Return the question to send now, if any."""
        poll = self._current
        if poll is None or poll.due_at is None or poll.due_at > now:
            return None
        return Ask(poll.conversation_id, poll.new_token)

    def next_deadline(self) -> float | None:
        """Return when `due` will next have a question."""
        return None if self._current is None else self._current.due_at

    def answered(self, ask: Ask, answer: Answer, now: float) -> GenesysReported | None:
        """Take what came of a question; returns the fact, None when the call has left that conversation meanwhile."""
        poll = self._polls.get(ask.conversation_id)
        if poll is None:
            return None
        poll.requests += 1
        poll.tries += 1
        self._schedule(poll, answer, now)
        poll.told = self._told(poll, answer, now)
        return poll.told if poll is self._current else None

    def _new(self, conversation_id: str, now: float) -> _Poll:
        askable = is_askable(conversation_id)
        poll = _Poll(conversation_id, now if askable else None, self._every_s)
        what = "the session names no conversation that could be asked about"
        poll.told = GenesysReported(
            self._call_id,
            now,
            conversation_id,
            GenesysVerdict.UNKNOWN,
            ("asked, no answer yet",) if askable else (),
            error="" if askable else what,
            again_at=poll.due_at,
        )
        return poll

    def _schedule(self, poll: _Poll, answer: Answer, now: float) -> None:
        again_s = self._retry_s(poll, answer)
        poll.new_token = again_s is not None and answer.status == 401
        if again_s is not None:
            poll.due_at = now + max(again_s, answer.pause_s)
            return
        poll.tries = 0
        ended = answer.record is not None and answer.record.ended is not None
        if ended and poll.until is None:
            poll.until, poll.wait_s = now + _AFTER_END * self._every_s, self._every_s
        poll.due_at = now + max(poll.wait_s, answer.pause_s)
        poll.wait_s = min(2 * poll.wait_s, _LONGEST * self._every_s)
        if poll.until is not None:
            poll.due_at = None if now >= poll.until else min(poll.due_at, poll.until)

    def _retry_s(self, poll: _Poll, answer: Answer) -> float | None:
        """Return how long to wait before the same question is tried again, None if it is not."""
        status = answer.status or 0
        if status == 401:
            return None if poll.new_token else 0.0
        if poll.tries >= TRIES or not (status == 429 or status >= 500):
            return None
        wait_s = answer.retry_after_s
        if wait_s is None:
            doubled_s = (RATE_LIMITED_S if status == 429 else _RETRY_S) * 2 ** (poll.tries - 1)
            wait_s = max(doubled_s, _GATEWAY_TIMEOUT_S if status == 504 else 0.0)
        return wait_s * (1 + _SPREAD * self._dice())  # spread, or all that were refused come back at once

    def _told(self, poll: _Poll, answer: Answer, now: float) -> GenesysReported:
        return GenesysReported(
            self._call_id,
            now,
            poll.conversation_id,
            answer.verdict,
            answer.reasons,
            answer.record,
            answer.error,
            answer.status,
            answer.correlation_id,
            poll.requests,
            poll.due_at,
        )
