"""Who says what, when: the turns of a scenario placed on its timeline, and the messages that tell of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field

from dashboard.simulator.faults import Ratio, Seconds
from dashboard.simulator.voices import Clip, Placed, Who, clip, clip_texts, murmur

FINAL_AFTER_S = 0.15
"""A recogniser needs this long after the last word for the final transcript of a caller."""


def _known_clip(name: str) -> str:
    if name not in clip_texts():
        raise ValueError(f"knows no {name!r}; there are {', '.join(clip_texts())}")
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """Something said: a shipped clip, or a text that is murmured; both = the clip's sound under another text."""

    clip: Annotated[str, AfterValidator(_known_clip)] | None = None
    text: str | None = None

    def __post_init__(self) -> None:
        if self.clip is None and self.text is None:
            raise ValueError("clip or text must be given")

    def words(self) -> str:
        """Return what is said."""
        return self.text if self.text is not None else self.sound("bot").text

    def sound(self, who: Who) -> Clip:
        """Return what is heard."""
        return clip(self.clip) if self.clip is not None else murmur(self.text or "", who)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn(Speech):
    """One side speaks, at a time or after the end of the turn before."""

    who: Who
    at_s: Seconds | None = None
    after_s: Seconds = 0.6
    partials: Annotated[int, Field(strict=True, ge=0, le=20)] = 0
    """Partial transcripts before the final one."""
    intent: str | None = None
    confidence: Ratio | None = None
    intent_after_s: Seconds = 0.3
    """The intent comes this long after the final transcript."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Speech):
    """What the bot does with a test utterance."""

    delay_s: Seconds = 0.8
    intent: str | None = None
    confidence: Ratio | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    who: Who
    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class Intent:
    name: str
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Cue:
    """A message of the dialogue and when it is due, in seconds of the timeline."""

    at_s: float
    message: Transcript | Intent


class OverlapError(ValueError):
    """A turn does not fit the timeline; `turn` counts from 0."""

    def __init__(self, turn: int, problem: str) -> None:
        super().__init__(problem)
        self.turn = turn


def place(turns: Sequence[Turn], duration_s: float) -> tuple[Placed, ...]:
    """Put each turn on the timeline. Raises OverlapError: its speaker still speaks, or it ends too late."""
    placed: list[Placed] = []
    end_s = 0.0
    silent_from = {"caller": 0.0, "bot": 0.0}
    for number, turn in enumerate(turns):
        start_s = end_s + turn.after_s if turn.at_s is None else turn.at_s
        one = Placed(turn.who, turn.sound(turn.who), start_s)
        if start_s < silent_from[turn.who]:
            raise OverlapError(number, f"the {turn.who} is still speaking until {silent_from[turn.who]:.2f} s")
        if one.end_s > duration_s:
            raise OverlapError(number, f"it ends at {one.end_s:.2f} s, after the scenario's duration_s, {duration_s:g}")
        silent_from[turn.who] = end_s = one.end_s
        placed.append(one)
    return tuple(placed)


def cues(turns: Sequence[Turn], placed: Sequence[Placed]) -> list[Cue]:
    """Return the messages of the dialogue, in order. A bot knows its words when it begins to speak them."""
    found: list[Cue] = []
    for turn, one in zip(turns, placed, strict=True):
        words = turn.words().split(" ")
        for part in range(1, turn.partials + 1):
            share = part / (turn.partials + 1)
            text = " ".join(words[: max(1, int(len(words) * share))])
            found.append(Cue(one.start_s + share * one.clip.duration_s, Transcript(turn.who, text, final=False)))
        early = turn.who == "bot" and not turn.partials
        final_s = one.start_s if early else one.end_s + FINAL_AFTER_S
        found.append(Cue(final_s, Transcript(turn.who, turn.words(), final=True)))
        if turn.intent is not None:
            found.append(Cue(final_s + turn.intent_after_s, Intent(turn.intent, turn.confidence)))
    return sorted(found, key=lambda cue: cue.at_s)
