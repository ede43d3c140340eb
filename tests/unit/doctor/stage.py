"""Hosts on loopback that fail in one way, and the examination of a call to them."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from dashboard.clock import Clock, SystemClock
from dashboard.dialects.base import AudioFormat
from dashboard.dialects.lookup import codec
from dashboard.doctor.examine import examine
from dashboard.doctor.idle import IdleSearch
from dashboard.doctor.steps import Check, Outcome, StepResult, examination_object
from dashboard.doctor.walk import Options
from dashboard.resilience.oauth import Credentials
from dashboard.resilience.policy import LinkPolicy
from dashboard.resilience.secret import Secret
from dashboard.transport.listener import FrameKind, Listener, Peer, Reply, Request, Upgrade
from dashboard.transport.websocket import SocketOptions

SECRET, TOKEN = "s3cr3t-of-the-client", "t0ken-of-the-client"
SECRETS = (SECRET, TOKEN, "sig=", "pr0xy-password")
SESSION = json.dumps({"type": "sessionStart", "sessionId": "s-1", "conversationId": "c-1"})


async def answer_pings(peer: Peer) -> None:
    while (frame := await peer.receive()) is not None:
        if frame.kind is FrameKind.PING:
            await peer.send(frame.data, FrameKind.PONG)


async def talk(peer: Peer) -> None:
    """A peer as it should be."""
    await peer.send(SESSION)
    await answer_pings(peer)


def grant(**fields: Any) -> Reply:
    return Reply.of_json({"access_token": TOKEN, "expires_in": 3600, **fields})


@asynccontextmanager
async def house(
    *,
    token: Reply | None = None,
    lookup: Reply | None = None,
    socket: Reply | Upgrade | Callable[[], Reply | Upgrade] | None = None,
    tls: ssl.SSLContext | None = None,
    journal: list[str] | None = None,
) -> AsyncIterator[str]:
    """Login host, API host and socket host in one; each may answer something else. Yields the base URL.

    journal: takes the path of every request.
    """

    async def handle(request: Request) -> Reply | Upgrade:
        if journal is not None:
            journal.append(request.path)
        if request.path == "/oauth/token":
            return token or grant()
        if request.path == "/ws":
            return (socket() if callable(socket) else socket) or Upgrade(talk)
        assert request.path == "/api/v2/appfoundry/applications/app-1"
        scheme = "wss" if tls else "ws"
        url = f"{scheme}://127.0.0.1:{listener.port}/ws?sig={TOKEN}"
        return lookup or Reply.of_json({"status": "ACTIVE", "websocketUrl": url})

    listener = Listener(handle, tls=tls)
    await listener.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listener.port}"
    finally:
        await listener.stop()


def call_at(base: str, **changes: Any) -> Options:
    """A call by way of login and app lookup."""
    given: dict[str, Any] = {
        "policy": LinkPolicy(lookup=True, stale_after_s=5.0),
        "login_url": f"{base}/oauth/token",
        "api_url": base,
        "codec": codec("appfoundry", AudioFormat(), "test"),
        "credentials": Credentials("client-1", Secret(SECRET)),
        "app_id": "app-1",
        "socket": SocketOptions(open_timeout_s=5.0, ping_timeout_s=5.0, close_timeout_s=0.05),
    }
    return Options(**{**given, **changes})


def socket_at(url: str, **changes: Any) -> Options:
    """A call by its WebSocket's address, without a token."""
    policy = LinkPolicy(url=url, authorize=False, stale_after_s=changes.pop("stale_after_s", 5.0))
    return call_at("http://127.0.0.1:1", policy=policy, credentials=None, app_id=None, **changes)


async def examined(
    options: Options, *, clock: Clock | None = None, search: IdleSearch | None = None
) -> list[StepResult]:
    """Every step of an examination; what they say is checked for secrets."""
    results: list[StepResult] = []
    await examine(options, results.append, clock=clock or SystemClock(), search=search)
    told = json.dumps(examination_object(results)) + repr(results)
    assert not [secret for secret in SECRETS if secret in told]
    assert all(result.outcome is not Outcome.FAILED for result in results[:-1])
    assert all((result.diagnosis is not None) == (result.outcome in _WRONG) for result in results)
    return results


async def failure_of(options: Options, check: Check) -> StepResult:
    """The failure in which an examination ends, which must be that of `check`."""
    last = (await examined(options))[-1]
    assert (last.check, last.outcome) == (check, Outcome.FAILED), last
    return last


def found(results: Sequence[StepResult], check: Check) -> StepResult:
    """The one step of that check."""
    (result,) = [result for result in results if result.check is check]
    return result


def asked(results: Sequence[StepResult]) -> str:
    """What was asked, in order."""
    return " ".join(result.check for result in results)


_WRONG = (Outcome.WARNING, Outcome.FAILED)
