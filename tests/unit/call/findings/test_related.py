"""Which findings tell of an outage."""

from __future__ import annotations

from dataclasses import replace

from dashboard.call.events import Cause
from dashboard.call.findings.finding import Finding, Findings, Severity
from dashboard.call.findings.related import related
from dashboard.call.state import CallState, Outage

OUTAGE = Outage(1, 100.0, Cause.ABNORMAL_CLOSURE, ended_at=104.0)


def finding(rule: str, *raised: float, until: float | None = None) -> Finding:
    return Finding(rule, Severity.WARNING, rule, (), "", raised, raised[-1], until)


def call(*findings: Finding) -> CallState:
    standing = tuple(one for one in findings if one.stands)
    past = tuple(one for one in findings if not one.stands)
    return CallState("c", now=500.0, findings=Findings(standing, past))


def names(findings: tuple[Finding, ...]) -> list[str]:
    return [one.rule for one in findings]


def test_what_stood_while_it_lasted_is_parted_into_causes_and_company() -> None:
    found = related(
        OUTAGE,
        call(
            finding("abnormal_closures", 101.0),
            finding("high_jitter", 90.0),
            finding("clipping", 80.0, until=99.0),
            finding("rate_limited", 103.0, until=110.0),
            finding("one_way_audio", 120.0),
        ),
    )
    assert names(found.causes) == ["abnormal_closures", "rate_limited"]
    assert names(found.also) == ["high_jitter"]
    assert names(found.later) == []


def test_a_finding_that_was_raised_then_and_again_later_tells_of_it() -> None:
    again = finding("closed_by_peer", 101.0, 300.0, until=310.0)
    assert names(related(OUTAGE, call(again)).causes) == ["closed_by_peer"]


def test_a_pattern_is_found_only_after_several_ends() -> None:
    found = related(OUTAGE, call(finding("idle_timeout", 200.0), finding("token_expiry", 300.0)))
    assert names(found.later) == ["idle_timeout"]
    assert names(found.causes) == []


def test_an_outage_that_goes_on_ends_now() -> None:
    state = call(finding("unreachable", 450.0))
    assert names(related(replace(OUTAGE, ended_at=None), state).causes) == ["unreachable"]
    assert names(related(OUTAGE, state).causes) == []
