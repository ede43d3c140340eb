"""What a refusal by Genesys Cloud's API says (genesys-cloud.md, 5)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dashboard.resilience.exchange import Reply
from dashboard.resilience.retry import RETRY_AFTER_LIMIT_S
from dashboard.wiretext import clean

RATE_LIMITED_S = 3.0
"""The first wait after a 429 that names none; it doubles from one to the next."""

_PERMISSION = re.compile(r"\b[A-Za-z]{2,40}:[A-Za-z*]{1,60}:[A-Za-z*]{1,60}\b")
_SECONDS = re.compile(r"\[(\d{1,4})\]")
_NAMED = 3
_ID_LIMIT = 100


def missing_permissions(reply: Reply) -> list[str]:
    """Return the permissions that it names, such as `conversation:transcription:view`."""
    return list(dict.fromkeys(_PERMISSION.findall(_text(reply))))[:_NAMED]


def asked_wait_s(reply: Reply) -> float | None:
    """Return how long it asks to wait, seconds: by its header, else in the words of a 429."""
    if reply.retry_after_s is not None or reply.status != 429:
        return reply.retry_after_s
    seconds = _SECONDS.search(_text(reply))
    return None if seconds is None else min(float(seconds[1]), RETRY_AFTER_LIMIT_S)


def correlation_id(headers: Mapping[str, str]) -> str:
    """Return what Genesys' support asks for, by the headers of a reply; empty where there is none."""
    return clean(headers.get("ININ-Correlation-Id", ""), _ID_LIMIT)


def _text(reply: Reply) -> str:
    return reply.body[:4000].decode(errors="replace")
