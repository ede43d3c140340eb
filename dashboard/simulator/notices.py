"""What Genesys Cloud's Notifications API tells of a call, as messages and as answers of its REST side."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from dashboard.simulator.analytics import DisconnectType
from dashboard.simulator.dialogue import Turn
from dashboard.simulator.faults import Seconds, SomeSeconds
from dashboard.simulator.voices import Placed

CUSTOMER, BOT = "0a0a0a0a-0000-4000-8000-000000000001", "0a0a0a0a-0000-4000-8000-000000000002"
TOPIC_LIMIT = 1000
CHANNEL_LIMIT = 20

_ORGANIZATION = "00000000-0000-4000-8000-000000000000"
_LEG = "0b0b0b0b-0000-4000-8000-000000000001"
_NEEDED = {"transcription": "conversation:transcription:view", "events": "analytics:conversationDetail:view"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """How the call is told by notifications: `[notifications]`. Times are seconds."""

    transcripts_after_s: Seconds = 3.0
    """How long after an utterance its transcript comes; Genesys takes about 35 s, with low latency 3 to 5."""
    heartbeat_s: SomeSeconds = 30.0
    channel_life_s: SomeSeconds = 86_400.0
    """How long a channel lives after its topics were subscribed."""
    rejected: tuple[Literal["transcription", "events"], ...] = ()
    """Topics that the OAuth client may not have."""
    conversation: Literal["told", "forbidden", "unknown"] = "told"
    """What comes of asking how the conversation stands."""
    topic_limit: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = TOPIC_LIMIT
    """Topics that a channel takes."""


def is_transcription(topic: str) -> bool:
    return topic.endswith(".transcription")


def channel_topic(topic: str, notices: Notices) -> dict[str, Any]:
    """Return what is said of a topic that was asked for."""
    kind = "transcription" if is_transcription(topic) else "events"
    told: dict[str, Any] = {"id": topic, "state": "Permitted", "selfUri": f"/api/v2/notifications/{topic}"}
    if kind in notices.rejected:
        told |= {"state": "Rejected", "rejectionReason": "missing permissions", "missingPermissions": [_NEEDED[kind]]}
    return told


def message(topic: str, body: dict[str, Any]) -> bytes:
    """Return a message as it goes over the wire."""
    return json.dumps({"topicName": topic, "version": "2", "eventBody": body, "metadata": {}}).encode()


def metadata(said: str) -> bytes:
    return message("channel.metadata", {"message": said})


def system(what: str, channel_id: str, reason: str) -> bytes:
    """Return a message of the notification service about itself."""
    name = "v2.system.socket_closing" if what == "socket_closing" else f"v2.system.{what}.{channel_id}"
    return message(name, {"channelId": channel_id, "systemTopicType": what, "reason": reason, "message": reason})


def transcript(conversation_id: str, number: int, turn: Turn, placed: Placed, began_wall: float) -> bytes:
    """Return the transcript of a turn of a conversation that began at `began_wall` (Unix time)."""
    start_ms = round(began_wall * 1000)
    offset_ms, lasts_ms = round(placed.start_s * 1000), round(placed.clip.duration_s * 1000)
    said = {
        "confidence": turn.confidence if turn.confidence is not None else 0.91,
        "offsetMs": offset_ms,
        "durationMs": lasts_ms,
        "transcript": turn.words().lower().rstrip(".?!"),
        "decoratedTranscript": turn.words(),
        "words": [],
    }
    utterance = {
        "utteranceId": f"u-{number}",
        "isFinal": True,
        "channel": "EXTERNAL" if turn.who == "caller" else "INTERNAL",
        "engineProvider": "GENESYS",
        "engineId": "r2d2",
        "dialect": "en-US",
        "alternatives": [said],
    }
    return _transcription(conversation_id, began_wall, [utterance], offset_ms + lasts_ms, "SESSION_ONGOING", start_ms)


def transcription_ended(conversation_id: str, began_wall: float, at_s: float) -> bytes:
    start_ms = round(began_wall * 1000)
    return _transcription(conversation_id, began_wall, [], round(at_s * 1000), "SESSION_ENDED", start_ms)


def _transcription(
    conversation_id: str, began_wall: float, transcripts: list[Any], offset_ms: int, status: str, start_ms: int
) -> bytes:
    body = {
        "eventTime": _iso(began_wall + offset_ms / 1000),
        "organizationId": _ORGANIZATION,
        "conversationId": conversation_id,
        "communicationId": _LEG,
        "sessionStartTimeMs": start_ms,
        "transcriptionStartTimeMs": start_ms,
        "transcripts": transcripts,
        "status": {"offsetMs": offset_ms, "status": status},
    }
    return message(f"v2.conversations.{conversation_id}.transcription", body)


def event(conversation_id: str, what: str, participant: str, wall: float, **more: Any) -> bytes:
    """Return an event of the conversation, such as customer.start; names and numbers are in it as in a real one."""
    body = {
        "eventTime": round(wall * 1000),
        "conversationId": conversation_id,
        "participantId": participant,
        "sessionId": _LEG,
        "mediaType": "VOICE",
        "provider": "Edge",
        "direction": "INBOUND",
        "ani": "tel:+4930901820",
        "dnis": "tel:+498005550100",
        "callbackUserName": "Jo Doe",
        **more,
    }
    return message(f"v2.detail.events.conversation.{conversation_id}.{what}", body)


def disconnected(disconnect_type: DisconnectType) -> str:
    """Return a disconnect type as events write it: TRANSPORT_FAILURE for transportFailure."""
    return "".join(f"_{char}" if char.isupper() else char.upper() for char in disconnect_type)


def conversation(
    conversation_id: str, *, held: bool, ended: DisconnectType | None, began_wall: float
) -> dict[str, Any]:
    """Return how the conversation stands."""
    state = {"state": "connected" if ended is None else "disconnected", "direction": "inbound"}
    over = {} if ended is None else {"disconnectType": ended}
    recording = {"recording": True, "recordingState": "paused" if held else "active"}
    caller = {**state, **over, **recording, "id": _LEG, "held": held, "muted": False, "self": {"name": "Jo Doe"}}
    bot = {**state, **over, "id": "0b0b0b0b-0000-4000-8000-000000000002", "held": False, "muted": False}
    return {
        "id": conversation_id,
        "startTime": _iso(began_wall),
        "participants": [
            {"id": CUSTOMER, "purpose": "customer", "name": "Jo Doe", "address": "tel:+4930901820", "calls": [caller]},
            {"id": BOT, "purpose": "ivr", "name": "Parcel tracking", "calls": [bot]},
        ],
    }


def _iso(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
