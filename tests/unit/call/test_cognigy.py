"""A Cognigy endpoint's own facts folded into a call, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.call import cognigy_events as ce
from dashboard.call import events as ev
from dashboard.call.events import Cause, ClosedBy, Event, LinkState
from dashboard.call.figures import probe_object
from dashboard.call.reducer import step
from dashboard.call.state import CallState, Turn
from dashboard.call.summary import summary
from dashboard.call.verdict import headline, judge

C = "call"
T0 = 100.0
TARGETS = ev.Targets(silent_failure_after_s=30.0)


def fold(call: CallState, *facts: Event) -> CallState:
    for fact in facts:
        call = step(call, fact)
    return call


def up(dialect: str = "cognigy", at: float = T0) -> CallState:
    return fold(
        CallState(C),
        ev.CallStarted(C, at, 1.9e9, "wss://endpoint", dialect, TARGETS),
        ev.ConnectionOpened(C, at, "wss://endpoint/socket.io/", "kernel", 0.01),
        ev.LinkChanged(C, at, LinkState.OPEN, Cause.PROGRESS),
        *ready(at + 0.1),
    )


def ready(at: float) -> tuple[Event, ...]:
    return (
        ev.SessionStarted(C, at, "dash-7f01", ""),
        ce.EndpointReady(C, at, "dash-op3", True, 0.1, announced=True, engine=3),
    )


def asked(call: CallState, at: float, number: int = 1, text: str = "where is it") -> CallState:
    return fold(call, ev.UtteranceHeld(C, at, number, text), ev.UtteranceSent(C, at, number, text))


def answered(call: CallState, at: float, *, first_s: float = 0.4, whole_s: float | None = 0.6) -> CallState:
    call = asked(call, at)
    call = fold(call, ce.TypingChanged(C, at + 0.1, True), ev.TextReceived(C, at + first_s, "Which number?"))
    call = fold(call, ev.IntentReceived(C, at + first_s, "Track", 0.9))
    return call if whole_s is None else fold(call, ce.TurnFinished(C, at + whole_s, "regular"))


def turn(call: CallState) -> Turn:
    assert call.turns.current is not None
    return call.turns.current


def cognigy(call: CallState) -> dict[str, Any]:
    found: dict[str, Any] = probe_object(call)["cognigy"]
    return found


def lost(at: float) -> ev.ConnectionLost:
    return ev.ConnectionLost(C, at, Cause.ABNORMAL_CLOSURE, 1006, "", ClosedBy.NETWORK, at - 1)


def ticking(call: CallState, seconds: float) -> CallState:
    for _ in range(round(seconds * 4)):
        call = step(call, ev.Ticked(C, call.now + 0.25))
    return call


# -- turns and utterances ---------------------------------------------------------------------------------


def test_first_output_and_whole_turn_are_measured_apart() -> None:
    told = cognigy(answered(up(), 110.0))
    assert told["first_output_ms"] == {"p50": 400.0, "p95": 400.0}
    assert told["whole_turn_ms"] == {"p50": 600.0, "p95": 600.0}
    assert told["utterances"] == [
        {
            "text": "where is it",
            "status": "finished",
            "why": None,
            "sent_s": 10.0,
            "first_output_ms": 400.0,
            "whole_turn_ms": 600.0,
            "intent": "Track",
            "intent_score": 0.9,
            "outputs": ["Which number?"],
            "errors": [],
        }
    ]


def test_over_rest_there_is_no_first_output_only_the_whole_turn() -> None:
    told = cognigy(answered(up("cognigy-rest"), 110.0, first_s=0.6))
    assert told["first_output_ms"] == {"p50": None, "p95": None}
    assert told["utterances"][0]["first_output_ms"] is None
    assert told["whole_turn_ms"]["p50"] == 600.0


def test_each_utterance_has_its_own_outputs() -> None:
    call = answered(up(), 110.0)
    call = fold(asked(call, 120.0, 2, "thanks"), ev.TextReceived(C, 120.3, "Bye"), ce.TurnFinished(C, 120.5, "regular"))
    assert [said["outputs"] for said in cognigy(call)["utterances"]] == [["Which number?"], ["Bye"]]


def test_a_turn_that_was_finished_without_a_word_is_no_silent_failure_and_the_next_is_another_turn() -> None:
    call = fold(asked(up(), 110.0), ce.TurnFinished(C, 110.5, "regular"))
    call = ticking(call, 40)
    assert not turn(call).silent
    assert call.turns.silent_failures == 0
    assert turn(asked(call, 160.0, 2, "again")).number == 2


def test_a_turn_of_which_nothing_comes_is_a_silent_failure_after_30_s() -> None:
    call = ticking(asked(up(), 110.0), 29)
    assert not turn(call).silent
    call = fold(ticking(call, 1.5), ce.TurnTimedOut(C, 140.0, 30.0))
    assert turn(call).silent
    assert [said.status for said in call.utterances] == ["unanswered"]
    assert [finding.rule for finding in ticking(call, 2).findings.standing] == ["silent_bot"]


def test_a_bot_that_answers_and_never_finishes_is_found_out() -> None:
    call = answered(up(), 110.0, whole_s=None)
    call = fold(call, ce.TurnTimedOut(C, 140.0, 30.0))
    assert [said.status for said in call.utterances] == ["unfinished"]
    assert cognigy(call)["unfinished"] == 1
    assert [finding.rule for finding in ticking(call, 2).findings.standing] == ["unfinished_turn"]
    assert ticking(fold(call, lost(150.0)), 120).findings.standing != call.findings.standing


def test_the_end_of_a_turn_that_was_given_up_changes_nothing_any_more() -> None:
    call = fold(answered(up(), 110.0, whole_s=None), ce.TurnTimedOut(C, 140.0, 30.0), ce.TurnFinished(C, 150.0, ""))
    assert turn(call).finished_at is None
    assert (cognigy(call)["finished"], cognigy(call)["unfinished"]) == (0, 1)


def test_a_final_ping_that_nobody_asked_for_is_the_end_of_nothing() -> None:
    call = fold(up(), ce.TurnFinished(C, 110.0, "regular"), ev.TextReceived(C, 111.0, "unasked"))
    assert call.turns.current is None
    assert cognigy(call)["finished"] == 0


def test_an_utterance_that_nothing_came_back_to_before_the_connection_was_lost_is_unknown() -> None:
    call = fold(asked(up(), 110.0), lost(111.0))
    (said,) = call.utterances
    assert (said.status, said.why) == ("unknown", "the connection was lost before anything came back")
    assert turn(call).interrupted


def test_one_at_which_the_bot_was_typing_then_has_arrived() -> None:
    (said,) = fold(asked(up(), 110.0), ce.TypingChanged(C, 110.1, True), lost(111.0)).utterances
    assert (said.status, said.why) == ("unfinished", "the bot was typing when the connection was lost")


def test_one_that_was_being_answered_then_is_not_finished() -> None:
    (said,) = fold(answered(up(), 110.0, whole_s=None), lost(111.0)).utterances
    assert (said.status, said.why) == ("unfinished", "the connection was lost meanwhile")


def test_one_that_waited_then_still_waits() -> None:
    call = fold(up(), lost(111.0), ev.UtteranceHeld(C, 112.0, 1, "later"))
    assert [said.status for said in fold(call, lost(113.0)).utterances] == ["held"]


@pytest.mark.parametrize(("arrived", "status"), [(False, "refused"), (None, "unknown")])
def test_an_utterance_that_an_http_error_came_back_to(arrived: bool | None, status: str) -> None:
    call = fold(asked(up("cognigy-rest"), 110.0), ce.InputRefused(C, 110.2, "the endpoint answered 500", arrived))
    (said,) = call.utterances
    assert (said.status, said.why) == (status, "the endpoint answered 500")
    assert ticking(call, 40).turns.silent_failures == 0


# -- the connection ---------------------------------------------------------------------------------------------


def test_the_session_goes_on_after_an_outage_for_its_id_is_the_same() -> None:
    call = fold(up(), lost(110.0), ev.LinkChanged(C, 110.0, LinkState.WAITING, Cause.ABNORMAL_CLOSURE))
    call = fold(
        call,
        ev.ConnectionOpened(C, 111.0, "wss://endpoint/socket.io/", "kernel", 0.01),
        ev.ResumeRequested(C, 111.0, "dash-7f01"),
        *ready(111.2),
    )
    assert (call.link.outage, call.link.resumed, call.sessions) == (None, 1, 1)


def test_what_was_acknowledged_was_sent_and_the_connection_not_idle() -> None:
    assert fold(up(), ce.Acknowledged(C, T0 + 5)).link.sent_at == T0 + 5
    assert fold(up(), ce.Acknowledged(C, T0 + 5)).link.last_inbound_at == T0 + 0.1


def test_engine_ios_own_round_trip_is_told_apart_from_that_of_websocket() -> None:
    call = fold(up(), ev.PingMeasured(C, 110.0, 0.010), ce.EnginePinged(C, 111.0, 0.030))
    assert probe_object(call)["link"]["rtt_ms"]["last"] == 10.0
    assert cognigy(call)["rtt_ms"] == {"last": 30.0, "p95": 30.0}


def test_typing_ends_with_the_connection() -> None:
    call = fold(up(), ce.TypingChanged(C, 110.0, True))
    assert call.cognigy is not None
    assert call.cognigy.typing
    after = fold(call, lost(111.0)).cognigy
    assert after is not None
    assert not after.typing


# -- no audio on this wire ------------------------------------------------------------------------------------------


def test_nobody_complains_of_missing_audio() -> None:
    call = ticking(answered(up(), 110.0), 60)
    assert judge(call).level == "healthy"
    assert call.findings.all == ()


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ((), "Ready; nothing has been said yet"),
        ((ev.UtteranceSent(C, 110.0, 1, "x"),), "The bot was asked 0 ms ago"),
        (
            (ev.UtteranceSent(C, 110.0, 1, "x"), ce.TypingChanged(C, 110.5, True)),
            "The bot was asked 500 ms ago; it types",
        ),
        (
            (ev.UtteranceSent(C, 110.0, 1, "x"), ev.TextReceived(C, 110.4, "y")),
            "The bot answers: first output after 400 ms",
        ),
        (
            (
                ev.UtteranceSent(C, 110.0, 1, "x"),
                ev.TextReceived(C, 110.4, "y"),
                ce.TurnFinished(C, 110.6, "regular"),
            ),
            "Answered: first output after 400 ms, finished after 600 ms",
        ),
    ],
)
def test_the_headline_is_about_the_bot(facts: tuple[Event, ...], text: str) -> None:
    assert headline(fold(up(), *facts)).text == text


def test_over_rest_the_headline_tells_the_whole_turn() -> None:
    assert headline(answered(up("cognigy-rest"), 110.0, first_s=0.6)).text == "Answered after 600 ms"


def test_the_headline_does_not_call_a_quiet_endpoint_dead() -> None:
    assert headline(ticking(up(), 20)).level == "ok"


def test_the_summary_tells_who_spoke_and_nothing_of_audio() -> None:
    told = summary(answered(up(), 110.0))
    assert "audio" not in told
    assert "speaks as dash-op3 · test mode · Socket.IO (Engine.IO 3) · ready after 100.0 ms" in told
    assert "turns  1 finished · 0 not · whole turn p50 600.0 ms p95 600.0 ms" in told


# -- refused ----------------------------------------------------------------------------------------------------------


def test_a_refused_token_is_one_finding() -> None:
    call = fold(
        up(),
        ev.ErrorReceived(C, 100.2, "Invalid URL token"),
        ev.ConnectionLost(C, 100.2, Cause.ENDPOINT_REFUSED, 1001, "refused", ClosedBy.US, 100.2, "refused"),
        ev.LinkChanged(C, 100.2, LinkState.GAVE_UP, Cause.ENDPOINT_REFUSED, "the endpoint refuses: Invalid URL token"),
    )
    assert [finding.rule for finding in call.findings.all] == ["endpoint_refused"]
    assert judge(call).level == "failed"


def test_a_host_that_breaks_off_at_once_is_told_with_the_version_to_try() -> None:
    call = fold(CallState(C), ev.CallStarted(C, T0, 1.9e9, "wss://endpoint", "cognigy", TARGETS))
    for at in (T0, T0 + 1, T0 + 2):
        call = fold(
            call,
            ev.ConnectionOpened(C, at, "wss://endpoint/socket.io/", "kernel", 0.01),
            ev.LinkChanged(C, at, LinkState.OPEN, Cause.PROGRESS),
            ev.ConnectionLost(C, at, Cause.PROTOCOL_ERROR, 1002, "reserved bits must be 0", ClosedBy.US, at),
            ev.LinkChanged(C, at, LinkState.WAITING, Cause.PROTOCOL_ERROR),
        )
    (finding,) = ticking(call, 1).findings.standing
    assert finding.rule == "endpoint_refused"
    assert "--engine-io 4" in finding.remedy


def let_in(call: CallState, at: float, cause: Cause, code: int, state: LinkState) -> CallState:
    """A connection that lived half a second, and what the link does then."""
    return fold(
        call,
        ev.ConnectionOpened(C, at, "wss://endpoint/socket.io/", "kernel", 0.01),
        ev.LinkChanged(C, at, LinkState.OPEN, Cause.PROGRESS),
        ce.EnginePinged(C, at + 0.4, 0.01),
        ev.ConnectionLost(C, at + 0.5, cause, code, "", ClosedBy.PEER, at + 0.4),
        ev.LinkChanged(C, at + 0.5, state, cause),
    )


@pytest.mark.parametrize(
    ("cause", "code"),
    [(Cause.ABNORMAL_CLOSURE, 1006), (Cause.GOING_AWAY, 1001), (Cause.OTHER_CLOSE, 1005), (Cause.SERVER_ERROR, 1011)],
)
def test_an_endpoint_that_ends_connections_before_it_is_ready_may_not_want_our_token(cause: Cause, code: int) -> None:
    call = fold(CallState(C), ev.CallStarted(C, T0, 1.9e9, "wss://endpoint", "cognigy", TARGETS))
    call = let_in(call, T0, cause, code, LinkState.WAITING)
    assert call.findings.of("endpoint_refused") is None  # one may be chance
    call = let_in(fold(call, ev.ErrorReceived(C, T0 + 0.6, "no")), T0 + 1, cause, code, LinkState.WAITING)
    (finding,) = call.findings.standing
    assert finding.rule == "endpoint_refused"
    assert finding.evidence == ("2 connections ended so, none older than 500 ms", "the last thing that it said: “no”")
    assert "URL token" in finding.remedy


def test_an_endpoint_that_closes_for_good_before_it_is_ready_is_told_at_once() -> None:
    call = fold(CallState(C), ev.CallStarted(C, T0, 1.9e9, "wss://endpoint", "cognigy", TARGETS))
    call = let_in(call, T0, Cause.SERVER_CLOSED, 1000, LinkState.CLOSED)
    assert [finding.rule for finding in call.findings.standing] == ["endpoint_refused"]


def test_an_endpoint_that_was_ready_once_ends_connections_for_other_reasons() -> None:
    call = up()
    for at in (T0 + 1, T0 + 2):
        call = let_in(call, at, Cause.ABNORMAL_CLOSURE, 1006, LinkState.WAITING)
    assert call.findings.of("endpoint_refused") is None


def test_a_code_that_ends_the_authorization_is_a_refused_token_and_not_an_expired_one() -> None:
    call = fold(
        up(),
        ev.ConnectionLost(C, 100.2, Cause.AUTH_CLOSED, 4401, "bad token", ClosedBy.PEER, 100.2),
        ev.LinkChanged(C, 100.2, LinkState.GAVE_UP, Cause.AUTH_CLOSED, "closed by the peer with 4401: bad token"),
    )
    assert [finding.rule for finding in call.findings.all] == ["endpoint_refused"]


def test_a_bot_that_reports_an_error_and_does_not_answer_is_not_said_to_have_reported_none() -> None:
    call = fold(asked(up(), 110.0), ev.ErrorReceived(C, 110.5, "flow not found"))
    finding = ticking(call, 32).findings.of("silent_bot")
    assert finding is not None
    assert finding.summary.endswith("it reported “flow not found”")
    assert "that error" in finding.remedy


def test_an_error_of_the_turn_before_is_no_report_of_this_one() -> None:
    call = fold(answered(up(), 110.0), ev.ErrorReceived(C, 111.0, "late"))
    finding = ticking(asked(call, 112.0, 2), 32).findings.of("silent_bot")
    assert finding is not None
    assert finding.summary.endswith("no error was reported")
