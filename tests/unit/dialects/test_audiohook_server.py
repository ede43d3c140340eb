"""Sessions as dialogues with the server's machine (audiohook.md, 3 to 13)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.call.events import Cause, ErrorReceived, Event, MalformedReceived, SessionStarted, UnknownReceived
from dashboard.call.hook_events import (
    HookAccepted,
    HookOffered,
    HookPinged,
    KeyPressed,
    LanguageChanged,
    MediaDiscarded,
    MediaPaused,
    MediaResumed,
    RuleBroken,
    SessionClosed,
    SessionEnding,
)
from dashboard.dialects.audiohook_server import NO_MEDIA
from dashboard.dialects.audiohook_upgrade import Announced
from dashboard.dialects.audiohook_wire import NIL
from tests.unit.dialects.hook_dialogue import (
    CONVERSATION,
    CORRELATION,
    MONO,
    ORGANIZATION,
    PARTICIPANT,
    SESSION,
    START,
    STEREO,
    Audio,
    Dialogue,
    Gets,
    Raw,
    Sends,
    Waits,
    open_parameters,
    opened,
)


def test_the_worked_example_of_the_protocol() -> None:
    told = (
        Dialogue() << Sends("open") >> Gets("opened", media=[STEREO], startPaused=False, supportedLanguages=["en-US"])
    )
    for _ in range(5):
        told = told << Audio(0.2) << Waits(0.2)
    told = told << Sends("ping") >> Gets("pong", clientseq=2)
    told = told << Sends("ping", {"rtt": "PT0.0412S"}) >> Gets("pong", clientseq=3)
    for _ in range(10):
        told = told << Audio(0.2) << Waits(0.2)
    told = told << Sends("discarded", {"start": "PT3S", "discarded": "PT0.6S"}) << Waits(0.6)
    for _ in range(10):
        told = told << Audio(0.2) << Waits(0.2)
    told = told << Sends("paused") << Waits(7.0) << Sends("resumed", {"start": "PT5.6S", "discarded": "PT7S"})
    for _ in range(37):
        told = told << Audio(0.2) << Waits(0.2)
    told = told << Sends("close", {"reason": "end"}) >> Gets("closed", clientseq=7)
    told.silence()

    assert told.broken == []
    assert told.facts(SessionStarted) == [SessionStarted("call", START, SESSION, CONVERSATION)]
    (offered,) = told.facts(HookOffered)
    assert (offered.organization_id, offered.participant_id, offered.correlation_id) == (
        ORGANIZATION,
        PARTICIPANT,
        CORRELATION,
    )
    assert offered.media == ("PCMU 8000 external+internal", "PCMU 8000 external")
    assert "555" not in repr(told.items)
    (accepted,) = told.facts(HookAccepted)
    assert (accepted.media, accepted.channels) == ("PCMU 8000 external+internal", ("caller", "agent"))
    first, second = told.facts(HookPinged)
    assert (first.rtt_s, first.position_s) == (None, 1.0)
    assert first.received_s == pytest.approx(1.0)
    assert second.rtt_s == 0.0412
    assert [round(frame.position, 3) for frame in told.frames[14:27]] == [
        *(2.8, 3.6, 3.8, 4.0, 4.2, 4.4, 4.6, 4.8, 5.0, 5.2, 5.4),  # 0.6 s were discarded
        *(12.6, 12.8),  # 7 s passed in the pause
    ]
    assert all(frame.positioned and frame.channels == ("caller", "agent") for frame in told.frames)
    assert [type(fact) for fact in told.items[-2:]] == [SessionEnding, SessionClosed]
    assert told.server.session.position == pytest.approx(20.0)


# -- open and opened ----------------------------------------------------------------------------------------


def test_the_time_from_open_to_opened_is_told() -> None:
    told = Dialogue()
    told.items += told.server.receive(told._written(Sends("open")), text=True, at=START)
    _, items = told.server.to_send(START + 0.012)
    (accepted,) = items
    assert isinstance(accepted, HookAccepted)
    assert accepted.took_s == pytest.approx(0.012)


def test_an_opened_that_is_late_breaks_a_rule_of_ours() -> None:
    told = Dialogue()
    told.server.receive(told._written(Sends("open")), text=True, at=START)
    _, items = told.server.to_send(START + 5.5)
    (broken,) = [item for item in items if isinstance(item, RuleBroken)]
    assert (broken.rule, broken.by, broken.detail) == ("opened_late", "server", "opened: after 5.5 s")


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([MONO, STEREO], MONO),
        ([{**STEREO, "format": "L16"}, MONO], MONO),
        ([{**STEREO, "rate": 16000}, STEREO], STEREO),
        ([{**MONO, "channels": ["internal"]}, STEREO], {**MONO, "channels": ["internal"]}),
        ([{**STEREO, "channels": ["internal", "external"]}], {**STEREO, "channels": ["internal", "external"]}),
        ([{**STEREO, "note": "unknown fields stay"}], {**STEREO, "note": "unknown fields stay"}),
        ([{**STEREO, "channels": ["external", "external"]}, MONO], MONO),
        (["nonsense", None, MONO], MONO),
    ],
)
def test_the_first_offer_that_can_be_read_is_echoed_unchanged(offered: list[Any], chosen: dict[str, Any]) -> None:
    told = Dialogue() << Sends("open", open_parameters(media=offered)) >> Gets("opened", media=[chosen])
    (accepted,) = told.facts(HookAccepted)
    assert accepted.channels == tuple({"external": "caller", "internal": "agent"}[one] for one in chosen["channels"])


def test_without_an_offer_that_can_be_read_the_client_is_asked_to_leave() -> None:
    told = Dialogue() << Sends("open", open_parameters(media=[{**MONO, "format": "L16"}]))
    told = told >> Gets("disconnect", reason="error", info=NO_MEDIA)
    told = told << Sends("close", {"reason": "disconnect"}) >> Gets("closed")
    assert told.server.session.stage == "closed"


def test_a_session_without_media_has_no_audio() -> None:
    told = Dialogue() << Sends("open", open_parameters(media=[])) >> Gets("opened", media=[])
    (accepted,) = told.facts(HookAccepted)
    assert (accepted.media, accepted.channels) == ("", ())
    told = told << Audio(0.2)
    assert (told.broken, told.frames) == (["audio_unexpected"], [])


def test_languages_are_told_only_to_who_asks() -> None:
    told = Dialogue() << Sends("open", open_parameters(supportedLanguages=...)) >> Gets("opened")
    assert "supportedLanguages" not in json.loads(json.dumps(told.facts(HookAccepted)[0].media))
    told = Dialogue() << Sends("open", open_parameters(language=...)) >> Gets("opened", supportedLanguages=[])


def test_a_connection_probe_is_answered_and_known_for_what_it_is() -> None:
    nobody = {"id": NIL, "ani": "", "aniName": "", "dnis": ""}
    told = Dialogue() << Sends("open", open_parameters(conversationId=NIL, participant=nobody, media=[]))
    told = told >> Gets("opened", media=[], supportedLanguages=["en-US"])
    told = told << Sends("close", {"reason": "end"}) >> Gets("closed")
    assert told.server.session.is_probe
    assert told.broken == []


def test_a_probe_that_offers_nothing_to_be_taken_is_opened_without_media() -> None:
    nobody = {"id": NIL, "ani": "", "aniName": "", "dnis": ""}
    offer = open_parameters(conversationId=NIL, participant=nobody, media=[{**MONO, "format": "L16"}])
    told = Dialogue() << Sends("open", offer) >> Gets("opened", media=[])
    assert told.server.session.is_probe


def test_a_call_of_a_participant_without_an_id_is_no_probe() -> None:
    assert not opened().server.session.is_probe


def test_continued_sessions_are_shown() -> None:
    before = {"id": "c4c4c4c4-3333-4444-8555-6f6f6f6f6f6f", "serverseq": 4, "clientseq": 9}
    told = Dialogue() << Sends("open", open_parameters(continuedSessions=[before, {"id": 7}])) >> Gets("opened")
    assert told.facts(HookOffered)[0].continues == (before["id"],)
    assert told.facts(RuleBroken)[0].detail == "open: continuedSessions"


def test_a_second_open_is_ignored() -> None:
    told = opened() << Sends("open")
    told.silence()
    assert told.broken == ["open_repeated"]
    assert len(told.facts(HookOffered)) == 1


def test_whoever_does_not_open_is_hung_up_on() -> None:
    told = Dialogue() << Waits(9.5)
    assert told.server.hang_up is None
    told = told << Waits(1.0)
    assert told.server.hang_up is not None
    assert told.server.hang_up.cause is Cause.TIMEOUT


def test_nobody_keeps_a_connection_by_saying_everything_but_open() -> None:
    told = Dialogue()
    for _ in range(5):
        told = told << Sends("ping") << Audio(0.2) << Raw(b"{}") << Waits(2.25)
    assert told.server.hang_up is not None
    assert (told.server.hang_up.reason, told.server.hang_up.cause) == ("no open", Cause.TIMEOUT)


# -- what breaks rules, and stays up -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("envelope", "rule"),
    [
        ({"version": 2}, "bad_version"),
        ({"id": "session-1"}, "bad_id"),
        ({"id": "a1b2c3d4-0009-4000-8000-00000000c0de"}, "id_differs"),
        ({"seq": "2"}, "bad_seq"),
        ({"seq": 3}, "seq_gap"),
        ({"seq": 1}, "seq_gap"),
        ({"seq": True}, "bad_seq"),
        ({"seq": 10**30}, "bad_seq"),
        ({"serverseq": ...}, "bad_ack"),
        ({"serverseq": 7}, "ack_ahead"),
        ({"position": "PT1M"}, "bad_position"),
        ({"position": "PT-1S"}, "bad_position"),
        ({"position": 0}, "bad_position"),
        ({"position": "PT3S"}, "position_mismatch"),
        ({"parameters": ...}, "no_parameters"),
        ({"parameters": []}, "no_parameters"),
    ],
)
def test_an_envelope_that_breaks_a_rule_is_still_answered(envelope: dict[str, Any], rule: str) -> None:
    told = opened() << Sends("ping", envelope=envelope) >> Gets("pong")
    assert told.broken == [rule]


def test_one_gap_in_the_numbers_is_one_breach() -> None:
    told = opened()
    told.seq += 3
    told = told << Sends("ping") >> Gets("pong", clientseq=5) << Sends("ping") >> Gets("pong", clientseq=6)
    (broken,) = told.facts(RuleBroken)
    assert (broken.rule, broken.by, broken.detail) == ("seq_gap", "client", "ping: 2 was due, 5 came")


def test_the_first_message_is_number_1() -> None:
    for first in (0, 2):
        told = Dialogue() << Sends("open", envelope={"seq": first}) >> Gets("opened", clientseq=first)
        assert told.broken == ["seq_gap"]


def test_numbers_that_go_backwards_are_told_each_time_and_answered_by_their_own() -> None:
    told = opened()
    for seq in (9, 5, 5, 1):
        told = told << Sends("ping", envelope={"seq": seq}) >> Gets("pong", clientseq=seq)
    assert told.broken == ["seq_gap"] * 4


def test_another_id_in_every_message_is_one_breach() -> None:
    told = opened()
    for _ in range(3):
        told = told << Sends("ping", envelope={"id": "a1b2c3d4-0009-4000-8000-00000000c0de"})
    assert told.broken == ["id_differs"]


def test_an_id_that_the_upgrade_did_not_announce_is_used_and_told() -> None:
    other = Announced("a1b2c3d4-0009-4000-8000-00000000c0de", ORGANIZATION, "")
    told = Dialogue(other) << Sends("open") >> Gets("opened")
    assert told.broken == ["id_differs"]
    assert told.server.session.session_id == SESSION


def test_an_organization_that_the_upgrade_did_not_announce_is_told() -> None:
    told = Dialogue(Announced(SESSION, CONVERSATION, "")) << Sends("open") >> Gets("opened")
    assert told.broken == ["organization_differs"]


@pytest.mark.parametrize(
    "changes",
    [
        {"organizationId": ...},
        {"organizationId": "us-east"},
        {"conversationId": 7},
        {"participant": ...},
        {"participant": {"id": PARTICIPANT}},
        {"media": ...},
        {"media": [{**STEREO, "rate": 44100}, STEREO]},
        {"language": "english"},
        {"supportedLanguages": "yes"},
        {"customConfig": []},
        {"inputVariables": {"a": 1}},
    ],
)
def test_an_open_with_bad_parameters_is_opened_all_the_same(changes: dict[str, Any]) -> None:
    told = Dialogue() << Sends("open", open_parameters(**changes)) >> Gets("opened")
    assert set(told.broken) - {"organization_differs"} == {"bad_parameters"}
    assert told.facts(RuleBroken)[0].detail == f"open: {next(iter(changes))}"


def test_uuids_of_the_versions_that_there_are_are_known() -> None:
    for version in "12345":
        conversation = f"7be0c7d2-1111-{version}222-8333-9a9a9a9a9a9a".upper()
        told = Dialogue() << Sends("open", open_parameters(conversationId=conversation)) >> Gets("opened")
        assert told.broken == []
        assert told.server.session.conversation_id == conversation.lower()


def test_an_unknown_type_and_one_of_the_other_side_are_told_apart() -> None:
    told = opened() << Sends("probe") << Sends("pong")
    told.silence()
    assert told.broken == ["unknown_type", "wrong_side"]
    assert [fact.type_name for fact in told.facts(UnknownReceived)] == ["probe"]


def test_before_open_nothing_else_counts() -> None:
    told = Dialogue() << Audio(0.2) << Sends("ping") << Sends("close", {"reason": "end"})
    told.silence()
    assert told.broken == ["audio_unexpected", "not_opened", "not_opened"]
    assert told.frames == []


def test_numbers_seen_do_not_go_back() -> None:
    told = opened() << Sends("ping") >> Gets("pong") << Sends("ping", envelope={"serverseq": 0}) >> Gets("pong")
    told = told << Sends("ping", envelope={"serverseq": 3}) >> Gets("pong")
    assert told.broken == ["ack_back"]


# -- ping ---------------------------------------------------------------------------------------------------


def test_a_pong_names_its_ping_even_if_more_came_before_it_left() -> None:
    told = opened()
    for step in (Sends("ping"), Sends("update", {"language": "de-DE"})):
        told.server.receive(told._written(step), text=True, at=told.now)
    told._take([])
    told >> Gets("pong", clientseq=2)


def test_a_client_that_does_not_ping_breaks_a_rule_once_per_silence() -> None:
    told = opened()
    for _ in range(150):
        told = told << Audio(0.2) << Waits(0.2)
    assert told.broken == ["ping_missing"]
    told = told << Sends("ping") >> Gets("pong")
    for _ in range(95):
        told = told << Audio(0.2) << Waits(0.2)
    assert told.broken == ["ping_missing"]
    assert told.server.hang_up is None


def test_four_pings_may_be_missing_and_no_more() -> None:
    told = opened() << Audio(0.2) << Waits(19.75)
    assert told.broken == []
    assert (told << Waits(0.25)).broken == ["ping_missing"]


def test_a_session_from_which_nothing_comes_is_given_up() -> None:
    told = opened(stale_after_s=30.0) << Waits(29.5)
    assert told.server.hang_up is None
    told = told << Waits(0.75)
    assert told.server.hang_up is not None
    assert told.server.hang_up.cause is Cause.STALE


# -- media --------------------------------------------------------------------------------------------------


def test_frames_of_any_length_follow_one_another() -> None:
    told = opened()
    for seconds in (0.02, 0.1, 0.2, 0.0125):
        told = told << Audio(seconds)
    assert [frame.position for frame in told.frames] == pytest.approx([0.0, 0.02, 0.12, 0.32])
    assert [frame.duration for frame in told.frames] == pytest.approx([0.02, 0.1, 0.2, 0.0125])


def test_a_frame_that_ends_inside_a_sample_is_cut_and_told() -> None:
    told = opened() << Audio(payload=b"\xff" * 321) << Audio(payload=b"\xff") << Audio(payload=b"")
    assert [len(frame.payload) for frame in told.frames] == [320]
    assert told.broken == ["audio_odd", "audio_odd", "audio_empty", "audio_empty"]


def test_audio_while_paused_is_dropped_and_counted() -> None:
    told = opened() << Audio(0.2) << Sends("paused")
    told.position -= 0.2
    told = told << Audio(0.2) << Sends("resumed", {"start": "PT0.2S", "discarded": "PT2S"}) << Audio(0.2)
    assert [frame.position for frame in told.frames] == pytest.approx([0.0, 2.2])
    assert told.broken == ["audio_unexpected"]
    assert (len(told.facts(MediaPaused)), told.facts(MediaResumed)[0].discarded_s) == (1, 2.0)


def test_pausing_twice_and_resuming_without_a_pause_are_breaches() -> None:
    told = opened() << Sends("resumed", {"start": "PT0S", "discarded": "PT0S"}) << Sends("paused") << Sends("paused")
    assert told.broken == ["resumed_unexpected", "paused_unexpected"]
    assert told.server.session.stage == "paused"


def test_a_resumed_without_a_pause_moves_nothing() -> None:
    told = opened() << Audio(2.0)
    told = told << Sends("resumed", {"start": "PT0S", "discarded": "PT0S"}, {"position": "PT2S"}) << Audio(0.2)
    assert told.broken == ["resumed_unexpected"]
    assert [frame.position for frame in told.frames] == [0.0, 2.0]


def test_what_is_left_out_must_begin_where_the_audio_ends() -> None:
    told = opened() << Audio(0.2) << Sends("discarded", {"start": "PT5S", "discarded": "PT1S"})
    told.position = 6.0
    told = told << Audio(0.2)
    assert told.broken[0] == "gap_misplaced"
    assert told.frames[-1].position == 6.0


def test_the_clients_position_is_compared_with_what_was_received() -> None:
    told = opened() << Audio(0.2)
    told.position = 1.0
    told = told << Sends("ping") >> Gets("pong") << Audio(0.2) << Sends("ping") >> Gets("pong")
    (broken,) = told.facts(RuleBroken)
    assert (broken.rule, broken.detail) == ("position_mismatch", "ping: claims 1.000 s, 0.200 s received")
    assert [(fact.position_s, fact.received_s) for fact in told.facts(HookPinged)] == [(1.0, 0.2), (1.2, 0.4)]


def test_a_position_does_not_go_back() -> None:
    told = opened() << Audio(0.2) << Sends("ping") >> Gets("pong") << Sends("ping", envelope={"position": "PT0.1S"})
    assert told.broken == ["position_back"]


def test_a_position_is_compared_with_either_side_of_a_gap() -> None:
    told = opened() << Audio(1.0) << Sends("discarded", {"start": "PT1S", "discarded": "PT5S"})
    told = told << Sends("discarded", {"start": "PT6S", "discarded": "PT5S"}, {"position": "PT6S"})
    assert told.broken == []
    assert [fact.discarded_s for fact in told.facts(MediaDiscarded)] == [5.0, 5.0]


# -- other messages -----------------------------------------------------------------------------------------


def test_an_error_of_the_client_is_information() -> None:
    said = {"code": 429, "message": "rate limit exceeded", "retryAfter": "PT3S"}
    told = opened() << Sends("error", said)
    told.silence()
    assert told.facts(ErrorReceived) == [
        ErrorReceived("call", START, "429 rate limit exceeded, again in 3 s", 429, 3.0)
    ]
    assert told.server.session.stage == "active"


def test_which_digit_was_pressed_is_not_kept() -> None:
    told = opened() << Sends("dtmf", {"digit": "5"}) << Sends("dtmf", {"digit": "#"}) << Sends("dtmf", {"digit": "42"})
    assert [fact.key for fact in told.facts(KeyPressed)] == ["digit", "#", "digit"]


def test_a_change_of_language_is_told() -> None:
    told = opened() << Sends("update", {"language": "es-US"})
    told.silence()
    assert [fact.language for fact in told.facts(LanguageChanged)] == ["es-US"]


def test_an_update_without_a_language_that_can_be_read_leaves_it_as_it_is() -> None:
    told = opened() << Sends("update") << Sends("update", {"language": "\x1b[31mde"})
    assert told.facts(LanguageChanged) == []
    assert told.broken == ["bad_parameters"]


# -- the end ------------------------------------------------------------------------------------------------


def test_after_its_close_a_client_has_nothing_more_to_say() -> None:
    told = opened() << Sends("close", {"reason": "end"}) >> Gets("closed")
    told = told << Audio(0.2) << Sends("ping") << Sends("close", {"reason": "end"})
    told.silence()
    assert told.broken == ["audio_unexpected", "after_close", "after_close"]


def test_a_client_may_report_that_it_got_no_closed() -> None:
    told = opened() << Sends("close", {"reason": "end"}) >> Gets("closed")
    told = told << Sends("error", {"code": 408, "message": "Close transaction timeout"})
    assert told.broken == ["after_close"]
    fresh = opened()
    for step in (Sends("close", {"reason": "end"}), Sends("error", {"code": 408, "message": "Close timeout"})):
        fresh.items += fresh.server.receive(fresh._written(step), text=True, at=fresh.now)
    assert fresh.broken == []
    assert len(fresh.facts(ErrorReceived)) == 1


def test_a_client_that_does_not_close_its_socket_is_hung_up_on() -> None:
    told = opened() << Sends("close", {"reason": "end"}) >> Gets("closed") << Waits(9.5)
    assert told.server.hang_up is None
    told = told << Waits(1.0)
    assert told.server.hang_up is not None
    assert (told.server.hang_up.code, told.server.hang_up.cause) == (1000, Cause.SESSION_ENDED)
    assert told.server.lost(told.now) == []


def test_we_ask_for_the_end_and_wait_for_the_close() -> None:
    told = opened()
    told.server.disconnect(told.now)
    told.server.disconnect(told.now)
    told._take([])
    told = told >> Gets("disconnect", reason="completed")
    told.silence()
    told = told << Waits(1.0) << Sends("close", {"reason": "disconnect"}) >> Gets("closed")
    assert [(fact.by, fact.reason) for fact in told.facts(SessionEnding)] == [
        ("server", "completed"),
        ("client", "disconnect"),
    ]
    assert told.broken == []


def test_a_client_that_does_not_answer_that_is_hung_up_on() -> None:
    told = opened()
    told.server.disconnect(told.now)
    told._take([])
    told = told << Waits(10.5)
    assert told.server.hang_up is not None
    assert told.server.hang_up.cause is Cause.TIMEOUT


def test_before_open_there_is_nobody_to_ask() -> None:
    told = Dialogue()
    told.server.disconnect(told.now)
    assert told.server.hang_up is not None
    assert told.server.lost(told.now) == []


def test_a_socket_that_ends_first_breaks_a_rule() -> None:
    told = opened()
    (broken,) = told.server.lost(told.now)
    assert isinstance(broken, RuleBroken)
    assert (broken.rule, broken.by, broken.detail) == ("close_missing", "client", "while active")


# -- hostile input ------------------------------------------------------------------------------------------

_DEEP = b'{"type":"ping","parameters":' + b"[" * 5000 + b"]" * 5000 + b"}"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "not JSON"),
        (b"[]", "not an object"),
        (b"{}", "required field missing"),
        (b'{"type":7}', "wrong type of a field"),
        (b"\xff\xfe", "invalid UTF-8"),
        (b'{"type":"ping","seq":NaN}', "NaN or Infinity"),
        (_DEEP, "nesting too deep"),
        (b'{"type":"' + b"x" * 3_000_000 + b'"}', "text too long"),
        (b"\xff" * 3_000_000, "text too long"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_message_is_told_and_changes_nothing(data: bytes, problem: str) -> None:
    told = opened() << Raw(data)
    told.silence()
    (malformed,) = told.facts(MalformedReceived)
    assert (malformed.problem, malformed.size_bytes) == (problem, len(data))
    told = told << Sends("ping") >> Gets("pong", clientseq=2)
    assert told.broken == []


def test_a_text_is_measured_in_characters() -> None:
    said = {"code": 400, "message": "ü" * 40_000}
    told = opened() << Raw(told_raw := json.dumps({"type": "error", "parameters": said}, ensure_ascii=False).encode())
    assert len(told_raw) > 65_535
    assert len(told.facts(ErrorReceived)) == 1


@pytest.mark.parametrize(
    "value",
    [None, [], {}, 7, -1.5, "x" * 9000, True, [[{}]], {"id": []}, "\x1b[2J[red]"],
    ids=lambda value: repr(value)[:12],
)
@pytest.mark.parametrize(
    "name", ["organizationId", "conversationId", "participant", "media", "language", "continuedSessions"]
)
def test_whatever_stands_in_an_open_it_is_answered(name: str, value: Any) -> None:
    told = Dialogue() << Sends("open", open_parameters(**{name: value}))
    assert told.answers[0]["type"] in ("opened", "disconnect")
    assert len(repr(told.items)) < 6000


@pytest.mark.parametrize("kind", ["resumed", "discarded", "error", "update", "dtmf", "close", "ping"])
@pytest.mark.parametrize(
    "value",
    [None, [], {"a": []}, 7, "PT1e9S", f"PT{'9' * 39}S", "PT9999999999S", "x" * 9000],
    ids=lambda value: str(value)[:12],
)
def test_whatever_stands_in_parameters_nothing_breaks(kind: str, value: Any) -> None:
    names = ("start", "discarded", "code", "message", "retryAfter", "language", "digit", "reason", "rtt")
    told = opened() << Audio(0.2) << Sends(kind, dict.fromkeys(names, value), {"position": "PT0.2S"})
    told = told << Audio(0.2)
    assert len(repr(told.facts(Event))) < 4000
