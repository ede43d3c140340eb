"""The bot host as a Cognigy endpoint: real HTTP, real WebSocket, and nothing of callscope's own dialect."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from dashboard.simulator.cognigy import URL_TOKEN
from dashboard.simulator.dialogue import Answer, Turn
from dashboard.simulator.faults import Abort, Close, Garbage, NoFinalPing, NoReady, Refuse, SilentBot
from dashboard.simulator.flow import reply_to, utterances
from dashboard.simulator.garbage import MESSAGES, as_event
from dashboard.simulator.scenario import load_scenario
from dashboard.simulator.server import BotHost
from tests.unit.simulator.client import hosting, scenario

ANSWER = Answer(text="On its way.", delay_s=0.05, intent="Track", confidence=0.9)
TURNS = (
    Turn(who="caller", at_s=0.02, text="hi", intent="Greet", confidence=0.8, intent_after_s=0.0),
    Turn(who="bot", after_s=0.1, text="hello"),
    Turn(who="bot", after_s=0.1, text="what is it?"),
)


@asynccontextmanager
async def joined(host: BotHost, session: str = "s-1", token: str = URL_TOKEN) -> AsyncIterator[ClientConnection]:
    base = host.ready()["cognigy_url"].replace("http", "ws", 1)
    query = f"urlToken={token}&userId=u&sessionId={session}&EIO=3&transport=websocket"
    async with connect(f"{base}/socket.io/?{query}", ping_interval=None, proxy=None) as client:
        yield client


async def frames(client: ClientConnection, last: str) -> list[str]:
    """Read frames up to the first that begins so."""
    found: list[str] = []
    while not found or not found[-1].startswith(last):
        found.append(str(await client.recv()))
    return found


async def say(client: ClientConnection, text: str, token: str = URL_TOKEN) -> None:
    await client.send(f"42{json.dumps(['processInput', {'URLToken': token, 'text': text}])}")


async def post(host: BotHost, text: str, path: str = f"/test/{URL_TOKEN}", **fields: Any) -> httpx.Response:
    body = {"userId": "u", "sessionId": "s-1", "text": text, "data": {}} | fields
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        return await client.post(host.ready()["cognigy_url"] + path, json=body)


# -- Socket.IO ------------------------------------------------------------------------------------------


async def test_it_opens_connects_and_gets_ready_and_answers_pings() -> None:
    async with hosting(scenario()) as host, joined(host) as client:
        opened, connected, ready = await frames(client, "42")
        assert json.loads(opened[1:])["pingInterval"] == 25000
        assert (connected, ready) == ("40", '42["endpoint-ready"]')
        await client.send("2")
        assert await client.recv() == "3"


async def test_an_utterance_is_answered_and_the_turn_finished_both_to_be_acknowledged() -> None:
    async with hosting(scenario(answer=ANSWER)) as host, joined(host) as client:
        await frames(client, "42")
        await say(client, "where is it")
        assert await frames(client, "421") == [
            '42["typingStatus", {"status": "typingOn"}]',
            '420["output", {"type": "output", "data": {"text": "On its way.", "data": {"intent": "Track", '
            '"intentScore": 0.9}}}]',
            '42["typingStatus", {"status": "typingOff"}]',
            '421["finalPing", {"type": "regular"}]',
        ]


async def test_a_wrong_token_is_refused_by_the_namespace() -> None:
    async with hosting(scenario()) as host, joined(host, token="other") as client:
        assert (await frames(client, "44"))[-1] == '44"Invalid URL token"'


async def test_an_utterance_with_another_token_is_not_heard() -> None:
    async with hosting(scenario(answer=ANSWER)) as host, joined(host) as client:
        await frames(client, "42")
        await say(client, "psst", token="other")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.recv(), 0.4)


async def test_a_session_goes_on_at_its_place_on_another_connection() -> None:
    faults = [Abort(kind="abort", at_s=0.3)]
    async with hosting(scenario(answer=ANSWER, faults=faults)) as host:
        async with joined(host) as client:
            with pytest.raises(ConnectionClosed):
                await frames(client, "never")
        async with joined(host) as client:  # the fault is behind it
            await frames(client, "42")
            await say(client, "again")
            assert (await frames(client, "421"))[-1] == '421["finalPing", {"type": "regular"}]'


async def test_a_close_has_its_code() -> None:
    faults = [Close(kind="close", at_s=0.2, code=1012, reason="deploy")]
    async with hosting(scenario(faults=faults)) as host, joined(host) as client:
        with pytest.raises(ConnectionClosed) as closed:
            await frames(client, "never")
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1012, "deploy")


async def test_a_silent_bot_says_nothing_at_all() -> None:
    async with hosting(scenario(answer=ANSWER, faults=[SilentBot(kind="silent_bot")])) as host, joined(host) as client:
        await frames(client, "42")
        await say(client, "hello?")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.recv(), 0.5)


async def test_a_bot_that_does_not_finish_says_all_but_that() -> None:
    faults = [NoFinalPing(kind="no_final_ping")]
    async with hosting(scenario(answer=ANSWER, faults=faults)) as host, joined(host) as client:
        await frames(client, "42")
        await say(client, "hello?")
        await frames(client, '42["typingStatus", {"status": "typingOff"}]')
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.recv(), 0.3)


async def test_an_older_endpoint_does_not_say_that_it_is_ready() -> None:
    async with hosting(scenario(faults=[NoReady(kind="no_ready")])) as host, joined(host) as client:
        await frames(client, "40")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.recv(), 0.4)


async def test_garbage_comes_when_it_is_due() -> None:
    faults = [Garbage(kind="garbage", at_s=0.2, messages=("not-json",))]
    async with hosting(scenario(faults=faults)) as host, joined(host) as client:
        assert (await frames(client, "this"))[-1] == "this is no JSON"


@pytest.mark.parametrize("name", [name for name in MESSAGES if name not in ("big", "too-big", "deep")])
def test_every_kind_of_garbage_has_its_like(name: str) -> None:
    assert isinstance(as_event(MESSAGES[name]()), bytes)


def test_hostile_text_comes_as_an_output_an_error_or_an_intent() -> None:
    assert as_event(MESSAGES["markup"]()).startswith(b'42["output", {"type": "output", "data": {"text": "[red]alarm')
    assert as_event(MESSAGES["error"]()) == b'42["exception", {"message": "skill timeout"}]'
    assert as_event(MESSAGES["unknown-type"]()).startswith(b'42["telemetry"')
    assert as_event(MESSAGES["cut-json"]()).startswith(b'42["output",{"type":"transcript"')


# -- REST -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [f"/{URL_TOKEN}", f"/test/{URL_TOKEN}"])
async def test_a_request_is_answered_with_the_whole_turn(path: str) -> None:
    async with hosting(scenario(turns=TURNS)) as host:
        reply = await post(host, "Hi", path)
    told = reply.json()
    assert reply.status_code == 200
    assert (told["text"], told["userId"], told["sessionId"]) == ("hello what is it?", "u", "s-1")
    assert [one["text"] for one in told["outputStack"]] == ["hello", "what is it?"]
    assert told["outputStack"][0]["data"] == {"intent": "Greet", "intentScore": 0.8}


async def test_a_wrong_token_an_empty_text_and_a_refusal_have_their_status() -> None:
    faults = [Refuse(kind="refuse", status=429, attempts=1, retry_after_s=7)]
    async with hosting(scenario(answer=ANSWER, faults=faults)) as host:
        busy = await post(host, "hi")
        assert (busy.status_code, busy.headers["Retry-After"]) == (429, "7")
        assert (await post(host, "hi", "/test/other")).status_code == 404
        assert (await post(host, "")).status_code == 400
        assert (await post(host, "hi")).status_code == 200


async def test_garbage_that_was_due_since_the_last_request_is_the_answer() -> None:
    faults = [Garbage(kind="garbage", at_s=0.0, messages=("not-json",))]
    async with hosting(scenario(answer=ANSWER, faults=faults)) as host:
        await asyncio.sleep(0.05)
        first, second = await post(host, "hi"), await post(host, "hi")
    assert {first.content, second.content} >= {b"this is no JSON"}


async def test_an_error_that_was_due_since_the_last_request_is_a_status() -> None:
    faults = [Garbage(kind="garbage", at_s=0.0, messages=("error",))]
    async with hosting(scenario(answer=ANSWER, faults=faults)) as host:
        first, second = await post(host, "hi"), await post(host, "hi")
    assert {first.status_code, second.status_code} >= {500}


async def test_a_silent_bot_lets_a_request_wait() -> None:
    async with hosting(scenario(answer=ANSWER, faults=[SilentBot(kind="silent_bot")])) as host:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(post(host, "hi"), 0.5)


# -- what the flow answers ------------------------------------------------------------------------------------


def test_an_utterance_is_answered_with_the_turns_behind_the_same_words_of_the_caller() -> None:
    reply = reply_to(scenario(turns=TURNS), "  HI ")
    assert reply is not None
    assert [output.text for output in reply.outputs] == ["hello", "what is it?"]
    assert [output.intent for output in reply.outputs] == ["Greet", None]
    assert reply.outputs[0].at_s < reply.outputs[1].at_s < reply.finished_s


def test_other_words_get_the_answer_of_the_scenario_or_none() -> None:
    assert reply_to(scenario(turns=TURNS), "else") is None
    reply = reply_to(scenario(turns=TURNS, answer=ANSWER), "else")
    assert reply is not None
    assert [(output.text, output.at_s) for output in reply.outputs] == [("On its way.", 0.05)]


def test_a_scenario_has_the_utterances_of_its_caller() -> None:
    said = utterances(load_scenario("steady"))
    assert said[0][1] == "Hi, where is my parcel?"
    assert [at for at, _ in said] == sorted(at for at, _ in said)
