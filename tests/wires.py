"""A call on each wire, as its screen is to show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from dashboard.call import cognigy_events as ce
from dashboard.call import events as ev
from dashboard.call import hook_events as he
from dashboard.call.hook_view import CONNECTOR
from dashboard.call.state import CallState
from dashboard.call.tap_events import TapMeasured
from dashboard.call.tap_view import CLIENT, UPSTREAM
from tests.builders import Story, dialogue
from tests.scenarios.notices import followed


def on(dialect: str) -> Story:
    """A call that has been opened on a wire."""
    story = Story()
    story.call = replace(story.call, dialect=dialect)
    story.connect()
    return story


@cache
def audiohook() -> CallState:
    story = on("audiohook")
    call_id = story.call.call_id
    story.fact(he.HookOffered(call_id, story.now, "org", "participant", "correlation", ("PCMU 8000 external",)))
    story.fact(he.HookAccepted(call_id, story.now, 0.004, "PCMU 8000 external+internal", ("caller", "agent")))
    for speaks in range(7):
        caller, agent = (-22.0, -65.0) if speaks % 2 else (-65.0, -21.0)
        story.listen(2.0, caller_dbfs=caller, bot_dbfs=agent)
    return story.call


@cache
def connector() -> CallState:
    story = on(CONNECTOR)
    call_id = story.call.call_id
    story.fact(he.HookOffered(call_id, story.now, "org", "participant", "correlation", ("PCMU 8000 external",)))
    story.fact(he.HookAccepted(call_id, story.now, 0.0123, "PCMU 8000 external", ("caller",)))
    dialogue(story)
    story.fact(he.PlaybackMeasured(call_id, story.now, 2.5, 0.0, 1.4, 0, 0.0, 7))
    return story.call


@cache
def tapped() -> CallState:
    story = on("appfoundry")
    call_id = story.call.call_id
    dialogue(story)
    for side, size, held_s in ((CLIENT, 120, 0.0002), (UPSTREAM, 349_000, 0.0004)):
        story.fact(TapMeasured(call_id, story.now, side, size, 2, 2, held=(held_s,) * 4))
    return story.call


def cognigy(dialect: str = "cognigy") -> CallState:
    story = on(dialect)
    call_id = story.call.call_id
    story.fact(ce.EndpointReady(call_id, story.now, "callscope", True, 0.1, announced=True, engine=3))
    for number, said in enumerate(("Where is my parcel?", "Number twelve, please."), start=1):
        story.fact(ev.UtteranceHeld(call_id, story.now, number, said))
        story.fact(ev.UtteranceSent(call_id, story.now, number, said))
        story.wait(0.9)
        story.fact(ev.TextReceived(call_id, story.now, "I can look that up."))
        story.wait(0.3)
        story.fact(ce.TurnFinished(call_id, story.now, "regular"))
    return story.call


WIRES: dict[str, Callable[[], CallState]] = {
    "audiohook": audiohook,
    "connector": connector,
    "tapped": tapped,
    "notifications": cache(followed),
    "cognigy": cache(cognigy),
    "cognigy-rest": cache(lambda: cognigy("cognigy-rest")),
}
