"""Pacing and sound: causes told apart, sides named, our own delay never blamed on the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dashboard.call import events as ev
from dashboard.call import hook_events as he
from dashboard.call.events import Event, Speaker
from dashboard.call.findings.finding import Finding, Severity
from dashboard.call.hook_view import CONNECTOR
from dashboard.call.reducer import step
from dashboard.call.state import CallState
from dashboard.simulator.faults import Drift, Drop, Fault, HalfOpen, Jitter
from dashboard.simulator.scenario import Scenario, load_scenario
from tests.builders import Story
from tests.virtual import call_of, facts_of

LINE = -65.0


def found(call: CallState, rule: str) -> Finding | None:
    return next((one for one in call.findings.standing if one.rule == rule), None)


def rules(call: CallState) -> list[str]:
    return [one.rule for one in call.findings.all]


def refolded(scenario: Scenario, change: Callable[[Event], Event], **settings: Any) -> CallState:
    """Fold a scenario's facts, changed on the way."""
    call = CallState("made-up")
    for fact in facts_of(scenario, **settings):
        call = step(call, change(fact))
    return call


# -- choppy ---------------------------------------------------------------------------------------------------


def test_stalls_say_how_long_and_that_nothing_was_lost() -> None:
    finding = found(call_of(load_scenario("stalls")), "network_stalls")
    assert finding is not None
    assert finding.summary == "Choppy: the network stalls, for up to 520 ms"
    assert any("no frame is missing" in sentence for sentence in finding.evidence)


def test_packs_within_the_buffer_are_worth_knowing_and_larger_ones_do_harm() -> None:
    packs = load_scenario("batched")
    assert (small := found(call_of(packs, buffer_ms=100.0), "sender_batching")) is not None
    assert small.severity is Severity.INFO
    assert (large := found(call_of(packs), "sender_batching")) is not None
    assert large.severity is Severity.WARNING
    assert large.summary == "Choppy: the sender packs 5 frames at a time"


def test_frames_left_out_are_counted_by_their_positions() -> None:
    finding = found(call_of(load_scenario("choppy")), "sender_gaps")
    assert finding is not None
    assert "they were never sent" in finding.evidence[1]


def test_a_sender_that_pauses_without_positions_is_found_by_what_never_came() -> None:
    scenario = load_scenario("near-half-open")
    mute = HalfOpen(kind="half_open", at_s=2.0, for_s=0.4, every_s=2.0)
    unnumbered = replace(scenario, faults=(mute,), audio=replace(scenario.audio, position=False))
    finding = found(call_of(unnumbered, seconds=12), "sender_gaps")
    assert finding is not None
    assert finding.summary.startswith("Choppy: the sender pauses")


def test_a_sender_that_leaves_out_whole_stretches_may_suppress_silence() -> None:
    finding = found(call_of(load_scenario("near-half-open")), "sender_gaps")
    assert finding is not None
    assert finding.severity is Severity.INFO
    assert "suppresses silence" in finding.remedy


def test_drift_is_told_in_ppm_and_direction() -> None:
    finding = found(call_of(load_scenario("drift")), "clock_drift")
    assert finding is not None
    assert finding.summary.startswith("The sender's clock runs 19")
    assert finding.summary.endswith(" ppm slow")
    assert finding.severity is Severity.INFO


@pytest.mark.parametrize("faults", [(), (Jitter(kind="jitter", sd_s=0.015),)], ids=["even", "jitter"])
@pytest.mark.parametrize(("ppm", "within_s"), [(100.0, None), (200.0, 50.0), (-200.0, 50.0), (500.0, 22.0)])
def test_a_drift_is_found_as_soon_as_it_stands_out_whatever_its_direction(
    faults: tuple[Fault, ...], ppm: float, within_s: float | None
) -> None:
    scenario = replace(load_scenario("steady"), faults=(Drift(kind="drift", ppm=ppm), *faults))
    call = call_of(scenario, seconds=within_s or 65.0)
    assert rules(call) == ([] if within_s is None else ["clock_drift"])


@pytest.mark.parametrize(("pause_s", "told"), [(0.3, "320 ms"), (1.5, "1.5 s")])
def test_a_sender_that_pauses_once_neither_drifts_nor_jitters(pause_s: float, told: str) -> None:
    scenario = load_scenario("near-no-audio")
    call = call_of(replace(scenario, faults=(Drop(kind="drop", at_s=9.0, for_s=pause_s, probability=1.0),)), seconds=14)
    assert rules(call) == ["sender_gaps"]
    finding = found(call, "sender_gaps")
    assert finding is not None
    assert (finding.severity, finding.summary) == (Severity.INFO, f"The sender paused once, for {told}")


def test_one_short_stall_is_a_mishap_and_a_long_one_a_finding() -> None:
    for seconds, expected in ((0.3, []), (0.5, ["network_stalls"])):
        story = Story()
        story.connect()
        story.listen(6.0, caller_dbfs=LINE)
        story.stall(seconds)
        story.listen(3.0, caller_dbfs=LINE)
        assert rules(story.call) == expected


@pytest.mark.parametrize("name", ["stalls", "batched", "heavy-tail"])
def test_what_came_while_callscope_was_late_is_not_blamed_on_the_call(name: str) -> None:
    def late(fact: Event) -> Event:
        return replace(fact, loop_lag_s=1.5) if isinstance(fact, ev.Ticked) else fact

    assert rules(refolded(load_scenario(name), late)) == ["self_late"]


def test_stamps_of_the_kernel_hold_though_callscope_is_a_little_late() -> None:
    def late(fact: Event) -> Event:
        return replace(fact, loop_lag_s=0.4) if isinstance(fact, ev.Ticked) else fact

    call = refolded(load_scenario("stalls"), late)
    assert rules(call) == ["network_stalls", "self_late"]
    own = found(call, "self_late")
    assert own is not None
    assert own.severity is Severity.INFO


def test_callscope_says_how_many_samples_it_set_aside() -> None:
    story = Story()
    story.connect(clock="process")
    story.listen(4.0, caller_dbfs=LINE)
    story.listen(2.0, caller_dbfs=LINE, set_aside=True)
    story.fact(ev.Ticked(story.call.call_id, story.now, 0.0, (0.0, 0.012)))
    story.listen(1.0, caller_dbfs=LINE)
    own = found(story.call, "self_late")
    assert own is not None
    assert own.summary == "callscope itself was late by up to 12 ms: 100 samples set aside"
    assert own.severity is Severity.WARNING


@pytest.mark.parametrize(("lag_s", "severity"), [(0.012, None), (0.4, Severity.INFO), (1.5, Severity.WARNING)])
def test_a_little_lateness_spoils_nothing_where_no_sound_comes(lag_s: float, severity: Severity | None) -> None:
    story = Story()
    story.call = replace(story.call, dialect="cognigy-rest")
    story.connect(clock="process")
    for _ in range(3):
        story.wait(1.0)
        story.fact(ev.Ticked(story.call.call_id, story.now, lag_s, (lag_s,)))
    own = found(story.call, "self_late")
    assert (own and own.severity) == severity
    assert own is None or "no frame comes on this wire, whose timing that would spoil" in own.evidence


def test_frames_that_callscope_dropped_itself_are_not_missing_from_the_sender() -> None:
    def dropping(fact: Event) -> Event:
        return replace(fact, dropped=int(fact.at) % 1000) if isinstance(fact, ev.QueueMeasured) else fact

    assert rules(refolded(load_scenario("choppy"), dropping)) == ["slow_consumer"]


# -- the sound itself -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "read", "like"), [("wrong-codec", "PCM16", "PCMU"), ("wrong-codec-pcm16", "PCMU", "PCM16")]
)
def test_a_misread_encoding_is_named_with_what_it_looks_like(name: str, read: str, like: str) -> None:
    finding = found(call_of(load_scenario(name)), "wrong_codec")
    assert finding is not None
    assert finding.summary == f"Wrong codec: the sound is read as {read} and looks like {like}"
    assert f"--audio-format {like.lower()}" in finding.remedy


def test_dead_air_names_the_side_that_owes_something() -> None:
    story = Story()
    story.connect()
    story.listen(2.0, caller_dbfs=LINE, bot_dbfs=-21.0)
    story.listen(2.0, caller_dbfs=-22.0, bot_dbfs=LINE)
    story.listen(7.0, caller_dbfs=LINE, bot_dbfs=LINE)
    finding = found(story.call, "dead_air")
    assert finding is not None
    assert finding.summary == "Dead air: nobody has spoken for 6 s; it is the bot's turn"
    assert finding.evidence[0] == "caller: -65 dBFS: a quiet line"


def test_a_turn_without_an_answer_explains_the_silence_after_it() -> None:
    story = Story()
    story.connect()
    story.listen(2.0, caller_dbfs=-22.0, bot_dbfs=LINE)
    story.says(Speaker.CALLER, "where is my parcel")
    story.listen(8.0, caller_dbfs=LINE, bot_dbfs=LINE)
    assert rules(story.call) == ["silent_bot"]


def test_somebody_who_was_heard_before_may_only_be_listening() -> None:
    story = Story()
    story.connect()
    story.listen(2.0, caller_dbfs=-22.0, bot_dbfs=LINE)
    story.listen(12.0, caller_dbfs=LINE, bot_dbfs=-21.0)
    assert found(story.call, "one_way_audio") is None
    story.listen(10.0, caller_dbfs=LINE, bot_dbfs=-21.0)
    assert (late := found(story.call, "one_way_audio")) is not None
    assert late.severity is Severity.WARNING


def test_a_channel_that_was_never_connected_is_worse_than_a_mute() -> None:
    muted = Story()
    muted.connect()
    muted.listen(3.0, caller_dbfs=-22.0)
    muted.listen(7.0)
    never = Story()
    never.connect()
    never.listen(7.0)
    for story, severity in ((muted, Severity.INFO), (never, Severity.WARNING)):
        finding = found(story.call, "digital_silence")
        assert finding is not None
        assert finding.severity is severity


def test_levels_are_those_of_speech_and_not_of_its_pauses() -> None:
    finding = found(call_of(load_scenario("too-quiet")), "too_quiet")
    assert finding is not None
    assert finding.summary.startswith("The bot is too quiet: -4")
    finding = found(call_of(load_scenario("clipped")), "clipping")
    assert finding is not None
    assert finding.summary == "Clipped: the bot is over full scale"


def test_a_session_whose_audio_stops_is_told_from_a_line_on_which_nothing_comes() -> None:
    finding = found(call_of(load_scenario("no-audio")), "no_audio")
    assert finding is not None
    assert finding.evidence[0].startswith("other messages still come")


def test_a_bot_whose_audio_runs_out_in_mid_speech_is_choppy_with_the_cause_and_a_remedy() -> None:
    story = Story()
    story.call = replace(story.call, dialect=CONNECTOR)
    story.connect()
    story.listen(2.0)
    story.fact(he.PlaybackMeasured(story.call.call_id, story.now, 2.0, 0.0, 0.3, 2, 0.45, 5))
    story.listen(3.0)
    finding = found(story.call, "sender_gaps")
    assert finding is not None
    assert finding.summary == "Choppy: the bot's audio runs out while it speaks, for 450 ms"
    assert finding.evidence[0].startswith("2 times in the last 30 s")
    assert "speech synthesis" in finding.remedy
