"""A call against its targets: healthy, degraded or failed, and the one sentence that says what is wrong now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dashboard.call.events import Cause, LinkState
from dashboard.call.outages import latest
from dashboard.call.state import CallState
from dashboard.call.words import cause_words
from dashboard.media.pacing import WINDOW_S, open_gap_s
from dashboard.media.playout import playout
from dashboard.media.readings import batched, lateness, window

Level = Literal["healthy", "degraded", "failed"]

EFFECTIVE_LOSS_LIMIT = 0.01
"""Above 1 % late or lost frames a listener hears gaps."""

NO_AUDIO_S = 1.0
"""A stream that pauses for this long is a thing to look at, before it is a thing to judge."""

RECENT_S = 10.0
"""What the headline calls now."""

_STEPS = (LinkState.AUTHORIZING, LinkState.RESOLVING, LinkState.CONNECTING)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reasons` in words, worst first; empty when healthy."""

    level: Level
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """One sentence on the present moment."""

    level: Literal["ok", "warn", "bad", "idle"]
    text: str


def judge(call: CallState) -> Verdict:
    """Return the verdict on the whole call so far."""
    failed = _failures(call)
    if failed:
        return Verdict("failed", failed)
    reasons = (*_link_reasons(call), *_audio_reasons(call), *_bot_reasons(call))
    return Verdict("degraded" if reasons else "healthy", reasons)


def last_failure(call: CallState) -> Cause | None:
    """Return why the call is not up: the cause of giving up, or of the last attempt that failed."""
    link = call.link
    if link.state is LinkState.GAVE_UP and link.cause is not Cause.ATTEMPTS_EXHAUSTED:
        return link.cause
    outage = link.outage
    return outage.failures[-1].cause if outage is not None and outage.failures else None


def _failures(call: CallState) -> tuple[str, ...]:
    link = call.link
    if call.worker_lost is not None:
        return (f"callscope's worker: {call.worker_lost}",)
    cause = last_failure(call)
    if link.state is LinkState.GAVE_UP:
        return (f"gave up: {cause_words(cause or link.cause)}",)
    if link.connections == 0:
        return (f"never connected: {cause_words(cause)}" if cause else "never connected",)
    if link.last_inbound_at is None:
        return ("connected, but not one message came",)
    return ()


def _link_reasons(call: CallState) -> tuple[str, ...]:
    outages = call.link.outage_count
    last = latest(call.link)
    if not outages or last is None:
        return ()
    plural = "outage" if outages == 1 else "outages"
    return (f"{outages} {plural}, last: {cause_words(last.cause)}",)


def _audio_reasons(call: CallState) -> tuple[str, ...]:
    pacing, reasons = call.inbound.pacing, []
    if pacing.stalls:
        reasons.append(f"{pacing.stalls} stalls: the network held frames back, then let them go at once")
    elif pacing.spikes:
        reasons.append(f"{pacing.spikes} gaps above {call.targets.spike_s * 1000:.0f} ms")
    if pacing.lost:
        reasons.append(f"{pacing.lost} frames lost: the sender left them out")
    if batched(pacing, call.now, WINDOW_S):
        reasons.append("the sender packs frames together")
    loss = playout(pacing, buffer_s=call.targets.buffer_s, window_s=None, now=call.now, rtt_s=None).effective_loss
    if loss is not None and loss > EFFECTIVE_LOSS_LIMIT:
        reasons.append(
            f"{loss:.1%} of the frames too late for a buffer of {call.targets.buffer_s * 1000:.0f} ms, or lost"
        )
    quiet = quiet_side(call)
    if quiet is not None:
        reasons.append(quiet)
    dropped = sum(queue.dropped for queue in call.queues.values())
    if dropped:
        reasons.append(f"callscope was too slow here: {dropped} dropped from its own queues")
    return tuple(reasons)


def _bot_reasons(call: CallState) -> tuple[str, ...]:
    reasons = []
    if call.turns.silent_failures:
        reasons.append(f"the bot did not answer {call.turns.silent_failures} times within the limit")
    unreadable = call.messages.get("malformed", 0)
    if unreadable:
        reasons.append(f"{unreadable} messages could not be read")
    errors = call.messages.get("error", 0)
    if errors:
        reasons.append(f"the peer reported {errors} errors")
    return tuple(reasons)


def headline(call: CallState) -> Headline:
    """Return what an engineer should know in two seconds, worst thing first, about now."""
    link = call.link
    if call.worker_lost is not None:
        return Headline("bad", f"callscope's worker {call.worker_lost} — press r to start it again")
    if link.state is LinkState.GAVE_UP:
        return Headline("bad", f"Gave up: {_why(call)} — press r to try again")
    if call.ended is not None or link.state is LinkState.CLOSED:
        return Headline("idle", f"The call has ended: {call.ended or cause_words(link.cause)}")
    if link.state is LinkState.WAITING:
        wait_s = max(0.0, (link.until or call.now) - call.now)
        return Headline("bad", f"Down: {_why(call)} — next attempt in {wait_s:.1f} s, r tries now")
    if link.state in _STEPS:
        why = f" after: {_why(call)}" if link.outage is not None else ""
        return Headline("warn" if why else "idle", f"{link.state.capitalize()}…{why}")
    if link.state is LinkState.IDLE:
        return Headline("idle", "Starting…")
    return _open_headline(call)


def _why(call: CallState) -> str:
    """The cause of the outage, and of the last attempt where that is another one."""
    outage, failure = call.link.outage, last_failure(call)
    first = outage.cause if outage is not None else call.link.cause
    if failure is None or failure is first:
        return cause_words(first)
    return f"{cause_words(first)}, then {cause_words(failure)}"


def _open_headline(call: CallState) -> Headline:
    silent_s = call.now - max(call.link.last_inbound_at or 0.0, call.link.opened_at or 0.0)
    if call.link.state is LinkState.STALE or silent_s > call.targets.dead_air_after_s:
        return Headline("bad", f"Open, but nothing has come for {silent_s:.0f} s")
    turn = call.turns.current
    if turn is not None and turn.silent and turn.answered_at is None:
        return Headline("bad", f"The bot has not answered for {call.now - turn.ended_at:.0f} s; no error was reported")
    side = quiet_side(call)
    if side is not None:
        return Headline("bad", side)
    return _sound_headline(call)


def quiet_side(call: CallState) -> str | None:
    """Return dead air or one-way audio in words, None when both sides of the call are heard or nothing is known."""
    leg, opened_at, limits = call.inbound, call.link.opened_at, call.targets
    if not leg.meters or opened_at is None:
        return None
    quiet = [call.now - max(meter.sound_until or 0.0, opened_at) for meter in leg.meters]
    least, most = min(quiet), max(quiet)
    if least >= limits.dead_air_after_s:
        return f"Dead air: nobody has spoken for {least:.0f} s"
    heard = leg.meters[quiet.index(least)].sound_until is not None
    if most >= limits.one_way_after_s and heard:
        return f"One-way audio: nothing from the {leg.channels[quiet.index(most)]} for {most:.0f} s"
    return None


def _sound_headline(call: CallState) -> Headline:
    pacing, buffer_s = call.inbound.pacing, call.targets.buffer_s
    if pacing.frames == 0:
        return Headline("ok", "Open; no audio yet")
    gap_s = open_gap_s(pacing, call.now)
    if gap_s is not None and gap_s >= NO_AUDIO_S:
        return Headline("warn", f"No audio for {gap_s:.1f} s")
    late = lateness(pacing, RECENT_S, call.now)
    quality = playout(pacing, buffer_s=buffer_s, window_s=RECENT_S, now=call.now, rtt_s=None)
    loss = quality.effective_loss or 0.0
    p99_ms = 0.0 if late is None else late.p99 * 1000
    if loss > EFFECTIVE_LOSS_LIMIT:
        why = _choppy_because(call)
        return Headline(
            "warn", f"Choppy: {loss:.1%} of the last {RECENT_S:.0f} s late or lost ({why}; p99 {p99_ms:.0f} ms)"
        )
    return Headline(
        "ok", f"Clear: p99 lateness {p99_ms:.0f} ms, {loss:.1%} late for a buffer of {buffer_s * 1000:.0f} ms"
    )


def _choppy_because(call: CallState) -> str:
    pacing = call.inbound.pacing
    frames = window(pacing, RECENT_S, call.now)
    if batched(pacing, call.now, RECENT_S):
        return "the sender packs frames together"
    if any(delta > call.targets.spike_s for _, _, delta, _, _ in frames):
        return "network stalls" if pacing.stalls else "gaps in the stream"
    return "frames missing" if any(lost for *_, lost in frames) else "jitter"
