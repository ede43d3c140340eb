"""What the facts of the Notifications API do to the `NoticeView` of a call, and how they are told. Pure steps."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import Literal

from dashboard.call import notification_events as ne
from dashboard.call.notice_view import NoticeView
from dashboard.call.party import TROUBLE, Party
from dashboard.call.terms import Event, LinkState
from dashboard.call.words import span_words
from dashboard.frozen import replace

_ROLES = {"user": "agent", "acd": "queue"}
_PARTIES = 50

Row = tuple[Literal["status", "error", "link"], str]


@singledispatch
def folded(event: Event, view: NoticeView) -> NoticeView:
    """Fold a fact; one that means nothing here leaves the view as it is."""
    return view


@folded.register
def _(event: ne.ChannelSubscribed, view: NoticeView) -> NoticeView:
    return replace(
        view,
        channel=event.channel,
        channels=view.channels + event.created,
        topics=event.topics,
        refused=event.refused,
        expires_at=event.expires_at,
        trouble="",
    )


@folded.register
def _(event: ne.ChannelMoved, view: NoticeView) -> NoticeView:
    return replace(view, moves=view.moves + 1)


@folded.register
def _(event: ne.HeartbeatReceived, view: NoticeView) -> NoticeView:
    return replace(view, heartbeat_at=event.at, heartbeats=view.heartbeats + 1)


@folded.register
def _(event: ne.SubscriptionLost, view: NoticeView) -> NoticeView:
    return replace(view, lost=view.lost + 1, lost_at=event.at, lost_why=event.reason)


@folded.register
def _(event: ne.RequestFailed, view: NoticeView) -> NoticeView:
    return replace(view, trouble=f"{event.what}: {event.detail}")


@folded.register
def _(event: ne.GapMarked, view: NoticeView) -> NoticeView:
    return replace(view, gaps=view.gaps + 1, gap_s=view.gap_s + max(0.0, event.at - event.since))


@folded.register
def _(event: ne.SpeechTranscribed, view: NoticeView) -> NoticeView:
    ages = view.ages if event.age_s is None else view.ages.append((event.at, event.age_s))
    return replace(view, transcripts=view.transcripts + (not event.revised), ages=ages, transcription="ongoing")


@folded.register
def _(event: ne.TranscriptionChanged, view: NoticeView) -> NoticeView:
    return replace(view, transcription=event.status)


@folded.register
def _(event: ne.PartyJoined, view: NoticeView) -> NoticeView:
    others = tuple(party for party in view.parties if party.participant_id != event.participant_id)
    party = Party(event.participant_id, _ROLES.get(event.role, event.role), media_type=event.media_type)
    return replace(view, parties=(*others, party)[-_PARTIES:], over=False)


@folded.register
def _(event: ne.PartyLeft, view: NoticeView) -> NoticeView:
    gone = tuple(
        replace(party, connected=False, disconnect_type=event.disconnect_type)
        if party.participant_id == event.participant_id
        else party
        for party in view.parties
    )
    return replace(view, parties=gone)


@folded.register
def _(event: ne.WrappedUp, view: NoticeView) -> NoticeView:
    done = tuple(
        replace(party, wrap_up=event.code) if party.participant_id == event.participant_id else party
        for party in view.parties
    )
    return replace(view, parties=done)


@folded.register
def _(event: ne.ConversationRead, view: NoticeView) -> NoticeView:
    return replace(view, parties=event.parties, over=event.over, trouble="")


@folded.register
def _(event: ne.SideLinkChanged, view: NoticeView) -> NoticeView:
    return replace(view, link=event.state, link_detail=event.detail)


@folded.register
def _(event: ne.ClosingAnnounced, view: NoticeView) -> NoticeView:
    return view


@folded.register
def _(event: ne.SubscriptionChanged, view: NoticeView) -> NoticeView:
    return view


FACTS = tuple(kind for kind in folded.registry if kind not in (object, Event))
"""The facts of a channel."""

_OVER_THE_SOCKET = (
    ne.HeartbeatReceived,
    ne.ClosingAnnounced,
    ne.SubscriptionLost,
    ne.SubscriptionChanged,
    ne.SpeechTranscribed,
    ne.TranscriptionChanged,
    ne.PartyJoined,
    ne.PartyLeft,
    ne.WrappedUp,
)


def is_message(event: Event) -> bool:
    """Tell whether a fact tells of a message over the channel's socket; others come of requests beside it."""
    return isinstance(event, _OVER_THE_SOCKET)


# -- words --------------------------------------------------------------------------------------------------


def told(event: Event, before: NoticeView) -> Iterator[Row]:
    """Yield the rows that a fact makes in the transcript of a call that stood as `before`."""
    match event:
        case ne.ChannelSubscribed(topics=topics, refused=refused):
            if (topics, refused) != (before.topics, before.refused):
                yield "status", f"subscribed: {_topic_words(topics)}"
                yield from (("error", f"not subscribed: {why}") for why in refused)
        case ne.ChannelMoved(why=why):
            yield "status", f"another connection has taken over: {why}"
        case ne.ClosingAnnounced(reason=reason):
            yield "status", f"Genesys will close this socket within a minute{_because(reason)}"
        case ne.SubscriptionLost(reason=reason):
            yield "error", f"the subscription is lost: {reason}"
        case ne.SubscriptionChanged(reason=reason):
            yield "status", reason
        case ne.RequestFailed(what=what, detail=detail):
            if before.trouble != f"{what}: {detail}":
                yield "error", f"{what}: {detail}"
        case ne.GapMarked(since=since):
            gap = span_words(max(0.0, event.at - since))
            yield "link", f"gap of {gap}: what was said and what happened meanwhile is not told again"
        case ne.TranscriptionChanged(status=status):
            if status != before.transcription:
                yield "status", f"transcription {status}"
        case ne.ConversationRead(parties=parties, over=over):
            yield from _changes(parties, before)
            if over and not before.over:
                yield "status", "the conversation is over: nobody is connected"
        case ne.SideLinkChanged(state=state, detail=detail):
            if state is LinkState.GAVE_UP:
                yield "error", f"no transcript from Genesys: {detail}"
        case _:
            yield from _of_a_party(event)


def _of_a_party(event: Event) -> Iterator[Row]:
    match event:
        case ne.PartyJoined(role=role, media_type=media_type):
            yield "status", f"{_ROLES.get(role, role)} joined{f' ({media_type})' if media_type else ''}"
        case ne.PartyLeft(role=role, disconnect_type=ended, lasted_s=lasted_s):
            lasted = "" if lasted_s is None else f" after {span_words(lasted_s)}"
            how: Literal["error", "status"] = "error" if ended in TROUBLE else "status"
            yield how, f"{_ROLES.get(role, role)} left{lasted}{f': {ended}' if ended else ''}"
        case ne.WrappedUp(code=code, took_s=took_s):
            took = "" if took_s is None else f", took {span_words(took_s)}"
            yield "status", f"agent wrapped up: {code or 'no code'}{took}"


def _changes(parties: tuple[Party, ...], before: NoticeView) -> Iterator[Row]:
    """Say what is another than it was told before, and that no event tells of."""
    known = {(party.participant_id, party.communication_id): party for party in before.parties}
    seen = {party.participant_id: party for party in before.parties}
    for now in parties:
        was = known.get((now.participant_id, now.communication_id)) or seen.get(now.participant_id)
        if was is None and now.connected:
            yield "status", f"{now.purpose} is connected"
        if was is not None and was.connected and not now.connected:
            yield (
                ("error" if now.disconnect_type in TROUBLE else "status"),
                (f"{now.purpose} left{f': {now.disconnect_type}' if now.disconnect_type else ''}"),
            )
        if now.connected:
            yield from (("status", f"{now.purpose} {words}") for words in _states(was, now))
        if now.error_code and (was is None or was.error_code != now.error_code):
            yield "error", f"{now.purpose}: {now.error_code}"


def _states(was: Party | None, now: Party) -> Iterator[str]:
    if now.held != (was is not None and was.held):
        yield "is on hold" if now.held else "is off hold"
    if now.muted != (was is not None and was.muted):
        yield "is muted" if now.muted else "is not muted any more"
    if now.recording and now.recording != ("" if was is None else was.recording):
        yield f"leg: recording {now.recording}"


def _topic_words(topics: tuple[str, ...]) -> str:
    events = sum(topic != "transcription" for topic in topics)
    words = ["transcription"] * (len(topics) - events)
    if events:
        words.append(f"{events} kinds of events")
    return ", ".join(words)


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""
