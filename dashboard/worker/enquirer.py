"""Asks Genesys about the call's conversation, beside the line: one request at a time, and whatever fails is a fact."""

from __future__ import annotations

import asyncio

from dashboard.call.events import Cause, GenesysReported
from dashboard.call.ports import Emit
from dashboard.clock import Clock
from dashboard.resilience.analytics import Answer, Query, read_analytics, unfetched
from dashboard.resilience.inquiry import Ask, Inquiry
from dashboard.resilience.retry import Failure, LinkError
from dashboard.worker.network import Network


class Enquirer:
    """Carries out what an `Inquiry` decides. `conversation_id`, where given, goes before the one of the session."""

    def __init__(
        self, query: Query, inquiry: Inquiry, network: Network, clock: Clock, conversation_id: str | None = None
    ) -> None:
        self._query = query
        self._inquiry = inquiry
        self._network = network
        self._clock = clock
        self._fixed = conversation_id
        self._news: asyncio.Queue[str] = asyncio.Queue()
        if conversation_id is not None:
            self._news.put_nowait(conversation_id)

    def session_started(self, conversation_id: str) -> None:
        """The call's session belongs to this conversation."""
        if self._fixed is None:
            self._news.put_nowait(conversation_id)

    async def run(self, emit: Emit) -> None:
        """Ask until cancelled."""
        while True:
            ask = self._inquiry.due(self._now())
            if ask is None:
                fact = await self._wait()
            else:
                answer = await self._answer(ask)
                fact = self._inquiry.answered(ask, answer, self._now())
            if fact is not None:
                emit(fact)

    async def _wait(self) -> GenesysReported | None:
        """Wait for another conversation or for the next question."""
        due = self._inquiry.next_deadline()
        try:
            async with asyncio.timeout(None if due is None else max(0.0, due - self._now())):
                conversation_id = await self._news.get()
        except TimeoutError:
            return None
        return self._inquiry.about(conversation_id, self._now())

    async def _answer(self, ask: Ask) -> Answer:
        network = self._network
        try:
            token = await (network.renewed_token() if ask.new_token else network.token(None))
            reply = await network.analytics(self._query, ask.conversation_id, token)
            return read_analytics(self._query, ask.conversation_id, reply)
        except LinkError as error:
            return unfetched(error.failure)
        except Exception as error:  # whatever is wrong with the figures, the call goes on
            return unfetched(Failure(Cause.UNEXPECTED, f"unexpected {type(error).__name__}"))

    def _now(self) -> float:
        return self._clock.monotonic()
