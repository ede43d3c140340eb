"""Sound of any encoding that is understood as 16-bit linear samples, at a rate that is asked for."""

from __future__ import annotations

from dashboard.media._audioop import audioop
from dashboard.media.g711 import pcmu_to_linear, swapped
from dashboard.media.levels import Encoding


def linear(payload: bytes, encoding: Encoding) -> bytes:
    """Return `payload` as signed, little-endian 16-bit samples."""
    return payload if encoding == "pcm16" else pcmu_to_linear(payload)


def resampled(samples: bytes, channels: int, rate: int, wanted: int) -> bytes:
    """Return whole 16-bit samples of `channels`, interleaved, at `wanted` a second instead of `rate`."""
    if rate == wanted or not samples:
        return samples
    converted, _ = audioop.ratecv(swapped(samples), 2, channels, rate, wanted, None)
    return swapped(converted)
