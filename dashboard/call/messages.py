"""Which facts tell of a message on the connection, and in which words a trail keeps it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dashboard.call import events as ev
from dashboard.call import hook_events as he
from dashboard.call import notification_events as ne
from dashboard.call.tap_events import ClientSent
from dashboard.call.terms import Event, Speaker


def received(event: Event) -> tuple[str, str] | None:
    """Return kind and text of the message that a fact tells of; None for audio and for what the peer did not send."""
    tell = _RECEIVED.get(type(event))
    return None if tell is None else tell(event)


def sent(event: Event) -> tuple[str, str] | None:
    """Return kind and text of the message that went to the peer, None for any other fact."""
    if isinstance(event, ev.UtteranceSent):
        return "utterance", event.text
    if isinstance(event, ev.ResumeRequested):
        return "reconnect", f"session {event.session_id}"
    if isinstance(event, ClientSent):
        return event.type_name or "no type", f"{event.size_bytes} bytes"
    if isinstance(event, he.HookAccepted):
        return "opened", event.media or "no audio"
    if isinstance(event, he.SessionClosed):
        return "closed", ""
    if isinstance(event, he.SessionEnding) and event.by == "server":
        return "disconnect", event.reason
    return None


def _transcript(event: ev.TranscriptReceived | ne.SpeechTranscribed) -> tuple[str, str]:
    who = "" if event.speaker is Speaker.UNKNOWN else f"{event.speaker}: "
    return "transcript", f"{who}{event.text}{'' if event.final else ' …'}"


def _ending(event: he.SessionEnding) -> tuple[str, str] | None:
    return ("close", event.reason) if event.by == "client" else None


def _unknown(event: ev.UnknownReceived) -> tuple[str, str]:
    return "unknown", f"{event.type_name or 'no type'}, {event.size_bytes} bytes"


_RECEIVED: dict[type[Event], Callable[[Any], tuple[str, str] | None]] = {
    ev.SessionStarted: lambda event: ("session", event.session_id),
    ev.TranscriptReceived: _transcript,
    ev.IntentReceived: lambda event: ("intent", event.intent),
    ev.TextReceived: lambda event: ("text", event.text),
    ev.StatusReceived: lambda event: ("status", event.status),
    ev.ErrorReceived: lambda event: ("error", event.message),
    ev.UnknownReceived: _unknown,
    ev.MalformedReceived: lambda event: ("malformed", f"{event.problem}, {event.size_bytes} bytes"),
    he.HookOffered: lambda event: ("open", ", ".join(event.media)),
    he.HookPinged: lambda event: ("ping", "" if event.rtt_s is None else f"round trip {event.rtt_s * 1000:.1f} ms"),
    he.MediaPaused: lambda event: ("paused", ""),
    he.MediaResumed: lambda event: ("resumed", f"{event.discarded_s:.1f} s left out"),
    he.MediaDiscarded: lambda event: ("discarded", f"{event.discarded_s:.1f} s"),
    he.LanguageChanged: lambda event: ("update", event.language),
    he.KeyPressed: lambda event: ("dtmf", event.key),
    he.EntityReceived: lambda event: ("event", f"{event.type_name}: {event.text}"),
    he.SessionEnding: _ending,
    ne.HeartbeatReceived: lambda event: ("heartbeat", ""),
    ne.ClosingAnnounced: lambda event: ("socket_closing", event.reason),
    ne.SubscriptionLost: lambda event: ("no_longer_subscribed", event.reason),
    ne.SubscriptionChanged: lambda event: ("system", event.reason),
    ne.SpeechTranscribed: _transcript,
    ne.TranscriptionChanged: lambda event: ("transcription", event.status),
    ne.PartyJoined: lambda event: (f"{event.role}.start", ""),
    ne.PartyLeft: lambda event: (f"{event.role}.end", event.disconnect_type),
    ne.WrappedUp: lambda event: ("acw", event.code),
}
