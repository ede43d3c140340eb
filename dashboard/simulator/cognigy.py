"""Cognigy played by the bot host: one endpoint over Socket.IO 2 (Engine.IO 3), and over REST."""

from __future__ import annotations

import asyncio
import json
import math
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from dashboard.clock import Clock
from dashboard.simulator.faults import Abort, Close, NoFinalPing, NoReady
from dashboard.simulator.flow import Output, reply_to
from dashboard.simulator.garbage import MESSAGES, as_event
from dashboard.simulator.performance import CALL_ENDED, Performance, Permit
from dashboard.simulator.session import Session
from dashboard.transport.listener import Frame, FrameKind, Peer, Reply, Request, Upgrade

URL_TOKEN = "4be1c0de" * 8
SOCKET_PATH = "/socket.io/"
PING_INTERVAL_S, PING_TIMEOUT_S = 25.0, 5.0

_READY_AFTER_S = 0.1
_HANGS_S = 3600.0
_OPEN_END = Permit(math.inf, 1000)
_PINGLESS = Close(kind="close", at_s=0, code=1005)

Admit = Callable[[], Awaitable[Reply | None]]
"""Turns a client away where a fault says so."""


class CognigyHost:
    """The endpoint with the token `URL_TOKEN`. `session_of` returns the session of an id, begun or gone on with."""

    def __init__(self, clock: Clock, turned_away: Admit, session_of: Callable[[str], Session]) -> None:
        self._clock = clock
        self._turned_away = turned_away
        self._session_of = session_of
        self._posted_at: dict[str, float] = {}

    async def answer(self, request: Request) -> Reply | Upgrade | None:
        """Answer a request that is for Cognigy; None: it is not."""
        if request.path == SOCKET_PATH:
            return await self._admit(request)
        if request.method == "POST" and request.path.strip("/").count("/") <= 1:
            token = request.path.rpartition("/")[2]
            if request.path in (f"/{token}", f"/test/{token}"):
                return await self._turned_away() or await self._post(token, request)
        return None

    # -- Socket.IO --------------------------------------------------------------------------------------

    async def _admit(self, request: Request) -> Reply | Upgrade:
        if not request.wants_websocket:
            return Reply.of_json({"code": 0, "message": "Transport unknown"}, 400)
        if refusal := await self._turned_away():
            return refusal
        query = request.query
        if query.get("urlToken") != URL_TOKEN or not query.get("sessionId") or not query.get("userId"):
            return Upgrade(_refuse)
        return Upgrade(lambda peer: self._serve(peer, query["sessionId"]))

    async def _serve(self, peer: Peer, session_id: str) -> None:
        session = self._session_of(session_id)
        opened_s = self._clock.monotonic() - session.began
        try:
            await _greet(peer)
            await Conversation(session, peer, _OPEN_END, self._clock, opened_s, lambda *_: None).run(None)
        except ConnectionError:
            return  # the peer left while we were speaking

    # -- REST -------------------------------------------------------------------------------------------

    async def _post(self, token: str, request: Request) -> Reply:
        if token != URL_TOKEN:
            return Reply.of_json({"error": "Endpoint not found"}, 404)
        match _read(request.body):
            case {"userId": str(user_id), "sessionId": str(session_id), "text": str(text)} if text:
                return await self._reply(self._session_of(session_id), user_id, text)
        return Reply.of_json({"error": "text or data is missing"}, 400)

    async def _reply(self, session: Session, user_id: str, text: str) -> Reply:
        at_s = self._clock.monotonic() - session.began
        since_s, self._posted_at[session.session_id] = self._posted_at.get(session.session_id, 0.0), at_s
        happened = [part.what for part in session.happening_between(since_s, at_s)]
        garbage = next((what for what in happened if isinstance(what, str)), None)
        reply = None if session.bot_is_silent(at_s) else reply_to(session.scenario, text)
        await asyncio.sleep(_HANGS_S if reply is None else session.plan.released_s(at_s + reply.finished_s) - at_s)
        assert reply is not None
        if garbage is not None:
            return Reply(500 if garbage.startswith("error") else 200, MESSAGES[garbage](), "application/json")
        stack = [_stacked(output) for output in reply.outputs]
        joined = " ".join(output.text for output in reply.outputs)
        data = stack[-1]["data"] if stack else {}
        return Reply.of_json(
            {
                "text": joined,
                "data": data,
                "outputStack": stack,
                "userId": user_id,
                "sessionId": session.session_id,
            }
        )


class Conversation(Performance):
    """One connection of a session: utterances are answered, and what the scenario says goes wrong."""

    def _jobs(self, first: Frame | None) -> list[Coroutine[Any, Any, Abort | Close | None]]:
        self._acks = 0
        self._pinged_at = self._clock.monotonic()
        talk = [self._get_ready(), self._happen(), self._listen(first), self._end_in_time(), self._expect_pings()]
        return [*talk, self._cut_when_idle(), self._cut_when_old()]

    async def _get_ready(self) -> None:
        await asyncio.sleep(_READY_AFTER_S)
        if self._session.plan.constant(NoReady) is None:
            await self._send(b'42["endpoint-ready"]')
        await asyncio.get_running_loop().create_future()

    async def _happen(self) -> Abort | Close:
        for part in self._session.happening_from(self._opened_s):
            await self._until(part.at_s)
            if isinstance(part.what, Abort | Close):
                return part.what
            if isinstance(part.what, str):
                await self._send(as_event(MESSAGES[part.what]()))
        return await self._end_in_time()

    async def _end_in_time(self) -> Close:
        length_s = self._session.length_s
        if length_s is None:
            await asyncio.get_running_loop().create_future()
        await self._until(length_s or 0.0)
        return CALL_ENDED

    async def _expect_pings(self) -> Close:
        """Drop a client that does not ping, as Engine.IO 3 does."""
        while True:
            rest_s = self._pinged_at + PING_INTERVAL_S + PING_TIMEOUT_S - self._clock.monotonic()
            if rest_s <= 0:
                return _PINGLESS
            await asyncio.sleep(rest_s)

    async def _take(self, frame: Frame) -> None:
        if frame.kind is not FrameKind.TEXT:
            await super()._take(frame)
        elif frame.data == b"2":
            self._pinged_at = self._clock.monotonic()
            await self._send(b"3")
        elif (text := _utterance(frame.data)) is not None:
            self._begin(self._play_turn(text))

    async def _play_turn(self, text: str) -> None:
        at_s = self._now_s()
        reply = None if self._session.bot_is_silent(at_s) else reply_to(self._session.scenario, text)
        if reply is None:
            return
        await self._say(at_s + 0.02, "typingStatus", {"status": "typingOn"})
        for output in reply.outputs:
            await self._say(at_s + output.at_s, "output", {"type": "output", "data": output.fields()}, acked=True)
        await self._say(at_s + reply.finished_s, "typingStatus", {"status": "typingOff"})
        if not any(self._session.plan.active(NoFinalPing, at_s)):
            await self._say(at_s + reply.finished_s, "finalPing", {"type": "regular"}, acked=True)

    async def _say(self, at_s: float, name: str, payload: dict[str, Any], *, acked: bool = False) -> None:
        await self._until(self._session.plan.released_s(at_s))
        number = ""
        if acked:
            number, self._acks = str(self._acks), self._acks + 1
        await self._send(f"42{number}{json.dumps([name, payload])}".encode())


async def _greet(peer: Peer) -> None:
    times = {"pingInterval": round(PING_INTERVAL_S * 1000), "pingTimeout": round(PING_TIMEOUT_S * 1000)}
    await peer.send(f"0{json.dumps({'sid': uuid.uuid4().hex[:20], 'upgrades': [], **times})}")
    await peer.send("40")


async def _refuse(peer: Peer) -> None:
    """Refuse the namespace, as Socket.IO words what a middleware throws."""
    await peer.send('0{"sid":"refused","upgrades":[],"pingInterval":25000,"pingTimeout":5000}')
    await peer.send('44"Invalid URL token"')
    while await peer.receive() is not None:
        continue


def _utterance(data: bytes) -> str | None:
    match _read(data.removeprefix(b"42")):
        case ["processInput", {"URLToken": token, "text": str(text)}] if token == URL_TOKEN:
            return text
    return None


def _read(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _stacked(output: Output) -> dict[str, Any]:
    trace = f"endpoint-httpIncomingMessage-{uuid.uuid4()}"
    return {**output.fields(), "traceId": trace, "disableSensitiveLogging": False, "source": "bot"}
