"""What a Cognigy endpoint's own facts do to a call: `CognigyView`, a part of `CallState`. Pure steps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dashboard.call.cognigy_events import EndpointReady
from dashboard.media.tail import Tail


@dataclass(frozen=True, slots=True)
class CognigyView:
    """Who speaks, and how the wire does. Seconds.

    ready: the endpoint that utterances go to now; None before the first. rtts: (at, round trip) of Engine.IO's own
    pings. finished, unfinished: turns whose end the endpoint has told, and those whose end was waited for in vain.
    """

    ready: EndpointReady | None = None
    typing: bool = False
    rtts: Tail[tuple[float, float]] = field(default_factory=lambda: Tail(600))
    finished: int = 0
    unfinished: int = 0


def disconnected(view: CognigyView | None) -> CognigyView | None:
    """No connection is open any more: nobody types."""
    return None if view is None else replace(view, typing=False)


def ready_words(ready: EndpointReady) -> str:
    """Return how an endpoint got ready, and who speaks to it."""
    took = f" after {ready.took_s * 1000:.0f} ms" if ready.announced else ""
    unsaid = "" if ready.announced or ready.engine is None else ", which it did not say itself"
    return f"ready{took}{unsaid}: user {ready.user_id}, {mode_words(ready)}"


def mode_words(ready: EndpointReady) -> str:
    """Return what an utterance costs."""
    return "test mode" if ready.test_mode else "billed, and in Cognigy's analytics"
