"""What AudioHook's own facts do to `HookView`. Pure steps."""

from __future__ import annotations

from functools import singledispatch
from types import MappingProxyType
from typing import Literal

from dashboard.call import hook_events as he
from dashboard.call.hook_view import CONNECTOR, HookView
from dashboard.call.terms import Event
from dashboard.frozen import replace

_KEPT_RULES = 60


@singledispatch
def folded(event: Event, view: HookView) -> HookView:
    """Fold a fact; one that means nothing here leaves the view as it is."""
    return view


@folded.register
def _(event: he.HookOffered, view: HookView) -> HookView:
    return replace(
        view,
        stage="opening",
        organization_id=event.organization_id,
        participant_id=event.participant_id,
        correlation_id=event.correlation_id,
        offered=event.media,
        continues=event.continues,
        offered_at=event.at,
        opened_s=None,
        media="",
        channels=(),
        language=event.language,
        flows_since=None,
        paused_at=None,
        position_s=None,
        received_s=None,
        ended_by="",
        end_reason="",
    )


@folded.register
def _(event: he.HookAccepted, view: HookView) -> HookView:
    flows = bool(event.channels) and not event.paused
    return replace(
        view,
        stage="paused" if event.paused else "active",
        opened_s=event.took_s,
        media=event.media,
        channels=event.channels,
        flows_since=event.at if flows else None,
        paused_at=event.at if event.paused else None,
    )


@folded.register
def _(event: he.HookPinged, view: HookView) -> HookView:
    rtts = view.rtts if event.rtt_s is None else view.rtts.append((event.at, event.rtt_s))
    return replace(view, pings=view.pings + 1, rtts=rtts, position_s=event.position_s, received_s=event.received_s)


@folded.register
def _(event: he.MediaPaused, view: HookView) -> HookView:
    if view.stage != "active":
        return view
    return replace(view, stage="paused", paused_at=event.at, flows_since=None, pauses=view.pauses + 1)


@folded.register
def _(event: he.MediaResumed, view: HookView) -> HookView:
    if view.stage != "paused":
        return view
    paused_s = view.paused_s + (event.at - view.paused_at if view.paused_at is not None else 0.0)
    since = event.at if view.channels else None
    return replace(view, stage="active", paused_at=None, flows_since=since, paused_s=paused_s)


@folded.register
def _(event: he.MediaDiscarded, view: HookView) -> HookView:
    return replace(view, discards=view.discards + 1, discarded_s=view.discarded_s + event.discarded_s)


@folded.register
def _(event: he.LanguageChanged, view: HookView) -> HookView:
    return replace(view, language=event.language)


@folded.register
def _(event: he.KeyPressed, view: HookView) -> HookView:
    return replace(view, keys=view.keys + 1)


@folded.register
def _(event: he.PlaybackChanged, view: HookView) -> HookView:
    return replace(view, playing=event.playing)


@folded.register
def _(event: he.PlaybackMeasured, view: HookView) -> HookView:
    return replace(
        view,
        playbacks=view.playbacks + 1,
        played_s=view.played_s + event.played_s,
        dropped_s=view.dropped_s + event.dropped_s,
        ahead_s=max(view.ahead_s, event.ahead_s),
        underruns=view.underruns + event.underruns,
        dry_s=view.dry_s + event.dry_s,
    )


@folded.register
def _(event: he.SessionEnding, view: HookView) -> HookView:
    outputs = event.outputs or view.outputs
    return replace(view, stage="closing", flows_since=None, ended_by=event.by, end_reason=event.reason, outputs=outputs)


@folded.register
def _(event: he.SessionClosed, view: HookView) -> HookView:
    return replace(view, stage="closed", flows_since=None)


@folded.register
def _(event: he.RuleBroken, view: HookView) -> HookView:
    rule = event.rule if event.rule in view.broken or len(view.broken) < _KEPT_RULES else "(others)"
    return replace(view, broken=MappingProxyType({**view.broken, rule: view.broken.get(rule, 0) + 1}))


@folded.register
def _(event: he.EntityReceived, view: HookView) -> HookView:
    return view


FACTS = tuple(kind for kind in folded.registry if kind not in (object, Event))
"""The facts of a session."""

_OF_THE_CLIENT = (
    he.HookOffered,
    he.HookPinged,
    he.MediaPaused,
    he.MediaResumed,
    he.MediaDiscarded,
    he.LanguageChanged,
    he.KeyPressed,
    he.PlaybackChanged,
)


_OF_THE_SERVER = (he.HookAccepted, he.EntityReceived, he.SessionClosed)


def is_peers(event: Event, dialect: str) -> bool:
    """Tell whether a fact of a session tells of a message of whoever is at the other end."""
    if isinstance(event, he.SessionEnding):
        return event.by == ("server" if dialect == CONNECTOR else "client")
    if dialect != CONNECTOR:
        return isinstance(event, _OF_THE_CLIENT)
    match event:
        case he.PlaybackChanged(playing=playing):
            return playing
        case he.HookPinged(rtt_s=rtt_s):  # it tells of the pong before it
            return rtt_s is not None
    return isinstance(event, _OF_THE_SERVER)


def disconnected(view: HookView | None) -> HookView | None:
    """No connection is open any more: no audio can come."""
    return None if view is None else replace(view, flows_since=None, playing=False)


# -- words --------------------------------------------------------------------------------------------------


def told(event: Event) -> tuple[Literal["status", "malformed"], str] | None:
    """Return the row that a fact makes in the transcript: its kind and its text; None for none."""
    match event:
        case he.HookAccepted(took_s=took_s, paused=paused):
            return "status", f"opened in {took_s * 1000:.0f} ms: {_sound_words(event)}{', paused' if paused else ''}"
        case he.MediaPaused():
            return "status", "paused"
        case he.MediaResumed(discarded_s=discarded_s):
            return "status", f"resumed, {discarded_s:.1f} s left out"
        case he.MediaDiscarded(discarded_s=discarded_s):
            return "status", f"{discarded_s:.1f} s of audio discarded by the sender"
        case he.LanguageChanged(language=language):
            return "status", f"language: {language}"
        case he.KeyPressed(key=key):
            return "status", f"key pressed: {key}"
        case he.EntityReceived(type_name=name, text=text):
            return "status", f"{name}: {text}" if text else name
        case he.PlaybackMeasured():
            return "status", _playback_words(event)
        case he.SessionEnding(by=by, reason=reason, detail=detail, outputs=outputs):
            what = "closes" if by == "client" else "asks to disconnect"
            told = f"{by} {what}: {reason}{f' ({detail})' if detail else ''}"
            return "status", ", ".join((told, *outputs))
        case he.RuleBroken(rule=rule, by=by, detail=detail):
            return "malformed", f"{rule} by the {by}{f': {detail}' if detail else ''}"
    return None


def _sound_words(event: he.HookAccepted) -> str:
    """Say what sound was agreed on, its channels by the names that they have everywhere else."""
    codec, _, rest = event.media.partition(" ")
    rate = rest.partition(" ")[0]
    if not rate.isdigit():
        return event.media or "no audio"
    return f"{codec} at {int(rate) / 1000:g} kHz, {' and '.join(event.channels)}"


def _playback_words(event: he.PlaybackMeasured) -> str:
    words = [f"played {event.played_s:.1f} s, up to {event.ahead_s:.1f} s ahead"]
    if event.dropped_s:
        words.append(f"{event.dropped_s:.1f} s dropped")
    if event.underruns:
        words.append(f"ran out {event.underruns}×, {event.dry_s * 1000:.0f} ms in all")
    return ", ".join(words)
