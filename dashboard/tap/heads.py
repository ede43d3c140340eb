"""Heads of HTTP requests and responses, as far as a relay has to read them; the rest stays as it came. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

_REQUEST = re.compile(rb"([A-Z]{1,20}) ([\x21-\x7e]{1,16000}) (HTTP/1\.[01])")
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: |$)")
_FIELD = re.compile(rb"([-!#$%&'*+.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*")


class RequestHead(NamedTuple):
    """A request. headers: by lower-case name, the values of a repeated one joined by ", "."""

    method: str
    target: str
    headers: Mapping[str, str]


def read_request(head: bytes) -> RequestHead | None:
    """Read a head with its empty line; None for what is no request."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    found = _REQUEST.fullmatch(first)
    headers = read_headers(lines)
    if found is None or headers is None:
        return None
    return RequestHead(found[1].decode(), found[2].decode(), headers)


def read_response(head: bytes) -> tuple[int, dict[str, str]] | None:
    """Return status and headers of a response; None for what is none."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    found = _STATUS.match(first)
    headers = read_headers(lines)
    return None if found is None or headers is None else (int(found[1]), headers)


def read_headers(lines: list[bytes]) -> dict[str, str] | None:
    """Return headers by lower-case name; None if a line is none."""
    headers: dict[str, str] = {}
    for line in lines:
        found = _FIELD.fullmatch(line)
        if found is None:
            return None
        name, value = found[1].decode().lower(), found[2].decode("latin-1")
        before = headers.get(name)
        headers[name] = value if before is None else f"{before}, {value}"
    return headers


def rewritten(head: bytes, target: str, fields: Mapping[str, str]) -> bytes:
    """Return a request for another target, `fields` in the place of those of their names; all else as it came."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    method, _, version = first.split(b" ")
    missing = {name.lower(): (name, value) for name, value in fields.items()}
    kept = []
    for line in lines:
        name = line.partition(b":")[0].strip().decode("latin-1").lower()
        if name not in {one.lower() for one in fields}:
            kept.append(line)
        elif name in missing:
            kept.append(_line(*missing.pop(name)))
    kept += [_line(*one) for one in missing.values()]
    return b"\r\n".join([b" ".join((method, target.encode(), version)), *kept, b"", b""])


def refusal(status: int, words: str) -> bytes:
    """Return a whole response that says why, and that the connection ends with it."""
    body = f"{words}\n".encode()
    phrase = HTTPStatus(status).phrase
    lines = (
        f"HTTP/1.1 {status} {phrase}",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
    )
    return "\r\n".join([*lines, "", ""]).encode() + body


def _line(name: str, value: str) -> bytes:
    return f"{name}: {value}".encode("latin-1")
