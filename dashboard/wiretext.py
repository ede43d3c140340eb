"""Text from the wire is hostile until it has been through here.

`clean` when it comes in (bounded, no secrets), `visible` when it is shown (no control characters).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

TEXT_LIMIT = 2000
"""Characters that one text of a fact keeps; the rest is counted."""

_SECRETS = re.compile(
    r"""(?ix)
    (?P<key>
        \b (?: access_token | refresh_token | token | client_secret | secret | password
             | api[_-]?key | signature | sig )
        ["']? \s* [=:] \s* ["']?
      | \b authorization ["']? \s* [=:] \s* ["']? (?: (?: bearer | basic ) \s+ )?
      | \b (?: bearer | basic ) \s+ (?= [^\s"',;]* [0-9._=/+-] )  # "the bearer of news" is no token
    )
    (?P<value> [^\s"'&,;}]{4,} )
    """
)
_URL_QUERY = re.compile(r"(?i)\b(?P<base>(?:wss?|https?)://[^\s?#\"'<>]*)\?[^\s\"'<>]*")
_URL_USER = re.compile(r"(?i)\b(?P<scheme>(?:wss?|https?)://)[^\s/@\"'<>]+@")
PHONE = re.compile(
    r"""(?x) (?<![\w.:+-])
    (?: \(? (?: \+[1-9] | 00?[1-9] ) (?: [ ()/.-]{0,2} \d ){7,13}  # international, or with a trunk prefix
      | \(? [2-9]\d\d \)? [ .-]{1,2} [2-9]\d\d [ .-] \d{4}  # North American
    ) (?![\w-])
    """
)
"""A phone number in full: international, with a trunk prefix, or North American."""


def redact(text: str) -> str:
    """Replace tokens, secrets, URL queries and phone numbers by `***`."""
    text = _URL_USER.sub(r"\g<scheme>***@", text)
    text = _URL_QUERY.sub(r"\g<base>?***", text)
    text = _SECRETS.sub(r"\g<key>***", text)
    return PHONE.sub("***", text)


def clean(text: str, limit: int = TEXT_LIMIT) -> str:
    """Make a text from the wire fit to be kept: redacted, at most `limit` characters plus a note of what was cut."""
    kept = redact(text[: limit + 200])
    if len(text) <= limit and len(kept) <= limit:
        return kept
    return f"{kept[:limit]}… (+{len(text) - min(limit, len(text))} more)"


def visible(text: str) -> str:
    """Show control characters, escape sequences, bidi overrides and invisible characters as symbols."""
    if text.isprintable() and text.isascii():
        return text
    return "".join(_VISIBLE.get(char) or _symbol(char) for char in text)


def _symbol(char: str) -> str:
    if char.isprintable() and not 0xD800 <= ord(char) <= 0xDFFF:
        return char
    return f"<U+{ord(char):04X}>"


_VISIBLE = {chr(code): chr(0x2400 + code) for code in range(0x20)} | {"\x7f": "␡", "\n": "↵", "\t": "→", " ": " "}


def safe_url(url: str) -> str:
    """Return `url` without query, fragment and credentials, fit for screen and log."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        return visible(urlunsplit((parts.scheme, host, parts.path, "", "")))
    except ValueError:
        return "(unreadable address)"
