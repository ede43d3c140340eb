"""How figures are written."""

from __future__ import annotations

import pytest

from dashboard.call.units import clock, count, dbfs, millis, percent, ppm, span


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.0, "0.0"),
        (0.00042, "0.4"),
        (0.0999, "99.9"),
        (0.99994, "999.9"),
        (1.2345, "1234"),
        (-0.0021, "−2.1"),
    ],
)
def test_milliseconds_have_a_decimal_below_a_second(seconds: float | None, text: str) -> None:
    assert millis(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.8014, "801 ms"),
        (0.9996, "1.0 s"),
        (4.25, "4.2 s"),
        (59.96, "00:59"),
        (75, "01:15"),
        (3723, "1:02:03"),
    ],
)
def test_a_length_of_time_is_as_exact_as_it_is_worth(seconds: float | None, text: str) -> None:
    assert span(seconds) == text


def test_a_clock_shows_hours_only_when_there_are_any() -> None:
    assert [clock(0), clock(59.9), clock(600), clock(36000), clock(-3)] == [
        "00:00",
        "00:59",
        "10:00",
        "10:00:00",
        "00:00",
    ]


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (None, "–"),
        (0.0, "0 %"),
        (0.0001, "<0.1 %"),
        (0.0031, "0.3 %"),
        (0.5, "50.0 %"),
        (0.99999, "99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_a_ratio_is_never_rounded_to_nothing_or_to_all(ratio: float | None, text: str) -> None:
    assert percent(ratio) == text


def test_what_rounds_to_nothing_has_no_minus() -> None:
    assert (millis(-0.00001), ppm(-0.4)) == ("0.0", "+0")


def test_levels_drift_and_counts_have_their_signs_and_separators() -> None:
    assert (dbfs(-23.14), dbfs(None), ppm(3.2), ppm(-12.0), count(12345), count(None)) == (
        "−23.1",
        "–",
        "+3",
        "−12",
        "12\u2009345",
        "–",
    )
