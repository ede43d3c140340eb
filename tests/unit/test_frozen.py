"""The next state made of the one before."""

from __future__ import annotations

import dataclasses

import pytest

from dashboard.call.state import CallState, Leg
from dashboard.frozen import replace
from dashboard.media.histogram import Histogram
from tests.builders import steady


def test_it_makes_what_the_library_makes() -> None:
    call = steady()
    at = call.now + 1.0
    assert replace(call, now=at, ended="end") == dataclasses.replace(call, now=at, ended="end")
    assert replace(call) == call
    assert replace(Histogram({1: 2}), counts={3: 4}) == Histogram({3: 4})


def test_the_old_one_stays_as_it_was_and_the_new_one_is_as_frozen() -> None:
    before = Leg("inbound")
    after = replace(before, clipped=3)
    assert (before.clipped, after.clipped, after.name) == (0, 3, "inbound")
    assert type(after) is Leg
    assert repr(after) == repr(dataclasses.replace(before, clipped=3))
    with pytest.raises(dataclasses.FrozenInstanceError):
        after.clipped = 4  # type: ignore[misc]


def test_what_is_no_field_is_refused() -> None:
    with pytest.raises(AttributeError):
        replace(CallState("a"), nothing=1)  # type: ignore[call-arg]
