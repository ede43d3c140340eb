"""A scenario played in made-up time: bot host, line, link and dialect are real, the clock and the wire are not.

The loop's clock jumps to the next thing that is due, so a minute of a call takes as long as its work does, and the
same scenario gives the same facts on any machine.
"""

from __future__ import annotations

import asyncio
import json
import random
import selectors
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from dashboard.bus.store import Store
from dashboard.call.events import Cause, ClosedBy, Event
from dashboard.call.ports import Sink
from dashboard.call.state import Calls, CallState
from dashboard.cli.line import line, network_options
from dashboard.cli.probe import Operator
from dashboard.cli.settings import Settings
from dashboard.cli.wiring import at_host, only_call, play_until_stopped
from dashboard.resilience.exchange import Reply as HttpReply
from dashboard.resilience.exchange import Request as HttpRequest
from dashboard.resilience.oauth import Token
from dashboard.resilience.retry import Failure, LinkError, Step, retry_after, status_cause
from dashboard.simulator.scenario import Scenario
from dashboard.simulator.server import BotHost
from dashboard.transport.headers import notable
from dashboard.transport.http import HttpClient
from dashboard.transport.listener import Frame, FrameKind, Peer, Reply, Request, Upgrade
from dashboard.transport.tapped import Arrival, Closed
from dashboard.transport.websocket import Socket, SocketOptions
from dashboard.worker.network import Network

WALL = 1_900_000_000.0
SEED = 1


class MadeUpTime(asyncio.SelectorEventLoop):
    """An event loop and its clock: nobody waits, time passes when there is nothing left to do."""

    def __init__(self) -> None:
        self.now = 1000.0
        super().__init__(_Impatient(self))

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return WALL + self.now


class _Impatient(selectors.SelectSelector):
    def __init__(self, time: MadeUpTime) -> None:
        super().__init__()
        self._time = time

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing is due: this would wait for ever"
        self._time.now += max(0.0, timeout)
        return super().select(0)


class Ends:
    """Both ends of one connection, without a wire between them."""

    endpoint = "ws://bot-host.test/ws"
    clock = "kernel"

    def __init__(self, time: MadeUpTime, options: SocketOptions) -> None:
        self._time = time
        self._options = options
        self._to_host: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._closed: asyncio.Future[Closed] = time.create_future()
        self._early: list[Arrival] = []
        self._on_arrival: Callable[[Arrival], None] | None = None
        self._early_rtts: list[tuple[float, float]] = []
        self._on_rtt: Callable[[float, float], None] = lambda at, rtt_s: self._early_rtts.append((at, rtt_s))
        self._pinged_at: float | None = None
        self._ponged = asyncio.Event()
        self._keepalive = time.create_task(self._ping())

    # -- the client's end, as `Socket` -------------------------------------------------------------------

    def deliver_to(self, on_arrival: Callable[[Arrival], None], on_rtt: Callable[[float, float], None]) -> None:
        self._on_arrival, self._on_rtt = on_arrival, on_rtt
        for arrival in self._early:
            on_arrival(arrival)
        for rtt in self._early_rtts:
            on_rtt(*rtt)

    async def send(self, data: str | bytes) -> None:
        if self._closed.done():
            raise LinkError(Failure(Cause.NETWORK, "the connection ended before the message was sent"))
        raw = data.encode() if isinstance(data, str) else data
        self._to_host.put_nowait(Frame(FrameKind.TEXT, raw))

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self._end(Closed(code, reason, ClosedBy.US, f"closed by us with {code}"))

    async def closed(self) -> Closed:
        return await asyncio.shield(self._closed)

    async def _ping(self) -> None:
        while True:
            self._pinged_at, self._ponged = self._time.now, asyncio.Event()
            self._to_host.put_nowait(Frame(FrameKind.PING, b""))
            try:
                async with asyncio.timeout(self._options.ping_timeout_s):
                    await self._ponged.wait()
            except TimeoutError:
                detail = f"no pong within {self._options.ping_timeout_s:g} s"
                self._end(Closed(1011, "keepalive ping timeout", ClosedBy.US, detail))
                return
            await asyncio.sleep(self._options.ping_interval_s or 3600.0)

    # -- the host's end, as `Peer` -----------------------------------------------------------------------

    async def receive(self) -> Frame | None:
        return await self._to_host.get()

    async def send_frame(self, data: str | bytes, kind: FrameKind = FrameKind.TEXT) -> None:
        if self._closed.done():
            raise ConnectionResetError("the peer has left")
        raw = data.encode() if isinstance(data, str) else data
        if kind is FrameKind.PONG:
            self._ponged.set()
            self._on_rtt(self._time.now, self._time.now - (self._pinged_at or 0.0))
        elif len(raw) > self._options.max_message_bytes:
            detail = f"a message above {self._options.max_message_bytes} bytes"
            self._end(Closed(1009, "", ClosedBy.US, detail))
        else:
            arrival = Arrival(raw, kind is FrameKind.TEXT, self._time.now)
            if self._on_arrival is None:
                self._early.append(arrival)
            else:
                self._on_arrival(arrival)

    def close_from_host(self, code: int, reason: str) -> None:
        said = f"closed by the peer with {code}" + (f": {reason}" if reason else "")
        self._end(Closed(code, reason, ClosedBy.PEER, said))

    def abort(self) -> None:
        self._end(Closed(1006, "", ClosedBy.NETWORK, "connection reset"))

    def _end(self, closed: Closed) -> None:
        if not self._closed.done():
            self._closed.set_result(closed)
            self._to_host.put_nowait(None)
            self._keepalive.cancel()


class _HostEnd(Peer):
    def __init__(self, ends: Ends) -> None:
        self._ends = ends

    async def receive(self) -> Frame | None:
        return await self._ends.receive()

    async def send(self, data: str | bytes, kind: FrameKind = FrameKind.TEXT) -> None:
        await self._ends.send_frame(data, kind)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self._ends.close_from_host(code, reason)

    def abort(self) -> None:
        self._ends.abort()


async def _ask(host: BotHost, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Reply | Upgrade:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    upgrade = parts.scheme == "ws"
    return await host.answer(Request(method, parts.path, query, httpx.Headers(dict(headers)), body, upgrade))


class DirectHttp(HttpClient):
    """Hands requests to the bot host."""

    def __init__(self, host: BotHost, time: MadeUpTime) -> None:
        super().__init__(clock=time, tls=ssl.create_default_context())
        self._host = host

    async def carry_out(self, request: HttpRequest) -> HttpReply:
        body = (urlencode(request.form or {}) if request.json is None else json.dumps(request.json)).encode()
        reply = await _ask(self._host, request.method, request.url, request.headers, body)
        assert isinstance(reply, Reply)
        wait_s = retry_after(reply.headers.get("Retry-After"), WALL)
        return HttpReply(reply.status, reply.body, wait_s, notable(reply.headers.items()))


class DirectWires:
    """Connections to the bot host without a network."""

    def __init__(self, host: BotHost, time: MadeUpTime, options: SocketOptions) -> None:
        self._host = host
        self._time = time
        self._options = options
        self._served: set[asyncio.Task[None]] = set()

    async def open(self, url: str, headers: Mapping[str, str]) -> Socket:
        try:
            async with asyncio.timeout(self._options.open_timeout_s):
                answer = await _ask(self._host, "GET", url, headers)
        except TimeoutError:
            raise LinkError(Failure(Cause.TIMEOUT, "timed out")) from None
        if isinstance(answer, Reply):
            cause, wait_s = status_cause(Step.HANDSHAKE, answer.status), answer.headers.get("Retry-After")
            said = f"handshake answered {answer.status}"
            raise LinkError(Failure(cause, said, answer.status, retry_after(wait_s, WALL)))
        ends = Ends(self._time, self._options)
        task = self._time.create_task(self._serve(answer, ends))
        self._served.add(task)
        task.add_done_callback(self._served.discard)
        return cast(Socket, ends)

    async def _serve(self, upgrade: Upgrade, ends: Ends) -> None:
        await upgrade.serve(_HostEnd(ends))
        ends.close_from_host(1000, "")

    async def aclose(self) -> None:
        for task in self._served:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*self._served)


class _DirectNetwork(Network):
    """Reaches the bot host without a network."""

    def __init__(self, settings: Settings, host: BotHost, time: MadeUpTime) -> None:
        super().__init__(network_options(settings), time)
        self._client = DirectHttp(host, time)
        self._wires = DirectWires(host, time, network_options(settings).socket)

    async def dial(self, url: str, token: Token | None) -> Socket:
        return await self._wires.open(url, {} if token is None else {"Authorization": f"Bearer {token.value.reveal()}"})

    async def aclose(self) -> None:
        await super().aclose()
        await self._wires.aclose()


class Heard:
    """A sink that keeps every fact."""

    def __init__(self) -> None:
        self.facts: list[Event] = []

    def put(self, event: Event) -> None:
        self.facts.append(event)

    def close(self) -> None:
        """Nothing is held back."""


def facts_of(scenario: Scenario, *, seconds: float | None = None, **changes: Any) -> list[Event]:
    """Play `scenario` as `probe` would, for as long as it advises or `seconds`; return the facts.

    `changes` are settings that count for more than what the scenario advises.
    """
    heard = Heard()
    played(scenario, seconds, changes, [heard])
    return heard.facts


def call_of(scenario: Scenario, *, seconds: float | None = None, **changes: Any) -> CallState:
    """Like `facts_of`, folded."""
    store = Store()
    played(scenario, seconds, changes, [store])
    return only_call(store)


def calls_of(scenario: Scenario, count: int, *, seconds: float | None = None, **changes: Any) -> Calls:
    """Like `call_of`, with several calls to one host at the same time, held by one store."""
    store = Store()
    played(scenario, seconds, changes, [store], tuple(f"made-up-{number}" for number in range(count)))
    return store.snapshot()


def played(
    scenario: Scenario,
    seconds: float | None,
    changes: Mapping[str, Any],
    sinks: list[Sink],
    call_ids: Sequence[str] = ("made-up",),
) -> None:
    random.seed(SEED)  # the waits between attempts are drawn
    time = MadeUpTime()
    host = BotHost(scenario, port=8080, clock=time)  # nobody listens there
    given = Settings(**{**scenario.settings.given(), **changes}).to_worker()
    settings = Settings.from_worker(at_host(given, host.ready()))

    async def play() -> None:
        lasts_s = seconds or scenario.probe_s or scenario.duration_s
        sources = [line(settings, one, clock=time, network=_DirectNetwork(settings, host, time)) for one in call_ids]
        calls = ((source, [*sinks, Operator(source, settings.say)]) for source in sources)
        await asyncio.gather(*(play_until_stopped(source, told, lasts_s) for source, told in calls))

    try:
        time.run_until_complete(play())
    finally:
        time.close()
