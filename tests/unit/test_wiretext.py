"""Text from the wire: without secrets when it comes in, without control characters when it is shown."""

from __future__ import annotations

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
        ("call me at +49 151 2345678.", "call me at ***."),
        ("0151 234 56 78", "***"),
        ("(0301) 2345678", "***"),
        ("it is (555) 234-5678", "it is ***"),
    ],
)
def test_secrets_and_phone_numbers_are_replaced(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "the bearer of good news",
        "basic training starts at 9",
        "parcel 4711 0815",
        "tracking number 00340434123456789012",
        "invoice 2026-11-21, 12:03:20",
        "the token is gone",
        "192.168.10.20:8080",
    ],
)
def test_ordinary_speech_stays_as_it_is(text: str) -> None:
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
