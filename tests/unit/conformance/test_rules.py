"""Each rule that a bot can break by what it says, broken by one message: it is found, and the message is shown."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dashboard.conformance import rules
from dashboard.conformance.result import Result, Status
from dashboard.conformance.visit import Visit, Witness
from tests.unit.worker.connectors import offer

ANOTHER = "b2c3d4e5-0009-4000-8000-00000000beef"
SPOKEN = {"confidence": 1.0, "interpretations": [{"type": "display", "transcript": "hello"}]}
FINAL = {"id": ANOTHER, "channelId": 0, "isFinal": True, "alternatives": [SPOKEN]}


class Bot:
    """A bot that the test plays to a witness, who has opened a session with it."""

    def __init__(self) -> None:
        self.witness = Witness(offer(), limits=True)
        self.now, self.seq = 500.0, 0
        self.witness.start(self.now)
        self.witness.to_send()

    def says(self, kind: str, parameters: Any = None, **envelope: Any) -> None:
        self.seq += 1
        fields = {"version": "2", "id": self.witness.offer.session_id, "type": kind, "seq": self.seq, "clientseq": 1}
        fields |= {"parameters": parameters or {}} | envelope
        self.sends(json.dumps({name: value for name, value in fields.items() if value is not ...}).encode(), text=True)

    def sends(self, data: bytes, *, text: bool) -> None:
        self.witness.receive(data, text=text, at=self.now)
        self.witness.to_send()

    def opens(self) -> None:
        self.says("opened", {"media": [media.entry() for media in self.witness.offer.media]})

    def entity(self, name: str, data: Any) -> None:
        self.says("event", {"entities": [{"type": name, "data": data}]})

    def results(self) -> dict[str, Result]:
        visit = cast(Visit, SimpleNamespace(client=self.witness))
        return {result.name: result for result in rules.results([visit])}


def broken_by_one_message(rule: str, bot: Bot) -> None:
    match rule:
        case "bad_version":
            bot.says("pause", version=2)
        case "bad_id":
            bot.says("pause", id="session-1")
        case "id_differs":
            bot.says("pause", id=ANOTHER)
        case "bad_seq":
            bot.says("pause", seq="2")
        case "seq_gap":
            bot.says("pause", seq=7)
        case "bad_ack":
            bot.says("pause", clientseq=...)
        case "ack_ahead":
            bot.says("pause", clientseq=99)
        case "ack_back":
            bot.says("pause", clientseq=0)
        case "bad_position":
            bot.says("pause", position="PT0S")
        case "no_parameters":
            bot.says("pause", parameters=...)
        case "bad_parameters":
            bot.says("reconnect", {"info": 7})
        case "unknown_type":
            bot.says("dance")
        case "wrong_side":
            bot.says("ping")
        case "unreadable":
            bot.sends(b"{", text=True)
        case "opened_unasked":
            bot.opens()
        case "updated_unasked":
            bot.says("updated")
        case "pong_unasked":
            bot.says("pong")
        case "closed_unasked":
            bot.says("closed")
        case "audio_empty":
            bot.sends(b"", text=False)
        case "no_entities":
            bot.says("event", {"entities": []})
        case "bad_entity":
            bot.entity("bot_turn_response", {"disposition": "maybe"})
        case "channel_unknown":
            bot.entity("transcript", FINAL | {"channelId": 1})
        case "disconnect_early":
            bot.sends(b"\xff" * 16_000, text=False)
            bot.says("disconnect", {"reason": "completed"})
        case "turn_late":
            bot.sends(b"\xff" * 16_000, text=False)
            bot.entity("bot_turn_response", {"disposition": "match"})
        case "final_repeated":
            bot.entity("transcript", FINAL)
            bot.entity("transcript", FINAL)
        case "rate_exceeded":
            for _ in range(26):
                bot.sends(b"\xff" * 160, text=False)


@pytest.mark.parametrize(
    "rule",
    [
        *("bad_version", "bad_id", "id_differs", "bad_seq", "seq_gap", "bad_ack", "ack_ahead", "ack_back"),
        *("bad_position", "no_parameters", "bad_parameters", "unknown_type", "wrong_side", "unreadable"),
        *("opened_unasked", "updated_unasked", "pong_unasked", "closed_unasked", "audio_empty", "no_entities"),
        *("bad_entity", "channel_unknown", "disconnect_early", "turn_late", "final_repeated", "rate_exceeded"),
    ],
)
def test_a_rule_that_is_broken_by_a_message_fails_and_the_message_is_shown(rule: str) -> None:
    bot = Bot()
    bot.opens()
    broken_by_one_message(rule, bot)
    results = bot.results()
    assert {name for name, result in results.items() if result.status is Status.FAIL} == {rule}
    assert results[rule].message == bot.witness.said[-1].text


def test_what_comes_before_opened_or_after_closed_or_was_not_offered_is_found_too() -> None:
    early, late, other, odd = Bot(), Bot(), Bot(), Bot()
    early.sends(b"\xff" * 160, text=False)
    early.entity("barge_in", {})
    late.opens()
    late.witness.close(late.now)
    late.says("closed")
    late.says("closed")
    other.says("opened", {"media": [{"type": "audio", "format": "PCMU", "channels": ["internal"], "rate": 8000}]})
    odd.opens()
    odd.witness.ping(odd.now)
    odd.says("pong", clientseq=1)
    failed = [
        {name for name, result in bot.results().items() if result.status is Status.FAIL}
        for bot in (early, late, other, odd)
    ]
    assert failed == [
        {"audio_unexpected", "event_unexpected"},
        {"after_close", "closed_unasked"},
        {"media_not_offered"},
        {"pong_mismatch"},
    ]
