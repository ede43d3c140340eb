"""What several calls show together, in the store that holds them."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.call.events import CallEnded, Cause, LinkState
from dashboard.call.findings.finding import Finding, Severity
from dashboard.simulator.scenario import load_scenario
from tests.several import Told, call_back, held_together, steady
from tests.virtual import calls_of


def herds(stories: Sequence[Told]) -> list[Finding]:
    """What the store that holds these calls has found out about each of them, beside what each shows alone."""
    found = (call.findings.of("thundering_herd") for call in held_together(stories).values())
    return [finding for finding in found if finding is not None]


def back_after(*downs_s: float) -> list[Finding]:
    return herds([call_back(number, down_s) for number, down_s in enumerate(downs_s)])


def test_links_that_come_back_at_one_moment_are_a_herd_and_each_call_says_so() -> None:
    found = back_after(4.0, 4.2, 4.1, 4.5, 4.3)
    assert len(found) == 5
    assert found[0].severity is Severity.INFO
    assert found[0].summary == "Thundering herd: 5 of 5 links that were lost together came back within 1.0 s"
    assert "--backoff-base" in found[0].remedy


def test_a_large_herd_is_a_warning() -> None:
    assert {finding.severity for finding in back_after(*(4.0 + 0.05 * number for number in range(12)))} == {
        Severity.WARNING
    }


def test_the_few_that_came_back_apart_from_the_herd_are_not_of_it() -> None:
    assert len(back_after(4.0, 4.1, 4.2, 4.3, 9.0)) == 4


def test_links_that_come_back_one_after_the_other_are_none() -> None:
    assert back_after(2.0, 4.0, 6.0, 8.0, 10.0) == []


def test_the_first_to_come_back_of_many_are_none() -> None:
    assert back_after(4.0, 4.1, 4.2, *(6.0 + 2 * number for number in range(6))) == []


def test_two_links_are_no_herd() -> None:
    assert back_after(4.0, 4.0) == []


def test_links_that_were_lost_at_different_times_have_nothing_in_common() -> None:
    assert herds([call_back(number, 14.0 - 4 * number, lost_s=2.0 + 4 * number) for number in range(4)]) == []


def test_links_that_are_each_back_soon_after_their_own_loss_have_no_common_cause() -> None:
    apart = [call_back(number, 0.4, lost_s=2.0 + 0.3 * number) for number in range(4)]
    assert herds(apart) == []
    together = [call_back(number, 1.3 - 0.3 * number, lost_s=2.0 + 0.3 * number) for number in range(4)]
    assert len(herds(together)) == 4  # down until the last was lost, and back when it was


def test_links_that_were_lost_in_different_ways_have_nothing_in_common() -> None:
    causes = Cause.ABNORMAL_CLOSURE, Cause.STALE, Cause.SERVER_ERROR
    assert herds([call_back(number, 4.0, cause=cause) for number, cause in enumerate(causes)]) == []
    assert len(herds([call_back(number, 4.0, cause=Cause.SERVER_ERROR) for number in range(3)])) == 3
    mixed = [call_back(number, 4.0, cause=cause) for number, cause in enumerate((*causes[:1] * 3, *causes[1:]))]
    assert len(herds(mixed)) == 3  # each of the others is a coincidence


def test_a_few_of_many_are_lost_at_one_moment_by_chance() -> None:
    three = [call_back(number, 4.0) for number in range(3)]
    assert herds([*three, *(steady(number) for number in range(10))]) == []
    assert len(herds([*three, *(steady(number) for number in range(9))])) == 3  # a quarter: one host of four


def test_calls_that_were_over_before_do_not_count_among_those_that_were_up() -> None:
    over = [steady(number, seconds=1.0) for number in range(20)]
    for story in over:
        story.fact(CallEnded(story.call.call_id, story.now, "closed: end"))
    assert len(herds([*(call_back(number, 4.0) for number in range(3)), *over])) == 3


def test_calls_that_end_within_the_same_moment_are_not_lost() -> None:
    over = [steady(number, seconds=4.0) for number in range(5)]
    for story in over:
        story.enter(LinkState.CLOSED, Cause.SESSION_ENDED)
        story.fact(CallEnded(story.call.call_id, story.now, "closed: end"))
    assert herds([*over, *(call_back(number, 4.0) for number in range(2))]) == []


def test_an_operator_who_reconnects_every_call_is_no_herd() -> None:
    assert herds([call_back(number, 4.0, by_operator=True) for number in range(5)]) == []


def test_a_herd_of_long_ago_is_told_no_more() -> None:
    stories = [call_back(number, 4.0) for number in range(3)]
    for story in stories:
        story.listen(80.0)
    found = herds(stories)
    assert len(found) == 3
    assert not any(finding.stands for finding in found)


def test_the_next_outage_of_a_link_is_its_own() -> None:
    stories = [call_back(number, 4.0) for number in range(3)]
    for apart, story in enumerate(stories):
        story.listen(70.0 + 30.0 * apart)
        story.drop()
        story.enter(LinkState.WAITING, Cause.ABNORMAL_CLOSURE, attempt=2, wait_s=1.0)
        story.wait(1.0)
        story.connect(attempt=2, takes_s=0.1)
        story.listen(5.0)
    assert {len(finding.raised) for finding in herds(stories)} == {1}


def test_callers_of_a_host_that_restarts_come_back_as_a_herd() -> None:
    calls = calls_of(load_scenario("restart"), 5)
    assert len(calls) == 5
    for call in calls.values():
        assert [finding.rule for finding in call.findings.all] == ["closed_by_peer", "thundering_herd"]
