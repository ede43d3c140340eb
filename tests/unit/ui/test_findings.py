"""How findings are drawn: rows, badges, marks on the axis of time, and in full."""

from __future__ import annotations

import pytest

from dashboard.call.findings.finding import Finding, Findings, Severity
from dashboard.call.state import CallState
from dashboard.ui.draw.findings import badges, finding_marks, finding_page, finding_row, tally
from dashboard.ui.draw.spans import Row, cells, paint
from dashboard.ui.draw.sparkline import column_of


def finding(
    severity: Severity = Severity.WARNING,
    *,
    raised: tuple[float, ...] = (1000.0,),
    until: float | None = None,
    fading: bool = False,
    rule: str = "idle_timeout",
) -> Finding:
    return Finding(
        rule,
        severity,
        "The path cuts the connection after 60 s",
        ("twice [red]so[/]\x1b[2J",),
        "Set --ping-interval 20",
        raised,
        raised[-1],
        until,
        fading=fading,
    )


def call(*findings: Finding) -> CallState:
    standing = tuple(one for one in findings if one.stands)
    past = tuple(one for one in findings if not one.stands)
    return CallState("c", started_at=900.0, wall=1_900_000_000.0, now=1060.0, findings=Findings(standing, past))


def text(row: Row, width: int) -> str:
    return "\n".join("".join(part for part, _ in line).rstrip() for line in paint(row, width))


def test_a_row_tells_how_bad_what_and_for_how_long() -> None:
    row = text(finding_row(finding(Severity.ERROR), 1060.0, 90), 90)
    assert row.startswith(" ✖ error   The path cuts")
    assert row.endswith("60 s")
    assert text(finding_row(finding(), 1060.0, 90), 90).startswith(" ▲ warning ")
    assert text(finding_row(finding(Severity.INFO), 1060.0, 90), 90).startswith(" ● info ")


@pytest.mark.parametrize(("age_s", "told"), [(0.9, "0 s"), (119.0, "119 s"), (125.0, "2 min"), (7300.0, "2 h")])
def test_an_age_has_its_unit(age_s: float, told: str) -> None:
    assert text(finding_row(finding(), 1000.0 + age_s, 90), 90).endswith(f" {told}")


def test_a_cleared_finding_is_told_as_such_and_dim() -> None:
    row = finding_row(finding(until=1020.0), 1060.0, 90)
    assert text(row, 90).startswith(" ○ cleared ")
    assert text(row, 90).endswith("40 s ago")
    assert {role for _, role in (*row.lead, *row.body, *row.tail)} == {"dim"}


def test_a_narrow_row_keeps_the_symbol_and_gives_the_sentence_its_room() -> None:
    assert text(finding_row(finding(Severity.ERROR), 1060.0, 60), 60).startswith(" ✖ The path")


def test_badges_count_what_stands_by_severity() -> None:
    state = call(
        finding(Severity.ERROR), finding(Severity.ERROR), finding(), finding(Severity.INFO), finding(until=1001.0)
    )
    assert [badge.span() for badge in badges(state)] == [(" ✖ 2 errors ", "badge-bad"), (" ▲ 1 warning ", "badge-warn")]
    assert [badge.span(short=True)[0] for badge in badges(state)] == [" ✖ 2 ", " ▲ 1 "]
    assert [words for _, words in tally(state.findings.standing)] == ["2 errors", "1 warning", "1 info"]
    assert badges(call()) == []


def test_a_badge_is_filled_only_while_it_is_so() -> None:
    assert badges(call(finding(Severity.ERROR, fading=True)))[0].span() == (" ✖ 1 error ", "bad")
    both = call(finding(Severity.ERROR, fading=True), finding(Severity.ERROR))
    assert badges(both)[0].span() == (" ✖ 2 errors ", "badge-bad")


def test_marks_stand_where_findings_were_raised_the_worst_of_each_column() -> None:
    state = call(
        finding(Severity.ERROR, raised=(1030.2,)), finding(raised=(900.0, 1030.4, 1059.0)), finding(Severity.INFO)
    )
    assert finding_marks(state, 60.0, 60) == {29: ("✖", "bad"), 58: ("▲", "warn")}


@pytest.mark.parametrize(("at", "column"), [(1060.0, 59), (1059.9, 58), (1001.0, 0), (1000.9, None), (1061.5, None)])
def test_a_moment_has_the_column_of_the_frames_that_came_then(at: float, column: int | None) -> None:
    assert column_of(at, 1060.0, 60.0, 60) == column


def test_in_full_it_has_evidence_remedy_and_meaning_as_plain_text() -> None:
    told = "\n".join(text(row, 90) for row in finding_page(finding(raised=(950.0, 1000.0)), call()))
    for part in ("idle_timeout", "idle limit", "twice [red]so[/]␛[2J", "→ Set --ping-interval 20", "2 times: "):
        assert part in told
    assert "no longer to be seen" not in told
    assert "no longer to be seen" in "\n".join(text(row, 90) for row in finding_page(finding(fading=True), call()))


def test_a_rule_of_another_version_is_told_without_its_meaning() -> None:
    told = "\n".join(text(row, 90) for row in finding_page(finding(rule="of_tomorrow"), call()))
    assert "of_tomorrow" in told


def test_rows_of_a_page_keep_to_their_width() -> None:
    for width in (30, 60, 96):
        for row in finding_page(finding(), call()):
            assert all(cells(line) == width for line in paint(row, width))
