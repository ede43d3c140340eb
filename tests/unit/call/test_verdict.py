"""The verdict, the headline, the JSON and the summary follow from the findings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dashboard.call.events import Cause, LinkState
from dashboard.call.figures import probe_object
from dashboard.call.findings.finding import Finding, Findings, Severity
from dashboard.call.headline import Headline
from dashboard.call.state import CallState
from dashboard.call.summary import summary
from dashboard.call.verdict import Verdict, headline, judge
from dashboard.call.words import cause_words
from tests.builders import Story

LINE = -65.0


def talking(seconds: float = 20.0) -> Story:
    story = Story()
    story.connect()
    for second in range(round(seconds)):
        caller, bot = (-22.0, LINE) if second % 4 < 2 else (LINE, -21.0)
        story.listen(1.0, caller_dbfs=caller, bot_dbfs=bot)
    return story


def finding(severity: Severity, since: float, until: float | None = None, **more: Any) -> Finding:
    return Finding("a_rule", severity, "Something is so", ("seen twice",), "Mend it.", (since,), since, until, **more)


def having(*found: Finding) -> CallState:
    """A healthy call of a bit over 20 s in which this was found."""
    standing = tuple(one for one in found if one.stands)
    past = tuple(one for one in found if not one.stands)
    return replace(talking().call, findings=Findings(standing, past))


def start() -> float:
    return talking(1.0).call.started_at


def test_what_stands_at_the_end_degrades_a_call_unless_it_is_information() -> None:
    late = start() + 20.0
    assert judge(having(finding(Severity.WARNING, late))) == Verdict("degraded", ("Something is so",))
    assert judge(having(finding(Severity.ERROR, late))).level == "degraded"
    assert judge(having(finding(Severity.INFO, start()))) == Verdict("healthy", ())


def test_what_is_over_counts_when_it_stood_for_more_than_a_tenth_of_the_time() -> None:
    began = start() + 1.0
    assert judge(having(finding(Severity.WARNING, began, began + 1.9))).level == "healthy"
    assert judge(having(finding(Severity.WARNING, began, began + 2.2))).level == "degraded"
    twice = finding(Severity.WARNING, began, began + 1.2, stood_before_s=1.2)
    assert judge(having(twice)).level == "degraded"


def test_a_call_that_is_down_for_good_has_failed_for_the_reason_that_was_found() -> None:
    story = Story()
    story.fail(Cause.NOT_FOUND, "handshake answered 404", status=404)
    story.enter(LinkState.GAVE_UP, Cause.NOT_FOUND, detail="handshake answered 404")
    assert judge(story.call) == Verdict("failed", ("App or socket id is wrong: the host answers 404",))


def test_a_call_that_was_never_up_has_failed_though_nothing_was_found_yet() -> None:
    assert judge(Story().call) == Verdict("failed", ("never connected",))


def test_the_headline_is_the_worst_that_stands_now() -> None:
    now = start() + 20.0
    warning, error = finding(Severity.WARNING, now), finding(Severity.ERROR, now)
    assert headline(having(warning)).level == "warn"
    assert headline(having(error, warning)).level == "bad"
    assert headline(having(error, warning)).text == "Something is so"


def test_the_headline_passes_over_what_fades_and_what_is_only_information() -> None:
    now = start() + 20.0
    assert headline(having(finding(Severity.ERROR, now, fading=True))).text.startswith("Clear")
    assert headline(having(finding(Severity.INFO, now))).text.startswith("Clear")


def test_a_clear_call_tells_what_was_wrong_a_moment_ago() -> None:
    now = start() + 20.0
    faded = finding(Severity.ERROR, now - 9.0, fading=True)
    call = having(faded)
    seconds = f"{call.now - faded.seen_at:.0f} s"
    assert headline(call).more == (f"{seconds} ago: something is so",)
    assert headline(having()).more == ()


def test_the_state_of_the_link_is_the_headline_while_it_is_down() -> None:
    story = talking()
    story.drop()
    story.enter(LinkState.WAITING, Cause.ABNORMAL_CLOSURE, attempt=2, wait_s=3.0)
    assert headline(story.call) == Headline(
        "bad", "Down: dropped, no close frame", ("next attempt in 3.0 s",), offer="r tries now"
    )
    story.enter(LinkState.CONNECTING, attempt=2)
    assert headline(story.call) == Headline("bad", "Down: dropped, no close frame", ("connecting…",))


def test_what_the_drops_have_in_common_is_told_instead_of_the_cause_of_the_last_one() -> None:
    story = talking()
    story.drop()
    story.enter(LinkState.WAITING, Cause.ABNORMAL_CLOSURE, attempt=2, wait_s=3.0)
    common = replace(finding(Severity.ERROR, story.now), rule="idle_timeout", summary="The path cuts it after 60 s")
    call = replace(story.call, findings=Findings((common,)))
    assert headline(call).text == "Down: the path cuts it after 60 s"
    fading = replace(call, findings=Findings((replace(common, fading=True),)))
    assert headline(fading).text == "Down: dropped, no close frame"


@pytest.mark.parametrize("first", Cause)
def test_why_it_is_down_fits_80_columns(first: Cause) -> None:
    assert max(len(f"✖ Down: {cause_words(first)}, then {cause_words(then)}") for then in Cause) <= 78


def test_a_finding_is_an_object_with_all_its_moments() -> None:
    began = start() + 2.0
    found = finding(Severity.WARNING, began)
    again = replace(found, raised=(began, began + 10.0), stood_before_s=3.0)
    call = having(again)
    assert probe_object(call)["findings"] == [
        {
            "rule": "a_rule",
            "severity": "warning",
            "summary": "Something is so",
            "evidence": ["seen twice"],
            "remedy": "Mend it.",
            "at_s": [2.0, 12.0],
            "stands": True,
            "stood_s": round(3.0 + call.now - began - 10.0, 3),
        }
    ]


def test_the_summary_tells_each_finding_with_its_evidence_and_what_to_do() -> None:
    began = start() + 10.0
    text = summary(having(finding(Severity.WARNING, began), finding(Severity.INFO, began, began + 4.0)))
    assert "  ! Something is so · for 10 s\n      seen twice\n      → Mend it." in text
    assert "  · Something is so · cleared 6.4 s ago, stood 4.0 s" in text
