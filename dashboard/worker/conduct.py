"""How a caller behaves: what is said, frame by frame, and when it is whose turn. No clock, no socket."""

from __future__ import annotations

import random
import struct
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

FRAME_S = 0.1
_BYTES_PER_S = 16_000
_FRAME_BYTES = round(FRAME_S * _BYTES_PER_S)

_LINE_SAMPLES = 8_001 * 2

ANSWERS_AFTER_S = 0.8
"""A caller begins to speak so long after the bot has ended."""
PATIENCE_S = 6.0
"""A caller who hears nothing says the next thing after so long; a bot that is silent has been noticed by then."""
FIRST_PATIENCE_S = 3.0
"""At first it takes less: there are bots that wait for the caller to speak."""
LEAVES_AFTER_S = 3.0
INTERRUPTS_AFTER_S = 1.0
"""A caller who does not let the bot finish begins to speak so long after it has begun."""
BETWEEN_KEYS_S = 0.3


class Speech(NamedTuple):
    """Something to say. samples: 16-bit little-endian, 8 kHz, one channel. ends_s: where its last sound ends."""

    text: str
    samples: bytes = b""
    ends_s: float = 0.0


class Frame(NamedTuple):
    """`FRAME_S` of the caller's sound. begun: a speech that begins with it; ended: one whose last sound is in it."""

    samples: bytes
    begun: Speech | None = None
    ended: Speech | None = None
    ended_s: float = 0.0  # from the frame's beginning


class Voice:
    """The caller's side of the line: one speech after another, a quiet line between them."""

    def __init__(self, seed: int = 1) -> None:
        dice = random.Random(seed)
        self._line = struct.pack(f"<{_LINE_SAMPLES}h", *(8 * dice.randint(-2, 2) for _ in range(_LINE_SAMPLES)))
        self._frames = 0
        self._waiting: deque[Speech] = deque()
        self._speech: Speech | None = None
        self._said_s = 0.0

    @property
    def speaking(self) -> bool:
        return self._speech is not None or bool(self._waiting)

    def say(self, speech: Speech) -> None:
        """Say this as soon as what is being said has ended."""
        self._waiting.append(speech)

    def frame(self) -> Frame:
        """Return the next frame."""
        begun = None
        if self._speech is None:
            if not self._waiting:
                return Frame(self._quiet())
            begun = self._speech = self._waiting.popleft()
            self._said_s = 0.0
        speech, from_s = self._speech, self._said_s
        self._said_s += FRAME_S
        begin = round(from_s * 8000) * 2
        said = speech.samples[begin : begin + _FRAME_BYTES]
        samples = said + self._quiet()[len(said) :]
        if self._said_s < speech.ends_s - 1e-9:
            return Frame(samples, begun)
        self._speech = None
        return Frame(samples, begun, speech, max(0.0, speech.ends_s - from_s))

    def _quiet(self) -> bytes:
        """Return a frame of a line on which nobody speaks: about -70 dBFS, for zeros would be a mute."""
        self._frames += 1
        begin = self._frames * _FRAME_BYTES % (len(self._line) - _FRAME_BYTES)
        return self._line[begin : begin + _FRAME_BYTES]


class Speak(NamedTuple):
    speech: Speech


class Dial(NamedTuple):
    digit: str


class Leave(NamedTuple):
    """There is nothing more to say, and the bot says nothing more."""


Act = Speak | Dial | Leave


@dataclass(frozen=True, slots=True)
class Script:
    """What a caller wants: to say these, then to press these keys.

    interrupts: does not let the bot finish. repeats: begins again. leaves: hangs up when nothing more comes.
    """

    speeches: tuple[Speech, ...] = ()
    digits: str = ""
    interrupts: bool = False
    repeats: bool = False
    leaves: bool = False


@dataclass(slots=True)
class Conduct:
    """Decides what the caller does next. Moments are monotonic seconds."""

    script: Script
    quiet_since: float
    """When either side was heard last."""
    answered: bool = False
    """The bot has been heard since the caller said something."""
    patience_s: float = FIRST_PATIENCE_S
    _speeches: deque[Speech] = field(init=False)
    _digits: deque[str] = field(init=False)

    def __post_init__(self) -> None:
        self._speeches, self._digits = deque(self.script.speeches), deque(self.script.digits)

    def said(self, at: float) -> None:
        """The caller has said something."""
        self.quiet_since, self.answered, self.patience_s = at, False, PATIENCE_S

    def heard(self, at: float) -> None:
        """The bot's playback has ended."""
        self.quiet_since, self.answered = at, True

    def next(self, now: float, *, bot_since: float | None) -> Act | None:
        """Return what a caller who is silent does at `now`; `bot_since`: since when the bot plays."""
        if not self._speeches and self.script.repeats:
            self._speeches.extend(self.script.speeches)
        if bot_since is not None:
            interrupts = self.script.interrupts and self._speeches and now - bot_since + 1e-9 >= INTERRUPTS_AFTER_S
            return Speak(self._speeches.popleft()) if interrupts else None
        quiet_s = now - self.quiet_since + 1e-9
        if quiet_s < (ANSWERS_AFTER_S if self.answered else self.patience_s):
            return None
        if self._speeches:
            return Speak(self._speeches.popleft())
        if self._digits:
            return self._dial(now)
        return Leave() if self.script.leaves and quiet_s >= LEAVES_AFTER_S else None

    def _dial(self, now: float) -> Dial:
        digit = self._digits.popleft()
        if self._digits:  # the next one soon; after the last one the bot is waited for
            self.quiet_since, self.answered = now - ANSWERS_AFTER_S + BETWEEN_KEYS_S, True
        else:
            self.said(now)
        return Dial(digit)
