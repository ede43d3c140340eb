"""What a tap knows of a call: the two sides of a relayed connection; a part of `CallState`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from dashboard.call.units import megabytes
from dashboard.media.histogram import Histogram

CLIENT, UPSTREAM = SIDES = ("client", "upstream")


def _none() -> Mapping[Any, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class TapSide:
    """What came from one side. `held`: how long the relay had it. `blind`: why it cannot be read now, empty if it can.

    skipped_bytes: passed unseen, in `skips` stretches. unread: messages that were seen and could not be read; flaws:
    bytes that could not, by reason.
    """

    size_bytes: int = 0
    messages: int = 0
    frames: int = 0
    fragments: int = 0
    compressed: int = 0
    pings: int = 0
    held: Histogram = field(default_factory=Histogram)
    skips: int = 0
    skipped_bytes: int = 0
    unread: int = 0
    flaws: Mapping[str, int] = field(default_factory=_none)
    blind: str = ""


@dataclass(frozen=True, slots=True)
class TapView:
    """The two sides of a relayed connection."""

    client: TapSide = field(default_factory=TapSide)
    upstream: TapSide = field(default_factory=TapSide)

    @property
    def sides(self) -> tuple[tuple[str, TapSide], ...]:
        """The sides by name."""
        return (CLIENT, self.client), (UPSTREAM, self.upstream)


def size_words(size_bytes: int) -> str:
    """Return bytes as a person says them."""
    if size_bytes >= 1_000_000:
        return megabytes(size_bytes)
    return f"{size_bytes / 1000:.1f} kB" if size_bytes >= 1000 else f"{size_bytes} bytes"


def tap_object(view: TapView) -> dict[str, Any]:
    """Return what `tap --json` says of the two sides of a call, and what callscope did to them."""
    return {"sides": {name: _side_object(side) for name, side in view.sides}}


def _side_object(side: TapSide) -> dict[str, Any]:
    held = {f"p{percent}": side.held.percentile(percent) for percent in (50, 99)}
    return {
        "bytes": side.size_bytes,
        "messages": side.messages,
        "frames": side.frames,
        "fragments": side.fragments,
        "compressed": side.compressed,
        "pings": side.pings,
        "held_ms": {name: None if value is None else round(value * 1000, 3) for name, value in held.items()},
        "skips": side.skips,
        "skipped_bytes": side.skipped_bytes,
        "unread": side.unread,
        "unread_bytes": dict(side.flaws),
        "blind": side.blind or None,
    }
