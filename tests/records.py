"""Genesys' records as its analytics API writes them, and the facts that come of them."""

from __future__ import annotations

import json
from typing import Any

from dashboard.call.events import GenesysReported
from dashboard.resilience.analytics import read_analytics
from dashboard.resilience.exchange import Reply

CONVERSATION = "7be0c7d2-1111-4222-8333-9a9a9a9a9a9a"


def segment(**fields: Any) -> dict[str, Any]:
    return {"segmentType": "interact", "segmentStart": "2030-03-17T17:46:40.000Z", **fields}


def session(*segments: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"sessionId": "leg", "mediaType": "voice", "segments": list(segments) or [segment()], **fields}


def participant(purpose: str, *sessions: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"participantId": "p", "purpose": purpose, "sessions": list(sessions), **fields}


def media(**fields: Any) -> dict[str, Any]:
    usual = {
        "codecs": ["audio/opus"],
        "minMos": 4.4,
        "minRFactor": 91.5,
        "maxLatencyMs": 64,
        "receivedPackets": 9000,
        "discardedPackets": 27,
        "overrunPackets": 7,
        "underrunPackets": 20,
        "duplicatePackets": 1,
        "invalidPackets": 0,
    }
    return {**usual, **fields}


def record(*participants: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "conversationId": CONVERSATION,
        "conversationStart": "2030-03-17T17:46:40.000Z",
        "participants": list(participants),
        **fields,
    }


def healthy(**fields: Any) -> dict[str, Any]:
    """A call that goes on and sounds well."""
    caller = session(mediaEndpointStats=[media()], ani="tel:+4930901820", dnis="tel:+498005550100")
    return record(participant("customer", caller, participantName="Jo Doe"), **fields)


def broken(**fields: Any) -> dict[str, Any]:
    """A call that sounded poor to the caller and broke after three minutes."""
    end = segment(segmentEnd="2030-03-17T17:49:52.000Z", disconnectType="transportFailure")
    caller = session(
        {**end, "errorCode": "error.ininedgecontrol.connection.media.timeout", "sipResponseCodes": [200, 408]},
        mediaEndpointStats=[media(minMos=2.91, minRFactor=57.3, maxLatencyMs=412, discardedPackets=333)],
    )
    bot = session(
        segment(segmentEnd="2030-03-17T17:49:52.000Z", disconnectType="peer"),
        flow={"flowName": "Parcel tracking", "flowType": "BOT"},
        metrics=[{"name": "nError", "value": 2}, {"name": "tFlow", "value": 181000}],
    )
    return record(
        participant("customer", caller, participantName="Jo Doe"),
        participant("botflow", bot),
        conversationEnd="2030-03-17T17:49:52.000Z",
        **fields,
    )


def reply(body: Any, status: int = 200, **fields: Any) -> Reply:
    return Reply(status, json.dumps(body).encode(), **fields)


def reported(body: Any, call_id: str, at: float, *, status: int = 200, **fields: Any) -> GenesysReported:
    """The fact that comes of a reply to the API's own request."""
    answer = read_analytics("details", CONVERSATION, reply(body, status))
    told = {"requests": 3, "again_at": at + 46.0, **fields}
    return GenesysReported(
        call_id, at, CONVERSATION, answer.verdict, answer.reasons, answer.record, answer.error, answer.status, **told
    )
