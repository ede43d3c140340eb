"""Tells the steps of an examination, without the secrets that a peer may have echoed, and ends it at a failure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn, TypeVar

from dashboard.clock import Clock
from dashboard.doctor import answers
from dashboard.doctor.steps import Check, Place, StepResult
from dashboard.resilience.retry import LinkError
from dashboard.resilience.secret import Secret

Tell = Callable[[StepResult], None]
Answer = TypeVar("Answer")

SECRET_LENGTH = 6
"""A shorter one would be found in innocent words."""


class Stopped(Exception):
    """A check failed, and was told."""


class Teller:
    """Hands every step to `listener`."""

    def __init__(self, listener: Tell, clock: Clock) -> None:
        self._listener = listener
        self._clock = clock
        self._secrets: list[str] = []

    def keep_secret(self, secret: Secret) -> None:
        """Never tell this."""
        if len(secret.reveal()) >= SECRET_LENGTH:
            self._secrets.append(secret.reveal())

    def tell(self, result: StepResult) -> None:
        self._listener(_without(result, self._secrets))

    def fail(self, result: StepResult) -> NoReturn:
        """Tell the failure in which the examination ends."""
        self.tell(result)
        raise Stopped

    async def timed(self, check: Check, place: Place, asking: Awaitable[Answer]) -> tuple[Answer, float]:
        """Return the answer and how long it took, seconds; a LinkError ends the examination."""
        began = self._clock.monotonic()
        try:
            return await asking, self._clock.monotonic() - began
        except LinkError as error:
            self.fail(answers.failed(check, error.failure, place, self._clock.monotonic() - began))


def _without(result: StepResult, secrets: Sequence[str]) -> StepResult:
    """Return a result in which no secret stands that a peer may have echoed."""

    def hidden(value: Any) -> Any:
        if isinstance(value, str):
            for secret in secrets:
                value = value.replace(secret, "***")
            return value
        if isinstance(value, Mapping):
            return {key: hidden(item) for key, item in value.items()}
        return [hidden(item) for item in value] if isinstance(value, list) else value

    told = result.diagnosis
    diagnosis = told and replace(told, words=hidden(told.words), remedy=hidden(told.remedy))
    return replace(result, detail=hidden(result.detail), facts=hidden(result.facts), diagnosis=diagnosis)
