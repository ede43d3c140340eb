"""How a finding looks: as a row, as badges, on the axis of time, and in full."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dashboard.call.findings.finding import Finding, Severity
from dashboard.call.findings.rules import RULES
from dashboard.call.state import CallState
from dashboard.ui.draw.page import bullet, empty, field, heading, paragraph
from dashboard.ui.draw.spans import Role, Row, Span
from dashboard.ui.draw.sparkline import column_of
from dashboard.ui.draw.units import clock, time_of_day

LOOKS: dict[Severity, tuple[str, Role]] = {
    Severity.ERROR: ("✖", "bad"),
    Severity.WARNING: ("▲", "warn"),
    Severity.INFO: ("●", "accent"),
}
_CLEARED = "○", "dim"
_BADGES: dict[Severity, Role] = {Severity.ERROR: "badge-bad", Severity.WARNING: "badge-warn"}
_MEANS = {rule.name: rule.means for rule in RULES}

_WORD_FROM = 44
"""Cells from which a row has room for the severity in words."""
_MOMENTS = 8


def finding_row(finding: Finding, now: float, width: int) -> Row:
    """Return the row of a finding: how bad, what, and for how long it has stood."""
    symbol, role = _look(finding)
    word = f"{_word(finding):<8}" if width >= _WORD_FROM else ""
    since = now - finding.since if finding.until is None else now - finding.until
    age = clock(since) if finding.stands else f"{clock(since)} ago"
    text: Role = "text" if finding.stands and not finding.fading else "dim"
    return Row(((f" {symbol} {word}", role),), ((finding.summary, text),), ((age, "dim"),))


def _look(finding: Finding) -> tuple[str, Role]:
    return LOOKS[finding.severity] if finding.stands else ("○", "dim")


def _word(finding: Finding) -> str:
    return finding.severity.value if finding.stands else "cleared"


def tally(findings: Iterable[Finding]) -> list[tuple[Severity, str]]:
    """Return how many of each severity there are, worst first: `2 errors`, `1 warning`; nothing for none."""
    found = list(findings)
    counts = [(severity, sum(finding.severity is severity for finding in found)) for severity in LOOKS]
    return [(severity, _plural(number, severity.value)) for severity, number in counts if number]


def _plural(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 or word == Severity.INFO else f"{number} {word}s"


def badges(call: CallState) -> list[Span]:
    """Return the badges of what stands; mere information has none."""
    return [
        (f" {text} ", _BADGES[severity])
        for severity, text in tally(call.findings.standing)
        if severity is not Severity.INFO
    ]


def finding_marks(call: CallState, window_s: float, count: int) -> dict[int, Span]:
    """Return the columns, of `count` that end now, in which errors and warnings were raised; the worst of each."""
    marks: dict[int, Span] = {}
    for finding in reversed(call.findings.standing + call.findings.past):
        if finding.severity is Severity.INFO:
            continue
        for at in finding.raised:
            column = column_of(at, call.now, window_s, count)
            if column is not None:
                marks[column] = LOOKS[finding.severity]
    return marks


# -- in full ------------------------------------------------------------------------------------------------


def finding_page(finding: Finding, call: CallState) -> list[Row]:
    """Return everything that is known of a finding."""
    symbol, role = _look(finding)
    return [
        paragraph((f"{symbol} {finding.severity.value}  ", role), (finding.summary, "strong")),
        empty(),
        field("since", (f"{time_of_day(call.wall_at(finding.since))}, {finding.age_words(call.now)}", "text")),
        *([field("", ("its sign is gone; cleared when it stays away", "dim"))] if finding.fading else []),
        field("raised", (_moments(finding.raised, call), "text")),
        field("rule", (finding.rule, "text")),
        field("", (_MEANS.get(finding.rule, ""), "dim")),
        empty(),
        heading("evidence"),
        *(bullet(text) for text in finding.evidence),
        empty(),
        heading("what to do"),
        paragraph(("  → ", "good"), (finding.remedy, "text")),
    ]


def _moments(raised: Sequence[float], call: CallState) -> str:
    times = "once" if len(raised) == 1 else f"{len(raised)} times"
    shown = [time_of_day(call.wall_at(at)) for at in raised[-_MOMENTS:]]
    return f"{times}: {'… ' if len(raised) > _MOMENTS else ''}{', '.join(shown)}"
