"""What happened, in three sentences."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.call.events import Cause
from dashboard.exporters.report import Report
from tests.unit.exporters.told import Told

ReportOn = Callable[..., Report]


def test_a_call_without_trouble_is_told_as_one(report_on: ReportOn) -> None:
    connection, worst, sound = report_on("steady").story
    assert connection.endswith("and its connection held throughout.")
    assert worst == "Nothing was found that harms this call."
    assert sound.startswith("99 % of the sound was at most 1 ms late, and 0 % of it")


def test_losses_are_told_with_their_causes_and_what_they_cost(report_on: ReportOn) -> None:
    connection, worst, _ = report_on("bad-day").story
    assert "its connection was lost once (dropped, no close frame), down for" in connection
    assert connection.endswith("of the time, and the session went on.")
    assert worst.startswith(("What was found: ", "Worst of what was found: "))


def test_a_call_that_did_not_come_back_says_so() -> None:
    story = Told()
    story.connect()
    story.listen(1.0)
    story.drop()
    story.wait(3.0)
    assert ", and did not come back." in story.report().story[0]


def test_a_call_that_never_came_up_says_why(report_on: ReportOn) -> None:
    assert report_on("bad-credentials").story[0].endswith("never came up: client credentials refused.")


def test_many_failed_attempts_are_counted() -> None:
    story = Told()
    for attempt in (1, 2, 3):
        story.fail(Cause.TCP_REFUSED, "nothing listens", attempt=attempt)
        story.wait(1.0)
    first = story.report().story[0]
    assert first.endswith("never came up: 3 attempts failed, the last one because of: nothing listens there.")


def test_a_bot_that_gave_no_sign_is_told(report_on: ReportOn) -> None:
    assert "no sign of an answer" in report_on("silent-bot").story[2]
