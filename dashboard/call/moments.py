"""The moments of a call that one wants to go back to: when the screen first showed an outage, a finding, a turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dashboard.call.state import CallState
from dashboard.call.words import cause_words

MomentKind = Literal["outage", "finding", "spike", "turn", "mark"]

TROUBLE: frozenset[MomentKind] = frozenset(("outage", "finding"))
"""What is looked for first; the others say how the call went."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something of interest became known at `at` (monotonic seconds); `text` is callscope's own, never the wire's."""

    at: float
    kind: MomentKind
    text: str


def moments_between(before: CallState, after: CallState) -> Iterator[Moment]:
    """Yield what one fact, or a few, made known; `before` and `after` are the call around them."""
    at = after.now
    outage = after.link.outage
    if outage is not None and after.link.outage_count > before.link.outage_count:
        yield Moment(at, "outage", f"outage {outage.number}: {cause_words(outage.cause)}")
    if after.findings is not before.findings:
        yield from _raised(before, after)
    if _spikes(after) > _spikes(before):
        yield Moment(at, "spike", "spike")
    turn = after.turns.current
    if turn is not None and (before.turns.current is None or turn.number != before.turns.current.number):
        yield Moment(at, "turn", f"turn {turn.number}")
    if after.marks is not before.marks:
        for _, note in after.marks.since(before.marks.total):
            yield Moment(at, "mark", note)


def _raised(before: CallState, after: CallState) -> Iterator[Moment]:
    for finding in after.findings.standing:
        known = before.findings.of(finding.rule)
        if known is None or known.since != finding.since:
            yield Moment(after.now, "finding", finding.summary)


def _spikes(call: CallState) -> int:
    return sum(leg.pacing.spikes for leg in call.legs.values())
