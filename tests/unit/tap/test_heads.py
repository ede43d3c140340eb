"""Heads of requests and responses."""

from __future__ import annotations

import pytest

from dashboard.tap.heads import parting, read_request, read_response, refusal, rewritten

REQUEST = b"GET /a?b=c HTTP/1.1\r\nhost: here\r\nX-One: 1\r\nx-one:  2 \r\nEmpty:\r\n\r\n"


def test_a_request_is_read_with_repeated_headers_joined() -> None:
    asked = read_request(REQUEST)
    assert asked is not None
    assert (asked.method, asked.target) == ("GET", "/a?b=c")
    assert asked.headers == {"host": "here", "x-one": "1, 2", "empty": ""}


@pytest.mark.parametrize(
    "head",
    [
        b"\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n folded: line\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nbare: \n x\r\n\r\n",
        b"GET / HTTP/1.1\r\nbare: \r x\r\n\r\n",
        b"GET / HTTP/1.1\r\nspace : x\r\n\r\n",
        b"GET http://elsewhere/ HTTP/1.1\r\nhost: here\r\n\r\n",
        b"CONNECT elsewhere:443 HTTP/1.1\r\nhost: here\r\n\r\n",
        b"\x16\x03\x01\x02\x00\r\n\r\n",
    ],
)
def test_what_is_no_request_is_none(head: bytes) -> None:
    assert read_request(head) is None


def test_a_response_is_read_with_its_status() -> None:
    assert read_response(b"HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\n") == (101, {"a": "b"})
    assert read_response(b"HTTP/1.1 204\r\n\r\n") == (204, {})
    assert read_response(b"HTTP/1.1 200 OK\r\nodd one\r\nA: b\r\n folded\r\n\r\n") == (200, {"a": "b"})
    assert read_response(b"SSH-2.0-x\r\n\r\n") is None


UPGRADE = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n%s\r\n"


@pytest.mark.parametrize(
    ("head", "upgrades"),
    [
        (UPGRADE % b"", True),
        (UPGRADE % b"Content-Length: 0\r\n", True),
        (UPGRADE % b"Content-Length: 5\r\n", False),
        (UPGRADE % b"Transfer-Encoding: chunked\r\n", False),
        (UPGRADE.replace(b"GET", b"POST") % b"", False),
        (UPGRADE.replace(b"1.1", b"1.0") % b"", False),
        (UPGRADE.replace(b"WebSocket", b"h2c") % b"", False),
        (UPGRADE.replace(b", Upgrade", b"") % b"", False),
    ],
)
def test_only_a_request_for_a_websocket_upgrades(head: bytes, upgrades: bool) -> None:
    asked = read_request(head)
    assert asked is not None
    assert asked.upgrades is upgrades


@pytest.mark.parametrize(
    ("lines", "size"),
    [
        (b"", 0),
        (b"Content-Length: 12\r\n", 12),
        (b"Content-Length: 12\r\nContent-Length: 12\r\n", None),
        (b"Content-Length: 12\r\ncontent-length: 2\r\n", None),
        (b"Content-Length: +12\r\n", None),
        (b"Content-Length: 0x12\r\n", None),
        (b"Content-Length:\r\n", None),
        (b"Transfer-Encoding: chunked\r\n", None),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 12\r\n", None),
    ],
)
def test_the_size_of_a_body_is_known_only_if_it_is_said_in_one_way(lines: bytes, size: int | None) -> None:
    asked = read_request(b"POST / HTTP/1.1\r\nHost: a\r\n" + lines + b"\r\n")
    assert asked is not None
    assert asked.body_bytes == size


@pytest.mark.parametrize(
    ("head", "names_host"),
    [
        (b"GET / HTTP/1.1\r\nHost: a:80\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", True),
        (b"GET / HTTP/1.0\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: x@a\r\n\r\n", False),
    ],
)
def test_a_request_names_its_host_once(head: bytes, names_host: bool) -> None:
    asked = read_request(head)
    assert asked is not None
    assert asked.names_host is names_host


def test_the_last_answer_on_a_connection_says_so_once() -> None:
    head = b"HTTP/1.1 200 OK\r\nA: b\r\nconnection: keep-alive\r\nConnection: x\r\n\r\n"
    assert parting(head) == b"HTTP/1.1 200 OK\r\nA: b\r\nConnection: close\r\n\r\n"


def test_a_rewritten_request_keeps_all_else_as_it_was() -> None:
    fields = {"Host": "there", "New": "n"}
    assert rewritten(REQUEST, "/x", fields) == (
        b"GET /x HTTP/1.1\r\nHost: there\r\nX-One: 1\r\nx-one:  2 \r\nEmpty:\r\nNew: n\r\n\r\n"
    )


def test_a_header_that_was_repeated_is_replaced_once() -> None:
    assert rewritten(REQUEST, "/x", {"X-One": "3"}).count(b"-One") == 1


def test_a_refusal_is_a_whole_response() -> None:
    head, _, body = refusal(502, "über den Berg").partition(b"\r\n\r\n")
    answer = read_response(head + b"\r\n\r\n")
    assert answer is not None
    assert answer[0] == 502
    assert int(answer[1]["content-length"]) == len(body)
