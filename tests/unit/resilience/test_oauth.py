from __future__ import annotations

import base64
import json
import math
import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.call.events import Cause
from dashboard.errors import ConfigError
from dashboard.resilience.exchange import Reply
from dashboard.resilience.oauth import Credentials, read_token, token_request, token_url
from dashboard.resilience.retry import LinkError
from dashboard.resilience.secret import Secret

CLIENT = Credentials("client-1", Secret("s3cr3t"))


def granted(**fields: Any) -> Reply:
    return Reply(200, json.dumps({"access_token": "tk-1", **fields}).encode())


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://api.mypurecloud.ie", "https://login.mypurecloud.ie/oauth/token"),
        ("https://api.usw2.pure.cloud/", "https://login.usw2.pure.cloud/oauth/token"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/oauth/token"),
        ("https://mock.example.com/genesys/", "https://mock.example.com/genesys/oauth/token"),
    ],
)
def test_the_token_comes_from_the_login_host_of_an_api_host_and_else_from_the_base_itself(base: str, url: str) -> None:
    assert token_url(base) == url


def test_the_real_form_sends_the_credentials_in_a_basic_header_and_nothing_but_the_grant_type_in_the_body() -> None:
    request = token_request("https://login.test/oauth/token", CLIENT)
    assert (request.method, request.url, request.form) == (
        "POST",
        "https://login.test/oauth/token",
        {"grant_type": "client_credentials"},
    )
    scheme, _, pair = request.headers["Authorization"].partition(" ")
    assert (scheme, base64.b64decode(pair)) == ("Basic", b"client-1:s3cr3t")


def test_the_body_form_sends_id_secret_and_organisation_as_fields() -> None:
    client = Credentials("client-1", Secret("s3cr3t"), in_body=True, org_id="org-1")
    request = token_request("https://mock.test/oauth/token", client)
    assert "Authorization" not in request.headers
    assert request.form == {
        "grant_type": "client_credentials",
        "client_id": "client-1",
        "client_secret": "s3cr3t",
        "org_id": "org-1",
    }


def test_credentials_do_not_travel_in_the_clear_to_another_machine() -> None:
    with pytest.raises(ConfigError):
        token_request("http://login.test/oauth/token", CLIENT)
    assert token_request("http://localhost:8080/oauth/token", CLIENT)
    assert token_request("http://login.test/oauth/token", CLIENT, insecure=True)


def test_neither_credentials_nor_requests_show_the_secret() -> None:
    shown = repr(CLIENT) + str(CLIENT.client_secret) + f"{CLIENT.client_secret}"
    shown += repr(token_request("https://login.test/", CLIENT)) + repr(read_token(granted(), 0.0))
    assert "s3cr3t" not in shown
    assert base64.b64encode(b"client-1:s3cr3t").decode() not in shown
    assert "tk-1" not in shown


@pytest.mark.parametrize(
    ("fields", "life", "renewed_after"),
    [
        ({"expires_in": 86399}, 86399, 86099),
        ({"expires_in": 100}, 100, 80),
        ({"expires_in": "3600"}, 3600, 3300),
        ({"expires_in": 0.5}, 0.5, 0.4),
        ({}, 3600, 3300),
        ({"expires_in": None}, 3600, 3300),
    ],
)
def test_a_token_ends_when_its_reply_says_and_is_renewed_a_fifth_of_its_life_or_five_minutes_before(
    fields: dict[str, Any], life: float, renewed_after: float
) -> None:
    token = read_token(granted(**fields), 50.0)
    assert token.value.reveal() == "tk-1"
    assert token.expires_at == 50.0 + life
    assert token.renew_at == pytest.approx(50.0 + renewed_after)


@pytest.mark.parametrize(
    "life", [0, -1, 1e18, 10**400, math.nan, math.inf, True, False, "soon", "nan", [3600], {"s": 1}, "9" * 5000]
)
def test_an_impossible_life_is_a_bad_reply(life: Any) -> None:
    with pytest.raises(LinkError) as raised:
        read_token(granted(expires_in=life), 0.0)
    assert raised.value.failure.cause is Cause.BAD_REPLY
    assert "expires_in" in str(raised.value)


@pytest.mark.parametrize("token", [None, "", 5, True, ["tk"], "two words", "line\r\nbreak", "tökèn", "x" * 20000])
def test_an_unusable_token_is_a_bad_reply(token: Any) -> None:
    with pytest.raises(LinkError, match="no usable access_token"):
        read_token(granted(access_token=token), 0.0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>tk-1</html>",
        b"[1]",
        b'"tk-1"',
        b"null",
        b"\xff\xfe\x00",
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"9" * 100_000,
        b"{" + b" " * 1_000_000,
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_reply_that_is_no_json_object_is_a_bad_reply_and_shows_nothing_of_it(body: bytes) -> None:
    with pytest.raises(LinkError) as raised:
        read_token(Reply(200, body), 0.0)
    assert raised.value.failure.cause is Cause.BAD_REPLY
    assert "tk-1" not in "".join(traceback.format_exception(raised.value))


def test_a_refusal_tells_the_status_and_the_error_code_only() -> None:
    body = b'{"error": "invalid_client", "description": "client s3cr3t not found", "error_description": "s3cr3t"}'
    with pytest.raises(LinkError) as raised:
        read_token(Reply(401, body, retry_after_s=3.0), 0.0)
    failure = raised.value.failure
    assert (failure.cause, failure.status, failure.retry_after_s) == (Cause.CREDENTIALS_REFUSED, 401, 3.0)
    assert str(raised.value) == "login answered 401 (invalid_client)"


@pytest.mark.parametrize("code", ["S3cr3tValue", "with space", "x" * 41, "a1b2", 5, ["x"], None, "", "_", "é"])
def test_an_error_code_that_does_not_look_like_one_is_not_told(code: Any) -> None:
    with pytest.raises(LinkError, match=r"login answered 400$"):
        read_token(Reply(400, json.dumps({"error": code}).encode()), 0.0)


@given(st.binary(max_size=200), st.integers(100, 599))
def test_any_reply_is_a_token_or_a_typed_failure(body: bytes, status: int) -> None:
    with pytest.raises(LinkError):
        read_token(Reply(status, body), 0.0)
