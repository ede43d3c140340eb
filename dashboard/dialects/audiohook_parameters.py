"""What stands in the parameters of AudioHook's messages, made fit to be told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dashboard.dialects import audiohook_wire as wire
from dashboard.dialects.audiohook_wire import Message
from dashboard.wiretext import clean

TEXT_LIMIT = 500
MOST_LISTED = 16

_WORD_LIMIT = 64
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}")


def gap_of(message: Message) -> tuple[float, float] | None:
    """Return where a gap begins and how long it is."""
    start, seconds = (wire.duration_s(message.parameters.get(name)) for name in ("start", "discarded"))
    return None if start is None or seconds is None else (start, seconds)


def word(value: Any, limit: int = _WORD_LIMIT) -> str:
    """Return a text, short; none for what is no text."""
    return clean(value, limit) if isinstance(value, str) else ""


def language_of(value: object) -> str:
    """Return a language as it was written; none for what is no name of one."""
    return value if isinstance(value, str) and len(value) <= 32 and _LANGUAGE.fullmatch(value) else ""


def variables_of(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield variables as NAME=VALUE."""
    for name, value in list(values.items())[:MOST_LISTED]:
        yield clean(f"{name}={value}", TEXT_LIMIT)


def continued_by(value: object) -> Iterator[str]:
    """Yield the ids of the sessions that a client says it goes on with."""
    for one in value[:MOST_LISTED] if isinstance(value, list) else ():
        if isinstance(one, dict) and (session_id := wire.uuid(one.get("id"))):
            yield session_id
