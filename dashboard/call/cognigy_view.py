"""A call to a Cognigy endpoint, as folded state: `CognigyView`, which `cognigy_steps.py` makes."""

from __future__ import annotations

from dataclasses import dataclass, field

from dashboard.frozen import replace
from dashboard.media.tail import Tail

COGNIGY = ("cognigy", "cognigy-rest")
"""The dialects' names."""


@dataclass(frozen=True, slots=True)
class CognigyView:
    """Who speaks, and how the wire does. Seconds; None until the endpoint was ready for the first time.

    ready_s: from the opening of the connection until the endpoint said that it is ready, None where it does not say so.
    engine: the version of Engine.IO, None over HTTP. rtts: (at, round trip) of Engine.IO's own pings. finished,
    unfinished: turns whose end the endpoint has told, and those whose end was waited for in vain.
    """

    user_id: str | None = None
    test_mode: bool | None = None
    ready_s: float | None = None
    engine: int | None = None
    typing: bool = False
    rtts: Tail[tuple[float, float]] = field(default_factory=lambda: Tail(600))
    finished: int = 0
    unfinished: int = 0


def disconnected(view: CognigyView | None) -> CognigyView | None:
    """No connection is open any more: nobody types."""
    return None if view is None else replace(view, typing=False)


def mode_words(view: CognigyView) -> str:
    """Return what an utterance costs."""
    return "test mode" if view.test_mode else "billed, and in Cognigy's analytics"
