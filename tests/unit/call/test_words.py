"""Every cause has words, for a sentence and for a narrow column."""

from __future__ import annotations

import pytest

from dashboard.call.events import Cause
from dashboard.call.words import cause_word, cause_words


@pytest.mark.parametrize("cause", Cause)
def test_a_cause_fits_a_column_in_words_and_a_narrow_one_in_a_word(cause: Cause) -> None:
    assert 0 < len(cause_words(cause)) <= 35
    assert 0 < len(cause_word(cause)) <= 16
