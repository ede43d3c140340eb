from __future__ import annotations

import struct
import subprocess
import sys

import pytest

from dashboard.media.g711 import (
    PCMU_FULL_SCALE,
    linear_to_pcma,
    linear_to_pcmu,
    pcma_to_linear,
    pcmu_to_linear,
)


def samples(linear: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(linear) // 2}h", linear)


def test_pcmu_codes_mean_the_samples_of_the_recommendation() -> None:
    assert samples(pcmu_to_linear(bytes([0x00, 0x80, 0xFF, 0x7F, 0x8F]))) == (-32124, 32124, 0, 0, 16764)
    assert max(samples(pcmu_to_linear(bytes(range(256))))) == PCMU_FULL_SCALE


def test_pcma_codes_mean_the_samples_of_the_recommendation() -> None:
    assert samples(pcma_to_linear(bytes([0xD5, 0x55, 0xAA, 0x2A]))) == (8, -8, 32256, -32256)


@pytest.mark.parametrize(("expand", "compress"), [(pcmu_to_linear, linear_to_pcmu), (pcma_to_linear, linear_to_pcma)])
def test_what_was_expanded_compresses_to_the_same_sound(expand, compress) -> None:  # type: ignore[no-untyped-def]
    linear = expand(bytes(range(256)))
    assert expand(compress(linear)) == linear


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(Exception, match="whole number of frames"):
        linear_to_pcmu(b"\x00\x00\x00")


def test_importing_is_silent_where_every_warning_is_an_error() -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", "import dashboard.media.g711"], check=True)
