"""What only several calls together show."""

from __future__ import annotations

from typing import NamedTuple

from dashboard.call.events import Cause
from dashboard.call.findings.finding import Finding, Severity
from dashboard.call.findings.rule import Rule, Sign
from dashboard.call.outages import latest
from dashboard.call.state import Calls
from dashboard.call.words import span_words

LOST_TOGETHER_S = 2.0
BACK_TOGETHER_S = 1.0
FEWEST_LINKS = 3
HERD = 0.7
"""The share of the links lost together that came back at once."""
RECENT_S = 120.0


class _Return(NamedTuple):
    """One link's outage, in Unix time."""

    lost: float
    back: float


def across(calls: Calls) -> tuple[Finding, ...]:
    """Return the findings about several calls together; their moments are Unix time, as each call has its own clock."""
    if not calls:
        return ()
    now = max(call.wall_at(call.now) for call in calls.values())
    sign = THUNDERING_HERD.sign(calls, False)
    return () if sign is None else (THUNDERING_HERD.raised(sign, now),)


def _herd(calls: Calls, standing: bool) -> Sign | None:
    lost_together = _largest_group(sorted(_returns(calls)))
    if len(lost_together) < FEWEST_LINKS:
        return None
    back = sorted(one.back for one in lost_together)
    at_once = max(_within(back, start, BACK_TOGETHER_S) for start in back)
    if at_once < FEWEST_LINKS or at_once < HERD * len(back):
        return None
    first_lost = min(one.lost for one in lost_together)
    return Sign(
        f"Thundering herd: {at_once} of {len(back)} links that were lost together came back within"
        f" {span_words(BACK_TOGETHER_S)}",
        (
            f"they were lost within {span_words(max(one.lost for one in lost_together) - first_lost)} of each other",
            f"and were back between {span_words(back[0] - first_lost)} and {span_words(back[-1] - first_lost)} later",
        ),
        began=first_lost,
    )


def _returns(calls: Calls) -> list[_Return]:
    found = []
    for call in calls.values():
        outage = latest(call.link)
        if outage is None or outage.ended_at is None or outage.connection is None or outage.cause is Cause.OPERATOR:
            continue
        if call.now - outage.ended_at <= RECENT_S:
            found.append(_Return(call.wall_at(outage.connection.lost_at), call.wall_at(outage.ended_at)))
    return found


def _largest_group(returns: list[_Return]) -> list[_Return]:
    """Return those that were lost within 2 s of each other; `returns` are sorted."""
    groups = [[other for other in returns if 0 <= other.lost - one.lost <= LOST_TOGETHER_S] for one in returns]
    return max(groups, key=len, default=[])


def _within(moments: list[float], start: float, span_s: float) -> int:
    return sum(0 <= moment - start <= span_s for moment in moments)


THUNDERING_HERD: Rule[Calls] = Rule(
    name="thundering_herd",
    severity=Severity.WARNING,
    means="Several links that were lost together came back at the same moment: a host that has just recovered meets"
    " all its callers at once.",
    remedy="Spread the attempts: raise --backoff-base and --backoff-cap; have the host let callers in bit by bit.",
    sign=_herd,
)
