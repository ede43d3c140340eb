"""What a Cognigy flow answers to an utterance: the bot's turns behind the caller's turn that says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.simulator.dialogue import FINAL_AFTER_S, Turn
from dashboard.simulator.scenario import Scenario
from dashboard.simulator.voices import Placed

FINISH_S = 0.25
"""A flow goes on for a moment after the last node that says something."""
NO_WORDS_S = 0.4


@dataclass(frozen=True, slots=True)
class Output:
    """One Say node's, `at_s` after the utterance."""

    at_s: float
    text: str
    intent: str | None = None
    score: float | None = None

    def fields(self) -> dict[str, object]:
        """Return it as Cognigy words it, with the intent where a Code node would put it."""
        data = {} if self.intent is None else {"intent": self.intent, "intentScore": self.score}
        return {"text": self.text, "data": data}


@dataclass(frozen=True, slots=True)
class Reply:
    """All outputs to one utterance, and when the flow is through."""

    outputs: tuple[Output, ...]

    @property
    def finished_s(self) -> float:
        return self.outputs[-1].at_s + FINISH_S if self.outputs else NO_WORDS_S


def utterances(scenario: Scenario) -> list[tuple[float, str]]:
    """Return what the caller of a scenario says, and when it has been said: seconds of a round."""
    spoken = zip(scenario.turns, scenario.placed, strict=True)
    return [(one.end_s, turn.words()) for turn, one in spoken if turn.who == "caller"]


def reply_to(scenario: Scenario, text: str) -> Reply | None:
    """Return the reply to an utterance; None: the flow hangs, for the scenario knows no answer."""
    spoken = list(zip(scenario.turns, scenario.placed, strict=True))
    for place, (turn, one) in enumerate(spoken):
        if turn.who == "caller" and _plain(turn.words()) == _plain(text):
            return _played(turn, one, spoken[place + 1 :])
    answer = scenario.answer
    if answer is None:
        return None
    return Reply((Output(answer.delay_s, answer.words(), answer.intent, answer.confidence),))


def _played(asked: Turn, said: Placed, after: Sequence[tuple[Turn, Placed]]) -> Reply:
    outputs: list[Output] = []
    for turn, one in after:
        if turn.who == "caller":
            break
        first = not outputs
        at_s = one.start_s - said.end_s
        if first:
            at_s = max(0.05, at_s, FINAL_AFTER_S + asked.intent_after_s if asked.intent else 0.0)
        intent, score = (asked.intent, asked.confidence) if first else (None, None)
        outputs.append(Output(at_s, turn.words(), intent, score))
    return Reply(tuple(outputs))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
