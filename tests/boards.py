"""Calls as a board shows them: good ones, bad ones, and one that is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from dashboard.call.door_view import DoorView
from dashboard.call.events import Cause, LinkState
from dashboard.call.hook_events import DOOR, ProbeAnswered, UpgradeRefused
from dashboard.call.state import Calls, CallState
from tests.builders import START, Story

URL = "wss://listen.example.test/audiohook"


def clear(call_id: str, seconds: float = 12.0) -> Story:
    """A call without fault."""
    story = Story(call_id)
    story.connect()
    _talk(story, seconds)
    story.ping(0.03)
    return story


def silent(call_id: str) -> Story:
    """A call without sound."""
    story = Story(call_id)
    story.connect()
    return story


def choppy(call_id: str) -> Story:
    """A call that stalls now and then."""
    story = clear(call_id, 6.0)
    for _ in range(3):
        story.stall(0.5)
        _talk(story, 2.0)
    return story


def down(call_id: str) -> Story:
    """A call that is lost and waits."""
    story = clear(call_id, 8.0)
    story.drop()
    story.enter(LinkState.WAITING, Cause.ABNORMAL_CLOSURE, attempt=2, wait_s=60.0)
    story.wait(4.0)
    return story


def over(call_id: str) -> Story:
    """A call that has ended."""
    story = clear(call_id, 9.0)
    story.end("closed: end")
    return story


def _talk(story: Story, seconds: float) -> None:
    for turn in range(round(seconds / 2)):
        caller, bot = (-22.0, -65.0) if turn % 2 else (-65.0, -21.0)
        story.listen(2.0, caller_dbfs=caller, bot_dbfs=bot)


def named(story: Story, conversation: str) -> CallState:
    """Return the call, with the id of its conversation."""
    return replace(story.call, conversation_id=conversation)


def of(*calls: CallState) -> Calls:
    return MappingProxyType({call.call_id: call for call in calls})


def mixed() -> Calls:
    """Six calls: two in trouble, one of them down; one is over."""
    return of(
        named(clear("call-1"), "0a3f6c1e-5b2d-4c77-9a10-3d5e8f7b2c41"),
        named(choppy("call-2"), "1b7d2e90-8f44-4e0a-b6c2-7a9d1e3f5c62"),
        named(over("call-3"), "2c9e4f11-0a55-4f1b-87d3-8bae2f4a6d73"),
        named(clear("call-4"), "3daf5022-1b66-402c-98e4-9cbf305b7e84"),
        named(down("call-5"), "4eb06133-2c77-413d-a9f5-adc0416c8f95"),
        named(clear("call-6"), "5fc17244-3d88-424e-ba06-bed1527d90a6"),
    )


def door(*, refused: Mapping[str, int] | None = None, now: float = START + 14.0) -> DoorView:
    """A door that has been open for a while."""
    seen = DoorView(URL, signed=True, started_at=START - 60, wall=1_900_000_000.0 - 60, now=now)
    seen = replace(seen, lags=seen.lags.append((now, 0.002)), probes=3, probe=ProbeAnswered(DOOR, START, 0.004))
    if not refused:
        return seen
    return replace(
        seen,
        refused=MappingProxyType(dict(refused)),
        refusal=UpgradeRefused(DOOR, now - 2.0, 401, next(iter(refused)), "made 90 s ago"),
    )
