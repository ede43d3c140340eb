"""Carries an idle search out: silent on one connection, and after each cut on a new one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dashboard.clock import Clock
from dashboard.doctor.hearing import Hearing
from dashboard.doctor.idle import IdleSearch
from dashboard.doctor.steps import StepResult
from dashboard.resilience.retry import LinkError


class Silence:
    """`dial` opens another connection like the first one; `pong_s` is how long a pong may take."""

    def __init__(
        self, search: IdleSearch, dial: Callable[[], Awaitable[Hearing]], *, clock: Clock, pong_s: float
    ) -> None:
        self._search = search
        self._dial = dial
        self._clock = clock
        self._pong_s = pong_s

    async def keep(self, hearing: Hearing, tell: Callable[[StepResult], None]) -> None:
        """Search to the end, and tell each pause. Raises nothing: a connection that cannot be had ends the search."""
        try:
            await hearing.ping(self._pong_s)  # from now on we are silent
            while (pause_s := self._search.next_pause_s()) is not None:
                result, alive = await self._pause(hearing, pause_s)
                tell(result)
                if not alive and self._search.next_pause_s() is not None:
                    hearing = await self._dial()
                    await hearing.ping(self._pong_s)
        except LinkError as error:
            self._search.left_off = error.failure.detail

    async def _pause(self, hearing: Hearing, pause_s: float) -> tuple[StepResult, bool]:
        """Return what came of a pause, and whether the connection is still there."""
        began, before = self._clock.monotonic(), hearing.messages
        end = await hearing.end(pause_s)
        self._search.inbound += hearing.messages - before
        if end is not None:
            return self._search.ended(self._clock.monotonic() - began, end.detail), False
        try:
            rtt_s = await hearing.ping(self._pong_s)
        except LinkError as error:
            return self._search.unanswered(pause_s, error.failure.detail), False
        return self._search.survived(pause_s, rtt_s), True
