"""The structured log of what the link did, for the people who support callscope itself (`--log-file`).

One JSON object a line. What was said on the call and its sound are left out; addresses, reasons and details passed
through `wiretext.clean` when they became facts, and every text passes it once more here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import structlog

from dashboard.call import events as ev
from dashboard.call.bot_events import BotTold
from dashboard.call.codec import kind_of
from dashboard.call.events import Event
from dashboard.call.hook_events import ListenerStarted, RuleBroken, UpgradeRefused
from dashboard.call.notification_events import GapMarked, RequestFailed, SpeechTranscribed, SubscriptionLost
from dashboard.wiretext import clean

_LEFT_OUT = (
    ev.AudioReceived,
    ev.Ticked,
    ev.TranscriptReceived,
    ev.IntentReceived,
    ev.TextReceived,
    ev.Marked,
    SpeechTranscribed,
)
_PRIVATE = frozenset({"text", "excerpt", "waits", "call_id", "at", "note"})
_WARNINGS = (
    ev.ConnectionLost,
    ev.AttemptFailed,
    ev.TokenFailed,
    ev.MalformedReceived,
    ev.ErrorReceived,
    ev.WorkerLost,
    RuleBroken,
    UpgradeRefused,
    GapMarked,
    RequestFailed,
    SubscriptionLost,
)


class LinkLog:
    """Turns facts into log lines; an `encode` for `LineOutlet`."""

    def __init__(self, **context: str) -> None:
        """`context` stands in every line: versions, the command."""
        self._started: ev.CallStarted | ListenerStarted | None = None
        self._log = structlog.wrap_logger(
            structlog.ReturnLogger(),
            processors=[
                structlog.stdlib.add_log_level,
                _redacted,
                structlog.processors.JSONRenderer(sort_keys=False, ensure_ascii=True),
            ],
        ).bind(**context)

    def __call__(self, event: Event) -> str | None:
        kind = kind_of(event)
        if isinstance(event, BotTold):
            event = event.fact
            kind = f"bot_{kind_of(event)}"
        elif isinstance(event, ev.CallStarted | ListenerStarted):
            self._started = event
        if isinstance(event, _LEFT_OUT) or (isinstance(event, ev.QueueMeasured) and not event.dropped):
            return None
        fields = {name: _plain(value) for name, value in _fields(event) if name not in _PRIVATE}
        write = self._log.warning if isinstance(event, _WARNINGS) else self._log.info
        line = write(kind, time=self._time(event.at), call_id=event.call_id, **fields)
        return str(line)

    def _time(self, at: float) -> str:
        if self._started is None:
            return ""
        wall = self._started.wall + (at - self._started.at)
        return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds")


def _fields(event: Event) -> list[tuple[str, Any]]:
    return [(field.name, getattr(event, field.name)) for field in dataclasses.fields(event)]


def _plain(value: object) -> object:
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value


def _redacted(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: clean(value) if isinstance(value, str) else value for key, value in entry.items()}
