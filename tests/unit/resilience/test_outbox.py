from __future__ import annotations

from dashboard.call.events import UtteranceExpired, UtteranceHeld, UtteranceSent
from dashboard.resilience.outbox import Outbox


def test_an_utterance_is_held_then_handed_out_once_and_sent() -> None:
    box = Outbox("call-1")
    assert box.hold("where is my parcel", 1.0) == [UtteranceHeld("call-1", 1.0, 1, "where is my parcel")]
    utterance = box.take(2.0)
    assert utterance is not None
    assert utterance.text == "where is my parcel"
    assert box.sent(utterance, 2.0) == UtteranceSent("call-1", 2.0, 1, "where is my parcel")
    assert box.take(3.0) is None
    assert box.next_deadline() is None


def test_utterances_leave_in_the_order_in_which_they_were_said() -> None:
    box = Outbox("call-1")
    for text in "abc":
        box.hold(text, 0.0)
    said = [box.take(1.0) for _ in range(3)]
    assert [utterance.text for utterance in said if utterance] == ["a", "b", "c"]


def test_one_that_was_being_written_when_the_socket_ended_is_not_said_again() -> None:
    box = Outbox("call-1")
    box.hold("hello", 0.0)
    utterance = box.take(1.0)
    assert utterance is not None
    assert box.lost(utterance, 1.0, "the connection ended") == UtteranceExpired(
        "call-1", 1.0, 1, "the connection ended"
    )
    assert box.take(2.0) is None


def test_what_has_waited_too_long_expires_and_is_never_handed_out() -> None:
    box = Outbox("call-1", max_age_s=60.0)
    box.hold("old", 0.0)
    box.hold("young", 30.0)
    assert box.next_deadline() == 60.0
    assert box.expire(59.9) == []
    assert box.take(60.0) is None
    assert box.expire(60.0) == [UtteranceExpired("call-1", 60.0, 1, "waited 60 s for a session")]
    young = box.take(60.0)
    assert young is not None
    assert young.text == "young"


def test_a_full_box_refuses_the_new_one_and_keeps_the_old_ones() -> None:
    box = Outbox("call-1", limit=2)
    box.hold("a", 0.0)
    box.hold("b", 0.0)
    assert box.hold("c", 1.0) == [
        UtteranceHeld("call-1", 1.0, 3, "c"),
        UtteranceExpired("call-1", 1.0, 3, "2 utterances are already waiting"),
    ]
    assert len(box) == 2
    first = box.take(2.0)
    assert first is not None
    assert first.text == "a"


def test_an_expired_one_makes_room() -> None:
    box = Outbox("call-1", limit=1)
    box.hold("old", 0.0)
    assert [type(fact) for fact in box.hold("new", 61.0)] == [UtteranceExpired, UtteranceHeld]


def test_at_the_end_of_the_call_everything_held_expires() -> None:
    box = Outbox("call-1")
    box.hold("a", 0.0)
    assert box.close(5.0) == [UtteranceExpired("call-1", 5.0, 1, "the call ended")]
    assert box.close(5.0) == []


def test_facts_hold_the_text_without_secrets_and_the_wire_gets_it_whole() -> None:
    box = Outbox("call-1")
    (held,) = box.hold("call me at +49 171 1234567", 0.0)
    assert isinstance(held, UtteranceHeld)
    assert "1234567" not in held.text
    utterance = box.take(0.0)
    assert utterance is not None
    assert utterance.text == "call me at +49 171 1234567"
