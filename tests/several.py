"""Several calls that one store holds, told fact by fact."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import merge
from operator import attrgetter

from dashboard.bus.store import Store
from dashboard.call.events import Cause, ClosedBy, Event, LinkState
from dashboard.call.state import Calls
from tests.builders import Story


class Told(Story):
    """A story that keeps its facts."""

    def __init__(self, call_id: str) -> None:
        self.facts: list[Event] = []
        super().__init__(call_id)

    def fact(self, event: Event) -> None:
        super().fact(event)
        self.facts.append(event)


def call_back(
    number: int,
    down_s: float,
    *,
    lost_s: float = 2.0,
    by_operator: bool = False,
    cause: Cause = Cause.ABNORMAL_CLOSURE,
) -> Told:
    """A call that is lost after `lost_s` and is back after `down_s`."""
    story = Told(f"call-{number}")
    story.connect(takes_s=0.1)
    _talk(story, lost_s)
    if by_operator:
        story.drop(Cause.OPERATOR, code=1001, closed_by=ClosedBy.US)
    else:
        story.drop(cause)
    story.enter(LinkState.WAITING, Cause.ABNORMAL_CLOSURE, attempt=2, wait_s=down_s)
    story.wait(down_s)
    story.connect(attempt=2, takes_s=0.1)
    _talk(story, 20.0 - down_s)
    return story


def steady(number: int, *, seconds: float = 22.0) -> Told:
    """A call to which nothing happens."""
    story = Told(f"steady-{number}")
    story.connect(takes_s=0.1)
    _talk(story, seconds)
    return story


def _talk(story: Story, seconds: float) -> None:
    """Caller and bot speak in turns."""
    until, turn = story.now + seconds, 0
    while story.now < until - 0.05:
        caller, bot = (-22.0, -65.0) if turn % 2 else (-65.0, -21.0)
        story.listen(min(2.0, until - story.now), caller_dbfs=caller, bot_dbfs=bot)
        turn += 1


def held_together(stories: Sequence[Told]) -> Calls:
    """The calls as a store has them that gets the facts of all, in the order of time."""
    store = Store()
    for fact in merge(*(story.facts for story in stories), key=attrgetter("at")):
        store.put(fact)
    return store.snapshot()
