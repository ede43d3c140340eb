"""Conversations that are followed, told fact by fact."""

from __future__ import annotations

from dataclasses import replace

from dashboard.call import notification_events as ne
from dashboard.call.events import Speaker
from dashboard.call.notice_view import NOTIFICATIONS
from dashboard.call.state import CallState
from tests.builders import Story

TOPICS = ("transcription", "customer.start", "customer.end")


def followed(*, refused: tuple[str, ...] = (), age_s: float = 4.0, lost: str = "", seconds: float = 60.0) -> CallState:
    """A conversation of `seconds`, an utterance told every 5 s."""
    story = Story()
    story.call = replace(story.call, dialect=NOTIFICATIONS)
    story.connect()
    call_id = story.call.call_id
    topics = tuple(topic for topic in TOPICS if not any(why.startswith(topic) for why in refused))
    story.fact(ne.ChannelSubscribed(call_id, story.now, "1f2e3d4c", topics, refused, story.now + 86_400, True))
    for second in range(round(seconds)):
        story.wait(1.0)
        if second % 10 == 0:
            story.fact(ne.HeartbeatReceived(call_id, story.now))
        if lost and second == 20:
            story.fact(ne.SubscriptionLost(call_id, story.now, lost))
        if second % 5 == 0 and "transcription" in topics:
            told = (f"u-{second}", "leg", Speaker.CALLER, f"word {second}", True, 0.9, age_s, 1.0)
            story.fact(ne.SpeechTranscribed(call_id, story.now, *told))
    return story.call
