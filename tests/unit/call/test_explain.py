"""Sentences for every cause and code."""

from __future__ import annotations

import pytest

from dashboard.call.events import Cause
from dashboard.call.explain import explain_cause, explain_code


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_is_explained(cause: Cause) -> None:
    told = explain_cause(cause)
    assert told.means.endswith(".")
    assert not told.usually.endswith(".")
    assert not told.look.endswith(".")


def test_codes_are_explained_one_by_one_or_by_their_range() -> None:
    assert "never sent" in explain_code(1006)
    assert "401" in explain_code(4401)
    assert "private" in explain_code(4711)
    assert "IANA" in explain_code(3456)
    assert "RFC 6455" in explain_code(999)
