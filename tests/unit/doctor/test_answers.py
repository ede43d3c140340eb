"""What answers mean, as arithmetic."""

from __future__ import annotations

import pytest

from dashboard.call.events import Cause
from dashboard.doctor import answers
from dashboard.doctor.steps import Outcome, Place, StepResult, examination_object, exit_code
from dashboard.resilience.retry import Failure
from dashboard.transport.certificate import Certificate, Session

HOST = Place("API host", "--base-url", "api.test", 443)
NOW = 1_900_000_000.0
DAY = 86400.0


def session(*ends: float) -> Session:
    chain = tuple(Certificate(f"c{n}", "CA", ("api.test",), NOW - DAY, end) for n, end in enumerate(ends))
    return Session("TLSv1.3", chain)


@pytest.mark.parametrize(
    ("left_s", "days", "outcome"),
    [
        (90 * DAY, 90, Outcome.OK),
        (14 * DAY + 1, 14, Outcome.OK),
        (14 * DAY - 1, 13, Outcome.WARNING),
        (1.0, 0, Outcome.WARNING),
    ],
)
def test_days_left_are_whole_days(left_s: float, days: int, outcome: Outcome) -> None:
    step = answers.secured(HOST, session(NOW + left_s), NOW, 0.01)
    assert (step.facts["days_left"], step.outcome) == (days, outcome)


def test_the_first_certificate_of_the_chain_to_end_counts() -> None:
    assert answers.secured(HOST, session(NOW + 90 * DAY, NOW + 30 * DAY), NOW, 0.01).facts["days_left"] == 30


def test_skew_is_taken_from_the_middle_of_the_exchange() -> None:
    date = "Sun, 17 Mar 2030 17:46:40 GMT"  # NOW
    assert answers.skew_of(date, NOW, NOW + 1.0) == pytest.approx(0.0)
    assert answers.skew_of(date, NOW + 60, NOW + 61.0) == pytest.approx(60.0)
    assert answers.skew_of("", NOW, NOW) is None
    assert answers.skew_of("yesterday", NOW, NOW) is None


@pytest.mark.parametrize(
    ("skew_s", "words"),
    [
        (0.4, "ours and that of api.test agree to the second"),
        (-12.0, "ours and that of api.test agree within 12 s"),
        (-45.0, "ours is 45 s behind that of api.test"),
        (7200.0, "ours is 2 h ahead of that of api.test"),
    ],
)
def test_a_skew_is_told_in_words(skew_s: float, words: str) -> None:
    assert answers.clock_read(HOST, skew_s).detail == words


def test_a_first_address_that_is_dead_is_a_warning() -> None:
    step = answers.reached(HOST, "192.0.2.1", ["2001:db8::1", "192.0.2.1"], 5.0)
    assert step.outcome is Outcome.WARNING
    assert step.diagnosis is not None
    assert step.diagnosis.cause == "address_dead"


def test_an_ipv6_host_is_told_in_brackets() -> None:
    assert Place("API host", "--base-url", "2001:db8::1", 443).where == "[2001:db8::1]:443"


# -- the whole ------------------------------------------------------------------------------------------------


def test_an_examination_without_fault_is_healthy() -> None:
    told = examination_object([answers.ponged(0.0123)])
    assert told == {
        "version": 1,
        "verdict": "healthy",
        "interrupted": False,
        "cause": None,
        "summary": None,
        "remedy": None,
        "steps": [
            {
                "name": "ping",
                "ok": True,
                "took_ms": 12.3,
                "detail": "answered",
                "facts": {"rtt_ms": 12.3},
                "cause": None,
                "remedy": None,
            }
        ],
    }


def test_a_warning_counts_unless_the_way_ends_later() -> None:
    warning = answers.clock_read(HOST, 3600.0)
    skipped = answers.not_secured(HOST)
    assert examination_object([warning, skipped])["verdict"] == "degraded"
    assert examination_object([warning, skipped])["steps"][1]["ok"] is None
    assert exit_code([warning, skipped]) == 1
    ended: list[StepResult] = [warning, answers.silent(10.0), answers.no_proxy(Failure(Cause.PROXY_REFUSED, "no"))]
    assert examination_object(ended)["verdict"] == "failed"
    assert examination_object(ended)["cause"] == "proxy_unusable"
    assert exit_code(ended) == 4
