"""Genesys' own record of the conversation beside our figures: theirs left, ours right, then what they say together."""

from __future__ import annotations

from dashboard.call.conversation import GenesysLeg, GenesysRecord, GenesysVerdict
from dashboard.call.genesys import POOR_MOS, compared, disconnect_type, our_end, our_sound, verdict_words
from dashboard.call.party import TROUBLE
from dashboard.call.state import CallState, GenesysView
from dashboard.ui.draw.layout import EMPTY, Spans, crop, join, pad, shorten_middle, stack
from dashboard.ui.draw.spans import Role, Span, padded, tame, wrap
from dashboard.ui.draw.units import NOTHING, count, millis, percent, span, time_of_day

_LABEL = 14

_LOOKS: dict[GenesysVerdict, Span] = {
    GenesysVerdict.OK: ("●", "good"),
    GenesysVerdict.BAD: ("✖", "bad"),
    GenesysVerdict.UNKNOWN: ("○", "dim"),
}

_NOT_ASKED = (
    "Genesys was not asked: analytics is off, or the session has not named its conversation yet.",
    "--analytics details asks for its own record of the conversation. The OAuth client needs the permission"
    " analytics:conversationDetail:view.",
)

# title and cells; those at the end go first where there is no room
_LEG_COLUMNS = (("leg", 20), ("ended", 18), ("MOS", 6), ("discarded", 11), ("latency", 9), ("codec", 10), ("code", 24))
_NUMBERS = ("MOS", "discarded", "latency")


def draw_genesys(call: CallState, width: int, height: int) -> list[Spans]:
    """Return at most `height` rows of at most `width` cells."""
    view = call.genesys
    if view is None:
        return [line for text in _NOT_ASKED for line in (*_wrapped(text, "text", width), EMPTY)][:height]
    record = None if view.known is None else view.known.record
    groups = [_standing(view, call, width)]
    if record is not None:
        groups += [
            _beside(record, call, width),
            [line for text in compared(call) for line in _hanging("▸ ", text, "strong", width)],
            _legs(record, width),
        ]
    return [crop(row, width) for row in stack(groups, height)]


def _standing(view: GenesysView, call: CallState, width: int) -> list[Spans]:
    """The verdict with its reasons, what went wrong with asking, and when it is asked again."""
    answer = view.answer
    symbol, tone = _LOOKS[answer.verdict]
    head = f"{symbol} {verdict_words(view)}"
    why = _wrapped(" · ".join(answer.reasons), "text", width - len(head) - 2) or [EMPTY]
    rows: list[Spans] = [((head, tone), ("  ", "text"), *why[0])]
    rows += [((" " * (len(head) + 2), "text"), *line) for line in why[1:]]
    rows += _wrapped(answer.error, "warn", width)
    if answer.error and answer.correlation_id:
        rows.append((("ININ-Correlation-Id ", "dim"), (tame(answer.correlation_id), "text")))
    room = width - _LABEL
    rows.append(_field("conversation", (shorten_middle(tame(answer.conversation_id) or NOTHING, room), "text")))
    known = view.known
    if known is not None and known.record is not None:
        age = "" if known is answer else f" · as of {span(call.now - known.at)} ago"
        rows.append(_field("record", (f"{_when(known.record)}{age}", "text")))
    rows.append(_field("asked", *_asked(view, call)))
    return rows


def _when(record: GenesysRecord) -> str:
    if record.began is None:
        return NOTHING if record.duration_s is None else span(record.duration_s)
    began = time_of_day(record.began)
    if record.ended is None:
        return f"since {began}, goes on"
    return f"{began} to {time_of_day(record.ended)} · {span(record.duration_s)}"


def _asked(view: GenesysView, call: CallState) -> Spans:
    answer = view.answer
    asked: Spans = ((f"{answer.requests}×, {span(max(0.0, call.now - answer.at))} ago", "text"),)
    if answer.requests == 0:
        asked = (("now", "text"),) if answer.again_at is not None else ((NOTHING, "text"),)
    if answer.again_at is None:
        return join([asked, (("no more", "dim"),)], " · ")
    return join([asked, ((f"again in {span(max(0.0, answer.again_at - call.now))}", "dim"),)], " · ")


def _beside(record: GenesysRecord, call: CallState, width: int) -> list[Spans]:
    sound, ended = our_sound(call), disconnect_type(record)
    rtts = call.link.rtts
    column = min(34, (width - _LABEL) * 2 // 5)
    end = our_end(call)

    def row(label: str, theirs: Spans, ours: Spans) -> Spans:
        return (*_field(label, *pad(theirs, column - 1)), (" ", "text"), *ours)

    return [
        row("", (("Genesys", "accent"),), (("here", "accent"),)),
        row("MOS", _mos(record.min_mos, "at worst"), _mos(sound.mos, "estimate")),
        row("R factor", _plain(_one_decimal(record.min_r_factor)), _plain(_one_decimal(sound.r_factor))),
        row("not playable", _plain(percent(_discarded(record.legs))), _plain(percent(sound.effective_loss))),
        row("latency", _latency(record), _plain(f"{millis(rtts[-1][1])} ms round trip" if rtts else NOTHING)),
        row("errors", _errors(record.errors), _errors(call.messages.get("error", 0))),
        row(
            "ended",
            ((tame(ended) or NOTHING, "bad" if ended in TROUBLE else "text"),),
            ((end or NOTHING, "warn" if call.link.outage_count else "text"),),
        ),
    ]


def _legs(record: GenesysRecord, width: int) -> list[Spans]:
    if not record.legs:
        return []
    shown = 0
    while shown < len(_LEG_COLUMNS) and sum(size for _, size in _LEG_COLUMNS[: shown + 1]) <= width:
        shown += 1
    columns = _LEG_COLUMNS[:shown]
    rows = [_across(columns, {title: (title, "dim") for title, _ in columns})]
    rows += [_across(columns, _leg_cells(leg)) for leg in record.legs]
    if record.legs_left_out:
        rows.append(((f"and {count(record.legs_left_out)} more", "dim"),))
    return rows


def _across(columns: tuple[tuple[str, int], ...], texts: dict[str, Span]) -> Spans:
    spans: list[Span] = []
    for title, size in columns:
        text, role = texts[title]
        spans += [(padded(text, size - 2, right=title in _NUMBERS), role), ("  ", "text")]
    return tuple(spans)


def _leg_cells(leg: GenesysLeg) -> dict[str, Span]:
    name = tame(f"{leg.purpose} {leg.flow}".strip() if leg.media_type == "voice" else f"{leg.purpose} {leg.media_type}")
    ended: Role = "bad" if leg.disconnect_type in TROUBLE else "text"
    codes = [leg.error_code, *(f"SIP {code}" for code in leg.sip_codes)]
    return {
        "leg": (name, "text"),
        "ended": (tame(leg.disconnect_type) or NOTHING, ended),
        "MOS": (NOTHING, "text") if leg.min_mos is None else (f"{leg.min_mos:.2f}", _mos_role(leg.min_mos)),
        "discarded": (percent(_discarded((leg,))), "text"),
        "latency": (NOTHING if leg.max_latency_s is None else span(leg.max_latency_s), "text"),
        "codec": (tame(", ".join(leg.codecs)).removeprefix("audio/") or NOTHING, "text"),
        "code": (tame(" ".join(filter(None, codes))) or NOTHING, "bad" if leg.error_code else "text"),
    }


def _discarded(legs: tuple[GenesysLeg, ...]) -> float | None:
    """The share of the packets that came too early or too late to be played, of all legs together."""
    counted = [(leg.discarded, leg.received) for leg in legs if leg.discarded is not None and leg.received]
    received = sum(packets for _, packets in counted)
    return min(1.0, sum(discarded for discarded, _ in counted) / received) if received else None


def _mos(value: float | None, what: str) -> Spans:
    if value is None:
        return ((NOTHING, "text"),)
    return ((f"{value:.2f}", _mos_role(value)), (f" {what}", "dim"))


def _mos_role(value: float) -> Role:
    return "bad" if value < POOR_MOS else "text"


def _latency(record: GenesysRecord) -> Spans:
    worst = max((leg.max_latency_s for leg in record.legs if leg.max_latency_s is not None), default=None)
    return _plain(NOTHING) if worst is None else ((f"{millis(worst)} ms", "text"), (" at worst", "dim"))


def _errors(number: int | None) -> Spans:
    return ((count(number), "bad" if number else "text"),)


def _one_decimal(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.1f}"


def _plain(text: str) -> Spans:
    return ((text, "text"),)


def _field(label: str, *value: Span) -> Spans:
    return ((label.ljust(_LABEL), "dim"), *value)


def _wrapped(text: str, role: Role, width: int) -> list[Spans]:
    text = tame(text)
    if not text:
        return []
    return [((text[start:end].rstrip(), role),) for start, end in wrap(text, max(1, width))]


def _hanging(sign: str, text: str, role: Role, width: int) -> list[Spans]:
    """A text that wraps behind its sign."""
    lines = _wrapped(text, role, width - len(sign))
    return [((sign if number == 0 else " " * len(sign), role), *line) for number, line in enumerate(lines)]
