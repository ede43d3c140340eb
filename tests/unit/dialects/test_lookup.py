from __future__ import annotations

import pytest

from dashboard.dialects import lookup
from dashboard.dialects.base import AudioFormat, Talker
from dashboard.dialects.cognigy import Endpoint
from dashboard.errors import ConfigError

ENDPOINT = Endpoint("token", "session")


@pytest.mark.parametrize("dialect", lookup.DIALECTS)
def test_every_dialect_makes_a_codec_of_its_call(dialect: str) -> None:
    codec = lookup.codec(dialect, AudioFormat(), "call", ENDPOINT)

    assert codec.call_id == "call"
    assert codec.receive(b"nonsense", text=True, at=1.0)[0].at == 1.0


def test_the_dialects_that_speak_unasked_say_so() -> None:
    talkers = [name for name in lookup.DIALECTS if isinstance(lookup.codec(name, AudioFormat(), "c", ENDPOINT), Talker)]
    assert talkers == ["cognigy", "cognigy-rest"]


@pytest.mark.parametrize("dialect", ["morse", "cognigy"])
def test_a_dialect_that_is_unknown_or_lacks_its_endpoint_is_refused_with_the_known_ones(dialect: str) -> None:
    with pytest.raises(ConfigError) as error:
        lookup.codec(dialect, AudioFormat(), "call")

    assert dialect in str(error.value)
    assert "appfoundry" in error.value.remedy
