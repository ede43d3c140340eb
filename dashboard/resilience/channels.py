"""A notification channel (genesys-cloud.md, 3) as requests to send and replies to read.

The address of a channel's socket opens it without a token, and so does its id: both are secrets, and neither gets into
an error's text. Names and numbers of people are never read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from dashboard.call.events import Cause
from dashboard.call.party import Party, disconnect_word
from dashboard.resilience.applookup import is_dialable
from dashboard.resilience.exchange import Reply, Request, bad_reply, json_object
from dashboard.resilience.genesys_errors import RATE_LIMITED_S, asked_wait_s, missing_permissions
from dashboard.resilience.oauth import Token
from dashboard.resilience.retry import Failure, LinkError, Step, status_cause
from dashboard.resilience.secret import Secret
from dashboard.wiretext import clean

LIFE_S = 86_400.0
"""A channel lives so long from its making, and from each subscription of its topics."""

CHANNEL_LIMIT = 20
"""Channels of one OAuth client; one more ends the one that was used longest ago."""

TRANSCRIPTION = "transcription"
EVENTS = (
    "customer.start",
    "customer.end",
    "flow.start",
    "flow.end",
    "acd.start",
    "acd.end",
    "user.start",
    "user.end",
    "acw",
)
"""Parts of `v2.detail.events.conversation.{id}.…`; a user is an agent, acd a queue, acw the wrap-up."""

PERMISSIONS = {
    Step.CONVERSATION: "conversation:communication:view",
    Step.SUBSCRIPTION: "conversation:transcription:view and analytics:conversationDetail:view",
}

_PARTIES = 50
_TEXT = 100
_CHANNEL_ID = re.compile(r"[A-Za-z0-9._~-]{1,200}")
_GONE = ("disconnected", "terminated")


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel: `name` may be shown. expires_at: monotonic. owner: the token that it was made with."""

    id: Secret
    address: Secret
    name: str
    expires_at: float
    owner: Token
    life_s: float = LIFE_S

    @property
    def renew_at(self) -> float:
        """When to subscribe its topics again: an hour before its end, or a fifth of its life if that is less."""
        return self.expires_at - min(3600.0, 0.2 * self.life_s)

    def renewed(self, now: float) -> Channel:
        """Return it as it is once its topics have been subscribed at `now`."""
        return replace(self, expires_at=now + self.life_s)


@dataclass(frozen=True, slots=True)
class Subscribed:
    """What came of a subscription, topics by their short names; `refused` in words, each with why."""

    topics: tuple[str, ...]
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """How a conversation stands. over: nobody is connected any more."""

    parties: tuple[Party, ...]
    over: bool


def topics_of(conversation_id: str) -> dict[str, str]:
    """Return topic → short name of all that is wanted of a conversation."""
    events = {f"v2.detail.events.conversation.{conversation_id}.{event}": event for event in EVENTS}
    return {f"v2.conversations.{conversation_id}.{TRANSCRIPTION}": TRANSCRIPTION, **events}


# -- the channel ----------------------------------------------------------------------------------------


def channel_request(base_url: str, token: Token) -> Request:
    """Write the request for a new channel."""
    return Request(Step.CHANNEL, "POST", f"{base_url.rstrip('/')}/api/v2/notifications/channels", _headers(token))


def channels_request(base_url: str, token: Token) -> Request:
    """Write the question which channels the OAuth client has."""
    place = f"{base_url.rstrip('/')}/api/v2/notifications/channels?includechannels=oauthclient"
    return Request(Step.CHANNEL, "GET", place, _headers(token))


def read_channels(reply: Reply) -> int | None:
    """Return how many channels the client has; None where that is not told."""
    try:
        entities = json_object(Step.CHANNEL, reply.body).get("entities") if reply.status == 200 else None
    except LinkError:
        return None
    return len(entities) if isinstance(entities, list) else None


def read_channel(reply: Reply, token: Token, now: float, wall: float, *, insecure: bool = False) -> Channel:
    """Read the reply; `wall` is Unix time at `now`. Raises LinkError."""
    _refuse(Step.CHANNEL, reply)
    fields = json_object(Step.CHANNEL, reply.body)
    channel_id, address = fields.get("id"), fields.get("connectUri")
    if not isinstance(channel_id, str) or _CHANNEL_ID.fullmatch(channel_id) is None:
        raise bad_reply(Step.CHANNEL, "has no usable id")
    if not isinstance(address, str) or not is_dialable(address, insecure=insecure):
        raise bad_reply(Step.CHANNEL, "has a connectUri that cannot be dialled")
    life_s = _life_s(fields.get("expires"), wall)
    name = hashlib.sha256(channel_id.encode()).hexdigest()[:8]
    return Channel(Secret(channel_id), Secret(address), name, now + life_s, token, life_s)


def subscription_request(base_url: str, channel: Channel, topics: Sequence[str], token: Token) -> Request:
    """Write the request that makes `topics` those of the channel, all others none of it; it lives on from then."""
    place = f"{_subscriptions(base_url, channel)}?ignoreErrors=true"
    body = [{"id": topic} for topic in topics]
    return Request(Step.SUBSCRIPTION, "PUT", place, _headers(token), json=body)


def unsubscription_request(base_url: str, channel: Channel, token: Token) -> Request:
    """Write the request that takes all topics from the channel; the channel itself cannot be removed."""
    return Request(Step.SUBSCRIPTION, "DELETE", _subscriptions(base_url, channel), _headers(token))


def _subscriptions(base_url: str, channel: Channel) -> str:
    return f"{base_url.rstrip('/')}/api/v2/notifications/channels/{quote(channel.id.reveal(), safe='')}/subscriptions"


def read_subscription(reply: Reply, topics: dict[str, str]) -> Subscribed:
    """Read the reply about `topics` (topic → short name). Raises LinkError, also if none of them is permitted."""
    _refuse(Step.SUBSCRIPTION, reply)
    entities = json_object(Step.SUBSCRIPTION, reply.body).get("entities")
    if not isinstance(entities, list):
        raise bad_reply(Step.SUBSCRIPTION, "lists no topics")
    told = {one["id"]: one for one in _objects(entities) if isinstance(one.get("id"), str)}
    refused = {topic: _why_refused(told.get(topic)) for topic in topics}
    words = tuple(f"{topics[topic]}: {why}" for topic, why in refused.items() if why)
    permitted = tuple(topics[topic] for topic, why in refused.items() if not why)
    if not permitted:
        raise LinkError(Failure(Cause.PERMISSION_MISSING, f"no topic is permitted: {words[0]}", 403))
    return Subscribed(permitted, words)


def _why_refused(told: dict[str, Any] | None) -> str:
    if told is None:
        return "not confirmed"
    if told.get("state") != "Rejected":
        return ""
    missing = [_text(one) for one in _list(told.get("missingPermissions"))][:3]
    if missing:
        return f"the OAuth client lacks {' and '.join(missing)}"
    return _text(told.get("rejectionReason")) or "rejected"


# -- the conversation -----------------------------------------------------------------------------------


def conversation_request(base_url: str, conversation_id: str, token: Token) -> Request:
    """Write the question how a conversation stands."""
    place = f"{base_url.rstrip('/')}/api/v2/conversations/{quote(conversation_id, safe='')}"
    return Request(Step.CONVERSATION, "GET", place, _headers(token))


def read_conversation(reply: Reply) -> Conversation:
    """Read the reply; raises LinkError, NOT_FOUND for a conversation that is not known."""
    _refuse(Step.CONVERSATION, reply)
    participants = list(_objects(json_object(Step.CONVERSATION, reply.body).get("participants")))
    parties = tuple(party for one in participants for party in _parties(one))[-_PARTIES:]
    return Conversation(parties, bool(parties) and not any(party.connected for party in parties))


def _parties(participant: dict[str, Any]) -> Iterator[Party]:
    wrap_up = participant.get("wrapup")
    for call in _objects(participant.get("calls")):
        error = call.get("errorInfo")
        recording = _text(call.get("recordingState")) or ("active" if call.get("recording") is True else "")
        yield Party(
            participant_id=_text(participant.get("id")),
            purpose=_text(participant.get("purpose")) or "unknown",
            communication_id=_text(call.get("id")),
            media_type="voice",
            connected=_text(call.get("state")) not in _GONE,
            disconnect_type=disconnect_word(_text(call.get("disconnectType"))),
            held=call.get("held") is True or call.get("confined") is True,
            muted=call.get("muted") is True,
            recording="paused" if call.get("securePause") is True else recording,
            wrap_up=_text(wrap_up.get("code")) if isinstance(wrap_up, dict) else "",
            error_code=_text(error.get("code")) if isinstance(error, dict) else "",
        )


# -- refusals ---------------------------------------------------------------------------------------------


def _refuse(step: Step, reply: Reply) -> None:
    """Raise LinkError unless the reply is a 200; what it says tells no id and no address."""
    if reply.status == 200:
        return
    cause = status_cause(step, reply.status)
    wait_s = asked_wait_s(reply)
    if wait_s is None and cause is Cause.RATE_LIMITED:
        wait_s = RATE_LIMITED_S
    raise LinkError(Failure(cause, _words(step, reply), reply.status, wait_s, reply.headers))


def _words(step: Step, reply: Reply) -> str:
    match reply.status:
        case 403:
            wanted = " and ".join(missing_permissions(reply)) or PERMISSIONS.get(step, "the permissions it needs")
            return f"{step.value}: permission missing (403): give a role of the OAuth client {wanted}"
        case 404 if step is Step.CONVERSATION:
            return "the conversation is not known (404): check its id, the region and the client's divisions"
        case 429:
            return f"{step.value}: rate limited (429)"
        case 400 if step is Step.SUBSCRIPTION and b"limit" in reply.body.lower():
            return "subscription: more topics than a channel takes (400)"
    return f"{step.value} answered {reply.status}"


# -- values of a peer that may send anything ----------------------------------------------------------------


def _headers(token: Token) -> dict[str, str]:
    return {"Accept": "application/json", "Authorization": f"Bearer {token.value.reveal()}"}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    return (item for item in _list(value) if isinstance(item, dict))


def _text(value: Any) -> str:
    return clean(value, _TEXT) if isinstance(value, str) else ""


def _life_s(expires: Any, wall: float) -> float:
    """Return how long the channel lives; a time that cannot be believed counts as none."""
    if not isinstance(expires, str) or len(expires) > 40:
        return LIFE_S
    try:
        moment = datetime.fromisoformat(expires)
        life_s = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - wall
    except (ValueError, OverflowError):
        return LIFE_S
    return life_s if 0.0 < life_s <= LIFE_S else LIFE_S
