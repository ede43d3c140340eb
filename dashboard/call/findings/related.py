"""Which findings tell of an outage."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.call.findings import link
from dashboard.call.findings.finding import Finding
from dashboard.call.findings.rules import RULES
from dashboard.call.state import CallState, Outage

_HINDSIGHT_S = 2.0
"""A rule speaks up to a second after what it saw."""

_OF_CONNECTIONS = frozenset(rule.name for rule in RULES[: RULES.index(link.ABNORMAL_CLOSURES) + 1])
_OF_PATTERNS = frozenset(rule.name for rule in (link.IDLE_TIMEOUT, link.RECYCLED_AT_AGE, link.FLAPPING))


@dataclass(frozen=True, slots=True)
class Related:
    """Worst first, what stands before what was cleared. `causes`: why it ended, or does not come back.
    `later`: what several ends have in common, found after this one. `also`: what else stood at that time.
    """

    causes: tuple[Finding, ...]
    later: tuple[Finding, ...]
    also: tuple[Finding, ...]


def related(outage: Outage, call: CallState) -> Related:
    """Return the findings that tell of an outage, or stood while it lasted."""
    ended_at = (call.now if outage.ended_at is None else outage.ended_at) + _HINDSIGHT_S
    then = [finding for finding in call.findings.all if _stood_between(finding, outage.started_at, ended_at)]
    return Related(
        causes=tuple(finding for finding in then if finding.rule in _OF_CONNECTIONS),
        later=tuple(
            finding
            for finding in call.findings.all
            if finding.rule in _OF_PATTERNS and finding not in then and finding.raised[0] > ended_at
        ),
        also=tuple(finding for finding in then if finding.rule not in _OF_CONNECTIONS),
    )


def pattern(call: CallState) -> Finding | None:
    """Return what the ends of connections have in common, as far as that is still so."""
    return next((one for one in call.findings.standing if one.rule in _OF_PATTERNS and not one.fading), None)


def _stood_between(finding: Finding, start: float, end: float) -> bool:
    if any(start <= at <= end for at in finding.raised):
        return True
    return finding.since <= end and (finding.until is None or finding.until >= start)
