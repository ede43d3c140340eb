"""When Genesys is asked: dialogues with the decision, on a clock that the story moves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.call.conversation import GenesysVerdict
from dashboard.call.events import Cause, GenesysReported
from dashboard.clock import ManualClock
from dashboard.resilience.analytics import Answer, unfetched
from dashboard.resilience.inquiry import Ask, Inquiry
from dashboard.resilience.retry import Failure
from tests.records import CONVERSATION, broken, healthy, reported

OTHER = "00000000-1111-4222-8333-000000000000"
UNKNOWN = GenesysVerdict.UNKNOWN
NOT_INDEXED = Answer(UNKNOWN, ("not indexed yet (404)",), status=404)
TIMED_OUT = unfetched(Failure(Cause.TIMEOUT, "analytics: timed out"))


def refused(status: int, retry_after_s: float | None = None) -> Answer:
    return Answer(UNKNOWN, error="refused", status=status, retry_after_s=retry_after_s)


def found(body: object) -> Answer:
    fact = reported(body, "c", 0.0)
    return Answer(fact.verdict, fact.reasons, fact.record, status=200)


LIVE, ENDED = found(healthy()), found(broken())


class Dialogue:
    """Every question is answered at once; the dice show 0, so no wait is spread."""

    def __init__(self, every_s: float = 60.0, dice: float = 0.0) -> None:
        self.clock = ManualClock(at=0.0)
        self.inquiry = Inquiry("call-1", every_s, dice=lambda: dice)
        self.facts: list[GenesysReported] = []

    def about(self, conversation_id: str = CONVERSATION) -> GenesysReported | None:
        return self.inquiry.about(conversation_id, self.clock.monotonic())

    def asks(self) -> Ask:
        """Move to the next question and return it."""
        deadline = self.inquiry.next_deadline()
        assert deadline is not None, "nothing is asked any more"
        self.clock.advance(max(0.0, deadline - self.clock.monotonic()))
        ask = self.inquiry.due(self.clock.monotonic())
        assert ask is not None
        return ask

    def answers(self, *answers: Answer) -> list[float]:
        """Answer the next questions; return when each was asked."""
        times = []
        for answer in answers:
            ask = self.asks()
            times.append(self.clock.monotonic())
            fact = self.inquiry.answered(ask, answer, self.clock.monotonic())
            if fact is not None:
                self.facts.append(fact)
        return times


def asking(every_s: float = 60.0, dice: float = 0.0) -> Dialogue:
    dialogue = Dialogue(every_s, dice)
    dialogue.about()
    return dialogue


def test_nothing_is_asked_before_there_is_a_conversation() -> None:
    dialogue = Dialogue()
    assert dialogue.inquiry.due(1e9) is None
    assert dialogue.inquiry.next_deadline() is None


def test_a_conversation_is_asked_about_at_once_and_then_ever_more_seldom() -> None:
    assert asking().answers(*[NOT_INDEXED] * 6) == [0, 60, 180, 420, 660, 900]


def test_the_schedule_scales() -> None:
    assert asking(every_s=0.5).answers(*[NOT_INDEXED] * 5) == [0, 0.5, 1.5, 3.5, 5.5]


def test_nothing_is_due_before_its_time() -> None:
    dialogue = asking()
    dialogue.answers(LIVE)
    dialogue.clock.advance(59.9)
    assert dialogue.inquiry.due(dialogue.clock.monotonic()) is None
    dialogue.clock.advance(0.2)
    assert dialogue.inquiry.due(dialogue.clock.monotonic()) == Ask(CONVERSATION)


def test_after_its_end_a_conversation_is_asked_about_for_five_minutes_more() -> None:
    dialogue = asking()
    assert dialogue.answers(LIVE, LIVE, LIVE, ENDED, ENDED, ENDED, ENDED) == [0, 60, 180, 420, 480, 600, 720]
    assert dialogue.inquiry.next_deadline() is None
    assert dialogue.facts[-1].again_at is None
    assert dialogue.facts[-2].again_at == 720


def test_a_failure_at_the_very_end_ends_it_too() -> None:
    dialogue = asking()
    dialogue.answers(ENDED, ENDED, ENDED, TIMED_OUT)
    assert dialogue.inquiry.next_deadline() is None


# -- 429 and what fails ---------------------------------------------------------------------------------


def test_429_is_tried_three_times_and_then_waits_for_its_turn() -> None:
    dialogue = asking()
    assert dialogue.answers(*[refused(429)] * 5) == [0, 3, 9, 69, 72]


def test_retry_after_goes_before_our_own_waits() -> None:
    assert asking().answers(refused(429, 17.0), refused(429, 0.0), LIVE) == [0, 17, 17]


def test_a_rate_limit_that_is_nearly_used_is_left_to_others_until_it_begins_anew() -> None:
    nearly = replace(LIVE, pause_s=90.0)
    assert asking().answers(nearly, LIVE) == [0, 90]
    assert asking().answers(replace(refused(500), pause_s=20.0), LIVE) == [0, 20]
    assert asking().answers(replace(LIVE, pause_s=20.0), LIVE) == [0, 60]


def test_waits_are_spread_upwards_so_that_none_is_shorter_than_asked_for() -> None:
    assert asking(dice=1.0).answers(refused(429, 8.0), LIVE) == [0, 10]


@pytest.mark.parametrize(("status", "wait_s"), [(500, 1.0), (503, 1.0), (504, 10.0)])
def test_a_host_in_trouble_is_tried_again(status: int, wait_s: float) -> None:
    assert asking().answers(refused(status), LIVE) == [0, wait_s]
    assert asking().answers(refused(status), refused(status), LIVE)[2] == wait_s + max(2.0, wait_s)


@pytest.mark.parametrize("answer", [refused(400), refused(403), refused(302), TIMED_OUT, NOT_INDEXED])
def test_anything_else_waits_for_its_turn(answer: Answer) -> None:
    assert asking().answers(answer, LIVE) == [0, 60]


def test_a_success_gives_the_next_question_its_three_tries_again() -> None:
    times = asking().answers(refused(429), LIVE, refused(429), refused(429), refused(429), LIVE)
    assert times == [0, 3, 63, 66, 72, 192]


def test_a_rejected_token_is_replaced_once() -> None:
    dialogue = asking()
    assert dialogue.asks() == Ask(CONVERSATION)
    dialogue.answers(refused(401))
    assert dialogue.asks() == Ask(CONVERSATION, new_token=True)
    assert dialogue.answers(refused(401), LIVE) == [0, 60]
    assert dialogue.asks() == Ask(CONVERSATION)


# -- facts ----------------------------------------------------------------------------------------------


def test_the_first_fact_says_that_there_is_no_answer_yet() -> None:
    fact = Dialogue().about()
    assert fact is not None
    assert (fact.verdict, fact.reasons, fact.requests, fact.again_at) == (UNKNOWN, ("asked, no answer yet",), 0, 0.0)


def test_a_fact_says_what_came_how_often_it_was_asked_and_when_again() -> None:
    dialogue = asking()
    dialogue.answers(refused(429, 5.0), ENDED)
    first, second = dialogue.facts
    assert (first.error, first.status, first.requests, first.again_at) == ("refused", 429, 1, 5.0)
    assert (second.verdict, second.record, second.requests) == (GenesysVerdict.BAD, ENDED.record, 2)
    assert (second.call_id, second.conversation_id, second.at) == ("call-1", CONVERSATION, 5.0)


def test_a_session_that_names_no_conversation_is_told_and_not_asked_about() -> None:
    dialogue = Dialogue()
    fact = dialogue.about("../../users")
    assert fact is not None
    assert (fact.verdict, fact.again_at) == (UNKNOWN, None)
    assert fact.error == "the session names no conversation that could be asked about"
    assert dialogue.inquiry.next_deadline() is None


# -- more than one conversation -------------------------------------------------------------------------


def test_the_same_conversation_again_changes_nothing() -> None:
    dialogue = asking()
    dialogue.answers(LIVE)
    assert dialogue.about() is None
    assert dialogue.inquiry.next_deadline() == 60


def test_another_conversation_is_asked_about_at_once() -> None:
    dialogue = asking()
    dialogue.answers(LIVE)
    dialogue.clock.advance(5)
    dialogue.about(OTHER)
    assert dialogue.inquiry.due(5.0) == Ask(OTHER)


def test_a_conversation_that_the_call_returns_to_is_shown_and_not_asked_about_before_its_time() -> None:
    dialogue = asking()
    dialogue.answers(LIVE)
    dialogue.clock.advance(5)
    dialogue.about(OTHER)
    dialogue.answers(NOT_INDEXED)
    shown = dialogue.about()
    assert shown == dialogue.facts[0]
    assert dialogue.inquiry.next_deadline() == 60


def test_an_answer_about_a_conversation_that_the_call_has_left_is_no_fact() -> None:
    dialogue = asking()
    ask = dialogue.asks()
    dialogue.about(OTHER)
    assert dialogue.inquiry.answered(ask, LIVE, 1.0) is None
    shown = dialogue.about()
    assert shown is not None
    assert shown.verdict is GenesysVerdict.OK


def test_only_the_newest_conversations_are_remembered() -> None:
    dialogue = asking()
    ask = dialogue.asks()
    for number in range(20):
        dialogue.about(f"c-{number}")
    assert dialogue.inquiry.answered(ask, LIVE, 1.0) is None
    dialogue.about()
    assert dialogue.inquiry.due(0.0) == Ask(CONVERSATION)
