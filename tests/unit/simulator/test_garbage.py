"""Each message of the catalogue is as bad as its name says."""

from __future__ import annotations

import json

import pytest

from dashboard.simulator.garbage import MESSAGES

NOT_JSON = {"not-json", "empty", "cut-json", "bad-utf8"}
NOT_AN_OBJECT = {"array", "number", "null"}


@pytest.mark.parametrize("name", sorted(NOT_JSON))
def test_what_is_no_json_cannot_be_parsed(name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - JSON and UTF-8 errors alike
        json.loads(MESSAGES[name]().decode())


@pytest.mark.parametrize("name", sorted(NOT_AN_OBJECT))
def test_what_is_no_object_is_json_all_the_same(name: str) -> None:
    assert not isinstance(json.loads(MESSAGES[name]()), dict)


def test_deep_nesting_is_too_deep_for_a_recursive_parser() -> None:
    with pytest.raises(RecursionError):
        json.loads(MESSAGES["deep"]())


@pytest.mark.parametrize("name", sorted(set(MESSAGES) - NOT_JSON - NOT_AN_OBJECT - {"deep"}))
def test_everything_else_is_an_object_and_only_one_is_above_the_size_limit(name: str) -> None:
    raw = MESSAGES[name]()
    assert isinstance(json.loads(raw), dict)
    assert (len(raw) > 10 * 1024 * 1024) == (name == "too-big")
