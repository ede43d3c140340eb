"""The two sides of a call that a tap sees: what came from each, what the relay added, and what nobody could read."""

from __future__ import annotations

from dashboard.call.tap_view import TapSide, TapView, size_words
from dashboard.ui.draw.layout import Spans, join_fitting
from dashboard.ui.draw.spans import tame
from dashboard.ui.draw.units import count, millis


def tap_sides(view: TapView, width: int) -> list[tuple[str, Spans]]:
    """Return a label and `width` cells for each side, named for who sends."""
    return [(f"{name} →", join_fitting(_told(side), width, " · ")) for name, side in view.sides]


def tap_delay(view: TapView) -> Spans:
    """Return what the relay adds to a call, of the side that waits longer for it."""
    held = max((value for _, side in view.sides if (value := side.held.percentile(99)) is not None), default=None)
    return (("relay adds ", "dim"), (millis(held), "text"), (" ms p99", "dim"))


def tap_line(view: TapView, width: int) -> Spans:
    """Return both sides in one row of `width` cells, troubles first."""
    sides = [_named(name, side) for name, side in view.sides]
    sizes: list[Spans] = [((size_words(side.size_bytes), "dim"),) for _, side in view.sides]
    return join_fitting([*sides, tap_delay(view), *sizes], width, " · ")


def _named(name: str, side: TapSide) -> Spans:
    trouble = "not read" if side.blind else f"skipped {size_words(side.skipped_bytes)}" if side.skips else ""
    told: Spans = ((f"{name} → ", "dim"), (count(side.messages), "text"), (" messages", "dim"))
    return (*told, (f", {trouble}", "warn")) if trouble else told


def _told(side: TapSide) -> list[Spans]:
    """What passed, troubles before figures of comfort."""
    told: list[Spans] = [((count(side.messages), "text"), (" messages", "dim"))]
    if side.blind:
        told.append(((f"not read: {tame(side.blind)}", "warn"),))
    if side.skips:
        told.append(((f"skipped {size_words(side.skipped_bytes)}", "warn"),))
    if side.unread:
        told.append(((f"{count(side.unread)} unreadable", "warn"),))
    told.append(((size_words(side.size_bytes), "text"),))
    held = side.held.percentile(99)
    if held is not None:
        told.append((("relay adds ", "dim"), (millis(held), "text"), (" ms p99", "dim")))
    if side.compressed:
        told.append(((f"{count(side.compressed)} compressed", "dim"),))
    if side.fragments:
        told.append(((f"{count(side.fragments)} fragments", "dim"),))
    return told
