"""The bot host: an AppFoundry bot's login, app lookup, WebSocket and analytics, and a Cognigy endpoint, in one process.

It misbehaves as a scenario says.
"""

from __future__ import annotations

import asyncio
import os
import random
import ssl
import uuid
from collections import Counter
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from dashboard.clock import Clock, SystemClock
from dashboard.simulator import messages
from dashboard.simulator.analytics import DETAILS, PERMISSION, QUERY, Conversation, details, queried, tutorial_metrics
from dashboard.simulator.cognigy import URL_TOKEN, CognigyHost
from dashboard.simulator.faults import AppStatus, Refuse, SlowAnalytics, SlowOpen, TokenLife
from dashboard.simulator.notifier import Notifier
from dashboard.simulator.performance import Performance, Permit
from dashboard.simulator.plan import FaultPlan
from dashboard.simulator.refusals import refuse, refuse_login
from dashboard.simulator.scenario import Scenario
from dashboard.simulator.session import Session
from dashboard.simulator.tokens import CLIENT_ID, CLIENT_SECRET, TokenDesk, bearer, credentials, form_fields
from dashboard.simulator.truth import Truth
from dashboard.simulator.voices import Mixer
from dashboard.transport.listener import Frame, FrameKind, Listener, Peer, Reply, Request, Upgrade

APP_ID = "parcel-bot"
DEFAULT_SEED = 1
RESUME_WAIT_S = 0.3
"""How long a new connection may take to say that it continues a session, once there has been one."""

_SESSION_KEPT_S = 300.0
_TOKEN_LIFE = TokenLife(kind="token_life", expires_in_s=3600)
_UNKNOWN_SESSION = (4404, "no such session")

Limited = TypeVar("Limited", Refuse, SlowOpen, SlowAnalytics)


class BotHost:
    """Serves one scenario to any number of clients.

    `seed` decides every random thing of the scenario; without one each run is the same. `truth_path` gets a CSV of
    when each audio frame really left: `sent_s` on the monotonic clock of this machine, `media_s` in its session, and
    the number of the connection.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int | None = None,
        truth_path: Path | None = None,
        tls: ssl.SSLContext | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.scenario = scenario
        self._clock = clock or SystemClock()
        seed = DEFAULT_SEED if seed is None else seed
        self._dice = random.Random(seed)
        self._plan = FaultPlan(
            scenario.faults,
            frame_s=scenario.audio.frame_s,
            frames_per_round=scenario.frames_per_round,
            vary_s=scenario.vary_s,
            seed=seed,
        )
        self._mixer = Mixer(scenario.audio, seed)
        self._notifier = Notifier(
            str(uuid.UUID(int=random.Random(f"conversation {seed}").getrandbits(128), version=4)),
            scenario.notifications,
            self._clock,
            begin=self._followed,
            refusal=self._refusal,
            permitted=self._permit,
        )
        self._listener = Listener(self.answer, host=host, port=port, tls=tls)
        self._secure = tls is not None
        self._tokens = TokenDesk()
        self._truth = Truth(truth_path)
        self._sessions: dict[str, Session] = {}
        self._newest: Session | None = None
        self._peers: dict[str, Peer] = {}
        self._session_count = 0
        self._connections = 0
        self._attempts: Counter[Refuse | SlowOpen | SlowAnalytics] = Counter()
        self._attempts_round = 0
        self._cognigy = CognigyHost(self._clock, self._turned_away, self._session_named)

    # -- life -------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the port. Raises OSError when the address is taken or the truth file cannot be written."""
        self._truth.open()
        try:
            await self._listener.start()
        except OSError:
            self._truth.close()
            raise

    async def stop(self) -> None:
        """Close every connection with 1001 and the port, within a second."""
        await self._listener.stop()
        self._truth.close()

    def ready(self) -> dict[str, Any]:
        """Return what a client needs to know, once started."""
        host = self._listener.host
        place = f"{'[' + host + ']' if ':' in host else host}:{self._listener.port}"
        base_url = f"{'https' if self._secure else 'http'}://{place}"
        return {
            "base_url": base_url,
            "token_url": f"{base_url}/oauth/token",
            "url": f"{'wss' if self._secure else 'ws'}://{place}/ws",
            "app_id": APP_ID,
            "conversation_id": self._notifier.conversation_id,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "cognigy_url": base_url,
            "url_token": URL_TOKEN,
            "scenario": self.scenario.name,
            "pid": os.getpid(),
        }

    # -- HTTP -------------------------------------------------------------------------------------------

    async def answer(self, request: Request) -> Reply | Upgrade:
        """Answer a request, whoever brought it."""
        if Notifier.serves(request):
            return await self._notify(request)
        match request.method, request.path:
            case "POST", "/oauth/token":
                return self._login(request)
            case "GET", path if path == f"/api/v2/appfoundry/applications/{APP_ID}":
                return self._look_up(request)
            case "GET", path if path.startswith("/api/v2/appfoundry/applications/"):
                return refuse(404, "The application does not exist.")
            case "GET", "/ws":
                return await self._admit(request)
            case ("POST", path) if path == QUERY:
                return await self._analyse(request, queried(request.body))
            case "GET", path if path.startswith(DETAILS) and path.endswith("/details"):
                return await self._analyse(request, path.removeprefix(DETAILS).removesuffix("/details"))
        return await self._cognigy.answer(request) or refuse(404)

    def _login(self, request: Request) -> Reply:
        if refusal := self._refusal("token"):
            return refusal
        form = form_fields(request.body)
        if form.get("grant_type") != "client_credentials":
            return refuse_login(400, "unsupported_grant_type", "grant_type must be client_credentials")
        if credentials(request.headers, form) != (CLIENT_ID, CLIENT_SECRET):
            return refuse_login(401, "invalid_client", "client not found or secret wrong")
        life = self._token_life()
        token = self._tokens.grant(self._clock.monotonic(), life.dies_after_s or life.expires_in_s)
        return Reply.of_json({"access_token": token, "token_type": "bearer", "expires_in": life.expires_in_s})

    def _look_up(self, request: Request) -> Reply:
        if refusal := self._refusal("lookup"):
            return refusal
        token = bearer(request.headers)
        if token is None or self._tokens.dies_at(token, self._clock.monotonic()) is None:
            return refuse(401)
        status = next(self._plan.active(AppStatus, self._now_s()), None)
        return Reply.of_json(
            {
                "id": APP_ID,
                "name": "Parcel tracking bot",
                "status": status.status if status is not None else "ACTIVE",
                "websocketUrl": f"{self.ready()['url']}?sig={self._tokens.sign(token)}",
            }
        )

    async def _admit(self, request: Request) -> Reply | Upgrade:
        if not request.wants_websocket:
            return Reply(426, b"this is a WebSocket", headers={"Upgrade": "websocket"})
        if refusal := await self._turned_away():
            return refusal
        now, token = self._clock.monotonic(), bearer(request.headers)
        if token is None and "sig" in request.query:
            token = self._tokens.signed(request.query["sig"], now)
            if token is None:
                return refuse(403, "The signature is not valid or has expired.")
        dies_at = None if token is None else self._tokens.dies_at(token, now)
        if dies_at is None:
            return refuse(401)
        permit = Permit(dies_at, self._token_life().close_code)
        return Upgrade(lambda peer: self._serve(peer, permit))

    async def _turned_away(self) -> Reply | None:
        if slow := self._met(self._plan.active(SlowOpen, self._now_s())):
            await asyncio.sleep(slow.open_s)
        return self._refusal("socket")

    async def _notify(self, request: Request) -> Reply | Upgrade:
        if request.wants_websocket and (refusal := await self._turned_away()):
            return refusal
        return self._notifier.answer(request, self.ready()["url"].removesuffix("/ws"))

    def _permit(self, request: Request) -> Permit | None:
        """Return until when the token of a request is good; None for one that is not."""
        token = bearer(request.headers)
        dies_at = None if token is None else self._tokens.dies_at(token, self._clock.monotonic())
        return None if dies_at is None else Permit(dies_at, self._token_life().close_code)

    async def _analyse(self, request: Request, conversation_id: str | None) -> Reply:
        """Tell Genesys' own figures of a conversation; None for a query that is not well-formed."""
        if slow := self._met(self._plan.active(SlowAnalytics, self._now_s())):
            await asyncio.sleep(slow.answer_s)
        if refusal := self._refusal("analytics"):
            return refusal
        now, token = self._clock.monotonic(), bearer(request.headers)
        if token is None or self._tokens.dies_at(token, now) is None:
            return refuse(401)
        if conversation_id is None:
            return refuse(400)
        call, figures = self._conversation(conversation_id, now), self.scenario.analytics
        if request.method == "POST":
            return Reply.of_json(tutorial_metrics(figures, call))
        record = None if call is None else details(figures, call, self._clock.wall())
        return refuse(404) if record is None else Reply.of_json(record)

    def _conversation(self, conversation_id: str, now: float) -> Conversation | None:
        for one in self._sessions.values():
            if one.conversation_id == conversation_id:
                left_at = now if one.left_at is None else one.left_at
                return Conversation(conversation_id, now - one.began, left_at - one.began if one.ended else None)
        return None

    def _refusal(self, where: str) -> Reply | None:
        faults = self._plan.active(Refuse, self._now_s())
        refusal = self._met(fault for fault in faults if fault.where == where)
        if refusal is None:
            return None
        wait_s = refusal.retry_after_s
        headers = {} if wait_s is None else {"Retry-After": str(wait_s)}
        if where == "token" and refusal.status in (400, 401, 403):
            return refuse_login(refusal.status, "invalid_client", "client not found or secret wrong", headers)
        if where == "analytics" and refusal.status == 403:
            lacking = f"You are missing the following permission(s): {PERMISSION}"
            return refuse(403, f"Unable to perform the requested action. {lacking}", headers)
        return refuse(refusal.status, headers=headers)

    def _met(self, faults: Iterable[Limited]) -> Limited | None:
        """Return the first of these faults that has not used up its attempts of this round, and count one for it."""
        round_ = int(self._now_s() // self.scenario.duration_s)
        if round_ != self._attempts_round:
            self._attempts_round = round_
            self._attempts.clear()
        for fault in faults:
            if fault.attempts is None:
                return fault
            if self._attempts[fault] < fault.attempts:
                self._attempts[fault] += 1
                return fault
        return None

    def _token_life(self) -> TokenLife:
        return self._plan.constant(TokenLife) or _TOKEN_LIFE

    def _now_s(self) -> float:
        """Seconds since the newest session began; 0 before the first."""
        return 0.0 if self._newest is None else self._clock.monotonic() - self._newest.began

    # -- WebSocket --------------------------------------------------------------------------------------

    async def _serve(self, peer: Peer, permit: Permit) -> None:
        try:
            first = await self._first_frame(peer)
            resumed = self._resumed(first)
            if resumed is None and _wants(first) is not None and self.scenario.unknown_session == "close":
                await peer.close(*_UNKNOWN_SESSION)
            else:
                await self._play(peer, permit, first, resumed)
        except ConnectionError:
            return  # the peer left while we were speaking

    async def _first_frame(self, peer: Peer) -> Frame | None:
        """Return the first message of the client, if there has been a session that it could want to continue."""
        if self._newest is None:
            return None
        try:
            async with asyncio.timeout(RESUME_WAIT_S):
                while (frame := await peer.receive()) is not None and frame.kind is FrameKind.PING:
                    await peer.send(frame.data, FrameKind.PONG)
                return frame
        except TimeoutError:
            return None

    def _resumed(self, first: Frame | None) -> Session | None:
        wanted = _wants(first)
        session = None if wanted is None else self._sessions.get(wanted)
        return None if session is None or session.ended else session

    async def _play(self, peer: Peer, permit: Permit, first: Frame | None, resumed: Session | None) -> None:
        session = resumed or self._new_session()
        if before := self._peers.get(session.session_id):
            before.abort()  # the client gave a connection up that still looks alive from here
        self._peers[session.session_id] = peer
        session.left_at = None
        self._connections += 1
        number = self._connections
        try:
            if resumed is None:
                await peer.send(session.message(messages.session_start(session.session_id, session.conversation_id)))
                await peer.send(session.message(messages.status("connected")))
            opened_s = 0.0 if resumed is None else self._clock.monotonic() - session.began
            sent = partial(self._truth.add, number)
            await Performance(session, peer, permit, self._clock, opened_s, sent).run(first)
        finally:
            if self._peers.get(session.session_id) is peer:
                del self._peers[session.session_id]
                session.left_at = self._clock.monotonic()

    def _session_named(self, session_id: str) -> Session:
        """Return the session of an id that the client has chosen."""
        session = self._sessions.get(session_id)
        return self._new_session(session_id) if session is None or session.ended else session

    def _followed(self, conversation_id: str) -> Session:
        """Return a new session of a conversation that the host has named before."""
        return self._new_session(conversation_id=conversation_id)

    def _new_session(self, session_id: str | None = None, conversation_id: str | None = None) -> Session:
        now = self._clock.monotonic()
        self._forget_sessions(now)
        self._session_count += 1
        session = Session(
            session_id or f"s-{9000 + self._session_count}",
            conversation_id or str(uuid.UUID(int=self._dice.getrandbits(128), version=4)),
            self.scenario,
            self._plan,
            self._mixer,
            now,
        )
        self._sessions[session.session_id] = self._newest = session
        return session

    def _forget_sessions(self, now: float) -> None:
        """Forget sessions that ended, or that nobody came back to."""
        self._sessions = {
            session_id: session
            for session_id, session in self._sessions.items()
            if session.left_at is None or (not session.ended and now - session.left_at < _SESSION_KEPT_S)
        }


def _wants(first: Frame | None) -> str | None:
    """Return the session that a client's first frame asks to continue."""
    if first is None or first.kind is not FrameKind.TEXT:
        return None
    message = messages.read(first.data)
    return message.session_id if isinstance(message, messages.Resume) else None
