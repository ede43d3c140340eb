"""What `doctor` prints, as rows of a page: its lines come as text, and are taken apart again at their columns."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dashboard.ui.draw.page import empty
from dashboard.ui.draw.spans import Role, Row, Span

_STEP = re.compile(r"(\S) (\w+) +(?:([\d.]+ m?s) +)?(\w+)  +(.*)")
_ROLES: dict[str, Role] = {"ok": "good", "failed": "bad", "warning": "warn", "skipped": "dim"}
_LABELS: dict[str, Role] = {"cause": "bad", "remedy": "good"}
_LABEL = 8
_OUTCOME, _TOOK, _CHECK = 9, 8, 10


def doctor_rows(lines: Iterable[str]) -> list[Row]:
    """Return a row for every step, and one for every paragraph of the conclusion."""
    rows: list[Row] = []
    for line in lines:
        if rows and line.startswith(" " * _LABEL) and line.strip() and _is_paragraph(rows[-1]):
            rows[-1] = Row(rows[-1].lead, (*rows[-1].body, (f" {line.strip()}", "text")))
        else:
            rows.append(_row(line))
    return rows


def _row(line: str) -> Row:
    step = _STEP.fullmatch(line)
    if step is not None and step[2] in _ROLES:
        symbol, outcome, took, check, detail = step.groups()
        role = _ROLES[outcome]
        lead: tuple[Span, ...] = (
            (f"{symbol} {outcome:<{_OUTCOME}}", role),
            (f"{took or '':>{_TOOK}}  ", "dim"),
            (f"{check:<{_CHECK}}", "dim"),
        )
        return Row(lead, ((detail, "dim" if role == "dim" else "text"),))
    label, _, text = line.partition(" ")
    if label in _LABELS:
        return Row(((f"{label:<{_LABEL}}", _LABELS[label]),), ((text.strip(), "text"),))
    return Row(body=((line, "text"),)) if line else empty()


def _is_paragraph(row: Row) -> bool:
    return len(row.lead) == 1 and row.lead[0][0].strip() in _LABELS
