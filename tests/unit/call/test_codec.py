"""Facts and commands as versioned JSON lines."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.call import (
    bot_events,
    codec,
    cognigy_events,
    events,
    hook_events,
    notification_events,
    ports,
    record_events,
    tap_events,
)
from dashboard.call.party import Party
from dashboard.errors import CodecError

AUDIO = events.AudioReceived(
    "c1",
    2.5,
    leg="inbound",
    arrivals=(2.41, 2.43),
    positions=(0.0, 0.02),
    durations=(0.02, 0.02),
    levels=((-20.0, -21.5), (-90.0, -90.0)),
    peaks=((-10.0, -11.0), (-90.0, -90.0)),
    waits=(0.001, 0.002),
    channels=("caller", "bot"),
    size_bytes=640,
    positioned=True,
)
STARTED = events.CallStarted("c1", 1.0, wall=1.9e9, endpoint="wss://host/ws", dialect="appfoundry")
FACTS = [
    AUDIO,
    STARTED,
    events.LinkChanged("c1", 3.0, events.LinkState.WAITING, events.Cause.STALE, "x", 2, 10, until=4.5),
    events.LinkChanged("c1", 3.0, events.LinkState.GAVE_UP, events.Cause.NOT_FOUND),
    events.ConnectionLost("c1", 3.0, events.Cause.STALE, 1001, "stale", events.ClosedBy.US, 2.0),
    events.TranscriptReceived("c1", 3.0, events.Speaker.BOT, "\x1b[31m[red]\u202e🙂\x00\x7f", True, 0.5),
    events.UtteranceHeld("c1", 3.0, 1, "what a terminal gave \udcff"),
    events.QueueMeasured("c1", 3.0, "audio", 1, 100, 2, "oldest", (0.001,)),
    events.UnknownReceived("c1", 3.0, "ticked", 20),
    hook_events.HookOffered("c1", 3.0, "o", "p", "c", ("PCMU 8000 external",), "en-US", ("s-1",)),
    hook_events.HookPinged("c1", 3.0, None, 2.5, 2.0),
    hook_events.EntityReceived("c1", 3.0, "barge_in", "{}"),
    notification_events.ChannelSubscribed(
        "c1", 3.0, "1f2e3d4c", ("transcription",), ("acw: rejected",), 86_403.0, True
    ),
    notification_events.ConversationRead(
        "c1", 3.0, (Party("p", "agent", "c", "voice", recording="paused"),), over=False
    ),
    notification_events.SpeechTranscribed("c1", 3.0, "u", "c", events.Speaker.CALLER, "yes", True, 0.9, 3.1, 0.4),
    bot_events.BotOffered("c1", 3.0, "parcel-bot", "https://endpoint", "cognigy", "callscope-7f", "callscope", True),
    bot_events.BotOffered("c1", 3.0, "parcel-bot", why_not="no conversation"),
    bot_events.BotTold("c1", 3.0, cognigy_events.EndpointReady("c1", 3.0, "callscope", True, 0.1, True, 3)),
    bot_events.BotTold("c1", 3.0, STARTED),
    tap_events.ClientSent("c1", 3.0, "hello", 20),
    tap_events.TapMeasured("c1", 3.0, "client", 900, 3, 4, 2, 1, 1, (0.0001,)),
    tap_events.TapSkipped("c1", 3.0, "upstream", 9_000_000, 70, "the observer was behind"),
    events.Ticked("c1", 3.0, 0.001, (0.0, 0.25)),
    dataclasses.replace(AUDIO, late=(0, 1)),
    events.WorkerLost("c1", 3.0, "was killed by SIGKILL", dead=True),
]


def record_of(fact: events.Event) -> dict[str, Any]:
    """The fact as a reader of its line sees it."""
    record: dict[str, Any] = json.loads(codec.to_line(fact))
    return record


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: codec.kind_of(fact))
def test_a_fact_comes_back_from_its_line_as_it_was(fact: events.Event) -> None:
    assert codec.event_from_line(codec.to_line(fact)) == fact


COMMANDS = [
    ports.Reconnect(),
    ports.Say("hello ✓"),
    ports.Mark("here", "call-1"),
    ports.Save(),
    ports.Save("x"),
    ports.Stop(),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_comes_back_from_its_line_as_it_was(command: ports.Command) -> None:
    assert codec.command_from_line(codec.to_line(command)) == command


def test_every_kind_of_fact_can_be_written() -> None:
    rooms = (events, hook_events, cognigy_events, bot_events, notification_events, tap_events, record_events)
    named = [item for room in rooms for item in vars(room).values()]
    kinds = {item for item in named if isinstance(item, type) and issubclass(item, events.Event)}
    assert {codec.kind_of(object.__new__(kind)) for kind in kinds - {events.Event}} == set(codec._EVENTS)


def test_a_fact_told_of_a_bot_tells_no_other_such_fact() -> None:
    told = record_of(bot_events.BotTold("c1", 3.0, STARTED))
    with pytest.raises(CodecError, match="within"):
        codec.event_from_dict({**told, "fact": told})


@pytest.mark.parametrize("within", [None, 3, [], {}, {"v": 1, "kind": "nonsense"}, {"v": 99, "kind": "ticked"}])
def test_what_is_told_of_a_bot_is_a_fact(within: object) -> None:
    with pytest.raises(CodecError):
        codec.event_from_dict({**record_of(bot_events.BotTold("c1", 3.0, STARTED)), "fact": within})


def test_no_field_of_a_fact_or_command_takes_the_place_of_its_version_or_kind() -> None:
    names = {field.name for kind in codec._NAMES for field in dataclasses.fields(kind)}
    assert names & {"v", "kind"} == set()


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: codec.kind_of(fact))
def test_a_line_is_printable_ascii_whatever_was_said(fact: events.Event) -> None:
    line = codec.to_line(fact)
    assert line.isascii()
    assert line.isprintable()


def test_a_field_that_a_newer_minor_writer_added_is_passed_over() -> None:
    assert codec.event_from_dict({**record_of(STARTED), "colour": "red"}) == STARTED


def test_an_absent_field_takes_its_default() -> None:
    record = record_of(AUDIO)
    del record["positioned"], record["clipped"]
    fact = codec.event_from_dict(record)
    assert isinstance(fact, events.AudioReceived)
    assert not fact.positioned


def test_facts_that_were_written_before_our_own_health_was_told_are_read() -> None:
    audio, tick = (
        record_of(dataclasses.replace(AUDIO, late=(1,))),
        record_of(events.Ticked("c1", 2.0, 0.01, (0.0, 0.01))),
    )
    del audio["late"], tick["loop_lags"]
    assert codec.event_from_dict(audio) == AUDIO
    assert codec.event_from_dict(tick) == events.Ticked("c1", 2.0, 0.01)


def test_an_older_version_is_lifted_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "VERSION", 3)
    monkeypatch.setitem(codec.UPGRADES, 1, lambda old: {**old, "detail": old["why"]})
    monkeypatch.setitem(codec.UPGRADES, 2, lambda old: {**old, "dead": old["detail"] == "gone"})
    record = {"v": 1, "kind": "worker_lost", "call_id": "c", "at": 1, "why": "gone"}
    assert codec.event_from_dict(record) == events.WorkerLost("c", 1.0, "gone", dead=True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"v": 2}, "newer"),
        ({"v": 0}, "no version"),
        ({"v": "1"}, "no version"),
        ({"kind": "nonsense"}, "unknown kind"),
        ({"kind": ["x"]}, "unknown kind"),
        ({"at": "soon"}, "not a number"),
        ({"at": float("nan")}, "not a number"),
        ({"at": True}, "not a number"),
        ({"call_id": 7}, "not str"),
        ({"arrivals": 1.0}, "not list"),
        ({"arrivals": [None]}, "not a number"),
        ({"levels": [1.0]}, "not list"),
        ({"positioned": 1}, "not bool"),
    ],
)
def test_what_is_no_fact_is_refused_with_the_reason(change: dict[str, Any], says: str) -> None:
    with pytest.raises(CodecError, match=says):
        codec.event_from_dict({**record_of(AUDIO), **change})


def test_a_missing_field_is_named() -> None:
    record = record_of(STARTED)
    del record["endpoint"]
    with pytest.raises(CodecError, match="endpoint"):
        codec.event_from_dict(record)


@pytest.mark.parametrize("line", ["", "{", "[]", "7", '"x"', "[" * 100_000, "\udcff"])
def test_a_line_that_is_no_object_is_refused(line: str) -> None:
    with pytest.raises(CodecError):
        codec.event_from_line(line)


def test_a_line_too_long_to_be_ours_is_not_even_parsed() -> None:
    with pytest.raises(CodecError, match="is no fact"):
        codec.event_from_line(" " * (codec.MAX_LINE + 1))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(FACTS), st.data())
def test_a_record_with_any_field_spoiled_is_read_or_refused_never_worse(
    fact: events.Event, data: st.DataObject
) -> None:
    record = record_of(fact)
    name = data.draw(st.sampled_from(sorted(record)))
    record[name] = data.draw(JSON)
    try:
        again = codec.event_from_dict(json.loads(json.dumps(record)))
    except CodecError:
        return
    assert codec.event_from_line(codec.to_line(again)) == again
