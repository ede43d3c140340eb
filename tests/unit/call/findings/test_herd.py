"""What several calls show together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dashboard.call.events import Cause, LinkState
from dashboard.call.findings.finding import Severity
from dashboard.call.findings.herd import across
from dashboard.call.state import CallState
from tests.builders import Story


def call_back(number: int, down_s: float, *, lost_s: float = 2.0, by_operator: bool = False) -> CallState:
    """A call that is lost after `lost_s` and is back after `down_s`."""
    story = Story(f"call-{number}")
    story.connect(takes_s=0.1)
    story.listen(lost_s)
    story.drop(Cause.OPERATOR if by_operator else Cause.ABNORMAL_CLOSURE)
    story.enter(LinkState.WAITING, Cause.ABNORMAL_CLOSURE, attempt=2, wait_s=down_s)
    story.wait(down_s)
    story.connect(attempt=2, takes_s=0.1)
    story.listen(20.0 - down_s)
    return story.call


def calls_back(downs_s: Sequence[float]) -> dict[str, CallState]:
    return {f"call-{i}": call_back(i, down_s) for i, down_s in enumerate(downs_s)}


def test_links_that_come_back_at_one_moment_are_a_herd() -> None:
    (finding,) = across(calls_back([4.0, 4.2, 4.1, 4.5, 4.3]))
    assert finding.rule == "thundering_herd"
    assert finding.severity is Severity.WARNING
    assert finding.summary == "Thundering herd: 5 of 5 links that were lost together came back within 1.0 s"
    assert "--backoff-base" in finding.remedy


def test_links_that_come_back_one_after_the_other_are_none() -> None:
    assert across(calls_back([2.0, 4.0, 6.0, 8.0, 10.0])) == ()


def test_two_links_are_no_herd_and_no_calls_are_none() -> None:
    assert across(calls_back([4.0, 4.0])) == ()
    assert across({}) == ()


def test_links_that_were_lost_at_different_times_have_nothing_in_common() -> None:
    calls = {f"call-{i}": call_back(i, 14.0 - 4 * i, lost_s=2.0 + 4 * i) for i in range(4)}
    assert across(calls) == ()


def test_an_operator_who_reconnects_every_call_is_no_herd() -> None:
    assert across({f"call-{i}": call_back(i, 4.0, by_operator=True) for i in range(5)}) == ()


def test_a_herd_of_long_ago_is_told_no_more() -> None:
    calls = calls_back([4.0, 4.0, 4.0])
    assert across({name: replace(call, now=call.now + 600.0) for name, call in calls.items()}) == ()
