"""What only several calls together show. Whoever holds them notes it in each; the rule then speaks for each alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dashboard.call.findings.finding import Severity
from dashboard.call.findings.rule import Rule, Sign, View
from dashboard.call.outages import latest
from dashboard.call.state import Calls, CallState, Herd
from dashboard.call.terms import Cause
from dashboard.call.words import span_words
from dashboard.frozen import replace

LOST_TOGETHER_S = 2.0
BACK_TOGETHER_S = 1.0
FEWEST_LINKS = 3
HERD = 0.7
"""The share of the links lost together that came back at once."""
LARGE = 10
"""A host that has just recovered can bear a few at once."""
RECENT_S = 60.0


class _Return(NamedTuple):
    """One link's outage, in Unix time; `back` is infinite while it goes on."""

    lost: float
    back: float
    call_id: str
    outage: int


def noted(calls: Calls) -> Mapping[str, CallState]:
    """Return those calls, with what they had in common noted in them, that were lost and came back as a herd.

    Ask again whenever an outage of one of them has ended.
    """
    lost_together = _largest_group(sorted(_returns(calls)))
    back = sorted(one.back for one in lost_together)
    first_at = max(back, key=lambda start: _within(back, start, BACK_TOGETHER_S), default=0.0)
    at_once = _within(back, first_at, BACK_TOGETHER_S)
    if at_once < FEWEST_LINKS or at_once < HERD * len(back):
        return {}
    first_lost = lost_together[0].lost
    told = len(back), at_once, lost_together[-1].lost - first_lost, first_at - first_lost
    found = [one for one in lost_together if 0.0 <= one.back - first_at <= BACK_TOGETHER_S]
    return {one.call_id: replace(calls[one.call_id], herd=Herd(one.outage, *told)) for one in found}


def _returns(calls: Calls) -> list[_Return]:
    found = []
    for call in calls.values():
        outage = latest(call.link)
        if outage is None or outage.connection is None or outage.cause is Cause.OPERATOR:
            continue
        back = float("inf") if outage.ended_at is None else call.wall_at(outage.ended_at)
        if outage.ended_at is None or call.now - outage.ended_at <= RECENT_S:
            found.append(_Return(call.wall_at(outage.connection.lost_at), back, call.call_id, outage.number))
    return found


def _largest_group(returns: list[_Return]) -> list[_Return]:
    """Return those that were lost within 2 s of each other; `returns` are sorted."""
    groups = [[other for other in returns if 0 <= other.lost - one.lost <= LOST_TOGETHER_S] for one in returns]
    return max(groups, key=len, default=[])


def _within(moments: list[float], start: float, span_s: float) -> int:
    return sum(start <= moment <= start + span_s < float("inf") for moment in moments)


def _herd(view: View, standing: bool) -> Sign | None:
    herd, outage = view.call.herd, latest(view.link)
    if herd is None or outage is None or outage.number != herd.outage or not view.ended_recently(outage, RECENT_S):
        return None
    return Sign(
        f"Thundering herd: {herd.at_once} of {herd.lost} links that were lost together came back within"
        f" {span_words(BACK_TOGETHER_S)}",
        (
            f"they were lost within {span_words(herd.lost_within_s)} of each other",
            f"and were back from {span_words(herd.back_after_s)} later on",
        ),
        severity=Severity.WARNING if herd.at_once >= LARGE else Severity.INFO,
        began=outage.started_at,
    )


THUNDERING_HERD = Rule(
    name="thundering_herd",
    severity=Severity.WARNING,
    means="Where callscope holds several calls: links that were lost together came back at the same moment, so that a"
    " host that has just recovered meets all its callers at once.",
    remedy="Spread the attempts: raise --backoff-base and --backoff-cap; have the host let callers in bit by bit.",
    sign=_herd,
)
