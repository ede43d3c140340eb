"""The way to a Cognigy endpoint: what it says until utterances may be said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from dashboard.dialects.base import AudioFormat
from dashboard.dialects.cognigy import Endpoint
from dashboard.dialects.lookup import codec
from dashboard.doctor.steps import Check, Outcome, StepResult
from dashboard.doctor.walk import Options
from dashboard.resilience.secret import Secret
from dashboard.transport.listener import Peer, Reply, Upgrade
from tests.unit.doctor.stage import answer_pings, asked, examined, found, house, socket_at
from tests.unit.transport.peers import Wire, peer

TOKEN = "4be1" * 16
OPEN = '0{"sid":"Zk3","upgrades":[],"pingInterval":25000,"pingTimeout":5000}'


def says(*frames: str) -> Callable[[Peer], Awaitable[None]]:
    async def serve(peer: Peer) -> None:
        for frame in frames:
            await peer.send(frame)
        await answer_pings(peer)

    return serve


def endpoint(url: str, dialect: str = "cognigy") -> Options:
    spoken_to = codec(dialect, AudioFormat(), "doctor", Endpoint(TOKEN, "dash-7f01", "dash-op3"))
    return socket_at(url, codec=spoken_to, url_token=Secret(TOKEN))


async def told_of(answer: Reply | Upgrade) -> list[StepResult]:
    async with house(socket=answer) as base:
        results = await examined(endpoint(f"{base.replace('http', 'ws')}/ws?urlToken={TOKEN}"))
    assert TOKEN not in repr(results)
    return results


async def test_an_endpoint_that_gets_ready_tells_the_session_and_the_version() -> None:
    results = await told_of(Upgrade(says(OPEN, "40", '42["endpoint-ready"]')))
    assert asked(results).endswith("upgrade ready ping")
    step = found(results, Check.READY)
    assert (step.outcome, step.facts["announced"], step.facts["engine_io"]) == (Outcome.OK, True, 3)
    assert step.detail == "session dash-7f01 as dash-op3, test mode, Engine.IO 3"


async def test_an_older_endpoint_is_a_warning() -> None:
    step = found(await told_of(Upgrade(says(OPEN, "40"))), Check.READY)
    assert step.outcome is Outcome.WARNING
    assert step.diagnosis is not None
    assert step.diagnosis.cause == "endpoint_silent"


async def test_a_refused_token_is_the_end_and_never_shown() -> None:
    step = (await told_of(Upgrade(says(OPEN, f'44"no endpoint {TOKEN}"'))))[-1]
    assert (step.check, step.outcome) == (Check.READY, Outcome.FAILED)
    assert step.diagnosis is not None
    assert (step.diagnosis.cause, step.diagnosis.exit_code) == ("endpoint_refused", 3)


async def test_a_server_that_answers_the_wrong_version_behind_the_upgrade_is_told_with_the_one_to_try() -> None:
    async def handler(wire: Wire) -> None:
        await wire.upgrade(then=b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n" + 100 * b"." + b"\r\n\r\n")

    async with peer(handler) as port:
        step = (await examined(endpoint(f"ws://127.0.0.1:{port}/socket.io/?urlToken={TOKEN}")))[-1]
    assert (step.check, step.outcome) == (Check.READY, Outcome.FAILED)
    assert step.diagnosis is not None
    assert "--engine-io 4" in step.diagnosis.remedy


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_status_that_refuses_is_the_endpoints(status: int) -> None:
    step = (await told_of(Reply(status, b"no")))[-1]
    assert step.check is Check.UPGRADE
    assert step.diagnosis is not None
    assert step.diagnosis.cause == "endpoint_refused"
    assert str(status) in step.diagnosis.words


async def test_over_rest_the_host_is_reached_and_nothing_is_said() -> None:
    journal: list[str] = []
    async with house(journal=journal) as base:
        results = await examined(endpoint(f"{base}/test/{TOKEN}", "cognigy-rest"))
    assert asked(results) == "settings dns tcp tls ready"
    assert found(results, Check.READY).outcome is Outcome.SKIPPED
    assert journal == []
    assert TOKEN not in repr(results)
