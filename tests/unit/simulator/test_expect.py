"""Expectations against a report."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.simulator.expect import Condition, Expectation, unmet

REPORT: dict[str, Any] = {
    "verdict": "degraded",
    "link": {"outages": 2, "close_codes": {"1006": 2}, "log": [{"cause": "stale"}, {"cause": "abnormal_closure"}]},
    "audio": {"inbound": {"mos": 4.1, "batched": False, "drift_ppm": None}},
}


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("exit_code", 1),
        ("verdict", "degraded"),
        ("verdict", Condition(any=("degraded", "failed"))),
        ("link.outages", Condition(min=1, max=2)),
        ("link.close_codes.1006", 2),
        ("link.log.1.cause", "abnormal_closure"),
        ("link.log.*.cause", Condition(has=("stale", "abnormal_closure"))),
        ("link.log.*.cause", Condition(lacks=("token_expiry",), count=2)),
        ("audio.inbound.mos", Condition(min=4)),
        ("audio.inbound.batched", False),
    ],
)
def test_a_report_meets_what_it_meets(path: str, wanted: Expectation) -> None:
    assert unmet({path: wanted}, REPORT, 1) == []


@pytest.mark.parametrize(
    ("path", "wanted", "problem"),
    [
        ("exit_code", 0, "exit_code is 1, not 0"),
        ("verdict", "healthy", "verdict is 'degraded', not 'healthy'"),
        ("verdict", Condition(any=("healthy",)), "verdict is 'degraded', not one of ['healthy']"),
        ("link.outages", Condition(min=3), "link.outages is 2, below 3"),
        ("link.outages", Condition(max=1), "link.outages is 2, above 1"),
        ("link.log.*.cause", Condition(has=("token_expiry",)), "lacks ['token_expiry']"),
        ("link.log.*.cause", Condition(lacks=("stale",)), "has ['stale']"),
        ("link.log.*.cause", Condition(count=0), "not 0 of them"),
        ("verdict", Condition(count=0), "verdict is 'degraded', no list"),
        ("link.log.7.cause", "stale", "link.log.7.cause is None, not 'stale'"),
        ("audio.inbound.drift_ppm", Condition(min=1), "audio.inbound.drift_ppm is None, no number"),
        ("audio.inbound.batched", Condition(min=0), "is False, no number"),
        ("no.such.path", 1, "no.such.path is None, not 1"),
    ],
)
def test_a_report_that_falls_short_is_told_where(path: str, wanted: Expectation, problem: str) -> None:
    (line,) = unmet({path: wanted}, REPORT, 1)
    assert problem in line


def test_a_condition_must_say_something() -> None:
    with pytest.raises(ValueError, match="must say min, max, any, has, lacks or count"):
        Condition()
