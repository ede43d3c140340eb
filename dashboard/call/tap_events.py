"""Facts that only a tap yields: what passed between two others, and what of it could not be read.

`side` is "client" for what came from whoever dialled the tap, "upstream" for what came from where the tap dials.
"""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.call.events import Event


@dataclass(frozen=True, slots=True)
class ClientSent(Event):
    """The client sent a message to the bot that is neither audio nor an utterance (`type_name` empty: of no type)."""

    type_name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class TapMeasured(Event):
    """What passed from one side since the last such fact, about once a second.

    size_bytes: all bytes, those that were not shown included. fragments: frames of messages in pieces. compressed:
    messages. pings: pings and pongs. held: how long the relay had the bytes of a read until the kernel had them again,
    seconds, of some of the reads.
    """

    side: str
    size_bytes: int
    messages: int
    frames: int
    fragments: int = 0
    compressed: int = 0
    pings: int = 0
    held: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class TapSkipped(Event):
    """Bytes of a side passed that nobody read, and why; what they were is not known. `reads`: of the relay."""

    side: str
    size_bytes: int
    reads: int
    reason: str


@dataclass(frozen=True, slots=True)
class TapUnread(Event):
    """Bytes of a side were seen and could not be read, and why. messages: 0 where nobody knows how many they were."""

    side: str
    flaw: str
    size_bytes: int
    messages: int


@dataclass(frozen=True, slots=True)
class TapResumed(Event):
    """A side can be read again, from here on; in `size_bytes` before that its next frame was looked for."""

    side: str
    size_bytes: int = 0
