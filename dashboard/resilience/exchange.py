"""HTTP requests and replies as values: what oauth.py, applookup.py, analytics.py and channels.py write and read.

transport carries them out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.call.events import Cause
from dashboard.resilience.retry import Failure, LinkError, Step, status_cause

_ERROR_CODE = re.compile(r"(?=.{1,40}$)[a-z]+(_[a-z]+)*")


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request with a form, JSON or no body; headers, form and the path carry secrets: not in its repr."""

    step: Step
    method: str
    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    form: dict[str, str] | None = field(default=None, repr=False)
    json: dict[str, Any] | list[dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a request: status, what `Retry-After` asks for in seconds, and the body as it came.

    `headers` are those that may be told: who answered, and what it wants.
    """

    status: int
    body: bytes = field(repr=False)
    retry_after_s: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def refuse_status(step: Step, reply: Reply) -> None:
    """Raise LinkError unless the reply is a 200. Of the body only a well-formed `error` code is told."""
    if reply.status == 200:
        return
    code = error_code(reply.body)
    detail = f"{step.value} answered {reply.status}" + (f" ({code})" if code else "")
    cause = status_cause(step, reply.status)
    raise LinkError(Failure(cause, detail, reply.status, reply.retry_after_s, reply.headers))


def json_object(step: Step, body: bytes) -> dict[str, Any]:
    """Read a body that must be one JSON object; raises LinkError that shows nothing of it."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise bad_reply(step, "is not JSON") from None
    if not isinstance(value, dict):
        raise bad_reply(step, "is not a JSON object")
    return value


def bad_reply(step: Step, problem: str) -> LinkError:
    """Return the error for a 200 whose content is not what the protocol says."""
    return LinkError(Failure(Cause.BAD_REPLY, f"the reply to the {step.value} {problem}", 200))


def error_code(body: bytes) -> str:
    """Return the `error` code of RFC 6749, 5.2, if it looks like one: a secret echoed there must not pass."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    code = value.get("error") if isinstance(value, dict) else None
    return code if isinstance(code, str) and _ERROR_CODE.fullmatch(code) else ""
