"""A call that is shown to others: as the live one, without numbers and addresses that belong to people."""

from __future__ import annotations

import dataclasses

import pytest

from dashboard.call.cover import Cover
from dashboard.call.events import Event, IntentReceived, Marked, Speaker, TranscriptReceived
from dashboard.call.figures import probe_object
from dashboard.call.masking import masked
from dashboard.call.reducer import step
from dashboard.call.state import CallState
from dashboard.simulator.scenario import load_scenario
from tests.virtual import facts_of

CARD = "my card is 4111 1111 1111 1111, call +49 170 1234567 or write to jane@example.com"


def spiced(facts: list[Event]) -> list[Event]:
    """Facts in whose texts people tell what is nobody's business."""
    return [
        dataclasses.replace(fact, text=f"{fact.text} {CARD}")
        if isinstance(fact, TranscriptReceived)
        else dataclasses.replace(fact, intent=CARD)
        if isinstance(fact, IntentReceived)
        else fact
        for fact in facts
    ]


@pytest.mark.parametrize("name", ["bad-day", "looping-bot", "failing-skill", "hostile", "analytics-late"])
def test_a_covered_call_is_what_the_masked_facts_would_have_folded_to(name: str) -> None:
    facts = spiced(facts_of(load_scenario(name), seconds=25.0))
    facts.append(Marked(facts[0].call_id, facts[-1].at, CARD))
    cover = Cover()
    open_call = told = CallState(facts[0].call_id)
    for number, fact in enumerate(facts):
        open_call, told = step(open_call, fact), step(told, masked(fact))
        if number % 7 == 0:
            cover.masked(open_call)
    covered = cover.masked(open_call)
    assert list(covered.lines) == list(told.lines)
    assert covered.lines.total == open_call.lines.total
    assert covered.turns.current == told.turns.current
    assert list(covered.turns.done) == list(told.turns.done)
    assert covered.link == told.link
    assert covered.marks == told.marks
    assert "4111" not in repr(covered)
    assert "jane@" not in repr(covered)
    assert "4111" not in repr(probe_object(covered))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("the last one: “my card is 4111 1111 11…”", "the last one: “my card is [digits]…”"),
        ("“call +49 17…” and 24 in the last 30 s", "“call [phone]…” and 24 in the last 30 s"),
        ("“jane@exam…”", "“[e-mail]…”"),
        ("“write to jane@…”", "“write to [e-mail]…”"),
        ("“write to jane.doe…”", "“write to [e-mail]…”"),
        ("“write to j_doe+x.…”", "“write to [e-mail]…”"),
        ("“write to jane78…”", "“write to [e-mail]…”"),
        ("“at 10.5 s the e-mail…”", "“at 10.5 s the e-mail…”"),
        ("“it waited 10.5…” and went on", "“it waited 10.5…” and went on"),
        ("“That was it. Th…”", "“That was it. Th…”"),
        ("“I wait 10 s…” for 6.0 s", "“I wait 10 s…” for 6.0 s"),
    ],
)
def test_a_number_of_which_only_the_beginning_is_quoted_is_covered_too(text: str, shown: str) -> None:
    call = CallState("c", ended=text)
    assert Cover().masked(call).ended == shown


def test_what_is_still_being_said_is_covered_as_it_grows() -> None:
    call, cover = CallState("c"), Cover()
    for text in ("it is four one", "it is four one one", "it is four one one two three four"):
        call = step(call, TranscriptReceived("c", 5.0, Speaker.CALLER, text, final=False))
        shown = cover.masked(call).partials[Speaker.CALLER].text
    assert shown == "it is [digits]"


def test_a_call_without_such_texts_is_the_same_call() -> None:
    call = CallState("c")
    for fact in facts_of(load_scenario("bad-day"), seconds=10.0):
        call = step(call, fact)
    covered = Cover().masked(call)
    assert covered == call
    assert covered.legs["inbound"] is call.legs["inbound"]


def test_a_call_that_is_wound_back_is_covered_as_it_was() -> None:
    facts = spiced(facts_of(load_scenario("bad-day"), seconds=25.0))
    calls = [CallState(facts[0].call_id)]
    for fact in facts:
        calls.append(step(calls[-1], fact))
    cover = Cover()
    for place in (900, 300, 1200, 301, len(facts)):
        place = min(place, len(facts))
        assert cover.masked(calls[place]) == Cover().masked(calls[place])
