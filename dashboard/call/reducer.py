"""One pure function turns facts into state: live, replayed and remote calls agree by construction."""

from __future__ import annotations

from functools import singledispatch
from types import MappingProxyType

from dashboard.call import (
    cognigy_steps,
    hook,
    legs,
    messages,
    notice_steps,
    outages,
    records,
    steps,
    tap_steps,
    turns,
    utterances,
)
from dashboard.call import events as ev
from dashboard.call.bot_events import BotOffered, BotTold
from dashboard.call.events import Event, LinkState, Speaker
from dashboard.call.findings import assess
from dashboard.call.hook_events import HookAccepted, MediaResumed, RuleBroken
from dashboard.call.hook_view import CONNECTOR, HookView
from dashboard.call.notice_view import NOTIFICATIONS, NoticeView
from dashboard.call.state import BotView, CallState, GenesysView, Leg, Line, QueueView
from dashboard.call.words import cause_words
from dashboard.frozen import replace

_KEPT_NAMES = 30


def step(call: CallState, event: Event) -> CallState:
    """Fold one fact into its call, and let time pass up to it."""
    if call.worker_lost is not None and not isinstance(event, ev.WorkerLost):
        call = replace(call, worker_lost=None)
    before = call
    call = _time_passed(_noted_down(reduce(event, call), event), event.at)
    if assess.due(before, event):
        call = replace(call, findings=assess.assess(call))
    return call


def _noted_down(call: CallState, event: Event) -> CallState:
    """Keep what a message said, for the case that it was one of the last."""
    link = call.link
    if (message := messages.received(event)) is not None:
        return replace(call, link=replace(link, received=link.received.with_message(event.at, *message)))
    if (message := messages.sent(event)) is not None:
        return replace(call, link=replace(link, sent=link.sent.with_message(event.at, *message)))
    return call


def _time_passed(call: CallState, now: float) -> CallState:
    if now <= call.now:
        return call
    moved = call.turns
    if call.link.opened_at is not None and call.link.state is not LinkState.CLOSED:
        moved = turns.time_passed(moved, now, call.targets.silent_failure_after_s)
    return replace(call, now=now, turns=moved)


@singledispatch
def reduce(event: Event, call: CallState) -> CallState:
    """Fold one fact; a kind that means nothing to the state leaves it as it is."""
    return call


@reduce.register
def _(event: ev.CallStarted, call: CallState) -> CallState:
    if call.now > 0.0:  # a new worker goes on with the same call
        return replace(call, endpoint=event.endpoint)
    return replace(
        call,
        started_at=event.at,
        now=event.at,
        wall=event.wall,
        endpoint=event.endpoint,
        dialect=event.dialect,
        targets=event.targets,
        notices=NoticeView() if event.dialect == NOTIFICATIONS else None,
        link=replace(call.link, started_at=event.at),
    )


@reduce.register
def _(event: ev.CallEnded, call: CallState) -> CallState:
    return replace(call, ended=event.reason)


@reduce.register
def _(event: ev.WorkerLost, call: CallState) -> CallState:
    call = _beside(replace(call, worker_lost=event.detail), event)
    if not event.dead:
        return call
    link = outages.worker_lost(call.link, event.at, event.detail)
    call = steps.disconnected(replace(call, link=link, records=records.worker_died(call.records)))
    return steps.say(call, Line(event.at, "link", f"callscope's worker died: {event.detail}"))


@reduce.register
def _(event: ev.Ticked, call: CallState) -> CallState:
    lags = event.loop_lags
    return replace(
        _beside(call, event),
        loop_lag=call.loop_lag.with_values((max(0.0, event.loop_lag_s, *lags),)),
        loop_lags=call.loop_lags.with_values(lags) if lags else call.loop_lags,
    )


@reduce.register
def _(event: ev.QueueMeasured, call: CallState) -> CallState:
    waits = call.queues.get(event.queue, QueueView()).waits.with_values(event.waits)
    longest_s = max(event.waits, default=0.0)
    view = QueueView(event.depth, event.limit, event.dropped, event.policy, waits, longest_s)
    return replace(call, queues=MappingProxyType({**call.queues, event.queue: view}))


@reduce.register
def _(event: ev.Marked, call: CallState) -> CallState:
    call = replace(call, marks=call.marks.append((event.at, event.note)))
    return steps.say(call, Line(event.at, "mark", event.note))


# -- the link ---------------------------------------------------------------------------------------


@reduce.register
def _(event: ev.LinkChanged, call: CallState) -> CallState:
    call = replace(call, link=outages.changed(call.link, event))
    if event.state is LinkState.GAVE_UP:
        return steps.say(call, Line(event.at, "link", f"gave up: {event.detail or event.cause}"))
    return call


@reduce.register
def _(event: ev.ConnectionOpened, call: CallState) -> CallState:
    return replace(call, link=outages.opened(call.link, event))


@reduce.register
def _(event: ev.ConnectionLost, call: CallState) -> CallState:
    if call.link.opened_at is not None and event.at < call.link.opened_at:
        return call  # told anew by another worker: the connection that is up came after it
    first = call.link.outage is None
    call = steps.disconnected(replace(call, link=outages.lost(call.link, event)))
    why = event.detail or cause_words(event.cause)
    return steps.say(call, Line(event.at, "link", f"connection lost: {why}")) if first else call


@reduce.register
def _(event: ev.AttemptFailed, call: CallState) -> CallState:
    return replace(call, link=outages.attempt_failed(call.link, event))


@reduce.register
def _(event: ev.TokenObtained, call: CallState) -> CallState:
    return replace(call, link=outages.token_obtained(call.link, event))


@reduce.register
def _(event: ev.TokenFailed, call: CallState) -> CallState:
    return replace(call, link=outages.token_failed(call.link, event))


@reduce.register
def _(event: ev.PingMeasured, call: CallState) -> CallState:
    return replace(call, link=outages.pinged(call.link, event))


@reduce.register
def _(event: ev.ResumeRequested, call: CallState) -> CallState:
    return replace(call, link=outages.resume_requested(call.link, event.at))


# -- messages -----------------------------------------------------------------------------------------


@reduce.register
def _(event: ev.SessionStarted, call: CallState) -> CallState:
    goes_on = event.session_id == call.session_id
    if call.dialect != CONNECTOR:  # there it is we who begin it
        call = steps.received(call, event.at, new_session=not goes_on)
    return replace(
        call,
        session_id=event.session_id,
        conversation_id=event.conversation_id,
        sessions=call.sessions + (not goes_on),
    )


@reduce.register
def _(event: ev.AudioReceived, call: CallState) -> CallState:
    if not event.arrivals:
        return call
    if call.link.outage is not None:
        call = steps.received(call, event.arrivals[0])
    leg = call.legs.get(event.leg) or Leg(event.leg)
    if leg.continues:
        call = replace(call, link=outages.continued(call.link, event, leg.pacing))
    leg = legs.heard(leg, event, call.targets.spike_s)
    heard = turns.voices_heard(call.turns, event)
    if heard.current is not call.turns.current:
        call = steps.answered(call, event.at)
    return replace(
        call,
        legs=MappingProxyType({**call.legs, leg.name: leg}),
        link=call.link if call.dialect == CONNECTOR else outages.heard(call.link, event),
        messages=steps.counted(call.messages, "audio", len(event.arrivals)),
        turns=heard,
    )


@reduce.register
def _(event: ev.TranscriptReceived, call: CallState) -> CallState:
    call = steps.received(call, event.at, "transcript")
    line = Line(event.at, "transcript", event.text, event.speaker, event.final, event.confidence)
    if not event.final:
        partials = {**call.partials, event.speaker: line}
    else:
        partials = {who: other for who, other in call.partials.items() if who is not event.speaker}
    call = replace(call, partials=MappingProxyType(partials))
    if event.speaker is Speaker.BOT:
        return steps.bot_says(call, line, turns.bot_wrote(call.turns, event.at))
    if not event.final:
        return call
    if event.speaker is Speaker.CALLER:
        call = replace(call, turns=turns.user_finished(call.turns, event.at, event.text))
    return steps.say(call, line)


@reduce.register
def _(event: ev.IntentReceived, call: CallState) -> CallState:
    call = steps.received(call, event.at, "intent")
    line = Line(event.at, "intent", event.intent, Speaker.BOT, confidence=event.confidence)
    return steps.bot_says(call, line, turns.intent_matched(call.turns, event.at))


@reduce.register
def _(event: ev.TextReceived, call: CallState) -> CallState:
    call = steps.received(call, event.at, "text")
    return steps.bot_says(call, Line(event.at, "text", event.text, Speaker.BOT), turns.bot_wrote(call.turns, event.at))


@reduce.register
def _(event: ev.StatusReceived, call: CallState) -> CallState:
    return steps.say(steps.received(call, event.at, "status"), Line(event.at, "status", event.status))


@reduce.register
def _(event: ev.ErrorReceived, call: CallState) -> CallState:
    return steps.say(steps.received(call, event.at, "error"), Line(event.at, "error", event.message))


@reduce.register
def _(event: ev.UnknownReceived, call: CallState) -> CallState:
    call = steps.received(call, event.at, "unknown")
    call = replace(call, unknown_kinds=outages.count(call.unknown_kinds, event.type_name or "(no type)", _KEPT_NAMES))
    return steps.noted(call, Line(event.at, "unknown", event.type_name or "message without a type"))


@reduce.register
def _(event: ev.MalformedReceived, call: CallState) -> CallState:
    call = steps.received(call, event.at, "malformed")
    call = replace(call, problems=outages.count(call.problems, event.problem, _KEPT_NAMES))
    return steps.noted(call, Line(event.at, "malformed", event.problem))


# -- utterances ---------------------------------------------------------------------------------------


@reduce.register
def _(event: ev.UtteranceHeld, call: CallState) -> CallState:
    outage = call.link.outage
    if outage is not None:
        call = replace(call, link=replace(call.link, outage=replace(outage, held=outage.held + 1)))
    number = None if outage is None else outage.number
    call = replace(call, utterances=utterances.held(call.utterances, event, number))
    return steps.say(call, Line(event.at, "utterance", event.text, Speaker.CALLER, utterance=event.utterance))


@reduce.register
def _(event: ev.UtteranceSent, call: CallState) -> CallState:
    outage = outages.latest(call.link)
    if outage is not None and utterances.outage_of(call.utterances, event.utterance) == outage.number:
        call = replace(call, link=outages.with_latest(call.link, replace(outage, sent=outage.sent + 1)))
    return replace(
        call,
        link=outages.sent(call.link, event.at),
        utterances=utterances.sent(call.utterances, event),
        messages=steps.counted(call.messages, "sent"),
        turns=turns.user_finished(call.turns, event.at, event.text, event.utterance),
    )


@reduce.register
def _(event: ev.UtteranceExpired, call: CallState) -> CallState:
    return replace(call, utterances=utterances.expired(call.utterances, event))


# -- Genesys' own figures ---------------------------------------------------------------------------------


@reduce.register
def _(event: ev.GenesysReported, call: CallState) -> CallState:
    before = None if call.genesys is None else call.genesys.known
    same = before is not None and before.conversation_id == event.conversation_id
    known = event if event.record is not None else before if same else None
    return replace(call, genesys=GenesysView(event, known))


# -- AudioHook ----------------------------------------------------------------------------------------


def _of_session(event: Event, call: CallState) -> CallState:
    """Fold a fact that only AudioHook yields."""
    if hook.is_peers(event, call.dialect):
        call = steps.received(call, event.at)
    call = replace(call, hook=hook.folded(event, call.hook or HookView()))
    if isinstance(event, MediaResumed | HookAccepted):
        call = steps.reanchored(call)  # what a pause leaves out of the media is neither lost nor late
    row = hook.told(event)
    if row is None:
        return call
    line = Line(event.at, *row)
    return steps.noted(call, line) if isinstance(event, RuleBroken) else steps.say(call, line)


for _kind in hook.FACTS:
    reduce.register(_kind, _of_session)

for _kind in cognigy_steps.FACTS:
    reduce.register(_kind, cognigy_steps.folded)

for _kind in notice_steps.FACTS:
    reduce.register(_kind, notice_steps.folded)

for _kind in tap_steps.FACTS:
    reduce.register(_kind, tap_steps.folded)


# -- the bot beside the call --------------------------------------------------------------------------------


@reduce.register
def _(event: BotOffered, call: CallState) -> CallState:
    told = None if call.bot is None else call.bot.call
    offer = (event.profile, event.endpoint, event.dialect, event.session_id, event.user_id, event.test_mode)
    return replace(call, bot=BotView(*offer, event.why_not, told))


@reduce.register
def _(event: BotTold, call: CallState) -> CallState:
    view = call.bot or BotView()
    before = view.call or CallState(call.call_id)
    after = step(before, event.fact)
    for line in after.lines.since(before.lines.total):
        call = steps.say(call, replace(line, beside=True))
    return replace(call, bot=replace(view, call=after))


def _beside(call: CallState, event: Event) -> CallState:
    """Fold what is so for the bot beside the call as well: time goes by, the worker is lost."""
    if call.bot is None or call.bot.call is None:
        return call
    return replace(call, bot=replace(call.bot, call=step(call.bot.call, event)))


@reduce.register
def _(event: records.RecordFact, call: CallState) -> CallState:
    return replace(call, records=records.told(call.records, event))
