"""A connection that is killed in each phase of an utterance: what is told of it, and that nothing is said twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest

from dashboard.bus.fanout import play
from dashboard.call.ports import Say, Stop
from dashboard.cli.line import line
from dashboard.cli.settings import Settings
from dashboard.transport.listener import FrameKind, Listener, Peer, Reply, Request, Upgrade
from tests.unit.worker.test_unasked import OPEN, Call, calling
from tests.unit.worker.test_unasked import Endpoint as Greeting

TYPING = '42["typingStatus",{"status":"typingOn"}]'
OUTPUT = '42{ack}["output",{{"type":"output","data":{{"text":"hello"}}}}]'
FINAL = '429["finalPing",{"type":"regular"}]'

WAITED = "the connection was lost before anything came back"
TYPED = "the bot was typing when the connection was lost"
MEANWHILE = "the connection was lost meanwhile"


class Endpoint(Greeting):
    """Kills its first connection in the phase of its name, and answers on every other one."""

    def __init__(self, phase: str) -> None:
        super().__init__(self._answer)
        self.phase = phase

    async def serve(self, peer: Peer) -> None:
        if self.phase == "before it is ready" and not self.heard:
            self.heard.append([])
            await peer.send(OPEN)
            await peer.send("40")
            peer.abort()
            return
        await super().serve(peer)

    async def _answer(self, peer: Peer) -> None:
        dies = len(self.heard) == 1
        if dies and self.phase == "sent":
            return peer.abort()
        await peer.send(TYPING)
        if dies and self.phase == "typing":
            return await self._until_read(peer)
        await peer.send(OUTPUT.format(ack=1))
        if dies and self.phase == "output, not acknowledged":
            return await self._until_read(peer)
        await self._acknowledged(peer, "431[]")
        if dies and self.phase == "output, acknowledged":
            return peer.abort()
        await peer.send(OUTPUT.format(ack=2))
        await self._acknowledged(peer, "432[]")
        if dies and self.phase == "between the last output and the end":
            return peer.abort()
        await peer.send(FINAL)
        if dies and self.phase == "finished":
            await self._acknowledged(peer, "439[]")
            return peer.abort()
        return None

    async def _acknowledged(self, peer: Peer, frame: str) -> None:
        while (came := await peer.receive()) is not None:
            if came.kind is FrameKind.TEXT and came.data.decode() == frame:
                return
            self.heard[-1].append(came.data.decode())

    async def _until_read(self, peer: Peer) -> None:
        """Close in the way in which what was sent still arrives."""
        await peer.close(1011, "crashed")


@pytest.mark.parametrize(
    ("phase", "status", "why", "inputs"),
    [
        ("before it is ready", "finished", "", [0, 2]),
        ("sent", "unknown", WAITED, [1, 1]),
        ("typing", "unfinished", TYPED, [1, 1]),
        ("output, not acknowledged", "unfinished", MEANWHILE, [1, 1]),
        ("output, acknowledged", "unfinished", MEANWHILE, [1, 1]),
        ("between the last output and the end", "unfinished", MEANWHILE, [1, 1]),
    ],
)
async def test_over_a_socket_the_first_is_said_once_and_the_one_that_waited_goes_on_the_next_connection(
    phase: str, status: str, why: str, inputs: list[int]
) -> None:
    endpoint = Endpoint(phase)
    async with calling(endpoint) as call:
        for text in ("first", "second"):
            call.source.command(Say(text))
        state = await call.until(lambda call: [said.status for said in call.utterances[1:]] == ["finished"])
        first, second = state.utterances
        assert (first.status, first.why) == (status, why)
        assert second.status == "finished"
    assert endpoint.inputs()[:2] == inputs
    assert [text for heard in endpoint.heard for text in _said(heard)] == ["first", "second"]


async def test_over_a_socket_what_was_finished_stays_so_when_the_connection_is_lost_then() -> None:
    endpoint = Endpoint("finished")
    async with calling(endpoint) as call:
        call.source.command(Say("first"))
        await call.until(lambda call: call.link.resumed == 1 and call.link.outage is None)
        call.source.command(Say("second"))
        state = await call.until(lambda call: [said.status for said in call.utterances[1:]] == ["finished"])
    assert [said.status for said in state.utterances] == ["finished", "finished"]
    assert endpoint.inputs() == [1, 1]


def _said(heard: list[str]) -> list[str]:
    return [json.loads(frame[2:])[1]["text"] for frame in heard if frame.startswith('42["processInput"')]


# -- over REST ----------------------------------------------------------------------------------------------

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
BODY = b'{"text":"hello","data":{},"outputStack":[{"text":"hello","data":{}}]}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY)


class Host:
    """Takes requests; sends as much of an answer to the first one as it is told, and breaks off."""

    def __init__(self, first: bytes | None) -> None:
        self.first = first
        self.posts: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(one.split(b":")[1]) for one in head.split(b"\r\n") if one.lower().startswith(b"content-length")
                )
                self.posts.append(json.loads(await reader.readexactly(length))["text"])
                if len(self.posts) == 1 and self.first is not None:
                    writer.write(self.first)
                    await writer.drain()
                    return
                writer.write(HEAD + BODY)
                await writer.drain()
        except asyncio.IncompleteReadError:
            return
        finally:
            writer.close()


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200", HEAD, HEAD + BODY[:20]], ids=["", "line", "head", "half"])
async def test_over_rest_a_request_that_breaks_off_is_not_repeated_and_the_next_one_is_made(first: bytes) -> None:
    host = Host(first)
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0)
    where = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    settings = Settings.model_validate(
        {"dialect": "cognigy-rest", "url": where, "url_token": "token", "backoff_base": 0.05}
    )
    call = Call(line(settings, "call"))
    playing = asyncio.create_task(play(call.source, [call]))
    try:
        async with asyncio.timeout(20):
            for text in ("first", "second"):
                call.source.command(Say(text))
            state = await call.until(lambda call: [said.status for said in call.utterances[1:]] == ["finished"])
            assert [said.status for said in state.utterances] == ["unknown", "finished"]
            call.source.command(Stop())
            await playing
    finally:
        playing.cancel()
        server.close()
    assert host.posts == ["first", "second"]


async def test_over_rest_a_redirect_is_not_followed_and_the_utterance_not_posted_elsewhere() -> None:
    posts: list[str] = []

    async def answer(request: Request) -> Reply | Upgrade:
        posts.append(request.path)
        return Reply(307, b"", headers={"Location": f"/elsewhere/{len(posts)}"})

    listener = Listener(answer)
    await listener.start()
    settings = Settings.model_validate(
        {"dialect": "cognigy-rest", "url": f"http://127.0.0.1:{listener.port}", "url_token": "token"}
    )
    call = Call(line(settings, "call"))
    playing = asyncio.create_task(play(call.source, [call]))
    try:
        async with asyncio.timeout(20):
            call.source.command(Say("once"))
            state = await call.until(lambda call: any(said.status == "refused" for said in call.utterances))
            assert state.utterances[0].why == "the endpoint answered 307"
            call.source.command(Stop())
            await playing
    finally:
        playing.cancel()
        await listener.stop()
    assert posts == ["/test/token"]
