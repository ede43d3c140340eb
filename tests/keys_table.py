"""The README's table of keys, made from `ui/keys.py`: `python -m tests.keys_table` writes it anew."""

from __future__ import annotations

import re
from itertools import zip_longest
from pathlib import Path

from dashboard.ui.keys import KEYS, help_rows

README = Path(__file__).parent.parent / "README.md"
_BLOCK = re.compile(r"(?<=<!-- keys -->\n).*?(?=<!-- /keys -->)", re.DOTALL)
_KEY = re.compile(r"[^ –]+")


def table() -> str:
    """Return the table, two keys with what they do in a line, in the order of the help screen."""
    rows = [f"{_KEY.sub(_quoted, shown)} | {told}" for shown, told in help_rows(KEYS)]
    half = (len(rows) + 1) // 2
    pairs = zip_longest(rows[:half], rows[half:], fillvalue=" | ")
    return "\n".join(
        ["| key | | key | |", "| --- | --- | --- | --- |", *(f"| {one} | {two} |" for one, two in pairs), ""]
    )


def _quoted(key: re.Match[str]) -> str:
    return f"`{key[0]}`"


def written() -> str:
    """Return what the README has between its marks."""
    found = _BLOCK.search(README.read_text("utf-8"))
    assert found is not None, "README.md: the marks <!-- keys --> and <!-- /keys --> are gone"
    return found[0]


if __name__ == "__main__":
    README.write_text(_BLOCK.sub(lambda _: table(), README.read_text("utf-8")), "utf-8")
