"""The bot host against real clients on loopback."""

from __future__ import annotations

import asyncio
import base64
import csv
import errno
import gc
import json
import ssl
from pathlib import Path

import httpx
import pytest
import trustme
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from dashboard.simulator.dialogue import Answer, Turn
from dashboard.simulator.faults import (
    Abort,
    AppStatus,
    Close,
    Drop,
    Garbage,
    HalfOpen,
    IdleCut,
    MaxAge,
    Refuse,
    SilentBot,
    SlowOpen,
    Stall,
    TokenLife,
)
from dashboard.simulator.server import BotHost
from dashboard.simulator.voices import AudioFormat
from tests.unit.simulator.client import (
    DIALOGUE,
    ask_token,
    close_frame,
    dial,
    get_token,
    hosting,
    look_up,
    message,
    message_of,
    resume,
    say,
    scenario,
    until_closed,
    until_silent,
)

ANSWER = Answer(text="on its way", intent="TrackParcel", confidence=0.94, delay_s=0.05)


# -- login and lookup -----------------------------------------------------------------------------------


async def test_a_token_is_granted_for_a_basic_header() -> None:
    async with hosting(scenario()) as host:
        reply = await ask_token(host)
    assert reply.status_code == 200
    assert reply.json()["token_type"] == "bearer"
    assert reply.json()["expires_in"] == 3600


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo-secret"}, 200, None),
        ({"grant_type": "client_credentials", "client_id": "demo", "client_secret": "x"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({}, 400, "unsupported_grant_type"),
    ],
)
async def test_credentials_in_the_body_are_checked(form: dict[str, str], status: int, error: str | None) -> None:
    async with hosting(scenario()) as host, httpx.AsyncClient(trust_env=False) as client:
        reply = await client.post(host.ready()["token_url"], data=form)
    assert (reply.status_code, reply.json().get("error")) == (status, error)


async def test_the_app_is_active_and_names_a_signed_address_that_opens_without_a_header() -> None:
    async with hosting(scenario()) as host:
        reply = await look_up(host, await get_token(host))
        assert reply.json()["status"] == "ACTIVE"
        async with connect(reply.json()["websocketUrl"], proxy=None) as client:
            assert (await message(client))["type"] == "sessionStart"


async def test_a_signature_is_worth_nothing_once_its_token_is_dead() -> None:
    dying = TokenLife(kind="token_life", expires_in_s=3600, dies_after_s=1.0)
    async with hosting(scenario(faults=[dying])) as host:
        url = (await look_up(host, await get_token(host))).json()["websocketUrl"]
        await asyncio.sleep(1.01)
        with pytest.raises(InvalidStatus) as caught:
            await connect(url, proxy=None)
    assert caught.value.response.status_code == 403


async def test_errors_have_the_shape_of_genesys_cloud() -> None:
    async with hosting(scenario()) as host:
        unauthorized = await look_up(host, "no-token")
        missing = await look_up(host, await get_token(host), "another-app")
    assert (unauthorized.status_code, missing.status_code) == (401, 404)
    assert unauthorized.json()["code"] == "bad.credentials"
    assert set(missing.json()) >= {"message", "code", "status", "contextId", "details", "errors"}


@pytest.mark.parametrize("suffix", ["", "?sig=forged", "?sig=%C3%BC"])
async def test_a_socket_needs_a_token_or_a_signature(suffix: str) -> None:
    async with hosting(scenario()) as host:
        with pytest.raises(InvalidStatus) as caught:
            await connect(host.ready()["url"] + suffix, proxy=None)
    assert caught.value.response.status_code == (403 if suffix else 401)


async def test_an_app_reports_the_status_of_the_scenario() -> None:
    inactive = AppStatus(kind="app_status", status="INACTIVE")
    async with hosting(scenario(faults=[inactive])) as host:
        assert (await look_up(host, await get_token(host))).json()["status"] == "INACTIVE"


# -- refusals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
async def test_a_handshake_is_refused_as_often_as_the_scenario_says(status: int) -> None:
    refusing = Refuse(kind="refuse", status=status, attempts=1, retry_after_s=2)
    async with hosting(scenario(faults=[refusing])) as host:
        token = await get_token(host)
        with pytest.raises(InvalidStatus) as caught:
            await dial(host, token)
        async with await dial(host, token) as client:
            assert (await message(client))["type"] == "sessionStart"
    assert caught.value.response.status_code == status
    assert caught.value.response.headers["Retry-After"] == "2"


async def test_login_and_lookup_are_refused_apart_from_the_socket() -> None:
    faults = [
        Refuse(kind="refuse", where="token", status=429, retry_after_s=1, attempts=1),
        Refuse(kind="refuse", where="lookup", status=503),
    ]
    async with hosting(scenario(faults=faults)) as host:
        first, second = await ask_token(host), await ask_token(host)
        lookup = await look_up(host, second.json()["access_token"])
    assert (first.status_code, second.status_code, lookup.status_code) == (429, 200, 503)
    assert first.headers["Retry-After"] == "1"
    assert lookup.json()["code"] == "service.unavailable"


async def test_refused_credentials_are_worded_as_the_login_host_does() -> None:
    async with hosting(scenario(faults=[Refuse(kind="refuse", where="token", status=401)])) as host:
        reply = await ask_token(host)
    assert (reply.status_code, reply.json()["error"]) == (401, "invalid_client")


async def test_a_slow_open_makes_an_impatient_client_give_up_and_the_next_one_is_quick() -> None:
    slow = SlowOpen(kind="slow_open", open_s=60, attempts=1)
    async with hosting(scenario(faults=[slow])) as host:
        headers = {"Authorization": f"Bearer {await get_token(host)}"}
        with pytest.raises(TimeoutError):
            await connect(host.ready()["url"], additional_headers=headers, proxy=None, open_timeout=0.05)
        async with await dial(host) as client:
            assert (await message(client))["type"] == "sessionStart"


# -- sessions -------------------------------------------------------------------------------------------


async def test_a_session_starts_with_its_ids_and_then_comes_labelled_audio() -> None:
    async with hosting(scenario()) as host, await dial(host) as client:
        start, status = await message(client), await message(client)
        first, second = await message_of(client, "audio"), await message_of(client, "audio")
    assert start["sessionId"] == "s-9001"
    assert start["conversationId"]
    assert status["status"] == "connected"
    sound = first["payload"].pop("audio")
    assert first["payload"] == {"encoding": "pcmu", "sampleRate": 8000, "channels": 2, "seq": 0, "position": 0.0}
    assert len(base64.b64decode(sound)) == 320
    assert (second["payload"]["seq"], second["payload"]["position"]) == (1, 0.02)


async def test_the_dialogue_is_told_in_partials_finals_and_intents() -> None:
    async with hosting(scenario(turns=DIALOGUE)) as host, await dial(host) as client:
        told = [await message_of(client, kind) for kind in ("transcript", "transcript", "intent", "transcript")]
    assert [(one.get("speaker"), one.get("isFinal")) for one in told] == [
        ("caller", False),
        ("caller", True),
        (None, None),
        ("bot", True),
    ]
    assert (told[2]["intent"], told[2]["confidence"]) == ("Greet", 0.9)


async def test_a_session_goes_on_where_the_clock_is_when_its_client_comes_back() -> None:
    async with hosting(scenario(faults=[Abort(kind="abort", at_s=0.1)])) as host:
        token = await get_token(host)
        async with await dial(host, token) as client:
            session_id = (await message(client))["sessionId"]
            before, closed = await until_closed(client)
        await asyncio.sleep(0.2)
        async with await dial(host, token) as client:
            await client.ping()  # no message: the client has not said yet what it wants
            await resume(client, session_id)
            again = await message(client)
    assert close_frame(closed) is None
    assert again["type"] == "audio"
    assert again["payload"]["seq"] > before[-1]["payload"]["seq"] + 5


async def test_an_unknown_session_gets_a_new_one() -> None:
    async with hosting(scenario()) as host:
        async with await dial(host) as client:
            assert (await message(client))["sessionId"] == "s-9001"
        async with await dial(host) as client:
            await resume(client, "s-1")
            assert (await message(client))["sessionId"] == "s-9002"


async def test_an_unknown_session_is_turned_away_where_the_scenario_says_so() -> None:
    ending = Close(kind="close", at_s=0.02, code=1000, reason="bye", end_session=True)
    async with hosting(scenario(faults=[ending], unknown_session="close")) as host:
        async with await dial(host) as client:
            session_id = (await message(client))["sessionId"]
            await until_closed(client)
        async with await dial(host) as client:
            await resume(client, session_id)
            assert close_frame((await until_closed(client))[1]) == (4404, "no such session")


async def test_a_client_that_comes_back_early_takes_the_session_from_its_old_connection() -> None:
    async with hosting(scenario()) as host:
        token = await get_token(host)
        async with await dial(host, token) as old, await dial(host, token) as new:
            await resume(new, (await message(old))["sessionId"])
            assert (await message(new))["type"] == "audio"
            assert close_frame((await until_closed(old))[1]) is None
            assert (await message(new))["type"] == "audio"


async def test_a_scenario_that_does_not_loop_ends_the_call_with_1000() -> None:
    async with hosting(scenario(duration_s=0.1, loop=False)) as host, await dial(host) as client:
        found, closed = await until_closed(client)
    assert [one["payload"]["seq"] for one in found if one["type"] == "audio"] == [0, 1, 2, 3, 4]
    assert close_frame(closed) == (1000, "call ended")


async def test_a_scenario_that_loops_repeats_its_dialogue_and_counts_on() -> None:
    turns = [Turn(who="bot", at_s=0.0, clip=None, text="")]
    async with hosting(scenario(turns=turns, duration_s=0.4)) as host, await dial(host) as client:
        for _ in range(3):
            await message_of(client, "transcript")
        assert (await message_of(client, "audio"))["payload"]["seq"] >= 40


# -- utterances -----------------------------------------------------------------------------------------


async def test_an_utterance_is_answered_with_intent_words_and_sound() -> None:
    async with hosting(scenario(answer=ANSWER)) as host, await dial(host) as client:
        session_id = (await message(client))["sessionId"]
        quiet = await message_of(client, "audio")
        await say(client, session_id, "parcel 4711")
        matched = await message_of(client, "intent")
        words = await message_of(client, "transcript")
        loud = await message_of(
            client, "audio", lambda one: _spread(one["payload"]["audio"]) > 2 * _spread(quiet["payload"]["audio"])
        )
    assert (matched["intent"], matched["confidence"]) == ("TrackParcel", 0.94)
    assert (words["text"], words["speaker"], words["isFinal"]) == ("on its way", "bot", True)
    assert loud["type"] == "audio"


async def test_a_silent_bot_answers_neither_the_dialogue_nor_an_utterance() -> None:
    silent = scenario(answer=ANSWER, turns=DIALOGUE, faults=[SilentBot(kind="silent_bot")], duration_s=1.2, loop=False)
    async with hosting(silent) as host, await dial(host) as client:
        await say(client, (await message(client))["sessionId"], "hello?")
        found, _ = await until_closed(client)
    kinds = [(one["type"], one.get("speaker")) for one in found]
    assert ("transcript", "caller") in kinds
    assert not [kind for kind in kinds if kind[0] == "intent" or kind[1] == "bot"]


# -- the connection -------------------------------------------------------------------------------------


async def test_a_close_has_its_code_and_reason_and_the_session_lives_on() -> None:
    closing = Close(kind="close", at_s=0.05, code=1012, reason="service restart")
    async with hosting(scenario(faults=[closing])) as host:
        async with await dial(host) as client:
            session_id = (await message(client))["sessionId"]
            _, closed = await until_closed(client)
        async with await dial(host) as client:
            await resume(client, session_id)
            assert (await message(client))["type"] == "audio"
    assert close_frame(closed) == (1012, "service restart")


@pytest.mark.parametrize("code", [4401, 1008])
async def test_a_connection_ends_when_its_token_dies(code: int) -> None:
    dying = TokenLife(kind="token_life", expires_in_s=3600, dies_after_s=0.15, close_code=code)
    async with hosting(scenario(faults=[dying])) as host, await dial(host) as client:
        _, closed = await until_closed(client)
    assert close_frame(closed) == (code, "token expired")


async def test_a_half_open_connection_answers_pings_and_says_nothing_while_a_new_one_works() -> None:
    half_open = scenario(faults=[HalfOpen(kind="half_open", at_s=0.05)])
    async with hosting(half_open) as host, await dial(host) as client:
        session_id = (await message(client))["sessionId"]
        await until_silent(client)
        await (await client.ping())
        async with await dial(host) as fresh:
            await resume(fresh, session_id)
            assert (await message(fresh))["type"] == "audio"


async def test_a_half_open_connection_may_swallow_pings_too() -> None:
    silence = HalfOpen(kind="half_open", at_s=0.0, answer_pings=False)
    async with hosting(scenario(faults=[silence])) as host, await dial(host) as client:
        await message_of(client, "status")
        pong = asyncio.ensure_future(await client.ping())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(pong), 0.2)
        pong.cancel()


async def test_a_path_that_hears_nothing_from_the_client_cuts_it_off_and_pings_prevent_that() -> None:
    idle = scenario(faults=[IdleCut(kind="idle_cut", after_s=0.3)])
    async with hosting(idle) as host, await dial(host) as mute, await dial(host) as pinging:
        cut = asyncio.create_task(until_closed(mute))
        while not cut.done():
            await message(pinging)
            await (await pinging.ping())
        assert (await message_of(pinging, "audio"))["type"] == "audio"
    assert close_frame((await cut)[1]) is None


@pytest.mark.parametrize("code", [1001, None])
async def test_a_connection_that_is_too_old_is_ended_whatever_the_client_sends(code: int | None) -> None:
    old = scenario(faults=[MaxAge(kind="max_age", after_s=0.2, code=code, reason="" if code is None else "too old")])
    async with hosting(old) as host, await dial(host) as client:
        pinging = asyncio.create_task(_ping_often(client))
        _, ended = await until_closed(client)
        pinging.cancel()
    assert close_frame(ended) == (None if code is None else (1001, "too old"))


async def _ping_often(client: ClientConnection) -> None:
    while True:
        await client.ping()
        await asyncio.sleep(0.02)


async def test_garbage_arrives_as_it_is_and_the_call_goes_on() -> None:
    names = ("bad-utf8", "audio-odd", "big")
    garbage = Garbage(kind="garbage", at_s=0.02, every_s=0.04, messages=names)
    found: list[bytes] = []
    async with hosting(scenario(faults=[garbage])) as host, await dial(host) as client:
        while len(found) < 3:
            raw = await client.recv(decode=False)
            if b'"id":' not in raw:
                found.append(raw)
        assert (await message_of(client, "audio"))["type"] == "audio"
    with pytest.raises(UnicodeDecodeError):
        found[0].decode()
    assert len(base64.b64decode(json.loads(found[1])["payload"]["audio"])) % 2 == 1
    assert len(found[2]) > 9 * 1024 * 1024


async def test_binary_frames_are_bare_sound() -> None:
    audio = AudioFormat(transport="binary", encoding="pcm16", rate=16000, position=False)
    async with hosting(scenario(audio=audio)) as host, await dial(host) as client:
        await message_of(client, "status")
        frame = await client.recv()
    assert isinstance(frame, bytes)
    assert len(frame) == 16000 * 0.02 * 2 * 2


async def test_messages_that_mean_nothing_are_ignored() -> None:
    async with hosting(scenario()) as host, await dial(host) as client:
        for nonsense in ("no json", "[]", '{"type":"event"}', b"\x00", '{"type":"reconnect"}', "[" * 100_000):
            await client.send(nonsense)
        assert (await message_of(client, "audio"))["type"] == "audio"


# -- the truth ------------------------------------------------------------------------------------------


async def _truth(path: Path) -> list[tuple[float, float, int]]:
    with path.open() as file:
        return [(float(row["sent_s"]), float(row["media_s"]), int(row["connection"])) for row in csv.DictReader(file)]


async def test_the_truth_holds_every_frame_that_was_sent_and_none_that_was_dropped(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    dropping = scenario(faults=[Drop(kind="drop", probability=0.3)], duration_s=1.0, loop=False)
    async with hosting(dropping, path) as host, await dial(host) as client:
        found, _ = await until_closed(client)
    received = [one["payload"]["position"] for one in found if one["type"] == "audio"]
    truth = await _truth(path)
    assert [media_s for _, media_s, _ in truth] == received
    assert 20 < len(received) < 45
    assert {connection for _, _, connection in truth} == {1}


async def test_frames_leave_on_an_absolute_schedule_and_a_stall_holds_them(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    stall = Stall(kind="stall", at_s=0.5, for_s=0.3)
    stalling = scenario(faults=[stall], duration_s=2.0, loop=False, audio=AudioFormat(frame_ms=10))
    async with hosting(stalling, path) as host, await dial(host) as client:
        await until_closed(client)
    late = {media_s: sent_s - media_s for sent_s, media_s, _ in await _truth(path)}
    begin = min(late.values())
    # Sleeping from frame to frame would be off by the timer's rounding each time, 100 ms and more at the end.
    assert min(value for media_s, value in late.items() if media_s >= 1.5) - begin < 0.03
    assert late[0.5] - begin > 0.28
    assert late[0.79] - begin < late[0.5] - begin


async def test_both_connections_of_a_resumed_session_are_in_the_truth(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    async with hosting(scenario(), path) as host:
        token = await get_token(host)
        async with await dial(host, token) as client:
            session_id = (await message(client))["sessionId"]
            await message_of(client, "audio")
        async with await dial(host, token) as client:
            await resume(client, session_id)
            await message_of(client, "audio")
    truth = await _truth(path)
    assert sorted({connection for _, _, connection in truth}) == [1, 2]
    assert [media_s for _, media_s, _ in truth] == sorted(media_s for _, media_s, _ in truth)


# -- life -----------------------------------------------------------------------------------------------


async def test_ready_says_what_a_client_needs() -> None:
    async with hosting(scenario()) as host:
        ready = host.ready()
    assert set(ready) == {
        "base_url", "token_url", "url", "app_id", "client_id", "client_secret", "cognigy_url",
            "url_token", "conversation_id", "scenario", "pid",
    }  # fmt: skip
    assert ready["token_url"].startswith(ready["base_url"] + "/")
    assert ready["url"].startswith("ws://127.0.0.1:")


async def test_everything_is_served_over_tls_with_a_certificate() -> None:
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    authority.configure_trust(trusting)
    host = BotHost(scenario(), tls=serving)
    await host.start()
    ready = host.ready()
    async with httpx.AsyncClient(trust_env=False, verify=trusting) as client:
        form = {"grant_type": "client_credentials"}
        token = (await client.post(ready["token_url"], data=form, auth=("demo", "demo-secret"))).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        app = await client.get(f"{ready['base_url']}/api/v2/appfoundry/applications/{ready['app_id']}", headers=headers)
    async with connect(app.json()["websocketUrl"], ssl=trusting, proxy=None) as socket:
        assert (await message(socket))["type"] == "sessionStart"
    await host.stop()


async def test_stopping_closes_calls_with_going_away_and_leaves_no_task() -> None:
    before = asyncio.all_tasks()
    async with hosting(scenario(turns=DIALOGUE, answer=ANSWER)) as host:
        client = await dial(host)
        await say(client, (await message(client))["sessionId"], "hello")
        await host.stop()
        _, closed = await until_closed(client)
        await client.close()
    assert close_frame(closed) == (1001, "going away")
    gc.collect()
    assert asyncio.all_tasks() == before


async def test_a_stopped_host_is_gone_and_may_be_stopped_again() -> None:
    async with hosting(scenario()) as host:
        url = host.ready()["base_url"]
        await host.stop()
        async with httpx.AsyncClient(trust_env=False) as client:
            with pytest.raises(httpx.ConnectError):
                await client.get(url)


async def test_a_port_that_is_taken_leaves_no_file_open(tmp_path: Path) -> None:
    async with hosting(scenario()) as host:
        port = int(host.ready()["url"].split(":")[2].split("/")[0])
        second = BotHost(scenario(), port=port, truth_path=tmp_path / "truth.csv")
        with pytest.raises(OSError, check=lambda error: error.errno == errno.EADDRINUSE):
            await second.start()
        await second.stop()


async def test_sessions_that_ended_are_forgotten() -> None:
    async with hosting(scenario(duration_s=0.02, loop=False)) as host:
        token = await get_token(host)
        for _ in range(3):
            async with await dial(host, token) as client:
                await until_closed(client)
        assert len(host._sessions) == 1


def _spread(encoded: str) -> int:
    return len(set(base64.b64decode(encoded)))
