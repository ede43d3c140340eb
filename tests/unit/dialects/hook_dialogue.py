"""A session told as a dialogue: `<<` the client sends, `>>` the server answers; time passes when it is told to.

Dialogue() << Sends("open") >> Gets("opened") << Audio(0.2) << Waits(1.0) << Sends("ping") >> Gets("pong")
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, TypeVar

from dashboard.call.events import Event
from dashboard.call.hook_events import RuleBroken
from dashboard.dialects.audiohook_server import HookServer
from dashboard.dialects.audiohook_upgrade import Announced
from dashboard.dialects.audiohook_wire import duration, duration_s
from dashboard.dialects.base import AudioFrame, Item

CALL = "call"
ORGANIZATION = "5d6c1f0a-3b7e-4c52-9a41-0e8f7b2d6c11"
SESSION = "a1b2c3d4-0001-4000-8000-00000000c0de"
CORRELATION = "a1b2c3d4-0002-4000-8000-00000000c0de"
CONVERSATION = "7be0c7d2-1111-4222-8333-9a9a9a9a9a9a"
PARTICIPANT = "0d0d0d0d-2222-4333-8444-5e5e5e5e5e5e"
STEREO = {"type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": 8000}
MONO = {"type": "audio", "format": "PCMU", "channels": ["external"], "rate": 8000}
START = 1000.0

Fact = TypeVar("Fact", bound=Event)


def open_parameters(**changes: Any) -> dict[str, Any]:
    participant = {"id": PARTICIPANT, "ani": "tel:+15550100", "aniName": "", "dnis": "tel:+15550199"}
    said = {
        "organizationId": ORGANIZATION,
        "conversationId": CONVERSATION,
        "participant": participant,
        "media": [STEREO, MONO],
        "language": "en-US",
        "supportedLanguages": True,
    }
    return {name: value for name, value in (said | changes).items() if value is not ...}


@dataclass
class Sends:
    """The client sends a message: numbered as it should be, unless `envelope` says otherwise (… leaves a field out)."""

    kind: str
    parameters: dict[str, Any] | None = None
    envelope: dict[str, Any] = field(default_factory=dict)


@dataclass
class Raw:
    """The client sends this text."""

    data: bytes


@dataclass
class Audio:
    """The client sends a frame of so many seconds, or these bytes."""

    seconds: float = 0.2
    payload: bytes | None = None


@dataclass
class Waits:
    """Time passes, with a tick four times a second."""

    seconds: float


class Gets:
    """The server answers so: the type, and all of these parameters."""

    def __init__(self, kind: str, **parameters: Any) -> None:
        self.kind = kind
        self.parameters = parameters


class Dialogue:
    """A client and the server's machine."""

    def __init__(self, announced: Announced | None = None, **options: Any) -> None:
        self.now = START
        announced = announced or Announced(SESSION, ORGANIZATION, CORRELATION)
        self.server = HookServer(CALL, announced, START, **options)
        self.items: list[Item] = []
        self.position = 0.0
        self.seq = 0
        self.seen = 0
        self.channels = 2
        self.answers: list[dict[str, Any]] = []

    def __lshift__(self, step: Sends | Raw | Audio | Waits) -> Dialogue:
        match step:
            case Waits(seconds):
                self._wait(seconds)
            case Audio():
                payload = bytes([0xFF]) * round(step.seconds * 8000 * self.channels)
                payload = payload if step.payload is None else step.payload
                self.position += len(payload) / (8000 * self.channels)
                self._take(self.server.receive(payload, text=False, at=self.now))
            case Raw(data):
                self._take(self.server.receive(data, text=True, at=self.now))
            case Sends():
                self._take(self.server.receive(self._written(step), text=True, at=self.now))
        return self

    def __rshift__(self, expected: Gets) -> Dialogue:
        assert self.answers, f"no {expected.kind} came"
        message = self.answers.pop(0)
        assert message["type"] == expected.kind
        for name, value in expected.parameters.items():
            found = message.get(name, message["parameters"].get(name))
            assert found == value, (name, found)
        return self

    def silence(self) -> Dialogue:
        """Nothing more was answered."""
        assert self.answers == []
        return self

    # -- what came of it ----------------------------------------------------------------------------------

    def facts(self, kind: type[Fact]) -> list[Fact]:
        return [item for item in self.items if isinstance(item, kind)]

    @property
    def frames(self) -> list[AudioFrame]:
        return [item for item in self.items if isinstance(item, AudioFrame)]

    @property
    def broken(self) -> list[str]:
        """The rules that were broken so far, in order."""
        return [fact.rule for fact in self.facts(RuleBroken)]

    # -- steps ----------------------------------------------------------------------------------------------

    def _written(self, step: Sends) -> bytes:
        self.seq += 1
        parameters = step.parameters
        if parameters is None:
            parameters = open_parameters() if step.kind == "open" else {}
        if step.kind in ("discarded", "resumed"):
            self.position += duration_s(parameters.get("discarded")) or 0.0
        fields = {
            "version": "2",
            "id": SESSION,
            "type": step.kind,
            "seq": self.seq,
            "serverseq": self.seen,
            "position": duration(self.position),
            "parameters": parameters,
        }
        return json.dumps({name: v for name, v in (fields | step.envelope).items() if v is not ...}).encode()

    def _take(self, items: list[Item]) -> None:
        self.items += items
        texts, told = self.server.to_send(self.now)
        self.items += told
        for text in texts:
            message = json.loads(text)
            assert message["seq"] == self.seen + 1
            self.seen += 1
            assert (message["version"], message["id"]) == ("2", SESSION)
            assert "position" not in message
            self.answers.append(message)

    def _wait(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now = min(end, self.now + 0.25)
            self._take(self.server.tick(self.now))


def opened(**options: Any) -> Dialogue:
    """A session that is open, its answer taken."""
    return Dialogue(**options) << Sends("open") >> Gets("opened")
