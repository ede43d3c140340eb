"""A call against its targets: healthy, degraded or failed, and the one sentence that says what is wrong now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dashboard.call.findings.finding import Finding, Severity
from dashboard.call.findings.pacing import HARM
from dashboard.call.findings.related import pattern
from dashboard.call.findings.rule import RECENT_S
from dashboard.call.headline import Headline
from dashboard.call.hook_view import CONNECTOR, PING_S, HookView
from dashboard.call.notice_view import HEARTBEAT_S, NoticeView
from dashboard.call.state import CallState
from dashboard.call.terms import Cause, LinkState
from dashboard.call.units import percent
from dashboard.call.words import cause_words, span_words
from dashboard.media.pacing import open_gap_s
from dashboard.media.playout import playout
from dashboard.media.readings import lateness

Level = Literal["healthy", "degraded", "failed"]

STOOD_SHARE = 0.1
"""What stood for longer counts against the whole call, even when it is over."""

NO_AUDIO_S = 1.0
"""A stream that pauses for this long is a thing to look at, before it is a thing to judge."""

_HEARTBEAT_LATE_S = 5.0

_STEPS = (LinkState.AUTHORIZING, LinkState.RESOLVING, LinkState.CONNECTING)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reasons` in words, worst first; empty when healthy."""

    level: Level
    reasons: tuple[str, ...]


def judge(call: CallState) -> Verdict:
    """Return the verdict on the whole call so far.

    A finding counts against a call when it is more than information, and stands or stood for over 10 % of the time.
    """
    reasons = tuple(finding.summary for finding in call.findings.all if _counts(finding, call))
    failure = _failure(call)
    if failure is not None:
        return Verdict("failed", reasons or (failure,))
    return Verdict("degraded" if reasons else "healthy", reasons)


def last_failure(call: CallState) -> Cause | None:
    """Return why the call is not up: the cause of giving up, or of the last attempt that failed."""
    link = call.link
    if link.state is LinkState.GAVE_UP and link.cause is not Cause.ATTEMPTS_EXHAUSTED:
        return link.cause
    outage = link.outage
    return outage.failures[-1].cause if outage is not None and outage.failures else None


def _counts(finding: Finding, call: CallState) -> bool:
    if finding.severity is Severity.INFO:
        return False
    return finding.stands or finding.stood_s(call.now) > STOOD_SHARE * (call.now - call.started_at)


def _failure(call: CallState) -> str | None:
    """Say why a call never was one, or is none any more; None for one that was up."""
    link, cause = call.link, last_failure(call)
    if call.worker_lost is not None:
        return f"callscope's worker: {call.worker_lost}"
    if link.state is LinkState.GAVE_UP:
        return f"gave up: {cause_words(cause or link.cause)}"
    if link.connections == 0:
        return f"never connected: {cause_words(cause)}" if cause else "never connected"
    if link.last_inbound_at is None:
        return "connected, but not one message came"
    return None


def headline(call: CallState) -> Headline:
    """Return what an engineer should know in two seconds, worst thing first, about now."""
    link = call.link
    if call.worker_lost is not None:
        return Headline("bad", f"callscope's worker {call.worker_lost}", offer="press r to start it again")
    if link.state is LinkState.GAVE_UP:
        return Headline("bad", f"Gave up: {_why(call)}", offer="press r to try again" if call.ended is None else "")
    if call.ended is not None or link.state is LinkState.CLOSED:
        offer = "press r to call again" if call.ended is None and call.dialect == CONNECTOR else ""
        return Headline("idle", f"The call has ended: {call.ended or cause_words(link.cause)}", offer=offer)
    if link.state is LinkState.WAITING:
        wait_s = max(0.0, (link.until or call.now) - call.now)
        if call.hook is not None:
            return _down(call, f"it is Genesys that dials: {wait_s:.0f} s left to come back")
        if call.tap is not None:
            return _down(call, f"it is the client that dials: {wait_s:.0f} s left to come back")
        return _down(call, f"next attempt in {wait_s:.1f} s", offer="r tries now")
    if link.state in _STEPS and link.outage is not None:
        return _down(call, f"{link.state}…")
    if link.state in _STEPS:
        return Headline("idle", f"{link.state.capitalize()}…")
    if link.state is LinkState.IDLE:
        return Headline("idle", "Starting…")
    return _open_headline(call)


def _down(call: CallState, now: str, *, offer: str = "") -> Headline:
    """Say what the ends so far have in common, which is more than the cause of this one."""
    common = pattern(call)
    why = _why(call) if common is None else _inside(common.summary)
    return Headline("bad", f"{_what_is_down(call)}: {why}", (now,), offer)


def _what_is_down(call: CallState) -> str:
    """Name the wire of a call that has others beside it."""
    if call.bot is None and (call.notices is None or call.soundless):
        return "Down"
    return "The transcript is down" if call.soundless else "The sound is down"


def _why(call: CallState) -> str:
    """The cause of the outage, and of the last attempt where that is another one."""
    outage, failure = call.link.outage, last_failure(call)
    first = outage.cause if outage is not None else call.link.cause
    if failure is None or failure is first:
        return cause_words(first)
    return f"{cause_words(first)}, then {cause_words(failure)}"


def _inside(sentence: str) -> str:
    """Return a sentence as it is written behind a colon."""
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]


def _told_headline(call: CallState, view: NoticeView) -> Headline:
    """Say how a conversation goes that is followed, and not heard."""
    silent_s = call.now - max(call.link.last_inbound_at or 0.0, call.link.opened_at or 0.0)
    if call.link.state is LinkState.STALE or silent_s > HEARTBEAT_S + _HEARTBEAT_LATE_S:
        return Headline("bad", f"Open, but nothing has come for {silent_s:.0f} s")
    worst = next((finding for finding in _trouble(call) if not finding.fading), None)
    if worst is not None:
        return Headline("bad" if worst.severity is Severity.ERROR else "warn", worst.summary)
    if view.over:
        return Headline("idle", "The conversation is over; its last transcripts may still come")
    who = ", ".join(dict.fromkeys(party.purpose for party in view.parties if party.connected)) or "nobody yet"
    if not view.ages:
        return Headline("ok", f"Following: {who}; no transcript yet", _before(call))
    age_s = max(0.0, view.ages[-1][1])
    return Headline("ok", f"Following: {who}; the last transcript was {span_words(age_s)} old", _before(call))


def _open_headline(call: CallState) -> Headline:
    if call.notices is not None and call.soundless:
        return _told_headline(call, call.notices)
    silent_s = call.now - max(call.link.last_inbound_at or 0.0, call.link.opened_at or 0.0)
    flows = call.hook is None or call.hook.flows_since is not None
    only_pings = not flows or call.dialect == CONNECTOR  # of a session that is paused, or whose bot says nothing
    patience_s = 2 * PING_S if only_pings else call.targets.dead_air_after_s
    if call.soundless:
        patience_s = call.targets.stale_after_s  # nothing comes unless something is said
    if call.link.state is LinkState.STALE or silent_s > patience_s:
        return Headline("bad", f"Open, but nothing has come for {silent_s:.0f} s")
    if call.hook is not None and call.hook.flows_since is None:
        return Headline("idle", _waiting_words(call.hook, call.now))
    worst = next((finding for finding in _trouble(call) if not finding.fading), None)
    if worst is not None:
        return Headline("bad" if worst.severity is Severity.ERROR else "warn", worst.summary)
    return _bot_headline(call) if call.soundless else _sound_headline(call)


def _bot_headline(call: CallState) -> Headline:
    """Say how the bot does, of a wire on which utterances and answers are all there is."""
    turn = call.turns.current
    if call.session_id is None:
        return Headline("idle", "Connected; the endpoint is not ready yet")
    if turn is None:
        return Headline("ok", "Ready; nothing has been said yet", offer="press u to speak to the bot")
    if turn.interrupted:
        return Headline("ok", "Ready again", offer="press u to speak to the bot")
    if turn.finished_at is None and turn.answered_at is None:
        types = "; it types" if call.cognigy is not None and call.cognigy.typing else ""
        return Headline("ok", f"The bot was asked {span_words(call.now - turn.ended_at)} ago{types}")
    if call.dialect == "cognigy-rest" and turn.finished_at is not None:
        return Headline("ok", f"Answered after {span_words(turn.finished_at - turn.ended_at)}")
    first = "no output" if turn.latency_s is None else f"first output after {span_words(turn.latency_s)}"
    if turn.finished_at is None:
        return Headline("ok", f"The bot answers: {first}")
    return Headline("ok", f"Answered: {first}, finished after {span_words(turn.finished_at - turn.ended_at)}")


def _waiting_words(hook: HookView, now: float) -> str:
    """Say why no audio comes in a session that is open."""
    match hook.stage:
        case "paused":
            return f"Paused for {span_words(now - (hook.paused_at or now))}: no audio is sent"
        case "opening":
            return "Connected; the session is being opened"
        case "active":
            return "Open; this session has no audio"
    return f"Closing: {hook.end_reason}"


def _trouble(call: CallState) -> list[Finding]:
    """What stands and is more than information, worst first."""
    return [finding for finding in call.findings.standing if finding.severity is not Severity.INFO]


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
    p99 = f"{0.0 if late is None else late.p99 * 1000:.0f} ms"
    if loss > HARM:
        return Headline("warn", f"Choppy: {percent(loss)} of the last {RECENT_S:.0f} s late or lost", (f"p99 {p99}",))
    return Headline("ok", f"Clear: p99 lateness {p99}, {percent(loss)} late or lost", _before(call))


def _before(call: CallState) -> tuple[str, ...]:
    """What was wrong a moment ago, so that nobody wonders at the badges of a clear call."""
    worst = next(iter(_trouble(call)), None)
    if worst is None:
        return ()
    return (f"{max(0.0, call.now - worst.seen_at):.0f} s ago: {_inside(worst.summary)}",)
