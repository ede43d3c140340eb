from __future__ import annotations

import pytest

from dashboard.call.events import TextReceived
from dashboard.dialects import lookup
from dashboard.dialects.base import AudioFormat
from dashboard.errors import ConfigError


@pytest.mark.parametrize("dialect", sorted(lookup.DIALECTS))
def test_every_dialect_makes_a_codec_of_its_call(dialect: str) -> None:
    codec = lookup.codec(dialect, AudioFormat(), "call")

    assert codec.call_id == "call"
    assert codec.receive(b'{"type":"text","text":"hi"}', text=True, at=1.0) == [TextReceived("call", 1.0, "hi")]


def test_an_unknown_dialect_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError) as error:
        lookup.codec("morse", AudioFormat(), "call")

    assert "morse" in str(error.value)
    assert "appfoundry" in error.value.remedy
