"""Genesys with a bot at the other end: playback, barge-in, limits, and how a bot may end a call."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.call.events import ErrorReceived, StatusReceived, TextReceived
from dashboard.call.hook_events import EntityReceived, PlaybackChanged, PlaybackMeasured, RuleBroken, SessionEnding
from dashboard.dialects.audiohook_client import Offer
from dashboard.dialects.audiohook_connector import OFFERS, RETRY_AFTER_S, ConnectorClient
from dashboard.dialects.base import Item
from tests.unit.dialects.hook_dialogue import CONVERSATION, CORRELATION, ORGANIZATION, PARTICIPANT, SESSION

PCMU, L16 = (OFFERS[name].entry() for name in ("pcmu", "l16"))


class Bot:
    """A bot that the test plays; what the client sent is in `sent`, what it told in `items`."""

    def __init__(self, *formats: str, opened: bool = True) -> None:
        media = tuple(OFFERS[name] for name in formats or ("pcmu",))
        offer = Offer(SESSION, ORGANIZATION, CONVERSATION, PARTICIPANT, CORRELATION, media=media)
        self.client = ConnectorClient("call", offer)
        self.now, self.seq = 500.0, 0
        self.sent: list[Any] = []
        self.items: list[Item] = []
        self.client.start(self.now)
        self._take()
        if opened:
            self.says("opened", media=[media[0].entry()])
            self.sent.clear()

    def says(self, kind: str, **parameters: Any) -> None:
        self.seq += 1
        fields = {"version": "2", "id": SESSION, "type": kind, "seq": self.seq, "clientseq": 1}
        self._hear(json.dumps({**fields, "parameters": parameters}).encode(), text=True)

    def event(self, name: str, data: Any) -> None:
        self.says("event", entities=[{"type": name, "data": data}])

    def plays(self, seconds: float = 0.2) -> None:
        self._hear(b"\x20" * round(8000 * seconds), text=False)

    def _hear(self, data: bytes, *, text: bool) -> None:
        self.items += self.client.receive(data, text=text, at=self.now)
        self._take()

    def waits(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now = min(end, self.now + 0.05)
            self.client.tick(self.now)
            self._take()

    def _take(self) -> None:
        messages, items = self.client.to_send()
        self.items += items
        self.sent += [json.loads(one) if isinstance(one, str) else one for one in messages]

    @property
    def kinds(self) -> list[str]:
        kinds = [one["type"] if isinstance(one, dict) else "audio" for one in self.sent]
        self.sent.clear()
        return [kind for kind in kinds if kind != "ping"]

    @property
    def broken(self) -> list[str]:
        return [item.rule for item in self.items if isinstance(item, RuleBroken)]

    def of(self, kind: type[Any]) -> list[Any]:
        return [item for item in self.items if isinstance(item, kind)]


def test_a_bot_is_told_when_its_audio_begins_and_ends_to_be_played() -> None:
    bot = Bot()
    bot.plays(1.0)
    assert bot.kinds == ["playback_started"]
    bot.waits(0.9)
    assert bot.kinds == []
    bot.waits(0.3)
    assert bot.kinds == ["playback_completed"]
    assert [item.playing for item in bot.of(PlaybackChanged)] == [True, False]
    (played,) = bot.of(PlaybackMeasured)
    assert (played.played_s, played.underruns, played.messages) == (1.0, 0, 1)


def test_barge_in_stops_the_playback_at_once() -> None:
    bot = Bot()
    bot.plays(4.0)
    bot.waits(1.0)
    bot.sent.clear()
    bot.event("barge_in", {})
    assert bot.kinds == ["playback_completed"]
    (played,) = bot.of(PlaybackMeasured)
    assert played.dropped_s == pytest.approx(3.0)
    assert bot.broken == []


def test_a_turn_is_told_with_its_confidence_and_its_text() -> None:
    bot = Bot()
    bot.event("bot_turn_response", {"disposition": "match", "text": "Hello", "confidence": 0.87})
    bot.plays()
    assert [item.text for item in bot.of(EntityReceived)] == ["match, confidence 0.87"]
    assert [item.text for item in bot.of(TextReceived)] == ["Hello"]
    assert bot.broken == []


def test_a_turn_that_is_told_when_its_audio_plays_already_is_too_late() -> None:
    bot = Bot()
    bot.plays(1.0)
    bot.event("bot_turn_response", {"disposition": "match"})
    assert bot.broken == ["turn_late"]


def test_the_next_turn_may_be_told_while_the_one_before_it_still_plays() -> None:
    bot = Bot()
    bot.event("bot_turn_response", {"disposition": "match"})
    bot.plays(1.0)
    bot.event("bot_turn_response", {"disposition": "no_match"})
    bot.plays(1.0)
    assert bot.broken == []


def test_a_bot_that_sends_too_much_is_told_to_wait() -> None:
    bot = Bot()
    for _ in range(40):
        bot.plays(0.02)
    (error,) = [one for one in bot.sent if isinstance(one, dict) and one["type"] == "error"]
    assert error["parameters"] == {"code": 429, "message": "Rate limit exceeded", "retryAfter": "PT3S"}
    assert bot.broken == ["rate_exceeded"]
    assert bot.client.playback.ahead_s(bot.now) == pytest.approx(0.5)  # what was too much is not played
    assert bot.of(ErrorReceived) == []  # it is no error of the bot's own
    assert [item.status for item in bot.of(StatusReceived)] == [
        "told the bot: error 429 Rate limit exceeded, again in 3 s"
    ]


def test_whoever_does_not_wait_breaks_another_rule_and_whoever_does_goes_on() -> None:
    bot = Bot()
    for _ in range(30):
        bot.plays(0.02)
    bot.waits(0.5)
    bot.plays()  # was on its way
    assert bot.broken == ["rate_exceeded"]
    bot.waits(1.0)
    bot.plays()
    bot.plays()
    assert bot.broken == ["rate_exceeded", "rate_ignored"]
    bot.waits(RETRY_AFTER_S)
    bot.sent.clear()
    bot.plays()
    assert bot.kinds == ["playback_started"]


def test_a_bot_ends_the_call_with_its_variables() -> None:
    bot = Bot()
    bot.plays(0.2)
    bot.waits(1.0)
    bot.sent.clear()
    bot.says("disconnect", reason="completed", outputVariables={"Outcome": "resolved"})
    assert bot.kinds == ["close"]
    first, second = bot.of(SessionEnding)
    assert (first.by, first.reason, first.outputs) == ("server", "completed", ("Outcome=resolved",))
    assert (second.by, second.reason) == ("client", "disconnect")
    bot.says("closed")
    assert bot.client.hang_up == 1000
    assert bot.broken == []


def test_a_bot_that_does_not_wait_for_its_last_words_cuts_them_off() -> None:
    bot = Bot()
    bot.plays(2.0)
    bot.says("disconnect", reason="completed")
    assert bot.broken == ["disconnect_early"]
    (played,) = bot.of(PlaybackMeasured)
    assert played.dropped_s == pytest.approx(2.0)


def test_a_bot_that_ends_the_call_for_an_error_has_reported_one() -> None:
    bot = Bot()
    bot.says("disconnect", reason="error", info="no model")
    (error,) = bot.of(ErrorReceived)
    assert error.message == "the bot ends the call: error: no model"


def test_audio_before_opened_is_against_the_rules_and_not_played() -> None:
    bot = Bot(opened=False)
    bot.plays(1.0)
    assert bot.broken == ["audio_unexpected"]
    assert bot.kinds == ["open"]


def test_audio_that_was_on_its_way_when_the_caller_hung_up_is_no_breach_and_not_played() -> None:
    bot = Bot()
    bot.client.close(bot.now)
    bot.plays(1.0)
    assert bot.broken == []
    assert bot.client.playback.ahead_s(bot.now) == 0.0


def test_a_bot_without_media_is_not_heard() -> None:
    bot = Bot(opened=False)
    bot.says("opened", media=[])
    bot.plays(1.0)
    assert bot.broken == ["audio_unexpected"]
    assert "playback_started" not in bot.kinds


def test_a_bot_that_was_offered_both_formats_may_speak_in_either() -> None:
    bot = Bot("pcmu", "l16", opened=False)
    (opening,) = bot.sent
    assert opening["parameters"]["media"] == [PCMU, L16]
    bot.says("opened", media=[L16])
    bot.sent.clear()
    bot._hear(bytes(16_000), text=False)
    assert bot.client.playback.ahead_s(bot.now) == pytest.approx(1.0)
    assert bot.broken == []
    bot._hear(bytes(3), text=False)
    assert bot.broken == ["audio_odd"]
