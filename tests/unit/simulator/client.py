"""A small client of the bot host: real HTTP, real WebSocket, and nothing of callscope's own link."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from dashboard.simulator.dialogue import Answer, Turn
from dashboard.simulator.faults import Fault
from dashboard.simulator.scenario import Scenario
from dashboard.simulator.server import BotHost
from dashboard.simulator.voices import AudioFormat

Message = dict[str, Any]

DIALOGUE = (
    Turn(who="caller", at_s=0.02, text="hi", partials=1, intent="Greet", confidence=0.9, intent_after_s=0.02),
    Turn(who="bot", after_s=0.2, text="yo"),
)


def scenario(
    *,
    faults: Sequence[Fault] = (),
    turns: Sequence[Turn] = (),
    answer: Answer | None = None,
    audio: AudioFormat | None = None,
    duration_s: float = 30.0,
    loop: bool = True,
    unknown_session: Any = "new",
) -> Scenario:
    """Build a scenario."""
    return Scenario(
        name="test",
        summary="for a test",
        duration_s=duration_s,
        loop=loop,
        unknown_session=unknown_session,
        faults=tuple(faults),
        turns=tuple(turns),
        answer=answer,
        audio=audio or AudioFormat(),
    )


@contextlib.asynccontextmanager
async def hosting(one: Scenario, truth_path: Path | None = None, seed: int = 1) -> AsyncIterator[BotHost]:
    """Run a bot host, and have every wait within end after ten seconds."""
    host = BotHost(one, truth_path=truth_path, seed=seed)
    await host.start()
    try:
        async with asyncio.timeout(10):
            yield host
    finally:
        await host.stop()


async def ask_token(host: BotHost) -> httpx.Response:
    """Ask for a token as Genesys Cloud wants it asked."""
    ready = host.ready()
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(
            ready["token_url"],
            data={"grant_type": "client_credentials"},
            auth=(ready["client_id"], ready["client_secret"]),
        )


async def get_token(host: BotHost) -> str:
    token: str = (await ask_token(host)).json()["access_token"]
    return token


async def look_up(host: BotHost, token: str, app_id: str | None = None) -> httpx.Response:
    """Look the app up."""
    ready = host.ready()
    url = f"{ready['base_url']}/api/v2/appfoundry/applications/{app_id or ready['app_id']}"
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(url, headers={"Authorization": f"Bearer {token}"})


async def dial(host: BotHost, token: str | None = None) -> ClientConnection:
    """Open the WebSocket with a Bearer token."""
    token = token or await get_token(host)
    headers = {"Authorization": f"Bearer {token}"}
    return await connect(host.ready()["url"], additional_headers=headers, proxy=None, ping_interval=None, max_size=None)


async def message(client: ClientConnection) -> Message:
    """Return the next message, read as JSON."""
    found: Message = json.loads(await client.recv(decode=False))
    return found


async def message_of(client: ClientConnection, kind: str, also: Callable[[Message], bool] = lambda _: True) -> Message:
    """Skip to the next message of a type."""
    while True:
        found = await message(client)
        if found["type"] == kind and also(found):
            return found


async def until_closed(client: ClientConnection) -> tuple[list[Message], ConnectionClosed]:
    """Return everything that comes until the connection ends, and how it ended."""
    found: list[Message] = []
    while True:
        try:
            found.append(await message(client))
        except ConnectionClosed as closed:
            return found, closed


async def until_silent(client: ClientConnection) -> None:
    """Wait until nothing has come for 0.3 s."""
    with contextlib.suppress(TimeoutError):
        while True:
            await asyncio.wait_for(client.recv(), 0.3)


def close_frame(closed: ConnectionClosed) -> tuple[int, str] | None:
    """Return code and reason of the close frame that came; None for a connection that just broke."""
    return None if closed.rcvd is None else (closed.rcvd.code, closed.rcvd.reason)


async def resume(client: ClientConnection, session_id: str) -> None:
    """Ask to continue a session."""
    await client.send(json.dumps({"type": "reconnect", "sessionId": session_id, "timestamp": 1_760_000_019_870}))


async def say(client: ClientConnection, session_id: str, text: str) -> None:
    """Speak a test utterance."""
    data = {"text": text, "sessionId": session_id, "timestamp": 1_760_000_012.345}
    await client.send(json.dumps({"type": "event", "event": "userInput", "data": data}))
