"""The table that bindings, footer and help are made from."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dashboard.ui.app import CallScopeApp
from dashboard.ui.keys import EVERYWHERE, KEYS, REPLAY_KEYS, Key, bindings, footer_keys
from dashboard.ui.screens.call import CallScreen
from dashboard.ui.screens.help import help_text
from dashboard.ui.screens.replay import ReplayScreen

tables = pytest.mark.parametrize(("table", "screen"), [(KEYS, CallScreen), (REPLAY_KEYS, ReplayScreen)])


@tables
def test_no_key_means_two_things(table: Sequence[Key], screen: type[CallScreen]) -> None:
    keys = [key for row in table for key in row.keys.split(",")]
    assert len(keys) == len(set(keys))


@tables
def test_every_key_has_an_action_that_exists(table: Sequence[Key], screen: type[CallScreen]) -> None:
    for row in table:
        name = row.action.partition("(")[0]
        owner = CallScopeApp if name.startswith("app.") else screen
        assert hasattr(owner, f"action_{name.removeprefix('app.')}"), row


@tables
def test_every_key_is_bound_but_those_that_work_everywhere(table: Sequence[Key], screen: type[CallScreen]) -> None:
    assert {binding.action for binding in bindings(table)} == {row.action for row in table} - set(EVERYWHERE)


def test_the_keys_are_those_that_the_design_names() -> None:
    shown = {key for row in KEYS for key in row.shown.split()}
    assert (
        " ".join(sorted(shown))
        == "# / 1 2 3 4 5 6 ? F F1 M N b ctrl+c ctrl+p d e enter esc f g i m n p q r s space t u w x"
    )


def test_in_a_replay_no_key_asks_for_anything_that_needs_a_live_call() -> None:
    live = {"reconnect", "utterance", "keypad", "interrupt", "mark", "app.doctor"}
    assert live <= {row.action for row in KEYS}
    assert not live & {row.action for row in REPLAY_KEYS}


def test_a_key_that_both_have_means_the_same_but_space_which_holds_still_and_the_way_out() -> None:
    meant = {row.keys: row for row in KEYS}
    others = [row.keys for row in REPLAY_KEYS if row.keys in meant and meant[row.keys].help != row.help]
    assert others == ["space", "q", "ctrl+c"]


@tables
def test_help_says_something_about_every_key(table: Sequence[Key], screen: type[CallScreen]) -> None:
    text = help_text(table).plain
    assert [row for row in table if row.help not in text] == []


@tables
def test_no_two_keys_of_the_footer_contend_for_a_place(table: Sequence[Key], screen: type[CallScreen]) -> None:
    places = [row.footer for row in footer_keys(table)]
    assert places == sorted(set(places))
    assert all(row.word for row in footer_keys(table))
