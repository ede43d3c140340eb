"""An examination as data: what was checked, what came of it, and the one object that `doctor --json` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Check(StrEnum):
    """One question; in the order in which they are asked, those about a host once for each host."""

    SETTINGS = "settings"  # is there somebody to call, and everything needed for it?
    KEYS = "keys"  # who is let in where calls come in?
    DNS = "dns"  # has the name an address?
    TCP = "tcp"  # does anything listen there?
    PROXY = "proxy"  # does the proxy connect to the host?
    TLS = "tls"  # is the certificate to be trusted, and for how long?
    CLOCK = "clock"  # does the server's clock show the same time as ours?
    TOKEN = "token"  # does the login host grant a token, and for how long?
    LOOKUP = "lookup"  # is the app ACTIVE, and where is its socket?
    CALL = "call"  # does Genesys know the conversation, and is anybody connected in it?
    CHANNEL = "channel"  # may a notification channel be made, and how many are there?
    TOPICS = "topics"  # which topics of the conversation are permitted?
    UPGRADE = "upgrade"  # does the socket host, or the channel's, take the connection?
    MESSAGE = "message"  # does the peer speak, and in the protocol's words?
    READY = "ready"  # does a Cognigy endpoint take the URL token, and may utterances be said?
    PING = "ping"  # how long is the round trip?
    IDLE = "idle"  # how long a silence does the path bear?
    LEFT = "left"  # what remains of the examination?


STREAMING = "streaming host"
"""The role of the host of a notification channel's socket."""


class Outcome(StrEnum):
    OK = "ok"
    SKIPPED = "skipped"  # there was nothing to ask
    WARNING = "warning"  # wrong, and yet the next question can be asked
    FAILED = "failed"  # the way ends here


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong, as a stable identifier and in words, what to do about it, and the exit code that it means."""

    cause: str
    words: str
    remedy: str
    exit_code: int = 1


@dataclass(frozen=True, slots=True)
class StepResult:
    """The answer to one check. `detail` is one line; `facts` are JSON values with their units in their names."""

    check: Check
    detail: str
    outcome: Outcome = Outcome.OK
    took_s: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    diagnosis: Diagnosis | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A host on the way: whose it is, which setting names it, and the proxy that leads there (`host:port`)."""

    role: str
    named_by: str
    host: str
    port: int
    proxy: str | None = None

    @property
    def where(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def route(self) -> str:
        return f"proxy {self.proxy}" if self.proxy else "direct"

    def facts(self) -> dict[str, Any]:
        return {"role": self.role, "host": self.host, "port": self.port, "route": self.route}


def diagnosis_of(results: Sequence[StepResult]) -> Diagnosis | None:
    """Return what an examination found: where it ended, else the first thing that is wrong; None if nothing is."""
    found = [result for result in results if result.diagnosis is not None]
    ended = [result for result in found if result.outcome is Outcome.FAILED]
    return next((result.diagnosis for result in ended or found), None)


def exit_code(results: Sequence[StepResult]) -> int:
    """Return the exit code of design.md."""
    diagnosis = diagnosis_of(results)
    return 0 if diagnosis is None else diagnosis.exit_code


def examination_object(results: Sequence[StepResult], *, interrupted: bool = False) -> dict[str, Any]:
    """Return what `doctor --json` prints."""
    diagnosis = diagnosis_of(results)
    return {
        "version": 1,
        "verdict": _verdict(results),
        "interrupted": interrupted,
        "cause": diagnosis and diagnosis.cause,
        "summary": diagnosis and diagnosis.words,
        "remedy": diagnosis and diagnosis.remedy,
        "steps": [_step_object(result) for result in results],
    }


def _verdict(results: Sequence[StepResult]) -> str:
    outcomes = {result.outcome for result in results}
    return "failed" if Outcome.FAILED in outcomes else "degraded" if Outcome.WARNING in outcomes else "healthy"


def _step_object(result: StepResult) -> dict[str, Any]:
    diagnosis = result.diagnosis
    return {
        "name": result.check.value,
        "ok": None if result.outcome is Outcome.SKIPPED else result.outcome is Outcome.OK,
        "took_ms": None if result.took_s is None else round(result.took_s * 1000, 3),
        "detail": result.detail,
        "facts": dict(result.facts),
        "cause": diagnosis and diagnosis.cause,
        "remedy": diagnosis and diagnosis.remedy,
    }
