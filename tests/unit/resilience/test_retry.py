from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.call.events import Cause, ClosedBy
from dashboard.resilience.retry import (
    RETRY_AFTER_LIMIT_S,
    Failure,
    LinkError,
    Reaction,
    Step,
    backoff,
    close_cause,
    exit_code,
    reaction_to,
    renewal_waits,
    retry_after,
    status_cause,
)

NOON = 1_893_492_000.0  # Tue, 01 Jan 2030 10:00:00 GMT


def test_waits_are_drawn_between_half_of_a_doubling_ceiling_and_all_of_it() -> None:
    assert list(islice(backoff(1, 30, lambda: 0.0), 7)) == [0.5, 1, 2, 4, 8, 15, 15]
    assert list(islice(backoff(1, 30, lambda: 1.0), 7)) == [1, 2, 4, 8, 16, 30, 30]


@given(st.floats(0.001, 1e6), st.floats(0.001, 1e6), st.floats(0, 1, exclude_max=True))
def test_no_wait_is_longer_than_the_cap_however_often_it_is_asked(base: float, cap: float, die: float) -> None:
    assert all(0 < wait <= cap for wait in islice(backoff(base, cap, lambda: die), 2000))


def test_renewals_are_tried_every_ten_seconds_then_every_minute() -> None:
    assert list(islice(renewal_waits(), 5)) == [10, 20, 40, 60, 60]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("12", 12.0),
        (" 12 ", 12.0),
        ("Tue, 01 Jan 2030 10:00:30 GMT", 30.0),
        ("Tue, 01 Jan 2030 09:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", RETRY_AFTER_LIMIT_S),
        ("999999999999", RETRY_AFTER_LIMIT_S),
        (None, None),
        ("", None),
        ("-5", None),
        ("nan", None),
        ("1e9", None),
        ("soon", None),
        ("9" * 5000, None),
        ("Tue, 99 Jan 2030 10:00:30 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date_and_never_parks_the_call(
    value: str | None, seconds: float | None
) -> None:
    assert retry_after(value, NOON) == seconds


@given(st.text(max_size=70))
def test_any_text_as_retry_after_is_survived(value: str) -> None:
    seconds = retry_after(value, NOON)
    assert seconds is None or 0 <= seconds <= RETRY_AFTER_LIMIT_S


@pytest.mark.parametrize(
    ("step", "status", "cause", "reaction"),
    [
        (Step.LOGIN, 400, Cause.CREDENTIALS_REFUSED, Reaction.STOP),
        (Step.LOGIN, 401, Cause.CREDENTIALS_REFUSED, Reaction.STOP),
        (Step.LOGIN, 403, Cause.CREDENTIALS_REFUSED, Reaction.STOP),
        (Step.LOGIN, 404, Cause.NOT_FOUND, Reaction.STOP),
        (Step.LOGIN, 429, Cause.RATE_LIMITED, Reaction.WAIT),
        (Step.LOGIN, 500, Cause.UNAVAILABLE, Reaction.WAIT),
        (Step.LOOKUP, 401, Cause.TOKEN_REJECTED, Reaction.NEW_TOKEN),
        (Step.LOOKUP, 403, Cause.PERMISSION_MISSING, Reaction.STOP),
        (Step.LOOKUP, 404, Cause.NOT_FOUND, Reaction.STOP),
        (Step.LOOKUP, 429, Cause.RATE_LIMITED, Reaction.WAIT),
        (Step.LOOKUP, 503, Cause.UNAVAILABLE, Reaction.WAIT),
        (Step.HANDSHAKE, 200, Cause.HANDSHAKE_REFUSED, Reaction.STOP),
        (Step.HANDSHAKE, 302, Cause.HANDSHAKE_REFUSED, Reaction.STOP),
        (Step.HANDSHAKE, 400, Cause.HANDSHAKE_REFUSED, Reaction.STOP),
        (Step.HANDSHAKE, 401, Cause.TOKEN_REJECTED, Reaction.NEW_TOKEN),
        (Step.HANDSHAKE, 403, Cause.PERMISSION_MISSING, Reaction.STOP),
        (Step.HANDSHAKE, 404, Cause.NOT_FOUND, Reaction.STOP),
        (Step.HANDSHAKE, 418, Cause.HANDSHAKE_REFUSED, Reaction.STOP),
        (Step.HANDSHAKE, 429, Cause.RATE_LIMITED, Reaction.WAIT),
        (Step.HANDSHAKE, 500, Cause.UNAVAILABLE, Reaction.WAIT),
        (Step.HANDSHAKE, 502, Cause.UNAVAILABLE, Reaction.WAIT),
        (Step.HANDSHAKE, 503, Cause.UNAVAILABLE, Reaction.WAIT),
    ],
)
def test_every_status_has_a_cause_and_a_reaction(step: Step, status: int, cause: Cause, reaction: Reaction) -> None:
    assert status_cause(step, status) is cause
    assert reaction_to(Failure(cause, "", status)) is reaction


@pytest.mark.parametrize("cause", [Cause.DNS, Cause.TCP_REFUSED, Cause.NETWORK, Cause.TIMEOUT, Cause.TLS])
def test_an_unreachable_host_is_tried_again(cause: Cause) -> None:
    assert reaction_to(Failure(cause, "")) is Reaction.WAIT


def test_a_forbidden_signed_url_calls_for_a_new_one() -> None:
    assert reaction_to(Failure(Cause.PERMISSION_MISSING, "", 403), signed=True) is Reaction.NEW_TOKEN


@pytest.mark.parametrize(("status", "reaction"), [(407, Reaction.STOP), (None, Reaction.STOP), (502, Reaction.WAIT)])
def test_a_proxy_that_refuses_is_final_and_one_that_reaches_nobody_is_not(
    status: int | None, reaction: Reaction
) -> None:
    assert reaction_to(Failure(Cause.PROXY_REFUSED, "", status)) is reaction


@given(st.integers(), st.sampled_from(ClosedBy))
def test_every_close_code_has_a_cause(code: int, closed_by: ClosedBy) -> None:
    assert close_cause(code, closed_by) in Cause


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (Cause.CREDENTIALS_REFUSED, 3),
        (Cause.TOKEN_REJECTED, 3),
        (Cause.APP_INACTIVE, 3),
        (Cause.NOT_FOUND, 3),
        (Cause.HANDSHAKE_REFUSED, 3),
        (Cause.DNS, 4),
        (Cause.TCP_REFUSED, 4),
        (Cause.TLS_CERTIFICATE, 4),
        (Cause.TIMEOUT, 4),
        (Cause.UNAVAILABLE, 4),
        (Cause.ATTEMPTS_EXHAUSTED, 4),
        (Cause.ABNORMAL_CLOSURE, 1),
        (Cause.UNEXPECTED, 1),
    ],
)
def test_a_cause_says_with_which_code_the_program_ends(cause: Cause, code: int) -> None:
    error = LinkError(Failure(cause, "what happened"))
    assert exit_code(cause) == error.exit_code == code
    assert str(error) == "what happened"


def test_refused_credentials_come_with_their_remedy() -> None:
    assert "region" in LinkError(Failure(Cause.CREDENTIALS_REFUSED, "login answered 401")).remedy


def test_a_refusal_is_told_with_what_genesys_support_asks_for_and_nothing_else_of_its_headers() -> None:
    headers = {"ININ-Correlation-Id": "9e9e-1", "Server": "gateway/1"}
    failure = Failure(Cause.PERMISSION_MISSING, "app lookup answered 403", 403, headers=headers)
    assert failure.told("call", 1.0, 1, None).correlation_id == "9e9e-1"
    assert Failure(Cause.DNS, "no such host").told("call", 1.0, 1, None).correlation_id == ""
    long = Failure(Cause.NOT_FOUND, "x", 404, headers={"ININ-Correlation-Id": "a" * 10_000})
    assert len(long.told("call", 1.0, 1, None).correlation_id) < 200
