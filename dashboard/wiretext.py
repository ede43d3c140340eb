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

_URL_TOKEN = re.compile(r"(?i)\b[0-9a-f]{64}\b")
"""The token of a Cognigy endpoint, which stands in the path of its address."""

_GAP = "[ ()/.\u00a0\u202f\u2010-\u2013-]{0,3}"
_PHONE = re.compile(
    rf"""(?ix)
    \b (?: order | invoice | tracking | parcel | ticket | case | reference | contract | customer | booking
         | (?: auftrags | bestell | rechnungs | sendungs | paket | ticket | vorgangs | vertrags | kunden ) (?= -? n ) )
       \s* -? (?: number | nummer | no\b | nr\b | id\b | \# ) [.:]?
       (?: \s+ (?: is | was | ist | war | lautet ) )? [\s:]* (?P<other> \d (?: [ .-]? \d )* )
    | (?<! [\w.:+-] ) (?:
        \(? \+ [1-9] (?: {_GAP} \d ){{7,14}}
      | \(? 00 [1-9] (?: {_GAP} \d ){{8,13}}
      | \(? 0 [1-9] (?: {_GAP} \d ){{7,12}}
      | (?: \( 0 \d{{2,4}} \) | 0 [ ]? \d{{2,4}} [ ]? / ) [ /-]{{0,3}} \d [ \d]{{1,8}} \d
      | (?: 1 [ .-] )? (?: \( [2-9]\d\d \) [ ]? | [2-9]\d\d [ .\u2010-\u2013-]{{1,2}} )
        [2-9]\d\d [ .\u2010-\u2013-] \d{{4}}
    ) (?! [\w-] )
    """
)
_STAYS = re.compile(
    r"""(?xi) (
        (?<![\w-]) [0-9a-f]{8} (?: -[0-9a-f]{4} ){3} -[0-9a-f]{12} (?![\w-])  # UUID
      | (?<![\w.]) \d{1,3} (?: \.\d{1,3} ){3} (?! \w | \.\d )  # IPv4
      | (?<![\w-]) \d{4}-\d\d-\d\d (?! [\d-] )  # 2030-01-31
      | (?<![\w.]) (?: 0?[1-9] | [12]\d | 3[01] )\.(?: 0?[1-9] | 1[0-2] )\.  # 31.1.2030, 31.1.
        (?: \d{4} | \d\d )? (?! \w | \.\d )
      | (?<![\w/-]) \d\d? (?P<bar> [/-] ) \d\d? (?P=bar) (?: \d{4} | \d\d ) (?! [\w/-] )  # 1/31/2030
      | (?<! [\d:.] ) \d\d?:\d\d (?: :\d\d (?: [.,]\d+ )? )? (?! [\d:] )  # 10:00:00.000
      | (?<! [\d.] ) (?: [01]?\d | 2[0-3] )\.[0-5]\d  # 9.00-10.00 Uhr
        (?= \s? (?: Uhr | (?: bis | [-\u2013] ) \s? \d\d?\.\d\d \s? Uhr ) )
    )"""
)
"""Evidence that could be taken for somebody's number: dates, times, addresses of machines."""


def evidence_apart(text: str) -> list[str]:
    """Part `text` so that every other piece, from the second on, is a date, a time, a UUID or an address."""
    pieces = _STAYS.split(text)
    del pieces[2::3]  # what the inner group found
    return pieces


def without_phones(text: str, instead: str) -> str:
    """Replace phone numbers: international, with a trunk prefix, or North American with area code.

    What is said to be the number of an order, a ticket and the like stays.
    """
    if _ENOUGH.search(text) is None:
        return text
    pieces = evidence_apart(text)
    pieces[::2] = [_PHONE.sub(lambda found: found[0] if found["other"] else instead, piece) for piece in pieces[::2]]
    return "".join(pieces)


_ENOUGH = re.compile(r"\d(?:[^\d\n]{0,3}\d){6}")
"""The digits of the shortest phone number."""


def redact(text: str) -> str:
    """Replace tokens, secrets, URL queries and phone numbers by `***`."""
    text = _URL_USER.sub(r"\g<scheme>***@", text)
    text = _URL_QUERY.sub(r"\g<base>?***", text)
    text = _SECRETS.sub(r"\g<key>***", text)
    text = _URL_TOKEN.sub("***", text)
    return without_phones(text, "***")


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
