"""What several facts do alike to a call: end an outage, add a row, answer a turn. Pure steps."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dashboard.call import cognigy_view, hook, legs, outages, turns, utterances
from dashboard.call.state import CallState, Line, Outage, Turns
from dashboard.frozen import replace

_LATE_WORD_S = 10.0
_NOTE_AGAIN_S = 5.0
"""A peer that repeats an unreadable message fills the counters, not the transcript."""


def received(call: CallState, at: float, kind: str | None = None, *, new_session: bool = False) -> CallState:
    """Any inbound message: the link is alive, and the first one after an outage ends it."""
    link = replace(call.link, last_inbound_at=max(at, call.link.last_inbound_at or at))
    outage = link.outage
    if outage is not None and link.opened_at is not None:
        down = outage.down_s(at)
        resumed = outage.resume_requested and not new_session if call.sessions else None
        link = outages.restored(link, at, resumed=resumed)
        how = {True: ", session resumed", False: ", new session", None: ""}[resumed]
        took = f"{down:.1f} s" if down >= 1 else f"{down * 1000:.0f} ms"
        call = say(call, Line(at, "link", f"connection restored after {took}{how}"))
    elif new_session and (last := outages.latest(link)) is not None and last.resumed and _was_just_now(last, at):
        # audio of the old session was still on its way when the server said that it has ended
        link = outages.with_latest(link, replace(last, resumed=False, media_missing_s=None))
    messages = call.messages if kind is None else counted(call.messages, kind)
    return replace(call, link=link, messages=messages)


def _was_just_now(outage: Outage, at: float) -> bool:
    return outage.ended_at is not None and at - outage.ended_at < _LATE_WORD_S


def bot_says(call: CallState, line: Line, moved: Turns) -> CallState:
    """A sign of an answer: its row carries the turn latency if it is the first of its kind."""
    first = moved.current is not call.turns.current
    call = answered(call, line.at) if first else call
    if first and moved.current is not None:
        line = replace(line, latency_s=max(0.0, line.at - moved.current.ended_at))
    call = replace(call, turns=moved)
    return say(call, line) if line.final else call


def answered(call: CallState, at: float) -> CallState:
    """The bot reacts to the current turn: so it does to the utterance that ended it."""
    current = call.turns.current
    if current is None or current.utterance is None or current.answered_at is not None:
        return call
    return replace(call, utterances=utterances.answered(call.utterances, current.utterance, at))


def disconnected(call: CallState) -> CallState:
    """No connection is open any more: clocks are anchored anew, and what was being said is kept as far as it came."""
    for line in call.partials.values():
        call = say(call, line)
    return replace(
        reanchored(call, continues=True),
        partials=MappingProxyType({}),
        turns=turns.link_went_down(call.turns),
        utterances=utterances.disconnected(
            call.utterances,
            ends=call.cognigy is not None,
            typing=call.cognigy is not None and call.cognigy.typing,
        ),
        hook=hook.disconnected(call.hook),
        cognigy=cognigy_view.disconnected(call.cognigy),
    )


def reanchored(call: CallState, *, continues: bool = False) -> CallState:
    anew = {name: legs.reanchored(leg, continues=continues) for name, leg in call.legs.items()}
    return replace(call, legs=MappingProxyType(anew))


def noted(call: CallState, line: Line) -> CallState:
    """Add a row for something unreadable unless the same was noted moments ago."""
    for other in reversed(call.lines[-20:]):
        same = (other.kind, other.text, other.beside) == (line.kind, line.text, line.beside)
        if same and line.at - other.at < _NOTE_AGAIN_S:
            return call
    return say(call, line)


def say(call: CallState, line: Line) -> CallState:
    return replace(call, lines=call.lines.append(line))


def counted(counts: Mapping[str, int], kind: str, more: int = 1) -> Mapping[str, int]:
    return MappingProxyType({**counts, kind: counts.get(kind, 0) + more})
