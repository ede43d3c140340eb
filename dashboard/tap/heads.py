"""Heads of HTTP requests and responses, as far as a relay has to read them; the rest stays as it came. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import NamedTuple

_REQUEST = re.compile(rb"([A-Z]{1,20}) (/[\x21-\x7e]{0,16000}|\*) (HTTP/1\.[01])")
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: |$)")
_FIELD = re.compile(rb"([-!#$%&'*+.^_`|~0-9A-Za-z]+):[ \t]*([^\r\n\0]*?)[ \t]*")
_SIZE = re.compile(r"[0-9]{1,15}")


class RequestHead(NamedTuple):
    """A request. headers: by lower-case name, the values of a repeated one joined by ", "."""

    method: str
    target: str
    version: str
    headers: Mapping[str, str]

    @property
    def upgrades(self) -> bool:
        """Whether it asks for a WebSocket (RFC 6455, 4.1)."""
        return (
            (self.method, self.version, self.body_bytes) == ("GET", "HTTP/1.1", 0)
            and "websocket" in _listed(self.headers.get("upgrade", ""))
            and "upgrade" in _listed(self.headers.get("connection", ""))
        )

    @property
    def body_bytes(self) -> int | None:
        """The size of its body; None if it does not say that in one way (RFC 9112, 6.3)."""
        size = self.headers.get("content-length", "0")
        if "transfer-encoding" in self.headers or not _SIZE.fullmatch(size):
            return None
        return int(size)

    @property
    def names_host(self) -> bool:
        """Whether it says once which host it is for, as it must (RFC 9112, 3.2)."""
        host = self.headers.get("host")
        return self.version == "HTTP/1.0" if host is None else not set(host) & set(", /?#@")


def read_request(head: bytes) -> RequestHead | None:
    """Read a head with its empty line; None for what is no request, or one that servers may read in several ways."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    found, fields = _REQUEST.fullmatch(first), [_FIELD.fullmatch(line) for line in lines]
    if found is None or None in fields:
        return None
    return RequestHead(found[1].decode(), found[2].decode(), found[3].decode(), _headers(fields))


def read_response(head: bytes) -> tuple[int, dict[str, str]] | None:
    """Return status and headers of a response, lines that are no header left out; None for what is no response."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    found = _STATUS.match(first)
    return None if found is None else (int(found[1]), _headers(map(_FIELD.fullmatch, lines)))


def rewritten(head: bytes, target: str, fields: Mapping[str, str]) -> bytes:
    """Return a request for another target, `fields` in the place of those of their names; all else as it came."""
    method, _, version = head.partition(b"\r\n")[0].split(b" ")
    return _changed(head, b" ".join((method, target.encode(), version)), fields)


def parting(head: bytes) -> bytes:
    """Return a response that says as well that the connection ends with it."""
    return _changed(head, head.partition(b"\r\n")[0], {"Connection": "close"})


def _changed(head: bytes, first: bytes, fields: Mapping[str, str]) -> bytes:
    _, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    missing = {name.lower(): (name, value) for name, value in fields.items()}
    kept = []
    for line in lines:
        name = line.partition(b":")[0].strip().decode("latin-1").lower()
        if name not in {one.lower() for one in fields}:
            kept.append(line)
        elif name in missing:
            kept.append(_line(*missing.pop(name)))
    kept += [_line(*one) for one in missing.values()]
    return b"\r\n".join([first, *kept, b"", b""])


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


def _headers(fields: Iterable[re.Match[bytes] | None]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for found in fields:
        if found is not None:
            name, value = found[1].decode().lower(), found[2].decode("latin-1")
            before = headers.get(name)
            headers[name] = value if before is None else f"{before}, {value}"
    return headers


def _listed(value: str) -> list[str]:
    return [one.strip() for one in value.lower().split(",")]
