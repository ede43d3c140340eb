"""What Genesys Cloud's own record says of a call, as its analytics API and as the AppFoundry tutorials word it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from dashboard.simulator.faults import Ratio, Seconds, SomeSeconds

DETAILS = "/api/v2/analytics/conversations/"
QUERY = "/api/v2/analytics/conversations/details/query"
PERMISSION = "analytics:conversationDetail:view"

_PACKETS_PER_S = 50
_NO_ONE = "00000000-0000-4000-8000-000000000000"

DisconnectType = Literal[
    "client", "conferenceTransfer", "consultTransfer", "dndEndpoint", "dndTransfer", "endpoint", "error",
    "forwardTransfer", "inactivity", "noAnswerTransfer", "notAvailableTransfer", "other", "peer", "sessionExpired",
    "spam", "system", "takeover", "timeout", "transfer", "transportFailure", "uncallable",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Analytics:
    """The record of each call: `[analytics]`. Times are seconds since the session began."""

    indexed_after_s: Seconds = 0.0
    """Until then there is no record: 404."""
    figures_after_s: Seconds = 0.0
    """Until then the record has no figures of the media; Genesys Cloud adds them when a session has ended."""
    ends_after_s: SomeSeconds | None = None
    """When the conversation is over by its record; without it, when the bot ends the call."""
    disconnect_type: DisconnectType = "peer"
    """How it ended."""
    error_code: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    errors: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] = 0
    min_mos: Annotated[float, Field(strict=True, ge=1, le=5)] = 4.41
    min_r_factor: Annotated[float, Field(strict=True, ge=0, le=100)] = 92.8
    max_latency_s: Seconds = 0.042
    discarded: Ratio = 0.001
    """Share of the packets that came too early or too late."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A call as far as a record is concerned: seconds since it began, and at which of them the bot ended it."""

    conversation_id: str
    age_s: float
    over_s: float | None


def details(figures: Analytics, call: Conversation, wall: float) -> dict[str, Any] | None:
    """Return the record of a call at `wall` (Unix time); None while it is not indexed."""
    age_s = call.age_s
    if age_s < figures.indexed_after_s:
        return None
    began, ended_s = wall - age_s, _ended_s(figures, call)
    caller = _session("caller", figures, began, ended_s)
    caller |= {"ani": "tel:+4930901820", "dnis": "tel:+498005550100", "direction": "inbound"}
    bot = _session("bot", figures, began, ended_s)
    bot |= {
        "flow": {"flowId": _NO_ONE, "flowName": "Parcel tracking", "flowType": "BOT"},
        "metrics": [
            {"name": "nBotInteractions", "value": 3, "emitDate": _iso(wall)},
            *([{"name": "nError", "value": figures.errors, "emitDate": _iso(wall)}] if figures.errors else []),
        ],
    }
    record: dict[str, Any] = {
        "conversationId": call.conversation_id,
        "conversationStart": _iso(began),
        "originatingDirection": "inbound",
        "divisionIds": [_NO_ONE],
        "participants": [
            {"participantId": _NO_ONE, "participantName": "Jo Doe", "purpose": "customer", "sessions": [caller]},
            {"participantId": _NO_ONE, "purpose": "botflow", "sessions": [bot]},
        ],
    }
    if ended_s is not None:
        record["conversationEnd"] = _iso(began + ended_s)
    if age_s >= figures.figures_after_s:
        record["mediaStatsMinConversationMos"] = figures.min_mos
        record["mediaStatsMinConversationRFactor"] = figures.min_r_factor
        caller["mediaEndpointStats"] = [_media(figures, age_s if ended_s is None else ended_s, wall)]
    return record


def tutorial_metrics(figures: Analytics, call: Conversation | None) -> dict[str, Any]:
    """Return the reply to the tutorials' query; it names no entity while there is no such call or no record of it."""
    if call is None or call.age_s < figures.indexed_after_s:
        return {"entities": []}
    ended_s = _ended_s(figures, call)
    metrics = {
        "conversation.duration": round(call.age_s if ended_s is None else ended_s, 3),
        "conversation.errors": figures.errors,
    }
    return {"entities": [{"id": call.conversation_id, "metrics": metrics}]}


def queried(body: bytes) -> str | None:
    """Return the conversation that a tutorial's query asks about; None for a body that is none."""
    try:
        fields = json.loads(body)
        asked = fields["entity"]["id"]
        well_formed = {"interval", "view", "groupBy", "metrics"} <= set(fields)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return asked if well_formed and isinstance(asked, str) else None


def _ended_s(figures: Analytics, call: Conversation) -> float | None:
    if figures.ends_after_s is not None and call.age_s >= figures.ends_after_s:
        return figures.ends_after_s
    return call.over_s


def _session(name: str, figures: Analytics, began: float, ended_s: float | None) -> dict[str, Any]:
    segment: dict[str, Any] = {"segmentType": "interact", "segmentStart": _iso(began), "conference": False}
    if ended_s is not None:
        segment |= {"segmentEnd": _iso(began + ended_s), "disconnectType": figures.disconnect_type}
        if figures.error_code is not None:
            segment["errorCode"] = figures.error_code
    return {"sessionId": f"leg-{name}", "mediaType": "voice", "provider": "Edge", "segments": [segment]}


def _media(figures: Analytics, lasted_s: float, wall: float) -> dict[str, Any]:
    received = max(1, round(lasted_s * _PACKETS_PER_S))
    discarded = round(received * figures.discarded)
    return {
        "codecs": ["audio/PCMU"],
        "eventTime": _iso(wall),
        "minMos": figures.min_mos,
        "minRFactor": figures.min_r_factor,
        "maxLatencyMs": round(figures.max_latency_s * 1000),
        "receivedPackets": received,
        "discardedPackets": discarded,
        "overrunPackets": discarded // 2,
        "underrunPackets": discarded - discarded // 2,
        "duplicatePackets": 0,
        "invalidPackets": 0,
    }


def _iso(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
