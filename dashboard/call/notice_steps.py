"""What the facts of the Notifications API do to a call. Pure steps."""

from __future__ import annotations

from types import MappingProxyType

from dashboard.call import notices, steps
from dashboard.call.notice_view import NoticeView
from dashboard.call.notification_events import SpeechTranscribed
from dashboard.call.state import CallState, Line
from dashboard.call.terms import Event
from dashboard.frozen import replace

FACTS = notices.FACTS


def folded(event: Event, call: CallState) -> CallState:
    """Fold a fact that only the Notifications API yields; one beside a connection says nothing about that."""
    before = call.notices or NoticeView()
    if notices.is_message(event) and before.link is None:
        call = steps.received(call, event.at)
    for row in notices.told(event, before):
        call = steps.say(call, Line(event.at, *row))
    call = replace(call, notices=notices.folded(event, before))
    return _transcribed(event, call) if isinstance(event, SpeechTranscribed) else call


def _transcribed(event: SpeechTranscribed, call: CallState) -> CallState:
    """A transcript that comes late is a row, and neither end nor answer of a turn."""
    line = Line(event.at, "transcript", event.text, event.speaker, event.final, event.confidence, age_s=event.age_s)
    partials = {who: other for who, other in call.partials.items() if who is not event.speaker}
    if not event.final:
        return replace(call, partials=MappingProxyType({**partials, event.speaker: line}))
    call = replace(call, partials=MappingProxyType(partials), messages=steps.counted(call.messages, "transcript"))
    return steps.say(call, line)
