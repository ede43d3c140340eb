"""The way of a conversation that is followed by notifications: what each answer of Genesys' means, and what is left."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from dashboard.clock import SystemClock
from dashboard.dialects.notifications import Notifications
from dashboard.doctor.examine import examine
from dashboard.doctor.steps import Check, Diagnosis, Outcome, StepResult, exit_code
from dashboard.doctor.walk import Options
from dashboard.resilience.policy import LinkPolicy
from dashboard.transport.listener import FrameKind, Listener, Peer, Reply, Request, Upgrade
from dashboard.transport.websocket import SocketOptions
from tests.unit.doctor.stage import asked, call_at, examined, failure_of, found, grant

CONVERSATION, CHANNEL = "7be0c7d2-1111", "streaming-7-ab12"
CUSTOMER = {"id": "p-1", "purpose": "customer", "calls": [{"id": "l-1", "state": "connected"}]}
GONE = {"id": "p-1", "purpose": "customer", "calls": [{"id": "l-1", "state": "terminated", "disconnectType": "peer"}]}
HEARTBEAT = '{"topicName":"channel.metadata","eventBody":{"message":"WebSocket Heartbeat"}}'
PONG = HEARTBEAT.replace("WebSocket Heartbeat", "pong")
CHANNELS = "/api/v2/notifications/channels"
SUBSCRIPTIONS = f"{CHANNELS}/{CHANNEL}/subscriptions"
LEFT = f"DELETE {SUBSCRIPTIONS}"


async def tell(peer: Peer) -> None:
    """A channel as it should be."""
    while (frame := await peer.receive()) is not None:
        if frame.kind is FrameKind.TEXT:
            await peer.send(PONG)


def told(*participants: Any) -> Reply:
    return Reply.of_json({"id": CONVERSATION, "participants": list(participants)})


def listed(count: int) -> Reply:
    return Reply.of_json({"entities": [{"id": f"streaming-{n}"} for n in range(count)]})


@dataclass
class Genesys:
    """Login, API and streaming host in one; each may answer something else. journal: what was asked for, in order."""

    call: Reply = field(default_factory=lambda: told(CUSTOMER))
    channels: Reply = field(default_factory=lambda: listed(3))
    channel: Reply | None = None
    rejected: tuple[str, ...] = ()
    subscription: Reply | None = None
    parting: Reply = field(default_factory=lambda: Reply(202))
    socket: Reply | Upgrade = field(default_factory=lambda: Upgrade(tell))
    journal: list[str] = field(default_factory=list)
    base: str = ""

    async def answer(self, request: Request) -> Reply | Upgrade:
        wanted = f"{request.method} {request.path}"
        self.journal.append(wanted)
        match wanted:
            case "POST /oauth/token":
                return grant()
            case "GET /api/v2/conversations/7be0c7d2-1111":
                return self.call
            case "GET /api/v2/notifications/channels":
                return self.channels
            case "POST /api/v2/notifications/channels":
                uri = f"{self.base.replace('http', 'ws')}/channels/{CHANNEL}"
                return self.channel or Reply.of_json({"id": CHANNEL, "connectUri": uri})
            case "GET /channels/streaming-7-ab12":
                return self.socket
        if wanted == LEFT:
            return self.parting
        assert wanted == f"PUT {SUBSCRIPTIONS}"
        return self.subscription or Reply.of_json({"entities": [self._topic(one["id"]) for one in _list(request)]})

    def _topic(self, topic: str) -> dict[str, Any]:
        if topic.endswith(self.rejected or "never"):
            missing = ["conversation:transcription:view"]
            return {"id": topic, "state": "Rejected", "missingPermissions": missing}
        return {"id": topic, "state": "Permitted"}


def _list(request: Request) -> list[dict[str, str]]:
    wanted: list[dict[str, str]] = json.loads(request.body)
    return wanted


@asynccontextmanager
async def hosted(genesys: Genesys) -> AsyncIterator[Options]:
    """Yields what is examined."""
    listener = Listener(genesys.answer)
    await listener.start()
    genesys.base = f"http://127.0.0.1:{listener.port}"
    try:
        yield follow_at(genesys.base)
    finally:
        await listener.stop()


def follow_at(base: str, *, ping_timeout_s: float = 5.0, stale_after_s: float = 5.0) -> Options:
    clock = SystemClock()
    return call_at(
        base,
        policy=LinkPolicy(lookup=True, stale_after_s=stale_after_s),
        codec=Notifications("doctor", CONVERSATION, clock.wall() - clock.monotonic()),
        app_id=None,
        socket=SocketOptions(
            ping_interval_s=None, ping_timeout_s=ping_timeout_s, open_timeout_s=5.0, close_timeout_s=0.05
        ),
    )


async def results_of(genesys: Genesys) -> list[StepResult]:
    """Every step; neither the channel's id nor its address is told."""
    async with hosted(genesys) as options:
        results = await examined(options)
    assert CHANNEL not in repr(results)
    return results


async def ends_in(genesys: Genesys, check: Check) -> Diagnosis:
    """What is said of the failure of `check`, in which it ends."""
    async with hosted(genesys) as options:
        failure = await failure_of(options, check)
    assert failure.diagnosis is not None
    assert CHANNEL not in repr(failure)
    return failure.diagnosis


def warned(results: list[StepResult], check: Check) -> Diagnosis:
    step = found(results, check)
    assert step.outcome is Outcome.WARNING
    assert step.diagnosis is not None
    assert step.diagnosis.remedy
    assert results[-1].check is Check.LEFT
    assert exit_code(results) == 1
    return step.diagnosis


# -- the good way ---------------------------------------------------------------------------------------


async def test_each_step_is_asked_once_and_the_channel_is_left_without_topics() -> None:
    genesys = Genesys()
    results = await results_of(genesys)
    assert asked(results) == "settings dns tcp tls clock token call channel topics upgrade ping left"
    assert {result.outcome for result in results} == {Outcome.OK, Outcome.SKIPPED}
    assert genesys.journal[-1] == LEFT
    assert found(results, Check.SETTINGS).facts["conversation_id"] == CONVERSATION
    assert found(results, Check.CALL).detail == f"{CONVERSATION} is known, connected: customer"
    assert found(results, Check.PING).facts["rtt_ms"] > 0
    channel = found(results, Check.CHANNEL)
    assert (channel.facts["channels_before"], channel.facts["life_s"]) == (3, 86_400.0)


async def test_the_streaming_host_has_a_way_of_its_own() -> None:
    genesys, streaming = Genesys(), Genesys()
    async with hosted(streaming), hosted(genesys) as options:
        uri = f"{streaming.base.replace('http', 'ws')}/channels/{CHANNEL}"
        genesys.channel = Reply.of_json({"id": CHANNEL, "connectUri": uri})
        results = await examined(options)
    assert asked(results).endswith("topics dns tcp tls upgrade ping left")
    assert [one.facts["role"] for one in results if one.check is Check.TCP] == ["login host", "streaming host"]
    assert (genesys.journal[-1], streaming.journal) == (LEFT, [f"GET /channels/{CHANNEL}"])


# -- the conversation -------------------------------------------------------------------------------------


async def test_a_conversation_that_is_not_known_costs_no_channel() -> None:
    genesys = Genesys(call=Reply(404, b"{}"))
    diagnosis = await ends_in(genesys, Check.CALL)
    assert (diagnosis.cause, diagnosis.exit_code) == ("not_found", 3)
    assert "--conversation" in diagnosis.remedy
    assert not any(CHANNELS in asked_for for asked_for in genesys.journal)


async def test_who_may_not_ask_after_it_follows_all_the_same() -> None:
    results = await results_of(Genesys(call=Reply.of_json({"message": "no"}, 403)))
    diagnosis = warned(results, Check.CALL)
    assert diagnosis.cause == "permission_missing"
    assert "conversation:communication:view" in diagnosis.remedy


@pytest.mark.parametrize(("participants", "cause"), [((GONE,), "conversation_over"), ((), "no_voice")])
async def test_a_conversation_in_which_nobody_speaks_is_a_warning(participants: tuple[Any, ...], cause: str) -> None:
    assert warned(await results_of(Genesys(call=told(*participants))), Check.CALL).cause == cause


@pytest.mark.parametrize(
    ("reply", "cause", "code"),
    [
        (Reply(401), "token_rejected", 3),
        (Reply(429, headers={"Retry-After": "7"}), "rate_limited", 3),
        (Reply(503), "unavailable", 4),
        (Reply(418), "handshake_refused", 3),
        (Reply(200, b"<html>"), "bad_reply", 3),
    ],
)
async def test_an_api_that_does_not_answer_as_it_should_is_told_apart(reply: Reply, cause: str, code: int) -> None:
    diagnosis = await ends_in(Genesys(call=reply), Check.CALL)
    assert (diagnosis.cause, diagnosis.exit_code) == (cause, code)
    assert diagnosis.remedy


# -- the channel --------------------------------------------------------------------------------------------


async def test_a_client_that_has_all_its_channels_is_told_whom_the_next_one_ends() -> None:
    diagnosis = warned(await results_of(Genesys(channels=listed(20))), Check.CHANNEL)
    assert (diagnosis.cause, "20" in diagnosis.words) == ("channels_used_up", True)


@pytest.mark.parametrize("answer", [Reply(403), Reply(404), Reply(200, b"[]"), Reply(200, b"{}")])
async def test_how_many_there_are_may_stay_untold(answer: Reply) -> None:
    step = found(await results_of(Genesys(channels=answer)), Check.CHANNEL)
    assert (step.outcome, step.facts["channels_before"]) == (Outcome.OK, None)


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (Reply(403), "permission_missing"),
        (Reply(404), "not_found"),
        (Reply.of_json({"id": CHANNEL, "connectUri": "http://x"}), "bad_reply"),
    ],
)
async def test_a_channel_that_cannot_be_made_ends_it(answer: Reply, cause: str) -> None:
    genesys = Genesys(channel=answer)
    assert (await ends_in(genesys, Check.CHANNEL)).cause == cause
    assert LEFT not in genesys.journal


# -- its topics ---------------------------------------------------------------------------------------------


async def test_topics_that_are_refused_are_named_with_what_the_client_lacks() -> None:
    results = await results_of(Genesys(rejected=("transcription",)))
    diagnosis = warned(results, Check.TOPICS)
    assert diagnosis.cause == "topics_refused"
    assert diagnosis.words == ("not permitted: transcription; the OAuth client lacks conversation:transcription:view")
    assert "transcription" not in found(results, Check.TOPICS).facts["permitted"]


@pytest.mark.parametrize(
    ("genesys", "cause"),
    [
        (Genesys(rejected=("",)), "permission_missing"),
        (Genesys(subscription=Reply(404)), "not_found"),
        (Genesys(subscription=Reply(400)), "handshake_refused"),
    ],
)
async def test_a_channel_without_topics_is_the_end_and_is_left(genesys: Genesys, cause: str) -> None:
    diagnosis = await ends_in(genesys, Check.TOPICS)
    assert (diagnosis.cause, diagnosis.exit_code) == (cause, 3)
    assert genesys.journal[-1] == LEFT


# -- its socket ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "said"), [(404, "is gone"), (403, "does not take the address"), (200, "is no WebSocket")]
)
async def test_a_streaming_host_that_refuses_is_not_blamed_on_an_app(status: int, said: str) -> None:
    genesys = Genesys(socket=Reply(status))
    diagnosis = await ends_in(genesys, Check.UPGRADE)
    assert said in diagnosis.words
    assert "app" not in f"{diagnosis.words} {diagnosis.remedy}"
    assert genesys.journal[-1] == LEFT


def saying(*words: str, ends: bool = False) -> Callable[[Peer], Awaitable[None]]:
    async def serve(peer: Peer) -> None:
        for word in words:
            await peer.send(word)
        while not ends and await peer.receive() is not None:
            continue

    return serve


async def test_heartbeats_without_a_pong_are_a_warning() -> None:
    async with hosted(Genesys(socket=Upgrade(saying(HEARTBEAT)))) as options:
        results = await examined(follow_at(options.api_url, ping_timeout_s=0.1))
    assert warned(results, Check.PING).cause == "pong_missing"


async def test_a_channel_over_which_nothing_comes_is_dead() -> None:
    genesys = Genesys(socket=Upgrade(saying()))
    async with hosted(genesys) as options:
        failure = await failure_of(follow_at(options.api_url, ping_timeout_s=0.05, stale_after_s=0.1), Check.PING)
    assert failure.diagnosis is not None
    assert failure.diagnosis.cause == "ping_timeout"
    assert "neither a pong nor a heartbeat within 0.1 s" in failure.diagnosis.words
    assert genesys.journal[-1] == LEFT


async def test_a_channel_that_is_closed_at_once_is_told_with_its_likely_end() -> None:
    diagnosis = await ends_in(Genesys(socket=Upgrade(saying(ends=True))), Check.PING)
    assert "ended it at once" in diagnosis.words
    assert "OAuth client" in diagnosis.remedy


# -- what is left -------------------------------------------------------------------------------------------


async def test_topics_that_cannot_be_removed_are_no_fault_of_the_way() -> None:
    results = await results_of(Genesys(parting=Reply(500)))
    assert (results[-1].check, results[-1].outcome, exit_code(results)) == (Check.LEFT, Outcome.SKIPPED, 0)


async def test_an_examination_that_is_interrupted_leaves_its_channel() -> None:
    opened = asyncio.Event()

    async def serve(peer: Peer) -> None:
        opened.set()
        await saying()(peer)

    genesys = Genesys(socket=Upgrade(serve))
    async with hosted(genesys) as options:
        examining = asyncio.create_task(examine(options, lambda result: None, clock=SystemClock()))
        await opened.wait()
        examining.cancel()
        with suppress(asyncio.CancelledError):
            await examining
    assert genesys.journal[-1] == LEFT
