"""Facts that only a Cognigy endpoint yields."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.call.terms import Event


@dataclass(frozen=True, slots=True)
class EndpointReady(Event):
    """Utterances may be said, `took_s` after the connection was opened, in the session of `SessionStarted`.

    announced: the endpoint said so; False: it is an older one, or one for single requests. engine: the version of
    Engine.IO that it speaks, None over HTTP. test_mode: what is said is not billed and not in Cognigy's analytics.
    """

    user_id: str
    test_mode: bool
    took_s: float
    announced: bool
    engine: int | None = None


@dataclass(frozen=True, slots=True)
class EnginePinged(Event):
    """Engine.IO's own ping was answered."""

    rtt_s: float


@dataclass(frozen=True, slots=True)
class Acknowledged(Event):
    """We have answered what asked to be acknowledged: the connection was not idle."""


@dataclass(frozen=True, slots=True)
class TypingChanged(Event):
    """The bot shows that it types, or no more."""

    typing: bool


@dataclass(frozen=True, slots=True)
class TurnFinished(Event):
    """The endpoint says that the bot has finished this turn; `how` in its words, such as "regular"."""

    how: str


@dataclass(frozen=True, slots=True)
class TurnTimedOut(Event):
    """Within `waited_s` of an utterance the endpoint has not said that the bot has finished: nobody waits any more."""

    waited_s: float


@dataclass(frozen=True, slots=True)
class InputRefused(Event):
    """The endpoint answered an utterance with an HTTP error. `arrived`: None = it may have reached the flow."""

    why: str
    arrived: bool | None
