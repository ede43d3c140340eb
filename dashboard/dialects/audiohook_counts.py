"""What AudioHook counts: the numbers of both sides' messages, and the media position."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dashboard.dialects.audiohook_rules import Rule
from dashboard.dialects.audiohook_wire import Broken, Message

POSITION_SLACK_S = 0.25
"""Media that may be on its way, or a client's next frame: more is a mismatch."""


@dataclass(slots=True)
class Counter:
    """The numbers of one side: its last message, and the last of the other side's that it says it has seen."""

    seq: int = 0
    seen: int = 0
    session_id: str = ""  # of its last message

    def count(self, message: Message, other: Counter, session_id: str) -> Iterator[Broken]:
        """Count a message of a session."""
        if message.id != self.session_id:  # whoever uses a wrong one will go on so: that is one breach
            if message.id not in ("", session_id):
                yield Broken(Rule.ID_DIFFERS, "")
            self.session_id = message.id
        if message.seq is not None:
            if message.seq != self.seq + 1:
                yield Broken(Rule.SEQ_GAP, f"{self.seq + 1} was due, {message.seq} came")
            self.seq = message.seq
        if message.ack is not None:
            if message.ack > other.seq:
                yield Broken(Rule.ACK_AHEAD, f"{message.ack} seen, {other.seq} sent")
            elif message.ack < self.seen and message.ack != other.seq:  # whose own numbers may go back
                yield Broken(Rule.ACK_BACK, f"{message.ack} after {self.seen}")
            self.seen = max(self.seen, min(message.ack, other.seq))


@dataclass(slots=True)
class MediaClock:
    """The media position of what a client sends: audio received, plus what it says that it left out. Seconds."""

    position: float = 0.0
    longest: float = 0.0  # frame
    claimed: float = 0.0  # by the client's last message
    error: float = 0.0  # of that, as it was told last

    def frame(self, seconds: float) -> float:
        """Return where a frame begins."""
        start = self.position
        self.position += seconds
        self.longest = max(self.longest, seconds)
        return start

    def left_out(self, start: float, seconds: float) -> Iterator[Broken]:
        """Go on behind a gap."""
        if abs(start - self.position) > self.slack:
            yield Broken(Rule.GAP_MISPLACED, f"begins at {start:.3f} s, {self.position:.3f} s received")
        self.position = start + seconds

    def compare(self, claimed: float, before: float) -> Iterator[Broken]:
        """Compare the position of a message with ours, which was `before` until the message moved it."""
        if claimed < self.claimed - 1e-6:
            yield Broken(Rule.POSITION_BACK, f"{claimed:.3f} s after {self.claimed:.3f} s")
        self.claimed = claimed
        # A message that tells of a gap may stand on either side of it.
        error = min(claimed - self.position, claimed - before, key=abs)
        if abs(error - self.error) > self.slack:
            yield Broken(Rule.POSITION_MISMATCH, f"claims {claimed:.3f} s, {claimed - error:.3f} s received")
            self.error = error

    @property
    def slack(self) -> float:
        return max(POSITION_SLACK_S, self.longest)
