"""Messages that no client should have to read, by name: the host sends them as they are.

Not what the protocol says, well-formed with sound that is not there, errors, and well-formed with hostile text.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

_BIG_BYTES = 9 * 1024 * 1024
_TOO_BIG_BYTES = 11 * 1024 * 1024  # callscope takes 10 MiB unless it is told otherwise
_DEEP = 100_000
_LONG = 20_000

_ESCAPES = "\x1b[31mred\x1b[0m \x1b]0;your title\x07\x1b[2J\x1b[H \x9b5n \x08\x08\x08 \r\n\t end"
_BIDI = "total \u202e000,1\u202c EUR \u2066left\u2069 \u200fmark"
_INVISIBLE = "pa\u200bss\u200dwo\u2060rd\ufeff \u00ad and \U000e0041 tags"
_MARKUP = "[red]alarm[/red] [bold]b [/nothing] [link=https://example.com]click[/link] [@click=app.quit]x[/] :boom:"
_SECRETS = (
    "Authorization: Bearer tk-0123456789abcdef client_secret=hunter2hunter2 password: swordfish "
    "wss://bridge.example.com/ws?sig=deadbeefcafe call +49 30 5550 1234"
)
_WIDE = "语音机器人 👩‍👩‍👧‍👦 e\u0301\u0302\u0303 ﷽ 🇩🇪"


def as_event(raw: bytes) -> bytes:
    """Return one of these messages as a Cognigy endpoint would send its like, over Socket.IO."""
    try:
        message = json.loads(raw)
    except (ValueError, RecursionError):
        return b'42["output",' + raw + b"]" if raw.startswith(b"{") else raw
    match message:
        case {"type": "text" | "transcript", "text": text}:
            event: list[Any] = ["output", {"type": "output", "data": {"text": text}}]
        case {"type": "intent", "intent": intent}:
            event = ["output", {"type": "output", "data": {"text": None, "data": {"intent": intent}}}]
        case {"type": "error", "message": said}:
            event = ["exception", {"message": said}]
        case {"type": "status", "status": status}:
            event = ["typingStatus", {"status": status}]
        case {"type": name}:
            event = [name, message]
        case other:
            return json.dumps(other).encode()
    return b"42" + json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _json(**fields: object) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()


def _audio(sound: object) -> bytes:
    return _json(type="audio", payload={"audio": sound, "encoding": "pcm16", "sampleRate": 8000, "channels": 1})


def _said(text: str) -> bytes:
    return _json(type="transcript", text=text, isFinal=True, speaker="bot")


@cache
def _big(size: int) -> bytes:
    return _json(type="text", text="x" * size)


MESSAGES: Mapping[str, Callable[[], bytes]] = MappingProxyType(
    {
        # not what the protocol says
        "not-json": lambda: b"this is no JSON",
        "empty": lambda: b"",
        "cut-json": lambda: b'{"type":"transcript","text":"half a mess',
        "array": lambda: b'[{"type":"transcript","text":"in a list"}]',
        "number": lambda: b"42",
        "null": lambda: b"null",
        "nan": lambda: b'{"type":"intent","intent":"Nan","confidence":NaN,"score":Infinity}',
        "deep": lambda: b'{"type":"status","status":' + b"[" * _DEEP + b"]" * _DEEP + b"}",
        "big": lambda: _big(_BIG_BYTES),
        "too-big": lambda: _big(_TOO_BIG_BYTES),
        "bad-utf8": lambda: b'{"type":"transcript","text":"\xff\xfe\xc3\x28"}',
        "lone-surrogate": lambda: b'{"type":"transcript","text":"\\ud800 alone","isFinal":true}',
        "no-type": lambda: _json(hello="world"),
        "type-number": lambda: _json(type=7, text="seven"),
        "unknown-type": lambda: _json(type="telemetry", value=1),
        "text-number": lambda: _json(type="transcript", text=4711, isFinal="yes"),
        "no-session-id": lambda: _json(type="sessionStart", conversationId="c-1"),
        # sound that is not there
        "audio-bad-base64": lambda: _audio("%%%no base64%%%"),
        "audio-odd": lambda: _audio(base64.b64encode(b"\x01\x02\x03").decode()),
        "audio-empty": lambda: _audio(""),
        "audio-number": lambda: _audio(4711),
        "audio-missing": lambda: _json(type="audio"),
        # what no client likes to read
        "error": lambda: _json(type="error", message="skill timeout"),
        # hostile text
        "escapes": lambda: _said(_ESCAPES),
        "markup": lambda: _said(_MARKUP),
        "bidi": lambda: _said(_BIDI),
        "invisible": lambda: _said(_INVISIBLE),
        "wide": lambda: _said(_WIDE),
        "long": lambda: _said("never ending " * (_LONG // 13)),
        "secrets": lambda: _said(_SECRETS),
        "intent-markup": lambda: _json(type="intent", intent=_MARKUP, confidence=7.5),
        "error-escapes": lambda: _json(type="error", message=_ESCAPES),
        "error-secrets": lambda: _json(type="error", message=_SECRETS),
        "status-bidi": lambda: _json(type="status", status=_BIDI),
        "text-markup": lambda: _json(type="text", text=_MARKUP),
        "unknown-hostile": lambda: _json(type=_ESCAPES + _BIDI),
    }
)
