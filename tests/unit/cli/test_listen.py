"""What a listener without a screen tells on stderr."""

from __future__ import annotations

import pytest

from dashboard.bus.store import Store
from dashboard.call.hook_events import DOOR, UpgradeRefused
from dashboard.cli.listen import Narrator


def test_thousands_who_are_refused_are_told_as_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    narrator = Narrator(Store(), quiet=True)
    for number in range(3000):
        narrator.put(UpgradeRefused(DOOR, 100.0 + number / 200, 401, "unsigned", "no signature"))
    narrator.put(UpgradeRefused(DOOR, 101.0, 0, "no_open", "it opened no session"))
    assert capsys.readouterr().err.splitlines() == [
        "callscope: refused with 401: unsigned, no signature",
        "callscope: refused with 401: unsigned, no signature, and 1999 more before",
        "callscope: refused: no_open, it opened no session",
    ]
