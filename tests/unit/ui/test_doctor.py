"""What doctor prints, taken apart again for the screen."""

from __future__ import annotations

import pytest

from dashboard.cli.doctor import conclusion, step_line
from dashboard.doctor.steps import Check, Diagnosis, Outcome, StepResult
from dashboard.ui.draw.doctor import doctor_rows
from dashboard.ui.draw.spans import paint

REMEDY = "Raise the token duration of the OAuth client: the socket has to be replaced before each end. " * 2


@pytest.mark.parametrize("took_s", [None, 0.0468, 12.3])
@pytest.mark.parametrize(
    ("outcome", "role"),
    [(Outcome.OK, "good"), (Outcome.SKIPPED, "dim"), (Outcome.WARNING, "warn"), (Outcome.FAILED, "bad")],
)
@pytest.mark.parametrize("check", Check)
def test_a_step_is_known_by_its_columns(check: Check, outcome: Outcome, role: str, took_s: float | None) -> None:
    (row,) = doctor_rows([step_line(StepResult(check, "login host: 127.0.0.1, direct", outcome, took_s))])
    mark, took, name = row.lead
    assert mark[0].split()[1] == outcome.value
    assert mark[1] == role
    assert took[0].strip() == ("" if took_s is None else "46.8 ms" if took_s < 1 else "12.3 s")
    assert name[0].strip() == check.value
    assert [text for text, _ in row.body] == ["login host: 127.0.0.1, direct"]


def test_columns_stand_below_each_other_and_details_wrap_beside_them() -> None:
    results = [StepResult(check, "word " * 20, took_s=0.0123) for check in (Check.DNS, Check.SETTINGS)]
    for row in doctor_rows(map(step_line, results)):
        lines = ["".join(text for text, _ in line) for line in paint(row, 80)]
        assert len(lines) > 1
        assert {line.index("word") for line in lines} == {31}


def test_cause_and_remedy_are_a_paragraph_each_however_they_were_wrapped() -> None:
    result = StepResult(
        Check.TOKEN, "granted", Outcome.WARNING, diagnosis=Diagnosis("short", "the token lives", REMEDY)
    )
    rows = doctor_rows(conclusion([result]).splitlines())
    told = ["".join(text for text, _ in (*row.lead, *row.body)) for row in rows]
    assert told == ["", "cause   the token lives", f"remedy  {REMEDY.strip()}"]


def test_another_line_is_shown_as_it_is() -> None:
    (row,) = doctor_rows(["healthy: a call can be made"])
    assert [text for text, _ in row.body] == ["healthy: a call can be made"]
