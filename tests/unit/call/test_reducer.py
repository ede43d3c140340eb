"""Facts folded into the state of a call: link, outages, sessions, audio, messages, utterances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from dashboard.call.events import (
    AttemptFailed,
    AudioReceived,
    CallStarted,
    Cause,
    ClosedBy,
    ConnectionLost,
    ConnectionOpened,
    ErrorReceived,
    Event,
    IntentReceived,
    LinkChanged,
    LinkState,
    MalformedReceived,
    Marked,
    PingMeasured,
    QueueMeasured,
    ResumeRequested,
    SessionStarted,
    Speaker,
    Ticked,
    TokenObtained,
    TranscriptReceived,
    UnknownReceived,
    UtteranceExpired,
    UtteranceHeld,
    UtteranceSent,
    WorkerLost,
)
from dashboard.call.record_events import HistoryMeasured, RecordingFailed, RecordingSaved, RecordingStarted
from dashboard.call.reducer import step
from dashboard.call.state import CallState

C = "call-1"
LOUD, QUIET = -20.0, -90.0


def fold(*facts: Event, call: CallState | None = None) -> CallState:
    state = call or CallState(C)
    for fact in facts:
        state = step(state, fact)
    return state


def started() -> CallState:
    """Connected at 101, session s-1 at 101.1."""
    return fold(
        CallStarted(C, 100.0, wall=1.9e9, endpoint="wss://host/ws", dialect="appfoundry"),
        LinkChanged(C, 100.0, LinkState.CONNECTING, Cause.STARTED, attempt=1, max_attempts=10),
        ConnectionOpened(C, 101.0, "wss://host/ws", "kernel", 0.2),
        LinkChanged(C, 101.0, LinkState.OPEN, Cause.PROGRESS, attempt=1, max_attempts=10),
        SessionStarted(C, 101.1, "s-1", "conv-1"),
    )


def audio(at: float, position: float, count: int = 5, *, levels: Sequence[float] = (LOUD, QUIET)) -> AudioReceived:
    """`count` frames of 20 ms, stereo, the first at `at`."""
    arrivals = tuple(at + 0.02 * i for i in range(count))
    rows = tuple((level,) * count for level in levels)
    return AudioReceived(
        C,
        arrivals[-1],
        leg="inbound",
        arrivals=arrivals,
        positions=tuple(position + 0.02 * i for i in range(count)),
        durations=(0.02,) * count,
        levels=rows,
        peaks=rows,
        waits=(0.001,) * count,
        channels=("caller", "bot"),
        size_bytes=320 * count,
        positioned=True,
    )


def lost(at: float, *, last: float, cause: Cause = Cause.ABNORMAL_CLOSURE, code: int = 1006) -> ConnectionLost:
    return ConnectionLost(C, at, cause, code, "", ClosedBy.NETWORK, last)


def waiting(at: float, until: float) -> LinkChanged:
    return LinkChanged(C, at, LinkState.WAITING, Cause.ABNORMAL_CLOSURE, attempt=2, max_attempts=10, until=until)


def test_a_call_knows_its_session_and_the_time_of_its_newest_fact() -> None:
    call = started()
    assert (call.session_id, call.conversation_id, call.sessions) == ("s-1", "conv-1", 1)
    assert call.now == 101.1
    assert call.wall_at(101.1) == pytest.approx(1.9e9 + 1.1)
    assert call.link.state is LinkState.OPEN
    assert call.link.clock == "kernel"


def test_an_outage_runs_from_the_last_byte_to_the_first_message_of_the_next_connection() -> None:
    call = fold(
        audio(102.0, 0.0),
        lost(103.0, last=102.08),
        waiting(103.0, 103.8),
        LinkChanged(C, 103.8, LinkState.CONNECTING, Cause.PROGRESS, attempt=2, max_attempts=10),
        ConnectionOpened(C, 104.0, "wss://host/ws", "kernel", 0.2),
        ResumeRequested(C, 104.0, "s-1"),
        call=started(),
    )
    assert call.link.outage is not None, "an open socket without a message is still an outage"
    call = fold(audio(104.5, 2.5), call=call)
    outage = call.link.outages[0]
    assert call.link.outage is None
    assert (outage.started_at, outage.ended_at) == (102.08, 104.5)
    assert outage.waited_s == pytest.approx(0.8)
    assert outage.attempts == 1
    assert outage.resumed is True
    assert outage.media_missing_s == pytest.approx(2.4)
    assert call.link.downtime_s == pytest.approx(2.42)
    assert dict(call.link.close_codes) == {"1006": 1}
    assert call.lines[-1].text == "connection restored after 2.4 s, session resumed"


def test_a_session_start_with_another_id_is_a_new_session_and_says_nothing_of_missing_media() -> None:
    call = fold(
        audio(102.0, 0.0),
        lost(103.0, last=102.08),
        ConnectionOpened(C, 104.0, "wss://host/ws", "kernel", 0.2),
        ResumeRequested(C, 104.0, "s-1"),
        SessionStarted(C, 104.1, "s-2", "conv-1"),
        audio(104.2, 0.0),
        call=started(),
    )
    assert call.link.outages[0].resumed is False
    assert call.link.outages[0].media_missing_s is None
    assert call.sessions == 2


def test_late_audio_before_the_session_start_does_not_make_a_new_session_resumed() -> None:
    call = fold(
        audio(102.0, 0.0),
        lost(103.0, last=102.08),
        ConnectionOpened(C, 104.0, "wss://host/ws", "kernel", 0.2),
        ResumeRequested(C, 104.0, "s-1"),
        audio(104.05, 2.0),
        SessionStarted(C, 104.1, "s-2", "conv-1"),
        call=started(),
    )
    assert call.link.outages[0].resumed is False
    assert call.link.resumed == 0


def test_a_gap_between_connections_is_downtime_and_not_jitter() -> None:
    call = fold(
        audio(102.0, 0.0),
        lost(103.0, last=102.08),
        ConnectionOpened(C, 110.0, "wss://host/ws", "kernel", 0.2),
        audio(110.0, 8.0),
        call=started(),
    )
    pacing = call.inbound.pacing
    assert pacing.frames == 10
    assert pacing.spikes == 0
    assert pacing.lost == 0
    assert pacing.jitter.max == pytest.approx(0.0, abs=1e-9)


def test_attempts_that_fail_on_the_way_belong_to_the_outage() -> None:
    call = fold(
        lost(103.0, last=102.0),
        waiting(103.0, 104.0),
        AttemptFailed(C, 104.1, 2, Cause.TCP_REFUSED, "connection refused", wait_s=1.0),
        AttemptFailed(C, 105.1, 3, Cause.UNAVAILABLE, "handshake answered 503", 503, 1.0),
        ConnectionOpened(C, 106.1, "wss://host/ws", "kernel", 0.1),
        call=started(),
    )
    outage = call.link.outage
    assert outage is not None
    assert outage.attempts == 3
    assert [failure.cause for failure in outage.failures] == [Cause.TCP_REFUSED, Cause.UNAVAILABLE]
    assert outage.cause is Cause.ABNORMAL_CLOSURE, "the row keeps why it began"
    assert call.link.attempts == 4


def test_a_connection_lost_without_a_message_is_no_second_outage() -> None:
    call = fold(
        lost(103.0, last=102.0),
        ConnectionOpened(C, 104.0, "wss://host/ws", "kernel", 0.1),
        lost(104.5, last=104.0),
        call=started(),
    )
    assert call.link.outage_count == 1
    assert dict(call.link.close_codes) == {"1006": 2}


def test_a_call_that_never_came_up_is_one_outage_from_its_start() -> None:
    call = fold(
        CallStarted(C, 100.0, wall=1.9e9, endpoint="wss://host/ws", dialect="appfoundry"),
        LinkChanged(C, 100.0, LinkState.AUTHORIZING, Cause.STARTED, attempt=1),
        AttemptFailed(C, 100.3, 1, Cause.CREDENTIALS_REFUSED, "login answered 401", 401),
        LinkChanged(C, 100.3, LinkState.GAVE_UP, Cause.CREDENTIALS_REFUSED, "login answered 401"),
    )
    outage = call.link.outage
    assert outage is not None
    assert (outage.started_at, outage.cause, outage.code) == (100.0, Cause.CREDENTIALS_REFUSED, None)
    assert outage.attempts == 1
    assert call.link.connections == 0


def test_a_planned_reconnect_counts_as_a_token_refresh_and_is_told_apart() -> None:
    call = fold(
        TokenObtained(C, 100.5, expires_at=160.0, refresh=False),
        TokenObtained(C, 150.0, expires_at=210.0, refresh=True),
        lost(150.0, last=149.9, cause=Cause.TOKEN_EXPIRY, code=1001),
        call=started(),
    )
    assert call.link.token_refreshes == 1
    assert call.link.token_expires_at == 210.0
    assert call.link.outage is not None
    assert call.link.outage.cause is Cause.TOKEN_EXPIRY


def test_stale_resets_are_counted() -> None:
    assert fold(lost(140.0, last=102.0, cause=Cause.STALE, code=1001), call=started()).link.stale_resets == 1


def test_partial_transcripts_become_one_final_row() -> None:
    call = fold(
        TranscriptReceived(C, 102.0, Speaker.CALLER, "where", False),
        TranscriptReceived(C, 102.2, Speaker.CALLER, "where is my", False),
        call=started(),
    )
    assert call.partials[Speaker.CALLER].text == "where is my"
    assert not any(line.kind == "transcript" for line in call.lines)
    call = fold(TranscriptReceived(C, 102.5, Speaker.CALLER, "where is my parcel", True), call=call)
    assert not call.partials
    assert [line.text for line in call.lines if line.kind == "transcript"] == ["where is my parcel"]
    assert call.messages["transcript"] == 3, "messages are counted as they come"


def test_what_was_being_said_when_the_connection_went_is_kept() -> None:
    call = fold(
        TranscriptReceived(C, 102.0, Speaker.CALLER, "my number is", False), lost(102.5, last=102.0), call=started()
    )
    assert not call.partials
    assert [(line.text, line.final) for line in call.lines if line.kind == "transcript"] == [("my number is", False)]


def test_the_first_row_of_an_answer_carries_the_turn_latency() -> None:
    call = fold(
        TranscriptReceived(C, 102.0, Speaker.CALLER, "where is my parcel", True),
        IntentReceived(C, 102.4, "TrackParcel", 0.93),
        TranscriptReceived(C, 102.7, Speaker.BOT, "Let me look.", True),
        TranscriptReceived(C, 104.0, Speaker.BOT, "It is in Leipzig.", True),
        call=started(),
    )
    intent, first, second = list(call.lines)[-3:]
    assert intent.latency_s == pytest.approx(0.4)
    assert first.latency_s == pytest.approx(0.7)
    assert second.latency_s is None


def test_bot_audio_above_the_threshold_answers_a_turn() -> None:
    call = fold(
        audio(102.0, 0.0),
        TranscriptReceived(C, 102.1, Speaker.CALLER, "hello", True),
        audio(102.6, 0.6, levels=(QUIET, LOUD)),
        call=started(),
    )
    assert call.turns.current is not None
    assert call.turns.current.audio_at == pytest.approx(102.6)


def test_silence_while_the_connection_is_open_is_a_silent_failure_and_ticks_reveal_it() -> None:
    call = fold(TranscriptReceived(C, 102.0, Speaker.CALLER, "hello", True), call=started())
    assert fold(Ticked(C, 106.9), call=call).turns.silent_failures == 0
    assert fold(Ticked(C, 107.1), call=call).turns.silent_failures == 1


def test_silence_during_an_outage_is_not_the_bots_failure() -> None:
    call = fold(
        TranscriptReceived(C, 102.0, Speaker.CALLER, "hello", True),
        lost(103.0, last=102.0),
        Ticked(C, 110.0),
        ConnectionOpened(C, 111.0, "wss://host/ws", "kernel", 0.1),
        Ticked(C, 120.0),
        call=started(),
    )
    assert call.turns.silent_failures == 0


def test_an_utterance_is_held_in_an_outage_then_sent_then_answered_and_the_outage_counts_it() -> None:
    call = fold(lost(103.0, last=102.0), UtteranceHeld(C, 103.5, 1, "parcel 4711"), call=started())
    assert call.utterances[0].status == "held"
    call = fold(
        ConnectionOpened(C, 104.0, "wss://host/ws", "kernel", 0.1),
        ResumeRequested(C, 104.0, "s-1"),
        audio(104.1, 0.0),
        UtteranceSent(C, 104.2, 1, "parcel 4711"),
        call=call,
    )
    assert call.utterances[0].status == "sent"
    assert (call.link.outages[0].held, call.link.outages[0].sent) == (1, 1)
    call = fold(IntentReceived(C, 104.9, "TrackParcel"), call=call)
    assert call.utterances[0].status == "answered"
    assert call.utterances[0].answered_at == 104.9
    assert call.turns.current is not None
    assert call.turns.current.latency_s == pytest.approx(0.7)


def test_an_expired_utterance_says_why() -> None:
    call = fold(
        UtteranceHeld(C, 103.5, 1, "x"), UtteranceExpired(C, 163.5, 1, "waited 60 s for a session"), call=started()
    )
    assert (call.utterances[0].status, call.utterances[0].why) == ("expired", "waited 60 s for a session")


def test_a_flood_of_unreadable_messages_fills_counters_and_not_the_transcript() -> None:
    facts = [MalformedReceived(C, 102.0 + i / 1000, "not JSON", "{", 1) for i in range(1000)]
    call = fold(*facts, call=started())
    assert call.problems["not JSON"] == 1000
    assert sum(line.kind == "malformed" for line in call.lines) == 1


def test_names_of_unknown_messages_are_bounded() -> None:
    facts = [UnknownReceived(C, 102.0 + i / 1000, f"kind{i}", 10) for i in range(500)]
    call = fold(*facts, call=started())
    assert len(call.unknown_kinds) <= 31
    assert sum(call.unknown_kinds.values()) == 500


def test_errors_marks_and_round_trips_are_kept() -> None:
    call = fold(
        ErrorReceived(C, 102.0, "skill timeout"),
        Marked(C, 102.1, "here"),
        PingMeasured(C, 102.2, 0.012),
        call=started(),
    )
    assert call.messages["error"] == 1
    assert list(call.marks) == [(102.1, "here")]
    assert list(call.link.rtts) == [(102.2, 0.012)]


def test_queues_keep_their_totals_and_waits() -> None:
    call = fold(
        QueueMeasured(C, 102.0, "audio", 3, 100, 7, "oldest", (0.001,) * 99),
        QueueMeasured(C, 103.0, "audio", 0, 100, 9, "oldest", (0.5,)),
        call=started(),
    )
    assert call.queues["audio"].dropped == 9
    assert sum(call.queues["audio"].waits.counts.values()) == 100


def test_a_dead_worker_takes_the_connection_with_it_and_a_new_one_goes_on_with_the_call() -> None:
    call = fold(audio(102.0, 0.0), WorkerLost(C, 103.0, "was killed by SIGKILL", dead=True), call=started())
    assert call.worker_lost == "was killed by SIGKILL"
    assert call.link.state is LinkState.CLOSED
    assert call.link.outage is not None
    call = fold(
        CallStarted(C, 105.0, wall=1.9e9 + 5, endpoint="wss://host/ws", dialect="appfoundry"),
        ConnectionOpened(C, 106.0, "wss://host/ws", "kernel", 0.1),
        SessionStarted(C, 106.1, "s-2", "conv-2"),
        call=call,
    )
    assert call.worker_lost is None
    assert call.started_at == 100.0
    assert call.link.outages[0].cause is Cause.WORKER_LOST
    assert call.inbound.pacing.frames == 5


def test_a_worker_that_is_merely_slow_is_forgiven_at_its_next_fact() -> None:
    call = fold(WorkerLost(C, 103.0, "does not answer for 1.6 s", dead=False), call=started())
    assert call.worker_lost is not None
    assert call.link.state is LinkState.OPEN
    assert fold(Ticked(C, 104.0), call=call).worker_lost is None


def test_our_own_lag_is_kept_by_its_worst_of_each_tick_and_by_moments() -> None:
    call = fold(Ticked(C, 102.0, 0.001, (0.0, 0.0, 0.3)), Ticked(C, 102.25, 0.002), call=started())
    assert call.loop_lag.percentile(100) == pytest.approx(0.3, rel=0.01)
    assert sum(call.loop_lag.counts.values()) == 2
    assert sum(call.loop_lags.counts.values()) == 3


def test_frames_that_we_stamped_late_are_counted_and_not_measured() -> None:
    heard = audio(102.0, 0.0)
    late = replace(heard, arrivals=(102.0, 102.02, 102.5, 102.5, 102.5), at=102.5, late=(2, 3, 4))
    pacing = fold(late, call=started()).inbound.pacing
    assert (pacing.frames, pacing.set_aside, pacing.spikes) == (5, 3, 0)


def test_what_is_being_written_is_known_until_it_is_closed_or_fails() -> None:
    one, two = RecordingStarted(C, 102.0, "/r/one", "command"), RecordingStarted(C, 103.0, "/r/two", "outage")
    call = fold(one, two, call=started())
    assert call.records.writing == (one, two)
    saved, failed = RecordingSaved(C, 104.0, "/r/two", 120, 40_960), RecordingFailed(C, 105.0, "/r/one", "full", "x")
    call = fold(saved, failed, call=call)
    assert (call.records.writing, call.records.saved, call.records.failed) == ((), (saved,), (failed,))


def test_a_worker_that_dies_takes_the_history_with_it() -> None:
    history = HistoryMeasured(C, 102.0, 100.0, 10_000, 64_000_000)
    call = fold(history, RecordingStarted(C, 102.0, "/r/one", "command"), call=started())
    assert call.records.history == history
    call = fold(WorkerLost(C, 103.0, "was killed", dead=True), call=call)
    assert (call.records.history, call.records.writing) == (None, ())
