"""In the place of the jitter of a call without audio: what Genesys' notifications tell of the conversation."""

from __future__ import annotations

from dashboard.call.notice_view import HEARTBEAT_S, LATE_S, NoticeView
from dashboard.call.party import TROUBLE, Party
from dashboard.call.stages import percentile
from dashboard.call.state import CallState
from dashboard.call.terms import LinkState
from dashboard.ui.draw.layout import Spans, crop, join_fitting, shorten, stack
from dashboard.ui.draw.spans import Role, Span, cells, tame
from dashboard.ui.draw.units import NOTHING, clock, count, span

_LABEL = 14
_FEW_ROWS = 7
_NO_AUDIO = "callscope listen --follow hears and measures it as well"


def draw_notices(view: NoticeView, call: CallState, width: int, height: int) -> list[Spans]:
    """Return at most `height` rows of at most `width` cells."""
    if height < _FEW_ROWS:
        rows = [
            _transcripts(view, short=True),
            _parties(view, width),
            join_fitting([_short("recording", _recording(view)), _short("gaps", *_gaps(view))], width),
            _channel(view, call, width, short=True),
        ]
        return [crop(row, width) for row in rows[:height]]
    groups: list[list[Spans]] = [
        [_transcripts(view), _transcription(view)],
        [_field("recording", _recording(view)), *_party_rows(view, width)],
        [_channel(view, call, width), _field("gaps", *_gaps(view)), *_refused(view, width)],
        [((_NO_AUDIO, "faint"),)],
    ]
    return [crop(row, width) for row in stack(groups, height)]


def beside(view: NoticeView) -> Spans:
    """Return in a row how a call that has its sound from another wire is followed."""
    symbol: Span = ("● ", "good") if view.link is LinkState.OPEN else ("▲ ", "warn")
    ages: Spans = ((" · age ", "dim"), _age(view.ages[-1][1])) if view.ages else ()
    return (symbol, (f"{view.link or NOTHING}", "text"), (f" · {count(view.transcripts)} transcripts", "dim"), *ages)


def _field(label: str, *value: Span) -> Spans:
    return ((label.ljust(_LABEL), "dim"), *value)


def _short(label: str, *value: Span) -> Spans:
    return ((f"{label} ", "dim"), *value)


def _transcripts(view: NoticeView, *, short: bool = False) -> Spans:
    ages = sorted(age_s for _, age_s in view.ages)
    told: list[Span] = [(count(view.transcripts), "text" if view.transcribes or not view.topics else "warn")]
    if ages:
        p95 = percentile(ages, 0.95)
        told += [(" · age ", "dim"), _age(view.ages[-1][1]), (" · p50 ", "dim"), _age(percentile(ages, 0.5))]
        told += [(" · p95 ", "dim"), _age(p95)]
    return _short("transcripts", *told) if short else _field("transcripts", *told)


def _age(age_s: float | None) -> Span:
    if age_s is None:
        return NOTHING, "text"
    return span(max(0.0, age_s)), "warn" if age_s > LATE_S else "text"


def _transcription(view: NoticeView) -> Spans:
    if view.topics and not view.transcribes:
        return _field("transcription", ("not subscribed", "bad"))
    if view.transcripts == 0 and view.transcription == "":
        return _field("transcription", ("none yet: is voice transcription on for the queue or flow?", "dim"))
    return _field("transcription", (view.transcription or NOTHING, "text"))


def _recording(view: NoticeView) -> Span:
    return view.recording or NOTHING, "warn" if view.recording == "paused" else "text"


def _party_rows(view: NoticeView, width: int) -> list[Spans]:
    if not view.parties:
        return [_field("parties", (NOTHING, "text"))]
    return [
        _field("" if number else "parties", *_party(party), (_wrapped(party, width), "dim"))
        for number, party in enumerate(view.parties[-6:])
    ]


def _parties(view: NoticeView, width: int) -> Spans:
    if not view.parties:
        return _short("parties", (NOTHING, "text"))
    return join_fitting([_party(party) for party in reversed(view.parties)], width, "  ")


def _party(party: Party) -> Spans:
    name = tame(party.purpose)
    if party.connected:
        states = [word for word, on in (("on hold", party.held), ("muted", party.muted)) if on]
        return (("● ", "good"), (name, "text"), (f" {', '.join(states)}" if states else "", "warn"))
    role: Role = "bad" if party.disconnect_type in TROUBLE else "dim"
    ended = f" {tame(party.disconnect_type)}" if party.disconnect_type else ""
    return (("○ ", role), (f"{name} left{ended}", role))


def _wrapped(party: Party, width: int) -> str:
    words = [f"wrap-up {tame(party.wrap_up)}" if party.wrap_up else "", tame(party.error_code)]
    return shorten("".join(f"  {word}" for word in words if word), max(0, width - _LABEL - 20))


def _channel(view: NoticeView, call: CallState, width: int, *, short: bool = False) -> Spans:
    told: list[Spans] = [((tame(view.channel) or NOTHING, "text"),)]
    if view.link is not None:
        told.append(((str(view.link), "text"),))
    if view.heartbeat_at is not None:
        since_s = call.now - view.heartbeat_at
        late: Role = "warn" if since_s > 1.5 * HEARTBEAT_S else "text"
        told.append((("heartbeat ", "dim"), (f"{since_s:.0f} s ago", late)))
    if view.expires_at is not None:
        told.append((("ends in ", "dim"), (clock(max(0.0, view.expires_at - call.now)), "text")))
    head = _short("channel") if short else _field("channel")
    return (*head, *join_fitting(told, width - cells(head), " · "))


def _gaps(view: NoticeView) -> Spans:
    if not view.gaps:
        return (("none", "text"), (f" · moved {view.moves}×" if view.moves else "", "dim"))
    return ((f"{view.gaps} · {span(view.gap_s)} in all may have been missed", "warn"),)


def _refused(view: NoticeView, width: int) -> list[Spans]:
    lines = [*view.refused, *([view.trouble] if view.trouble else [])]
    rows = [_field("" if number else "refused", (tame(text), "bad")) for number, text in enumerate(lines[:3])]
    return [row for row in rows if cells(row)]
