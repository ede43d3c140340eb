from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.call.events import Cause
from dashboard.resilience.applookup import lookup_request, read_lookup
from dashboard.resilience.exchange import Reply
from dashboard.resilience.oauth import Token
from dashboard.resilience.retry import LinkError
from dashboard.resilience.secret import Secret

TOKEN = Token(Secret("tk-1"), 100.0, 80.0)


def found(**fields: Any) -> Reply:
    return Reply(200, json.dumps({"id": "app-1", "status": "ACTIVE", **fields}).encode())


def test_an_app_is_asked_for_at_the_rest_base_with_the_token() -> None:
    request = lookup_request("https://api.test/", "app-1", TOKEN)
    assert (request.method, request.url) == ("GET", "https://api.test/api/v2/appfoundry/applications/app-1")
    assert request.headers["Authorization"] == "Bearer tk-1"
    assert "tk-1" not in repr(request)


def test_an_app_id_cannot_leave_its_place_in_the_path() -> None:
    request = lookup_request("https://api.test", "../../evil?x=1#y", None)
    assert request.url == "https://api.test/api/v2/appfoundry/applications/..%2F..%2Fevil%3Fx%3D1%23y"
    assert "Authorization" not in request.headers


def test_an_active_app_names_the_url_to_dial() -> None:
    assert read_lookup(found(websocketUrl="wss://bridge.test/ws?sig=1")) == "wss://bridge.test/ws?sig=1"


@pytest.mark.parametrize("fields", [{}, {"websocketUrl": None}, {"websocketUrl": ""}])
def test_an_app_may_name_no_url(fields: dict[str, Any]) -> None:
    assert read_lookup(found(**fields)) is None


@pytest.mark.parametrize("status", ["INACTIVE", "active", "", "PENDING"])
def test_an_app_that_is_not_active_is_not_dialled(status: str) -> None:
    with pytest.raises(LinkError, match="not ACTIVE") as raised:
        read_lookup(found(status=status, websocketUrl="wss://bridge.test/"))
    assert raised.value.failure.cause is Cause.APP_INACTIVE
    assert raised.value.exit_code == 3


def test_a_hostile_status_is_cut() -> None:
    with pytest.raises(LinkError) as raised:
        read_lookup(found(status="x" * 1_000_000))
    assert len(str(raised.value)) < 200


@pytest.mark.parametrize("fields", [{"status": None}, {"status": 1}, {"status": ["ACTIVE"]}])
def test_a_reply_without_status_is_a_bad_reply(fields: dict[str, Any]) -> None:
    with pytest.raises(LinkError, match="no status"):
        read_lookup(found(**fields))


@pytest.mark.parametrize(
    "url",
    [
        5,
        ["wss://a.test"],
        "https://a.test/",
        "wss://",
        "wss:///path",
        "ws://a.test/ws",
        "wss://user:pw@a.test/",
        "wss://a.test:99999/",
        "wss://a.test:x/",
        "wss://[::1/",
        "wss://a.test/\r\nX-Evil: 1",
        "wss://a.test/a b",
        "wss://bücher.test/",
        "wss://a.test/#frag",
        "wss://a.test/" + "x" * 10_000,
        "javascript:alert(1)",
    ],
)
def test_an_address_that_is_not_to_be_dialled_is_a_bad_reply_that_does_not_show_it(url: Any) -> None:
    with pytest.raises(LinkError) as raised:
        read_lookup(found(websocketUrl=url))
    assert raised.value.failure.cause is Cause.BAD_REPLY
    assert "a.test" not in str(raised.value)


def test_a_plain_address_is_dialled_on_this_machine_or_when_told_to() -> None:
    assert read_lookup(found(websocketUrl="ws://127.0.0.1:9/ws")) == "ws://127.0.0.1:9/ws"
    assert read_lookup(found(websocketUrl="ws://a.test/ws"), insecure=True) == "ws://a.test/ws"


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (401, Cause.TOKEN_REJECTED),
        (403, Cause.PERMISSION_MISSING),
        (404, Cause.NOT_FOUND),
        (429, Cause.RATE_LIMITED),
        (503, Cause.UNAVAILABLE),
        (302, Cause.HANDSHAKE_REFUSED),
        (204, Cause.HANDSHAKE_REFUSED),
    ],
)
def test_a_refused_lookup_has_the_cause_of_its_status(status: int, cause: Cause) -> None:
    with pytest.raises(LinkError) as raised:
        read_lookup(Reply(status, b"", 9.0))
    assert (raised.value.failure.cause, raised.value.failure.retry_after_s) == (cause, 9.0)
