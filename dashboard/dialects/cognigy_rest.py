"""A Cognigy endpoint over REST: one POST an utterance, whose answer comes when the bot's turn is over.

What arrives is the answer as the transport hands it over: a first line `STATUS RETRY_AFTER_S` (the second empty where
the host did not say), and the body behind it.
"""

from __future__ import annotations

import json
from typing import Any

from dashboard.call.cognigy_events import EndpointReady, InputRefused, TurnFinished
from dashboard.call.events import Cause, ErrorReceived, Event, MalformedReceived, SessionStarted, UnknownReceived
from dashboard.dialects.base import HangUp, Item, Problem
from dashboard.dialects.cognigy import EXCERPT, Endpoint, OpenTurn
from dashboard.dialects.cognigy_output import OutputReader
from dashboard.dialects.fields import UnreadableError, parsed

HOLD_OFF_S = 2.0
"""How long nothing more is said after an error, unless the host asks for another time."""

_MOST_OUTPUTS = 200
_FINAL = {401: Cause.ENDPOINT_REFUSED, 403: Cause.ENDPOINT_REFUSED, 404: Cause.ENDPOINT_REFUSED}


class CognigyRest:
    """Reads the answers and writes the requests of one call."""

    def __init__(self, endpoint: Endpoint, call_id: str) -> None:
        self.call_id = call_id
        self.hang_up: HangUp | None = None
        self._endpoint = endpoint
        self._read = OutputReader(call_id, endpoint.intent_keys, endpoint.url_token)
        self._turn = OpenTurn(call_id, endpoint.turn_limit_s)
        self._told = True
        self._ready = False
        self._hold_until = 0.0

    @property
    def may_speak(self) -> bool:
        return self._ready and not self._turn.waits

    def opened(self, now: float) -> None:
        self._turn.end()
        self.hang_up = None
        self._told = False

    def receive(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        self._turn.end()
        head, _, body = data.partition(b"\n")
        try:
            status, wait_s = _head(head)
            if not 200 <= status < 300:
                return [*self._refused(status, wait_s, body, at)]
            return [*self._outputs(body, at), TurnFinished(self.call_id, at, "reply")]
        except UnreadableError as error:
            why = f"the answer cannot be read: {error.problem.value}"
            return [
                self._unreadable(error.problem, body[:EXCERPT].decode("utf-8", "replace"), len(body), at),
                ErrorReceived(self.call_id, at, why),
                InputRefused(self.call_id, at, why, None),
            ]

    def utterance(self, text: str, session_id: str, wall: float) -> str:
        self._turn.begin()
        return json.dumps(
            {"userId": self._endpoint.user_id, "sessionId": self._endpoint.session_id, "text": text, "data": {}}
        )

    def reconnect(self, session_id: str, wall: float) -> None:
        """Say nothing: every request names the session."""

    def said(self, now: float) -> None:
        self._turn.sent(now)

    def tick(self, now: float) -> list[Event]:
        self._ready = now >= self._hold_until
        if self._told:
            return self._turn.tick(now)
        self._told = True
        endpoint = self._endpoint
        return [
            SessionStarted(self.call_id, now, endpoint.session_id, endpoint.conversation_id),
            EndpointReady(self.call_id, now, endpoint.user_id, endpoint.test_mode, 0.0, announced=False),
        ]

    def to_send(self, now: float) -> list[str]:
        return []

    def _outputs(self, body: bytes, at: float) -> list[Event]:
        answer = parsed(body)
        stack = answer.get("outputStack")
        outputs: list[Any] = stack if isinstance(stack, list) else [answer] if _says_anything(answer) else []
        facts: list[Event] = []
        for output in outputs[:_MOST_OUTPUTS]:
            if isinstance(output, dict):
                facts += self._read.facts(output, at)
            else:
                facts.append(self._unreadable(Problem.NOT_AN_OBJECT, json.dumps(output), len(body), at))
        if len(outputs) > _MOST_OUTPUTS:
            more = f"{len(outputs) - _MOST_OUTPUTS} more outputs in one answer"
            facts.append(UnknownReceived(self.call_id, at, more, len(body)))
        return facts

    def _unreadable(self, problem: Problem, text: str, size: int, at: float) -> MalformedReceived:
        return MalformedReceived(self.call_id, at, problem.value, self._read.hidden(text, EXCERPT), size)

    def _refused(self, status: int, wait_s: float | None, body: bytes, at: float) -> list[Event]:
        said = self._read.hidden(_error(body), EXCERPT)
        why = f"the endpoint answered {status}{f': {said}' if said else ''}"
        if status in _FINAL:
            self.hang_up = HangUp(_FINAL[status], why, final=True)
        self._ready = False
        self._hold_until = at + (HOLD_OFF_S if wait_s is None else wait_s)
        arrived = False if status < 500 else None
        return [ErrorReceived(self.call_id, at, why, status, wait_s), InputRefused(self.call_id, at, why, arrived)]


def _head(head: bytes) -> tuple[int, float | None]:
    """Return status and wanted pause of a first line."""
    status, _, wait = head.decode("ascii", "replace").partition(" ")
    try:
        return int(status), float(wait) if wait else None
    except ValueError:
        raise UnreadableError(Problem.NO_HTTP) from None


def _error(body: bytes) -> str:
    """Return what the body of a refusal says, if that is an error in words."""
    try:
        answer = parsed(body)
    except UnreadableError:
        return ""
    error = answer.get("error", answer.get("message"))
    said = error.get("message") if isinstance(error, dict) else error
    return said if isinstance(said, str) else ""


def _says_anything(answer: dict[str, Any]) -> bool:
    return bool(answer.get("text") or answer.get("data"))
