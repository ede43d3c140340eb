"""The JSON object of a call, its verdict, its headline and its summary."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from dashboard.call.events import (
    AttemptFailed,
    CallStarted,
    Cause,
    ClosedBy,
    ConnectionLost,
    ConnectionOpened,
    LinkChanged,
    LinkState,
    PingMeasured,
    QueueMeasured,
    ResumeRequested,
    SessionStarted,
    Speaker,
    Targets,
    Ticked,
    TranscriptReceived,
    WorkerLost,
)
from dashboard.call.figures import probe_object
from dashboard.call.headline import Headline
from dashboard.call.reducer import step
from dashboard.call.stages import STAGES
from dashboard.call.state import CallState
from dashboard.call.summary import summary
from dashboard.call.verdict import Verdict, headline, judge, last_failure
from tests.unit.call.test_reducer import LOUD, QUIET, C, audio, fold, lost, started, waiting

DESIGN_EXAMPLE: dict[str, Any] = {
    "version": 1, "call_id": 0, "session_id": 0, "conversation_id": 0, "started": 0, "duration_s": 0, "verdict": 0,
    "findings": [],
    "link": {"state": 0, "clock": 0, "attempts": 0, "outages": 0, "downtime_ms": 0, "uptime": 0,
             "rtt_ms": {"last": 0, "p95": 0}, "resumed": 0, "close_codes": {}, "stale_resets": 0,
             "token_refreshes": 0, "log": []},
    "audio": {"inbound": {
        "frames": 0, "set_aside": 0, "bytes": 0, "lost": 0, "delta_ms": {"min": 0, "mean": 0, "max": 0},
        "jitter_ms": {"current": 0, "min": 0, "mean": 0, "max": 0}, "lateness_ms": {"p50": 0, "p95": 0, "p99": 0},
        "media_lag_ms": {"last": 0, "max": 0}, "spikes": 0, "stalls": 0, "batched": 0, "drift_ppm": 0,
        "level_dbfs": 0, "silent": 0, "effective_loss": 0, "r_factor": 0, "mos": 0,
        "channels": {"caller": {"level_dbfs": 0, "silent": 0}, "bot": {"level_dbfs": 0, "silent": 0}}}},
    "messages": dict.fromkeys(
        ("audio", "transcript", "intent", "text", "status", "error", "unknown", "malformed", "sent"), 0),
    "turns": {
        "count": 0,
        "latency_ms": {"p50": 0, "p95": 0},
        "silent_failures": 0,
        "stages_ms": {name: {"p50": 0, "p95": 0} for name in STAGES},
        "barge_ins": 0,
        "barge_in_ms": {"p50": 0, "p95": 0},
    },
    "genesys": None,
    "audiohook": None,
    "cognigy": None,
    "notifications": None,
    "bot": None,
    "tap": None,
    "queues": {"audio": {"dropped": 0, "wait_ms": {"p99": 0}}, "control": {"dropped": 0, "wait_ms": {"p99": 0}}},
    "self": {"loop_lag_ms": {"p50": 0, "p95": 0, "p99": 0}},
}  # fmt: skip


def shape(value: Any) -> Any:
    return {key: shape(inner) for key, inner in value.items()} if isinstance(value, dict) else None


def smooth(seconds: float, *, call: CallState | None = None, at: float = 102.0) -> CallState:
    """Frames on the dot, caller and bot taking turns each second."""
    state = call or started()
    for i in range(int(seconds * 10)):
        who = (LOUD, QUIET) if i // 10 % 2 else (QUIET, LOUD)
        state = step(state, audio(at + i * 0.1, i * 0.1, levels=who))
    return state


def test_the_object_has_the_fields_that_others_rely_on() -> None:
    assert shape(probe_object(smooth(1))) == shape(DESIGN_EXAMPLE)


def test_an_empty_call_has_nulls_and_no_invented_figures() -> None:
    figures = probe_object(CallState("c"))
    assert figures["audio"]["inbound"]["delta_ms"]["mean"] is None
    assert figures["audio"]["inbound"]["mos"] is None
    assert figures["link"]["rtt_ms"] == {"last": None, "p95": None}
    assert figures["link"]["uptime"] is None
    json.dumps(figures, allow_nan=False)


def test_a_smooth_call_is_healthy() -> None:
    call = fold(PingMeasured(C, 111.0, 0.020), call=smooth(10))
    figures = probe_object(call)
    assert figures["verdict"] == "healthy"
    assert judge(call).reasons == ()
    assert figures["link"]["uptime"] == 1.0
    assert figures["audio"]["inbound"]["delta_ms"]["mean"] == pytest.approx(20.0)
    assert figures["audio"]["inbound"]["mos"] == pytest.approx(4.35, abs=0.05)
    assert figures["link"]["rtt_ms"] == {"last": 20.0, "p95": 20.0}
    assert headline(call).level == "ok"


def test_uptime_is_what_the_outages_leave() -> None:
    call = fold(
        lost(112.0, last=111.98),
        ConnectionOpened(C, 113.0, "wss://host/ws", "kernel", 0.1),
        ResumeRequested(C, 113.0, "s-1"),
        audio(113.98, 12.0),
        Ticked(C, 120.0),
        call=smooth(10),
    )
    link = probe_object(call)["link"]
    assert link["downtime_ms"] == pytest.approx(2000.0)
    assert link["uptime"] == pytest.approx(0.9)
    assert link["log"][0] == {
        "at_s": 11.98,
        "cause": "abnormal_closure",
        "code": 1006,
        "reason": "",
        "closed_by": "network",
        "attempts": 1,
        "down_ms": pytest.approx(2000.0),
        "media_missing_ms": pytest.approx(2000.0),
        "resumed": True,
    }
    assert judge(call).level == "degraded"
    assert "The connection broke off without a close frame, once" in judge(call).reasons


def test_an_outage_that_goes_on_counts_up_to_now() -> None:
    call = fold(lost(112.0, last=112.0), waiting(112.0, 114.0), Ticked(C, 113.5), call=smooth(10))
    link = probe_object(call)["link"]
    assert (link["outages"], link["downtime_ms"]) == (1, pytest.approx(1500.0))
    assert headline(call) == Headline(
        "bad", "Down: dropped, no close frame", ("next attempt in 0.5 s",), offer="r tries now"
    )


def refused() -> CallState:
    return fold(
        CallStarted(C, 100.0, wall=1.9e9, endpoint="wss://host/ws", dialect="appfoundry"),
        LinkChanged(C, 100.0, LinkState.AUTHORIZING, Cause.STARTED, attempt=1),
        AttemptFailed(C, 100.3, 1, Cause.CREDENTIALS_REFUSED, "login answered 401", 401),
        LinkChanged(C, 100.3, LinkState.GAVE_UP, Cause.CREDENTIALS_REFUSED, "login answered 401"),
    )


def test_a_refused_call_has_failed_and_says_why() -> None:
    call = refused()
    assert judge(call) == Verdict("failed", ("The login host refuses the client credentials",))
    assert last_failure(call) is Cause.CREDENTIALS_REFUSED
    assert headline(call) == Headline("bad", "Gave up: client credentials refused", offer="press r to try again")
    assert headline(replace(call, ended="stopped")).offer == "", "nobody listens any more"


def test_exhausted_attempts_are_explained_by_the_last_failure() -> None:
    call = fold(
        CallStarted(C, 100.0, wall=1.9e9, endpoint="wss://host/ws", dialect="appfoundry"),
        AttemptFailed(C, 100.3, 1, Cause.TCP_REFUSED, "connection refused"),
        LinkChanged(C, 100.3, LinkState.GAVE_UP, Cause.ATTEMPTS_EXHAUSTED, "1 attempts"),
    )
    assert last_failure(call) is Cause.TCP_REFUSED
    assert judge(call).reasons == ("The host cannot be reached: nothing listens there",)


def test_a_socket_on_which_nothing_came_has_failed() -> None:
    call = fold(
        CallStarted(C, 100.0, wall=1.9e9, endpoint="wss://host/ws", dialect="appfoundry"),
        ConnectionOpened(C, 100.3, "wss://host/ws", "kernel", 0.2),
        Ticked(C, 110.0),
    )
    assert judge(call) == Verdict("failed", ("Connected for 10 s, but not one message came",))


def test_a_bot_that_does_not_answer_is_the_headline() -> None:
    call = fold(TranscriptReceived(C, 112.0, Speaker.CALLER, "hello?", True), call=smooth(10))
    call = smooth(6.0, call=call, at=112.1)
    quiet_bot = fold(
        TranscriptReceived(C, 112.0, Speaker.CALLER, "hello?", True),
        *(audio(112.1 + i * 0.1, 10.1 + i * 0.1, levels=(LOUD, QUIET)) for i in range(60)),
        Ticked(C, 118.1),
        call=smooth(10),
    )
    assert "has not answered for" in headline(quiet_bot).text
    assert quiet_bot.turns.silent_failures == 1
    assert call.turns.silent_failures == 0, "bot audio is a sign of an answer"


def test_dead_air_and_one_way_audio_are_told_apart() -> None:
    hushed = (audio(112 + i * 0.1, 10 + i * 0.1, levels=(QUIET, QUIET)) for i in range(60))
    dead = fold(*hushed, Ticked(C, 118.0), call=smooth(10))
    assert headline(dead).text.startswith("Dead air")
    assert judge(dead).level == "degraded"
    half = (audio(112 + i * 0.1, 10 + i * 0.1, levels=(LOUD, QUIET)) for i in range(230))
    deaf = fold(*half, Ticked(C, 135.0), call=smooth(10))
    assert headline(deaf).text.startswith("One-way audio: nothing from the bot")


def test_an_open_socket_without_messages_is_the_headline() -> None:
    assert headline(fold(Ticked(C, 120.0), call=smooth(10))).text == "Open, but nothing has come for 8 s"


def test_a_stream_that_pauses_is_the_headline_before_the_link_is_stale() -> None:
    assert headline(fold(Ticked(C, 113.5), call=smooth(10))).text == "No audio for 1.5 s"


def test_choppy_sound_names_what_makes_it_so() -> None:
    call = smooth(10)
    for i in range(20):  # every second frame 150 ms late
        call = step(call, audio(112.0 + i * 0.1 + (0.09 if i % 2 else 0.0), 10 + i * 0.1, levels=(LOUD, LOUD)))
    assert headline(call).level == "warn"
    assert headline(call).text.startswith("Choppy: ")


def test_our_own_drops_are_never_blamed_on_the_call() -> None:
    call = fold(QueueMeasured(C, 112.0, "audio", 0, 100, 7, "oldest"), Ticked(C, 112.1), call=smooth(10))
    assert judge(call).reasons == ("callscope was too slow here: 7 dropped from its own queues",)


def test_a_lost_worker_is_the_verdict_and_the_headline() -> None:
    call = fold(WorkerLost(C, 113.0, "was killed by SIGKILL", dead=True), call=smooth(10))
    assert judge(call).level == "failed"
    assert headline(call).offer == "press r to start it again"


def test_the_buffer_that_frames_are_judged_by_is_a_setting() -> None:
    first = CallStarted(C, 100.0, 1.9e9, "wss://host/ws", "appfoundry", Targets(buffer_s=0.02))
    call = fold(first, ConnectionOpened(C, 101.0, "wss://host/ws", "kernel", 0.2), SessionStarted(C, 101.1, "s", "c"))
    for i in range(50):
        call = step(call, audio(102.0 + i * 0.1 + (0.03 if i % 2 else 0.0), i * 0.1, levels=(LOUD, LOUD)))
    assert probe_object(call)["audio"]["inbound"]["effective_loss"] == pytest.approx(0.5)


def test_the_summary_is_plain_text_with_the_cause_of_each_outage() -> None:
    call = fold(
        ConnectionLost(C, 112.0, Cause.SERVER_CLOSED, 1000, "idle\x1b[31m", ClosedBy.PEER, 112.0), call=smooth(10)
    )
    text = summary(fold(Ticked(C, 113.0), call=call))
    assert "closed by the server · 1000 normal “idle␛[31m”, by the peer · 0 attempts · down 1.0 s and still" in text
    assert all(line.isprintable() for line in text.splitlines())


def test_the_summary_says_how_many_samples_were_set_aside() -> None:
    assert "set aside" not in summary(smooth(10))
    call = fold(replace(audio(111.0, 10.0), late=(0, 1)), call=smooth(10))
    assert " frames (2 set aside: callscope itself was late) · lateness " in summary(call)
    assert probe_object(call)["audio"]["inbound"]["set_aside"] == 2


def test_our_own_lag_stands_in_the_json_where_it_is_measured() -> None:
    lags = (0.0,) * 98 + (0.001, 0.050)
    told = probe_object(fold(Ticked(C, 102.0, 0.0, lags), call=smooth(1)))["self"]["loop_lag_ms"]
    assert (told["p50"], told["p95"], told["p99"]) == pytest.approx((0.0, 0.0, 1.0), abs=0.03)
    assert probe_object(smooth(1))["self"]["loop_lag_ms"]["p99"] is None


def test_the_summary_of_a_long_call_shows_the_last_outages_only() -> None:
    call = smooth(1)
    for i in range(30):
        at = 110.0 + i
        call = fold(
            lost(at, last=at - 0.5), ConnectionOpened(C, at + 0.1, "wss://h/ws", "kernel", 0.1), audio(at + 0.2, 0.0),
            call=call,
        )  # fmt: skip
    text = summary(call)
    assert "the last 10 of 30 outages" in text
    assert len(text.splitlines()) < 25
