"""A call that the host holds: its place in the dialogue goes on with the clock, whether anybody listens or not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from dashboard.simulator import messages
from dashboard.simulator.dialogue import Intent, Transcript, cues
from dashboard.simulator.faults import Abort, Close, Garbage, SilentBot
from dashboard.simulator.garbage import MESSAGES
from dashboard.simulator.plan import FaultPlan, FramePlan
from dashboard.simulator.scenario import Scenario
from dashboard.simulator.voices import Mixer, Placed


@dataclass(frozen=True, slots=True)
class Part:
    """Something besides audio that is due at `at_s` of the session; a plain word names a message of garbage.py.

    None is nothing but the end of a round, so that whoever waits for the parts does not run ahead.
    """

    at_s: float
    what: Transcript | Intent | Abort | Close | str | None


class Session:
    """One call. Times are seconds since it began, which was at `began` on the monotonic clock."""

    def __init__(
        self, session_id: str, conversation_id: str, scenario: Scenario, plan: FaultPlan, mixer: Mixer, began: float
    ) -> None:
        self.session_id = session_id
        self.conversation_id = conversation_id
        self.scenario = scenario
        self.plan = plan
        self.began = began
        self.ended = False
        self.left_at: float | None = None
        """When its last connection ended; None while it has one."""
        self._mixer = mixer
        self._script = cues(scenario.turns, scenario.placed)
        self._frames_per_round = scenario.frames_per_round
        self._round_s = scenario.frames_per_round * scenario.audio.frame_s
        self._besides: list[Placed] = []
        self._numbered = 0

    @property
    def length_s(self) -> float | None:
        """Seconds of the whole call; None for a scenario that loops."""
        return None if self.scenario.loop else self._round_s

    @property
    def frames(self) -> int | None:
        """Frames of the whole call; None for a scenario that loops."""
        return None if self.scenario.loop else self._frames_per_round

    def say(self, answer: Placed) -> None:
        """Let the bot say something besides the dialogue, in place of what it says then."""
        self._besides = [one for one in self._besides if one.end_s > answer.start_s]
        self._besides.append(answer)

    def bot_is_silent(self, at_s: float) -> bool:
        """Whether the bot neither matches nor answers anything at this time."""
        return any(self.plan.active(SilentBot, at_s))

    def audio(self, index: int, plan: FramePlan) -> bytes:
        """Return one frame of audio as it goes over the wire."""
        form = self.scenario.audio
        round_, in_round = divmod(index, self._frames_per_round)
        begin_s, start_s = round_ * self._round_s, in_round * form.frame_s
        heard = [*self._dialogue(begin_s)]
        heard += (Placed(one.who, one.clip, one.start_s - begin_s) for one in self._besides)
        sound = self._mixer.frame(start_s, heard, plan.muted, plan.gains_db)
        return sound if form.transport == "binary" else self.message(messages.audio(sound, form, index))

    def message(self, fields: dict[str, Any]) -> bytes:
        """Return a message as it goes over the wire, with the next message id."""
        self._numbered += 1
        return json.dumps({**fields, "id": f"m{self._numbered}"}).encode()

    def written(self, what: Transcript | Intent | str) -> bytes:
        """Return a part as it goes over the wire."""
        match what:
            case Transcript():
                return self.message(messages.transcript(what))
            case Intent():
                return self.message(messages.intent(what))
        return MESSAGES[what]()

    def parts(self, from_s: float) -> Iterator[Part]:
        """Yield what is due from `from_s` on, in order, round by round."""
        round_ = int(from_s // self._round_s)
        while True:
            parts = [*self._told(round_ * self._round_s), *self._happening(round_)]
            yield from (part for part in sorted(parts, key=lambda part: part.at_s) if part.at_s >= from_s)
            if not self.scenario.loop:
                return
            round_ += 1
            yield Part(round_ * self._round_s, None)

    def happening_from(self, from_s: float) -> Iterator[Part]:
        """Yield what happens besides the dialogue from `from_s` on, in order, round by round."""
        round_ = int(from_s // self._round_s)
        while True:
            yield from (part for part in self._happening(round_) if part.at_s >= from_s)
            if not self.scenario.loop:
                return
            round_ += 1
            yield Part(round_ * self._round_s, None)

    def happening_between(self, from_s: float, to_s: float) -> Iterator[Part]:
        """Yield what happens besides the dialogue in that time."""
        return takewhile(lambda part: part.at_s < to_s, self.happening_from(from_s))

    def _dialogue(self, begin_s: float) -> Iterator[Placed]:
        for one in self.scenario.placed:
            if one.who == "caller" or not self.bot_is_silent(begin_s + one.start_s):
                yield one

    def _told(self, begin_s: float) -> Iterator[Part]:
        for cue in self._script:
            at_s = begin_s + cue.at_s
            from_caller = isinstance(cue.message, Transcript) and cue.message.who == "caller"
            if from_caller or not self.bot_is_silent(at_s):
                yield Part(self.plan.released_s(at_s), cue.message)

    def _happening(self, round_: int) -> Iterator[Part]:
        for one in self.plan.happenings(round_):
            match one.fault:
                case Garbage(messages=names):
                    yield Part(self.plan.released_s(one.at_s), names[one.nth % len(names)])
                case Abort() | Close():
                    yield Part(one.at_s, one.fault)
