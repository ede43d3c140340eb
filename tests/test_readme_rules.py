"""The README's table of findings is the one that the rules make."""

from __future__ import annotations

from tests.rules_table import table, written


def test_the_table_of_findings_is_up_to_date() -> None:
    assert written() == table(), "run: python -m tests.rules_table"
