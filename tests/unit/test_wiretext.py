"""Text from the wire: without secrets when it comes in, without control characters when it is shown."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.wiretext import TEXT_LIMIT, clean, redact, safe_url, visible


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Authorization: Bearer abcdef.ghi", "Authorization: Bearer ***"),
        ('{"authorization": "Basic YWFhYWE6YmJi"}', '{"authorization": "Basic ***"}'),
        ("authorization=s3cr3t", "authorization=***"),
        ('{"access_token":"tk-7f00","x":1}', '{"access_token":"***","x":1}'),
        ("client_secret=hunter2&grant_type=x", "client_secret=***&grant_type=x"),
        ("bearer eyJhbGciOi.J9.x_y-z", "bearer ***"),
        ("wss://bridge.example.net/ws?sig=abc&x=1 failed", "wss://bridge.example.net/ws?*** failed"),
        ("https://user:pass@host/path", "https://***@host/path"),
    ],
)
def test_secrets_are_replaced(text: str, redacted: str) -> None:
    assert redact(text) == redacted


PHONES = (
    "+49 151 2345678",
    "+49 (0)171 2345678",
    "+49(0)171/2345678",
    "(+49) 171 2345678",
    "+4917112345678",
    "+44 20 7946 0958",
    "+1 (415) 555-0142",
    "+1 415 555 0142",
    "+33 1 23 45 67 89",
    "0049 171 2345678",
    "0151 234 56 78",
    "01512345678",
    "(0301) 2345678",
    "(0711) 4711",
    "0711/4711",
    "0711 / 47 11 00",
    "0 30 / 90 18 20",
    "030 901820",
    "020 7946 0958",
    "01.23.45.67.89",
    "(555) 234-5678",
    "(555)234-5678",
    "555-234-5678",
    "555.234.5678",
    "1-800-555-0199",
    "415\u2011555\u20110142",
    "0171\u00a02345678",
)
"""Whole numbers, as they are written: international, with a trunk prefix, North American."""

NO_PHONES = (
    "the bearer of good news",
    "basic training starts at 9",
    "the token is gone",
    "parcel 4711 0815",
    "tracking number 00340434123456789012",
    "order number 0171 2345678",
    "order no. 0123456789",
    "invoice #0123456789",
    "Bestellnummer 0123 456789",
    "Auftrags-Nr. 0123456789",
    "Sendungsnummer: 0123456789012",
    "invoice 2026-11-21, 12:03:20",
    "01.01.2030 10:00",
    "am 01.01. um 10:00, Vorgang 12345",
    "vom 01.01.2030 bis 02.01.2030",
    "01/02/2030 10:00:00 and 02-01-2030 09:30",
    "09.00-12.00 Uhr oder 14.00 Uhr",
    "09.00 bis 12.00 Uhr oder 14.00 Uhr",
    "1.234.567,89 EUR or 1,234,567.89 USD",
    "0.123456789 s and 0.1 0.2 0.3 0.4 0.5",
    "0012345678",
    "1900000000 and 1900000000123",
    "192.168.10.20:8080",
    "2001:db8::1234:5678",
    "00000000-0123-4567-8901-234567890123",
    "version 1.2.3.4.5.6",
    "closed 1006, 4401, 1011; 10 20 30 40 ms",
    "555-0142",
)
"""Dates, times, amounts, order numbers, addresses; and what could be a phone number or anything else."""


@pytest.mark.parametrize("phone", PHONES)
def test_a_phone_number_is_replaced_wherever_it_stands(phone: str) -> None:
    assert redact(phone) == "***"
    assert redact(f"call me at {phone}.") == "call me at ***."
    assert redact(f"am 01.01.2030 10:00 unter {phone}, bitte") == "am 01.01.2030 10:00 unter ***, bitte"


@pytest.mark.parametrize("text", NO_PHONES)
def test_what_is_no_phone_number_stays(text: str) -> None:
    assert redact(text) == text
    assert redact(f"it is {text}, yes") == f"it is {text}, yes"


@given(
    st.datetimes(),
    st.datetimes(),
    st.sampled_from(["%d.%m.%Y %H:%M", "%d.%m. %H:%M", "%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M"]),
)
def test_two_moments_in_a_row_stay(one: datetime, other: datetime, form: str) -> None:
    text = f"from {one.strftime(form)} to {other.strftime(form)}"
    assert redact(text) == text


def test_a_long_text_is_cut_and_the_rest_counted() -> None:
    assert clean("x" * 5000) == "x" * TEXT_LIMIT + "… (+3000 more)"


def test_a_secret_across_the_cut_does_not_come_through() -> None:
    text = "x" * (TEXT_LIMIT - 10) + " client_secret=abcdefghijklmnop"
    assert "abcdef" not in clean(text)


@given(st.text(), st.integers(1, 300))
def test_a_clean_text_is_bounded_whatever_came(text: str, limit: int) -> None:
    assert len(clean(text, limit)) <= limit + len(f"… (+{len(text)} more)")


def test_escape_sequences_are_shown_and_not_obeyed() -> None:
    assert visible("\x1b[31mred\x07\r\n\t\x7f") == "␛[31mred␇␍↵→␡"


@pytest.mark.parametrize(
    ("char", "shown"),
    [
        ("\u202e", "<U+202E>"),
        ("\u200b", "<U+200B>"),
        ("\x9b", "<U+009B>"),
        ("\ufeff", "<U+FEFF>"),
        ("\ud800", "<U+D800>"),
    ],
)
def test_invisible_and_direction_characters_are_named(char: str, shown: str) -> None:
    assert visible(f"a{char}b") == f"a{shown}b"


def test_letters_of_every_script_stay() -> None:
    assert visible("Grüße, 日本, עברית, 🙂") == "Grüße, 日本, עברית, 🙂"


@given(st.text())
def test_what_is_shown_holds_no_control_character(text: str) -> None:
    assert visible(text).isprintable()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("wss://bridge.example.net/ws?sig=abc#x", "wss://bridge.example.net/ws"),
        ("https://me:secret@host:8443/a", "https://host:8443/a"),
        ("ws://[::1", "(unreadable address)"),
    ],
)
def test_an_address_is_shown_without_query_and_credentials(url: str, shown: str) -> None:
    assert safe_url(url) == shown


def test_the_token_of_an_endpoint_does_not_pass_in_an_address_or_by_itself() -> None:
    token = "4bE1c0de" * 8
    assert clean(f"https://endpoint-trial.cognigy.ai/test/{token}") == "https://endpoint-trial.cognigy.ai/test/***"
    assert clean(f"it is {token}.") == "it is ***."
    assert clean(token[:-1]) == token[:-1]
