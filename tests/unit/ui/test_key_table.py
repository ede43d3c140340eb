"""The table that bindings, footer and help are made from."""

from __future__ import annotations

from dashboard.ui.app import CallScopeApp
from dashboard.ui.keys import EVERYWHERE, KEYS, bindings, footer_keys
from dashboard.ui.screens.call import CallScreen
from dashboard.ui.screens.help import help_text


def test_no_key_means_two_things() -> None:
    keys = [key for row in KEYS for key in row.keys.split(",")]
    assert len(keys) == len(set(keys))


def test_every_key_has_an_action_that_exists() -> None:
    for row in KEYS:
        name = row.action.partition("(")[0]
        owner = CallScopeApp if name.startswith("app.") else CallScreen
        assert hasattr(owner, f"action_{name.removeprefix('app.')}"), row


def test_every_key_is_bound_but_those_that_work_everywhere() -> None:
    assert {binding.action for binding in bindings()} == {row.action for row in KEYS} - set(EVERYWHERE)


def test_the_keys_are_those_that_the_design_names() -> None:
    shown = {key for row in KEYS for key in row.shown.split()}
    assert " ".join(sorted(shown)) == "/ 1 2 3 4 5 6 ? F F1 M b ctrl+c ctrl+p d e enter esc f g m p q r space t u w"


def test_help_says_something_about_every_key() -> None:
    text = help_text().plain
    assert [row for row in KEYS if row.help not in text] == []


def test_no_two_keys_of_the_footer_contend_for_a_place() -> None:
    places = [row.footer for row in footer_keys()]
    assert places == sorted(set(places))
    assert all(row.word for row in footer_keys())
