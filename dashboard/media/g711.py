"""G.711: PCMU and PCMA to 16-bit linear samples and back.

Linear samples are signed, little-endian, as PCM16 is on the wire; one G.711 byte is one sample.
"""

from __future__ import annotations

import sys

from dashboard.media._audioop import audioop

PCMU_FULL_SCALE = 32124
"""The largest linear sample that µ-law can say (codes 0x00 and 0x80)."""


def pcmu_to_linear(payload: bytes) -> bytes:
    """Expand µ-law."""
    return swapped(audioop.ulaw2lin(payload, 2))


def pcma_to_linear(payload: bytes) -> bytes:
    """Expand A-law."""
    return swapped(audioop.alaw2lin(payload, 2))


def linear_to_pcmu(samples: bytes) -> bytes:
    """Compress to µ-law. `samples` are whole 16-bit samples."""
    return audioop.lin2ulaw(swapped(samples), 2)


def linear_to_pcma(samples: bytes) -> bytes:
    """Compress to A-law. `samples` are whole 16-bit samples."""
    return audioop.lin2alaw(swapped(samples), 2)


def swapped(samples: bytes) -> bytes:
    """Turn little-endian samples into the machine's order, which is what audioop works in, or back."""
    return samples if sys.byteorder == "little" else audioop.byteswap(samples, 2)
