"""The one view of a call that every report is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dashboard.call import events as ev
from dashboard.call.events import Cause, Event, LinkState, Speaker
from dashboard.call.figures import probe_object
from dashboard.call.reducer import step
from dashboard.call.state import CallState
from dashboard.errors import RecordingError
from dashboard.exporters.report import MOST_LINES, MOST_MARKS, NEAR_S, Report
from tests.unit.exporters.told import Told, report

Facts = Callable[..., tuple[Event, ...]]
ReportOn = Callable[..., Report]


def test_the_figures_are_those_of_the_call(facts: Facts, report_on: ReportOn) -> None:
    call = CallState(facts("bad-day")[0].call_id)
    for fact in facts("bad-day"):
        call = step(call, fact)
    assert report_on("bad-day").figures == probe_object(call)


def test_the_link_is_told_without_a_gap_from_its_first_step_to_the_end(report_on: ReportOn) -> None:
    found = report_on("bad-day")
    stretches = found.stretches.items
    assert [one.ended for one in stretches[:-1]] == [one.began for one in stretches[1:]]
    assert stretches[-1].ended == found.call.now
    assert {LinkState.OPEN, LinkState.WAITING, LinkState.CONNECTING} <= {one.state for one in stretches}


def test_findings_come_worst_first_with_onset_and_end(report_on: ReportOn) -> None:
    found = report_on("bad-day", 120.0).findings
    ranks = [one.finding.severity.rank for one in found]
    assert ranks == sorted(ranks)
    for one in found:
        assert [began for began, _ in one.spans] == list(one.finding.raised)
        assert all(began < ended for began, ended in one.spans)
        assert sum(ended - began for began, ended in one.spans) == pytest.approx(
            one.finding.stood_s(report_on("bad-day", 120.0).call.now), abs=0.01
        )


def test_a_finding_that_was_better_explained_has_no_moment_of_its_own() -> None:
    story = Told()
    story.connect()
    for _ in range(5):
        story.listen(10.0)
        story.drop()
        story.wait(1.0)
        story.connect()
    story.listen(2.0)
    found = {one.finding.rule: one for one in story.report().findings}
    for one in found.values():
        assert {began for began, _ in one.spans} <= set(one.finding.raised)


def test_an_ending_holds_what_had_been_said_before_it_in_order(report_on: ReportOn) -> None:
    ending = report_on("bad-day").endings.items[0]
    moments = [message.at for message, _ in ending.messages]
    assert moments == sorted(moments)
    assert any(received for _, received in ending.messages)
    assert [finding.rule for finding in ending.related.causes] == ["abnormal_closures"]
    assert ending.code_means


def test_a_long_transcript_keeps_the_rows_around_what_happened_and_says_what_is_left_out() -> None:
    story = Told()
    story.connect()
    story.listen(NEAR_S * 4)
    for number in range(MOST_LINES):
        story.says(Speaker.BOT, f"early {number}")
    story.listen(NEAR_S * 2)
    story.says(Speaker.BOT, "shortly before")
    story.drop()
    story.wait(1.0)
    story.connect()
    story.says(Speaker.BOT, "shortly after")
    story.listen(NEAR_S * 2)
    for number in range(MOST_LINES):
        story.says(Speaker.BOT, f"late {number}")
    found = story.report()
    texts = [line.text for passage in found.transcript.items for line in passage.lines]
    assert found.rows_shown == len(texts) == MOST_LINES
    assert {"shortly before", "shortly after"} < set(texts)
    assert any(text.startswith("connection lost") for text in texts)
    assert texts[-1] == f"late {MOST_LINES - 1}"
    assert sum(passage.skipped for passage in found.transcript.items) == found.transcript.total - MOST_LINES


def test_of_many_marks_the_newest_are_kept() -> None:
    story = Told()
    for number in range(MOST_MARKS + 7):
        story.fact(ev.Marked(story.call_id, story.now, f"mark {number}"))
    marks = story.report().marks
    assert (len(marks.items), marks.total, marks.left_out) == (MOST_MARKS, MOST_MARKS + 7, 7)
    assert marks.items[-1][1] == f"mark {MOST_MARKS + 6}"


def test_facts_of_another_call_are_counted_and_left_out(facts: Facts) -> None:
    first = facts("steady", 2.0)
    other = tuple(replace(fact, call_id="other") for fact in first)
    found = report([fact for pair in zip(first, other, strict=True) for fact in pair])
    assert (found.facts, found.others) == (len(first), len(first))
    assert found.figures == report(first).figures


def test_a_call_that_never_came_up_is_a_report_too(report_on: ReportOn) -> None:
    found = report_on("bad-credentials")
    assert found.verdict.level == "failed"
    assert found.duration_s > 0.0
    assert found.rasters == {}
    assert len(found.story) == 2
    assert found.headline == "The login host refuses the client credentials"


def test_a_worker_that_died_is_a_stretch_of_the_link() -> None:
    story = Told()
    story.connect()
    story.listen(1.0)
    story.lose_worker("was killed by SIGKILL")
    last = story.report().stretches.items[-1]
    assert (last.state, last.cause) == (LinkState.CLOSED, Cause.WORKER_LOST)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ([], "not one fact"),
        ([ev.Ticked("c", 1.0)], "does not begin a call"),
        ([ev.CallStarted("c", 1.0, 1e300, "wss://host", "appfoundry")], "no clock says that"),
        ([ev.CallStarted("c", 1.0, 1.9e9, "wss://host", "appfoundry"), ev.Ticked("c", 1e300)], "no clock says that"),
    ],
)
def test_facts_that_are_no_call_are_refused(facts: list[Event], why: str) -> None:
    with pytest.raises(RecordingError, match=why):
        report(facts)
