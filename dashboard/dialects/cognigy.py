"""A Cognigy endpoint over Socket.IO: test utterances in, the bot's outputs out (protocol: Cognigy/SocketClient).

Nothing is said before `endpoint-ready`, after each connect; an older endpoint, which never says that, is spoken to
`READY_S` after the connect. An error that comes before that is a refusal, for nothing was said yet that it could be
about. There are no request ids: what comes belongs to the utterance before it, so the next one waits for `finalPing`,
or until `turn_limit_s` have gone by.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from dashboard.call.cognigy_events import (
    Acknowledged,
    EndpointReady,
    EnginePinged,
    TurnFinished,
    TurnTimedOut,
    TypingChanged,
)
from dashboard.call.events import Cause, ErrorReceived, Event, MalformedReceived, SessionStarted, UnknownReceived
from dashboard.dialects.base import HangUp, Item, Problem
from dashboard.dialects.cognigy_output import IntentKeys, OutputReader
from dashboard.dialects.fields import UnreadableError
from dashboard.dialects.socketio import Connected, Emitted, Heard, Left, Ponged, Refused, SocketIo, Unknown

CONNECT_S = 10.0
"""A server that has not connected the namespace by then is not going to."""
READY_S = 3.0
EXCERPT = 160
KIND_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who speaks to which endpoint, in which session; `url_token` is the only credential.

    turn_limit_s: after that a bot that has not finished its turn is waited for no more. ping_s: how often Engine.IO is
    pinged at least, so that its pong keeps the link from looking stale.
    """

    url_token: str = field(repr=False)
    session_id: str
    user_id: str = "callscope"
    conversation_id: str = ""
    channel: str = "callscope"
    test_mode: bool = True
    intent_keys: IntentKeys = (("data", "intent"), ("data", "intentScore"))
    turn_limit_s: float = 30.0
    ping_s: float = 15.0
    engine: int = 3

    def socket_url(self, host: str) -> str:
        """Return the address to dial at `host`, an address with scheme ws or wss, with everything in its query."""
        parts = urlsplit(host)
        query = {
            "urlToken": self.url_token,
            "userId": self.user_id,
            "sessionId": self.session_id,
            "testMode": _flag(self.test_mode),
            "emitWithAck": "true",
            "EIO": str(self.engine),
            "transport": "websocket",
        }
        path = f"{parts.path.rstrip('/')}/socket.io/"
        return urlunsplit((parts.scheme, parts.netloc, path, urlencode(query, quote_via=quote), ""))

    def request_url(self, host: str) -> str:
        """Return the address to post utterances to at `host`, an address with scheme http or https."""
        test = "/test" if self.test_mode else ""
        return f"{host.rstrip('/')}{test}/{quote(self.url_token, safe='')}"


class OpenTurn:
    """The one utterance whose turn the bot has not finished yet."""

    def __init__(self, call_id: str, limit_s: float) -> None:
        self._call_id = call_id
        self._limit_s = limit_s
        self._due: float | None = None
        self.waits = False

    def begin(self) -> None:
        """An utterance is about to be sent."""
        self.waits, self._due = True, None

    def sent(self, now: float) -> None:
        self._due = now + self._limit_s

    def end(self) -> None:
        """The bot has finished, or nobody waits any more."""
        self.waits, self._due = False, None

    def tick(self, now: float) -> list[Event]:
        """Give up waiting when it is time."""
        if self._due is None or now < self._due:
            return []
        self.end()
        return [TurnTimedOut(self._call_id, now, self._limit_s)]


class Cognigy:
    """Reads and writes the frames of one call."""

    def __init__(self, endpoint: Endpoint, call_id: str) -> None:
        self.call_id = call_id
        self.hang_up: HangUp | None = None
        self._endpoint = endpoint
        self._read = OutputReader(call_id, endpoint.intent_keys, endpoint.url_token)
        self._turn = OpenTurn(call_id, endpoint.turn_limit_s)
        self._wire = SocketIo(endpoint.engine, endpoint.ping_s)
        self._opened_at = 0.0
        self._connected_at: float | None = None
        self._ready = False
        self._was_ready = False  # on this connection or one before
        self._acknowledges = False

    # -- what the owner of the socket calls -----------------------------------------------------------------

    @property
    def may_speak(self) -> bool:
        return self._ready and not self._turn.waits

    def opened(self, now: float) -> None:
        self._wire = SocketIo(self._endpoint.engine, self._endpoint.ping_s)
        self._turn.end()
        self.hang_up = None
        self._opened_at, self._connected_at, self._ready = now, None, False

    def receive(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        try:
            heard = self._wire.receive(data, text=text, at=at)
            return [*self._facts(heard, len(data), at)]
        except UnreadableError as error:
            excerpt = data[:EXCERPT].decode("utf-8", "replace") if text else data[:16].hex(" ")
            shown = self._read.hidden(excerpt, EXCERPT)
            return [MalformedReceived(self.call_id, at, error.problem.value, shown, len(data))]

    def utterance(self, text: str, session_id: str, wall: float) -> str:
        self._turn.begin()
        endpoint = self._endpoint
        return self._wire.emit(
            "processInput",
            {
                "URLToken": endpoint.url_token,
                "userId": endpoint.user_id,
                "sessionId": endpoint.session_id,
                "channel": endpoint.channel,
                "source": "device",
                "passthroughIP": None,
                "resetFlow": False,
                "text": text,
                "data": {},
            },
        )

    def reconnect(self, session_id: str, wall: float) -> None:
        """Say nothing: it is the address that names the session."""

    def said(self, now: float) -> None:
        self._turn.sent(now)

    def tick(self, now: float) -> list[Event]:
        self._wire.tick(now)
        facts: list[Event] = [Acknowledged(self.call_id, now)] if self._acknowledges else []
        self._acknowledges = False
        if self._connected_at is None and now >= self._opened_at + CONNECT_S:
            self.hang_up = HangUp(Cause.TIMEOUT, f"no Socket.IO connect within {CONNECT_S:g} s", final=False)
        if self._connected_at is not None and not self._ready and now >= self._connected_at + READY_S:
            return [*facts, *self._begin(now, announced=False)]
        return [*facts, *self._turn.tick(now)]

    def to_send(self, now: float) -> list[str]:
        return self._wire.to_send(now)

    # -- what the wire says ---------------------------------------------------------------------------------

    def _facts(self, heard: Heard, size: int, at: float) -> list[Event]:
        match heard:
            case Connected():
                self._connected_at = at
            case Ponged(rtt_s):
                return [EnginePinged(self.call_id, at, rtt_s)]
            case Refused(detail):
                return self._complained(detail, at)
            case Left():
                when = "" if self._ready else " before it was ready"
                why = f"the endpoint ended the session's connection{when}"
                self.hang_up = HangUp(Cause.GOING_AWAY, why, final=False)
            case Unknown(kind):
                return [UnknownReceived(self.call_id, at, kind, size)]
            case Emitted(name, arguments, ack):
                return self._event(name, arguments, ack, size, at)
        return []

    def _event(self, name: str, arguments: list[Any], ack: int | None, size: int, at: float) -> list[Event]:
        if name == "handshake":
            if ack is not None:
                self._wire.acknowledge(ack, self._identity())
            return []
        if ack is not None:
            self._wire.acknowledge(ack)
            self._acknowledges = True
        reader = _READERS.get(name)
        if reader is None:
            return [UnknownReceived(self.call_id, at, self._read.hidden(name, KIND_LIMIT), size)]
        return reader(self, arguments[0] if arguments else None, at)

    def _identity(self) -> dict[str, Any]:
        endpoint = self._endpoint
        return {
            "userId": endpoint.user_id,
            "sessionId": endpoint.session_id,
            "urlToken": endpoint.url_token,
            "testMode": endpoint.test_mode,
            "emitWithAck": True,
        }

    def _complained(self, detail: str, at: float) -> list[Event]:
        """Tell an error: one that comes too early to be about an utterance is about us, or about this connection."""
        said = self._read.hidden(detail)
        if not self._ready:
            told = f"the endpoint refuses: {said}" if said else "the endpoint refuses the connection"
            self.hang_up = HangUp(Cause.ENDPOINT_REFUSED, told, final=not self._was_ready)
        return [ErrorReceived(self.call_id, at, said or "refused")]

    def _endpoint_ready(self, payload: Any, at: float) -> list[Event]:
        return [] if self._ready else self._begin(at, announced=True)

    def _begin(self, at: float, *, announced: bool) -> list[Event]:
        self._ready = self._was_ready = True
        endpoint, took_s = self._endpoint, max(0.0, at - self._opened_at)
        version = self._wire.version
        return [
            SessionStarted(self.call_id, at, endpoint.session_id, endpoint.conversation_id),
            EndpointReady(self.call_id, at, endpoint.user_id, endpoint.test_mode, took_s, announced, version),
        ]

    def _output(self, payload: Any, at: float) -> list[Event]:
        if not isinstance(payload, dict):
            raise UnreadableError(Problem.NOT_AN_OBJECT)
        kind, data = payload.get("type"), payload.get("data")
        if kind == "finalPing":  # Cognigy 3
            return self._final_ping(data, at)
        if not isinstance(data, dict):
            raise UnreadableError(Problem.MISSING_FIELD if data is None else Problem.WRONG_TYPE)
        if kind == "output":
            return self._read.facts(data, at)
        if kind == "error":
            return self._exception(data.get("error"), at)
        return [UnknownReceived(self.call_id, at, f"output {self._read.hidden(str(kind), KIND_LIMIT)}", 0)]

    def _final_ping(self, payload: Any, at: float) -> list[Event]:
        self._turn.end()
        how = payload.get("type") if isinstance(payload, dict) else None
        return [TurnFinished(self.call_id, at, self._read.hidden(how, KIND_LIMIT) if isinstance(how, str) else "")]

    def _typing(self, payload: Any, at: float) -> list[Event]:
        status = payload.get("status") if isinstance(payload, dict) else None
        if not isinstance(status, str):
            raise UnreadableError(Problem.MISSING_FIELD if status is None else Problem.WRONG_TYPE)
        return [TypingChanged(self.call_id, at, status in ("typingOn", "on"))]

    def _exception(self, payload: Any, at: float) -> list[Event]:
        said = payload.get("message") if isinstance(payload, dict) else payload
        return self._complained(said if isinstance(said, str) else json.dumps(payload), at)


_READERS: dict[str, Callable[[Cognigy, Any, float], list[Event]]] = {
    "endpoint-ready": Cognigy._endpoint_ready,
    "output": Cognigy._output,
    "finalPing": Cognigy._final_ping,
    "typingStatus": Cognigy._typing,
    "exception": Cognigy._exception,
    "error": Cognigy._exception,
}


def _flag(on: bool) -> str:
    return "true" if on else "false"
