"""The two protocols by which rooms meet, and the commands that go the other way.

The `call_id` of a command says which call it is for; a source of one call need not be told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from dashboard.call.terms import Event

Emit = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Reconnect at once, from any state."""

    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Say:
    """Speak a test utterance to the bot."""

    text: str
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Put a mark on the timeline."""

    note: str
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Save:
    """Write a recording of all that has been seen, to `path`, or to where recordings are kept."""

    path: str | None = None
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Press:
    """Press these keys of the telephone, where callscope is the caller."""

    digits: str
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Speak at once, whoever else speaks, where callscope is the caller."""

    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """Close every call with 1000 and end."""


Command = Reconnect | Say | Mark | Save | Press | Interrupt | Stop


@dataclass(frozen=True, slots=True)
class Sound:
    """Frames of one leg in a row, without a hole, as they came. No fact: it goes to recorders alone.

    `at` is that of the `AudioReceived` that tells of them, `position_s` where the first sample stands on the stream's
    timeline. `payload` holds whole samples, of all `channels` interleaved, `rate` of each a second.
    """

    call_id: str
    at: float
    leg: str
    encoding: str
    rate: int
    channels: int
    position_s: float
    payload: bytes


Hear = Callable[[Sound], None]


class Source(Protocol):
    """Turns a wire, a process or a file into facts."""

    async def run(self, emit: Emit) -> None:
        """Emit facts until the source ends; return after its last one."""
        ...

    def command(self, command: Command) -> None:
        """Ask for something; never blocks, the outcome comes back as facts."""
        ...


class Overheard(Source, Protocol):
    """A source whose sound can be had as well."""

    def overhear(self, hear: Hear) -> None:
        """Hand the sound itself to `hear`, after the fact that tells of it."""
        ...


class Sink(Protocol):
    """Takes facts."""

    def put(self, event: Event) -> None:
        """Take one fact; never blocks and never raises."""
        ...

    def close(self) -> None:
        """No more facts will come: write out what is still held."""
        ...
