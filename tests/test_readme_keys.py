"""The README's table of keys is the one that the screen is made from."""

from __future__ import annotations

from tests.keys_table import table, written


def test_the_table_of_keys_is_up_to_date() -> None:
    assert written() == table(), "run: python -m tests.keys_table"
