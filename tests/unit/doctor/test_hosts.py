"""Login and API host: what each of their answers means."""

from __future__ import annotations

import pytest

from dashboard.doctor.steps import Check, Outcome
from dashboard.transport.listener import Reply
from dashboard.transport.websocket import SocketOptions
from tests.unit.doctor.stage import SECRET, TOKEN, asked, call_at, examined, failure_of, found, grant, house
from tests.unit.transport.peers import Wire, peer


def refusal(status: int, error: str = "") -> Reply:
    body = {"error": error, "description": f"{SECRET} is wrong"} if error else {"message": TOKEN}
    headers = {"Retry-After": "7"} if status == 429 else {}
    return Reply.of_json(body, status, {**headers, "Server": f"gateway {SECRET}"})


# -- the token ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error", "cause", "exit_code", "words"),
    [
        (400, "invalid_client", "credentials_refused", 3, "does not know this client id, or the secret is wrong"),
        (400, "unauthorized_client", "credentials_refused", 3, "may not use the client credentials grant"),
        (400, "unsupported_grant_type", "credentials_refused", 3, "does not do the client credentials grant"),
        (400, "invalid_request", "credentials_refused", 3, "wants the credentials in another form"),
        (400, "invalid_scope", "credentials_refused", 3, "no scope or role"),
        (401, "invalid_client", "credentials_refused", 3, "(401 invalid_client)"),
        (401, "", "credentials_refused", 3, "does not know this client id, or the secret is wrong (401)"),
        (403, "", "credentials_refused", 3, "(403)"),
        (404, "", "not_found", 3, "grants no tokens at that address"),
        (409, "", "handshake_refused", 3, "the login host answered 409"),
        (429, "", "rate_limited", 3, "too many requests (429)"),
        (302, "", "handshake_refused", 3, "the login host answered 302"),
        (500, "", "unavailable", 4, "cannot serve (500)"),
        (503, "", "unavailable", 4, "cannot serve (503)"),
    ],
)
async def test_a_login_host_that_refuses(status: int, error: str, cause: str, exit_code: int, words: str) -> None:
    async with house(token=refusal(status, error)) as base:
        failure = await failure_of(call_at(base), Check.TOKEN)
    assert failure.diagnosis is not None
    assert (failure.diagnosis.cause, failure.diagnosis.exit_code) == (cause, exit_code)
    assert words in failure.diagnosis.words
    assert failure.facts["status"] == status
    assert failure.facts.get("error", "") == error
    assert failure.facts["headers"]["Server"] == "gateway ***"  # it echoed the secret


async def test_a_rate_limit_says_how_long_to_wait() -> None:
    async with house(token=refusal(429)) as base:
        failure = await failure_of(call_at(base), Check.TOKEN)
    assert failure.diagnosis is not None
    assert failure.diagnosis.remedy.startswith("Wait 7 s, as it asks.")
    assert failure.facts["retry_after_s"] == 7


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>Sign in</html>", "text/html"),
        Reply.of_json([TOKEN]),
        Reply.of_json({"token": TOKEN}),
        grant(expires_in=-1),
    ],
)
async def test_a_login_host_that_answers_something_else(reply: Reply) -> None:
    async with house(token=reply) as base:
        failure = await failure_of(call_at(base), Check.TOKEN)
    assert failure.diagnosis is not None
    assert (failure.diagnosis.cause, failure.diagnosis.exit_code) == ("bad_reply", 3)
    assert "portal" in failure.diagnosis.remedy


async def test_a_login_host_that_never_replies() -> None:
    async with peer(Wire.until_gone) as port:
        options = call_at(f"http://127.0.0.1:{port}", socket=SocketOptions(open_timeout_s=0.1))
        failure = await failure_of(options, Check.TOKEN)
    assert failure.diagnosis is not None
    assert failure.diagnosis.cause == "timeout"
    assert failure.diagnosis.words == f"127.0.0.1:{port} takes the connection and then does not reply"


async def test_a_login_host_that_hangs_up() -> None:
    async def handler(wire: Wire) -> None:
        await wire.reader.readline()

    async with peer(handler) as port:
        failure = await failure_of(call_at(f"http://127.0.0.1:{port}"), Check.TOKEN)
    assert failure.diagnosis is not None
    assert (failure.diagnosis.cause, failure.diagnosis.exit_code) == ("network", 4)


async def test_a_token_shows_its_life() -> None:
    async with house(token=grant(expires_in=86399)) as base:
        token = found(await examined(call_at(base)), Check.TOKEN)
    assert token.facts["expires_in_s"] == 86399
    assert token.detail == "granted, lives 24 h"


async def test_a_token_that_lives_shortly_is_a_warning() -> None:
    async with house(token=grant(expires_in=60)) as base:
        results = await examined(call_at(base))
    token = found(results, Check.TOKEN)
    assert token.diagnosis is not None
    assert (token.outcome, token.diagnosis.cause) == (Outcome.WARNING, "token_life_short")
    assert results[-1].check is Check.PING


# -- the clock ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "ahead", "words"),
    [("Tue, 01 Jan 2030 10:00:00 GMT", False, "behind"), ("Fri, 01 Jan 2010 10:00:00 GMT", True, "ahead of")],
)
async def test_a_clock_that_is_wrong_is_a_warning_and_not_the_end(date: str, ahead: bool, words: str) -> None:
    reply = Reply.of_json({"access_token": TOKEN, "expires_in": 3600}, headers={"Date": date})
    async with house(token=reply) as base:
        results = await examined(call_at(base))
    assert asked(results).startswith("settings dns tcp tls clock token lookup")
    clock = found(results, Check.CLOCK)
    assert clock.diagnosis is not None
    assert (clock.outcome, clock.diagnosis.cause) == (Outcome.WARNING, "clock_skew")
    assert (clock.facts["skew_s"] > 0) == ahead
    assert f"{words} that of 127.0.0.1" in clock.detail


async def test_the_clock_is_read_from_a_refusal_too() -> None:
    async with house(token=refusal(401)) as base:
        assert asked(await examined(call_at(base))).endswith("clock token")


async def test_clocks_that_agree_are_told_so() -> None:
    async with house() as base:
        clock = found(await examined(call_at(base)), Check.CLOCK)
    assert abs(clock.facts["skew_s"]) < 30
    assert "agree" in clock.detail


# -- the app --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "cause", "exit_code", "words"),
    [
        (401, "token_rejected", 3, "refuses the token that the login host has just granted"),
        (403, "permission_missing", 3, "may not look apps up"),
        (404, "not_found", 3, "there is no such app"),
        (429, "rate_limited", 3, "too many requests"),
        (400, "handshake_refused", 3, "the app lookup answered 400"),
        (409, "handshake_refused", 3, "the app lookup answered 409"),
        (500, "unavailable", 4, "cannot serve (500)"),
        (503, "unavailable", 4, "cannot serve (503)"),
    ],
)
async def test_an_api_that_refuses(status: int, cause: str, exit_code: int, words: str) -> None:
    async with house(lookup=refusal(status)) as base:
        failure = await failure_of(call_at(base), Check.LOOKUP)
    assert failure.diagnosis is not None
    assert (failure.diagnosis.cause, failure.diagnosis.exit_code) == (cause, exit_code)
    assert words in failure.diagnosis.words
    assert failure.facts["headers"]["Server"] == "gateway ***"


async def test_an_app_that_is_not_active() -> None:
    async with house(lookup=Reply.of_json({"status": "INACTIVE"})) as base:
        failure = await failure_of(call_at(base), Check.LOOKUP)
    assert failure.diagnosis is not None
    assert (failure.diagnosis.cause, failure.diagnosis.exit_code) == ("app_inactive", 3)
    assert failure.diagnosis.words == "the app is not ACTIVE (status INACTIVE)"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>", "text/html"),
        Reply.of_json({"id": "app-1"}),
        Reply.of_json({"status": "ACTIVE", "websocketUrl": "ftp://bot.test"}),
        Reply.of_json({"status": "ACTIVE"}),
    ],
)
async def test_an_api_whose_answer_leads_nowhere(reply: Reply) -> None:
    async with house(lookup=reply) as base:
        failure = await failure_of(call_at(base), Check.LOOKUP)
    assert failure.diagnosis is not None
    assert (failure.diagnosis.cause, failure.diagnosis.exit_code) == ("bad_reply", 3)


async def test_an_app_shows_its_address_without_the_signature() -> None:
    async with house() as base:
        lookup = found(await examined(call_at(base)), Check.LOOKUP)
    assert lookup.facts["url"] == base.replace("http", "ws") + "/ws"
