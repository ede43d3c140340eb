"""The part that Genesys plays: its timers, its errors, and a whole session with the server's machine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.call.events import PingMeasured
from dashboard.call.hook_events import HookAccepted, HookPinged, RuleBroken
from dashboard.dialects.audiohook_client import HookClient, Offer
from dashboard.dialects.audiohook_server import HookServer
from dashboard.dialects.audiohook_upgrade import Announced
from dashboard.dialects.base import AudioFrame, Item
from tests.unit.dialects.hook_dialogue import CONVERSATION, CORRELATION, ORGANIZATION, PARTICIPANT, SESSION, STEREO

OFFER = Offer(SESSION, ORGANIZATION, CONVERSATION, PARTICIPANT, CORRELATION)


class Talk:
    """A client whose server is the test: `says` answers, and what it sent is in `sent`."""

    def __init__(self, **options: Any) -> None:
        self.now = 500.0
        self.client = HookClient("call", OFFER, **options)
        self.sent: list[Any] = []
        self.seq = 0
        self.items: list[Item] = []
        self.client.start(self.now)
        self.take()

    def take(self) -> None:
        frames, items = self.client.to_send()
        self.items += items
        self.sent += [json.loads(frame) if isinstance(frame, str) else frame for frame in frames]

    def says(self, kind: str, envelope: dict[str, Any] | None = None, **parameters: Any) -> None:
        self.seq += 1
        fields: dict[str, Any] = {"version": "2", "id": SESSION, "type": kind, "seq": self.seq}
        fields |= {"clientseq": self.seen, "parameters": parameters} | (envelope or {})
        self.items += self.client.receive(json.dumps(fields).encode(), text=True, at=self.now)
        self.take()

    def waits(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now = min(end, self.now + 0.125)
            self.client.tick(self.now)
            self.take()

    @property
    def seen(self) -> int:
        return max((message["seq"] for message in self.sent if isinstance(message, dict)), default=0)

    def kinds(self) -> list[str]:
        """What was sent since the last question."""
        kinds = [message["type"] if isinstance(message, dict) else "audio" for message in self.sent]
        self.sent.clear()
        return kinds

    def errors(self) -> list[int]:
        return [one["parameters"]["code"] for one in self.sent if isinstance(one, dict) and one["type"] == "error"]


def opened(**options: Any) -> Talk:
    talk = Talk(**options)
    talk.says("opened", media=[STEREO])
    talk.sent.clear()
    return talk


def test_a_session_begins_with_an_offer_of_both_sides() -> None:
    (message,) = Talk().sent
    assert (message["type"], message["seq"], message["serverseq"], message["position"]) == ("open", 1, 0, "PT0S")
    assert [one["channels"] for one in message["parameters"]["media"]] == [
        ["external", "internal"],
        ["external"],
        ["internal"],
    ]


def test_pings_come_after_a_second_at_once_and_then_every_five_seconds() -> None:
    talk = opened()
    talk.waits(0.875)
    assert talk.kinds() == []
    talk.waits(0.125)
    (ping,) = talk.sent
    assert (ping["type"], ping["parameters"]) == ("ping", {})
    talk.now += 0.05
    talk.says("pong")
    (_, second) = talk.sent
    assert (second["type"], second["parameters"]) == ("ping", {"rtt": "PT0.05S"})
    talk.says("pong")
    talk.kinds()
    talk.waits(4.9)
    assert talk.kinds() == []
    talk.waits(0.2)
    assert talk.kinds() == ["ping"]
    assert [item.rtt_s for item in talk.items if isinstance(item, PingMeasured)] == pytest.approx([0.05, 0.0])


def test_without_opened_it_is_over_after_five_seconds() -> None:
    talk = Talk()
    talk.waits(4.9)
    assert talk.kinds() == ["open"]
    talk.waits(0.2)
    assert talk.errors() == [408]
    assert talk.kinds() == ["error", "close"]


def test_without_a_pong_it_is_over_at_the_next_ping() -> None:
    talk = opened()
    talk.waits(1.1)
    talk.kinds()
    talk.waits(5.0)
    assert talk.errors() == [408]
    assert talk.sent[-1]["parameters"] == {"reason": "error"}


def test_a_pong_of_another_ping_leaves_the_ping_open() -> None:
    talk = opened()
    talk.waits(1.1)
    talk.says("pong", {"clientseq": 1})
    assert talk.errors() == [400]
    talk.waits(5.0)
    assert talk.errors() == [400, 408]


def test_a_pong_that_nobody_asked_for_is_an_error_and_no_end() -> None:
    talk = opened()
    talk.says("pong")
    assert talk.errors() == [409]
    assert talk.client.state == "open"


def test_without_closed_it_hangs_up_after_ten_seconds() -> None:
    talk = opened()
    talk.client.close(talk.now)
    talk.waits(9.9)
    assert (talk.kinds(), talk.client.hang_up) == (["close"], None)
    talk.waits(0.2)
    assert talk.errors() == [408]
    assert talk.client.hang_up == 1000


def test_closed_ends_it() -> None:
    talk = opened()
    talk.client.close(talk.now)
    talk.take()
    talk.says("closed")
    assert (talk.client.state, talk.client.hang_up) == ("closed", 1000)


def test_it_closes_when_it_is_asked_to() -> None:
    talk = opened()
    talk.says("disconnect", reason="completed")
    assert talk.sent[-1]["parameters"] == {"reason": "disconnect"}


@pytest.mark.parametrize(
    ("kind", "envelope", "parameters", "code"),
    [
        ("updated", {"seq": 7}, {}, 500),
        ("updated", {"seq": "2"}, {}, 400),
        ("dance", {}, {}, 400),
        ("opened", {}, {"media": []}, 409),
        ("closed", {}, {}, 409),
        ("updated", {"info": "x" * 70_000}, {}, 413),
    ],
)
def test_what_a_server_may_not_say_ends_the_session(
    kind: str, envelope: dict[str, Any], parameters: dict[str, Any], code: int
) -> None:
    talk = opened()
    talk.says(kind, envelope, **parameters)
    assert talk.errors() == [code]
    assert talk.client.state == "closing"


@pytest.mark.parametrize("media", [[STEREO, STEREO], [{**STEREO, "rate": 16000}]])
def test_media_that_was_not_offered_ends_the_session(media: list[Any]) -> None:
    talk = Talk()
    talk.says("opened", media=media)
    assert talk.errors() == [400]


def test_audio_of_a_server_ends_a_session_that_only_listens() -> None:
    talk = opened()
    talk.client.receive(b"\xff" * 160, text=False, at=talk.now)
    talk.take()
    assert talk.errors() == [415]
    talk = opened(takes_audio=True)
    (frame,) = talk.client.receive(b"\xff" * 160, text=False, at=talk.now)
    assert isinstance(frame, AudioFrame)
    assert frame.leg == "inbound"


def test_text_that_is_no_message_ends_the_session() -> None:
    talk = opened()
    talk.client.receive(b"hello", text=True, at=talk.now)
    talk.take()
    assert talk.errors() == [400]


def test_audio_flows_only_while_it_may() -> None:
    talk = opened()
    talk.client.audio(b"\xff" * 3200, talk.now)
    talk.says("pause")
    talk.client.audio(b"\xff" * 3200, talk.now)
    talk.now += 7.0
    talk.says("pause")
    talk.says("resume")
    talk.client.audio(b"\xff" * 3200, talk.now)
    talk.client.discard(0.6, talk.now)
    talk.client.close(talk.now)
    talk.client.audio(b"\xff" * 3200, talk.now)
    talk.take()
    resumed, discarded = (one for one in talk.sent if isinstance(one, dict) and "discarded" in one["parameters"])
    assert (resumed["position"], resumed["parameters"]) == ("PT7.2S", {"start": "PT0.2S", "discarded": "PT7S"})
    assert (discarded["position"], discarded["parameters"]) == ("PT8S", {"start": "PT7.4S", "discarded": "PT0.6S"})
    assert talk.kinds() == ["audio", "paused", "paused", "resumed", "audio", "discarded", "close"]


def test_a_session_may_begin_paused() -> None:
    talk = Talk()
    talk.says("opened", media=[STEREO], startPaused=True)
    assert talk.kinds() == ["open", "paused"]
    assert not talk.client.streams


def test_a_server_may_have_what_was_said_before_it_was_ready_left_out() -> None:
    talk = Talk()
    talk.says("opened", media=[STEREO], discardTo="PT1.25S", startPaused=True)
    (_, discarded, paused) = talk.sent
    assert (discarded["type"], discarded["parameters"]) == ("discarded", {"start": "PT0S", "discarded": "PT1.25S"})
    assert (paused["type"], paused["position"]) == ("paused", "PT1.25S")
    for nothing in ("PT0S", 7, None):
        talk = Talk()
        talk.says("opened", media=[STEREO], discardTo=nothing)
        assert talk.kinds() == ["open"]


@pytest.mark.parametrize("kind", ["pause", "resume"])
def test_a_session_that_is_not_open_can_be_neither_paused_nor_resumed(kind: str) -> None:
    talk = Talk()
    talk.says(kind)
    assert talk.errors() == [409]


def test_what_it_sends_can_be_changed_replaced_or_held_back() -> None:
    def tamper(fields: dict[str, Any]) -> dict[str, Any] | str | None:
        match fields["type"]:
            case "open":
                return {**fields, "version": 2}
            case "dtmf":
                return "nonsense"
        return None

    client = HookClient("call", OFFER, tamper=tamper)
    client.start(0.0)
    client.receive(
        json.dumps(
            {"version": "2", "id": SESSION, "type": "opened", "seq": 1, "clientseq": 1, "parameters": {"media": []}}
        ).encode(),
        text=True,
        at=0.0,
    )
    client.press("5", 0.0)
    client.update("de-DE", 0.0)
    frames, _ = client.to_send()
    assert [json.loads(frames[0])["version"], *frames[1:]] == [2, "nonsense"]


def test_client_and_server_get_through_a_call_without_a_breach() -> None:
    now, told = 100.0, list[Item]()
    client = HookClient("call", OFFER)
    server = HookServer("call", Announced(SESSION, ORGANIZATION, CORRELATION), now)
    client.start(now)
    for step in range(400):
        now += 0.1
        if step % 2 and step not in (101, 103, 105):
            client.audio(b"\xff" * 3200, now)
        match step:
            case 101:
                client.discard(0.6, now)
            case 200:
                client.pause(now)
            case 230:
                client.resume(now)
            case 260:
                client.press("5", now)
            case 380:
                server.disconnect(now)
        client.tick(now)
        told += server.tick(now)
        for frame in client.to_send()[0]:
            data = frame if isinstance(frame, bytes) else frame.encode()
            told += server.receive(data, text=isinstance(frame, str), at=now)
        answers, items = server.to_send(now)
        told += items
        for answer in answers:
            told += client.receive(answer.encode(), text=True, at=now + 0.01)
    assert [item for item in told if isinstance(item, RuleBroken)] == []
    assert (client.state, client.hang_up, server.session.stage) == ("closed", 1000, "closed")
    assert sum(isinstance(item, HookAccepted) for item in told) == 2  # each side tells of it
    assert sum(isinstance(item, HookPinged) for item in told) == 9
