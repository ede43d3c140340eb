"""The last messages of a connection, one way: what the close explainer tells of the time before a loss."""

from __future__ import annotations

from dataclasses import dataclass

KEPT = 10
TEXT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `frames`, `audio_s`: the audio that came since the one before it."""

    at: float
    kind: str
    text: str
    frames: int = 0
    audio_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Trail:
    """The newest ten messages, oldest first; audio is counted between them, and after the last one."""

    messages: tuple[Message, ...] = ()
    frames: int = 0
    audio_s: float = 0.0

    def with_message(self, at: float, kind: str, text: str) -> Trail:
        """Return a trail that ends with a message of `text` (cleaned)."""
        message = Message(at, kind, text[:TEXT_LIMIT], self.frames, self.audio_s)
        return Trail((*self.messages[-KEPT + 1 :], message))

    def with_audio(self, frames: int, seconds: float) -> Trail:
        """Return a trail in which so many frames came after the last message."""
        return Trail(self.messages, self.frames + frames, self.audio_s + seconds)
