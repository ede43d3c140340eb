"""Lines of keys in a TOML text."""

from __future__ import annotations

from dashboard.simulator.toml_lines import line_numbers, line_of

TEXT = '''# a comment with key = "value"
name = "x"
"quoted key" = 1
long = """
name = "inside"
[not.a.table]
"""

[audio] # trailing
rate = 8000
[[turn]]
who = "bot"
[[turn]]
  who = "caller"
list = [
  1,
]
'''


def test_keys_tables_and_arrays_of_tables_are_found() -> None:
    lines = line_numbers(TEXT)
    assert lines == {
        ("name",): 2,
        ("quoted key",): 3,
        ("long",): 4,
        ("audio",): 9,
        ("audio", "rate"): 10,
        ("turn", 0): 11,
        ("turn", 0, "who"): 12,
        ("turn", 1): 13,
        ("turn", 1, "who"): 14,
        ("turn", 1, "list"): 15,
    }


def test_what_has_no_line_of_its_own_belongs_to_what_holds_it() -> None:
    lines = line_numbers(TEXT)
    assert line_of(lines, ("turn", 1, "list", 0)) == 15
    assert line_of(lines, ("turn", 0, "text")) == 11
    assert line_of(lines, ("nowhere",)) == 1


def test_a_long_string_that_opens_and_closes_on_one_line_hides_nothing() -> None:
    assert line_numbers('a = """x"""\nb = 1\n') == {("a",): 1, ("b",): 2}
