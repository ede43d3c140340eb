"""The socket host: the upgrade, the first message, the ping, and the search for the idle limit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

from dashboard.clock import SystemClock
from dashboard.doctor.examine import examine
from dashboard.doctor.idle import IdleSearch
from dashboard.doctor.steps import Check, Outcome, StepResult
from dashboard.resilience.policy import LinkPolicy
from dashboard.transport.listener import FrameKind, Peer, Reply, Upgrade
from dashboard.transport.websocket import SocketOptions
from tests.unit.doctor.stage import (
    SESSION,
    TOKEN,
    answer_pings,
    asked,
    call_at,
    examined,
    failure_of,
    found,
    house,
    socket_at,
)
from tests.unit.transport.peers import PING, PONG, TEXT, Wire, close_frame, frame, peer


def ws(base: str) -> str:
    return base.replace("http", "ws") + "/ws?sig=secret-of-the-url"


# -- the upgrade --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "cause", "exit_code", "words"),
    [
        (400, "handshake_refused", 3, "is no WebSocket (handshake answered 400)"),
        (401, "token_rejected", 3, "refuses the token (401)"),
        (403, "permission_missing", 3, "forbids the call (403)"),
        (404, "not_found", 3, "no socket at that address (404)"),
        (409, "handshake_refused", 3, "is no WebSocket (handshake answered 409)"),
        (429, "rate_limited", 3, "too many requests (429)"),
        (500, "unavailable", 4, "cannot serve (500)"),
        (503, "unavailable", 4, "cannot serve (503)"),
        (200, "handshake_refused", 3, "is no WebSocket (handshake answered 200)"),
        (302, "handshake_refused", 3, "is no WebSocket (handshake answered 302)"),
    ],
)
async def test_a_socket_host_that_refuses(status: int, cause: str, exit_code: int, words: str) -> None:
    headers = {"Retry-After": "7", "Via": "1.1 lb", "X-Echo": TOKEN}
    async with house(socket=Reply(status, b"no", headers=headers)) as base:
        failure = await failure_of(call_at(base), Check.UPGRADE)
    assert failure.diagnosis is not None
    assert (failure.diagnosis.cause, failure.diagnosis.exit_code) == (cause, exit_code)
    assert words in failure.diagnosis.words
    assert (failure.facts["status"], failure.facts["retry_after_s"]) == (status, 7)
    assert failure.facts["headers"]["Via"] == "1.1 lb"
    assert failure.diagnosis.remedy.startswith("Wait 7 s") == (status in (429, 500, 503))


async def test_something_in_between_that_does_not_do_upgrades() -> None:
    async def handler(wire: Wire) -> None:
        await wire.request()
        await wire.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")

    async with peer(handler) as port:
        failure = await failure_of(socket_at(f"ws://127.0.0.1:{port}/"), Check.UPGRADE)
    assert failure.diagnosis is not None
    assert failure.diagnosis.cause == "handshake_refused"
    assert "Upgrade header" in failure.diagnosis.remedy


async def test_a_socket_host_that_never_answers_the_upgrade() -> None:
    async with peer(Wire.until_gone) as port:
        options = socket_at(f"ws://127.0.0.1:{port}/", socket=SocketOptions(open_timeout_s=0.1))
        failure = await failure_of(options, Check.UPGRADE)
    assert failure.diagnosis is not None
    assert failure.diagnosis.cause == "timeout"


async def test_an_upgrade_tells_its_status_and_who_we_said_we_are() -> None:
    async with house() as base:
        signed = found(await examined(call_at(base)), Check.UPGRADE)
        plain = await examined(socket_at(ws(base)))
    assert (signed.facts["status"], signed.facts["auth"]) == (101, "signed address")
    assert found(plain, Check.UPGRADE).facts["url"] == base.replace("http", "ws") + "/ws"
    assert asked(plain) == "settings dns tcp tls clock upgrade message ping"


async def test_an_address_from_the_settings_gets_the_token_whatever_its_query() -> None:
    requests: list[str] = []

    async def handler(wire: Wire) -> None:
        requests.append(await wire.request())
        await wire.answer("401 Unauthorized")

    async with house() as base, peer(handler) as port:
        policy = LinkPolicy(url=f"ws://127.0.0.1:{port}/?room=1")
        failure = await failure_of(call_at(base, policy=policy), Check.UPGRADE)
    assert f"Authorization: Bearer {TOKEN}\r\n" in requests[0]
    assert failure.diagnosis is not None
    assert failure.diagnosis.cause == "token_rejected"


async def test_replies_without_a_date_leave_the_clock_unread() -> None:
    async def handler(wire: Wire) -> None:
        await wire.upgrade(frame(TEXT, SESSION.encode()))
        await wire.send(frame(PONG, await wire.expect(PING)))
        await wire.until_gone()

    async with peer(handler) as port:
        results = await examined(socket_at(f"ws://127.0.0.1:{port}/"))
    assert found(results, Check.CLOCK).outcome is Outcome.SKIPPED
    assert found(results, Check.PING).outcome is Outcome.OK


# -- the first message and the ping ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "reason", "cause", "exit_code"),
    [
        (4401, f"bad token {TOKEN}", "auth_closed", 3),
        (1008, "", "auth_closed", 3),
        (1000, "no call", "server_closed", 1),
        (1011, "", "server_error", 1),
        (4999, "what", "other_close", 1),
    ],
)
async def test_a_socket_that_closes_at_once(code: int, reason: str, cause: str, exit_code: int) -> None:
    async def serve(peer: Peer) -> None:
        await peer.close(code, reason)

    async with house(socket=Upgrade(serve)) as base:
        failure = await failure_of(call_at(base), Check.MESSAGE)
    assert failure.diagnosis is not None
    assert (failure.diagnosis.cause, failure.diagnosis.exit_code) == (cause, exit_code)
    assert str(code) in failure.diagnosis.words


async def test_a_socket_that_is_cut_at_once() -> None:
    async def serve(peer: Peer) -> None:
        peer.abort()

    async with house(socket=Upgrade(serve)) as base:
        failure = await failure_of(socket_at(ws(base)), Check.MESSAGE)
    assert failure.diagnosis is not None
    assert failure.diagnosis.cause == "abnormal_closure"


async def test_a_peer_that_says_nothing_is_a_warning_and_its_ping_is_still_measured() -> None:
    async with house(socket=Upgrade(answer_pings)) as base:
        results = await examined(socket_at(ws(base), stale_after_s=0.05))
    message = found(results, Check.MESSAGE)
    assert message.diagnosis is not None
    assert (message.outcome, message.diagnosis.cause) == (Outcome.WARNING, "silent_peer")
    assert found(results, Check.PING).facts["rtt_ms"] > 0


async def test_a_peer_that_answers_no_ping() -> None:
    async def serve(peer: Peer) -> None:
        await peer.send(SESSION)
        while await peer.receive() is not None:
            pass

    async with house(socket=Upgrade(serve)) as base:
        options = SocketOptions(ping_timeout_s=0.05, close_timeout_s=0.05)
        failure = await failure_of(socket_at(ws(base), socket=options), Check.PING)
    assert failure.diagnosis is not None
    assert (failure.diagnosis.cause, failure.diagnosis.exit_code) == ("ping_timeout", 1)


async def test_a_peer_that_speaks_and_then_closes_is_told_by_its_close() -> None:
    async def handler(wire: Wire) -> None:
        await wire.upgrade(frame(TEXT, SESSION.encode()) + close_frame(4403, "not you"))
        await wire.until_gone()

    async with peer(handler) as port:
        failure = await failure_of(socket_at(f"ws://127.0.0.1:{port}/"), Check.PING)
    assert failure.diagnosis is not None
    assert failure.diagnosis.cause == "auth_closed"


@pytest.mark.parametrize(
    ("message", "kind", "words"),
    [
        (SESSION, "session_started", "session s-1 of conversation c-1"),
        (json.dumps({"type": "audio", "payload": {"audio": "AAABAAIA"}}), "audio", "audio, 6 bytes of pcm16"),
        (json.dumps({"type": "status", "status": "ok"}), "status_received", "status received"),
    ],
)
async def test_the_first_message_is_named(message: str, kind: str, words: str) -> None:
    async def serve(peer: Peer) -> None:
        await peer.send(message)
        await answer_pings(peer)

    async with house(socket=Upgrade(serve)) as base:
        found_message = found(await examined(socket_at(ws(base))), Check.MESSAGE)
    assert (found_message.facts["kind"], found_message.detail) == (kind, words)


async def test_a_first_message_that_cannot_be_read_is_a_warning() -> None:
    async def serve(peer: Peer) -> None:
        await peer.send(f"hello token={TOKEN}\x1b[2J")
        await answer_pings(peer)

    async with house(socket=Upgrade(serve)) as base:
        message = found(await examined(socket_at(ws(base))), Check.MESSAGE)
    assert message.diagnosis is not None
    assert (message.outcome, message.diagnosis.cause) == (Outcome.WARNING, "protocol_violation")


# -- the search for the idle limit --------------------------------------------------------------------------------


def search(max_s: float = 0.08, first_s: float = 0.02) -> IdleSearch:
    return IdleSearch(ping_interval_s=20.0, max_s=max_s, first_s=first_s)


async def test_nothing_is_cut_up_to_the_longest_pause() -> None:
    async with house(socket=Upgrade(answer_pings)) as base:
        results = await examined(socket_at(ws(base), stale_after_s=0.05), search=search())
    idle = [result for result in results if result.check is Check.IDLE]
    assert [result.facts.get("pause_s") for result in idle] == [0.02, 0.04, 0.08, None]
    assert idle[-1].facts["recommended_ping_interval_s"] is None
    assert idle[-1].detail == "nothing was cut up to 0.08 s of silence"


async def test_a_path_that_forgets_a_silent_connection() -> None:
    answered = iter([3, 2, 2, 2])  # that of the upgrade, that before the pauses, and on the first that after one

    async def serve(peer: Peer) -> None:
        await peer.send(SESSION)
        for _ in range(next(answered)):
            await one_ping(peer)
        while await peer.receive() is not None:
            pass

    quick = SocketOptions(ping_timeout_s=0.2, close_timeout_s=0.05)
    asked_for: list[str] = []
    async with house(socket=Upgrade(serve), journal=asked_for) as base:
        results = await examined(call_at(base, socket=quick), search=search())
    assert asked_for.count("/ws") == 4
    assert asked_for.count("/oauth/token") == 1
    assert len(asked_for) == 9  # a signed address is asked for each time
    last = results[-1]
    assert last.diagnosis is not None
    assert (last.outcome, last.diagnosis.cause) == (Outcome.WARNING, "idle_timeout")
    silences = [result.facts["silence_s"] for result in results if "silence_s" in result.facts]
    assert silences == pytest.approx([0.04, 0.03, 0.025, 0.022], abs=0.001)  # each on a connection of its own
    assert (last.facts["survived_s"], last.facts["cuts"], last.facts["exact"]) == (0.02, 4, False)
    assert last.diagnosis.remedy.startswith("Set --ping-interval 0.01 ")


async def test_a_search_that_gets_no_new_connection_tells_what_is_known() -> None:
    async def serve(peer: Peer) -> None:
        await peer.send(SESSION)
        for _ in range(2):
            await one_ping(peer)
        while await peer.receive() is not None:
            pass

    answers: Iterator[Reply | Upgrade] = iter([Upgrade(serve), Reply(429, b"no")])
    quick = SocketOptions(ping_timeout_s=0.2, close_timeout_s=0.05)
    async with house(socket=lambda: next(answers)) as base:
        results = await examined(socket_at(ws(base), socket=quick), search=search())
    last = results[-1]
    assert (last.facts["cuts"], last.facts["cut_s"]) == (1, 0.02)
    assert last.detail.endswith("; the search ended early, no new connection: handshake answered 429")


async def test_an_end_that_has_nothing_to_do_with_silence() -> None:
    async def serve(peer: Peer) -> None:
        await peer.send(SESSION)
        for _ in range(2):  # that of the upgrade, and that before the pause
            await one_ping(peer)
        await peer.close(1001, "going")

    async with house(socket=Upgrade(serve)) as base:
        results = await examined(socket_at(ws(base)), search=search(max_s=600.0, first_s=600.0))
    last = results[-1]
    assert last.diagnosis is not None
    assert (last.outcome, last.diagnosis.cause) == (Outcome.WARNING, "closed_without_silence")
    assert (last.facts["exact"], last.facts["limit_s"]) == (True, None)
    assert last.facts["how"] == "closed by the peer with 1001: going"


async def test_what_is_known_is_told_when_the_search_is_ended() -> None:
    results: list[StepResult] = []
    told = asyncio.Event()

    def tell(result: StepResult) -> None:
        results.append(result)
        if asked(results).count("idle") == 2:
            told.set()

    async with house(socket=Upgrade(answer_pings)) as base:
        endless = search(max_s=3600.0)
        options = socket_at(ws(base), stale_after_s=0.05)
        examining = asyncio.create_task(examine(options, tell, clock=SystemClock(), search=endless))
        await told.wait()
        examining.cancel()
        await asyncio.wait([examining])
    assert examining.cancelled()
    assert results[-1].detail == "interrupted; 0.04 s of silence were borne, nothing was cut"


async def one_ping(peer: Peer) -> None:
    while (seen := await peer.receive()) is not None and seen.kind is not FrameKind.PING:
        pass
    assert seen is not None
    await peer.send(seen.data, FrameKind.PONG)
