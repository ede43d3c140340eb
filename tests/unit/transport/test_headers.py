from __future__ import annotations

import pytest

from dashboard.transport.headers import notable


def test_only_what_says_who_answered_and_what_it_wants_is_kept() -> None:
    headers = [("server", "nginx"), ("Set-Cookie", "session=1"), ("X-Echo", "t0ken"), ("cf-ray", "8a1-FRA")]
    limit = [("inin-ratelimit-count", "240")]
    assert notable([*headers, *limit]) == {"Server": "nginx", "CF-Ray": "8a1-FRA", "ININ-RateLimit-Count": "240"}


def test_of_a_repeated_header_the_first_counts() -> None:
    assert notable([("Retry-After", "7"), ("retry-after", "9")]) == {"Retry-After": "7"}


def test_a_redirect_is_told_without_its_query() -> None:
    assert notable([("Location", "wss://else.test/ws?sig=s3cr3t#x")]) == {"Location": "wss://else.test/ws"}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ('Bearer realm="x y", error="invalid_token", error_description="t0ken is old"', "Bearer invalid_token"),
        ("Basic realm=api", "Basic"),
        ("?!", ""),
    ],
)
def test_a_challenge_is_told_by_its_scheme_and_error_code(value: str, told: str) -> None:
    assert notable([("WWW-Authenticate", value)]) == {"WWW-Authenticate": told}


def test_values_are_bounded_and_without_secrets() -> None:
    found = notable([("Server", "x" * 1000), ("Via", "token=abcdefgh")])
    assert len(found["Server"]) < 150
    assert found["Via"] == "token=***"
