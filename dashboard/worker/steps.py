"""What a link has ordered and waits for: a token, an address, a connection. One at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from dashboard.call.events import Cause
from dashboard.resilience.link import Outcome
from dashboard.resilience.retry import Failure, LinkError

T = TypeVar("T")

Input = Callable[[], Sequence[Outcome]]
"""What happened elsewhere, as the task that owns the link takes it: called there, it moves the machine."""


class Steps:
    """Runs the step under way; its answer comes as an input."""

    def __init__(
        self,
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[Any]],
        tell: Callable[[Input], None],
        failed: Callable[[Failure], Sequence[Outcome]],
    ) -> None:
        self._spawn = spawn
        self._tell = tell
        self._failed = failed
        self._under_way: asyncio.Task[Any] | None = None

    def begin(
        self,
        work: Callable[[], Awaitable[T]],
        answer: Callable[[T], Sequence[Outcome]],
        unwanted: Callable[[T], None] = lambda _: None,
    ) -> asyncio.Task[Any]:
        """Start a step. Its answer counts only while it is the one under way; what comes too late is `unwanted`."""

        async def step() -> None:
            try:
                result = await work()
            except LinkError as error:
                failure = error.failure
            except Exception as error:
                failure = Failure(Cause.UNEXPECTED, f"unexpected {type(error).__name__}")
            else:
                self._conclude(task, lambda: answer(result), lambda: unwanted(result))
                return
            self._conclude(task, lambda: self._failed(failure), lambda: None)

        self.cancel()
        self._under_way = task = self._spawn(step())
        return task

    def cancel(self) -> None:
        """Give up the step under way, if there is one."""
        if self._under_way is not None:
            self._under_way.cancel()
            self._under_way = None

    def _conclude(self, task: asyncio.Task[Any], take: Input, refuse: Callable[[], None]) -> None:
        def answered() -> Sequence[Outcome]:
            if self._under_way is not task:
                refuse()
                return ()
            self._under_way = None
            return take()

        self._tell(answered)
