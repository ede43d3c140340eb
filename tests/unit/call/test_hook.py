"""AudioHook's own facts folded into a call, and what is said of it."""

from __future__ import annotations

import pytest

from dashboard.call import events as ev
from dashboard.call import hook_events as he
from dashboard.call.events import Cause, ClosedBy, Event, LinkState
from dashboard.call.figures import probe_object
from dashboard.call.findings.finding import Severity
from dashboard.call.hook_view import CONNECTOR, HookView
from dashboard.call.reducer import step
from dashboard.call.state import CallState
from dashboard.call.verdict import headline

C = "call"
T0 = 100.0
STEREO = ("caller", "agent")
LOUD, SOFT = -22.0, -65.0


def fold(call: CallState, *facts: Event) -> CallState:
    for fact in facts:
        call = step(call, fact)
    return call


def offered(at: float, **changes: object) -> he.HookOffered:
    return he.HookOffered(C, at, "org", "participant", "correlation", ("PCMU 8000 external+internal",), "en-US")


def accepted(at: float, *, paused: bool = False, channels: tuple[str, ...] = STEREO) -> he.HookAccepted:
    return he.HookAccepted(C, at, 0.012, "PCMU 8000 external+internal" if channels else "", channels, paused)


def up(at: float = T0, session: str = "s-1") -> CallState:
    """A call whose session is open."""
    return fold(
        CallState(C),
        ev.CallStarted(C, at, 1.9e9, "wss://here/audiohook", "audiohook"),
        ev.ConnectionOpened(C, at, "wss://here/audiohook", "kernel", 0.01),
        ev.LinkChanged(C, at, LinkState.OPEN, Cause.PROGRESS),
        ev.SessionStarted(C, at, session, "conversation"),
        offered(at),
        accepted(at + 0.012),
    )


def audio(at: float, position: float, frames: int = 5, duration: float = 0.2) -> ev.AudioReceived:
    """Frames on the dot, the last of which arrives at `at`."""
    arrivals = tuple(at - duration * (frames - 1 - frame) for frame in range(frames))
    positions = tuple(position + duration * frame for frame in range(frames))
    levels = ((LOUD,) * frames, (SOFT,) * frames)
    columns = arrivals, positions, (duration,) * frames, levels, levels, (0.0,) * frames
    return ev.AudioReceived(C, at, "inbound", *columns, STEREO, 3200 * frames, positioned=True, encoding="pcmu")


def view(call: CallState) -> HookView:
    assert call.hook is not None
    return call.hook


def said(call: CallState) -> list[tuple[str, str]]:
    return [(line.kind, line.text) for line in call.lines]


def ticks(call: CallState, seconds: float) -> CallState:
    start = call.now
    for quarter in range(1, round(seconds * 4) + 1):
        call = step(call, ev.Ticked(C, start + quarter / 4))
    return call


def test_a_session_that_opens_is_described() -> None:
    call = up()
    hook = view(call)
    assert (hook.stage, hook.channels, hook.opened_s, hook.participant_id) == ("active", STEREO, 0.012, "participant")
    assert hook.flows_since == T0 + 0.012
    assert said(call) == [("status", "opened in 12 ms: PCMU at 8 kHz, caller and agent")]
    assert call.session_id == "s-1"


def test_a_ping_tells_the_round_trip_and_how_far_the_positions_are_apart() -> None:
    call = fold(up(), he.HookPinged(C, T0 + 1, None, 1.0, 1.0), he.HookPinged(C, T0 + 2, 0.04, 2.4, 2.0))
    assert view(call).pings == 2
    assert list(view(call).rtts) == [(T0 + 2, 0.04)]
    assert view(call).position_error_s == pytest.approx(0.4)
    assert call.link.last_inbound_at == T0 + 2


def test_a_pause_is_neither_lost_media_nor_dead_air() -> None:
    call = fold(up(), audio(T0 + 1, 0.0), he.MediaPaused(C, T0 + 1))
    assert (view(call).stage, view(call).flows_since) == ("paused", None)
    call = ticks(call, 20.0)
    assert call.findings.all == ()
    call = fold(call, he.HookPinged(C, T0 + 20.5, None, 1.0, 1.0))
    assert headline(call).text == "Paused for 20 s: no audio is sent"
    call = fold(call, he.MediaResumed(C, T0 + 21, 1.0, 20.0), audio(T0 + 22, 21.0))
    pacing = call.inbound.pacing
    assert (pacing.lost, pacing.spikes, pacing.jumps) == (0, 0, 0)
    assert view(call).paused_s == 20.0
    assert said(call)[1:] == [("status", "paused"), ("status", "resumed, 20.0 s left out")]


def test_what_is_discarded_is_lost() -> None:
    call = fold(up(), audio(T0 + 1, 0.0), he.MediaDiscarded(C, T0 + 1.5, 1.0, 0.6), audio(T0 + 2.6, 1.6))
    assert call.inbound.pacing.lost == 3
    assert (view(call).discards, view(call).discarded_s) == (1, 0.6)


def test_frames_of_200_ms_are_no_spikes() -> None:
    call = up()
    for second in range(10):
        call = fold(call, audio(T0 + 1 + second + 0.003 * (second % 2), float(second)))
    assert call.inbound.pacing.spikes == 0


def test_a_session_without_audio_is_not_one_whose_audio_is_missing() -> None:
    call = fold(up(), accepted(T0, channels=()))
    call = fold(ticks(call, 9.0), he.HookPinged(C, T0 + 9, None, 0.0, 0.0))
    assert call.findings.all == ()
    assert headline(call).text == "Open; this session has no audio"


def test_audio_that_should_flow_and_does_not_is_a_finding() -> None:
    call = fold(ticks(up(), 4.0), he.HookPinged(C, T0 + 4, None, 0.0, 0.0))
    call = fold(ticks(call, 4.0), he.HookPinged(C, T0 + 8, None, 0.0, 0.0))
    assert [finding.rule for finding in ticks(call, 1.0).findings.standing] == ["no_audio"]


def test_broken_rules_are_counted_shown_once_in_a_while_and_found() -> None:
    call = up()
    for number in range(4):
        call = fold(call, he.RuleBroken(C, T0 + 1 + number / 10, "seq_gap", "client", "ping: 2 was due, 5 came"))
    call = ticks(call, 2.0)
    assert dict(view(call).broken) == {"seq_gap": 4}
    assert said(call)[1:] == [("malformed", "seq_gap by the client: ping: 2 was due, 5 came")]
    (finding,) = (one for one in call.findings.standing if one.rule == "protocol_violation")
    assert (finding.severity, finding.summary) == (
        Severity.WARNING,
        "The peer breaks the protocol: its rules were broken 4 times",
    )
    assert finding.evidence == ("seq_gap: 4",)


def test_the_names_of_rules_are_bounded() -> None:
    call = up()
    for number in range(200):
        call = fold(call, he.RuleBroken(C, T0 + 1, f"rule_{number}", "client"))
    assert len(view(call).broken) == 61
    assert view(call).breaches == 200


def test_another_session_of_the_participant_ends_the_outage() -> None:
    call = fold(
        up(),
        audio(T0 + 1, 0.0),
        he.MediaDiscarded(C, T0 + 1, 1.0, 0.5),
        ev.ConnectionLost(C, T0 + 2, Cause.ABNORMAL_CLOSURE, 1006, "", ClosedBy.NETWORK, T0 + 1),
        ev.LinkChanged(C, T0 + 2, LinkState.WAITING, Cause.ABNORMAL_CLOSURE, "", until=T0 + 62),
    )
    assert view(call).flows_since is None
    assert headline(call).more == ("it is Genesys that dials: 60 s left to come back",)
    call = fold(
        call,
        ev.ConnectionOpened(C, T0 + 5, "wss://here/audiohook", "kernel", 0.01),
        ev.LinkChanged(C, T0 + 5, LinkState.OPEN, Cause.PROGRESS),
        ev.SessionStarted(C, T0 + 5.1, "s-2", "conversation"),
        offered(T0 + 5.1),
        accepted(T0 + 5.2),
        audio(T0 + 6.2, 0.0),
    )
    (outage,) = call.link.outages
    assert outage.down_s(call.now) == pytest.approx(4.1)
    assert (call.sessions, call.session_id, outage.resumed) == (2, "s-2", False)
    assert (view(call).discarded_s, view(call).stage) == (0.5, "active")
    assert call.inbound.pacing.lost == 0


def test_what_else_is_told_has_its_row() -> None:
    call = fold(
        up(),
        he.LanguageChanged(C, T0 + 1, "de-DE"),
        he.KeyPressed(C, T0 + 2, "digit"),
        he.EntityReceived(C, T0 + 3, "barge_in", ""),
        he.EntityReceived(C, T0 + 3, "mood", '{"good": true}'),
        he.PlaybackChanged(C, T0 + 4, playing=True),
        he.SessionEnding(C, T0 + 5, "server", "completed", "done"),
        he.SessionEnding(C, T0 + 6, "client", "disconnect"),
        he.SessionClosed(C, T0 + 6),
    )
    assert [text for _, text in said(call)[1:]] == [
        "language: de-DE",
        "key pressed: digit",
        "barge_in",
        'mood: {"good": true}',
        "server asks to disconnect: completed (done)",
        "client closes: disconnect",
    ]
    hook = view(call)
    assert (hook.language, hook.keys, hook.playing, hook.stage) == ("de-DE", 1, True, "closed")
    assert (hook.ended_by, hook.end_reason) == ("client", "disconnect")


def test_the_last_messages_each_way_are_kept() -> None:
    call = fold(
        up(),
        he.HookPinged(C, T0 + 1, 0.04, 1.0, 1.0),
        he.SessionEnding(C, T0 + 2, "client", "end"),
        he.SessionClosed(C, T0 + 2),
    )
    assert [(message.kind, message.text) for message in call.link.received.messages] == [
        ("session", "s-1"),
        ("open", "PCMU 8000 external+internal"),
        ("ping", "round trip 40.0 ms"),
        ("close", "end"),
    ]
    assert [message.kind for message in call.link.sent.messages] == ["opened", "closed"]


def test_the_figures_of_a_call_that_is_none_of_audiohook_have_no_such_object() -> None:
    assert probe_object(CallState(C))["audiohook"] is None
    figures = probe_object(fold(up(), he.MediaPaused(C, T0 + 1), ev.Ticked(C, T0 + 3)))["audiohook"]
    assert (figures["stage"], figures["opened_ms"], figures["paused_ms"]) == ("paused", 12.0, 2000.0)


# -- where we are the client ----------------------------------------------------------------------------------


def our_call() -> CallState:
    started = ev.CallStarted(C, T0, 1.9e9, "wss://bot.example.net/connector", CONNECTOR)
    return fold(
        CallState(C),
        started,
        ev.ConnectionOpened(C, T0, "wss://bot.example.net/connector", "kernel", 0.01),
        ev.LinkChanged(C, T0, LinkState.OPEN, Cause.PROGRESS),
        ev.SessionStarted(C, T0 + 0.1, "s-1", "c-1"),
        he.HookOffered(C, T0 + 0.1, "org", "participant", "correlation"),
    )


def test_in_a_call_that_we_make_only_what_the_bot_says_is_a_sign_of_life() -> None:
    call = our_call()
    assert call.link.last_inbound_at is None
    call = fold(call, he.HookPinged(C, T0 + 0.2, None, 0.0, 0.0))
    assert call.link.last_inbound_at is None
    call = fold(call, he.HookAccepted(C, T0 + 0.3, 0.2, "PCMU 8000 external", ("caller",)))
    assert call.link.last_inbound_at == T0 + 0.3
    call = fold(call, he.HookPinged(C, T0 + 5, 0.01, 5.0, 5.0))  # it tells of a pong
    assert call.link.last_inbound_at == T0 + 5
    call = fold(call, he.PlaybackChanged(C, T0 + 6, playing=True), he.PlaybackChanged(C, T0 + 8, playing=False))
    assert call.link.last_inbound_at == T0 + 6


def test_what_was_played_adds_up_and_has_its_row() -> None:
    call = fold(
        our_call(),
        he.PlaybackMeasured(C, T0 + 3, 2.0, 0.0, 1.5, 0, 0.0, 5),
        he.PlaybackMeasured(C, T0 + 6, 1.0, 0.5, 0.8, 2, 0.3, 4),
        he.SessionEnding(C, T0 + 7, "server", "completed", "", ("Outcome=resolved",)),
    )
    hook = view(call)
    assert (hook.playbacks, hook.played_s, hook.dropped_s, hook.ahead_s) == (2, 3.0, 0.5, 1.5)
    assert (hook.underruns, hook.dry_s, hook.outputs) == (2, 0.3, ("Outcome=resolved",))
    assert [text for _, text in said(call)[-3:]] == [
        "played 2.0 s, up to 1.5 s ahead",
        "played 1.0 s, up to 0.8 s ahead, 0.5 s dropped, ran out 2×, 300 ms in all",
        "server asks to disconnect: completed, Outcome=resolved",
    ]


def test_what_we_say_ourselves_is_no_sign_of_life_either() -> None:
    call = fold(our_call(), he.HookAccepted(C, T0 + 0.3, 0.2, "PCMU 8000 external", ("caller",)), audio(T0 + 9, 0.0))
    assert call.link.last_inbound_at == T0 + 0.3
    assert headline(fold(call, ev.Ticked(C, T0 + 10))).text != "Open, but nothing has come for 10 s"
    assert headline(fold(call, ev.Ticked(C, T0 + 12))).text == "Open, but nothing has come for 12 s"


def test_a_session_that_is_opened_again_is_no_spike_and_whoever_closed_one_may_call_again() -> None:
    opened = he.HookAccepted(C, T0 + 0.3, 0.2, "PCMU 8000 external", ("caller",))
    call = fold(our_call(), opened, audio(T0 + 2, 0.0), he.SessionClosed(C, T0 + 3))
    call = fold(call, ev.LinkChanged(C, T0 + 3, LinkState.CLOSED, Cause.SESSION_ENDED))
    assert headline(call).offer == "press r to call again"
    again = he.HookAccepted(C, T0 + 40, 0.2, "PCMU 8000 external", ("caller",))
    call = fold(call, ev.LinkChanged(C, T0 + 39, LinkState.OPEN, Cause.PROGRESS), again, audio(T0 + 42, 0.0))
    assert (call.inbound.pacing.spikes, call.inbound.pacing.jumps, call.inbound.pacing.lost) == (0, 0, 0)
