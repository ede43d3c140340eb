"""How a finding looks: as a row, as badges, on the axis of time, and in full."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dashboard.call.findings.finding import Finding, Severity
from dashboard.call.state import CallState
from dashboard.ui.draw.badges import Badge
from dashboard.ui.draw.page import bullet, empty, field, heading, paragraph
from dashboard.ui.draw.spans import Role, Row, Span
from dashboard.ui.draw.sparkline import column_of
from dashboard.ui.draw.units import time_of_day

LOOKS: dict[Severity, tuple[str, Role]] = {
    Severity.ERROR: ("✖", "bad"),
    Severity.WARNING: ("▲", "warn"),
    Severity.INFO: ("●", "accent"),
}
_CLEARED = "○", "dim"

_WORD_FROM = 72
"""Cells from which a row has room for the severity in words."""
_MOMENTS = 8


def finding_row(finding: Finding, now: float, width: int) -> Row:
    """Return the row of a finding: how bad, what, and for how long it has stood."""
    symbol, role = _look(finding)
    word = f"{_word(finding):<8}" if width >= _WORD_FROM else ""
    age = _age(now - (finding.since if finding.until is None else finding.until))
    text: Role = "text" if finding.stands and not finding.fading else "dim"
    told = age if finding.stands else f"{age} ago"
    return Row(((f" {symbol} {word}", role),), ((finding.summary, text),), ((told, "dim"),))


def _age(seconds: float) -> str:
    """In whole numbers: an age that is read at a glance must not flicker."""
    whole = int(max(0.0, seconds))
    return f"{whole} s" if whole < 120 else f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h"


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


def badges(call: CallState) -> list[Badge]:
    """Return the badges of what stands; mere information has none."""
    standing = call.findings.standing
    return [
        Badge(f"{LOOKS[severity][0]} {text}", f"{LOOKS[severity][0]} {text.split()[0]}", LOOKS[severity][1], now=now)
        for severity, text in tally(standing)
        if severity is not Severity.INFO
        for now in [any(finding.severity is severity and not finding.fading for finding in standing)]
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


def _means(name: str) -> str:
    from dashboard.call.findings.rules import RULES  # not before the first frame

    return next((rule.means for rule in RULES if rule.name == name), "")


def finding_page(finding: Finding, call: CallState) -> list[Row]:
    """Return everything that is known of a finding."""
    symbol, role = _look(finding)
    return [
        paragraph((f"{symbol} {finding.severity.value}  ", role), (finding.summary, "strong")),
        field("", (_means(finding.rule), "dim")),
        field("since", (f"{time_of_day(call.wall_at(finding.since))}, {finding.age_words(call.now)}", "text")),
        *([field("", ("no longer to be seen; cleared if that stays so", "dim"))] if finding.fading else []),
        empty(),
        heading("evidence"),
        *(bullet(text) for text in finding.evidence),
        empty(),
        heading("what to do"),
        paragraph(("  → ", "good"), (finding.remedy, "text")),
        empty(),
        field("rule", (finding.rule, "dim")),
        field("raised", (_moments(finding.raised, call), "dim")),
    ]


def _moments(raised: Sequence[float], call: CallState) -> str:
    times = "once" if len(raised) == 1 else f"{len(raised)} times"
    shown = [time_of_day(call.wall_at(at)) for at in raised[-_MOMENTS:]]
    return f"{times}: {'… ' if len(raised) > _MOMENTS else ''}{', '.join(shown)}"
