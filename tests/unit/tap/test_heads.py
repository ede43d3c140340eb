"""Heads of requests and responses."""

from __future__ import annotations

import pytest

from dashboard.tap.heads import read_request, read_response, refusal, rewritten

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
        b"\x16\x03\x01\x02\x00\r\n\r\n",
    ],
)
def test_what_is_no_request_is_none(head: bytes) -> None:
    assert read_request(head) is None


def test_a_response_is_read_with_its_status() -> None:
    assert read_response(b"HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\n") == (101, {"a": "b"})
    assert read_response(b"HTTP/1.1 204\r\n\r\n") == (204, {})
    assert read_response(b"SSH-2.0-x\r\n\r\n") is None


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
