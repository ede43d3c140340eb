"""What only several calls together show. Whoever holds them notes it in each; the rule then speaks for each alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dashboard.call.findings.finding import Severity
from dashboard.call.findings.rule import Rule, Sign, View
from dashboard.call.outages import latest
from dashboard.call.state import Calls, CallState, Herd
from dashboard.call.terms import Cause, ClosedBy
from dashboard.call.words import span_words
from dashboard.frozen import replace

LOST_TOGETHER_S = 2.0
BACK_TOGETHER_S = 1.0
FEWEST_LINKS = 3
LOST_SHARE = 0.25
"""The share of the links that were up which one cause has to take, for of many calls a few are always lost at once."""
HERD = 0.7
"""The share of the links lost together that came back at once."""
LARGE = 10
"""A host that has just recovered can bear a few at once."""
RECENT_S = 60.0


class _Return(NamedTuple):
    """One link's outage, in Unix time; `back` is infinite while it goes on. how: what a common cause has in common."""

    lost: float
    back: float
    call_id: str
    outage: int
    how: tuple[Cause, int | None, ClosedBy | None]


def noted(calls: Calls) -> Mapping[str, CallState]:
    """Return those calls, with what they had in common noted in them, that were lost and came back as a herd.

    Ask again whenever an outage of one of them has ended.
    """
    lost_together = _largest_group(sorted(_returns(calls)))
    back = sorted(one.back for one in lost_together)
    first_at = max(back, key=lambda start: _within(back, start, BACK_TOGETHER_S), default=0.0)
    found = [one for one in lost_together if 0.0 <= one.back - first_at <= BACK_TOGETHER_S]
    if len(found) < max(FEWEST_LINKS, HERD * len(back)):
        return {}
    first_lost = lost_together[0].lost
    if _down_at_once(found) < HERD * len(found) or len(lost_together) < LOST_SHARE * _up_at(calls, first_lost):
        return {}
    told = len(back), len(found), lost_together[-1].lost - first_lost, first_at - first_lost
    return {one.call_id: replace(calls[one.call_id], herd=Herd(one.outage, *told)) for one in found}


def _returns(calls: Calls) -> list[_Return]:
    found = []
    for call in calls.values():
        outage = latest(call.link)
        if outage is None or outage.connection is None or outage.cause is Cause.OPERATOR:
            continue
        back = float("inf") if outage.ended_at is None else call.wall_at(outage.ended_at)
        if outage.ended_at is None or call.now - outage.ended_at <= RECENT_S:
            how = outage.cause, outage.code, outage.closed_by
            found.append(_Return(call.wall_at(outage.connection.lost_at), back, call.call_id, outage.number, how))
    return found


def _largest_group(returns: list[_Return]) -> list[_Return]:
    """Return those that were lost in the same way within 2 s of each other; `returns` are sorted."""
    groups = [
        [other for other in returns if other.how == one.how and 0 <= other.lost - one.lost <= LOST_TOGETHER_S]
        for one in returns
    ]
    return max(groups, key=len, default=[])


def _down_at_once(links: list[_Return]) -> int:
    """Return how many were down at one moment: what is lost for one reason waits for the same host."""
    return max(sum(other.lost <= one.lost < other.back for other in links) for one in links)


def _up_at(calls: Calls, moment: float) -> int:
    """Count the calls that had a connection then, in Unix time."""
    return sum(
        call.wall_at(call.started_at) < moment and (call.ended is None or call.wall_at(call.now) >= moment)
        for call in calls.values()
    )


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
    means="Where callscope holds several calls: links that were lost together, in the same way, came back at the same"
    " moment, so that a host that has just recovered meets all its callers at once.",
    remedy="Spread the attempts: raise --backoff-base and --backoff-cap; have the host let callers in bit by bit.",
    sign=_herd,
)
