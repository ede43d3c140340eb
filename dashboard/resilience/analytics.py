"""Genesys' analytics of a conversation (genesys-cloud.md, 4; appfoundry.md, 9) as requests to send and replies to read.

Whatever comes back is an `Answer`: what cannot be read or was refused is one without a record. Names and numbers of
people (`participantName`, `ani`, `dnis`) are never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote

from dashboard.call.conversation import GenesysLeg, GenesysRecord, GenesysVerdict
from dashboard.call.genesys import assess, has_voice, is_troubled, telling
from dashboard.resilience.exchange import Reply, Request, bad_reply, json_object
from dashboard.resilience.genesys_errors import asked_wait_s, correlation_id, missing_permissions
from dashboard.resilience.oauth import Token
from dashboard.resilience.retry import RETRY_AFTER_LIMIT_S, Failure, LinkError, Step
from dashboard.wiretext import clean

Query = Literal["details", "tutorial"]
"""The API's own request, or the one of the AppFoundry tutorials, which only mocks understand."""

PERMISSIONS = ("analytics:conversationDetail:view", "analytics:agentConversationDetail:view")
"""Either of them is enough for the details."""

_LEGS = 20
_SESSIONS = 500  # of a record that are read: the call's own loop waits meanwhile
_TUTORIAL_SPAN_S = 3600.0
_NEARLY_USED = 0.8  # of a rate limit: its OAuth client may not be ours alone
_TEXT = 100
_CODES = 5
_COUNT_LIMIT = 2**53
_LATEST = 253_402_300_799.0  # the end of year 9999: what a datetime can hold

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one question; `retry_after_s` is how long a refusal asks to wait.

    pause_s: how long to ask nothing, since most of the rate limit is used: until it begins anew.
    """

    verdict: GenesysVerdict
    reasons: tuple[str, ...] = ()
    record: GenesysRecord | None = None
    error: str = ""
    status: int | None = None
    retry_after_s: float | None = None
    correlation_id: str = ""
    pause_s: float = 0.0


def is_askable(conversation_id: str) -> bool:
    """Tell whether this can be the id of a conversation: what goes into a path holds nothing that means more there."""
    return _ID.fullmatch(conversation_id) is not None


def analytics_request(query: Query, base_url: str, conversation_id: str, token: Token, wall: float) -> Request:
    """Write the question about one conversation; `wall` is Unix time, for queries that name an interval."""
    headers = {"Accept": "application/json", "Authorization": f"Bearer {token.value.reveal()}"}
    base = f"{base_url.rstrip('/')}/api/v2/analytics/conversations"
    if query == "details":
        return Request(Step.ANALYTICS, "GET", f"{base}/{quote(conversation_id, safe='')}/details", headers)
    body = {
        "interval": f"{_iso(wall - _TUTORIAL_SPAN_S)}/{_iso(wall)}",
        "view": "summary",
        "entity": {"id": conversation_id},
        "groupBy": [],
        "metrics": ["conversation.duration", "conversation.errors"],
    }
    return Request(Step.ANALYTICS, "POST", f"{base}/details/query", headers, json=body)


def read_analytics(query: Query, conversation_id: str, reply: Reply) -> Answer:
    """Read the reply to a question."""
    return replace(_read(query, conversation_id, reply), pause_s=_pause_s(reply.headers))


def unfetched(failure: Failure) -> Answer:
    """Return the answer where there was no reply, none that can be read, or no token to ask with."""
    return Answer(GenesysVerdict.UNKNOWN, error=failure.detail)


def _read(query: Query, conversation_id: str, reply: Reply) -> Answer:
    if reply.status != 200:
        return _refusal(reply)
    try:
        fields = json_object(Step.ANALYTICS, reply.body)
        return _details(conversation_id, fields) if query == "details" else _tutorial(fields)
    except LinkError as error:
        return unfetched(error.failure)


def _pause_s(headers: Mapping[str, str]) -> float:
    """Return how long the rate limit's window still lasts once four fifths of it are used; else 0."""
    try:
        used, allowed, reset_s = (float(headers[f"ININ-RateLimit-{name}"]) for name in ("Count", "Allowed", "Reset"))
    except (KeyError, ValueError):
        return 0.0
    if not used >= _NEARLY_USED * allowed > 0 or not reset_s > 0:
        return 0.0
    return min(reset_s, RETRY_AFTER_LIMIT_S)


# -- refusals -------------------------------------------------------------------------------------------


def _refusal(reply: Reply) -> Answer:
    if reply.status == 404:
        why = ("not indexed yet (404)",)
        return Answer(GenesysVerdict.UNKNOWN, why, status=404, correlation_id=correlation_id(reply.headers))
    return Answer(
        GenesysVerdict.UNKNOWN,
        error=_refusal_words(reply),
        status=reply.status,
        retry_after_s=asked_wait_s(reply),
        correlation_id=correlation_id(reply.headers),
    )


def _refusal_words(reply: Reply) -> str:
    match reply.status:
        case 401:
            return "token rejected (401): it is from another region, or its OAuth client lacks roles"
        case 403:
            wanted = " and ".join(missing_permissions(reply)) or " or ".join(PERMISSIONS)
            return f"permission missing (403): give a role of the OAuth client {wanted}"
        case 429:
            return "rate limited (429)"
        case status if status >= 500:
            return f"analytics unavailable ({status})"
    return f"analytics answered {reply.status}"


# -- the tutorials' reply -------------------------------------------------------------------------------


def _tutorial(fields: dict[str, Any]) -> Answer:
    entity = next(_objects(fields.get("entities")), {})
    metrics = entity.get("metrics")
    if not isinstance(metrics, dict):
        return Answer(GenesysVerdict.UNKNOWN, ("no data yet",), status=200)
    errors = _count(metrics.get("conversation.errors"))
    duration_s = _number(metrics.get("conversation.duration"), 0.0, _LATEST)
    if errors is None:
        return Answer(GenesysVerdict.UNKNOWN, ("no data yet",), status=200)
    record = GenesysRecord(errors=errors, duration_s=duration_s)
    return Answer(*assess(record), record, status=200)


# -- the API's reply ------------------------------------------------------------------------------------


def _details(conversation_id: str, fields: dict[str, Any]) -> Answer:
    if _text(fields.get("conversationId")).lower() != conversation_id.lower():
        raise bad_reply(Step.ANALYTICS, "is not about the conversation that was asked for")
    sessions = [
        (participant, session)
        for participant in _objects(fields.get("participants"))
        for session in _objects(participant.get("sessions"))
    ]
    legs = [_leg(participant, session) for participant, session in sessions[:_SESSIONS]]
    legs.sort(key=_weight)  # stable: the record's own order among equals
    began, ended = _moment(fields.get("conversationStart")), _moment(fields.get("conversationEnd"))
    record = GenesysRecord(
        began=began,
        ended=ended,
        duration_s=max(0.0, ended - began) if began is not None and ended is not None else None,
        errors=_total(leg.errors for leg in legs),
        min_mos=_least(_mos(fields.get("mediaStatsMinConversationMos")), *(leg.min_mos for leg in legs)),
        min_r_factor=_least(
            _r_factor(fields.get("mediaStatsMinConversationRFactor")), *(leg.min_r_factor for leg in legs)
        ),
        legs=tuple(legs[:_LEGS]),
        legs_left_out=max(0, len(sessions) - _LEGS),
    )
    return Answer(*assess(record), record, status=200)


def _leg(participant: dict[str, Any], session: dict[str, Any]) -> GenesysLeg:
    segments = list(_objects(session.get("segments")))
    stats = list(_objects(session.get("mediaEndpointStats")))
    flow = session.get("flow")
    errors = (metric.get("value") for metric in _objects(session.get("metrics")) if metric.get("name") == "nError")
    latency_ms = [_number(one.get("maxLatencyMs"), 0.0, 1e9) for one in stats]
    return GenesysLeg(
        purpose=_text(participant.get("purpose")) or "unknown",
        media_type=_text(session.get("mediaType")),
        disconnect_type=telling(_text(one.get("disconnectType")) for one in segments),
        error_code=telling(_text(one.get("errorCode")) for one in segments),
        sip_codes=_sip_codes(segments),
        errors=_total(_count(value) for value in errors),
        flow=_text(flow.get("flowName")) if isinstance(flow, dict) else "",
        codecs=tuple(dict.fromkeys(text for one in stats for text in map(_text, _list(one.get("codecs"))) if text))[
            :_CODES
        ],
        min_mos=_least(*(_mos(one.get("minMos")) for one in stats)),
        min_r_factor=_least(*(_r_factor(one.get("minRFactor")) for one in stats)),
        max_latency_s=max((ms / 1000 for ms in latency_ms if ms is not None), default=None),
        received=_total(_count(one.get("receivedPackets")) for one in stats),
        discarded=_total(_count(one.get("discardedPackets")) for one in stats),
        overrun=_total(_count(one.get("overrunPackets")) for one in stats),
        underrun=_total(_count(one.get("underrunPackets")) for one in stats),
        duplicate=_total(_count(one.get("duplicatePackets")) for one in stats),
        invalid=_total(_count(one.get("invalidPackets")) for one in stats),
    )


def _weight(leg: GenesysLeg) -> int:
    """Put what decides on the verdict first: voice that had trouble, then voice, then the rest."""
    if not has_voice(leg):
        return 2
    return 0 if is_troubled(leg) else 1


def _sip_codes(segments: Iterable[dict[str, Any]]) -> tuple[int, ...]:
    codes = (_count(code) for one in segments for code in _list(one.get("sipResponseCodes")))
    return tuple(dict.fromkeys(code for code in codes if code is not None and 100 <= code < 700))[:_CODES]


# -- values of a peer that may send anything --------------------------------------------------------------


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    return (item for item in _list(value) if isinstance(item, dict))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    plain = value.isalpha() and value.isascii() and len(value) <= _TEXT  # most are: nothing in it to redact
    return value if plain else clean(value, _TEXT)


def _number(value: Any, least: float, most: float) -> float | None:
    if type(value) not in (int, float) or not least <= value <= most:  # NaN is neither
        return None
    return float(value)


def _count(value: Any) -> int | None:
    number = _number(value, 0, _COUNT_LIMIT)
    return None if number is None else int(number)


def _mos(value: Any) -> float | None:
    return _number(value, 1.0, 5.0)  # ITU-T P.800


def _r_factor(value: Any) -> float | None:
    return _number(value, 0.0, 100.0)  # ITU-T G.107


def _moment(value: Any) -> float | None:
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        moment = datetime.fromisoformat(value)
        wall = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return wall if 0.0 <= wall < _LATEST else None


def _total(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _least(*values: float | None) -> float | None:
    return min((value for value in values if value is not None), default=None)


def _iso(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
