"""A line in a dialect that speaks unasked: real sockets, and a Cognigy endpoint that does what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from dashboard.bus.fanout import play
from dashboard.bus.store import Store
from dashboard.call.events import Event
from dashboard.call.ports import Say, Stop
from dashboard.call.state import CallState
from dashboard.cli.line import line
from dashboard.cli.settings import Settings
from dashboard.transport.listener import FrameKind, Listener, Peer, Reply, Request, Upgrade
from dashboard.worker.line import Line

OPEN = '0{"sid":"Zk3","upgrades":[],"pingInterval":25000,"pingTimeout":5000}'
READY = '42["endpoint-ready"]'


@dataclass
class Endpoint:
    """Greets every connection; `heard` is what came on each, `on_input` what it does about an utterance."""

    on_input: Callable[[Peer], Awaitable[None]]
    heard: list[list[str]] = field(default_factory=list)

    async def answer(self, request: Request) -> Reply | Upgrade:
        return Upgrade(self.serve)

    async def serve(self, peer: Peer) -> None:
        heard: list[str] = []
        self.heard.append(heard)
        for frame in (OPEN, "40", READY):
            await peer.send(frame)
        while (came := await peer.receive()) is not None:
            if came.kind is FrameKind.PING:
                await peer.send(came.data, FrameKind.PONG)
            if came.kind is not FrameKind.TEXT:
                continue
            heard.append(came.data.decode())
            if came.data == b"2":
                await peer.send("3")
            if came.data.startswith(b"42"):
                await self.on_input(peer)

    def inputs(self) -> list[int]:
        """How many utterances came on each connection."""
        return [sum(frame.startswith('42["processInput"') for frame in heard) for heard in self.heard]


class Call:
    """A sink that folds, and waits for what a test waits for."""

    def __init__(self, source: Line) -> None:
        self.source = source
        self._store = Store()
        self._changed = asyncio.Event()

    def put(self, event: Event) -> None:
        self._store.put(event)
        self._changed.set()

    def close(self) -> None:
        """Nothing is held back."""

    @property
    def state(self) -> CallState:
        (call,) = self._store.snapshot().values()
        return call

    async def until(self, told: Callable[[CallState], bool]) -> CallState:
        while not self._store.snapshot() or not told(self.state):
            self._changed.clear()
            await self._changed.wait()
        return self.state


@asynccontextmanager
async def calling(endpoint: Endpoint) -> AsyncIterator[Call]:
    listener = Listener(endpoint.answer)
    await listener.start()
    url = f"ws://127.0.0.1:{listener.port}"
    settings = Settings.model_validate(
        {"dialect": "cognigy", "url": url, "url_token": "token", "backoff_base": 0.05, "close_timeout": 0.5}
    )
    call = Call(line(settings, "call"))
    playing = asyncio.create_task(play(call.source, [call]))
    try:
        async with asyncio.timeout(10):
            yield call
            call.source.command(Stop())
            await playing
    finally:
        playing.cancel()
        await listener.stop()


def is_ready(call: CallState) -> bool:
    return call.cognigy is not None and call.cognigy.user_id is not None


async def ignore(peer: Peer) -> None:
    """Answer nothing."""


async def cut(peer: Peer) -> None:
    peer.abort()


async def answer(peer: Peer) -> None:
    await peer.send('420["output",{"type":"output","data":{"text":"hello"}}]')
    await peer.send('421["finalPing",{"type":"regular"}]')


async def test_what_was_sent_on_a_connection_that_was_lost_is_never_sent_again() -> None:
    endpoint = Endpoint(cut)
    async with calling(endpoint) as call:
        await call.until(is_ready)
        call.source.command(Say("once"))
        state = await call.until(lambda call: call.link.resumed == 1 and call.link.outage is None)
        await asyncio.sleep(0.3)
        assert [(said.text, said.status) for said in state.utterances] == [("once", "unknown")]
    assert endpoint.inputs() == [1, 0]


async def test_what_is_said_before_the_endpoint_is_ready_is_held_and_then_said_in_order() -> None:
    endpoint = Endpoint(answer)
    async with calling(endpoint) as call:
        for text in ("first", "second"):
            call.source.command(Say(text))
        state = await call.until(lambda call: call.cognigy is not None and call.cognigy.finished == 2)
    assert [said.status for said in state.utterances] == ["finished", "finished"]
    assert [("first" in frame, "second" in frame) for frame in endpoint.heard[0] if frame.startswith("42")] == [
        (True, False),
        (False, True),
    ]


async def test_the_second_utterance_waits_until_the_bot_has_finished_with_the_first() -> None:
    endpoint = Endpoint(ignore)
    async with calling(endpoint) as call:
        await call.until(is_ready)
        for text in ("first", "second"):
            call.source.command(Say(text))
        await call.until(lambda call: any(said.status == "sent" for said in call.utterances))
        await asyncio.sleep(0.6)
        assert [said.status for said in call.state.utterances] == ["sent", "held"]
    assert endpoint.inputs() == [1]


async def test_pings_and_acknowledgements_leave_by_themselves() -> None:
    endpoint = Endpoint(answer)
    async with calling(endpoint) as call:
        call.source.command(Say("hi"))
        await call.until(lambda call: call.cognigy is not None and call.cognigy.finished == 1)
        await call.until(lambda _: {"2", "430[]", "431[]"} <= set(endpoint.heard[0]))
        state = await call.until(lambda call: call.cognigy is not None and len(call.cognigy.rtts) > 0)
    assert state.link.outage_count == 0


async def test_an_endpoint_that_refuses_is_left_for_good() -> None:
    class Refusing(Endpoint):
        async def serve(self, peer: Peer) -> None:
            self.heard.append([])
            await peer.send(OPEN)
            await peer.send('44"Invalid URL token"')
            while await peer.receive() is not None:
                continue

    endpoint = Refusing(ignore)
    async with calling(endpoint) as call:
        state = await call.until(lambda call: call.link.state == "gave up")
        assert state.link.cause == "endpoint_refused"
        await asyncio.sleep(0.3)
    assert len(endpoint.heard) == 1
