"""Says less to the terminal for the same picture: a screen is often watched through a slow line.

Textual ends every piece of text with a reset and begins the next with all its attributes and both colours, some 35
bytes even where nothing changed. Here a piece says only what differs from the one before it (ECMA-48, SGR).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_SGR = re.compile(r"\x1b\[([\d;]*)m")
_DRAWS_NOTHING = re.compile(r"(?:\n|\x1b\[\d+;\d+H)*")
_OFF = {"1": "22", "3": "23", "4": "24", "7": "27"}
_ATTRIBUTES = frozenset("123456789") | {"21", "51", "52", "53"}
_ON_BLANKS = _ATTRIBUTES - set("1238")
"""What can be seen of a space, besides its background."""


class _Look(NamedTuple):
    """How text looks: attributes and both colours, as the parameters that ask for them; "" is the terminal's own."""

    attributes: frozenset[str] = frozenset()
    ink: str = ""
    ground: str = ""


_PLAIN = _Look()


def thrifty(text: str) -> str:
    """Return text with escape sequences that draws what `text` draws, and leaves the terminal as `text` leaves it.

    Each finds the terminal's own look in force: Textual ends what it writes with a reset.
    """
    pieces = _SGR.split(text)
    said = [pieces[0]]
    now = wanted = _PLAIN
    for codes, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        after = _after(wanted, codes)
        if after is None:
            return text
        wanted = after
        if not piece:
            continue
        if not _DRAWS_NOTHING.fullmatch(piece):
            seen = _seen(now, wanted) if piece.isspace() else wanted
            said.append(_change(now, seen))
            now = seen
        said.append(piece)
    said.append(_change(now, wanted))
    return "".join(said)


def _seen(now: _Look, wanted: _Look) -> _Look:
    """Return the look nearest to `now` in which a space looks as wanted."""
    if (now.attributes | wanted.attributes) & _ON_BLANKS:
        return wanted
    return now._replace(ground=wanted.ground)


@lru_cache(1024)
def _after(look: _Look, codes: str) -> _Look | None:
    """Return the look that `codes` make of another; None if they ask for something else than a look."""
    left = codes.split(";")[::-1]
    while left:
        code = left.pop()
        if code in ("", "0"):
            look = _PLAIN
        elif code in _ATTRIBUTES:
            look = look._replace(attributes=look.attributes | {code})
        elif code in ("38", "48"):
            count = {"5": 2, "2": 4}.get(left[-1] if left else "", 0)
            colour = ";".join([code, *(left.pop() for _ in range(min(count, len(left))))])
            look = look._replace(ink=colour) if code == "38" else look._replace(ground=colour)
        elif code.isdigit() and int(code) in (*range(30, 38), *range(90, 98)):
            look = look._replace(ink=code)
        elif code.isdigit() and int(code) in (*range(40, 48), *range(100, 108)):
            look = look._replace(ground=code)
        else:
            return None
    return look


@lru_cache(1024)
def _change(now: _Look, wanted: _Look) -> str:
    """Return the sequence that turns one look into another."""
    if now == wanted:
        return ""
    if wanted == _PLAIN:
        return "\x1b[0m"
    gone = now.attributes - wanted.attributes
    if _can_be_told_by_difference(now, wanted, gone):
        codes = [_OFF[code] for code in sorted(gone)]
    else:
        now, codes = _PLAIN, ["0"]
    codes += sorted(wanted.attributes - now.attributes)
    codes += [wanted.ink] * (wanted.ink != now.ink) + [wanted.ground] * (wanted.ground != now.ground)
    return f"\x1b[{';'.join(codes)}m"


def _can_be_told_by_difference(now: _Look, wanted: _Look, gone: frozenset[str]) -> bool:
    dims = "1" in gone and "2" in wanted.attributes  # 22 ends both
    fades = (now.ink and not wanted.ink) or (now.ground and not wanted.ground)
    return gone <= _OFF.keys() and not dims and not fades
