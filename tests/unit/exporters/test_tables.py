"""The timing as CSV."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from dashboard.call import events as ev
from dashboard.call.events import Event
from dashboard.exporters.report import Report
from dashboard.exporters.tables import COLUMNS, timing_rows
from tests.unit.exporters.told import report

ReportOn = Callable[..., Report]


def read(found: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(timing_rows(found)))


def test_every_frame_is_in_a_row_of_its_second(report_on: ReportOn) -> None:
    found = report_on("bad-day")
    rows = read(found)
    assert list(rows[0]) == list(COLUMNS)
    assert sum(int(row["frames"]) for row in rows) == found.call.inbound.pacing.measured
    assert (
        max(float(row["lateness_max_ms"]) for row in rows) == found.figures["audio"]["inbound"]["media_lag_ms"]["max"]
    )
    assert all(float(later["t_s"]) - float(earlier["t_s"]) >= 1.0 for earlier, later in pairwise(rows))


def test_a_row_says_when_it_was_and_how_loud(report_on: ReportOn) -> None:
    row = read(report_on("steady"))[2]
    assert (row["t_s"], row["width_s"], row["leg"]) == ("2", "1", "inbound")
    assert row["utc"].startswith("2030-")
    assert row["utc"].endswith("Z")
    caller, bot = row["level_dbfs"].split()
    assert caller.startswith("caller=-")
    assert bot.startswith("bot=-")


def test_a_name_is_no_formula(facts: Callable[..., tuple[Event, ...]]) -> None:
    told = [
        replace(fact, leg="=cmd|'/c calc'!A1", channels=("@a", "-b")) if isinstance(fact, ev.AudioReceived) else fact
        for fact in facts("steady", 3.0)
    ]
    (row, *_) = read(report(told))
    assert row["leg"] == "'=cmd|'/c calc'!A1"
    assert row["level_dbfs"].startswith("'@a=")
